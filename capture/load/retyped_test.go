package load

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"floe/capture/snapshot"
)

// A snapshot does not keep types as they are: values that are read behind a change of theirs are of the new one, at a
// place of the log where the old one is valid. No chunk has them.
func TestATypeThatChangesBehindTheSnapshot(t *testing.T) {
	t.Parallel()
	const exchanged = `do $$ begin alter type e rename value 'a' to 'c'; alter type e rename value 'b' to 'a'; alter type e rename value 'c' to 'b'; end $$`
	for name, c := range map[string]struct {
		column, value, sql string
		changes            bool
	}{
		"attribute added":      {"p", "(1, 'x')", `alter type p add attribute c int`, true},
		"attribute replaced":   {"p", "(1, 'x')", `do $$ begin alter type p drop attribute a; alter type p add attribute c int; end $$`, true},
		"in an array":          {"p[]", "array[(1, 'x')::p]", `alter type p drop attribute a`, true},
		"in a domain":          {"d", "(1, 'x')", `alter type p drop attribute a`, true},
		"in a composite":       {"n", "row('a', array[(1, 'x')::p])", `alter type p drop attribute a`, true},
		"label renamed":        {"e", "'a'", `alter type e rename value 'a' to 'c'`, true},
		"labels exchanged":     {"n", "row('a', null)", exchanged, true},
		"in a range":           {"r", "'[a,b)'", exchanged, true},
		"and back":             {"e", "'a'", exchanged + `; ` + exchanged, true},
		"in a multirange":      {"m", "'{[a,b)}'", exchanged, true},
		"a row type":           {"w", "(1, 2)", `alter table w add c int`, true},
		"one that it has not":  {"p", "(1, 'x')", exchanged, false},
		"of no type of a user": {"int[]", "'{1}'", exchanged, false},
	} {
		for key, is := range map[string]string{"": "primary key", ", without a key": ""} {
			t.Run(name+key, func(t *testing.T) {
				t.Parallel()
				sql := []string{`create type e as enum ('a', 'b')`, `create type p as (a int, b text)`, `create domain d as p`, `create type n as (e e, ps p[])`, `create type r as range (subtype = e)`, `create table w (a int primary key, b int)`}
				if name == "in a multirange" {
					sql[4] = `create type r as range (subtype = e, multirange_type_name = m)`
				}
				r := newRig(t, append(sql, `create table t (id int `+is+`, v `+c.column+`)`, `insert into t values (1, `+c.value+`)`)...)
				for _, table := range r.tables {
					if table.Shape.Name.Name == "t" {
						r.loads.Begin(table.Shape.OID, 1)
					}
				}
				other, err := r.loader.Connect(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				defer other.Close(context.Background()) //nolint:errcheck
				if _, err := other.Exec(t.Context(), "set default_transaction_read_only = off; set search_path = public"); err != nil {
					t.Fatal(err)
				}
				xid := uint32(0)
				r.loader.Pending = func(ctx context.Context, conn *pgx.Conn) (bool, error) { // under the snapshot, before anything is read
					r.mu.Lock()
					defer r.mu.Unlock()
					if xid != 0 {
						return false, nil
					}
					err := pgx.BeginFunc(ctx, other, func(tx pgx.Tx) error {
						if _, err := tx.Exec(ctx, c.sql); err != nil {
							return err
						}
						return tx.QueryRow(ctx, "select txid_current()").Scan(&xid)
					})
					if err != nil {
						t.Error(err)
					}
					return false, nil
				}
				var a *abandoned // its rows were on their way
				if err = r.try(); err != nil && (!c.changes || !errors.As(err, &a) || !strings.Contains(err.Error(), "types of public.t changed while it was read")) {
					t.Error(err)
				}
				for _, e := range r.entries() {
					if e.Chunk == nil || e.Chunk.Rows == 0 {
						continue
					}
					snap, err := snapshot.Parse(e.Chunk.Snapshot)
					if err != nil || snap.Sees(xid) != c.changes {
						t.Errorf("a chunk under %s, and the change is %d; %v", e.Chunk.Snapshot, xid, err)
					}
				}
			})
		}
	}
}
