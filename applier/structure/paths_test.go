package structure

import (
	"errors"
	"testing"

	"floe/pkg/catalog"

	"github.com/jackc/pgx/v5/pgconn"
)

// lacks is the schema that would help a statement which the target refuses.
func (p *pair) lacks(sql string, path ...string) string {
	p.t.Helper()
	var said *pgconn.PgError
	if _, err := p.target.Exec(p.t.Context(), sql); !errors.As(err, &said) {
		p.t.Fatalf("%s: %v, want a refusal", sql, err)
	}
	schema, err := catalog.SchemaFor(p.t.Context(), p.target, said, path)
	if err != nil {
		p.t.Fatal(err)
	}
	return schema
}

// What a function names without a schema is looked for where nothing else can be meant.
func TestAFunctionFindsOnlyWhatItCanMean(t *testing.T) {
	t.Parallel()
	p := begun(t, `CREATE SCHEMA a; CREATE SCHEMA b; CREATE FUNCTION a.own() RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1';
		CREATE TYPE a."a Type" AS ENUM ('x'); CREATE TABLE b.t (id int PRIMARY KEY)`, ``)
	if _, err := p.target.Exec(t.Context(), "SET check_function_bodies = off"); err != nil {
		t.Fatal(err)
	}
	call := func(body string) string {
		return `DO $$ BEGIN CREATE OR REPLACE FUNCTION pg_temp.f() RETURNS text LANGUAGE plpgsql AS 'BEGIN RETURN ` + body + `; END'; PERFORM pg_temp.f(); END $$`
	}
	for body, want := range map[string]string{`own()`: "a", `''x''::"a Type"`: "a", `(SELECT count(*) FROM t)`: "b", `nowhere()`: ""} {
		if got := p.lacks(call(body)); got != want {
			t.Errorf("%s needs schema %q, want %q", body, got, want)
		}
	}
	if got := p.lacks(`SELECT own()`); got != "" {
		t.Errorf("outside of a function: %q", got)
	}
	if got := p.lacks(call(`own()`), "a"); got != "" {
		t.Errorf("what is in the path already: %q", got)
	}
	p.exec(`CREATE FUNCTION b.other() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE FUNCTION a.other() RETURNS int LANGUAGE sql AS 'SELECT 2'`)
	if got := p.lacks(call(`own()`)); got != "" {
		t.Errorf("schemas that share a name: %q", got)
	}
}
