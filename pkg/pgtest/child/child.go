// Package child runs a server program that must never outlive this process.
//
// Tests and the demo start real PostgreSQL and Kafka servers. A test binary ends by a panic, a
// timeout or kill -9 as often as by its own will, and a server left behind holds a port, memory
// and locks that break the next run. So a child is started in the foreground, never as a daemon,
// and the kernel is asked to signal it when we are gone, however we went.
package child

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
)

// Command says what to run.
type Command struct {
	Path string
	Args []string
	Env  []string // the whole environment, nothing is inherited
	Dir  string
	Log  string   // file that standard output and error are appended to
	User *Account // nil: as whom we are
	// Orphaned is the signal that the child gets when this process dies.
	Orphaned syscall.Signal
}

// Process is a child that was started. Done is closed once it has ended and been reaped.
type Process struct {
	PID  int
	Done <-chan struct{}
	err  error
}

// Start starts the command.
func Start(c Command) (*Process, error) {
	log, err := os.OpenFile(c.Log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return nil, fmt.Errorf("open log of %s: %w", c.Path, err)
	}
	defer log.Close()
	cmd := exec.Command(c.Path, c.Args...)
	cmd.Env, cmd.Dir = c.Env, c.Dir
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = attributes(c)

	done := make(chan struct{})
	p := &Process{Done: done}
	started := make(chan error)
	go p.run(cmd, started, done)
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", c.Path, err)
	}
	return p, nil
}

// Signal sends the signal. That the process has ended already is no error.
func (p *Process) Signal(s syscall.Signal) error {
	select {
	case <-p.Done:
		return nil
	default:
	}
	if err := syscall.Kill(p.PID, s); err != nil && err != syscall.ESRCH {
		return fmt.Errorf("signal %s to process %d: %w", s, p.PID, err)
	}
	return nil
}

// Err is how the process ended: nil for exit code 0. It may be asked once Done is closed.
func (p *Process) Err() error { return p.err }

// Ended tells whether the process has ended.
func (p *Process) Ended() bool {
	select {
	case <-p.Done:
		return true
	default:
		return false
	}
}
