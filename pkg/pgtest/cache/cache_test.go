package cache

import (
	"errors"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
)

func TestFolderIsFilledOnceHoweverManyAskForIt(t *testing.T) {
	t.Setenv("FLOE_CACHE", filepath.Join(t.TempDir(), "cache"))
	var fills atomic.Int32
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			dir, err := Folder("thing", func(dir string) error {
				fills.Add(1)
				return os.WriteFile(filepath.Join(dir, "whole"), nil, 0o644)
			})
			if err != nil {
				t.Error(err)
			}
			if _, err := os.Stat(filepath.Join(dir, "whole")); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := fills.Load(); n != 1 {
		t.Errorf("filled %d times", n)
	}
}

func TestFolderThatCouldNotBeFilledIsNotThere(t *testing.T) {
	t.Setenv("FLOE_CACHE", t.TempDir())
	refused := errors.New("no network")
	_, err := Folder("thing", func(dir string) error {
		return errors.Join(os.WriteFile(filepath.Join(dir, "half"), nil, 0o644), refused)
	})
	if !errors.Is(err, refused) {
		t.Errorf("got %v", err)
	}
	left, err := filepath.Glob(filepath.Join(Dir(), "*thing*"))
	if err != nil || len(left) != 1 || filepath.Base(left[0]) != "thing.lock" {
		t.Errorf("left behind: %v %v, want the lock alone", left, err)
	}
}
