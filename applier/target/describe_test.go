package target

import (
	"testing"

	"floe/applier/render"
	"floe/pkg/event"
	"floe/pkg/halt"
	"floe/pkg/ident"
	"floe/pkg/pgtest"
)

const described = `create schema "S x"; create type "S x".mood as enum ('a');
	create table "S x"."T t" (gone int, "Id" bigint generated always as identity, m "S x".mood, v varchar(3)[], n numeric(5,2) not null,
		primary key (n, "Id") include (v), unique ("Id") deferrable);
	alter table "S x"."T t" drop column gone, add column late int default 5;
	create unique index part on "S x"."T t" (m) where m is not null;
	create unique index expr on "S x"."T t" (lower(v[1]));
	create unique index plain on "S x"."T t" (late);
	create view "S x".v as select 1 as one`

// meet describes a table of the target for rows of these columns under a key.
func meet(t *testing.T, s *Session, name ident.Name, columns []string, key ...int) (*render.Table, error) {
	t.Helper()
	shape := &event.Table{Name: name, Key: key}
	for _, c := range columns {
		shape.Columns = append(shape.Columns, event.Column{Name: c})
	}
	return s.Describe(t.Context(), shape, name, func(c string) string { return c })
}

func TestDescribeSeesWhatRowsCanBeWrittenTo(t *testing.T) {
	t.Parallel()
	s := open(t, described)
	columns := []string{"gone", "Id", "m", "v", "n", "late"}
	to, err := meet(t, s, ident.Name{Schema: "S x", Name: "T t"}, columns, 1, 4)
	if err != nil {
		t.Fatal(err)
	}
	equal := func(i int) string { return to.Columns[i].Equal }
	if !to.Arbiter || equal(1) != "pg_catalog.=" || equal(4) != "pg_catalog.=" || to.Partitioned {
		t.Errorf("by its primary key: %+v", to)
	}
	want := []render.Column{{Name: "gone", Absent: true}, {Name: "Id", Type: ident.Name{Schema: "pg_catalog", Name: "int8"}, Fixed: true, Equal: equal(1)},
		{Name: "m", Type: ident.Name{Schema: "S x", Name: "mood"}}, {Name: "v", Type: ident.Name{Schema: "pg_catalog", Name: "_varchar"}},
		{Name: "n", Type: ident.Name{Schema: "pg_catalog", Name: "numeric"}, Equal: equal(4)}, {Name: "late", Type: ident.Name{Schema: "pg_catalog", Name: "int4"}}}
	for i := range want {
		if to.Columns[i] != want[i] {
			t.Errorf("column %d is %+v, want %+v", i, to.Columns[i], want[i])
		}
	}
	for _, c := range []struct {
		key     []int
		arbiter bool
	}{{[]int{4, 1}, true}, {[]int{5}, true}, {[]int{1}, false}, {[]int{2}, false}, {[]int{4}, false}, {[]int{3}, false}, {nil, false}} {
		to, err := meet(t, s, ident.Name{Schema: "S x", Name: "T t"}, columns, c.key...)
		if err != nil || to.Arbiter != c.arbiter {
			t.Errorf("key %v: arbiter %v, want %v (%v)", c.key, to.Arbiter, c.arbiter, err)
		}
	}
	for _, name := range []string{"v", "none"} {
		if _, err := meet(t, s, ident.Name{Schema: "S x", Name: name}, columns); halt.As(err) == nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := meet(t, s, ident.Name{Schema: "S x", Name: "T t"}, columns, 0); halt.As(err) == nil {
		t.Errorf("a key column that is gone: %v", err)
	}
}

func TestDescribeLeavesGeneratedColumnsOut(t *testing.T) {
	t.Parallel()
	if pgtest.Shared(t).Version() < 12 {
		t.Skip("generated columns came with PostgreSQL 12")
	}
	s := open(t, "create table g (a int, b int generated always as (a * 2) stored)")
	to, err := meet(t, s, ident.Name{Schema: "public", Name: "g"}, []string{"a", "b"})
	if err != nil || to.Columns[0].Absent || !to.Columns[1].Absent {
		t.Errorf("%+v (%v)", to, err)
	}
}
