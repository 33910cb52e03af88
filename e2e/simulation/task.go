package simulation

import (
	"errors"
	"iter"
)

// errKilled is what everything gives that a killed process still asks for.
var errKilled = errors.New("killed")

// task is a thread of a simulated process. It runs only within step, up to its next pause.
type task struct {
	next  func() (struct{}, bool)
	stop  func()
	yield func(struct{}) bool
	done  bool
	err   error
}

func start(f func(*task) error) *task {
	t := &task{}
	t.next, t.stop = iter.Pull(func(yield func(struct{}) bool) {
		t.yield = yield
		t.err = f(t)
	})
	return t
}

// pause gives all others their turn. What a process does between two pauses nobody sees half done.
func (t *task) pause() error {
	if !t.yield(struct{}{}) {
		return errKilled
	}
	return nil
}

// step goes on to the next pause. It reports whether the task ended, with err.
func (t *task) step() bool {
	if t.done {
		return true
	}
	_, ok := t.next()
	t.done = !ok
	return t.done
}

// kill ends the task where it stands; whoever calls it sees to it that nothing that it still does counts.
func (t *task) kill() {
	if !t.done {
		t.done = true
		t.stop()
	}
}
