package child

import (
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// Account is the user that a child runs as.
type Account struct {
	Name     string
	UID, GID int
}

// Unprivileged is the account for programs that refuse to run as root: nil when we are not root
// ourselves, else the first of the names that this machine knows.
func Unprivileged(names ...string) (*Account, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, name := range names {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.Atoi(u.Uid)
		gid, err2 := strconv.Atoi(u.Gid)
		if err1 == nil && err2 == nil && uid != 0 {
			return &Account{Name: name, UID: uid, GID: gid}, nil
		}
	}
	return nil, fmt.Errorf("this process is root, and none of the users %v exists to run a server as", names)
}

func (a *Account) credential() *syscall.Credential {
	return &syscall.Credential{Uid: uint32(a.UID), Gid: uint32(a.GID)}
}

// SysProcAttr is what os/exec takes to run a short command as this account (nil: as we are).
func (a *Account) SysProcAttr() *syscall.SysProcAttr {
	if a == nil {
		return nil
	}
	return &syscall.SysProcAttr{Credential: a.credential()}
}

// Own makes the account the owner of path.
func (a *Account) Own(path string) error {
	if a == nil {
		return nil
	}
	return os.Chown(path, a.UID, a.GID)
}

// CanEnter says which folder on the way to path the account may not enter, if any. Go's own
// temporary folders are 0700: a server started as another user cannot live in them.
func (a *Account) CanEnter(path string) error {
	if a == nil {
		return nil
	}
	for dir := filepath.Clean(path); ; dir = filepath.Dir(dir) {
		info, err := os.Stat(dir)
		if err != nil {
			return err
		}
		if st, ok := info.Sys().(*syscall.Stat_t); ok && !a.enters(st) {
			return fmt.Errorf("user %s may not enter %s (mode %s)", a.Name, dir, info.Mode())
		}
		if dir == "/" || dir == "." {
			return nil
		}
	}
}

func (a *Account) enters(st *syscall.Stat_t) bool {
	switch {
	case int(st.Uid) == a.UID:
		return st.Mode&0o100 != 0
	case int(st.Gid) == a.GID:
		return st.Mode&0o010 != 0
	default:
		return st.Mode&0o001 != 0
	}
}
