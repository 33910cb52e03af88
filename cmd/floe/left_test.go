package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"floe/e2e/rig"
	"floe/pkg/pgtest"
)

// entries are the rows of all of a database's catalogs, without what the server itself changes now and then.
func entries(t *testing.T, url string) (rows []string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context()) //nolint:errcheck
	list := func(sql string, args ...any) []string {
		found, err := conn.Query(t.Context(), sql, args...)
		if err != nil {
			t.Fatal(err)
		}
		texts, err := pgx.CollectRows(found, pgx.RowTo[string])
		if err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
		return texts
	}
	passing := []string{"relpages", "reltuples", "relallvisible", "relallfrozen", "relfrozenxid", "relminmxid", "relhassubclass", "relhastriggers", "relhasindex", "relhasrules", "indcheckxmin"}
	for _, sql := range list(`select format('select concat_ws(''|'', %L, %s) from pg_catalog.%I', c.relname, string_agg(format('coalesce(%I::text, ''-'')', a.attname), ', ' order by a.attnum), c.relname)
		from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
		where c.relnamespace = 'pg_catalog'::regnamespace and c.relkind = 'r' and not c.relisshared and c.relname !~ '^pg_(statistic|largeobject)' and a.attname <> all($1) group by c.relname order by 1`, passing) {
		rows = append(rows, list(sql)...)
	}
	slices.Sort(rows)
	return rows
}

// wantEntries fails for what is there and was not, and for what was there and is not.
func wantEntries(t *testing.T, url string, was []string) {
	t.Helper()
	now := entries(t, url)
	if left, gone := rig.Only(now, was), rig.Only(was, now); len(left)+len(gone) > 0 {
		t.Errorf("left behind:\n%s\ngone:\n%s", strings.Join(left, "\n"), strings.Join(gone, "\n"))
	}
}

// crowded has tables that floe gives a replica identity, and what others made of the kinds that floe makes.
const crowded = shop + `; create table bag (a int, b text); insert into bag values (1, 'old'), (2, 'old'); create table uq (a int not null unique, v text); insert into uq values (1, 'x');
	create table whole (id int primary key, v text); alter table whole replica identity full;
	create table parted (a int, b int) partition by list (a); create table parted1 partition of parted for values in (1);
	create function own() returns event_trigger language plpgsql as 'begin end'; create event trigger own on ddl_command_end execute procedure own();
	create publication own for table item; create schema desk; create table desk.floe_like (id int primary key)`

// Of two jobs on one source the one that is removed takes nothing that the other needs; the last one leaves every
// catalog of the source as it was, row by row, and of the target what is its owner's and what was copied.
func TestRemovedJobsLeaveTheirDatabasesAsTheyWere(t *testing.T) {
	t.Parallel()
	f, source, target := devJob(t, "first", nil, crowded)
	g, _, other := devJob(t, "second", func(j *rig.Job) { j.Source.URL = source })
	was := entries(t, source)
	query(t, target, "create table mine (id int primary key, v text); create view seen as select v from mine; create publication mine for table mine")
	for _, one := range []*rig.Floe{f, g} {
		started(t, one)
		command(t, one, codeOK, "wait", "--synced", "--timeout", "3m")
	}
	query(t, source, "create table later (a int); insert into later values (1)")
	for _, at := range []string{target, other} {
		until(t, "the new table arrives", func() bool { return query(t, at, "select to_regclass('later') is not null") == "t" })
	}
	const relations = "select string_agg(relname, ' ' order by relname) from pg_class where relnamespace in ('public'::regnamespace, 'desk'::regnamespace)"
	had := query(t, target, relations)
	if err := f.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	r := command(t, f, codeOK, "delete", "--yes", "first")
	wantWords(t, r.Stdout, "slot floe_first_", "publication floe_first", "the job's rows of public.dts_postgres_heartbeat", "schema floe, which no other job uses")
	if strings.Contains(r.Stdout, "comes back") {
		t.Errorf("what the other job needs is taken back: %s", r.Stdout)
	}
	if got := query(t, target, relations+" and to_regnamespace('floe') is null and to_regclass('dts_postgres_heartbeat') is null"); got != had {
		t.Errorf("left on the target: %s, of %s", got, had)
	}
	query(t, source, "create table anew (id int primary key); insert into anew values (7); update bag set b = 'new' where a = 1; update uq set v = 'y'; delete from later")
	until(t, "the other job goes on", func() bool {
		return query(t, other, "select to_regclass('anew') is not null") == "t" && query(t, other, "select (select id from anew), (select b from bag where a = 1), (select v from uq), (select count(*) from later)") == "7|new|y|0"
	})
	if err := g.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, table := range []string{"bag", "later", "parted1", "uq"} {
		lines = append(lines, fmt.Sprintf(" %-12s replica identity DEFAULT of public.%s comes back", "source", table))
	}
	wantWords(t, command(t, g, codeOK, "delete", "--yes", "second").Stdout, append(lines, "event triggers floe_*")...)
	query(t, source, "drop table later, anew")
	wantEntries(t, source, was)
	if n := query(t, source, "select count(*) from pg_replication_slots where database = current_database()"); n != "0" {
		t.Errorf("%s slots are left", n)
	}
}

// A source that lets floe make no event triggers is left as it was, too; the job's status says what that costs.
func TestAJobWithoutEventTriggersLeavesItsSourceAsItWas(t *testing.T) {
	t.Parallel()
	s := pgtest.Shared(t)
	if err := s.Exec(t.Context(), "postgres", "drop role if exists leaver", "create role leaver login replication"); err != nil {
		t.Fatal(err)
	}
	f, source, target := devJob(t, "leaves", func(j *rig.Job) { j.Source.URL = strings.Replace(j.Source.URL, "postgres@", "leaver@", 1) },
		`do $$ begin execute format('alter database %I owner to leaver', current_database()); end $$; set role leaver`,
		`set role leaver; create table item (id int primary key); create table bag (a int, b text); insert into bag values (1, 'old'); create table uq (a int not null unique)`)
	was := entries(t, source)
	started(t, f)
	command(t, f, codeOK, "wait", "--synced", "--timeout", "3m")
	wantWords(t, command(t, f, codeOK, "status").Stdout, "leaves  SYNCING", "S-EVENT-TRIGGER", "found by comparing catalogs", "is not seen")
	if err := f.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := query(t, source, "select (select count(*) from pg_event_trigger), (select count(*) from pg_class where relreplident in ('f', 'i') and relnamespace = 'public'::regnamespace)"); n != "0|2" {
		t.Fatalf("event triggers, and tables with an identity: %s", n)
	}
	wantWords(t, command(t, f, codeOK, "delete", "--yes", "leaves").Stdout, "replica identity DEFAULT of public.bag comes back", "replica identity DEFAULT of public.uq comes back")
	wantEntries(t, source, was)
	if n := query(t, target, "select to_regnamespace('floe') is null, (select b from bag)"); n != "t|old" {
		t.Errorf("left on the target: %s", n)
	}
}

// To check a job, and to plan it, changes nothing on either side: not a row of any catalog.
func TestCheckingChangesNothing(t *testing.T) {
	t.Parallel()
	f, source, target := devJob(t, "looked", func(j *rig.Job) {
		j.Objects = rig.Objects{Database: true, Filters: []rig.Filter{{Table: "public.item", Where: "id > 5", Columns: []string{"id"}}}}
	}, crowded)
	query(t, target, "create table item (id int primary key, name text); insert into item values (1, 'mine')")
	was, there := entries(t, source), entries(t, target)
	for _, args := range [][]string{{"check"}, {"check", "--fix-sql", "-", "-o", "json"}} {
		if code, out, errOut := floe(t, append(args, "-f", f.JobFile())...); code != codePrecheck {
			t.Errorf("%v ended with %d: %s%s", args, code, out, errOut)
		}
	}
	if code, out, errOut := floe(t, "job", "plan", "-f", f.JobFile()); code != codeOK {
		t.Errorf("job plan ended with %d: %s%s", code, out, errOut)
	}
	wantEntries(t, source, was)
	wantEntries(t, target, there)
	if n := query(t, source, "select (select count(*) from pg_replication_slots where database = current_database()), (select count(*) from item)"); n != "0|500" {
		t.Errorf("the source has %s", n)
	}
	if n := query(t, target, "select count(*) from item"); n != "1" {
		t.Errorf("the target has %s rows", n)
	}
}
