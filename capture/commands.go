package capture

import (
	"context"
	"errors"

	"floe/pkg/control"
)

// errSelection ends a session whose selection a command changed: the next one begins with what was asked
// for. errRest ends one of a job that is to rest.
var (
	errSelection = errors.New("a command changed the selection")
	errRest      = errors.New("the job is to rest")
)

// obey takes up what was sent so far.
func (s *session) obey(sent *control.Sent) {
	s.sent, s.Includes = sent, sent.Selection(s.Includes)
	s.take(sent.Wanted)
}

// take is how a session knows what is wanted. What it does about it is the stream's, between two
// transactions.
func (s *session) take(w control.Wanted) {
	s.wanted.Store(&w)
	s.report.obeyed(w.Next)
	select {
	case s.called <- struct{}{}:
	default:
	}
}

// commands takes up those that come. Only a changed selection ends the session for a command alone.
func (s *session) commands(ctx context.Context) error {
	began := s.sent.Wanted
	return s.sent.Follow(ctx, func(w control.Wanted) error {
		if !w.Selects(&began) {
			s.Log.Info("the selection is read again")
			return errSelection
		}
		s.take(w)
		return nil
	})
}

// rests reports whether the job is to rest.
func (s *session) rests() bool { return s.wanted.Load().Run != control.Running }
