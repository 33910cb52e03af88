package faults

import (
	"context"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"floe/e2e/rig"
	"floe/pkg/pgtest"
)

// says waits until the job halts with the code, and says all of the words; last the remedy.
func (b *bench) says(t *testing.T, code string, words ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var s rig.Status
	err := rig.Until(ctx, func() (bool, error) {
		var err error
		if s, err = b.Status(ctx); err != nil {
			return false, b.Ended()
		}
		return s.Reason == code, b.Ended()
	})
	if err != nil {
		t.Fatalf("no halt %s: %v; it says %+v", code, err, s)
	}
	why := s.Stopped()
	for _, w := range append(words, "floe job reset") {
		if !strings.Contains(why, w) {
			t.Errorf("it does not say %q: %s", w, why)
		}
	}
	return why
}

// swap stops the server and starts it with another data folder; the one that it had is kept as was.
func swap(t *testing.T, s *pgtest.Server, with, was string) {
	t.Helper()
	if err := s.Stop(pgtest.Fast); err != nil {
		t.Fatal(err)
	}
	data := filepath.Join(s.Dir(), "data")
	move(t, "mv", data, filepath.Join(s.Dir(), was))
	move(t, "mv", filepath.Join(s.Dir(), with), data)
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func move(t *testing.T, how ...string) {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), how[0], how[1:]...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %v %s", how, err, out)
	}
}

// Another cluster under the source's address, one restored to an older state, and one that no longer has
// the WAL are each told apart, with the range that is lost; nothing of them comes to the target, and what
// passes by itself goes on by itself.
func TestHaltsOnAnotherSource(t *testing.T) {
	t.Parallel()
	own := pgtest.New(t, pgtest.Options{Settings: map[string]string{"max_slot_wal_keep_size": "16MB", "max_wal_size": "32MB", "wal_keep_size": "0"}})
	if own.Version() < 13 {
		t.Skip("a slot loses its WAL from 13 on")
	}
	other := pgtest.New(t, pgtest.Options{Version: own.Version()})
	const name = "other_source"
	b := newBench(t, rig.Servers{Source: own, Target: servers(t).Target}, name, nil)
	b.must(t, other.CreateDatabase(t.Context(), name, ""))
	b.must(t, other.Exec(t.Context(), name, "CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t VALUES (7, 'foreign')"))
	b.must(t, other.Stop(pgtest.Fast))
	move(t, "cp", "-a", filepath.Join(other.Dir(), "data"), filepath.Join(own.Dir(), "foreign"))
	b.must(t, own.Stop(pgtest.Fast))
	move(t, "cp", "-a", filepath.Join(own.Dir(), "data"), filepath.Join(own.Dir(), "backup"))
	b.must(t, own.Start(t.Context()))

	b.source(t, "CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t SELECT g, 'v' FROM generate_series(1, 500) g", marker)
	b.must(t, b.Start())
	b.streaming(t)
	swap(t, own, "foreign", "true")
	b.says(t, "source-changed", "the log was written from system ", ", this source is system ", "point the job at the right source")
	swap(t, own, "backup", "foreign")
	b.says(t, "source-rewound", "that the log already holds: it was restored to an older state", "point the job at the right source")
	swap(t, own, "true", "backup")
	b.source(t, "UPDATE t SET v = 'own' WHERE id <= 100")
	b.caughtUp(t, patience)
	if got := ask(t, b.pair.TargetURL(), "SELECT count(*), count(*) FILTER (WHERE v = 'own'), count(*) FILTER (WHERE v = 'foreign') FROM public.t"); got != "500|100|0" {
		t.Errorf("the target has %s", got)
	}

	b.must(t, b.Stop(t.Context()))
	confirmed := ask(t, b.pair.SourceURL(), "SELECT confirmed_flush_lsn FROM pg_replication_slots WHERE slot_name = '"+slotName(t, b)+"'")
	for range 4 {
		b.source(t, "INSERT INTO t SELECT max(id) + 1, 'lost' FROM t", "SELECT pg_switch_wal()")
	}
	b.source(t, "CHECKPOINT")
	b.must(t, b.Start())
	b.says(t, "wal-lost", "was invalidated by the source (max_slot_wal_keep_size)", "changes from "+confirmed+" on are lost")
	if got := ask(t, b.pair.TargetURL(), "SELECT count(*) FROM public.t WHERE v = 'lost'"); got != "0" {
		t.Errorf("%s rows behind the gap are on the target", got)
	}
	r, err := b.Client(t.Context(), "errors", "explain", "wal-lost")
	if err != nil || r.Code != 0 || !strings.Contains(r.Stdout, "max_slot_wal_keep_size") {
		t.Errorf("%v, code %d: %s%s", err, r.Code, r.Stdout, r.Stderr)
	}
}

// The target's database is another job's by mistake: nothing is written to it, and once the right one is
// back the job goes on.
func TestHaltsOnAnotherJobsTarget(t *testing.T) {
	t.Parallel()
	s := servers(t)
	b, other := newBench(t, s, "swap_one", nil), newBench(t, s, "swap_two", nil)
	for _, x := range []*bench{b, other} {
		x.source(t, "CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t SELECT g, '"+x.name+"' FROM generate_series(1, 500) g", marker)
		x.must(t, x.Start())
	}
	for _, x := range []*bench{b, other} {
		x.streaming(t)
		x.must(t, x.Stop(t.Context()))
	}
	exchange := func() {
		b.must(t, s.Target.Exec(t.Context(), "postgres", `ALTER DATABASE swap_one RENAME TO swap_none`, `ALTER DATABASE swap_two RENAME TO swap_one`, `ALTER DATABASE swap_none RENAME TO swap_two`))
	}
	exchange()
	b.source(t, "UPDATE t SET v = 'later'")
	b.must(t, b.Start())
	b.says(t, "target-mismatch", "applier main has applied the log up to ledger offset ", "it knows nothing of the job, but of job swap_two", "point the job at the right target")
	if got := ask(t, b.pair.TargetURL(), "SELECT count(*) FILTER (WHERE v = 'swap_two'), (SELECT count(*) FROM floe.checkpoint) FROM public.t"); got != "500|1" {
		t.Errorf("the other job's target has %s", got)
	}
	b.must(t, b.Stop(t.Context()))
	exchange()
	b.must(t, b.Start())
	b.caughtUp(t, patience)
	if got := ask(t, b.pair.TargetURL(), "SELECT count(*) FILTER (WHERE v = 'later') FROM public.t"); got != "500" {
		t.Errorf("the job's own target has %s", got)
	}
}
