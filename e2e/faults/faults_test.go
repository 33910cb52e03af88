// Package faults kills, cuts and misconfigures floe from outside and then compares both sides.
//
// Each test prints its seed; FLOE_SEED repeats it. FLOE_E2E=all makes the runs long.
package faults

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"floe/e2e/history"
	"floe/e2e/rig"
	"floe/e2e/workload"
	"floe/pkg/pgtest"
)

// full runs are long enough for the numbers that the project promises.
var full = os.Getenv("FLOE_E2E") == "all"

// long leaves a test to full runs.
func long(t testing.TB) {
	t.Helper()
	if !full {
		t.Skip("it takes its time: make e2e (FLOE_E2E=all) runs it")
	}
}

// patience is how long a test waits for what must come. How long it takes says nothing: the machine may be
// busy, or slow.
const patience = 3 * time.Minute

// bench is one job between two databases, with what a test does to it.
type bench struct {
	*rig.Floe
	pair rig.Pair
	name string
}

// newBench makes the databases and the job file; nothing runs yet.
func newBench(t testing.TB, servers rig.Servers, name string, change func(*rig.Job)) *bench {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	pair, err := servers.NewPair(ctx, name, "")
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "floe-faults-"+name+"-")
	if err != nil {
		t.Fatal(err)
	}
	job := rig.Job{Name: name, Source: rig.Endpoint{URL: pair.SourceURL()}, Target: rig.Endpoint{URL: pair.TargetURL()}}
	job.Objects.Database = true
	if change != nil {
		change(&job)
	}
	f, err := rig.NewFloe(rig.Binary(t), dir, job)
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{f, pair, name}
	t.Cleanup(func() { b.end(t) })
	return b
}

func (b *bench) end(t testing.TB) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := b.Stop(ctx); err != nil {
		t.Error(err)
	}
	if err := b.pair.Drop(ctx); err != nil {
		t.Error(err)
	}
	if t.Failed() {
		t.Logf("kept in %s; the log ends\n%s", b.Dir, b.Tail(4000))
		return
	}
	if err := os.RemoveAll(b.Dir); err != nil {
		t.Error(err)
	}
}

func (b *bench) must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// watch records the workload's history from here on and samples the target.
func (b *bench) watch(t testing.TB) *history.Watch {
	t.Helper()
	w, err := history.Begin(t.Context(), history.Config{Source: b.pair.SourceURL(), Target: b.pair.TargetURL(), Job: b.name, Tables: workload.Tables()})
	b.must(t, err)
	return w
}

// source and target run SQL in the databases.
func (b *bench) source(t testing.TB, sql ...string) {
	t.Helper()
	b.must(t, b.pair.Source.Exec(t.Context(), b.name, sql...))
}

// ask runs one query on a side.
func ask(t testing.TB, url, sql string) string {
	t.Helper()
	c, err := rig.ConnectPinned(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(t.Context())
	got, err := rig.Text(t.Context(), c, sql)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return got
}

// marker is the table by which "caught up" is judged.
const marker = "CREATE TABLE marker (n bigint PRIMARY KEY)"

// slower is how many times its patience a test waits while the target moves on: on a machine that is busy, more is to be
// caught up with than on one that is not.
const slower = 5

// caughtUp writes a marker row and waits for it on the target, until that does not move for so long.
func (b *bench) caughtUp(t testing.TB, patience time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), slower*patience)
	defer cancel()
	n := rand.Int64()
	b.must(t, b.pair.Source.Exec(ctx, b.name, fmt.Sprintf("INSERT INTO marker VALUES (%d)", n)))
	c, err := rig.ConnectPinned(ctx, b.pair.TargetURL())
	b.must(t, err)
	defer c.Close(context.WithoutCancel(ctx))
	moved, last := time.Now(), ""
	err = rig.Until(ctx, func() (bool, error) {
		if err := b.Ended(); err != nil {
			return false, err
		}
		if at := b.appliedTo(ctx, c); at != last {
			moved, last = time.Now(), at
		}
		if time.Since(moved) > patience {
			return false, fmt.Errorf("nothing was applied for %s", patience)
		}
		there, err := rig.Text(ctx, c, "SELECT to_regclass('public.marker') IS NOT NULL")
		if err != nil || there != "t" {
			return false, err
		}
		got, err := rig.Text(ctx, c, fmt.Sprintf("SELECT count(*) FROM public.marker WHERE n = %d", n))
		return got == "1", err
	})
	if err != nil {
		b.explain(t)
		t.Fatalf("the marker did not arrive: %v", err)
	}
}

// appliedTo is the place in the log that the target has come to, empty if it cannot be asked.
func (b *bench) appliedTo(ctx context.Context, c *pgx.Conn) string {
	there, err := rig.Text(ctx, c, "SELECT to_regclass('floe.checkpoint') IS NOT NULL")
	if err != nil || there != "t" {
		return ""
	}
	at, _ := rig.Text(ctx, c, "SELECT max(ledger_offset) FROM floe.checkpoint")
	return at
}

// explain logs what floe says of itself, and has its services write where they stand to their log.
func (b *bench) explain(t testing.TB) {
	r, err := b.Client(context.WithoutCancel(t.Context()), "status", "-o", "json")
	t.Logf("floe status: %s%s %v", r.Stdout, r.Stderr, err)
	for _, role := range []string{"capture", "applier", "broker"} {
		if pid := b.PID(role); pid != 0 {
			t.Logf("%s was asked for its goroutines, see %s: %v", role, b.LogFile(), syscall.Kill(pid, syscall.SIGQUIT))
		}
	}
}

// streaming waits until all is loaded and a marker came through the stream.
func (b *bench) streaming(t testing.TB) {
	t.Helper()
	b.caughtUp(t, patience)
	b.must(t, b.Synced(t.Context(), 5*time.Minute)) // all of the load, on a machine that may be busy
	b.caughtUp(t, patience)
}

func servers(t testing.TB) rig.Servers { return rig.StartServers(t, pgtest.Options{}) }
