package faults

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"

	"floe/e2e/rig"
	"floe/pkg/pgtest"
)

// A job whose tables nobody writes to, beside a database that is busy, lets the source forget its WAL; its
// heartbeat is on the source alone, and goes with the job. Who asked to be told of its states was.
func TestAnIdleJobHoldsNoWAL(t *testing.T) {
	t.Parallel()
	s := servers(t)
	told := make(chan string, 64)
	hook := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		select {
		case told <- string(text):
		default:
		}
	}))
	defer hook.Close()
	b := newBench(t, s, "idle_job", func(j *rig.Job) { j.Notify = []rig.Hook{{URL: hook.URL + "/T0K3N", States: []string{"SYNCING"}}} })
	b.source(t, marker)
	b.must(t, b.Start())
	b.streaming(t)
	busy := pgtest.NewDB(t, s.Source, "CREATE TABLE noise (v text)")
	before := ask(t, busy, "SELECT pg_current_wal_insert_lsn()")
	ask(t, busy, "WITH w AS (INSERT INTO public.noise SELECT repeat(md5(i::text), 60) FROM generate_series(1, 8000) i RETURNING 1) SELECT count(*) FROM w")
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	const slot = `(SELECT restart_lsn FROM pg_replication_slots WHERE slot_name LIKE 'floe\_idle\_job\_%')`
	passed := fmt.Sprintf("SELECT %s > '%s'::pg_lsn + 8000000", slot, before)
	if err := rig.Until(ctx, func() (bool, error) {
		ask(t, b.pair.SourceURL(), "CHECKPOINT") // what decoding can begin at is in the WAL each 15 seconds, or with one
		return ask(t, b.pair.SourceURL(), passed) == "t", nil
	}); err != nil {
		b.explain(t)
		t.Fatalf("the slot holds WAL from %s on; before the noise %s was written: %v", ask(t, b.pair.SourceURL(), "SELECT "+slot), before, err)
	}
	select {
	case text := <-told:
		if !strings.Contains(text, `"job":"idle_job","state":"SYNCING"`) || strings.Contains(b.Tail(1<<20), "T0K3N") {
			t.Errorf("told %s; or the log has the URL", text)
		}
	case <-ctx.Done():
		t.Error("nobody was told that the job is in sync")
	}
	const beats = `SELECT count(*) FROM public.dts_postgres_heartbeat WHERE slot_name LIKE 'floe\_idle\_job\_%' AND update_time > now() - interval '1 minute'`
	if got := ask(t, b.pair.SourceURL(), beats); got != "1" {
		t.Errorf("%s heartbeats on the source, want 1", got)
	}
	if got := ask(t, b.pair.TargetURL(), "SELECT to_regclass('public.dts_postgres_heartbeat') IS NULL"); got != "t" {
		t.Error("the heartbeat was copied")
	}
	if r, err := b.Client(ctx, "tables"); err != nil || strings.Contains(r.Stdout, "heartbeat") {
		t.Errorf("%s%s %v", r.Stdout, r.Stderr, err)
	}
	for command, says := range map[string]string{"topics": "idle_job.floe.ledger ", "slot": "floe_idle_job_", "tail public.marker -n 1": `"column":"n","key":true`} {
		if r, err := b.Client(ctx, strings.Fields(command)...); err != nil || r.Code != 0 || !strings.Contains(r.Stdout, says) {
			t.Errorf("floe %s ended with %d: %s%s %v", command, r.Code, r.Stdout, r.Stderr, err)
		}
	}
	b.must(t, b.Stop(ctx))
	if r, err := b.Run(ctx, "delete", "-f", b.JobFile(), "--data-dir", b.Data(), "--yes", "idle_job"); err != nil || r.Code != 0 {
		t.Fatalf("%s%s %v", r.Stdout, r.Stderr, err)
	}
	if got := ask(t, b.pair.SourceURL(), "SELECT to_regclass('public.dts_postgres_heartbeat') IS NULL"); got != "t" {
		t.Error("the heartbeat table outlived its last job")
	}
}

// The latency is 0 while nothing happens, grows while capture or the applier stands still, and is not known, instead of
// 0, while the log does not answer; each time it comes back.
func TestTheLatencyIsHonest(t *testing.T) {
	t.Parallel()
	long(t)
	b := newBench(t, servers(t), "latency", nil)
	b.source(t, marker)
	b.must(t, b.Start())
	b.streaming(t)
	ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
	defer cancel()
	latency := func() (seconds float64, known bool) {
		var s struct {
			Latency *float64 `json:"latency_seconds"`
		}
		r, err := b.Client(ctx, "status", "-o", "json")
		if err != nil || r.Code != 0 || json.Unmarshal([]byte(r.Stdout), &s) != nil || s.Latency == nil {
			return 0, false
		}
		return *s.Latency, true
	}
	until := func(what string, is func(seconds float64, known bool) bool) {
		t.Helper()
		var last float64
		var known bool
		if err := rig.Until(ctx, func() (bool, error) {
			last, known = latency()
			return is(last, known), nil
		}); err != nil {
			b.explain(t)
			t.Fatalf("%s: the latency is %g (known %t): %v", what, last, known, err)
		}
	}
	idle := func(what string) {
		t.Helper()
		until(what, func(s float64, known bool) bool { return known && s == 0 })
	}
	idle("nothing happens")
	for i, role := range []string{"capture", "applier"} {
		b.must(t, syscall.Kill(b.PID(role), syscall.SIGSTOP))
		b.source(t, fmt.Sprintf("INSERT INTO marker VALUES (%d)", i))
		for _, least := range []float64{4, 7} {
			until(role+" stands still", func(s float64, known bool) bool { return known && s > least })
		}
		b.must(t, syscall.Kill(b.PID(role), syscall.SIGCONT))
		idle(role + " goes on")
	}
	pid := b.PID("broker")
	b.must(t, syscall.Kill(pid, syscall.SIGSTOP))
	until("the log stands still", func(_ float64, known bool) bool { return !known })
	b.must(t, syscall.Kill(pid, syscall.SIGCONT))
	idle("the log goes on")
}
