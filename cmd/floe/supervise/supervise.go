// Package supervise keeps child processes running: each is started again when it ends, and ends with
// this process, however that ends, because its standard input is our pipe.
package supervise

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"
)

// Process is a child to be kept running.
type Process struct {
	Name string
	Path string
	Args []string
	Env  []string
	// Stderr is the child's own: what it logs needs no goroutine of ours.
	Stderr *os.File
	// Line takes each line that the child writes to its standard output; Started each new pid.
	Line    func(line []byte)
	Started func(pid int)
	// Final says which exit codes another start would not mend.
	Final func(code int) bool
	Log   *slog.Logger
}

// Grace is how long a child that was asked to end has until it is killed.
const Grace = 10 * time.Second

const (
	firstWait = 20 * time.Millisecond
	lastWait  = 5 * time.Second
	// steady is how long a child has to run for its next end to count as the first.
	steady = 10 * time.Second
)

// EndedError is a child that ended with a code which another start would not mend.
type EndedError struct {
	Name string
	Code int
}

func (e *EndedError) Error() string { return fmt.Sprintf("%s ended with code %d", e.Name, e.Code) }

// Run keeps the child running until ctx ends; it returns when the child has ended.
func (p *Process) Run(ctx context.Context) error {
	for wait := firstWait; ; wait = min(2*wait, lastWait) {
		began := time.Now()
		err := p.once(ctx)
		if ctx.Err() != nil {
			return nil
		}
		var exit *exec.ExitError
		if errors.As(err, &exit) && p.Final != nil && p.Final(exit.ExitCode()) {
			return &EndedError{p.Name, exit.ExitCode()}
		}
		if time.Since(began) > steady {
			wait = firstWait
		}
		p.Log.Warn("a child ended; it is started again", "child", p.Name, "err", err, "in", wait)
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return nil
		}
	}
}

// once runs the child to its end.
func (p *Process) once(ctx context.Context) error {
	cmd := exec.Command(p.Path, p.Args...)
	cmd.Stdout, cmd.Stderr = &lines{take: p.Line}, p.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C at the terminal reaches us alone
	cmd.Env = p.Env
	cmd.WaitDelay = time.Second
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return fmt.Errorf("start %s: %w", p.Name, err)
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", p.Name, err)
	}
	if p.Started != nil {
		p.Started(cmd.Process.Pid)
	}
	ended := make(chan error, 1)
	var wait sync.WaitGroup
	defer wait.Wait()
	wait.Go(func() { ended <- cmd.Wait() })
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	return p.stop(cmd, stdin, ended)
}

// stop asks twice, by end of input and by signal, and then no longer.
func (p *Process) stop(cmd *exec.Cmd, stdin io.Closer, ended <-chan error) error {
	_ = stdin.Close()
	_ = cmd.Process.Signal(syscall.SIGTERM)
	select {
	case err := <-ended:
		return err
	case <-time.After(Grace):
	}
	p.Log.Warn("a child did not end when asked; it is killed", "child", p.Name, "after", Grace)
	_ = cmd.Process.Kill()
	return <-ended
}

// lines hands on what is written to it line by line. A child that never breaks its line is cut.
type lines struct {
	take func([]byte)
	rest []byte
}

const maxLine = 64 << 10

func (l *lines) Write(b []byte) (int, error) {
	l.rest = append(l.rest, b...)
	for {
		line, tail, ok := bytes.Cut(l.rest, []byte("\n"))
		if !ok {
			break
		}
		if l.take != nil {
			l.take(line)
		}
		l.rest = tail
	}
	if len(l.rest) > maxLine {
		l.rest = nil
	}
	return len(b), nil
}
