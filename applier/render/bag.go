package render

import (
	"fmt"
	"strings"

	"floe/pkg/ident"
)

// Insert adds rows of a table without a key, one statement for any number.
func (t *Table) Insert() Statement {
	cols := t.all()
	if len(cols) == 0 {
		return Statement{SQL: "INSERT INTO " + t.Name.SQL() + " DEFAULT VALUES", Each: true}
	}
	b := builder{t: t}
	src := b.source(cols)
	return Statement{SQL: "INSERT INTO " + t.Name.SQL() + " (" + t.names(cols) + ") OVERRIDING SYSTEM VALUE SELECT " + numbered(len(cols)) + " FROM " + src, Params: b.params, Each: true}
}

// Count is the parameter behind all columns' that says how many rows like an image a statement is about.
func (t *Table) Count() int { return len(t.Columns) }

// Remove deletes, for each distinct old image, as many rows that have it in every column as its count
// says (A8). It reads the table once, however many images there are, if hash joins are allowed.
//
// Rows meet by a hash, for IS NOT DISTINCT FROM cannot be hashed, and then by the text of each column,
// for not every type has another equality; collation "C" keeps a column's own from finding more alike.
func (t *Table) Remove() Statement {
	var params []Param
	var arrays, names, texts, columns, same, rows, wanted []string
	for _, p := range t.all() {
		params = append(params, Param{Column: p.Column, Old: true})
		c := fmt.Sprintf("c%d", len(params))
		value := t.text(p.Column, "b."+ident.Quote(t.Columns[p.Column].Name)) + ` COLLATE "C"`
		arrays, names, columns = append(arrays, fmt.Sprintf("$%d::text[]", len(params))), append(names, c), append(columns, "v."+c)
		texts = append(texts, t.text(p.Column, t.read(p.Column, "u."+c))+` COLLATE "C" AS `+c)
		same = append(same, value+" IS NOT DISTINCT FROM w."+c)
		rows, wanted = append(rows, t.hashed(p.Column, value)), append(wanted, t.hashed(p.Column, "w."+c))
	}
	params = append(params, Param{Column: t.Count(), Old: true})
	list := strings.Join(columns, ", ")
	want := fmt.Sprintf("(SELECT min(v.k) AS k, sum(v.n) AS n, %s FROM (SELECT u.k, u.n::int8 AS n, %s FROM unnest(%s, $%d::text[]) WITH ORDINALITY u(%s, n, k)) v GROUP BY %[1]s) w",
		list, strings.Join(texts, ", "), strings.Join(arrays, ", "), len(params), strings.Join(names, ", "))
	found := fmt.Sprintf("(SELECT b.tableoid AS part, b.ctid AS place, row_number() OVER (PARTITION BY w.k) AS i, w.n FROM %s JOIN %s b ON hashtextextended(ROW(%s)::text, 0) = hashtextextended(ROW(%s)::text, 0) AND %s) x",
		want, t.only(), strings.Join(rows, ", "), strings.Join(wanted, ", "), strings.Join(same, " AND "))
	if t.Partitioned { // a place is one within a partition; only text hashes on every version
		return Statement{SQL: "DELETE FROM " + t.only() + " t USING " + found + " WHERE x.i <= x.n AND t.tableoid = x.part AND t.ctid::text = x.place::text", Params: params}
	}
	return Statement{SQL: "DELETE FROM " + t.only() + " WHERE ctid = ANY (ARRAY(SELECT x.place FROM " + found + " WHERE x.i <= x.n))", Params: params}
}

// hashed is what of a column's text tells rows apart in a hash. A large value would have to be fetched
// from where it is stored for every row of the table; its length is not.
func (t *Table) hashed(column int, text string) string {
	if typ := t.Columns[column].Type; typ.Schema == "pg_catalog" && (typ.Name == "text" || typ.Name == "varchar") {
		return fmt.Sprintf("CASE WHEN octet_length(%s) < 1000 THEN %[1]s ELSE octet_length(%[1]s)::text END", text)
	}
	return text
}

// DeleteOne removes one row that has the old image in every column. Its parameters hold one row.
func (t *Table) DeleteOne() Statement {
	where, params := t.sameRow(nil)
	return Statement{SQL: "DELETE FROM " + t.only() + " WHERE " + where, Params: params}
}

// UpdateOne changes one row that has the old image in every column into the new image; columns that only
// the target has stay as they are. SQL is empty where that cannot be done: a GENERATED ALWAYS identity
// takes its value only from an INSERT.
func (t *Table) UpdateOne(present []bool) Statement {
	var set []string
	var params []Param
	for i := range t.Columns {
		c := &t.Columns[i]
		if c.Fixed {
			return Statement{}
		}
		if c.Absent || !present[i] {
			continue
		}
		params = append(params, Param{Column: i})
		set = append(set, ident.Quote(c.Name)+" = "+t.read(i, fmt.Sprintf("($%d::text[])[1]", len(params))))
	}
	if len(set) == 0 {
		return Statement{}
	}
	where, params := t.sameRow(params)
	return Statement{SQL: "UPDATE " + t.only() + " SET " + strings.Join(set, ", ") + " WHERE " + where, Params: params}
}

// sameRow picks one row by its place; equality is of text forms, since not every type has another.
func (t *Table) sameRow(params []Param) (string, []Param) {
	var same []string
	for i := range t.Columns {
		if t.Columns[i].Absent {
			continue
		}
		params = append(params, Param{Column: i, Old: true})
		same = append(same, t.text(i, "b."+ident.Quote(t.Columns[i].Name))+` COLLATE "C" IS NOT DISTINCT FROM `+t.text(i, t.read(i, fmt.Sprintf("($%d::text[])[1]", len(params)))))
	}
	if len(same) == 0 {
		same = []string{"true"}
	}
	if t.Partitioned {
		return "(tableoid, ctid) = (SELECT b.tableoid, b.ctid FROM " + t.only() + " b WHERE " + strings.Join(same, " AND ") + " LIMIT 1)", params
	}
	return "ctid = (SELECT b.ctid FROM " + t.only() + " b WHERE " + strings.Join(same, " AND ") + " LIMIT 1)", params
}

// Copy is the COPY that takes full images in the order of all columns that exist on both sides, which
// it returns.
func (t *Table) Copy() (sql string, columns []int) {
	cols := t.all()
	for _, p := range cols {
		columns = append(columns, p.Column)
	}
	return "COPY " + t.Name.SQL() + " (" + t.names(cols) + ") FROM STDIN", columns
}

// Truncate empties the tables of one source command in one command, so that foreign keys among them
// do not matter.
func Truncate(tables []*Table, restartIdentity bool) string {
	names := make([]string, len(tables))
	for i, t := range tables {
		names[i] = t.only()
	}
	sql := "TRUNCATE " + strings.Join(names, ", ")
	if restartIdentity {
		sql += " RESTART IDENTITY"
	}
	return sql
}

// Empty deletes every row: what stands for TRUNCATE where a foreign key from outside forbids it.
func (t *Table) Empty() string { return "DELETE FROM " + t.only() }
