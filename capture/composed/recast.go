package composed

import (
	"strings"

	"floe/pkg/catalog"
	"floe/pkg/ident"
)

// Recast reports whether texts of one definition may be taken for others by the next, which it does not refuse: labels
// that changed hands, attributes that took the places of others.
func Recast(was, now catalog.Body) bool {
	switch a := was.(type) {
	case *catalog.EnumDef:
		return relabelled(a, now.(*catalog.EnumDef))
	case *catalog.CompositeDef:
		return replaced(attributes(a), attributes(now.(*catalog.CompositeDef)))
	case *catalog.TableDef:
		return replaced(columns(a), columns(now.(*catalog.TableDef)))
	}
	return false
}

// Renamed reports whether a definition calls something otherwise than the last one did, or has it no more. By several
// such steps texts come to mean something else.
func Renamed(was, now catalog.Body) bool {
	switch a := was.(type) {
	case *catalog.EnumDef:
		b := now.(*catalog.EnumDef)
		is := map[string]bool{}
		for _, l := range b.Labels {
			is[l] = true
		}
		for _, l := range a.Labels {
			if !is[l] {
				return true
			}
		}
		return relabelled(a, b)
	case *catalog.CompositeDef:
		return went(attributes(a), attributes(now.(*catalog.CompositeDef)))
	case *catalog.TableDef:
		return went(columns(a), columns(now.(*catalog.TableDef)))
	}
	return false
}

func relabelled(was, now *catalog.EnumDef) bool {
	if len(was.OIDs) != len(was.Labels) || len(now.OIDs) != len(now.Labels) {
		return false
	}
	of := map[string]uint32{}
	for i, l := range was.Labels {
		of[l] = was.OIDs[i]
	}
	for i, l := range now.Labels {
		if oid, had := of[l]; had && oid != now.OIDs[i] {
			return true
		}
	}
	return false
}

func attributes(d *catalog.CompositeDef) map[int16]string {
	out := make(map[int16]string, len(d.Attributes))
	for _, a := range d.Attributes {
		out[a.Attnum] = a.SQL
	}
	return out
}

func columns(d *catalog.TableDef) map[int16]string {
	out := make(map[int16]string, len(d.Columns))
	for i := range d.Columns {
		out[d.Columns[i].Attnum] = d.Columns[i].SQL
	}
	return out
}

// replaced reports whether fields, by their numbers, went and others came, or got another type.
func replaced(was, now map[int16]string) bool {
	for n, sql := range was {
		if is, stays := now[n]; stays && is != sql {
			return true
		}
	}
	return went(was, now) && went(now, was)
}

func went(was, now map[int16]string) bool {
	for n := range was {
		if _, stays := now[n]; !stays {
			return true
		}
	}
	return false
}

// Users are the tables, by their roots' oids, that have a column of one of the types, or of one that leads there.
func (t *Types) Users(db *catalog.Database, types map[ident.Name]bool) (oids []uint32) {
	for _, def := range db.Tables() {
		for i := range def.Columns {
			if t.leads(def.Columns[i].SQL, types) {
				oids = append(oids, db.Root(def).OID)
				break
			}
		}
	}
	return oids
}

// leads reports whether values of a type, by its name in SQL, hold values of one of these.
func (t *Types) leads(sql string, to map[ident.Name]bool) bool {
	name, err := ident.Parse(strings.TrimRight(sql, "[]"))
	if err != nil {
		return false
	}
	if to[name] {
		return true
	}
	within := func(fields map[int16]string) bool {
		for _, f := range fields {
			if t.leads(f, to) {
				return true
			}
		}
		return false
	}
	switch b := t.of[name].(type) {
	case *catalog.DomainDef:
		return t.leads(b.Base, to)
	case *catalog.CompositeDef:
		return within(attributes(b))
	case *catalog.TableDef:
		return within(columns(b))
	}
	return false
}
