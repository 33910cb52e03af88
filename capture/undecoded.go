package capture

import (
	"errors"
	"strings"

	"floe/capture/wal"
	"floe/pkg/halt"
)

// undecoded tells a source that cannot decode its own WAL (an internal error, again and again at one place) from one whose
// internal error passes, as while commands change its catalog.
type undecoded struct {
	said   string
	placed uint64
	times  int
}

// undecodedTimes is how often the same error has to end the stream before it is taken to stay.
const undecodedTimes = 3

// name returns the halt that err is, or err; placed is how far the log has come.
func (u *undecoded) name(err error, placed uint64) error {
	var ended *wal.EndedError
	if !errors.As(err, &ended) || !strings.HasPrefix(ended.Err.Code, "XX") {
		u.times = 0
		return err
	}
	if u.times == 0 || u.said != ended.Err.Message || u.placed != placed {
		*u = undecoded{said: ended.Err.Message, placed: placed}
	}
	if u.times++; u.times < undecodedTimes {
		return err
	}
	return &halt.Error{Code: halt.WALUndecodable, Err: err, Fix: halt.Reset,
		Detail: "the source's server cannot decode its own WAL for the job's slot, and ends the stream at the same place each time"}
}
