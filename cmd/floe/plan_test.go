package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"floe/cmd/floe/plan"
	"floe/pkg/pgtest"
)

func executes(t *testing.T, url string, sql ...string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context()) //nolint:errcheck
	for _, s := range sql {
		if _, err := conn.Exec(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

// readOnly is a URL whose sessions may change nothing.
func readOnly(url string) string { return url + "&options=-cdefault_transaction_read_only%3Don" }

func planned(t *testing.T, source, target, rest string) plan.Plan {
	t.Helper()
	f := file(t, "job.yaml", fmt.Sprintf("name: orders\nsource: {url: %q}\ntarget: {url: %q}\n%s", source, target, rest))
	code, out, errOut := floe(t, "job", "plan", "-f", f, "-o", "json")
	if code != codeOK {
		t.Fatalf("code %d: %s", code, errOut)
	}
	var p plan.Plan
	if err := json.Unmarshal([]byte(out), &p); err != nil {
		t.Fatal(err)
	}
	return p
}

// A plan says what becomes of each table and why, from sessions that may only read.
func TestAPlanSaysWhatBecomesOfEachTable(t *testing.T) {
	t.Parallel()
	s := pgtest.Shared(t)
	source := pgtest.NewDB(t, s, "CREATE TABLE a (id int PRIMARY KEY, v text)", "CREATE TABLE b (id int PRIMARY KEY)", "CREATE TABLE bag (v text)", "CREATE UNLOGGED TABLE u (id int PRIMARY KEY)",
		"CREATE VIEW seen AS SELECT * FROM a", "CREATE TABLE p (id int PRIMARY KEY) PARTITION BY RANGE (id)", "CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (100000)",
		"INSERT INTO p SELECT generate_series(1, 5000)", "ANALYZE p1")
	target := pgtest.NewDB(t, s, "CREATE TABLE b (id int PRIMARY KEY)")
	const moved = "objects: {mapping: [{from: public.a, to: archive.a2}]}\n"
	p := planned(t, readOnly(source), readOnly(target), moved)
	got := map[string]string{}
	for _, table := range p.Tables {
		got[table.Source] = fmt.Sprintf("%s %s (%s) %d", table.Target, table.Action, table.Key, table.Rows)
	}
	for table, want := range map[string]string{"public.a": "archive.a2 create (id) 0", "public.b": "public.b blocked (id) 0", "public.bag": "public.bag create () 0", "public.p": "public.p create (id) 5000"} {
		if got[table] != want {
			t.Errorf("%s: %s, want %s", table, got[table], want)
		}
	}
	if got["public.p1"] != "" || p.Estimate.Rows != 5000 || p.Estimate.Bytes < 5000*20 {
		t.Errorf("got %v, %+v", got, p.Estimate)
	}
	if want := `ALTER TABLE ONLY "public"."bag" REPLICA IDENTITY FULL;`; len(p.Identity) != 1 || p.Identity[0] != want {
		t.Errorf("identities %q", p.Identity)
	}
	left := fmt.Sprint(p.LeftOut)
	for _, want := range []string{"rows of public.u: it is unlogged", "view public.seen"} {
		if !strings.Contains(strings.ReplaceAll(left, "public.u it", "public.u: it"), want) {
			t.Errorf("no %q in %s", want, left)
		}
	}
	for rest, want := range map[string]string{"on_existing: proceed\n": plan.Into, "init: {structure: {enabled: false}}\n": plan.Use} {
		for _, table := range planned(t, source, target, rest).Tables {
			if table.Source == "public.b" && table.Action != want {
				t.Errorf("%s: %s", rest, table.Action)
			}
		}
	}
}

// With the rights that a plan prints, run by a superuser, users without any others pass every check.
func TestThePlannedRightsSuffice(t *testing.T) {
	t.Parallel()
	s := pgtest.New(t, pgtest.Options{})
	source := pgtest.NewDB(t, s, "CREATE SCHEMA app", "CREATE TABLE app.a (id int PRIMARY KEY)", "CREATE TABLE app.bag (v text)")
	target := pgtest.NewDB(t, s)
	p := planned(t, source, target, "objects: {include: [app]}\n")
	executes(t, source, p.Rights.Source...)
	for _, sql := range p.Rights.Target {
		if !strings.HasPrefix(sql, "--") {
			executes(t, target, sql)
		}
	}
	as := func(url, user string) string { return strings.Replace(url, "postgres@", user+"@", 1) }
	f := file(t, "job.yaml", fmt.Sprintf("name: orders\nsource: {url: %q}\ntarget: {url: %q}\nobjects: {include: [app]}\n", as(source, "floe_capture"), as(target, "floe_apply")))
	code, out, errOut := floe(t, "check", "-f", f)
	if code != codeOK || strings.Contains(out, " FAIL ") {
		t.Errorf("code %d: %s%s", code, out, errOut)
	}
}

func TestAPlanOfNothingSaysSo(t *testing.T) {
	t.Parallel()
	s := pgtest.Shared(t)
	db := pgtest.NewDB(t, s)
	f := file(t, "job.yaml", fmt.Sprintf("name: orders\nsource: {url: %q}\n", db))
	code, out, errOut := floe(t, "job", "plan", "-f", f)
	if code != codeConflict || !strings.Contains(out, "tables: 0") || !strings.Contains(errOut, "no table is selected") {
		t.Errorf("code %d: %s%s", code, out, errOut)
	}
	if code, _, errOut := floe(t, "job", "plan", "--job", "x", "--source", nowhere); code != codeUnreachable || strings.Contains(errOut, "hunter2") {
		t.Errorf("code %d: %s", code, errOut)
	}
}
