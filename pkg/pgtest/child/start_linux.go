package child

import (
	"os/exec"
	"runtime"
	"syscall"
)

// attributes puts the child into a process group of its own, so that Ctrl-C at our terminal
// reaches us alone and we stop it in order.
func attributes(c Command) *syscall.SysProcAttr {
	a := &syscall.SysProcAttr{Setpgid: true, Pdeathsig: c.Orphaned}
	if c.User != nil {
		a.Credential = c.User.credential()
	}
	return a
}

// run starts the command and stays with it. The kernel sends the parent-death signal when the
// *thread* that forked ends, not the process (golang/go#27505): the thread is kept for as long
// as the child lives.
func (p *Process) run(cmd *exec.Cmd, started chan<- error, done chan<- struct{}) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := cmd.Start(); err != nil {
		started <- err
		return
	}
	p.PID = cmd.Process.Pid
	started <- nil
	p.err = cmd.Wait()
	close(done)
}
