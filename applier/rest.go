package applier

import (
	"context"
	"errors"
	"fmt"
	"time"

	"floe/applier/target"
	"floe/pkg/control"
	"floe/pkg/overview"
	"floe/pkg/pg"
	"floe/pkg/status"
)

// errRest ends a session of a job that is to rest.
var errRest = errors.New("the job is to rest")

// partsWait is how long an applier that is to rest waits for the next part of an open big transaction. A
// capture that was killed within one brings none, and the target's rows must not stay locked.
const partsWait = 10 * time.Second

// rest waits until the job is to run, without a connection to the target, and returns what was commanded by
// then.
func rest(ctx context.Context, c *Config, report *reporter) (*control.Sent, error) {
	sent, err := control.Read(ctx, c.Kafka, c.Prefix)
	rests := false
	say := func(w control.Wanted, lacks string) {
		if !rests {
			c.Log.Info("applier rests", "state", string(w.Run), "who", w.Who(), "to_go_on", w.Ends())
			rests = true
			if w.Run == control.Ready { // nobody owns a job that never began
				report.silent(false)
			}
		}
		report.rests(w, lacks)
	}
	for err == nil && (c.AwaitStart || sent.Run != control.Running) {
		if sent.Run == control.Deleted {
			err = remove(ctx, c, report, sent)
			continue
		}
		if sent.Run != control.Running {
			err = sent.Rest(ctx, status.Every, func(w control.Wanted) { say(w, "") })
			continue
		}
		err = awaitStart(ctx, c, sent, say)
		report.silent(c.Standby)
		if err == nil && sent.Run == control.Running {
			c.AwaitStart = false // once is enough: what becomes of the log later is no new job
		}
	}
	if err == nil && rests {
		c.Log.Info("applier goes on", "who", sent.Who())
		report.starts()
	}
	return sent, err
}

// awaitStart waits for the start of a job that never began, and for capture's prechecks.
func awaitStart(ctx context.Context, c *Config, sent *control.Sent, say func(control.Wanted, string)) error {
	partner, err := overview.OpenPartner(c.Kafka, c.Prefix, "applier")
	if err != nil {
		return err
	}
	defer partner.Close()
	return sent.AwaitStart(ctx, status.Every, partner.Lacks, say)
}

// remove takes what floe keeps of the job on the target, says so once, and then does nothing more: the log
// goes next, and whoever still wrote to it would make it again.
func remove(ctx context.Context, c *Config, report *reporter, sent *control.Sent) error {
	conn, err := pg.Connect(ctx, c.Target, pg.Admin)
	if err != nil {
		return fmt.Errorf("connect to the target: %w", err)
	}
	removed, err := target.Remove(ctx, conn, c.Job)
	conn.Close(context.WithoutCancel(ctx)) //nolint:errcheck
	if err != nil {
		return err
	}
	c.Log.Info("the job is deleted; this service has nothing more to do", "who", sent.Who(), "removed", removed)
	if err := report.ends(ctx, sent.Wanted, removed); err != nil {
		return err
	}
	<-ctx.Done()
	return ctx.Err()
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
