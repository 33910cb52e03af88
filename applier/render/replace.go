package render

import (
	"fmt"
	"strings"

	"floe/pkg/ident"
)

// Surplus deletes the rows of a range of keys that are none of the new images. The range is behind the
// first old image, if there is a lower bound, and through the second, if there is an upper one; so there
// are at least two rows of parameters, and new images beyond those there are have no key.
//
// Keys must be in the same order here as where the range was read (SameOrder).
func (t *Table) Surplus(lower, upper bool) Statement {
	b := builder{t: t}
	cols := t.keys(false)
	src := b.source(cols)
	where := []string{"NOT EXISTS (SELECT FROM " + src + " WHERE " + t.match("t", cols, false) + ")"}
	var keys, after, through []string
	for _, k := range t.Shape.Key {
		b.params = append(b.params, Param{Column: k, Old: true})
		keys = append(keys, "t."+ident.Quote(t.Columns[k].Name))
		after = append(after, t.read(k, fmt.Sprintf("($%d::text[])[1]", len(b.params))))
		through = append(through, t.read(k, fmt.Sprintf("($%d::text[])[2]", len(b.params))))
	}
	row := func(of []string) string { return "(" + strings.Join(of, ", ") + ")" }
	if lower {
		where = append(where, row(keys)+" > "+row(after))
	}
	if upper {
		where = append(where, row(keys)+" <= "+row(through))
	}
	if !lower && !upper {
		b.params = b.params[:len(cols)]
	}
	return Statement{SQL: "DELETE FROM " + t.only() + " t WHERE " + strings.Join(where, " AND "), Params: b.params}
}

// Seen makes the table that keeps which keys a load bore, with the types by which the target compares
// them. It is logged: emptied by a crash it would have every row deleted.
func (t *Table) Seen(seen ident.Name) string {
	var cols, names []string
	for i, p := range t.keys(false) {
		cols = append(cols, fmt.Sprintf("%s AS c%d", ident.Quote(t.Columns[p.Column].Name), i+1))
		names = append(names, fmt.Sprintf("c%d", i+1))
	}
	return "CREATE TABLE " + seen.SQL() + " AS SELECT " + strings.Join(cols, ", ") + " FROM " + t.Name.SQL() + " LIMIT 0; ALTER TABLE " +
		seen.SQL() + " ADD PRIMARY KEY (" + strings.Join(names, ", ") + ")"
}

// Bear notes the keys of new images in a table that Seen made.
func (t *Table) Bear(seen ident.Name) Statement {
	b := builder{t: t}
	cols := t.keys(false)
	src := b.source(cols)
	return Statement{SQL: "INSERT INTO " + seen.SQL() + " SELECT " + numbered(len(cols)) + " FROM " + src + " ON CONFLICT DO NOTHING", Params: b.params}
}

// Sweep deletes the rows whose keys are not in the table that Seen made.
func (t *Table) Sweep(seen ident.Name) string {
	return "DELETE FROM " + t.only() + " t WHERE NOT EXISTS (SELECT FROM " + seen.SQL() + " s WHERE " + t.match("t", t.keys(false), false) + ")"
}

// SameOrder reports whether the target keeps the table's keys in the order of every other server: types
// that order by their value alone, and text that orders by its bytes. bytewise says so of the source's
// columns. Order under any other collation is the operating system's or a library's, of a version; that
// of an enum is its owner's.
func (t *Table) SameOrder(bytewise func(column int) bool) bool {
	for _, k := range t.Shape.Key {
		typ := t.Shape.Columns[k].Type
		if typ.Schema != "pg_catalog" || t.Columns[k].Type != typ {
			return false
		}
		switch typ.Name {
		case "bool", "int2", "int4", "int8", "oid", "numeric", "float4", "float8", "uuid", "bytea", "date", "time", "timestamp", "timestamptz":
		case "text", "varchar", "bpchar":
			if !bytewise(k) || !t.Columns[k].Bytewise {
				return false
			}
		default:
			return false
		}
	}
	return true
}
