package port

import (
	"sync"
	"testing"
)

// Whoever asks at the same time is given another one, though nobody listens yet.
func TestNoPortIsGivenTwice(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var all sync.WaitGroup
	given := map[int]bool{}
	for range 20 {
		all.Go(func() {
			for range 50 {
				p, err := Free()
				mu.Lock()
				if err != nil || given[p] || p < 20000 || p >= 32000 {
					t.Errorf("port %d (%v), given before: %t", p, err, given[p])
				}
				given[p] = true
				mu.Unlock()
			}
		})
	}
	all.Wait()
}
