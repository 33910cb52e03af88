package pgtest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"floe/pkg/pgtest/child"
)

const (
	folderPrefix  = "floe-pg-"
	unnamedPrefix = "floe-new-pg-"
)

// takeFolder makes the server's folder its own: the given one, or a new one where temporary
// ones are made. The lock on it ends with this process; it keeps two processes from one folder, and
// tells a folder left behind by a killed process from one in use.
func takeFolder(o Options, account *child.Account) (string, func(), error) {
	temporary := o.Dir == ""
	take := func() (string, *os.File, error) { return takeGiven(o.Dir) }
	if temporary {
		take = func() (string, *os.File, error) { return takeNew(o.place()) }
	}
	dir, lock, err := take()
	if err != nil {
		return "", nil, err
	}
	release := func() {
		if temporary {
			os.RemoveAll(dir)
		}
		lock.Close()
	}
	if err := errors.Join(account.Own(dir), account.CanEnter(dir)); err != nil {
		release()
		return "", nil, fmt.Errorf("server folder %s: %w", dir, err)
	}
	return dir, release, nil
}

// takeNew makes a folder that bears its name only once it is locked: sweep removes what is not.
func takeNew(place string) (string, *os.File, error) {
	sweep(os.TempDir())
	sweep(memory)
	made, err := os.MkdirTemp(place, unnamedPrefix)
	if err != nil {
		return "", nil, err
	}
	lock, err := lockFolder(made)
	if err != nil {
		return "", nil, err
	}
	dir := filepath.Join(filepath.Dir(made), folderPrefix+strings.TrimPrefix(filepath.Base(made), unnamedPrefix))
	if err := os.Rename(made, dir); err != nil {
		lock.Close()
		return "", nil, err
	}
	return dir, lock, nil
}

func takeGiven(dir string) (string, *os.File, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", nil, err
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", nil, err
	}
	lock, err := lockFolder(dir)
	return dir, lock, err
}

func lockFolder(dir string) (*os.File, error) {
	lock, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		lock.Close()
		return nil, fmt.Errorf("server folder %s is in use by another process", dir)
	}
	return lock, nil
}

// sweep removes the temporary folders whose process was killed before it could.
func sweep(place string) {
	left, _ := filepath.Glob(filepath.Join(place, folderPrefix+"*"))
	for _, dir := range left {
		// Without the lock file it is not a server's.
		lock, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR, 0)
		if err != nil {
			continue
		}
		// A server's processes may outlive it for a moment and still write: then the lock stays for the next
		// sweep, which would not know the folder without it.
		if syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil && os.RemoveAll(filepath.Join(dir, "data")) == nil {
			os.RemoveAll(dir)
		}
		lock.Close()
	}
}
