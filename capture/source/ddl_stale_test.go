package source

import (
	"slices"
	"strings"
	"testing"

	"floe/pkg/catalog"
)

// A column that comes with a value is not loaded, for the target gives it the same one; but is where its default is another
// one by then, or may be.
func TestColumnsThatComeWithAValueAreLoadedWhereItIsAnother(t *testing.T) {
	t.Parallel()
	r := everything(t, `CREATE TYPE mood AS ENUM ('low', 'it''s')`, `CREATE TYPE pair AS (a int, b text)`, `CREATE TABLE t (id int); INSERT INTO t VALUES (1)`)
	table := r.valid.Table(public("t")).OID
	for _, c := range []struct {
		add    string
		loaded bool
	}{
		{"int DEFAULT 5", false}, {"int NOT NULL DEFAULT -5", false}, {"bigint DEFAULT 5", false}, {"numeric(10,2) DEFAULT 5", false}, {"numeric DEFAULT 'NaN'", false},
		{"float8 DEFAULT 0.1 + 0.2", false}, {"bool DEFAULT true", false}, {"text DEFAULT ''", false}, {"text DEFAULT 'it''s'", false}, {`text DEFAULT 'a\b'`, false},
		{"text COLLATE \"C\" DEFAULT upper('x')", false}, {"varchar(3) DEFAULT 'abc'", false}, {"char(5) DEFAULT 'ab'", false}, {"date DEFAULT '2024-02-29'", false},
		{"timestamptz DEFAULT '2024-02-29 12:00+05'", false}, {"interval DEFAULT '1 day'", false}, {"bytea DEFAULT '\\x00ff'", false}, {"jsonb DEFAULT '{}'", false},
		{"text[] DEFAULT '{}'", false}, {"int[] DEFAULT ARRAY[1, 2]", false}, {"int4range DEFAULT '[1,5)'", false}, {"uuid DEFAULT 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'", false},
		{"bit(3) DEFAULT B'101'", false}, {"mood DEFAULT 'it''s'", false}, {"mood[] DEFAULT '{low}'", false}, {"pair DEFAULT '(1,x)'", false},
		{"timestamptz DEFAULT now()", true},
		{"int DEFAULT 5, ALTER @ SET DEFAULT 7", true}, {"int DEFAULT 5, ALTER @ SET DEFAULT 5", false},
		{"text DEFAULT '', ALTER @ SET DEFAULT nullif(1, 1)::text", true}, {"text DEFAULT '''5''::text', ALTER @ SET DEFAULT '5'", true},
		{"mood DEFAULT 'low', ALTER @ SET DEFAULT 'it''s'", true}, {"bool DEFAULT true, ALTER @ SET DEFAULT false", true},
		{"char(5) DEFAULT 'ab', ALTER @ SET DEFAULT 'ab '", false}, {"numeric DEFAULT 1.0, ALTER @ SET DEFAULT 1.00", true},
	} {
		r.exec(r.conn, `ALTER TABLE t ADD x `+strings.ReplaceAll(c.add, "@", "x"))
		r.follow()
		if loaded := slices.ContainsFunc(r.changes, func(c catalog.Change) bool { return slices.Contains(c.Rewritten, table) }); loaded != c.loaded {
			t.Errorf("%s: loaded %v", c.add, loaded)
		}
		r.exec(r.conn, `ALTER TABLE t DROP x`)
		r.follow()
	}
}

// What records runs with the rights of floe, and calls nothing of a user's.
func TestNoDefaultCallsWhatAUserMade(t *testing.T) {
	t.Parallel()
	r := everything(t, `CREATE TABLE calls (at int); CREATE TABLE t (id int); INSERT INTO t VALUES (1)`,
		`CREATE FUNCTION checks(v int) RETURNS bool LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.calls VALUES (v); RETURN true; END $$`,
		`CREATE DOMAIN d AS int; ALTER TABLE t ADD a d DEFAULT 5, ADD b d[] DEFAULT '{6}', ADD c int[] DEFAULT '{7}'`,
		`ALTER DOMAIN d ADD CHECK (public.checks(VALUE)) NOT VALID`, `ALTER TABLE t ALTER c SET DEFAULT ('{7,8}'::d[])::int[]`, `TRUNCATE calls`)
	r.exec(r.conn, `ALTER TABLE t ADD e int DEFAULT 3`)
	var n int
	if err := r.watch.QueryRow(t.Context(), "SELECT count(*) FROM public.calls").Scan(&n); err != nil || n != 0 || r.rows() == 0 {
		t.Errorf("%d calls, %v", n, err)
	}
}
