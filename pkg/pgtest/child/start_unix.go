//go:build unix && !linux

package child

import (
	"os/exec"
	"syscall"
)

// attributes cannot ask for a parent-death signal here: only Linux has one.
func attributes(c Command) *syscall.SysProcAttr {
	a := &syscall.SysProcAttr{Setpgid: true}
	if c.User != nil {
		a.Credential = c.User.credential()
	}
	return a
}

func (p *Process) run(cmd *exec.Cmd, started chan<- error, done chan<- struct{}) {
	if err := cmd.Start(); err != nil {
		started <- err
		return
	}
	p.PID = cmd.Process.Pid
	started <- nil
	p.err = cmd.Wait()
	close(done)
}
