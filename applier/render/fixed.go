package render

import (
	"fmt"
	"strings"

	"floe/pkg/ident"
)

// A GENERATED ALWAYS identity takes a value only from an INSERT. Rows in which it is to change are
// deleted and inserted: what is in columns that only the target has does not survive.

// fixed are the columns beside the key that an UPDATE may not set.
func (t *Table) fixed() []Param {
	var out []Param
	for _, p := range t.all() {
		if t.Columns[p.Column].Fixed && !t.isKey(p.Column) {
			out = append(out, p)
		}
	}
	return out
}

// Stale deletes the rows in which a fixed column has another value than the full image, for an upsert
// to insert them. SQL is empty for a table without such a column.
func (t *Table) Stale() Statement {
	fixed := t.fixed()
	if len(fixed) == 0 {
		return Statement{}
	}
	cols := append(t.keys(false), fixed...)
	b := builder{t: t}
	src := b.source(cols)
	return Statement{SQL: "DELETE FROM " + t.only() + " t USING " + src + " WHERE " + t.match("t", cols, false) + " AND " + t.differs(cols), Params: b.params}
}

// differs compares the fixed columns of the rows called t with those of s.
func (t *Table) differs(cols []Param) string {
	var out []string
	for i, p := range cols {
		if !p.Old && t.Columns[p.Column].Fixed && !t.isKey(p.Column) {
			out = append(out, fmt.Sprintf("t.%s IS DISTINCT FROM s.c%d", ident.Quote(t.Columns[p.Column].Name), i+1))
		}
	}
	return "(" + strings.Join(out, " OR ") + ")"
}

// Rewrite is Patch for the rows in which a fixed column changes, and comes before it. SQL is empty for a
// table without such a column.
func (t *Table) Rewrite(present []bool) Statement {
	if len(t.fixed()) == 0 {
		return Statement{}
	}
	cols, names, kept := t.anew(t.keys(false), present)
	b := builder{t: t}
	src := b.source(cols)
	return Statement{SQL: t.again("t USING "+src+" WHERE "+t.match("t", cols, false)+" AND "+t.differs(cols), names, kept), Params: b.params}
}

// rewrite moves rows whose columns an UPDATE may not set to their new key.
func (t *Table) rewrite(present []bool) Statement {
	cols, names, kept := t.anew(t.keys(true), present)
	b := builder{t: t}
	src := b.source(cols)
	return Statement{SQL: t.again("t USING "+src+" WHERE "+t.match("t", cols, true), names, kept), Params: b.params}
}

// anew gives, for rows that are written again, the parameters behind those that find them, the names of
// all columns, and what each takes: the image's value, or the row's own where the image has none.
func (t *Table) anew(cols []Param, present []bool) (all []Param, names, kept []string) {
	for _, p := range t.all() {
		name := ident.Quote(t.Columns[p.Column].Name)
		names = append(names, name)
		if !present[p.Column] {
			kept = append(kept, "t."+name)
			continue
		}
		cols = append(cols, p)
		kept = append(kept, fmt.Sprintf("s.c%d", len(cols)))
	}
	return cols, names, kept
}

// again deletes the rows that from finds and inserts what is kept of them.
func (t *Table) again(from string, names, kept []string) string {
	moved := make([]string, len(names))
	for i := range moved {
		moved[i] = fmt.Sprintf("x%d", i+1)
	}
	values := strings.Join(moved, ", ")
	return "WITH d (" + values + ") AS (DELETE FROM " + t.only() + " " + from + " RETURNING " + strings.Join(kept, ", ") + ") INSERT INTO " +
		t.Name.SQL() + " (" + strings.Join(names, ", ") + ") OVERRIDING SYSTEM VALUE SELECT " + values + " FROM d"
}
