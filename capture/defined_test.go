package capture

import (
	"context"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"floe/pkg/catalog"
	"floe/pkg/halt"
	"floe/pkg/pgtest"
)

// What rows depend on is compared with what the log says; what they do not depend on may change.
func TestTablesAreHeldAgainstTheLog(t *testing.T) {
	t.Parallel()
	const setup = `create table t (id int primary key, v varchar(10), n int);
		create table p (id int primary key) partition by range (id); create table p1 partition of p for values from (0) to (10)`
	for sql, want := range map[string]string{
		"create index on t (v); alter table t alter n set default 7, alter n set not null; comment on table t is 'x'": "",
		"create table other (id int primary key)": "",
		"drop table t": "",
		"drop table t; create table t (id int primary key, v varchar(10), n int)": "table public.t is another one than it was",
		"alter table t set unlogged":            "it was set LOGGED or UNLOGGED",
		"alter table t add w int":               "column w is new",
		"alter table t drop n":                  "column n is gone",
		"alter table t drop n, add n int":       "column n was dropped and made anew",
		"alter table t rename v to w":           "column v character varying(10) became column w character varying(10)",
		"alter table t alter v type varchar(5)": "column v character varying(10) became column v character varying(5)",
		"alter table t rename to u":             "it is public.u now",
		"alter table t drop constraint t_pkey, alter n set not null, add primary key (n)": `rows were told apart by ["id"], now by ["n"]`,
		"create table p2 partition of p for values from (10) to (20)":                     "partition public.p2 came",
		"drop table p1":                     "partition public.p1 left public.p",
		"alter table p detach partition p1": "it is a partition of another table",
	} {
		t.Run(sql, func(t *testing.T) {
			t.Parallel()
			conn, err := pgx.Connect(t.Context(), pgtest.NewDB(t, pgtest.Shared(t), setup))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close(context.Background()) //nolint:errcheck
			before := read(t, conn)
			was := map[uint32]catalog.Definition{}
			for _, d := range before.Definitions {
				if d.Kind == catalog.KindTable {
					was[d.OID] = d
				}
			}
			if _, err := conn.Exec(t.Context(), sql); err != nil {
				t.Fatal(err)
			}
			h := halt.As(sameTables(was, read(t, conn)))
			switch {
			case want == "" && h != nil:
				t.Errorf("halts: %v", h)
			case want != "" && (h == nil || h.Code != halt.StructureChanged || !strings.Contains(h.Detail, want)):
				t.Errorf("halt %v, want %q", h, want)
			}
		})
	}
}

func read(t *testing.T, conn *pgx.Conn) *catalog.Database {
	t.Helper()
	db, err := catalog.Read(t.Context(), conn, nil)
	if err != nil {
		t.Fatal(err)
	}
	return db
}

// Rows that met another condition are not the rows that meet this one.
func TestAnotherConditionIsAChange(t *testing.T) {
	t.Parallel()
	if changed(&catalog.TableDef{Filter: "n > 1"}, &catalog.TableDef{Filter: "n > 2"}) == "" {
		t.Error("another condition is no change")
	}
}
