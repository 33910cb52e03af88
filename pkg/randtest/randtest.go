// Package randtest gives tests that run at random their seed. Only tests import it.
package randtest

import (
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
)

// Seed returns the run's seed, which it logs: FLOE_SEED, or one by chance. A FLOE_SEED that is no number
// fails the test.
func Seed(t testing.TB) uint64 {
	t.Helper()
	seed := rand.Uint64() >> 1
	if text := os.Getenv("FLOE_SEED"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatalf("FLOE_SEED: %v", err)
		}
	}
	t.Logf("FLOE_SEED=%d", seed)
	return seed
}
