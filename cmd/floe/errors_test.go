package main

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"floe/e2e/rig"
	"floe/pkg/overview"
)

// refuses waits until the job says what its target refuses.
func refuses(t *testing.T, f *rig.Floe) (b *overview.Blocked) {
	t.Helper()
	until(t, "the job is blocked", func() bool {
		for _, s := range summary(t, f).Services {
			if s.Blocked != nil {
				b = s.Blocked
			}
		}
		return b != nil
	})
	return b
}

func wantWords(t *testing.T, text string, words ...string) {
	t.Helper()
	for _, w := range words {
		if !strings.Contains(text, w) {
			t.Errorf("no %q in:\n%s", w, text)
		}
	}
}

// What the target refuses is shown with its place; it is applied once the target takes it, or left out if
// the operator says so: exactly that, exactly once, and not silently.
func TestErrorsAreShownRetriedAndSkipped(t *testing.T) {
	t.Parallel()
	f, source, target := devJob(t, "errs", nil, "create table t (id int primary key, n int)", "insert into t values (1, 1)")
	started(t, f)
	command(t, f, codeOK, "wait", "--synced", "--timeout", "3m")
	wantWords(t, command(t, f, codeOK, "errors").Stdout, "nothing keeps it from going on, and nothing was left out")
	command(t, f, codeConflict, "errors", "skip", "0/1", "--reason", "x")
	command(t, f, codeUsage, "errors", "skip", "0/1")
	command(t, f, codeUsage, "errors", "skip", "seventeen", "--reason", "x")
	command(t, f, codeOK, "errors", "retry")

	query(t, target, "alter table t add constraint small check (n < 100)")
	query(t, source, "insert into t values (2, 2), (3, 300)")
	b := refuses(t, f)
	wantWords(t, command(t, f, codeOK, "errors", "show").Stdout, "BLOCKED", "applier main", "constraint-violation", b.Change, "public.t", "key (id=3)", "SQLSTATE 23514", `"small"`,
		"to mend it: ", "floe errors skip "+b.Transaction+" --reason", "floe errors skip '"+b.Change+"' --reason", "docs/errors.md#constraint-violation")
	wantWords(t, command(t, f, codeFailed, "errors", "retry").Stderr, "constraint-violation", "to mend it: ")
	wantWords(t, command(t, f, codeConflict, "errors", "skip", "0/99", "--reason", "x").Stderr, "0/99 is not what the target refuses", b.Change)
	if n := query(t, target, "select count(*) from t"); n != "1" {
		t.Errorf("%s rows while the transaction is refused", n)
	}
	query(t, target, "alter table t drop constraint small")
	wantWords(t, command(t, f, codeOK, "errors", "retry").Stdout, "the job goes on")
	command(t, f, codeOK, "wait", "--synced", "--timeout", "3m")
	command(t, f, codeOK, "verify")

	query(t, target, "alter table t add constraint small check (n < 100) not valid")
	query(t, source, "insert into t values (4, 4), (5, 500)")
	query(t, source, "insert into t values (6, 6)")
	b = refuses(t, f)
	killServices(t, f)
	skipBoth(t, f, b.Transaction)
	wantWords(t, command(t, f, codeOK, "errors", "skip", b.Transaction, "--reason", "again").Stdout, "was skipped already")
	command(t, f, codeOK, "wait", "--synced", "--timeout", "3m")
	killServices(t, f)
	command(t, f, codeOK, "wait", "--synced", "--timeout", "3m")
	if rows := query(t, target, "select string_agg(id::text, ' ' order by id) from t"); rows != "1 2 3 6" {
		t.Errorf("the target has %s", rows)
	}
	if rows := query(t, target, "select place, table_name, changes, sqlstate, reason from floe.skipped"); rows != b.Transaction+"|public.t|2|23514|known bad" {
		t.Errorf("written down: %s", rows)
	}
	wantWords(t, command(t, f, codeOK, "tables").Stdout, "2 changes left out, the last at "+b.Transaction+" by ", ": known bad")
	wantWords(t, command(t, f, codeOK, "errors").Stdout, "SYNCING", "public.t", "2 changes left out")
	command(t, f, codeMismatch, "verify")

	query(t, target, "alter table t drop constraint small")
	resyncedAgain(t, f, source, target)
}

// resyncedAgain brings back what was left out, and what differs otherwise; others go on.
func resyncedAgain(t *testing.T, f *rig.Floe, source, target string) {
	t.Helper()
	query(t, target, "delete from t where id = 1; update t set n = 66 where id = 6; insert into t values (99, 99)")
	wantWords(t, command(t, f, codeConflict, "resync", "public.nosuch").Stderr, "nothing was sent", "does not replicate public.nosuch")
	command(t, f, codeUsage, "resync", "a.b.c")
	killServices(t, f)
	wantWords(t, command(t, f, codeOK, "resync", "public.t", "--wait", "--timeout", "3m").Stdout, "the target has the source's rows")
	command(t, f, codeOK, "verify")
	wantWords(t, command(t, f, codeOK, "errors").Stdout, "nothing was left out")
	loads := query(t, target, "select load from floe.load")
	query(t, source, "insert into t values (7, 7)")
	killServices(t, f)
	command(t, f, codeOK, "wait", "--synced", "--timeout", "3m")
	if again := query(t, target, "select load from floe.load"); again != loads {
		t.Errorf("load %s after a restart, %s before: the command was taken up twice", again, loads)
	}
	command(t, f, codeOK, "verify", "--repair")
	query(t, target, "delete from t where id = 6; insert into t values (98, 98)")
	wantWords(t, command(t, f, codeMismatch, "verify", "--repair").Stdout, "DIFFERS  public.t", "public.t: capture takes it up at once and reads the rows again")
	until(t, "what differed is repaired", func() bool {
		return query(t, target, "select string_agg(id::text, ',' order by id) from t") == query(t, source, "select string_agg(id::text, ',' order by id) from t")
	})
	command(t, f, codeOK, "verify")
}

// skipBoth skips a transaction by two commands at once; both end well.
func skipBoth(t *testing.T, f *rig.Floe, place string) {
	t.Helper()
	results, said := make(chan rig.Result), ""
	for range 2 {
		go func() {
			r, err := f.Client(context.WithoutCancel(t.Context()), "errors", "skip", place, "--reason", "known bad")
			if err != nil {
				r.Code, r.Stderr = -1, err.Error()
			}
			results <- r
		}()
	}
	for range 2 {
		r := <-results
		if said += r.Stdout; r.Code != codeOK {
			t.Errorf("code %d: %s%s", r.Code, r.Stdout, r.Stderr)
		}
	}
	wantWords(t, said, place+" is left out of public.t")
}

func TestErrorsAsJSON(t *testing.T) {
	t.Parallel()
	s := overview.Summary{Job: "j", State: "BLOCKED", Services: []overview.Service{{Role: "applier", Applier: "main", Reason: "constraint-violation",
		Blocked: &overview.Blocked{Transaction: "0/10", Change: "0/10#2", Lasting: "it changes objects"}}, {Role: "applier", Applier: "b", Reason: "constraint-violation", Blocked: &overview.Blocked{Lasting: "it is a load"}}}}
	var out strings.Builder
	if err := writeErrors(&out, s); err != nil {
		t.Fatal(err)
	}
	wantWords(t, out.String(), "floe errors skip '0/10#2' --reason WHY (this change; it changes objects)", "it cannot be skipped: it is a load")
	b, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	wantWords(t, string(b), `"applier":"main"`, `"change":"0/10#2"`)
}
