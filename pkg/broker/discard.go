package broker

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// Discard removes the log of an embedded broker that does not run; its port is kept. A log that cannot
// be opened any more is removed too. What a crash leaves half removed is no log: the next Discard ends it.
func Discard(dir string) error {
	lock, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if os.IsNotExist(err) {
		return nil // it never ran
	}
	if err != nil {
		return fmt.Errorf("embedded broker: %w", err)
	}
	defer lock.Close() //nolint:errcheck
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return fmt.Errorf("embedded broker: %s is in use by another floe", dir)
	}
	gone := filepath.Join(dir, "discarded") // all or nothing: half a log might be opened
	if err := os.RemoveAll(gone); err != nil {
		return fmt.Errorf("embedded broker: %w", err)
	}
	if err := os.Rename(filepath.Join(dir, "log"), gone); err != nil && !os.IsNotExist(err) {
		return fmt.Errorf("embedded broker: %w", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("embedded broker: %w", err)
	}
	for _, e := range entries {
		if e.Name() == "lock" || e.Name() == "port" {
			continue
		}
		if err := os.RemoveAll(filepath.Join(dir, e.Name())); err != nil {
			return fmt.Errorf("embedded broker: %w", err)
		}
	}
	return nil
}
