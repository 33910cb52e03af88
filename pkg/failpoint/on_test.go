//go:build failpoint

package failpoint

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestTheNthHitFiresOnceForAllProcesses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for process, want := range [][]bool{{false, true, false, false}, {false, false, false}} {
		p := newPlan("x.before:2:error", dir)
		for hit, fires := range want {
			if err := p.here("y"); err != nil {
				t.Errorf("another name fires: %v", err)
			}
			if err := p.here("x.before"); errors.Is(err, ErrHere) != fires {
				t.Errorf("process %d, hit %d: %v", process, hit+1, err)
			}
		}
	}
}

func TestHeldUntilReleased(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := newPlan("x:1:hold", dir)
	done := make(chan error)
	go func() { done <- p.here("x") }()
	select {
	case <-done:
		t.Fatal("it is not held")
	case <-time.After(50 * time.Millisecond):
	}
	if err := os.WriteFile(filepath.Join(dir, "released"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestEveryHitIsCounted(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for range 2 { // processes
		p := newPlan("count", dir)
		for range 3 {
			if err := p.here("x"); err != nil {
				t.Error(err)
			}
		}
	}
	if text, err := os.ReadFile(filepath.Join(dir, "x")); err != nil || len(text) != 6 {
		t.Errorf("counted %d, %v", len(text), err)
	}
}
