package applier

import (
	"context"
	"errors"
	"time"

	"floe/pkg/control"
	"floe/pkg/status"
)

// errRest ends a session of a job that is to rest.
var errRest = errors.New("the job is to rest")

// partsWait is how long an applier that is to rest waits for the next part of an open big transaction. A
// capture that was killed within one brings none, and the target's rows must not stay locked.
const partsWait = 10 * time.Second

// rest waits while the job is paused or stopped, without a connection to the target, and returns what was
// commanded by then.
func rest(ctx context.Context, c Config, report *reporter) (*control.Sent, error) {
	sent, err := control.Read(ctx, c.Kafka, c.Prefix)
	if err != nil || sent.Run == control.Running {
		return sent, err
	}
	c.Log.Info("applier rests", "state", string(sent.Run), "who", sent.Who())
	if err := sent.Rest(ctx, status.Every, report.rests); err != nil {
		return nil, err
	}
	c.Log.Info("applier goes on", "who", sent.Who())
	report.starts()
	return sent, nil
}

// obey takes up what was sent so far.
func (s *session) obey(sent *control.Sent) {
	s.sent = sent
	s.hear(sent.Wanted)
}

// hear is how a session knows what is wanted. What it does about it is the applying goroutine's.
func (s *session) hear(w control.Wanted) {
	s.wanted.Store(&w)
	s.report.obeyed(w.Next)
	select {
	case s.called <- struct{}{}:
	default:
	}
}

// heed takes up bounds that commands changed, from the next batch on, and what is to be replayed.
func (s *session) heed(ctx context.Context) error {
	w := s.wanted.Load()
	if w != s.heeded {
		s.heeded = w
		s.order.Rows, s.batchWait = control.Or(w.Set.BatchRows, s.Config.BatchRows), control.Or(w.Set.BatchWait, s.Config.BatchWait)
		s.pace.set(control.Or(w.Set.ApplyRows, s.Config.Rows), control.Or(w.Set.ApplyMBps, s.Config.MBps)*1_000_000)
		if s.pace.rows > 0 { // a batch is no more than a second's
			s.order.Rows = min(s.order.Rows, s.pace.rows)
		}
	}
	return s.replays(ctx, w)
}

// rests reports whether the job is to rest.
func (s *session) rests() bool { return s.wanted.Load().Run != control.Running }
