package source

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"floe/pkg/catalog"
	"floe/pkg/ident"
	"floe/pkg/pgtest"
)

// rows of floe.ddl.
func (r *recorder) rows() (n int) {
	r.t.Helper()
	if err := r.watch.QueryRow(r.t.Context(), "SELECT count(*) FROM floe.ddl").Scan(&n); err != nil {
		r.t.Fatal(err)
	}
	return n
}

func everything(t *testing.T, setup ...string) *recorder {
	t.Helper()
	return record(t, pgtest.Shared(t), DDL{Everything: true}, catalog.Selection{Everything: true}, setup...)
}

func public(name string) ident.Name { return ident.Name{Schema: "public", Name: name} }

// Whatever became of what floe made, the user's commands go on.
func TestAUsersCommandNeverFailsOfTheRecording(t *testing.T) {
	t.Parallel()
	for what, sql := range map[string]string{
		"no table":         "DROP TABLE floe.ddl",
		"no selection":     "DROP TABLE floe.selection",
		"no function":      "DROP FUNCTION floe.recording(oid[], oid[])",
		"another function": "CREATE OR REPLACE FUNCTION floe.recording(classes oid[], touched oid[]) RETURNS json LANGUAGE sql AS 'SELECT (1 / 0)::text::json'",
		"no rights":        "ALTER TABLE floe.ddl ADD CHECK (false) NOT VALID",
	} {
		r := everything(t)
		r.exec(r.watch, sql)
		r.exec(r.conn, `CREATE TABLE t (id int PRIMARY KEY); BEGIN; ALTER TABLE t ADD v text DEFAULT random(); DROP TABLE t; COMMIT; CREATE TABLE t (id int)`)
		if db := r.catalog(); db.Table(public("t")) == nil {
			t.Errorf("%s: the table was not made", what)
		}
	}
}

// What cannot be described is told of, with what is known of it.
func TestWhatCannotBeDescribedIsUnknown(t *testing.T) {
	t.Parallel()
	r := everything(t, "CREATE TABLE t (id int); CREATE TABLE u (id int); INSERT INTO u VALUES (1)")
	gone := r.valid.Table(public("t")).OID
	r.exec(r.watch, "CREATE OR REPLACE FUNCTION floe.recording(classes oid[], touched oid[]) RETURNS json LANGUAGE sql AS 'SELECT (1 / 0)::text::json'")
	r.read = int64(r.rows())
	r.exec(r.conn, "DROP TABLE t")
	r.exec(r.conn, "ALTER TABLE u ALTER id TYPE text")
	r.follow()
	if len(r.changes) != 2 {
		t.Fatalf("%d changes, want 2", len(r.changes))
	}
	for _, c := range r.changes {
		if len(c.Unknown) != 1 || !strings.Contains(c.Unknown[0], "22012") {
			t.Errorf("unknown is %q, want a division by zero", c.Unknown)
		}
	}
	if c := r.changes[0]; len(c.Gone) != 1 || c.Gone[0] != (catalog.Ref{Kind: catalog.KindTable, OID: gone, Name: public("t")}) {
		t.Errorf("gone is %v", c.Gone)
	}
	if c := r.changes[1]; !slices.Equal(c.Rewritten, []uint32{r.valid.Table(public("u")).OID}) {
		t.Errorf("rewritten is %v", c.Rewritten)
	}
}

func TestARollbackLeavesNoRow(t *testing.T) {
	t.Parallel()
	r := everything(t)
	was := r.rows()
	r.exec(r.conn, "BEGIN; CREATE TABLE t (id int); DROP TABLE t; CREATE TABLE t2 (id int); ROLLBACK")
	if n := r.rows() - was; n != 0 {
		t.Errorf("%d rows of a transaction that was rolled back", n)
	}
	// A drop that fails behind its event leaves nothing for the next command either.
	r.exec(r.conn, "CREATE TABLE a (id int)")
	r.exec(r.conn, "BEGIN; SAVEPOINT s; DROP TABLE a; ROLLBACK TO s; CREATE TABLE b (id int); COMMIT")
	r.same("after a savepoint")
}

// Event triggers are silent in replica sessions unless they are ALWAYS ones.
func TestSessionsInTheReplicaRoleAreSeen(t *testing.T) {
	t.Parallel()
	r := everything(t)
	r.exec(r.conn, "SET session_replication_role = replica")
	r.exec(r.conn, "CREATE TABLE t (id int PRIMARY KEY); ALTER TABLE t ADD v text")
	if r.same("replica role"); r.valid.Table(public("t")) == nil || len(r.changes) != 2 {
		t.Errorf("%d changes, want 2", len(r.changes))
	}
}

// A role that may do nothing in schema floe, with settings that change how text is written and names are
// found, records as everybody does.
func TestHostileSessionsAreRecorded(t *testing.T) {
	t.Parallel()
	role := "r" + strings.ToLower(strings.ReplaceAll(t.Name(), "/", ""))[:20]
	server := pgtest.Shared(t)
	r := everything(t, `CREATE SCHEMA evil; CREATE FUNCTION evil.now() RETURNS timestamptz LANGUAGE sql AS 'SELECT NULL::timestamptz';
		CREATE TABLE evil.pg_class (oid oid, relkind text); CREATE FUNCTION evil.array_agg(oid) RETURNS oid LANGUAGE sql AS 'SELECT 1 / 0; SELECT $1';
		CREATE FUNCTION evil.format(text, text, text) RETURNS text LANGUAGE sql AS 'SELECT 1 / 0; SELECT $1'`)
	r.exec(r.watch, fmt.Sprintf("DO $$ BEGIN CREATE ROLE %[1]s; EXCEPTION WHEN duplicate_object THEN NULL; END $$; GRANT ALL ON SCHEMA public, evil TO %[1]s", role))
	t.Cleanup(func() { _ = server.Exec(context.Background(), "postgres", "DROP ROLE IF EXISTS "+role) })
	t.Cleanup(func() { _, _ = r.watch.Exec(context.Background(), "DROP OWNED BY "+role) })
	r.same("setup")
	r.exec(r.conn, "SET ROLE "+role)
	r.exec(r.conn, `SET search_path = evil, pg_catalog, public; SET datestyle = 'SQL, DMY'; SET intervalstyle = sql_standard; SET timezone = 'Asia/Kathmandu';
		SET quote_all_identifiers = on; SET standard_conforming_strings = off; SET bytea_output = escape; SET extra_float_digits = -5; SET lc_monetary = 'C'`)
	r.exec(r.conn, `CREATE TABLE public."a ""b" ("c ""d" timestamptz DEFAULT '2024-02-03 04:05+00', i interval DEFAULT '1 day 02:00', f float DEFAULT 0.1234567890123456789,
		b bytea DEFAULT '\\x00ff', d date CHECK (d > '2024-02-03'), s text DEFAULT E'\\\\', id int PRIMARY KEY)`)
	r.exec(r.conn, `ALTER TABLE public."a ""b" RENAME TO "$floe$ '; x"`)
	r.exec(r.conn, `DO $do$ BEGIN EXECUTE 'CREATE INDEX "i ON" ON public."$floe$ ''; x" (d)'; END $do$`)
	r.same("hostile session")
	if len(r.changes) != 3 {
		t.Errorf("%d changes, want 3", len(r.changes))
	}
}

// Without the right to create event triggers nothing is made, and the caller is told.
func TestWithoutTheRightNothingIsMade(t *testing.T) {
	t.Parallel()
	conn := open(t, pgtest.NewDB(t, pgtest.Shared(t)))
	ctx := t.Context()
	role := "without_right"
	for _, sql := range []string{
		"DO $$ BEGIN CREATE ROLE " + role + "; EXCEPTION WHEN duplicate_object THEN NULL; END $$",
		"DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO " + role + "', current_database()); END $$", "SET ROLE " + role,
	} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			t.Fatal(err)
		}
	}
	refused, err := InstallDDL(ctx, conn, DDL{Job: "j", Publication: "p"})
	if err != nil || !strings.Contains(refused, "event trigger") {
		t.Fatalf("refused %q, %v", refused, err)
	}
	var there bool
	if err := conn.QueryRow(ctx, "SELECT to_regnamespace('floe') IS NOT NULL").Scan(&there); err != nil || there {
		t.Errorf("schema floe is there: %v, %v", there, err)
	}
}

// Jobs share triggers and rows; the last one takes them away.
func TestTheLastJobTakesTheRecordingAway(t *testing.T) {
	t.Parallel()
	r := everything(t)
	for range 2 { // again: it is idempotent
		if _, err := InstallDDL(t.Context(), r.watch, DDL{Job: "k", Publication: "floe_k"}); err != nil {
			t.Fatal(err)
		}
	}
	was := r.rows()
	r.exec(r.conn, "CREATE TABLE t (id int PRIMARY KEY)")
	if n := r.rows() - was; n != 1 {
		t.Errorf("%d rows of one command", n)
	}
	for _, c := range []struct {
		job  string
		left int
	}{{"j", len(eventTriggers)}, {"k", 0}, {"k", 0}} {
		if c.left == 0 { // an older floe made none
			r.exec(r.watch, "DROP TABLE IF EXISTS floe.given")
		}
		if err := DropDDL(t.Context(), r.watch, c.job); err != nil {
			t.Fatal(err)
		}
		var n int
		if err := r.watch.QueryRow(t.Context(), "SELECT count(*) FROM pg_event_trigger").Scan(&n); err != nil || n != c.left {
			t.Errorf("without %s: %d event triggers, want %d, %v", c.job, n, c.left, err)
		}
	}
	var there bool
	if err := r.watch.QueryRow(t.Context(), "SELECT to_regnamespace('floe') IS NOT NULL").Scan(&there); err != nil || there {
		t.Errorf("schema floe is left: %v, %v", there, err)
	}
}

func TestRowsOfMoreThanAWeekAreDeleted(t *testing.T) {
	t.Parallel()
	r := everything(t)
	r.exec(r.watch, `INSERT INTO floe.ddl (at, tag, change) SELECT now() - '8 days'::interval, 'old', '{}' FROM generate_series(1, 50)`)
	// The dice of clean() fall by the fiftieth throw or so: it is called until they do.
	for range 2000 {
		r.exec(r.watch, "SET search_path = pg_catalog; SELECT floe.clean()")
		var n int
		if err := r.watch.QueryRow(t.Context(), "SELECT count(*) FROM floe.ddl WHERE tag = 'old'").Scan(&n); err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			return
		}
	}
	t.Error("rows of eight days ago are still there")
}

// Temporary tables come and go all the time; they cost no row.
func TestTemporaryTablesAreNotRecorded(t *testing.T) {
	t.Parallel()
	r := everything(t)
	was := r.rows()
	r.exec(r.conn, `CREATE TEMP TABLE t (id serial PRIMARY KEY, v text DEFAULT 'x' CHECK (v <> '')); CREATE INDEX ON t (v); ALTER TABLE t ADD n int DEFAULT random();
		CREATE TEMP VIEW v AS SELECT 1 AS one; DROP VIEW v; DROP TABLE t; CREATE TEMP TABLE q AS SELECT 1 AS one; BEGIN; CREATE TEMP TABLE o (id int) ON COMMIT DROP; COMMIT`)
	if n := r.rows() - was; n != 0 {
		t.Errorf("%d rows of temporary objects", n)
	}
}
