package main

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"floe/e2e/rig"
	"floe/pkg/overview"
)

// What of the structure is not on the target as on the source, status says, with the reason and how it
// was to be made; rows go on.
func TestStatusTellsWhatIsNotOnTheTarget(t *testing.T) {
	t.Parallel()
	f, source, target := devJob(t, "differs", func(j *rig.Job) { j.Objects = rig.Objects{Include: []string{"public.shown", "public.named"}} },
		`create table shown (id int primary key); create table hidden (id int primary key);
		create view named as select s.id from shown s join hidden h using (id);
		create rule once as on insert to shown do also select 1`)
	if err := f.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(f.Tail(4000))
		}
	})
	command(t, f, codeOK, "wait", "--synced", "--timeout", "3m")
	var s overview.Summary
	object := func(name string) *overview.Fact {
		if i := slices.IndexFunc(s.Structure, func(f overview.Fact) bool { return f.Object == name }); i >= 0 {
			return &s.Structure[i]
		}
		return nil
	}
	until(t, "status names the view", func() bool {
		s = overview.Summary{}
		if err := json.Unmarshal([]byte(command(t, f, codeOK, "status", "-o", "json").Stdout), &s); err != nil {
			t.Fatal(err)
		}
		return object("view public.named") != nil
	})
	if v := object("view public.named"); v.State != "failed" || v.Code != "42P01" || v.Applier != "main" || v.Reason == "" || v.Source == "" {
		t.Errorf("%+v", v)
	}
	if r := object(`rule "once" on public.shown`); r == nil || r.State != "left out" || s.Differing != 2 {
		t.Errorf("%d facts: %+v", s.Differing, s.Structure)
	}
	query(t, source, "insert into shown values (7)")
	until(t, "rows go on", func() bool { return query(t, target, "select count(*) from shown") == "1" })
}

// Objects that rows do without come and go on the target as they do on the source, while rows flow.
func TestObjectsOfEveryKindFollowLive(t *testing.T) {
	t.Parallel()
	f, source, target := devJob(t, "objects", nil, `create table kept (id int primary key, a text); insert into kept values (1, 'a');
		create view seen as select id from kept; create function f() returns trigger language plpgsql as 'begin return new; end'`)
	if err := f.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(f.Tail(4000))
		}
	})
	command(t, f, codeOK, "wait", "--synced", "--timeout", "3m")
	const objects = `select (select string_agg(relname || relkind::text, ' ' order by relname) from pg_class where relnamespace = 'public'::regnamespace and relkind in ('v', 'm')),
		(select string_agg(tgname, ' ' order by tgname) from pg_trigger where not tgisinternal), obj_description('public.kept'::regclass),
		(select string_agg(polname, ' ') from pg_policy), (select string_agg(proname, ' ' order by proname) from pg_proc where pronamespace = 'public'::regnamespace)`
	for _, c := range [][2]string{
		{"create view upon as select * from seen; create trigger g after insert on kept for each row execute function f()", "seenv uponv|g|||f"},
		{"begin; insert into kept values (2, 'b'); create materialized view m as select * from upon; comment on table kept is 'x'; insert into kept values (3, 'c'); commit", "mm seenv uponv|g|x||f"},
		{"create policy p on kept using (id > 0); create function h() returns int language sql as 'select 1'", "mm seenv uponv|g|x|p|f h"},
		{"drop view seen cascade; drop trigger g on kept; drop function h(); drop policy p on kept", "||x||f"},
	} {
		query(t, source, c[0])
		until(t, c[0], func() bool { return query(t, target, objects) == c[1] })
		if strings.HasPrefix(c[1], "mm ") {
			until(t, "the materialized view is filled", func() bool { return query(t, target, "select relispopulated from pg_class where relname = 'm'") == "t" })
		}
	}
	until(t, "rows arrive", func() bool { return query(t, target, "select count(*) from kept") == "3" })
}

// A table that becomes a partition before its load is over is not waited for.
func TestATableThatIsNoneOfItsOwnAnyMoreIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	f, source, target := devJob(t, "joined", nil, `create table q (id int primary key) partition by list (id)`)
	if err := f.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(command(t, f, codeOK, "tables").Stdout, f.Tail(4000))
		}
	})
	command(t, f, codeOK, "wait", "--synced", "--timeout", "3m")
	query(t, source, `begin; create table q1 (id int primary key); insert into q1 values (1); alter table q attach partition q1 for values in (1); commit`)
	command(t, f, codeOK, "wait", "--synced", "--timeout", "3m")
	if got := query(t, target, "select id from q"); got != "1" {
		t.Errorf("the target has %q", got)
	}
}

// A table that left the selection by its new name is taken out of the publication at the next start.
func TestATableThatLeftIsPublishedNoMore(t *testing.T) {
	t.Parallel()
	f, source, target := devJob(t, "left", func(j *rig.Job) { j.Objects = rig.Objects{Include: []string{"public.keep_*"}} },
		`create table keep_a (id int primary key); create table keep_b (id int primary key)`)
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	must(f.Start())
	command(t, f, codeOK, "wait", "--synced", "--timeout", "3m")
	query(t, source, "alter table keep_b rename to gone; insert into keep_a values (1)")
	until(t, "rows arrive", func() bool { return query(t, target, "select count(*) from keep_a") == "1" })
	must(f.Stop(t.Context()))
	must(f.Start())
	const published = `select string_agg(tablename, ' ' order by tablename) from pg_publication_tables where pubname like 'floe%' and schemaname <> 'floe'`
	until(t, "the table is withdrawn", func() bool { return query(t, source, published) == "keep_a" })
	query(t, source, "alter table gone rename to keep_c; insert into keep_c values (7)")
	until(t, "the table is back", func() bool {
		return query(t, target, "select to_regclass('public.keep_c') is not null") == "t" && query(t, target, "select count(*) from keep_c") == "1"
	})
	if got := query(t, source, published); got != "keep_a keep_c" {
		t.Errorf("published are %s", got)
	}
}
