package main

import (
	"strings"
	"testing"

	"floe/pkg/ident"
	"floe/pkg/job"
	"floe/pkg/pgtest"
)

// A drafted file is valid, names what is there, keeps no password, and selects what the source holds.
func TestADraftIsAValidJobFile(t *testing.T) {
	t.Parallel()
	s := pgtest.Shared(t)
	source := pgtest.NewDB(t, s, "CREATE TABLE a (id int PRIMARY KEY)", "CREATE TABLE bag (v text)", `CREATE SCHEMA "Odd: name #1"`, `CREATE TABLE "Odd: name #1"."T" (id int PRIMARY KEY)`,
		"CREATE SCHEMA sales", "CREATE TABLE sales.p (id int PRIMARY KEY) PARTITION BY RANGE (id)", "CREATE TABLE sales.p1 PARTITION OF sales.p FOR VALUES FROM (0) TO (10)")
	code, out, errOut := floe(t, "job", "init", "--source", strings.Replace(source, "postgres@", "postgres:hunter2@", 1), "--job", "orders")
	if code != codeOK {
		t.Fatalf("code %d: %s", code, errOut)
	}
	for _, want := range []string{"name: orders", "- public   # 2 tables", "- sales   # 1 table,", "no primary key: public.bag", "password: ${SOURCE_PASSWORD}", "on_existing: block"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in:\n%s", want, out)
		}
	}
	if strings.Contains(out+errOut, "hunter2") {
		t.Errorf("a password is in:\n%s", out)
	}
	j, err := job.Parse("f", []byte(out))
	if err != nil {
		t.Fatal(err)
	}
	for n, want := range map[ident.Name]bool{{Schema: "public", Name: "a"}: true, {Schema: "sales", Name: "p1"}: true, {Schema: "Odd: name #1", Name: "T"}: true, {Schema: "odd", Name: "t"}: false} {
		if j.Includes(n) != want {
			t.Errorf("%s is included: %v; in:\n%s", n, !want, out)
		}
	}
}

func TestADraftNeedsASourceThatAnswers(t *testing.T) {
	t.Parallel()
	for want, args := range map[int][]string{codeUsage: {"job", "init"}, codeUnreachable: {"job", "init", "--source", nowhere}} {
		code, out, errOut := floe(t, args...)
		if code != want || out != "" || strings.Contains(errOut, "hunter2") {
			t.Errorf("%v: code %d, %s%s", args, code, out, errOut)
		}
	}
}
