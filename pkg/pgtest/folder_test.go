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
				dir, lock, err := takeNew(os.TempDir()) // sweeps first
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

// Only a test's throw-away server may take the machine's memory, and only where there is plenty.
func TestWhereServersLie(t *testing.T) {
	t.Setenv("TMPDIR", "")
	inMemory := os.TempDir()
	if roomy(memory) {
		inMemory = memory
	}
	for want, list := range map[string][]Options{
		inMemory:     {{inMemory: true}},
		os.TempDir(): {{}, {inMemory: true, Durable: true}, {inMemory: true, Large: true}},
	} {
		for _, o := range list {
			if got := o.place(); got != want {
				t.Errorf("%+v lies in %s, want %s", o, got, want)
			}
		}
	}
	if roomy(t.TempDir() + "/absent") {
		t.Error("a folder that is not there has room")
	}
	t.Setenv("TMPDIR", t.TempDir())
	if got := (Options{inMemory: true}).place(); got != os.TempDir() {
		t.Errorf("TMPDIR is set, and the server lies in %s", got)
	}
}
