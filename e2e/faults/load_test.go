package faults

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"floe/e2e/rig"
	"floe/pkg/randtest"
)

const seats = `CREATE TABLE seat (id int PRIMARY KEY, u int UNIQUE, pad text);
	CREATE TABLE slip (x int, y text);
	ALTER TABLE slip REPLICA IDENTITY FULL`

// Prints of what both tables hold.
const (
	seatPrint = "SELECT count(*) || ' ' || md5(string_agg(id || ' ' || u || ' ' || md5(pad), ',' ORDER BY id)) FROM public.seat"
	slipPrint = "SELECT count(*) || ' ' || md5(string_agg(x || y, ',' ORDER BY x, y)) FROM public.slip"
)

// exchange has rows anywhere in the table hand their unique values to each other, and changes the table
// without a key in the same transactions.
func (b *bench) exchange(ctx context.Context, t testing.TB, r *rand.Rand, rows int) {
	c, err := rig.ConnectPinned(context.Background(), b.pair.SourceURL())
	if err != nil {
		t.Error(err)
		return
	}
	defer c.Close(context.Background())
	for ctx.Err() == nil {
		a, z := 1+r.IntN(rows), 1+r.IntN(rows)
		sql := fmt.Sprintf(`BEGIN; SELECT FROM public.seat WHERE id IN (%[1]d, %[2]d) ORDER BY id FOR UPDATE;
			CREATE TEMP TABLE had ON COMMIT DROP AS SELECT id, u FROM public.seat WHERE id IN (%[1]d, %[2]d);
			UPDATE public.seat SET u = -u WHERE id = %[1]d; UPDATE public.seat SET u = (SELECT u FROM had WHERE id = %[1]d) WHERE id = %[2]d AND id <> %[1]d;
			UPDATE public.seat SET u = (SELECT u FROM had WHERE id = %[2]d) WHERE id = %[1]d;
			DELETE FROM public.slip WHERE ctid = (SELECT ctid FROM public.slip WHERE x = %[1]d LIMIT 1); INSERT INTO public.slip VALUES (%[1]d, 'w'), (%[2]d, 'w');
			COMMIT`, a, z)
		if _, err := c.PgConn().Exec(context.Background(), sql).ReadAll(); err != nil {
			t.Error(err)
			return
		}
	}
}

// While a table is loaded whose unique values change hands between all its ranges, onto a target that has
// the constraint already, and a table without a key is read beside the stream, each part is killed. Nothing
// halts, and both sides are equal.
func TestLoadOfValuesThatChangeHandsAndOfATableWithoutAKey(t *testing.T) {
	t.Parallel()
	seed := randtest.Seed(t)
	rows, slips, kills := 20_000, 40_000, 1
	if full {
		rows, slips, kills = 150_000, 600_000, 6
	}
	b := newBench(t, servers(t), "load_hands", func(j *rig.Job) {
		j.Existing, j.Throttle = "proceed", &rig.Throttle{LoadRows: rows / 2}
	})
	b.source(t, seats, marker, fmt.Sprintf(`INSERT INTO seat SELECT g, g, repeat('p', 20) FROM generate_series(1, %d) g;
		CREATE INDEX ON slip (x); INSERT INTO slip SELECT 1 + g %% %[1]d, 'l' || g %% 3 FROM generate_series(1, %d) g; ANALYZE`, rows, slips))
	b.must(t, b.pair.Target.Exec(t.Context(), b.name, seats, marker))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var writers sync.WaitGroup
	for i := range 3 {
		writers.Go(func() { b.exchange(ctx, t, rand.New(rand.NewPCG(seed, uint64(i))), rows) })
	}
	b.must(t, b.Start())
	k := &killer{floe: b.Floe, r: rand.New(rand.NewPCG(seed, 9))}
	b.must(t, k.round(t.Context(), kills))
	b.streaming(t)
	cancel()
	writers.Wait()
	b.caughtUp(t, patience)
	b.settled(t)
	for _, print := range []string{seatPrint, slipPrint} {
		if got, want := ask(t, b.pair.TargetURL(), print), ask(t, b.pair.SourceURL(), print); got != want {
			t.Errorf("the target has %s, the source %s", got, want)
		}
	}
	t.Log("killed", k.killed, "and", b.reread(t), "rows were read again")
}

// settled waits until nothing is asked for any more.
func (b *bench) settled(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	c, err := rig.ConnectPinned(ctx, b.pair.TargetURL())
	b.must(t, err)
	defer c.Close(context.WithoutCancel(ctx))
	asked := ""
	err = rig.Until(ctx, func() (bool, error) {
		asked, err = rig.Text(ctx, c, "SELECT count(*) FROM floe.asked")
		return asked == "0", err
	})
	if err != nil {
		b.explain(t)
		t.Fatalf("%s rows are asked for: %v", asked, err)
	}
}
