package pgtest

import (
	"os"
	"sync"
	"testing"
)

// Folders are made while other processes sweep: none loses its own to them.
func TestNobodySweepsAFolderThatIsBeingMade(t *testing.T) {
	t.Parallel()
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 100 {
				dir, lock, err := takeNew() // sweeps first
				if err != nil {
					t.Error(err)
					return
				}
				if _, err := os.Stat(dir); err != nil {
					t.Error(err)
				}
				if err := os.RemoveAll(dir); err != nil {
					t.Error(err)
				}
				lock.Close()
			}
		})
	}
	all.Wait()
}
