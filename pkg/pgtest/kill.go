package pgtest

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Kill ends the server like a power failure: the postmaster and each of its processes by
// SIGKILL. It returns when all are gone, for a start in between would be refused by the shared
// memory that they still hold.
func (s *Server) Kill() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.process
	if p == nil || p.Ended() {
		return nil
	}
	backends := childrenOf(p.PID)
	if err := p.Signal(syscall.SIGKILL); err != nil {
		return err
	}
	<-p.Done
	for _, pid := range backends {
		// ESRCH: it noticed the postmaster's death by itself.
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && err != syscall.ESRCH {
			return fmt.Errorf("kill server process %d: %w", pid, err)
		}
	}
	return awaitGone(backends)
}

func awaitGone(pids []int) error {
	deadline := time.After(time.Minute)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for _, pid := range pids {
		for runs(pid) {
			select {
			case <-deadline:
				return fmt.Errorf("server process %d survived SIGKILL", pid)
			case <-tick.C:
			}
		}
	}
	return nil
}

// runs tells whether the process is there and no zombie: nobody may be there to reap an orphan.
func runs(pid int) bool {
	state, _, ok := stat(pid)
	return ok && state != "Z" && state != "X"
}

func childrenOf(parent int) []int {
	var pids []int
	dirs, _ := filepath.Glob("/proc/[0-9]*")
	for _, dir := range dirs {
		pid, err := strconv.Atoi(filepath.Base(dir))
		if err != nil {
			continue
		}
		if _, ppid, ok := stat(pid); ok && ppid == parent {
			pids = append(pids, pid)
		}
	}
	return pids
}

// stat reads a process's state and parent from /proc.
func stat(pid int) (state string, parent int, ok bool) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return "", 0, false
	}
	// The name stands in parentheses and may hold anything, parentheses too.
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	if len(fields) < 2 {
		return "", 0, false
	}
	parent, err = strconv.Atoi(fields[1])
	return fields[0], parent, err == nil
}
