package simulation

import (
	"os"
	"strconv"
	"testing"
	"time"

	"floe/pkg/randtest"
)

// setting is a number of the environment.
func setting(t *testing.T, name string, otherwise uint64) uint64 {
	t.Helper()
	v := os.Getenv(name)
	if v == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(v, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// Whatever the schedule, what is settled on the target is the source as it was. FLOE_SEED is the first seed,
// FLOE_SEEDS how many are run; a single one
// tells what happens in it.
func TestNoScheduleMakesTheTargetDiffer(t *testing.T) {
	t.Parallel()
	first, n := randtest.Seed(t), setting(t, "FLOE_SEEDS", 300)
	most := int(setting(t, "FLOE_WRONG", 5)) // seeds that may fail before the rest is not run
	began, counts, steps, failed := time.Now(), map[string]int{}, 0, 0
	var tell func(int, string, []int64)
	if n == 1 {
		tell = func(step int, what string, n []int64) { t.Log(step, what, n) }
	}
	for seed := first; seed < first+n && failed < most; seed++ {
		w, err := run(seed, tell)
		if err != nil {
			failed++
			t.Errorf("seed %d (broken: %q, halted: %v): %v", seed, w.broken, w.halted, err)
		}
		for k, v := range w.counts {
			counts[k] += v
		}
		steps += w.steps
	}
	t.Logf("seeds %d to %d, %d steps, %.0f seeds a second: %v", first, first+n-1, steps, float64(n)/time.Since(began).Seconds(), counts)
}

// A seed is a run: the same one again comes to the same at every step.
func TestASeedRepeatsItsRun(t *testing.T) {
	t.Parallel()
	first := randtest.Seed(t)
	different := map[uint64]bool{}
	for seed := first; seed < first+20; seed++ {
		a, err1 := run(seed, nil)
		b, err2 := run(seed, nil)
		if a.trace != b.trace || a.steps != b.steps || (err1 == nil) != (err2 == nil) {
			t.Errorf("seed %d: %d steps with trace %x, then %d with %x", seed, a.steps, a.trace, b.steps, b.trace)
		}
		different[a.trace] = true
	}
	if len(different) < 20 {
		t.Errorf("20 seeds have %d traces", len(different))
	}
}
