package faults

import (
	"context"
	"strings"
	"testing"
)

// Rows that somebody changed on the target are as the log says again, those that did not change since stay as
// they are; the source is not asked, and a capture that began anew in between is no obstacle.
func TestReplayMendsTheTarget(t *testing.T) {
	t.Parallel()
	b := newBench(t, servers(t), "replays", nil)
	b.source(t, "CREATE TABLE t (id int PRIMARY KEY, v text, big text)", "ALTER TABLE t ALTER big SET STORAGE EXTERNAL",
		"INSERT INTO t SELECT i, 'v' || i, repeat('x', 5000) FROM generate_series(1, 500) i", "CREATE TABLE bag (v text)", marker)
	b.must(t, b.Start())
	b.streaming(t)
	lsn := ask(t, b.pair.SourceURL(), "SELECT pg_current_wal_insert_lsn()")
	b.source(t, "UPDATE t SET v = 'first' WHERE id <= 100", "DELETE FROM t WHERE id > 490", "UPDATE t SET id = id + 1000, big = 'moved' WHERE id BETWEEN 91 AND 100")
	ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
	defer cancel()
	b.must(t, b.Stop(ctx))
	b.must(t, b.Start())
	b.source(t, "UPDATE t SET v = 'second' WHERE id <= 50", "INSERT INTO t VALUES (495, 'again', 'y')")
	b.caughtUp(t, patience)
	const rows = `SELECT md5(string_agg(t::text, ' ' ORDER BY id)) FROM public.t`
	want := ask(t, b.pair.SourceURL(), rows)
	for _, damage := range []string{
		"SELECT 1", // a target that is as it should be stays so
		`WITH a AS (UPDATE public.t SET v = 'damaged' WHERE id <= 90 OR id = 495 RETURNING 1), b AS (DELETE FROM public.t WHERE id > 1000 RETURNING 1),
			c AS (INSERT INTO public.t VALUES (499, 'back', 'z') RETURNING 1) SELECT 1 FROM a, b, c LIMIT 1`,
	} {
		ask(t, b.pair.TargetURL(), damage)
		r, err := b.Client(ctx, "replay", "public.t", "--from", lsn)
		if err != nil || r.Code != 0 {
			b.explain(t)
			t.Fatalf("floe replay ended with %d: %s%s %v", r.Code, r.Stdout, r.Stderr, err)
		}
		if got := ask(t, b.pair.TargetURL(), rows); got != want {
			t.Errorf("after %s and a replay (%s) the target differs", damage, r.Stdout)
		}
	}
	if r, err := b.Client(ctx, "replay", "public.t", "--from", "0"); err != nil || r.Code != 9 || !strings.Contains(r.Stderr, "the table is loaded there") {
		t.Errorf("a range with the load in it ended with %d: %s%s %v", r.Code, r.Stdout, r.Stderr, err)
	}
	if r, err := b.Client(ctx, "replay", "public.bag", "--from", lsn); err != nil || r.Code != 9 || !strings.Contains(r.Stderr, "has no key") {
		t.Errorf("a table without a key ended with %d: %s%s %v", r.Code, r.Stdout, r.Stderr, err)
	}
	b.caughtUp(t, patience)
}
