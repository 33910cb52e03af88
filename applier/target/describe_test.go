package target

import (
	"reflect"
	"strings"
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
		to.Columns[i].Misread = nil // TestWhatATargetWouldAlterIsRefused
		if !reflect.DeepEqual(to.Columns[i], want[i]) {
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

// What an owner's rule does in a change's stead counts as the change, so no row is written where one fires.
func TestDescribeRefusesRulesThatFire(t *testing.T) {
	t.Parallel()
	s := open(t, "create table public.r (id int primary key); create rule \"Keep\" as on delete to public.r do instead nothing; create rule log as on insert to public.r do also notify r")
	describe := func() error {
		_, err := meet(t, s, ident.Name{Schema: "public", Name: "r"}, []string{"id"}, 0)
		return err
	}
	if err := describe(); err != nil {
		t.Errorf("an ordinary rule does not fire in replica role: %v", err)
	}
	for _, enabled := range []string{"always", "replica"} {
		if err := s.Exec(t.Context(), "alter table public.r enable "+enabled+` rule "Keep"`); err != nil {
			t.Fatal(err)
		}
		if h := halt.As(describe()); h == nil || h.Code != halt.ConstraintViolation || !strings.Contains(h.Fix, `DISABLE RULE "Keep"`) {
			t.Errorf("enable %s: %v", enabled, h)
		}
	}
	s.Replica = false
	if err := s.Exec(t.Context(), `alter table public.r enable rule "Keep"`); err != nil {
		t.Fatal(err)
	}
	if h := halt.As(describe()); h == nil {
		t.Error("without the replica role an ordinary rule fires too")
	}
}

// The cast from text is not always the input function, nor the cast to text the output function.
func TestDescribeKnowsCastsThatAreSomethingElse(t *testing.T) {
	t.Parallel()
	s := open(t, `create type public.e as enum ('a'); create domain public.short as varchar(3); create domain public.bare as text; create domain public.de as public.e;
		create function public.of(text) returns public.e immutable language sql as $$ select 'a'::public.e $$; create cast (text as public.e) with function public.of(text);
		create function public.to(public.e) returns text immutable language sql as $$ select 'x' $$; create cast (public.e as text) with function public.to(public.e);
		create table public.c (r regclass, e public.e, de public.de, es public.e[], s public.short, b public.bare, p bpchar, p3 char(3), n numeric(5, 2))`)
	columns := []string{"r", "e", "de", "es", "s", "b", "p", "p3", "n"}
	to, err := meet(t, s, ident.Name{Schema: "public", Name: "c"}, columns)
	if err != nil {
		t.Fatal(err)
	}
	through := map[string]string{"r": "pg_catalog._regclass", "e": "public._e", "de": "public._de", "s": "public._short"}
	spelled := map[string]bool{"e": true, "de": true, "p": true}
	for i, name := range columns {
		got := ""
		if n := to.Columns[i].Through; n != (ident.Name{}) {
			got = n.Schema + "." + n.Name
		}
		if got != through[name] || to.Columns[i].Spelled != spelled[name] {
			t.Errorf("%s is read through %q, spelled %v, want %q, %v", name, got, to.Columns[i].Spelled, through[name], spelled[name])
		}
	}
}
