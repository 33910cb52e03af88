package load

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"floe/pkg/ledger"
	"floe/pkg/pgtest"
)

// unqualified is a table whose index is on a function that the server opens when it plans, and that names another
// one without its schema, as its users' search_path has it.
var unqualified = []string{`create schema app`, `create function app.inner_f(int) returns int language sql immutable as 'select $1 * 3'`,
	`set search_path = app; create function sql_f(int) returns int language sql immutable as 'select inner_f($1) + 1'; create table t (id int primary key, a int, c regclass); create index on t (sql_f(a))`,
	`insert into app.t select i, i, 'app.t'::regclass from generate_series(1, 5000) i`}

// A table is read whose indexes floe's sessions could not plan with; texts of its values name schemas all the same.
func TestATableWithAnIndexOnUnqualifiedNamesIsLoaded(t *testing.T) {
	t.Parallel()
	if pgtest.Shared(t).Version() >= 17 {
		t.Skip("from 17 on such an index cannot be made")
	}
	for _, c := range []struct {
		name, also string
		loaded     bool
	}{
		{"alone", "select", true},
		{"beside an operator of the schema's own", `create function app.lt(int, int) returns boolean language sql immutable as 'select $1 > $2'; create operator app.< (function = app.lt, leftarg = int, rightarg = int)`, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, append(slices.Clone(unqualified), c.also)...)
			r.loads.Begin(r.tables[0].Shape.OID, 1)
			if !c.loaded {
				if err := r.try(); err == nil || !strings.Contains(err.Error(), "inner_f") {
					t.Error("it was planned under a path that changes what operators mean")
				}
				return
			}
			if rows, loaded := rowsOf(r.run(), 1); rows[ledger.Insert] != 5000 || !loaded {
				t.Errorf("read %v, loaded %v", rows, loaded)
			}
			for _, value := range r.records(r.tables[0].Topic) {
				if !bytes.Contains(value, []byte("app.t")) {
					t.Fatalf("the text of regclass has no schema: %q", value)
				}
			}
		})
	}
}
