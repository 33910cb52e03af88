package render

import (
	"fmt"
	"slices"
	"strings"

	"floe/pkg/ident"
)

// Delete removes the rows of the given keys.
func (t *Table) Delete() Statement {
	b := builder{t: t}
	cols := t.keys(true)
	src := b.source(cols)
	return Statement{SQL: "DELETE FROM " + t.only() + " t USING " + src + " WHERE " + t.match("t", cols, true), Params: b.params}
}

// Leave removes rows from the old keys of key changes, unless the server holds old and new for equal
// (1.0 and 1.00): then the row stays, for what follows to change it.
func (t *Table) Leave() Statement { return t.vacate(true) }

// vacate deletes the rows at the old keys that are not at the new ones, or the other way round.
func (t *Table) vacate(old bool) Statement {
	b := builder{t: t}
	cols := append(t.keys(true), t.keys(false)...)
	src := b.source(cols)
	return Statement{SQL: "DELETE FROM " + t.only() + " t USING " + src + " WHERE " + t.match("t", cols, old) + " AND NOT (" + t.match("t", cols, !old) + ")", Params: b.params}
}

// Upsert makes full images true: rows that are there take every value, others are inserted. With keep,
// rows that are there stay as they are (on_existing: proceed). Without an arbiter only rows that are not
// there are inserted; Update then has to come first.
func (t *Table) Upsert(keep bool) Statement {
	cols := t.all()
	b := builder{t: t}
	src := b.source(cols)
	insert := "INSERT INTO " + t.Name.SQL() + " AS t (" + t.names(cols) + ") OVERRIDING SYSTEM VALUE SELECT " + numbered(len(cols)) + " FROM " + src
	if !t.Arbiter {
		return Statement{SQL: insert + " WHERE NOT EXISTS (SELECT FROM " + t.only() + " t WHERE " + t.match("t", cols, false) + ")", Params: b.params}
	}
	insert += " ON CONFLICT (" + t.names(t.keys(false)) + ") DO "
	set := t.assign(cols, "EXCLUDED")
	if keep || set == "" {
		return Statement{SQL: insert + "NOTHING", Params: b.params}
	}
	return Statement{SQL: insert + "UPDATE SET " + set, Params: b.params, Each: true}
}

// Update gives rows that are there all values of a full image; its count tells how many were there. A
// table of nothing but its key has nothing to update: SQL is empty.
func (t *Table) Update() Statement {
	cols := t.all()
	set := t.assign(cols, "s")
	if set == "" {
		return Statement{}
	}
	b := builder{t: t}
	src := b.source(cols)
	return Statement{SQL: "UPDATE " + t.only() + " t SET " + set + " FROM " + src + " WHERE " + t.match("t", cols, false), Params: b.params}
}

// assign sets every column from the row source: s's numbered columns, or EXCLUDED's named ones. Key
// columns are set where equal keys may be spelled differently.
func (t *Table) assign(cols []Param, from string) string {
	var set []string
	for i, p := range cols {
		c := t.Columns[p.Column]
		if c.Fixed || t.isKey(p.Column) && oneSpelling(c.Type) {
			continue
		}
		value := fmt.Sprintf("s.c%d", i+1)
		if from == "EXCLUDED" {
			value = "EXCLUDED." + ident.Quote(c.Name)
		}
		set = append(set, ident.Quote(c.Name)+" = "+value)
	}
	return strings.Join(set, ", ")
}

// oneSpelling are types whose equal values are always the same bytes.
func oneSpelling(t ident.Name) bool {
	return t.Schema == "pg_catalog" && slices.Contains([]string{"bool", "int2", "int4", "int8", "oid", "uuid", "date", "timestamp", "timestamptz", "bytea"}, t.Name)
}

// Patch updates the columns that a partial image holds; present says which. The key stays.
func (t *Table) Patch(present []bool) Statement { return t.patch(present, false) }

// patch sets what is present. Matched by the old key it also sets the key: the row moves.
func (t *Table) patch(present []bool, moves bool) Statement {
	cols := t.keys(moves)
	var set []string
	for i := range t.Columns {
		c := t.Columns[i]
		if c.Absent || c.Fixed || !present[i] || t.isKey(i) && !moves && oneSpelling(c.Type) {
			continue
		}
		n := slices.Index(cols, Param{Column: i})
		if n < 0 {
			n = len(cols)
			cols = append(cols, Param{Column: i})
		}
		set = append(set, fmt.Sprintf("%s = s.c%d", ident.Quote(c.Name), n+1))
	}
	if len(set) == 0 { // nothing changes, but whether the row is there still counts
		set = append(set, t.same())
	}
	b := builder{t: t}
	src := b.source(cols)
	return Statement{SQL: "UPDATE " + t.only() + " t SET " + strings.Join(set, ", ") + " FROM " + src + " WHERE " + t.match("t", cols, moves), Params: b.params}
}

// same assigns a column to itself, one that an UPDATE may set.
func (t *Table) same() string {
	for i := range t.Columns {
		if c := t.Columns[i]; !c.Absent && !c.Fixed {
			return ident.Quote(c.Name) + " = t." + ident.Quote(c.Name)
		}
	}
	return ident.Quote(t.Columns[t.Shape.Key[0]].Name) + " = DEFAULT"
}

// Move makes a key-changing update with unchanged large values true; they stay where they are, so the
// row must be moved rather than written anew (A5). The last statement's count tells how many rows
// were there to move.
//
//   - Settled: a row at the new key is drift, and deleted first.
//   - Otherwise it may be the row itself, read by a chunk after it moved: it takes the other columns,
//     and the old one goes.
func (t *Table) Move(present []bool, settled bool) []Statement {
	move := t.patch(present, true)
	if slices.ContainsFunc(t.Columns, func(c Column) bool { return c.Fixed }) {
		move = t.rewrite(present)
	}
	if settled {
		return []Statement{t.vacate(false), move}
	}
	b := builder{t: t}
	cols := append(t.keys(true), t.keys(false)...)
	src := b.source(cols)
	there := "DELETE FROM " + t.only() + " t USING " + src + " WHERE " + t.match("t", cols, true) +
		" AND EXISTS (SELECT FROM " + t.only() + " n WHERE " + t.match("n", cols, false) + " AND NOT (" + t.match("n", cols, true) + "))"
	sts := []Statement{t.patch(present, false), {SQL: there, Params: b.params}, move}
	if again := t.Rewrite(present); again.SQL != "" {
		sts = slices.Insert(sts, 0, again)
	}
	return sts
}

// Same is a query that says for the row at an image's key, column by column, whether its text is the image's; what
// the target lacks is never the same. Collation "C" keeps a column's own from finding more alike.
func (t *Table) Same() Statement {
	b := builder{t: t, params: t.all()}
	var arrays, names, texts []string
	keys, same := make([]string, len(b.params)), make([]string, len(t.Columns))
	for i := range same {
		same[i] = "false"
	}
	for i, p := range b.params {
		c := fmt.Sprintf("c%d", i+1)
		arrays, names = append(arrays, fmt.Sprintf("$%d::text[]", i+1)), append(names, c)
		texts = append(texts, "u."+c+" AS u"+c)
		if keys[i] = "NULL AS " + c; t.isKey(p.Column) {
			keys[i] = t.read(p.Column, "u."+c) + " AS " + c
		}
		same[p.Column] = t.text(p.Column, "t."+ident.Quote(t.Columns[p.Column].Name)) + ` COLLATE "C" IS NOT DISTINCT FROM s.u` + c
	}
	return Statement{SQL: "SELECT ARRAY[" + strings.Join(same, ", ") + "] FROM " + t.only() + " t, (SELECT " + strings.Join(append(keys, texts...), ", ") +
		" FROM unnest(" + strings.Join(arrays, ", ") + ") u(" + strings.Join(names, ", ") + ")) s WHERE " + t.match("t", b.params, false), Params: b.params}
}

// Missing is a query for the numbers, from 1, of the new images whose keys are not there. Its parameters
// are the keys' columns, an array each.
func (t *Table) Missing() string {
	cols := t.keys(false)
	var cast, arrays, names []string
	for i, p := range cols {
		arrays, names = append(arrays, fmt.Sprintf("$%d::text[]", i+1)), append(names, fmt.Sprintf("c%d", i+1))
		cast = append(cast, fmt.Sprintf("%s AS c%d", t.read(p.Column, fmt.Sprintf("u.c%d", i+1)), i+1))
	}
	return "SELECT s.n FROM (SELECT u.n, " + strings.Join(cast, ", ") + " FROM unnest(" + strings.Join(arrays, ", ") + ") WITH ORDINALITY u(" + strings.Join(names, ", ") +
		", n)) s WHERE NOT EXISTS (SELECT FROM " + t.only() + " t WHERE " + t.match("t", cols, false) + ") ORDER BY s.n"
}

func numbered(n int) string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprintf("s.c%d", i+1)
	}
	return strings.Join(out, ", ")
}
