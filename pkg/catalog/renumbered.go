package catalog

import (
	"slices"
	"strings"

	"floe/pkg/ident"
)

// renumbered reports whether a column became of a type that holds an object of the server by its oid, or stopped being of
// one. No value is written anew for that, but its text is another one: a name, or the number that the object has on this
// server alone.
func renumbered(was, now *TableDef, valid, next *Database) bool {
	return slices.ContainsFunc(now.Columns, func(c TableColumn) bool {
		i := slices.IndexFunc(was.Columns, func(o TableColumn) bool { return o.Attnum == c.Attnum })
		return i >= 0 && was.Columns[i].TypeOID != c.TypeOID && naming(was.Columns[i].Type, valid, nil) != naming(c.Type, next, valid)
	})
}

// naming is the type, of the column or under its domain or array, that shows the name of an object; empty if none does. What
// the first database does not define the other may.
func naming(t ident.Name, db, or *Database) string {
	for range 8 { // domains over domains
		name := strings.TrimPrefix(t.Name, "_")
		if t.Schema == "pg_catalog" {
			if strings.HasPrefix(name, "reg") {
				return name
			}
			return ""
		}
		base, ok := db.domain(ident.Name{Schema: t.Schema, Name: name})
		if !ok && or != nil {
			base, ok = or.domain(ident.Name{Schema: t.Schema, Name: name})
		}
		if !ok {
			return ""
		}
		base = strings.TrimSuffix(base, "[]")
		if _, parsed, qualified := strings.Cut(base, "."); !qualified {
			t = ident.Name{Schema: "pg_catalog", Name: base}
		} else {
			schema, _, _ := strings.Cut(base, ".")
			t = ident.Name{Schema: strings.Trim(schema, `"`), Name: strings.Trim(parsed, `"`)}
		}
	}
	return ""
}

func (db *Database) domain(name ident.Name) (base string, ok bool) {
	for i := range db.Definitions {
		if d, is := db.Definitions[i].Body.(*DomainDef); is && db.Definitions[i].Name == name {
			return d.Base, true
		}
	}
	return "", false
}
