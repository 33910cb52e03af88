package main

import (
	"strings"
	"testing"

	"floe/e2e/rig"
)

// A table that was renamed is compared by the rows and the columns that the job copies of it, whatever bears its name
// now; so do the prechecks know it.
func TestARenamedTableIsComparedByWhatItIs(t *testing.T) {
	t.Parallel()
	f, source, target := devJob(t, "renamed", func(j *rig.Job) {
		j.Objects = rig.Objects{Database: true, Filters: []rig.Filter{{Table: "public.part", Where: "id > 5"}, {Table: "public.listed", Columns: []string{"id", "shown"}}}}
	}, `create table part (id int primary key, v text); insert into part select g, 'v' || g from generate_series(1, 10) g;
		create table listed (id int primary key, secret text, shown text); insert into listed select g, 's', 'w' || g from generate_series(1, 10) g`)
	started(t, f)
	command(t, f, codeOK, "wait", "--synced", "--timeout", "3m")
	query(t, source, "alter table part rename to kept; alter table listed rename to told; alter table told rename shown to seen; insert into kept values (1000, 'new'), (-1, 'out'); update told set seen = 'x', secret = 't' where id = 3")
	query(t, source, "create table part (id int primary key, w int); insert into part select g, g from generate_series(1, 10) g")
	command(t, f, codeOK, "wait", "--synced", "--timeout", "3m")
	if n := query(t, target, "select (select count(*) from kept), (select count(*) from told), (select count(*) from part)"); n != "6|10|5" {
		t.Fatalf("the target has %s rows", n)
	}
	if r := command(t, f, codeOK, "verify"); !strings.Contains(r.Stdout, "3 tables, 21 rows: equal") || strings.Contains(r.Stderr, "names of today") {
		t.Errorf("verify: %s%s", r.Stdout, r.Stderr)
	}
	if r := command(t, f, codeOK, "check", "--only", "O-SELECTION-EMPTY,O-FILTER"); strings.Contains(r.Stdout, "FAIL") || !strings.Contains(r.Stdout, "3 tables are selected") {
		t.Errorf("check: %s%s", r.Stdout, r.Stderr)
	}
	query(t, target, "update told set seen = 'y' where id = 3; delete from kept where id = 1000")
	r := command(t, f, codeMismatch, "verify")
	wantWords(t, r.Stdout, "DIFFERS  public.kept: 6 rows, on the target 5", "DIFFERS  public.told", `"seen" is "x", on the target "y"`, "2 DIFFER")
}
