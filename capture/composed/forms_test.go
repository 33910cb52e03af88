package composed_test

import (
	"testing"

	"floe/capture/composed"
	"floe/pkg/catalog"
	"floe/pkg/event"
	"floe/pkg/ident"
	"floe/pkg/pg"
	"floe/pkg/pgtest"
)

// hostile are texts that have every sign which arrays and records protect.
const hostile = `array['x', '', ' ', 'a,b', 'a"b', 'a\b', '(', ')', '{', '}', 'NULL', 'null', E'a\nb', 'ü', '"', '\', '",(){}\"', 'a''b']`

// What the server writes of a type fits its definition, whatever it consists of, and no other's.
func TestWhatTheServerWritesFitsItsType(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	server := pgtest.New(t, pgtest.Options{})
	if err := server.Exec(ctx, "postgres",
		`create schema "S c"`, `create type "S c"."En,um" as enum ('x', '', ' ', 'a,b', 'a"b', 'a\b', '(', ')', '{', '}', 'NULL', 'null', E'a\nb', 'ü', '"', '\', '",(){}\"', 'a''b')`,
		`create type one as (t text)`, `create type nothing as ()`, `create type flat as (a int, b text, e "S c"."En,um")`, `create domain dom as flat`, `create type nest as (f dom, fs flat[], t text, es "S c"."En,um"[])`,
		`create table whole (id int primary key, b text, gone int, n nest)`, `alter table whole drop gone`,
		`create table t (e "S c"."En,um", es "S c"."En,um"[], o one, os one[], z nothing, f flat, fs flat[], d dom, ds dom[], n nest, ns nest[], r whole, rs whole[], plain text)`,
		`insert into t select e, array[[e, null], ['', 'NULL']]::"S c"."En,um"[], row(x)::one, array[row(x)::one, row(null)::one, null], null, row(1, x, e)::flat,
			array[[row(1, x, null)::flat, null]], row(null, x, e)::flat, array[row(2, x, null)::flat::dom], n, array[n, null], row(1, x, n)::whole, array[row(1, x, n)::whole], x
			from (select x, x::"S c"."En,um" as e from unnest(`+hostile+`) x) x, lateral (select row(row(1, x, e)::flat, array[row(2, x, e)::flat, null, row(null, null, null)::flat], x, array[e, null])::nest as n) n`,
		`insert into t (es, os, z, fs, n, r) values ('{}', '[3:3]={(q)}', row(), '[0:0][2:2]={{"(1,q,x)"}}', row(null, null, null, null), row(null, null, null))`); err != nil {
		t.Fatal(err)
	}
	conn, err := pg.Connect(ctx, pg.Config{URL: server.URL("postgres")}, pg.Read)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx) //nolint:errcheck
	db, err := catalog.ReadSelection(ctx, conn, catalog.Selection{Everything: true})
	if err != nil {
		t.Fatal(err)
	}
	table := db.Table(ident.Name{Schema: "public", Name: "t"})
	shape := table.Shape()
	forms := composed.TypesOf(db).Of(table, shape)
	misfits := func() (n int) {
		t.Helper()
		got, err := conn.PgConn().Exec(ctx, "select * from public.t").ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		for _, values := range got[0].Rows {
			row := event.Row{Table: shape, After: make([]event.Datum, len(values))}
			for i, v := range values {
				if v != nil {
					row.After[i] = event.Datum{Kind: event.Value, Text: v}
				}
			}
			if err := forms.Row(&row); err != nil {
				n++
			}
		}
		return n
	}
	if n := misfits(); n != 0 {
		t.Fatalf("%d rows do not fit the types that they are of", n)
	}
	for _, other := range []struct {
		sql  string
		want int
	}{
		{`alter type "S c"."En,um" rename value '' to 'another'`, 18},
		{`alter type "S c"."En,um" rename value 'another' to ''`, 0},
		{`alter type flat add attribute d int`, 19},
		{`alter type flat drop attribute d`, 0},
		{`alter type one add attribute d int`, 19},
		{`alter type one drop attribute d`, 0},
		{`alter type nest drop attribute t`, 19},
	} {
		if err := server.Exec(ctx, "postgres", other.sql); err != nil {
			t.Fatal(err)
		}
		if n := misfits(); n != other.want {
			t.Errorf("%s: %d rows do not fit, want %d", other.sql, n, other.want)
		}
	}
}

func TestTextsThatAreOfNoType(t *testing.T) {
	t.Parallel()
	table := &catalog.TableDef{Name: ident.Name{Schema: "s", Name: "t"}, Columns: []catalog.TableColumn{{Name: "c", SQL: "s.c"}, {Name: "cs", SQL: "s.c[]"}}}
	db := catalog.NewDatabase(0, []catalog.Definition{
		{Kind: catalog.KindEnum, Name: ident.Name{Schema: "s", Name: "e"}, Body: &catalog.EnumDef{Labels: []string{"a"}}},
		{Kind: catalog.KindComposite, Name: ident.Name{Schema: "s", Name: "c"}, Body: &catalog.CompositeDef{Attributes: []catalog.Attribute{{Name: "x", SQL: "s.e"}, {Name: "y", SQL: "integer"}}}},
		{Kind: catalog.KindTable, Name: table.Name, Body: table},
	})
	forms := composed.TypesOf(db).Of(table, table.Shape())
	for _, text := range []string{"", "(", ")", "()", "(a)", "(a,1", "a,1)", "(b,1)", "(a,1,2)", `("a,1)`, `("",1)`} {
		for column, text := range []string{text, `{"` + text + `"}`} {
			data := make([]event.Datum, 2)
			data[column] = event.Datum{Kind: event.Value, Text: []byte(text)}
			if err := forms.Row(&event.Row{Table: table.Shape(), Before: data}); err == nil {
				t.Errorf("%q fits", text)
			}
		}
	}
	if err := forms.Row(&event.Row{Table: table.Shape(), After: []event.Datum{{Kind: event.Value, Text: []byte("(a,1)")}, {Kind: event.Unchanged}}}); err != nil {
		t.Error(err)
	}
}

// What several changes together make of a type shows in the difference, or in each of them.
func TestChangesThatMakeTextsMeanSomethingElse(t *testing.T) {
	t.Parallel()
	enum := func(labels ...string) *catalog.EnumDef {
		e := &catalog.EnumDef{}
		for _, l := range labels { // "a1": label a of oid 1
			e.Labels, e.OIDs = append(e.Labels, l[:1]), append(e.OIDs, uint32(l[1]))
		}
		return e
	}
	pair := func(numbers ...int16) *catalog.CompositeDef {
		c := &catalog.CompositeDef{}
		for _, n := range numbers {
			c.Attributes = append(c.Attributes, catalog.Attribute{Attnum: n, SQL: "integer"})
		}
		return c
	}
	for name, c := range map[string]struct {
		was, now        catalog.Body
		recast, renamed bool
	}{
		"nothing":         {enum("a1", "b2"), enum("a1", "b2"), false, false},
		"label added":     {enum("a1"), enum("a1", "b2"), false, false},
		"label renamed":   {enum("a1"), enum("b1"), false, true},
		"exchanged":       {enum("a1", "b2"), enum("b1", "a2"), true, true},
		"handed on":       {enum("a1"), enum("b1", "a2"), true, true},
		"attribute added": {pair(1), pair(1, 2), false, false},
		"dropped":         {pair(1, 2), pair(1), false, true},
		"replaced":        {pair(1, 2), pair(1, 3), true, true},
	} {
		if composed.Recast(c.was, c.now) != c.recast || composed.Renamed(c.was, c.now) != c.renamed {
			t.Errorf("%s: recast %v, renamed %v", name, composed.Recast(c.was, c.now), composed.Renamed(c.was, c.now))
		}
	}
}
