package faults

import (
	"context"
	"os"
	"strings"
	"testing"

	"floe/e2e/rig"
)

const docs = `CREATE TABLE doc (id bigint PRIMARY KEY, n int NOT NULL, body text);
	ALTER TABLE doc ALTER body SET STORAGE EXTERNAL;
	INSERT INTO doc SELECT g, 0, repeat(md5(g::text), 100) FROM generate_series(1, 200) g`

// print is what doc holds.
const print = "SELECT count(*), sum(n), md5(string_agg(id || n::text || md5(body), ',' ORDER BY id)) FROM public.doc"

// lose deletes rows on the target behind floe's back.
func (b *bench) lose(t testing.TB, condition string) {
	t.Helper()
	b.must(t, b.pair.Target.Exec(t.Context(), b.name, "DELETE FROM public.doc WHERE "+condition))
}

// healed waits until nothing is asked for any more and both sides are equal.
func (b *bench) healed(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	c, err := rig.ConnectPinned(ctx, b.pair.TargetURL())
	b.must(t, err)
	defer c.Close(context.WithoutCancel(ctx))
	asked, got := "", ""
	want := ask(t, b.pair.SourceURL(), print)
	err = rig.Until(ctx, func() (bool, error) {
		if asked, err = rig.Text(ctx, c, "SELECT count(*) FROM floe.asked"); err != nil {
			return false, err
		}
		got, err = rig.Text(ctx, c, print)
		return asked == "0" && got == want, err
	})
	if err != nil {
		b.explain(t)
		t.Fatalf("%s rows are asked for, and the target has %s instead of %s: %v", asked, got, want, err)
	}
}

// reread is how many rows capture says that it reads again.
func (b *bench) reread(t testing.TB) int {
	t.Helper()
	log, err := os.ReadFile(b.LogFile())
	b.must(t, err)
	return strings.Count(string(log), "a row is missing on the target and is read again")
}

// A row that somebody deleted on the target comes back when the source changes it, though the change
// leaves its large value out: floe reads it again, once.
func TestARowLostOnTheTargetComesBack(t *testing.T) {
	t.Parallel()
	b := newBench(t, servers(t), "heal", nil)
	b.source(t, docs, marker)
	b.must(t, b.Start())
	b.streaming(t)
	b.lose(t, "id <= 4")
	b.source(t, "UPDATE doc SET n = n + 1 WHERE id = 1", "UPDATE doc SET id = -id, n = n + 1 WHERE id = 2",
		"UPDATE doc SET n = 7, body = 'short' WHERE id = 3", "DELETE FROM doc WHERE id = 4", "UPDATE doc SET n = n + 1 WHERE id > 100")
	b.caughtUp(t, patience)
	b.healed(t)
	if n := b.reread(t); n != 2 { // 3 came with all its values, 4 is to be gone
		t.Errorf("%d rows were read again, want 2", n)
	}
	// It is settled again, and may be lost again.
	b.lose(t, "id = 1")
	b.source(t, "UPDATE doc SET n = n + 1 WHERE id = 1")
	b.caughtUp(t, patience)
	b.healed(t)
	if n := b.reread(t); n != 3 {
		t.Errorf("%d rows were read again, want 3", n)
	}
}

// What was asked for is remembered through kill -9 of either side, while the rows go on changing.
func TestLostRowsComeBackThroughKills(t *testing.T) {
	t.Parallel()
	b := newBench(t, servers(t), "heal_kill", nil)
	b.source(t, docs, marker)
	b.must(t, b.Start())
	b.streaming(t)
	k := &killer{floe: b.Floe}
	for range 3 {
		b.lose(t, "id % 3 = 0")
		for _, role := range []string{"capture", "applier"} {
			b.source(t, "UPDATE doc SET n = n + 1 WHERE id % 2 = 0", "UPDATE doc SET id = id + 1000 WHERE id IN (SELECT id FROM doc WHERE id % 3 = 0 LIMIT 5)")
			b.must(t, k.kill(t.Context(), role))
			b.source(t, "UPDATE doc SET n = n + 1")
		}
	}
	b.caughtUp(t, patience)
	b.healed(t)
}
