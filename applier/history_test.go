package applier

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"floe/pkg/catalog"
	"floe/pkg/event"
	"floe/pkg/ident"
	"floe/pkg/pg"
	"floe/pkg/pgtest"
)

// history runs random transactions on a source and keeps the events that its WAL would bear. What the
// source refuses (a value that is taken) is undone there and is no event.
type history struct {
	t    *testing.T
	rng  *rand.Rand
	conn *pgx.Conn
	db   *catalog.Database

	tables []*historyTable
	commit event.LSN
	seq    uint64
	rows   []event.Row // of the open transaction
}

// historyTable is how random statements are made for one table. Column big may be left out of events of
// updates that do not touch it, as large values are.
type historyTable struct {
	shape *event.Table
	sql   string
	// values gives an expression for each column that statements may write.
	values map[string]func(*rand.Rand) string
	// leaf tells a partition's rows apart: an update that changes it arrives as a delete and an insert.
	leaf func(image []event.Datum) string
	// leaves are partitions that may be truncated alone.
	leaves []event.Leaf
}

func pick(values ...string) func(*rand.Rand) string {
	return func(rng *rand.Rand) string { return values[rng.IntN(len(values))] }
}

func numbers(n int) func(*rand.Rand) string {
	return func(rng *rand.Rand) string { return strconv.Itoa(rng.IntN(n)) }
}

func words(rng *rand.Rand) string {
	if rng.IntN(8) == 0 {
		return "null"
	}
	return fmt.Sprintf("repeat('w%d', %d)", rng.IntN(100), rng.IntN(3))
}

// large values are sometimes stored out of line, sometimes not: what an event leaves out is the test's
// choice.
func large(rng *rand.Rand) string {
	if rng.IntN(10) == 0 {
		return fmt.Sprintf("repeat(md5('%d'), 100)", rng.IntN(100))
	}
	return words(rng)
}

// historyTables are the shapes that differ in how their rows are applied.
func historyTables() []*historyTable {
	return []*historyTable{
		{sql: `create table ints (id int primary key, v text, big text)`,
			values: map[string]func(*rand.Rand) string{"id": numbers(15), "v": words, "big": large}},
		{sql: `create table nums (id numeric primary key, v text, big text)`,
			values: map[string]func(*rand.Rand) string{"id": pick("1", "1.0", "1.00", "2", "2.0", "3", "4.50", "4.5", "'NaN'", "-7"), "v": words, "big": large}},
		{sql: `create table texts (id text primary key, v text, big text)`,
			values: map[string]func(*rand.Rand) string{"id": pick("''", "'a'", "'A'", "'b '", "'b'", "E'\\\\t\\n'", "'é'", "'z'"), "v": words, "big": large}},
		{sql: `create table pairs (a int, v text, b varchar(9), big text, primary key (b, a))`,
			values: map[string]func(*rand.Rand) string{"a": numbers(4), "b": pick("'x'", "'y'", "''"), "v": words, "big": large}},
		{sql: `create table chars (id char(4) primary key, v text, big text)`,
			values: map[string]func(*rand.Rand) string{"id": pick("'a'", "'a  '", "'b'", "'c '", "''"), "v": words, "big": large}},
		{sql: `create table folded (id public.citext primary key, v text, big text)`,
			values: map[string]func(*rand.Rand) string{"id": pick("'a'", "'A'", "'bc'", "'Bc'", "'d'", "'e'"), "v": words, "big": large}},
		{sql: `create table bag (a int, v text, big text); alter table bag replica identity full`,
			values: map[string]func(*rand.Rand) string{"a": numbers(3), "v": words, "big": large}},
		{sql: `create table odd (j json, p point, c char(3), n numeric, f float8, x xml, v text); alter table odd replica identity full`,
			values: map[string]func(*rand.Rand) string{"j": pick(`'{"a": 1}'`, `'{"a":1}'`, "null"), "p": pick("'(1,2)'", "null"), "c": pick("'a'", "''"),
				"n": pick("1.0", "1.00"), "f": pick("0", "'-0'", "'NaN'"), "x": pick("'<a/>'", "null"), "v": large}},
		{sql: `create table shards (r int, v text) partition by range (r); create table shards_low partition of shards for values from (minvalue) to (2);
			create table shards_high partition of shards default; alter table shards_low replica identity full; alter table shards_high replica identity full; alter table shards replica identity full`,
			values: map[string]func(*rand.Rand) string{"r": numbers(4), "v": words},
			leaf: func(image []event.Datum) string {
				if string(image[0].Text) < "2" {
					return "shards_low"
				}
				return "shards_high"
			},
			leaves: []event.Leaf{{Name: ident.Name{Schema: "public", Name: "shards_low"}}}},
		{sql: `create table mates (u int unique, v text, big text); alter table mates replica identity full`,
			values: map[string]func(*rand.Rand) string{"u": numbers(9), "v": words, "big": large}},
		{sql: `create table uniq (id int primary key, u int unique, w int, big text, exclude (w with =))`,
			values: map[string]func(*rand.Rand) string{"id": numbers(12), "u": numbers(14), "w": numbers(40), "big": large}},
		{sql: `create table late (id int primary key, u int unique deferrable initially deferred, big text)`,
			values: map[string]func(*rand.Rand) string{"id": numbers(12), "u": numbers(30), "big": large}},
		{sql: `create table always (id int generated always as identity primary key, v text, big text)`,
			values: map[string]func(*rand.Rand) string{"id": pick("default"), "v": words, "big": large}},
		{sql: `create table beside (id int primary key, n int generated always as identity, v text, big text, d int generated always as (id * 2) stored)`,
			values: map[string]func(*rand.Rand) string{"id": numbers(8), "n": pick("default"), "v": words, "big": large}},
		{sql: `create table loose (n int generated always as identity, v text); alter table loose replica identity full`,
			values: map[string]func(*rand.Rand) string{"n": pick("default"), "v": words}},
		{sql: `create table chosen (id int, k text not null unique, big text); alter table chosen replica identity using index chosen_k_key`,
			values: map[string]func(*rand.Rand) string{"id": numbers(5), "k": pick("'a'", "'b'", "'c'", "'d'"), "big": large}},
		{sql: `create table parts (id int, r int, v text, big text, primary key (r, id)) partition by range (r);
			create table parts_low partition of parts for values from (minvalue) to (3); create table parts_high partition of parts for values from (3) to (maxvalue)`,
			values: map[string]func(*rand.Rand) string{"id": numbers(3), "r": numbers(6), "v": words, "big": large},
			leaf: func(image []event.Datum) string {
				if string(image[1].Text) < "3" {
					return "parts_low"
				}
				return "parts_high"
			},
			leaves: []event.Leaf{{Name: ident.Name{Schema: "public", Name: "parts_low"}}}},
	}
}

func historySQL(tables []*historyTable) []string {
	out := []string{"create extension citext"}
	for _, t := range tables {
		out = append(out, t.sql)
	}
	return out
}

func newHistory(t *testing.T) *history {
	t.Helper()
	h := &history{t: t, tables: historyTables()}
	h.conn = open(t, pgtest.NewDB(t, pgtest.Shared(t), historySQL(h.tables)...))
	var err error
	if h.db, err = catalog.Read(t.Context(), h.conn, func(n ident.Name) bool { return n.Schema == "public" }); err != nil {
		t.Fatal(err)
	}
	for _, table := range h.tables {
		name := strings.Fields(table.sql)[2]
		def := h.db.Table(ident.Name{Schema: "public", Name: name})
		if def == nil {
			t.Fatalf("the catalog has no table %s", name)
		}
		table.shape = def.Shape()
		for i := range table.leaves {
			table.leaves[i].Condition = h.db.Table(table.leaves[i].Name).PartitionOf.Condition
		}
	}
	return h
}

// begin starts one history from empty tables.
func (h *history) begin(seed uint64) {
	h.t.Helper()
	h.rng = rand.New(rand.NewPCG(seed, 1))
	h.exec(h.empty())
}

// empty is a statement that empties every table, on the source and on its copies.
func (h *history) empty() string {
	names := make([]string, len(h.tables))
	for i, t := range h.tables {
		names[i] = t.shape.Name.SQL()
	}
	return "truncate " + strings.Join(names, ", ") + " restart identity"
}

func open(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pg.Connect(t.Context(), pg.Config{URL: url}, pg.Apply)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

// transaction runs one and returns its rows, none when all of it was refused.
func (h *history) transaction() []event.Row {
	h.t.Helper()
	h.commit += 10
	h.seq, h.rows = 0, nil
	h.exec("begin")
	for range 1 + h.rng.IntN(6) {
		h.statement(h.tables[h.rng.IntN(len(h.tables))])
	}
	if _, err := h.conn.Exec(h.t.Context(), "commit"); err != nil {
		if !constraint(err) {
			h.t.Fatal(err)
		}
		return nil
	}
	return h.rows
}

func constraint(err error) bool { return strings.HasPrefix(pg.Code(err), "23") }

func (h *history) exec(sql string) {
	h.t.Helper()
	if _, err := h.conn.Exec(h.t.Context(), sql); err != nil {
		h.t.Fatalf("%s: %v", sql, err)
	}
}

// statement runs one statement, or a few that belong together.
func (h *history) statement(t *historyTable) {
	switch h.rng.IntN(14) {
	case 0, 1, 2, 3, 4:
		h.insert(t)
	case 5, 6, 7:
		h.update(t, h.columns(t), h.where(t))
	case 8:
		if len(t.shape.Key) > 0 {
			h.update(t, []string{t.shape.Columns[t.shape.Key[0]].Name}, h.where(t))
		}
	case 9, 10:
		h.remove(t, h.where(t))
	case 11:
		h.swap(t)
	case 12:
		if h.rng.IntN(3) == 0 {
			h.update(t, h.columns(t), "true")
		}
	case 13:
		if h.rng.IntN(6) == 0 {
			h.truncate(t)
		}
	}
}

// columns chooses some to write, in a fixed order.
func (h *history) columns(t *historyTable) []string {
	var out []string
	for _, c := range t.shape.Columns {
		if t.values[c.Name] != nil && h.rng.IntN(3) == 0 {
			out = append(out, c.Name)
		}
	}
	if len(out) == 0 {
		return []string{t.shape.Columns[len(t.shape.Columns)-1].Name}
	}
	return out
}

// where picks one row.
func (h *history) where(t *historyTable) string {
	if t.leaf != nil {
		return fmt.Sprintf("(tableoid, ctid) = (select tableoid, ctid from public.%s order by r, v offset %d limit 1)", t.shape.Name.Name, h.rng.IntN(4))
	}
	return fmt.Sprintf("ctid = (select ctid from public.%s order by ctid offset %d limit 1)", t.shape.Name.Name, h.rng.IntN(6))
}

func (h *history) insert(t *historyTable) {
	var names, values []string
	for _, c := range t.shape.Columns {
		if v := t.values[c.Name]; v != nil {
			names, values = append(names, c.Name), append(values, v(h.rng))
		}
	}
	sql := fmt.Sprintf("insert into public.%s (%s) values (%s) returning %s", t.shape.Name.Name, strings.Join(names, ", "), strings.Join(values, ", "), texts(t, "t"))
	sql = strings.Replace(sql, " (", " as t (", 1)
	for _, image := range h.query(t, sql) {
		h.event(event.Row{Table: t.shape, Op: event.Create, After: image})
	}
}

func (h *history) remove(t *historyTable, where string) {
	for _, image := range h.query(t, fmt.Sprintf("delete from public.%s t where %s returning %s", t.shape.Name.Name, where, texts(t, "t"))) {
		h.event(event.Row{Table: t.shape, Op: event.Delete, Before: old(t, image)})
	}
}

// update sets columns where the condition holds. Old images come from a snapshot of the statement.
func (h *history) update(t *historyTable, columns []string, where string) {
	var set []string
	for _, c := range columns {
		set = append(set, c+" = "+t.values[c](h.rng))
	}
	name := "public." + t.shape.Name.Name
	same := "o.ctid = b.c and o.tableoid = b.t"
	sql := fmt.Sprintf("with b as materialized (select ctid c, tableoid t from %s where %s) update %s t set %s from b join %s o on %s where t.ctid = o.ctid and t.tableoid = o.tableoid returning %s, %s",
		name, where, name, strings.Join(set, ", "), name, same, texts(t, "o"), texts(t, "t"))
	n := len(t.shape.Columns)
	for _, both := range h.query(t, sql) {
		h.updated(t, both[:n:n], both[n:], columns)
	}
}

func (h *history) updated(t *historyTable, before, after []event.Datum, columns []string) {
	if t.leaf != nil && t.leaf(before) != t.leaf(after) {
		h.event(event.Row{Table: t.shape, Op: event.Delete, Before: old(t, before)})
		h.event(event.Row{Table: t.shape, Op: event.Create, After: after})
		return
	}
	r := event.Row{Table: t.shape, Op: event.Update, After: after}
	moved := len(t.shape.Key) == 0
	for _, k := range t.shape.Key {
		moved = moved || string(before[k].Text) != string(after[k].Text)
	}
	if moved {
		r.Before = old(t, before)
	}
	big := t.shape.Column("big")
	if big >= 0 && !slices.Contains(columns, "big") && after[big].Kind == event.Value && h.rng.IntN(2) == 0 {
		after[big] = event.Datum{Kind: event.Unchanged}
	}
	h.event(r)
}

// old is the old image that a source sends: the key, or all of a table without one.
func old(t *historyTable, image []event.Datum) []event.Datum {
	if len(t.shape.Key) == 0 {
		return image
	}
	out := make([]event.Datum, len(image))
	for _, k := range t.shape.Key {
		out[k] = image[k]
	}
	return out
}

// swap gives two rows each other's key by way of a third, or hands a unique value over.
func (h *history) swap(t *historyTable) {
	name := t.shape.Name.Name
	var steps []string
	switch name {
	case "ints", "uniq", "late":
		a, b := h.rng.IntN(12), h.rng.IntN(12)
		steps = []string{fmt.Sprintf("id = -1|id = %d", a), fmt.Sprintf("id = %d|id = %d", a, b), fmt.Sprintf("id = %d|id = -1", b)}
		if name == "late" {
			steps = []string{fmt.Sprintf("u = -1|id = %d", a)}
		}
	default:
		return
	}
	for _, s := range steps {
		set, where, _ := strings.Cut(s, "|")
		column, value, _ := strings.Cut(set, " = ")
		keep := t.values[column]
		t.values[column] = pick(value)
		h.update(t, []string{column}, where)
		t.values[column] = keep
	}
}

func (h *history) truncate(t *historyTable) {
	tables := []*historyTable{t}
	if other := h.tables[h.rng.IntN(len(h.tables))]; other != t && h.rng.IntN(2) == 0 {
		tables = append(tables, other)
	}
	if len(t.leaves) > 0 && h.rng.IntN(2) == 0 {
		if !h.emptied(t.leaves[0].Name.SQL()) {
			return
		}
		h.event(event.Row{Table: t.shape, Op: event.Truncate, Leaf: &t.leaves[0]})
		return
	}
	names := make([]string, len(tables))
	for i := range tables {
		names[i] = tables[i].shape.Name.SQL()
	}
	if !h.emptied(strings.Join(names, ", ")) {
		return
	}
	for _, t := range tables {
		h.event(event.Row{Table: t.shape, Op: event.Truncate})
		h.seq-- // one command
	}
	h.seq++
}

// emptied truncates tables, and reports that it could: what a deferred constraint has still to look at may
// not be truncated.
func (h *history) emptied(names string) bool {
	h.t.Helper()
	h.exec("savepoint one")
	_, err := h.conn.Exec(h.t.Context(), "truncate "+names)
	if err == nil {
		return true
	}
	if pg.Code(err) != "55006" { // object in use
		h.t.Fatalf("truncate %s: %v", names, err)
	}
	h.exec("rollback to savepoint one")
	return false
}

// query runs a statement that may be refused and returns the rows it gives.
func (h *history) query(t *historyTable, sql string) [][]event.Datum {
	h.t.Helper()
	h.exec("savepoint one")
	rows, err := h.conn.Query(h.t.Context(), sql)
	var out [][]event.Datum
	if err == nil {
		for rows.Next() {
			var image []event.Datum
			for _, v := range rows.RawValues() {
				d := event.Datum{}
				if v != nil {
					d = event.Datum{Kind: event.Value, Text: slices.Clone(v)}
				}
				image = append(image, d)
			}
			out = append(out, image)
		}
		err = rows.Err()
	}
	if err != nil {
		if !constraint(err) {
			h.t.Fatalf("%s: %s: %v", t.shape.Name, sql, err)
		}
		h.exec("rollback to savepoint one")
		return nil
	}
	return out
}

func (h *history) event(r event.Row) {
	r.Pos = event.Position{Epoch: 1, Commit: h.commit, Seq: h.seq}
	h.seq++
	h.rows = append(h.rows, r)
}

// texts are the columns of rows called alias, in text form.
func texts(t *historyTable, alias string) string {
	var out []string
	for _, c := range t.shape.Columns {
		if c.Type.Name == "bpchar" { // a cast would strip what the text form has
			out = append(out, fmt.Sprintf("format('%%s', %s.%s)", alias, ident.Quote(c.Name)))
			continue
		}
		out = append(out, fmt.Sprintf("%s.%s::text", alias, ident.Quote(c.Name)))
	}
	return strings.Join(out, ", ")
}
