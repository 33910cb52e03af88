package source

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"floe/pkg/catalog"
	"floe/pkg/pgtest"
	"floe/pkg/randtest"
)

// templates of commands; a letter behind a % stands for one of a few words.
var templates = []string{
	"CREATE TABLE %T (id int PRIMARY KEY, a %Y, b int DEFAULT 1)", "CREATE TABLE %T (a int, b int) PARTITION BY RANGE (a)",
	"CREATE TABLE %T PARTITION OF %T FOR VALUES FROM (%N) TO (%M)", "CREATE TABLE %T PARTITION OF %T DEFAULT",
	"CREATE TABLE %T PARTITION OF %T FOR VALUES FROM (%N) TO (%M) PARTITION BY RANGE (b)",
	"ALTER TABLE %T ATTACH PARTITION %T FOR VALUES FROM (%N) TO (%M)", "ALTER TABLE %T DETACH PARTITION %T",
	"CREATE TABLE %T () INHERITS (%T)", "ALTER TABLE %T INHERIT %T", "ALTER TABLE %T NO INHERIT %T",
	"CREATE TABLE %T AS SELECT 1 AS a, 2 AS b", "CREATE TABLE %T (LIKE %T INCLUDING ALL)", "CREATE UNLOGGED TABLE %T (a int PRIMARY KEY, b int)",
	"ALTER TABLE %T ADD COLUMN %C %Y", "ALTER TABLE %T ADD COLUMN %C int DEFAULT 7 NOT NULL", "ALTER TABLE %T ADD COLUMN %C serial",
	"ALTER TABLE %T DROP COLUMN %C CASCADE", "ALTER TABLE %T RENAME COLUMN %C TO %C", "ALTER TABLE %T ALTER %C TYPE text USING %C::text",
	"ALTER TABLE %T ALTER %C TYPE int USING 1", "ALTER TABLE %T ALTER %C SET NOT NULL", "ALTER TABLE %T ALTER %C DROP NOT NULL",
	"ALTER TABLE %T ALTER %C SET DEFAULT 3", "ALTER TABLE %T ALTER %C DROP DEFAULT", "ALTER TABLE %T RENAME TO %T", "ALTER TABLE %T SET SCHEMA %S",
	"ALTER TABLE %T ADD PRIMARY KEY (%C)", "ALTER TABLE %T ADD UNIQUE (%C)", "ALTER TABLE %T ADD FOREIGN KEY (%C) REFERENCES %T", "ALTER TABLE %T ADD CHECK (%C IS NOT NULL) NOT VALID",
	"ALTER TABLE %T SET UNLOGGED", "ALTER TABLE %T SET LOGGED", "ALTER TABLE %T REPLICA IDENTITY FULL", "ALTER TABLE %T REPLICA IDENTITY DEFAULT",
	"CREATE INDEX %I ON %T (%C)", "CREATE UNIQUE INDEX %I ON %T (%C)", "DROP INDEX %I CASCADE", "ALTER INDEX %I RENAME TO %I", "DROP TABLE %T CASCADE", "DROP TABLE %T",
	"CREATE TYPE %E AS ENUM ('x', 'y')", "ALTER TYPE %E RENAME TO %E", "ALTER TYPE %E RENAME VALUE 'x' TO 'z'", "DROP TYPE %E CASCADE", "ALTER TYPE %E SET SCHEMA %S",
	"CREATE DOMAIN %D AS int CHECK (VALUE > 0)", "ALTER DOMAIN %D RENAME TO %D", "DROP DOMAIN %D CASCADE", "CREATE VIEW %V AS SELECT * FROM %T", "CREATE MATERIALIZED VIEW %V AS SELECT * FROM %T",
	"DROP VIEW %V CASCADE", "ALTER VIEW %V RENAME TO %V", "ALTER SCHEMA %S RENAME TO %S", "CREATE SCHEMA %S", "DROP SCHEMA %S CASCADE", "SET search_path = %S, public", "SET search_path = public",
	"GRANT SELECT ON %T TO PUBLIC", "REVOKE ALL ON %T FROM PUBLIC", "COMMENT ON TABLE %T IS 'c%N'", "COMMENT ON COLUMN %T.%C IS 'c'", "SAVEPOINT s", "ROLLBACK TO s", "BEGIN", "COMMIT", "ROLLBACK",
	"CREATE SEQUENCE %Q", "ALTER SEQUENCE %Q OWNED BY %T.%C", "ALTER TABLE %T ALTER %C SET DEFAULT nextval('%Q')", "DROP SEQUENCE %Q CASCADE", "ALTER SEQUENCE %Q RENAME TO %Q", "ALTER SEQUENCE %Q INCREMENT 2",
	"INSERT INTO %T VALUES (%N)",
}

// vocabulary is what the letters stand for.
var vocabulary = []struct {
	letter string
	words  []string
}{
	{"%T", []string{"t1", "t2", "t3", `"T 4"`, "t5", "t6"}}, {"%C", []string{"id", "a", "b", "c", `"D d"`}}, {"%I", []string{"i1", "i2", "i3"}},
	{"%E", []string{"e1", "e2"}}, {"%D", []string{"d1", "d2"}}, {"%V", []string{"v1", "v2"}}, {"%S", []string{"s1", `"s 2"`, "public"}}, {"%Q", []string{"q1", "q2"}},
	{"%N", []string{"0", "10", "20", "30"}}, {"%M", []string{"10", "20", "30", "40"}}, {"%Y", []string{"int", "text", "e1", "d1", "e2[]", "numeric(5,2)"}},
}

func command(r *rand.Rand) string {
	sql := templates[r.IntN(len(templates))]
	for _, v := range vocabulary {
		for strings.Contains(sql, v.letter) {
			sql = strings.Replace(sql, v.letter, v.words[r.IntN(len(v.words))], 1)
		}
	}
	return sql
}

// Random commands, many of which fail, in transactions that end either way: what was recorded of those
// that committed is what the catalog says. FLOE_SEED repeats a run.
func TestRandomCommandsAreRecordedAsTheCatalogHasThem(t *testing.T) {
	t.Parallel()
	steps := 150
	if n, err := strconv.Atoi(os.Getenv("FLOE_STEPS")); err == nil {
		steps = n
	}
	dice := rand.New(rand.NewPCG(randtest.Seed(t), 1))
	r := record(t, pgtest.Shared(t), DDL{Everything: true}, catalog.Selection{Everything: true})
	r.exec(r.conn, `CREATE TABLE t1 (id int PRIMARY KEY, a int, b text); CREATE TABLE t2 (a int, b int) PARTITION BY RANGE (a); CREATE TYPE e1 AS ENUM ('x', 'y'); CREATE DOMAIN d1 AS int CHECK (VALUE > 0)`)
	var done []string
	for range steps {
		sql := command(dice)
		_, err := r.conn.PgConn().Exec(t.Context(), sql).ReadAll()
		if r.conn.PgConn().TxStatus() == 'E' {
			sql = []string{"ROLLBACK", "ROLLBACK TO s; RELEASE s"}[dice.IntN(2)]
			_, err = r.conn.PgConn().Exec(t.Context(), sql).ReadAll()
		}
		if err != nil {
			continue
		}
		done = append(done, sql)
		if r.conn.PgConn().TxStatus() == 'I' && len(done) >= 5 {
			r.same(strings.Join(done, "\n"))
			done = nil
		}
		if t.Failed() {
			return
		}
	}
	if r.conn.PgConn().TxStatus() != 'I' {
		r.exec(r.conn, "ROLLBACK")
	}
	r.same(strings.Join(done, "\n"))
}

// A table that somebody else holds is not waited for: the command goes on, and what could not be read of
// it is unknown.
func TestALockedTableHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	r := everything(t, "CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int REFERENCES a, n int DEFAULT 1 CHECK (n > 0)); CREATE VIEW v AS SELECT a.id FROM a JOIN b USING (id)")
	r.exec(r.watch, "BEGIN; LOCK TABLE public.b IN ACCESS EXCLUSIVE MODE")
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	if _, err := r.conn.Exec(ctx, "ALTER TABLE a ADD c int"); err != nil {
		t.Fatal(err)
	}
	r.exec(r.watch, "ROLLBACK")
	r.follow()
	if len(r.changes) != 1 {
		t.Fatalf("%d changes, want 1", len(r.changes))
	}
	if c := r.changes[0]; len(c.Unknown) == 0 && bodies(t, r.valid)[fmt.Sprintf("table %d", r.valid.Table(public("a")).OID)] == "" {
		t.Errorf("neither described nor unknown: %+v", c)
	}
}
