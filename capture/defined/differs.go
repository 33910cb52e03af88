package defined

import (
	"floe/pkg/catalog"
)

// Rewrites reports whether rows that a reader holds under one definition could be other ones under the
// next although no row event told: it has a column, or a type, that it had not. What only names other
// things, or fewer, changes no value.
func Rewrites(was, now *catalog.TableDef) bool {
	of := make(map[int16]*catalog.TableColumn, len(was.Columns))
	for i := range was.Columns {
		of[was.Columns[i].Attnum] = &was.Columns[i]
	}
	for i := range now.Columns {
		b := &now.Columns[i]
		a := of[b.Attnum]
		if b.Generated != nil {
			continue // its own server computes it
		}
		if a == nil || a.Generated != nil || a.TypeOID != b.TypeOID || a.Typmod != b.Typmod {
			return true
		}
	}
	return false
}
