package structure

import (
	"floe/pkg/catalog"
	"floe/pkg/ident"
)

// schemas makes the schemas that the target's names lie in, and those of the source that are selected
// unless everything in them is mapped away.
func (p *planner) schemas() {
	done := map[string]bool{}
	create := func(s string) {
		if s == "" || s == "pg_catalog" || done[s] {
			return
		}
		done[s] = true
		p.first = append(p.first, Statement{ID: "schema/" + s, Object: "schema " + s, SQL: "CREATE SCHEMA " + ident.Quote(s)})
	}
	kept := map[string]bool{}
	for _, d := range p.db.Definitions {
		switch b := d.Body.(type) {
		case *catalog.SchemaDef, *catalog.TableDef, *catalog.SequenceDef, *catalog.ConstraintDef, *catalog.IndexDef:
		case *catalog.TextDef:
			if !b.Attached() {
				kept[d.Name.Schema] = true
			}
		case *catalog.ExtensionDef:
			kept[b.Schema] = true
		default:
			kept[d.Name.Schema] = true
		}
	}
	for _, d := range p.db.Definitions {
		if d.Kind != catalog.KindSchema {
			continue
		}
		if s := d.Name.Name; kept[s] {
			create(s)
		}
		create(p.mapping.Schema(d.Name.Name))
	}
	for _, d := range p.db.Definitions {
		switch d.Body.(type) {
		case *catalog.TableDef:
			create(p.table(d.Name).Schema)
		case *catalog.SequenceDef:
			create(p.sequence(d.Name).Schema)
		default:
			if kept[d.Name.Schema] {
				create(d.Name.Schema)
			}
		}
	}
}
