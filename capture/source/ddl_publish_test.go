package source

import (
	"maps"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	"floe/pkg/catalog"
	"floe/pkg/ident"
	"floe/pkg/pgtest"
)

// published are the tables of the recorder's publication, with their replica identity.
func (r *recorder) published() map[string]string {
	r.t.Helper()
	rows, err := r.watch.Query(r.t.Context(), `SELECT c.relname, c.relreplident::text || coalesce(' ' || (SELECT x.relname FROM pg_index i
		JOIN pg_class x ON x.oid = i.indexrelid WHERE i.indrelid = c.oid AND i.indisreplident), '')
		FROM pg_publication_rel r JOIN pg_class c ON c.oid = r.prrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname <> 'floe'`)
	if err != nil {
		r.t.Fatal(err)
	}
	out := map[string]string{}
	var name, identity string
	if _, err := pgx.ForEachRow(rows, []any{&name, &identity}, func() error { out[name] = identity; return nil }); err != nil {
		r.t.Fatal(err)
	}
	return out
}

// A table is in the publication, and its changes can be told apart, before its first row. The triggers
// choose as package catalog does.
func TestTablesArePublishedWithAnIdentityAsTheyCome(t *testing.T) {
	t.Parallel()
	r := everything(t)
	r.exec(r.conn, `CREATE TABLE pk (id int PRIMARY KEY); CREATE TABLE bag (a int); CREATE TABLE uq (a int NOT NULL, b int NOT NULL UNIQUE);
		CREATE TABLE dpk (a int PRIMARY KEY DEFERRABLE); CREATE UNLOGGED TABLE un (a int); CREATE TEMP TABLE tmp (a int); CREATE TABLE dts_ddl_command (a int);
		CREATE TABLE lost (a int PRIMARY KEY, b int NOT NULL UNIQUE); ALTER TABLE lost DROP CONSTRAINT lost_pkey;
		CREATE TABLE lost2 (a int NOT NULL, b int NOT NULL); CREATE UNIQUE INDEX l1 ON lost2 (a); CREATE UNIQUE INDEX l2 ON lost2 (b);
		CREATE TABLE never (a int PRIMARY KEY); ALTER TABLE never REPLICA IDENTITY NOTHING;
		CREATE TABLE root (a int, b int) PARTITION BY RANGE (a); CREATE TABLE leaf PARTITION OF root FOR VALUES FROM (0) TO (9);
		CREATE TABLE keyed (a int PRIMARY KEY, b int) PARTITION BY RANGE (a); CREATE TABLE keyed1 PARTITION OF keyed FOR VALUES FROM (0) TO (9);
		CREATE TABLE cta AS SELECT 1 AS one; CREATE TABLE idx (a int NOT NULL UNIQUE); ALTER TABLE idx REPLICA IDENTITY USING INDEX idx_a_key; ALTER TABLE idx DROP CONSTRAINT idx_a_key`)
	want := map[string]string{"pk": "d", "bag": "f", "uq": "i uq_b_key", "dpk": "f", "lost": "i lost_b_key", "lost2": "f", "never": "n",
		"leaf": "f", "keyed1": "d", "cta": "f", "idx": "f"}
	// A table that already has FULL keeps it: the whole old row holds every key. CREATE TABLE comes before its index.
	if got := r.published(); !maps.Equal(got, want) {
		t.Errorf("published %v\nwant %v", got, want)
	}
	r.same("publishing")
	for _, table := range r.valid.Tables() {
		if change := table.Change(r.valid.Identity(table)); change != "" && table.PartitionKey == "" && !table.Unlogged {
			t.Errorf("package catalog would still %s", change)
		}
	}
}

// A table whose UPDATE the server would refuse once it is published stays out until it has a key, and is taken out
// when it loses that or gets such a column; whoever writes to it never notices.
func TestATableWhoseChangesTheServerWouldRefuseIsNotPublished(t *testing.T) {
	t.Parallel()
	for _, server := range serversFrom(t, 18) {
		r := record(t, server, DDL{Everything: true}, catalog.Selection{Everything: true})
		const column = "int GENERATED ALWAYS AS (a * 2) VIRTUAL"
		for _, x := range []struct {
			sql  string
			want map[string]string
		}{
			{"CREATE TABLE bag (a int, v " + column + "); CREATE TABLE later (a int); CREATE TABLE keyed (a int PRIMARY KEY, v " + column + "); CREATE TABLE whole (a int PRIMARY KEY, v " + column + "); ALTER TABLE whole REPLICA IDENTITY FULL",
				map[string]string{"later": "f", "keyed": "d", "whole": "d"}},
			{"ALTER TABLE bag ADD PRIMARY KEY (a); ALTER TABLE later ADD v " + column + "; ALTER TABLE keyed DROP CONSTRAINT keyed_pkey",
				map[string]string{"bag": "d", "whole": "d"}},
			{"ALTER TABLE keyed DROP v; CREATE UNIQUE INDEX later_a ON later (a); ALTER TABLE later ALTER a SET NOT NULL",
				map[string]string{"bag": "d", "whole": "d", "keyed": "f", "later": "i later_a"}},
		} {
			r.exec(r.conn, x.sql)
			r.exec(r.conn, "INSERT INTO bag VALUES (1); INSERT INTO later VALUES (1); INSERT INTO keyed VALUES (1); INSERT INTO whole VALUES (1)")
			for _, table := range []string{"bag", "later", "keyed", "whole"} {
				r.exec(r.conn, "UPDATE "+table+" SET a = a + 1; DELETE FROM "+table)
			}
			if got := r.published(); !maps.Equal(got, x.want) {
				t.Errorf("%s: published %v\nwant %v", x.sql, got, x.want)
			}
		}
	}
}

func pattern(t *testing.T, s string) ident.Pattern {
	t.Helper()
	p, err := ident.ParsePattern(s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// A job of chosen tables hears of those, and of what they need.
func TestAChosenTableBringsWhatItNeeds(t *testing.T) {
	t.Parallel()
	include, exclude := pattern(t, `app."T_%"*`), pattern(t, "*.*_tmp")
	sel := catalog.Selection{Tables: func(n ident.Name) bool { return include.Match(n) && !exclude.Match(n) }}
	r := record(t, pgtest.Shared(t), DDL{Job: "j", Publication: "floe_j", Include: []ident.Pattern{include}, Exclude: []ident.Pattern{exclude}}, sel,
		`CREATE SCHEMA app; CREATE SCHEMA lib; CREATE TYPE lib.e AS ENUM ('a'); CREATE DOMAIN lib.d AS lib.e[]; CREATE TABLE app.other (id int PRIMARY KEY, d lib.d);
		CREATE FUNCTION lib.f() RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1'; CREATE SEQUENCE lib.s; INSERT INTO app.other VALUES (1)`)
	for _, sql := range []string{
		`CREATE TABLE app."T_%x" (id int PRIMARY KEY, o int REFERENCES app.other, d lib.d, n int DEFAULT lib.f(), m int DEFAULT nextval('lib.s'))`,
		`ALTER TYPE lib.e ADD VALUE 'b'`,
		`CREATE TABLE app."T_x" (id int)`,
		`CREATE TABLE app."T_%x_tmp" (id int)`,
		`ALTER TABLE app.other RENAME TO "T_%other"`,
		`ALTER TABLE app."T_%x" ADD c int`,
		`CREATE TABLE app."T_%p" (a int) PARTITION BY LIST (a); CREATE TABLE app.leaf PARTITION OF app."T_%p" FOR VALUES IN (1)`,
		`ALTER TABLE app."T_%other" RENAME TO again`,
		`ALTER SCHEMA lib RENAME TO lib2`,
		`DROP TABLE app."T_%x"`,
		`ALTER SCHEMA app RENAME TO bpp`,
	} {
		r.exec(r.conn, sql)
		r.follow()
		for _, c := range r.changes {
			if len(c.Unknown) > 0 {
				t.Errorf("%s: unknown %q", sql, c.Unknown)
			}
		}
		// What the last table that needed it has dropped is not noticed, and does no harm.
		fresh := bodies(t, r.catalog())
		got := bodies(t, r.valid)
		for _, k := range slices.Sorted(maps.Keys(fresh)) {
			if got[k] != fresh[k] {
				t.Errorf("%s: recorded\n%s %s, want\n%s", sql, k, got[k], fresh[k])
			}
		}
		for _, d := range r.valid.Definitions {
			if d.Kind == catalog.KindTable && fresh[key(d)] == "" {
				t.Errorf("%s: table %s is still there", sql, d.Name)
			}
		}
		if sql == `ALTER TABLE app.other RENAME TO "T_%other"` && len(r.changes[0].Rewritten) != 1 {
			t.Errorf("the rows of a table that joins by its new name are not asked for: %v", r.changes[0].Rewritten)
		}
	}
	if got, want := r.published(), map[string]string{"again": "d", "leaf": "f"}; !maps.Equal(got, want) {
		t.Errorf("published %v, want %v", got, want)
	}
}

// Rows that are other than row events show must be loaded; others must not.
func TestRewrittenRowsAreToldOf(t *testing.T) {
	t.Parallel()
	r := everything(t, `CREATE TABLE t (id int PRIMARY KEY, v varchar(5)); INSERT INTO t VALUES (1); CREATE TABLE none (id int); CREATE UNLOGGED TABLE un AS SELECT 1 AS one;
		CREATE TABLE root (a int, b int) PARTITION BY LIST (a); CREATE TABLE leaf AS SELECT 1 AS a, 1 AS b; CREATE TABLE bare (a int, b int);
		CREATE TABLE p AS SELECT 1 AS a; CREATE TABLE c () INHERITS (p); INSERT INTO c VALUES (2); CREATE DOMAIN stamped AS timestamptz DEFAULT now()`)
	for _, c := range []struct {
		sql  string
		want []string
	}{
		{`ALTER TABLE t ADD a int DEFAULT 5`, nil},
		{`ALTER TABLE t ADD b text DEFAULT upper('x')`, nil},
		{`ALTER TABLE t ADD c timestamptz DEFAULT now()`, []string{"t"}},
		{`ALTER TABLE t ADD d float DEFAULT random()`, []string{"t"}},
		{`ALTER TABLE t ADD e stamped`, []string{"t"}},
		{`ALTER TABLE t ALTER v TYPE varchar(9)`, nil},
		{`ALTER TABLE t ALTER v TYPE text USING 'x'`, []string{"t"}},
		{`ALTER TABLE none ALTER id TYPE bigint`, nil},
		{`ALTER TABLE un SET LOGGED`, []string{"un"}},
		{`ALTER TABLE root ATTACH PARTITION leaf FOR VALUES IN (1)`, []string{"leaf"}},
		{`ALTER TABLE root ATTACH PARTITION bare FOR VALUES IN (2)`, nil},
		{`ALTER TABLE root ADD c float DEFAULT random()`, []string{"leaf"}},
		{`ALTER TABLE root DETACH PARTITION leaf`, nil},
		{`ALTER TABLE p ADD x uuid DEFAULT md5(random()::text)::uuid`, []string{"p", "c"}},
		{`CREATE TABLE made AS SELECT 1 AS one`, []string{"made"}},
		{`CREATE TABLE empty AS SELECT 1 AS one WHERE false`, nil},
		{`SELECT 1 AS one INTO into_it`, []string{"into_it"}},
		{`CREATE TABLE plain (id int)`, nil},
		{`CREATE TABLE like_it (LIKE t INCLUDING ALL)`, nil},
		{`ALTER TABLE t RENAME TO t2`, nil},
		{`CREATE TEMP TABLE tmp AS SELECT 1 AS one; ALTER TABLE tmp ADD x float DEFAULT random()`, nil},
	} {
		r.exec(r.conn, c.sql)
		r.same(c.sql)
		var got []string
		for _, change := range r.changes {
			for _, oid := range change.Rewritten {
				got = append(got, nameOf(r.valid, oid))
			}
		}
		slices.Sort(got)
		slices.Sort(c.want)
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: rewritten %v, want %v", c.sql, got, c.want)
		}
	}
}

func nameOf(db *catalog.Database, oid uint32) string {
	for _, t := range db.Tables() {
		if t.OID == oid {
			return t.Name.Name
		}
	}
	return "?"
}
