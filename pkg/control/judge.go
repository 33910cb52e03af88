package control

import (
	"fmt"

	"floe/pkg/ledger"
)

// becomes is what a command makes of a job.
var becomes = map[string]Run{ledger.VerbStart: Running, ledger.VerbResume: Running, ledger.VerbPause: Paused, ledger.VerbStop: Stopped}

// ConflictError is a command that the job's state does not allow.
type ConflictError struct{ Detail, Fix string }

func (e *ConflictError) Error() string { return e.Detail + "; " + e.Fix }

// Judge says whether sending one of start, pause, resume and stop would change nothing, and refuses what
// the job's state does not allow.
func (w *Wanted) Judge(verb string) (nothing bool, err error) {
	if w.Run == Deleted {
		return false, &ConflictError{fmt.Sprintf("it is %s", w.Who()), "floe delete ends what it began"}
	}
	if w.Run == Finished {
		return false, &ConflictError{fmt.Sprintf("it is %s", w.Who()), "floe delete removes what it left, floe job reset begins it anew"}
	}
	if w.Run == Stopped && verb != ledger.VerbStart && verb != ledger.VerbStop {
		return false, &ConflictError{fmt.Sprintf("it is %s", w.Who()), "floe start ends that"}
	}
	return w.Run == becomes[verb] && (verb != ledger.VerbStart || w.Started), nil
}
