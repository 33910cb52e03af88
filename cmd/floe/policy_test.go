package main

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"floe/e2e/rig"
	"floe/pkg/overview"
	"floe/pkg/pgtest/shim"
)

// oracular is a source with objects of kinds that the target, a plain server, does not have.
var oracular = []string{"create schema app; create schema pay", shim.Catalogs, "create table app.emp (id int primary key, name text); insert into app.emp values (1, 'one')",
	shim.Nest("pay", "app", "  x NUMBER;", "  y NUMBER;"), shim.Synonym("90001", "app", "staff", "app", "emp", "")}

func policy(name string) func(*rig.Job) {
	return func(j *rig.Job) {
		j.Init = &rig.Init{}
		j.Init.Structure.Enabled, j.Init.Structure.Unsupported = true, name
	}
}

// What the target has no kind for is reported, with its source, while rows go on; or a view stands for a synonym, and
// what none can stand for is reported.
func TestObjectsOfKindsThatTheTargetLacks(t *testing.T) {
	t.Parallel()
	for how, want := range map[string]map[string]string{
		"report":     {"package app.pay": "left out not-copied", "package body app.pay": "left out not-copied", "synonym app.staff": "left out not-copied"},
		"substitute": {"package app.pay": "left out not-copied", "package body app.pay": "left out not-copied", "synonym app.staff": "substituted substituted"},
	} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			f, source, target := devJob(t, how, policy(how), oracular...)
			started(t, f)
			command(t, f, codeOK, "wait", "--synced", "--timeout", "3m")
			got := map[string]string{}
			until(t, "status names them", func() bool {
				var s overview.Summary
				if err := json.Unmarshal([]byte(command(t, f, codeOK, "status", "-o", "json").Stdout), &s); err != nil {
					t.Fatal(err)
				}
				for _, o := range s.Structure {
					got[o.Object] = o.State + " " + o.Code
					if o.Reason == "" || o.Source == "" {
						t.Errorf("no reason, or not its source: %+v", o)
					}
				}
				return len(got) == len(want)
			})
			for object, is := range want {
				if got[object] != is {
					t.Errorf("%s is %q, want %q", object, got[object], is)
				}
			}
			query(t, source, "insert into app.emp values (2, 'two')")
			until(t, "rows go on", func() bool { return query(t, target, "select count(*) from app.emp") == "2" })
			if how == "substitute" {
				query(t, source, "alter table app.emp add column wage int; update app.emp set wage = 7")
				until(t, "the view has the new column", func() bool {
					return query(t, target, "select count(*) from pg_attribute where attrelid = 'app.staff'::regclass and attname = 'wage'") == "1" &&
						query(t, target, "select string_agg(name || wage, ' ' order by id) from app.staff where wage is not null") == "one7 two7"
				})
			} else if got := query(t, target, "select to_regclass('app.staff')"); got != "" {
				t.Errorf("made all the same: %s", got)
			}
		})
	}
}

// Where such objects are to fail, the job does not start with one; one that comes later stops it by name, before the
// rows behind.
func TestObjectsOfKindsThatTheTargetLacksFail(t *testing.T) {
	t.Parallel()
	f, source, target := devJob(t, "fails", policy("fail"), oracular...)
	if err := f.Start(); err != nil {
		t.Fatal(err)
	}
	if code, err := f.Wait(t.Context()); err != nil || code != codePrecheck {
		t.Fatalf("it ended with %d, %v: %s", code, err, f.Tail(2000))
	}
	wantWords(t, f.Tail(8000), "O-KIND-UNSUPPORTED", "synonym app.staff", "package app.pay", "init.structure.unsupported: report")
	if n := query(t, target, "select to_regnamespace('floe'), to_regnamespace('app')"); n != "|" {
		t.Errorf("made: %s", n)
	}
	query(t, source, "set allow_system_table_mods = on; delete from pg_synonym; update pg_namespace set nspparent = 0 where nspname = 'pay'; reset allow_system_table_mods")
	started(t, f)
	command(t, f, codeOK, "wait", "--synced", "--timeout", "3m")
	query(t, source, shim.Synonym("90002", "app", "late", "app", "emp", ""))
	r := command(t, f, codeFailed, "wait", "--lsn", "FFFFFFFF/0", "--timeout", "3m")
	for _, word := range []string{"target-table-missing", "synonym app.late", "init.structure.unsupported: report"} {
		if !strings.Contains(r.Stderr, word) {
			t.Errorf("the halt does not say %q: %s", word, r.Stderr)
		}
	}
	if s := summary(t, f); !slices.Contains([]string{"FAILED", "BLOCKED"}, s.State) {
		t.Errorf("state %s", s.State)
	}
}
