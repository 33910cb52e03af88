package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"syscall"
	"testing"

	"floe/e2e/rig"
	"floe/pkg/overview"
)

// started is a job under floe dev.
func started(t *testing.T, f *rig.Floe) {
	t.Helper()
	if err := f.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(f.Tail(6000))
		}
		if err := f.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	until(t, "floe dev is up", func() bool { return f.PID("capture") != 0 && f.PID("applier") != 0 })
}

// summary is what floe status says.
func summary(t *testing.T, f *rig.Floe) (s overview.Summary) {
	t.Helper()
	if err := json.Unmarshal([]byte(command(t, f, codeOK, "status", "-o", "json").Stdout), &s); err != nil {
		t.Fatal(err)
	}
	return s
}

// killServices is kill -9 of capture and applier; floe dev starts them again.
func killServices(t *testing.T, f *rig.Floe) {
	t.Helper()
	for _, role := range []string{"capture", "applier"} {
		pid := f.PID(role)
		if pid == 0 {
			t.Fatalf("no process of the %s is known", role)
		}
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		until(t, role+" is started again", func() bool { now := f.PID(role); return now != 0 && now != pid })
	}
}

// A paused job changes nothing on the target, also when its services die; what came meanwhile is applied
// when it goes on. Commands that ask for what is so change nothing.
func TestAPauseOutlivesTheServices(t *testing.T) {
	t.Parallel()
	f, source, target := devJob(t, "rests", nil, shop)
	started(t, f)
	command(t, f, codeOK, "wait", "--synced", "--timeout", "3m")
	if r := command(t, f, codeOK, "resume"); !strings.Contains(r.Stdout, "nothing to do") {
		t.Errorf("a job that runs: %s", r.Stdout)
	}
	command(t, f, codeUsage, "pause", "--wait", "SLEEPING")
	command(t, f, codeOK, "pause", "--reason", "the weekend", "--wait", "paused", "--timeout", "3m")
	query(t, source, "insert into item values (501, 'later'); delete from sold where id < 10")
	for round := range 2 {
		s := summary(t, f)
		if s.State != "PAUSED" || !strings.Contains(s.Detail, "the weekend") || !strings.Contains(s.Detail, "the source keeps") || s.Fix != "floe resume" {
			t.Errorf("round %d: %s, %s, %s", round, s.State, s.Detail, s.Fix)
		}
		if n := query(t, target, "select count(*) filter (where id = 501), (select count(*) from sold) from item"); n != "0|300" {
			t.Errorf("applied during the pause: %s", n)
		}
		until(t, "the slot is left alone", func() bool { // a walsender notices a moment later
			return query(t, source, "select count(*) from pg_replication_slots where slot_name like 'floe_rests_%' and not active") == "1"
		})
		if round == 0 {
			killServices(t, f)
			command(t, f, codeOK, "pause", "--wait", "PAUSED", "--timeout", "3m")
		}
	}
	if r := command(t, f, codeTimeout, "pause", "--wait", "SYNCING", "--timeout", "1s"); !strings.Contains(r.Stderr, "it is PAUSED") {
		t.Errorf("a wait in vain: %s", r.Stderr)
	}
	command(t, f, codeOK, "resume", "--wait", "SYNCING", "--timeout", "3m")
	command(t, f, codeOK, "wait", "--synced", "--timeout", "3m")
	command(t, f, codeOK, "verify")

	command(t, f, codeOK, "stop", "--wait", "STOPPED", "--timeout", "3m")
	if r := command(t, f, codeConflict, "resume"); !strings.Contains(r.Stderr, "floe start") {
		t.Errorf("resume of a stopped job: %s", r.Stderr)
	}
	query(t, source, "update item set name = 'new' where id = 501")
	command(t, f, codeOK, "start", "--wait", "SYNCING", "--timeout", "3m")
	command(t, f, codeOK, "wait", "--synced", "--timeout", "3m")
	command(t, f, codeOK, "verify")
}

// A pause holds the load where it stands: it goes on behind the last chunk, also after kill -9.
func TestAPauseHoldsTheLoad(t *testing.T) {
	t.Parallel()
	f, source, target := devJob(t, "held", func(j *rig.Job) { j.Throttle = &rig.Throttle{LoadRows: 300} }, // 40 seconds: it is not over before somebody pauses it
		"create table t (id int primary key, v text); insert into t select i, 'v' from generate_series(1, 12000) i")
	started(t, f)
	loaded := func() uint64 {
		s := summary(t, f)
		if len(s.Tables) != 1 {
			return 0
		}
		return s.Tables[0].Loaded
	}
	until(t, "the load has begun", func() bool { return loaded() > 0 })
	until(t, "rows are on the target", func() bool {
		return query(t, target, "select to_regclass('public.t') is not null") == "t" && query(t, target, "select count(*) from t") != "0"
	})
	command(t, f, codeOK, "pause", "--wait", "PAUSED", "--timeout", "3m")
	rows := query(t, target, "select count(*) from t")
	if rows == "0" || rows == "12000" {
		t.Fatalf("%s rows are loaded at the pause", rows)
	}
	killServices(t, f)
	command(t, f, codeOK, "pause", "--wait", "PAUSED", "--timeout", "3m")
	query(t, source, "update t set v = 'w' where id % 7 = 0; delete from t where id % 11 = 0; insert into t select i, 'n' from generate_series(12001, 12100) i")
	if n := query(t, target, "select count(*) from t"); n != rows {
		t.Errorf("%s rows, %s during the pause", n, rows)
	}
	before := query(t, target, "select min(ledger_offset) from floe.checkpoint")
	command(t, f, codeOK, "resume", "--wait", "INIT_DATA", "--timeout", "3m")
	if n := query(t, target, "select count(*) from t"); len(n) < len(rows) {
		t.Errorf("%s rows once it goes on, %s before", n, rows)
	}
	setLive(t, f)
	command(t, f, codeOK, "wait", "--synced", "--timeout", "3m")
	command(t, f, codeOK, "verify")
	if n := query(t, target, "select loaded, load, ledger_offset > "+before+" from floe.load, floe.checkpoint"); n != "t|1|t" {
		t.Errorf("the load began again: %s", n)
	}
}

// A load rests while the source has an older transaction than it may, says so, and goes on once a command allows
// it; changes flow meanwhile.
func TestALoadRestsForAnOldTransaction(t *testing.T) {
	t.Parallel()
	f, source, target := devJob(t, "rests", func(j *rig.Job) {
		j.Throttle = &rig.Throttle{HoldLoad: map[string]string{"oldest_transaction": "1s", "slot_bytes": "64GiB"}}
	}, "create table t (id int primary key); insert into t select generate_series(1, 500)")
	old, err := rig.Connect(t.Context(), source)
	if err != nil {
		t.Fatal(err)
	}
	defer old.Close(context.Background()) //nolint:errcheck
	if _, err := old.Exec(t.Context(), "begin; select 1"); err != nil {
		t.Fatal(err)
	}
	until(t, "the transaction is old", func() bool {
		return query(t, source, "select count(*) from pg_stat_activity where datname = current_database() and now() - xact_start > '2 s'") == "1"
	})
	started(t, f)
	until(t, "status says why the load rests", func() bool {
		return strings.Contains(command(t, f, codeOK, "status").Stdout, "a transaction is open on the source for")
	})
	query(t, source, "insert into t values (501)")
	until(t, "a change is applied", func() bool {
		return query(t, target, "select to_regclass('public.t') is not null") == "t" && query(t, target, "select count(*) from t where id = 501") == "1"
	})
	if n := query(t, target, "select count(*) from t"); n != "1" {
		t.Errorf("%s rows while the load rests", n)
	}
	wantWords(t, command(t, f, codeOK, "set", "throttle.hold_load_when.oldest_transaction=1h").Stdout, "goes from now on")
	wantWords(t, command(t, f, codeOK, "job", "export").Stdout, "oldest_transaction: 1h", "slot_bytes: 64GiB")
	command(t, f, codeOK, "wait", "--synced", "--timeout", "3m")
	command(t, f, codeOK, "verify")
}

func settingLine(key, value string) string { return fmt.Sprintf("%-42s %s", key, value) }

// setLive takes the load's bound away while it loads; the services take it up, and so does a start.
func setLive(t *testing.T, f *rig.Floe) {
	t.Helper()
	wantWords(t, command(t, f, codeOK, "set").Stdout, settingLine("throttle.load_rows", "as the job file says"))
	command(t, f, codeOK, "set", "throttle.load_rows=500", "apply.batch_wait=1ms")
	wantWords(t, command(t, f, codeOK, "set", "throttle.load_rows=0", "apply.batch_rows=17").Stdout, "goes from now on")
	wantWords(t, command(t, f, codeOK, "set").Stdout, settingLine("throttle.load_rows", "0"), settingLine("apply.batch_rows", "17"), settingLine("apply.batch_wait", "1ms"))
	wantWords(t, command(t, f, codeOK, "job", "export").Stdout, "load_rows: 0", "batch_rows: 17", "batch_wait: 1ms")
	command(t, f, codeUsage, "set", "throttle.load_rows=-1")
}
