package catalog

import "slices"

// Ref names the object that d defines.
func (d Definition) Ref() Ref { return Ref{d.Kind, d.OID, d.Name} }

// objectKey tells objects apart, whatever they are called.
type objectKey struct {
	kind Kind
	oid  uint32
}

// With returns what is valid behind a change: now takes the place of, or joins, what is there; what was
// dropped, or has left, is not in it. No object occurs twice in now and dropped. db stays as it is.
//
// The order stays one in which everything can be created, nearly: a definition that changed keeps its
// place, though it may need something new now; what is of a kind that tables need goes before the first
// table, the rest behind all. Whoever creates in this order tries again what lacks another.
func (db *Database) With(now []Definition, dropped []Ref) *Database {
	out, changed := map[objectKey]bool{}, map[objectKey]Definition{}
	for _, r := range dropped {
		out[objectKey{r.Kind, r.OID}] = true
	}
	for _, d := range now {
		changed[objectKey{d.Kind, d.OID}] = d
	}
	defs, there := make([]Definition, 0, len(db.Definitions)+len(now)), map[objectKey]bool{}
	for _, d := range db.Definitions {
		k := objectKey{d.Kind, d.OID}
		there[k] = true
		if n, ok := changed[k]; ok {
			d = n
		}
		if !out[k] {
			defs = append(defs, d)
		}
	}
	var early, late []Definition
	for _, d := range now {
		switch {
		case there[objectKey{d.Kind, d.OID}]:
		case ranks[d.Kind] < ranks[KindTable]:
			early = append(early, d)
		default:
			late = append(late, d)
		}
	}
	first := slices.IndexFunc(defs, func(d Definition) bool { return ranks[d.Kind] >= ranks[KindTable] })
	if first < 0 {
		first = len(defs)
	}
	return NewDatabase(db.Version, append(slices.Insert(defs, first, early...), late...))
}
