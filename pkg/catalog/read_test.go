package catalog

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"floe/pkg/ident"
	"floe/pkg/pg"
	"floe/pkg/pgtest"

	"github.com/jackc/pgx/v5"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// source is a connection to a new database with this SQL in it.
func source(t *testing.T, sql ...string) *pgx.Conn {
	t.Helper()
	conn, err := pg.Connect(t.Context(), pg.Config{URL: pgtest.NewDB(t, pgtest.Shared(t), sql...)}, pg.Read)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(t.Context())) })
	return conn
}

func mustRead(t *testing.T, conn *pgx.Conn, sel Selection) *Database {
	t.Helper()
	db, err := ReadSelection(t.Context(), conn, sel)
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func in(schema, name string) ident.Name { return ident.Name{Schema: schema, Name: name} }

func public(name string) ident.Name { return ident.Name{Schema: "public", Name: name} }

// listed names definitions as "kind name".
func listed(db *Database) []string {
	var out []string
	for _, d := range db.Definitions {
		out = append(out, string(d.Kind)+" "+d.Name.Name)
	}
	return out
}

func wantOrder(t *testing.T, db *Database, order ...string) {
	t.Helper()
	all := listed(db)
	last := -1
	for _, o := range order {
		i := slices.Index(all, o)
		if i < 0 {
			t.Errorf("%s was not read: %q", o, all)
		} else if i < last {
			t.Errorf("%s comes too early in %q", o, all)
		}
		last = max(last, i)
	}
}

func TestDefinitionsComeAfterWhatTheyNeed(t *testing.T) {
	t.Parallel()
	db := mustRead(t, source(t, `
		CREATE TABLE z_first (id int PRIMARY KEY);
		CREATE FUNCTION check_it(int) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT $1 > 0';
		CREATE DOMAIN d1 AS int CHECK (check_it(VALUE));
		CREATE TYPE c1 AS (a d1[]);
		CREATE DOMAIN d2 AS c1;
		CREATE TYPE e AS ENUM ('x');
		CREATE FUNCTION pick(e) RETURNS e LANGUAGE sql IMMUTABLE AS 'SELECT $1';
		CREATE TABLE u (id int PRIMARY KEY, d d2, e e DEFAULT pick('x'), r z_first);
		CREATE INDEX u_pick ON u (pick(e));
		CREATE TABLE a_last (id int REFERENCES u) `), Selection{Everything: true})
	wantOrder(t, db, "schema public", "function check_it", "domain d1", "composite c1", "domain d2", "table u")
	wantOrder(t, db, "enum e", "function pick", "table u", "index u_pick")
	wantOrder(t, db, "table z_first", "table u", "constraint u_pkey", "constraint a_last_id_fkey")
}

// What one table needs is read with it; other objects and tables stay away.
func TestASelectionIsClosedUnderNeed(t *testing.T) {
	t.Parallel()
	conn := source(t, `
		CREATE SCHEMA other; CREATE TYPE other.e AS ENUM ('x'); CREATE TYPE unused AS ENUM ('y'); CREATE SEQUENCE shared; CREATE SEQUENCE idle;
		CREATE FUNCTION f(other.e) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1';
		CREATE TABLE p (id int PRIMARY KEY);
		CREATE TABLE t (id serial PRIMARY KEY, p int REFERENCES p, n int DEFAULT nextval('shared'), e other.e CHECK (f(e) > 0));
		CREATE TABLE part (a int) PARTITION BY LIST (a); CREATE TABLE other.leaf PARTITION OF part FOR VALUES IN (1)`)
	db := mustRead(t, conn, Selection{Tables: func(n ident.Name) bool { return n == public("t") || n == public("part") }})
	got := listed(db)
	slices.Sort(got)
	want := []string{"constraint t_e_check", "constraint t_p_fkey", "constraint t_pkey", "enum e", "function f", "schema other", "schema public",
		"sequence shared", "sequence t_id_seq", "table leaf", "table part", "table t"}
	if !slices.Equal(got, want) {
		t.Errorf("read %q\nwant %q", got, want)
	}
	if root := db.Roots()[db.Table(ident.Name{Schema: "other", Name: "leaf"}).OID]; root == nil || root.Name != public("part") {
		t.Errorf("the leaf's root is %v", root)
	}
}

func TestIdentityOfTables(t *testing.T) {
	t.Parallel()
	db := mustRead(t, source(t, `
		CREATE TABLE pk (a int, b int, UNIQUE (b), PRIMARY KEY (b, a) INCLUDE (b));
		CREATE TABLE dpk (a int PRIMARY KEY DEFERRABLE, b int NOT NULL UNIQUE);
		CREATE TABLE uq (a int, b int NOT NULL, c int NOT NULL, UNIQUE (a));
		CREATE UNIQUE INDEX uq_part ON uq (b) WHERE a > 0; CREATE UNIQUE INDEX uq_expr ON uq ((b + 1));
		CREATE UNIQUE INDEX uq_c ON uq (c); CREATE UNIQUE INDEX uq_b ON uq (b);
		CREATE TABLE ri (a int NOT NULL UNIQUE, b int NOT NULL UNIQUE); ALTER TABLE ri REPLICA IDENTITY USING INDEX ri_b_key;
		CREATE TABLE full_pk (a int PRIMARY KEY); ALTER TABLE full_pk REPLICA IDENTITY FULL;
		CREATE TYPE two AS (n numeric, t text); CREATE DOMAIN code AS varchar(9);
		CREATE TABLE own_way (k two NOT NULL); CREATE UNIQUE INDEX ON own_way (k record_image_ops);
		CREATE TABLE usual (k varchar NOT NULL, d code NOT NULL, c cidr NOT NULL, a int[] NOT NULL); CREATE UNIQUE INDEX usual_i ON usual (k text_pattern_ops, d COLLATE "C", c, a);
		CREATE TABLE nothing (a int PRIMARY KEY); ALTER TABLE nothing REPLICA IDENTITY NOTHING;
		CREATE TABLE bag (a int);
		CREATE TABLE root (a int NOT NULL, b int NOT NULL, PRIMARY KEY (a)) PARTITION BY RANGE (a);
		CREATE TABLE leaf (b int NOT NULL UNIQUE, a int NOT NULL, CONSTRAINT own PRIMARY KEY (a));
		ALTER TABLE root ATTACH PARTITION leaf FOR VALUES FROM (1) TO (9);
		CREATE TABLE bare (a int, b int) PARTITION BY RANGE (a);
		CREATE TABLE bare_1 PARTITION OF bare (PRIMARY KEY (b)) FOR VALUES FROM (1) TO (9)`), Selection{Everything: true})
	for name, want := range map[string]Identity{
		"pk":      {[]string{"b", "a"}, ReplicaDefault, ""},
		"dpk":     {[]string{"b"}, ReplicaIndex, "dpk_b_key"},
		"uq":      {[]string{"c"}, ReplicaIndex, "uq_c"},
		"ri":      {[]string{"b"}, ReplicaIndex, "ri_b_key"},
		"full_pk": {[]string{"a"}, ReplicaFull, ""},
		"nothing": {[]string{"a"}, ReplicaNothing, ""},
		"own_way": {nil, ReplicaFull, ""},
		"usual":   {[]string{"k", "d", "c", "a"}, ReplicaIndex, "usual_i"},
		"bag":     {nil, ReplicaFull, ""},
		"leaf":    {[]string{"a"}, ReplicaDefault, ""},
		"bare_1":  {nil, ReplicaFull, ""},
	} {
		if got := db.Identity(db.Table(public(name))); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
	}
	for name, want := range map[string]string{
		"pk": "", "ri": "", "full_pk": "", "nothing": "",
		"uq":  `ALTER TABLE ONLY "public"."uq" REPLICA IDENTITY USING INDEX "uq_c"`,
		"bag": `ALTER TABLE ONLY "public"."bag" REPLICA IDENTITY FULL`,
	} {
		table := db.Table(public(name))
		if got := table.Change(db.Identity(table)); got != want {
			t.Errorf("%s: change %q, want %q", name, got, want)
		}
	}
}

func TestCallsTellHowFarACheckCanBeTrusted(t *testing.T) {
	t.Parallel()
	db := mustRead(t, source(t, `
		CREATE FUNCTION mine(int) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT true';
		CREATE FUNCTION reads(int) RETURNS bool LANGUAGE sql STABLE AS 'SELECT true';
		CREATE TABLE t (a int, b timestamptz, c text,
			CONSTRAINT plain CHECK (a > 0 AND c <> ':funcid 1'), CONSTRAINT mine CHECK (mine(a)), CONSTRAINT reads CHECK (reads(a) OR mine(a)),
			CONSTRAINT clock CHECK (b < now()), CONSTRAINT day CHECK (b::date < current_date), CONSTRAINT who CHECK (c <> current_user))`), Selection{Everything: true})
	want := map[string]Calls{"plain": CallsNothing, "mine": CallsUser, "reads": CallsUnstable, "clock": CallsUnstable, "day": CallsUnstable, "who": CallsUnstable}
	for _, d := range db.Definitions {
		if c, ok := d.Body.(*ConstraintDef); ok && c.Calls != want[d.Name.Name] {
			t.Errorf("%s calls %q, want %q", d.Name.Name, c.Calls, want[d.Name.Name])
		}
	}
}

// Definitions travel as JSON: what comes out must be what went in, and what is not understood refused.
func TestDefinitionsAreReadBackStrictly(t *testing.T) {
	t.Parallel()
	db := mustRead(t, source(t, `CREATE TABLE "T ""x" (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, v text DEFAULT E'<&>\\'); CREATE TYPE e AS ENUM ('<', 'ü')`), Selection{Everything: true})
	for _, d := range db.Definitions {
		text, err := Encode(d)
		if err != nil {
			t.Fatal(err)
		}
		back, err := Decode(d.Kind, text)
		if err != nil || !reflect.DeepEqual(back, d) {
			t.Errorf("%s became %+v, %v", text, back, err)
		}
		for _, bad := range []string{text + " {}", strings.Replace(text, `"body":{`, `"body":{"more":1,`, 1), strings.Replace(text, "}", "", 1), ""} {
			if _, err := Decode(d.Kind, strings.Replace(bad, `1,}`, `1}`, 1)); err == nil {
				t.Errorf("%s was taken for a %s", bad, d.Kind)
			}
		}
	}
	if _, err := Decode("synonym", "{}"); err == nil {
		t.Error("an unknown kind was taken")
	}
}

func TestReadingInsideATransactionLeavesItAsItWas(t *testing.T) {
	t.Parallel()
	conn := source(t, `CREATE TABLE t (id int)`)
	tx, err := conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(context.WithoutCancel(t.Context())) //nolint:errcheck
	if _, err := tx.Exec(t.Context(), `SET LOCAL search_path = public, pg_catalog; CREATE TABLE inside (id int)`); err != nil {
		t.Fatal(err)
	}
	if db := mustRead(t, conn, Selection{Everything: true}); db.Table(public("inside")) == nil {
		t.Error("the transaction's own table was not seen")
	}
	var path string
	if err := tx.QueryRow(t.Context(), "SHOW search_path").Scan(&path); err != nil || path != "public, pg_catalog" {
		t.Errorf("search_path is %q, %v", path, err)
	}
}

func TestSequencesAreSampled(t *testing.T) {
	t.Parallel()
	conn := source(t, `CREATE SEQUENCE "S'x" START 5; CREATE SEQUENCE gone; CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY); SELECT nextval('"S''x"')`,
		`DO $$ BEGIN FOR i IN 1..600 LOOP EXECUTE format('CREATE SEQUENCE s%s START %s', i, i); END LOOP; END $$`)
	db := mustRead(t, conn, Selection{Everything: true})
	var oids []uint32
	for _, d := range db.Definitions {
		if d.Kind == KindSequence {
			oids = append(oids, d.OID)
		}
	}
	identity := db.Table(public("t")).Columns[0].Identity
	oids = append(oids, identity.OID, 4)
	if _, err := conn.Exec(t.Context(), "DROP SEQUENCE public.gone"); err != nil {
		t.Fatal(err)
	}
	got, err := ReadSequences(t.Context(), conn, oids)
	if err != nil || len(got) != 602 {
		t.Fatalf("%d sequences, %v", len(got), err)
	}
	values := map[string]string{}
	for _, s := range got {
		values[s.Name.Name] = fmt.Sprint(s.Last, s.IsCalled)
	}
	for name, want := range map[string]string{"S'x": "5 true", "s600": "600 false", identity.Name.Name: "1 false"} {
		if values[name] != want {
			t.Errorf("%s is %s, want %s", name, values[name], want)
		}
	}
}

// What floe, the server and extensions own is not the user's structure.
func TestForeignObjectsAreLeftOut(t *testing.T) {
	t.Parallel()
	db := mustRead(t, source(t, `CREATE SCHEMA floe; CREATE TABLE floe.ddl (id int); CREATE TABLE dts_postgres_heartbeat (id int); CREATE TABLE dts_ddl_command (id int);
		CREATE EXTENSION citext; CREATE TABLE mine (id int); CREATE TABLE dts_mine (id int); CREATE UNLOGGED TABLE quick (id int); CREATE VIEW v AS SELECT 1 AS one`), Selection{Everything: true})
	if got, want := listed(db), []string{"schema public", "extension citext", "table mine", "table dts_mine", "table quick", "view v"}; !slices.Equal(got, want) {
		t.Errorf("read %q, want %q", got, want)
	}
}

func TestIndexTextSurvivesHostileNames(t *testing.T) {
	t.Parallel()
	db := mustRead(t, source(t, `CREATE SCHEMA "S USING"; CREATE TABLE "S USING"."t USING btree (a) " (a int, "b ON" text);
		CREATE INDEX "i ON x USING" ON "S USING"."t USING btree (a) " (a, "b ON") WHERE "b ON" <> ' USING '`), Selection{Everything: true})
	for _, d := range db.Definitions {
		if i, ok := d.Body.(*IndexDef); ok && i.Using != `USING btree (a, "b ON") WHERE ("b ON" <> ' USING '::text)` {
			t.Errorf("the index is %q", i.Using)
		}
	}
}

const shop = `CREATE SCHEMA app; CREATE SCHEMA other;
	CREATE TABLE app.t (id int PRIMARY KEY); CREATE TABLE other.u (id int PRIMARY KEY);
	CREATE FUNCTION app.f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END'; CREATE FUNCTION other.g() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
	CREATE FUNCTION app.idle() RETURNS int LANGUAGE sql AS 'SELECT 1';
	CREATE TRIGGER tt AFTER INSERT ON app.t FOR EACH ROW EXECUTE FUNCTION other.g(); CREATE TRIGGER ut AFTER INSERT ON other.u FOR EACH ROW EXECUTE FUNCTION app.f();
	CREATE VIEW app.v AS SELECT * FROM app.t; CREATE VIEW other.w AS SELECT * FROM app.t; CREATE RULE r AS ON INSERT TO other.w DO INSTEAD NOTHING;
	CREATE MATERIALIZED VIEW app.m AS SELECT w.id FROM other.w JOIN app.v USING (id); CREATE INDEX mi ON app.m (id);
	CREATE MATERIALIZED VIEW other.n AS SELECT 1 AS one; CREATE INDEX ni ON other.n (one); CREATE PUBLICATION p FOR TABLE app.t`

// A table brings its triggers and what these need; a schema all that is in it and what that needs, with
// what hangs on it; only the whole database brings what lies in none.
func TestASelectionBringsWhatHangsOnIt(t *testing.T) {
	t.Parallel()
	conn := source(t, shop)
	table := func(n ident.Name) bool { return n == ident.Name{Schema: "app", Name: "t"} }
	schema := func(n ident.Name) bool { return n.Schema == "app" }
	for _, c := range []struct {
		sel  Selection
		want string
	}{
		{Selection{Tables: table}, "constraint t_pkey, function g, schema app, schema other, table t, trigger tt"},
		{Selection{Tables: schema, Schema: func(s string) bool { return s == "app" }}, "constraint t_pkey, function f, function g, function idle, index mi, " +
			"materialized-view m, rule r, schema app, schema other, table t, trigger tt, view v, view w"},
		{Selection{Tables: func(n ident.Name) bool { return n.Schema != "other" }, Everything: true}, "constraint t_pkey, function f, function g, function idle, index mi, " +
			"materialized-view m, publication p, rule r, schema app, schema other, schema public, table t, trigger tt, view v, view w"},
	} {
		db := mustRead(t, conn, c.sel)
		got := listed(db)
		slices.Sort(got)
		if s := strings.Join(got, ", "); s != c.want {
			t.Errorf("read %s\nwant %s", s, c.want)
		}
		for _, d := range db.Definitions {
			if m, ok := d.Body.(*TextDef); ok && d.Name.Name == "m" && !slices.Equal(m.Reads, []ident.Name{{Schema: "app", Name: "t"}}) {
				t.Errorf("m reads %v", m.Reads)
			}
		}
	}
}

// A server of version 18 refuses changes of a published table that has REPLICA IDENTITY FULL and a virtual column.
func TestIdentityIsTheKeyWhereAVirtualColumnForbidsFull(t *testing.T) {
	t.Parallel()
	d := TableDef{ReplicaIdentity: string(ReplicaFull), Columns: []TableColumn{{Name: "k", NotNull: true}, {Name: "v", Generated: &Generated{"k + 1", true}}},
		Keys: []Key{{Name: "pk", Columns: []string{"k"}, Primary: true}}}
	if id := d.Identity(); id.Want != ReplicaDefault || !slices.Equal(id.Columns, []string{"k"}) {
		t.Errorf("with a virtual column: %+v", id)
	}
	d.Columns[1].Generated.Virtual = false
	if id := d.Identity(); id.Want != ReplicaFull || !slices.Equal(id.Columns, []string{"k"}) {
		t.Errorf("with a stored column: %+v", id)
	}
}
