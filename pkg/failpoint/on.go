//go:build failpoint

package failpoint

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// plan is what the environment says, read at the first hit.
type plan struct {
	name, action string
	nth          int
	dir          string
	mu           sync.Mutex
	hits         int
	files        map[string]*os.File
}

var read = sync.OnceValue(func() *plan { return newPlan(os.Getenv("FLOE_FAILPOINT"), os.Getenv("FLOE_FAILPOINT_DIR")) })

// newPlan takes a text that is not understood for a mistake that must not pass unseen.
func newPlan(text, dir string) *plan {
	p := &plan{dir: dir, files: map[string]*os.File{}}
	if text == "" || text == "count" {
		p.action = text
		return p
	}
	parts := strings.Split(text, ":")
	if len(parts) != 3 || dir == "" {
		panic("FLOE_FAILPOINT=" + text + ": want name:nth:kill9, error or hold, and FLOE_FAILPOINT_DIR")
	}
	var err error
	if p.nth, err = strconv.Atoi(parts[1]); err != nil {
		panic("FLOE_FAILPOINT: " + err.Error())
	}
	p.name, p.action = parts[0], parts[2]
	return p
}

// ErrHere is what a place of action error returns.
var ErrHere = errors.New("failpoint")

// Here marks a place; see the package's documentation.
func Here(name string) error { return read().here(name) }

func (p *plan) here(name string) error {
	switch {
	case p.action == "count":
		p.count(name)
		return nil
	case name != p.name || !p.due():
		return nil
	}
	switch p.action {
	case "kill9":
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	case "error":
		return fmt.Errorf("%w %s, hit %d", ErrHere, name, p.nth)
	case "hold":
		for {
			if _, err := os.Stat(filepath.Join(p.dir, "released")); err == nil {
				return nil
			}
			time.Sleep(5 * time.Millisecond)
		}
	}
	panic("FLOE_FAILPOINT: no action " + p.action)
}

// due counts a hit, and takes the right to be the one that fires.
func (p *plan) due() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.hits++; p.hits != p.nth {
		return false
	}
	f, err := os.OpenFile(filepath.Join(p.dir, "fired"), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return false
	}
	_ = f.Close()
	return true
}

// count adds to the name's file, which several processes may do.
func (p *plan) count(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f := p.files[name]
	if f == nil {
		var err error
		if f, err = os.OpenFile(filepath.Join(p.dir, name), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644); err != nil {
			panic("FLOE_FAILPOINT=count: " + err.Error())
		}
		p.files[name] = f
	}
	_, _ = f.Write([]byte{'.'})
}
