package structure

import (
	"fmt"
	"slices"

	"floe/pkg/catalog"
	"floe/pkg/ident"
)

// planner collects the steps of one Script. Lists that other steps stand between are kept apart:
// defaults and ownership need all tables, whatever the order of definitions.
type planner struct {
	*names
	o      Options
	out    *Script
	first  []Statement       // schemas to tables
	second []Statement       // what completes tables
	third  []Statement       // comments and grants
	lax    []Statement       // NOT NULL that is NOT VALID
	labels map[uint32]string // names of constraints and indexes by oid
	behind map[keyName]catalog.Definition
	kids   map[ident.Name][]ident.Name // children by inheritance
	moved  []ident.Name                // tables with another name on the target
	views  map[ident.Name]bool         // relations that are TextDefs
	// afterLoad and waits are the steps, by ID, that make an object after the load (with what they wait
	// for) or at the cut-over: its remarks come no earlier.
	afterLoad map[string][]ident.Name
	waits     map[string]bool
}

// Plan turns definitions into the target's statements. It is pure; testdata/ is its specification.
func Plan(db *catalog.Database, o Options) *Script { return planned(o.translated(db), o).out }

func planned(db *catalog.Database, o Options) *planner {
	if o.TargetVersion == 0 {
		o.TargetVersion = 180000
	}
	p := &planner{
		names: newNames(db, o.Mapping), o: o, out: &Script{}, labels: map[uint32]string{},
		behind: map[keyName]catalog.Definition{}, kids: map[ident.Name][]ident.Name{},
		views: map[ident.Name]bool{}, afterLoad: map[string][]ident.Name{}, waits: map[string]bool{},
	}
	for _, d := range db.Definitions {
		p.note(d)
	}
	p.schemas()
	p.shells()
	for _, d := range db.Definitions {
		p.definition(d)
	}
	slices.SortStableFunc(p.lax, func(a, b Statement) int { // a parent's gives its children theirs, by its name
		return p.generation(p.db.Table(b.Table)) - p.generation(p.db.Table(a.Table))
	})
	p.out.CutOver = append(p.lax, p.out.CutOver...)
	for _, s := range p.out.After {
		p.afterLoad[s.ID] = s.Tables
	}
	for _, s := range p.out.CutOver {
		p.waits[s.ID] = true
	}
	for _, d := range db.Definitions {
		p.remarks(d)
	}
	p.release()
	p.out.Before = slices.Concat(p.first, p.second, p.third)
	p.out.standing = map[string]bool{}
	for _, d := range db.Definitions {
		if sql, ok := p.dropping(d); ok {
			p.out.standing[sql] = true
		}
	}
	return p
}

// release lets go the steps that wait for tables without rows: a partitioned table without partitions
// is never loaded, nor is an unlogged table.
func (p *planner) release() {
	leaves := map[ident.Name]bool{}
	for _, t := range p.db.Tables() {
		if t.PartitionKey == "" && !t.Unlogged {
			leaves[p.db.Root(t).Name] = true
		}
	}
	var after []Statement
	for _, s := range p.out.After {
		s.Tables = slices.DeleteFunc(slices.Clone(s.Tables), func(t ident.Name) bool { return !leaves[t] })
		if len(s.Tables) == 0 {
			p.second = append(p.second, s)
		} else {
			after = append(after, s)
		}
	}
	p.out.After = after
}

// note keeps what definitions are looked up by.
func (p *planner) note(d catalog.Definition) {
	switch b := d.Body.(type) {
	case *catalog.ConstraintDef:
		p.labels[d.OID] = d.Name.Name
		if b.Type == catalog.PrimaryKey || b.Type == catalog.Unique {
			p.behind[keyName{b.Table, d.Name.Name}] = d
		}
	case *catalog.IndexDef:
		p.labels[d.OID] = d.Name.Name
		p.behind[keyName{b.Table, d.Name.Name}] = d
	case *catalog.TableDef:
		if p.table(b.Name) != b.Name {
			p.moved = append(p.moved, b.Name)
		}
		for _, parent := range b.Inherits {
			p.kids[parent] = append(p.kids[parent], b.Name)
		}
	case *catalog.TextDef:
		switch d.Kind {
		case catalog.KindView, catalog.KindMatview, catalog.KindForeignTable:
			p.views[d.Name] = true
		}
	}
}

func (p *planner) definition(d catalog.Definition) {
	switch b := d.Body.(type) {
	case *catalog.ExtensionDef:
		p.extension(d, b)
	case *catalog.CollationDef:
		p.collation(d, b)
	case *catalog.EnumDef:
		p.enum(d, b)
	case *catalog.CompositeDef:
		p.composite(d, b)
	case *catalog.DomainDef:
		p.domain(d, b)
	case *catalog.RangeDef:
		p.rangeType(d, b)
	case *catalog.SequenceDef:
		p.sequenceDef(d, b)
	case *catalog.FunctionDef:
		p.function(d, b)
	case *catalog.TableDef:
		p.tableDef(b)
	case *catalog.ConstraintDef:
		p.constraint(d, b)
	case *catalog.IndexDef:
		p.index(d, b)
	case *catalog.TextDef:
		p.text(d, b)
	}
}

// step begins a statement of a definition.
func step(d catalog.Definition, phase, sql string) Statement {
	return Statement{ID: id(d.Kind, d.OID, phase), Object: string(d.Kind) + " " + d.Name.String(), SQL: sql}
}

// ofTable begins a statement that belongs to a table.
func (p *planner) ofTable(t *catalog.TableDef, id, object, sql string) Statement {
	return Statement{ID: id, Object: object, SQL: sql, Table: t.Name, Within: p.within(t)}
}

func id(kind catalog.Kind, oid uint32, phase string) string {
	return fmt.Sprintf("%s/%d/%s", kind, oid, phase)
}

// within is the table and those it is a partition of.
func (p *planner) within(t *catalog.TableDef) []ident.Name {
	out := []ident.Name{t.Name}
	for t.PartitionOf != nil {
		out = append(out, t.PartitionOf.Parent)
		if t = p.db.Table(t.PartitionOf.Parent); t == nil {
			break
		}
	}
	return out
}

// loads are the tables whose load must be over before a constraint of t can be made: its root, and
// with children that inherit the constraint, theirs.
func (p *planner) loads(t *catalog.TableDef) []ident.Name {
	out := []ident.Name{p.db.Root(t).Name}
	for i := 0; i < len(out); i++ {
		out = append(out, p.kids[out[i]]...)
	}
	return unique(out)
}

func unique(in []ident.Name) []ident.Name {
	var out []ident.Name
	seen := map[ident.Name]bool{}
	for _, n := range in {
		if !seen[n] {
			seen[n] = true
			out = append(out, n)
		}
	}
	return out
}

func (p *planner) fact(id, object string, state State, code, reason string, args ...any) {
	p.out.Facts = append(p.out.Facts, Fact{ID: id, Object: object, State: state, Code: code, Reason: fmt.Sprintf(reason, args...)})
}

// older reports whether the target is older than a version of PostgreSQL.
func (p *planner) older(version int) bool { return p.o.TargetVersion < version*10000 }

// mapped reports names in a text that the mapping changes and floe does not rewrite.
func (p *planner) mapped(id, object, text string) {
	for _, t := range p.moved {
		if mentions(text, t.Name) {
			p.fact(id, object, LeftOut, CodeMappedName, "its text names %s, which is %s on the target; the text is not rewritten", t, p.table(t))
		}
	}
}
