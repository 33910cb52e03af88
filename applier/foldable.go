package applier

import (
	"floe/pkg/catalog"
	"floe/pkg/event"
	"floe/pkg/ident"
	"floe/schemas"
)

// foldable says of which tables equal keys are known by their bytes: those whose key types have one
// spelling for each value, under collations that tell all strings apart. Rows of others are applied
// one by one; and so are those of a table without a key whose target has columns of its own, which an
// update must keep. Such tables have been described before.
func (s *session) foldable(db *catalog.Database) func(*event.Table) bool {
	collations, enums := map[ident.Name]bool{}, map[ident.Name]bool{}
	for _, d := range db.Definitions {
		switch b := d.Body.(type) {
		case *catalog.CollationDef:
			collations[d.Name] = !b.Deterministic
		case *catalog.EnumDef:
			enums[d.Name] = true
		}
	}
	return func(t *event.Table) bool {
		if len(t.Key) == 0 {
			to := s.tables[t]
			return to != nil && !to.Beside && len(to.Insert().Params) > 0
		}
		def := db.Table(t.Name)
		if def == nil {
			return false
		}
		plain := *t
		plain.Columns = append([]event.Column{}, t.Columns...)
		for _, k := range t.Key {
			if enums[t.Columns[k].Type] { // labels are unique
				plain.Columns[k].Type = ident.Name{Schema: "pg_catalog", Name: "name"}
			}
		}
		return schemas.Foldable(&plain, func(i int) bool {
			c := def.Column(t.Columns[i].Name)
			return c == nil || c.Collation != nil && collations[*c.Collation]
		})
	}
}
