package structure

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"floe/pkg/catalog"
	"floe/pkg/ident"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// SQLSTATEs of a value that a check, or NOT NULL, refuses, and of an object that is not as it must be.
const (
	codeCheck   = "23514"
	codeNotNull = "23502"
	codeState   = "55000"
)

// restriction is what refused a value and can be let go: a check of a table or a domain, or a domain's NOT NULL.
type restriction struct {
	Statement        // the step that makes it, with its Undo
	made      string // the step that says whether floe made it
}

// Relax lets go what refused a row that the source had accepted, if floe made it: the source's server looks at
// a check only when a row is written, or a value cast, and by what its functions said then. A row may break
// one that is NOT VALID there, or whose functions were replaced; a domain's NOT NULL lets an outer join's NULL
// pass. The rows are what counts: the restriction is made again when the tables that settled names as unsettled
// have been loaded, else at the cut-over. Relax returns what it let go, and "" if the refusal is not of that kind.
func Relax(ctx context.Context, tx pgx.Tx, job, applier string, db *catalog.Database, o Options, said *pgconn.PgError, settled func(ident.Name) bool) (string, error) {
	p := planned(o.translated(db), o)
	var of []restriction
	switch {
	case said.Code == codeCheck && said.ConstraintName != "" && said.TableName != "":
		of = p.tableChecks(ident.Name{Schema: said.SchemaName, Name: said.TableName}, said.ConstraintName)
	case said.DataTypeName != "" && (said.Code == codeCheck && said.ConstraintName != "" || said.Code == codeNotNull):
		of = p.domainChecks(ident.Name{Schema: said.SchemaName, Name: said.DataTypeName}, said.ConstraintName)
	}
	var steps []Statement
	for _, r := range of {
		steps = append(steps, r.Statement, Statement{ID: r.made})
	}
	j, err := open(ctx, tx, job, applier, steps)
	if err != nil {
		return "", err
	}
	var gone []string
	for _, r := range of {
		switch State(j.known[r.made].State) {
		case Created, "": // of what the refused transaction itself makes nothing is recorded yet
		default:
			continue
		}
		if State(j.known[r.ID].State) == Relaxed {
			continue
		}
		if _, err := tx.Exec(ctx, r.Undo); err != nil {
			return "", fmt.Errorf("let %s go: %w", r.Object, err)
		}
		state, when := Relaxed, "it is made again at the cut-over"
		if slices.ContainsFunc(r.Tables, func(t ident.Name) bool { return !settled(t) }) && r.Table.Name != "" {
			state, when = Awaited, "it is made again when the table is loaded"
		}
		j.add(r.Statement, state, CodeCutOver, "it refused a row that the source accepted ("+said.Message+"); "+when)
		gone = append(gone, r.Object)
	}
	return strings.Join(gone, ", "), j.close(ctx)
}

// tableChecks are the checks of this name that the target's table has, or inherits.
func (p *planner) tableChecks(table ident.Name, name string) []restriction {
	holders := map[ident.Name]bool{}
	var climb func(t *catalog.TableDef)
	climb = func(t *catalog.TableDef) {
		if t == nil || holders[t.Name] {
			return
		}
		holders[t.Name] = true
		for _, parent := range t.Inherits {
			climb(p.db.Table(parent))
		}
		if t.PartitionOf != nil {
			climb(p.db.Table(t.PartitionOf.Parent))
		}
	}
	for _, t := range p.db.Tables() {
		if p.table(t.Name) == table {
			climb(t)
		}
	}
	var out []restriction
	for _, d := range p.db.Definitions {
		b, ok := d.Body.(*catalog.ConstraintDef)
		if !ok || b.Type != catalog.Check || b.Inherited || !holders[b.Table] || d.Name.Name != name {
			continue
		}
		made := id(d.Kind, d.OID, "create")
		for _, s := range p.out.After {
			if s.ID == made {
				s.Undo, _ = p.dropping(d)
				out = append(out, restriction{s, made})
			}
		}
	}
	return out
}

// domainChecks are the checks of this name that a domain has, or those that it is based on; without a name,
// their NOT NULL.
func (p *planner) domainChecks(name ident.Name, check string) []restriction {
	var out []restriction
	for base := name.String(); base != ""; {
		of := base
		base = ""
		for _, d := range p.db.Definitions {
			b, ok := d.Body.(*catalog.DomainDef)
			if !ok || d.Name.String() != of {
				continue
			}
			base = b.Base
			if s, ok := letGo(d, b, check); ok {
				out = append(out, restriction{s, id(d.Kind, d.OID, "create")})
			}
		}
	}
	return out
}

func letGo(d catalog.Definition, b *catalog.DomainDef, check string) (Statement, bool) {
	alter := "ALTER DOMAIN " + d.Name.SQL()
	if check == "" {
		s := step(d, domainNotNull, alter+" SET NOT NULL")
		s.Undo = ifThere(d, alter+" DROP NOT NULL")
		return s, b.NotNull
	}
	c := checkOf(b, check)
	if c == nil {
		return Statement{}, false
	}
	s := step(d, domainCheck(check), alter+" ADD CONSTRAINT "+ident.Quote(check)+" "+c.SQL)
	s.Undo = ifThere(d, alter+" DROP CONSTRAINT IF EXISTS "+ident.Quote(check))
	return s, true
}

// ifThere runs a statement if the domain is there: the refused transaction may be the one that makes it.
func ifThere(d catalog.Definition, sql string) string {
	return inside(sql + "; EXCEPTION WHEN undefined_object OR invalid_schema_name THEN NULL;")
}

// Steps of a domain that may be let go.
const domainNotNull = "not-null"

func domainCheck(name string) string { return "check/" + name }
