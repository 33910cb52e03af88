package structure

import (
	"floe/pkg/catalog"
	"floe/pkg/halt"
	"floe/pkg/ident"
)

// clash halts where the mapping gives several tables of the source, or several columns of one, the same name on
// the target: the rows of one would be written over those of the other. The precheck looks before the start; a
// command of the source may bring what was not there then.
func clash(db *catalog.Database, m *ident.Mapping) error {
	if m == nil {
		return nil
	}
	const fix = "give what came last a name of its own in objects.mapping, then start again"
	var tables []ident.Name
	n := newNames(db, m)
	for _, t := range db.Tables() {
		tables = append(tables, t.Name)
		seen := map[string]string{}
		for _, c := range t.Columns {
			to := n.column(t, c.Name)
			if other, taken := seen[to]; taken {
				return halt.New(halt.StructureChanged, fix, "columns %s and %s of %s would both be %s on the target", ident.Quote(other), ident.Quote(c.Name), t.Name, ident.Quote(to))
			}
			seen[to] = c.Name
		}
	}
	for _, c := range m.Clashes(tables) {
		return halt.New(halt.StructureChanged, fix, "tables %s and %s would both be %s on the target", c.From[0], c.From[1], c.To)
	}
	return nil
}
