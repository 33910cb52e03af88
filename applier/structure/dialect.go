package structure

import (
	"fmt"
	"slices"
	"strings"

	"floe/pkg/catalog"
	"floe/pkg/dialect"
	"floe/pkg/ident"
)

// Policy says what becomes of an object of a kind that the target does not have.
type Policy string

// The policies: it is reported with its source; a synonym of a table or view becomes a view, others are
// reported; the job stops.
const (
	Reported    Policy = "report"
	Substituted Policy = "substitute"
	Failing     Policy = "fail"
)

// spoken reports whether the target runs the statements of a definition.
func (o Options) spoken(b *catalog.TextDef) bool {
	return b.Speech == dialect.Plain || b.Speech == o.Target.Speech
}

// foreign leaves out an object of another dialect's kind, under its policy.
func (p *planner) foreign(d catalog.Definition, b *catalog.TextDef) {
	target := p.o.Target.Name
	if target == "" {
		target = "PostgreSQL"
	}
	why := fmt.Sprintf("%s is made by a statement of %s, and the target is %s", object(d), b.Speech, target)
	if p.o.Unsupported == Failing {
		s := p.textStep(d, b, "create", b.SQL)
		s.Optional, s.Refused = false, why
		p.first = append(p.first, s)
		return
	}
	if p.o.Unsupported == Substituted && d.Kind == catalog.KindSynonym && b.For != nil && p.substitute(d, b) {
		return
	}
	p.out.Facts = append(p.out.Facts, Fact{ID: id(d.Kind, d.OID, "create"), Object: object(d), State: LeftOut, Code: CodeAbsent, Reason: why, Source: b.SQL})
}

// substitute makes a view of what a synonym names, if that is there. The view would forbid the changes of
// its table that a synonym does not; so its statement changes with all that it could forbid, and a step
// that changes is taken back before anything else and made anew at the end.
func (p *planner) substitute(d catalog.Definition, b *catalog.TextDef) bool {
	shape, columns := "", "*"
	for _, of := range p.db.Definitions {
		if of.Name != *b.For {
			continue
		}
		switch body := of.Body.(type) {
		case *catalog.TableDef:
			var names, typed []string
			for i := range body.Columns {
				c := &body.Columns[i]
				names = append(names, ident.Quote(p.column(body, c.Name)))
				typed = append(typed, c.Name+" "+c.SQL)
			}
			shape, columns = fmt.Sprintf("table %d (%s)", of.OID, strings.Join(typed, ", ")), strings.Join(names, ", ")
		case *catalog.TextDef:
			if p.views[of.Name] {
				shape = fmt.Sprintf("%s %d (%s)", of.Kind, of.OID, hash(body.SQL))
			}
		}
	}
	if shape == "" || columns == "" {
		return false
	}
	name := d.Name
	if name.Schema == "" {
		name.Schema = "public" // where a public synonym would be found
	}
	with := " WITH (security_invoker = true)"
	if p.older(15) {
		with = "" // there it has the rights of its owner, and nobody is given any on it
	}
	s := p.textStep(d, b, "view", "CREATE VIEW "+name.SQL()+with+" AS SELECT "+columns+" FROM "+p.relation(*b.For).SQL()+
		";\nCOMMENT ON VIEW "+name.SQL()+" IS "+ident.Literal("in the place of a synonym of "+b.For.String()+", "+shape))
	s.Makes, s.Undo = name, "DROP VIEW IF EXISTS "+name.SQL()
	p.second = append(p.second, s)
	p.out.Facts = append(p.out.Facts, Fact{ID: s.ID, Object: s.Object, State: Replaced, Code: CodeSubstituted,
		Reason: "the target has no synonyms: view " + name.String() + " stands for it", Source: b.SQL})
	return true
}

// translated gives columns whose type only Oracle-mode servers have the type that a plain target has for
// it. A type that the definitions themselves make is a user's.
func (o Options) translated(db *catalog.Database) *catalog.Database {
	if o.Target.Speech != dialect.Plain {
		return db
	}
	made := map[ident.Name]bool{}
	for _, d := range db.Definitions {
		switch d.Kind {
		case catalog.KindEnum, catalog.KindComposite, catalog.KindDomain, catalog.KindRange, catalog.KindBaseType:
			made[d.Name] = true
		}
	}
	var defs []catalog.Definition
	for i, d := range db.Definitions {
		t, ok := d.Body.(*catalog.TableDef)
		if !ok {
			continue
		}
		columns := slices.Clone(t.Columns)
		changed := false
		for c := range columns {
			if plain, ok := catalog.PlainType(columns[c].Type, columns[c].SQL); ok && !made[columns[c].Type] {
				columns[c].SQL, changed = plain, true
			}
		}
		if !changed {
			continue
		}
		if defs == nil {
			defs = slices.Clone(db.Definitions)
		}
		plain := *t
		plain.Columns = columns
		defs[i].Body = &plain
	}
	if defs == nil {
		return db
	}
	return catalog.NewDatabase(db.Version, defs)
}
