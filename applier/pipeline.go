package applier

import (
	"context"
	"errors"
	"fmt"
	"time"

	"floe/applier/assemble"
	"floe/applier/target"
	"floe/pkg/halt"
)

// Run applies until ctx ends. What passes by itself (a target that restarts, a deadlock, a broker that
// is away) is tried again from the checkpoint; a halt is reported and looked at again, so that it ends
// when its remedy was applied.
func Run(ctx context.Context, c Config) error {
	report, err := newReporter(c)
	if err != nil {
		return err
	}
	defer report.close()
	for wait := firstWait; ; wait = min(2*wait, 5*time.Second) {
		began := time.Now()
		err := run(ctx, &c, report)
		if ctx.Err() != nil {
			return nil
		}
		path := new(pathError)
		if errors.As(err, &path) {
			c.path = append(c.path[:len(c.path):len(c.path)], path.schema)
		}
		if path.schema != "" || errors.Is(err, errRest) || errors.Is(err, errRelaxed) {
			wait = firstWait
			continue
		}
		if errors.Is(err, target.ErrTakenOver) {
			if !c.Standby {
				return err
			}
			report.silent(true)
		}
		if time.Since(began) > 10*time.Second {
			wait = firstWait
		}
		if halt.As(err) != nil {
			wait = 2 * time.Second
		}
		report.trouble(err)
		c.Log.Warn("applier starts again", "err", err, "in", wait)
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return nil
		}
	}
}

const firstWait = 50 * time.Millisecond

// run goes on from the checkpoint, once the job is to run, until something fails or it is to rest.
func run(ctx context.Context, c *Config, report *reporter) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	sent, err := rest(ctx, c, report)
	if err != nil {
		return err
	}
	s, err := start(ctx, *c, report, sent)
	if err != nil {
		return err
	}
	defer func() { cancel(nil); s.close() }() // what runs beside ends with the context
	s.background(ctx, cancel)
	err = s.apply(ctx)
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.Canceled) {
		return cause
	}
	err = s.stands(err)
	return errors.Join(err, s.relax(ctx, err))
}

// apply is the loop: entries in the order of the ledger join the open batch or stand alone; the batch
// becomes true when it is full or nothing more is at hand.
func (s *session) apply(ctx context.Context) error {
	for {
		if err := s.heed(ctx); err != nil {
			return err
		}
		if s.rests() && !s.order.Big() {
			if err := s.order.Flush(ctx); err != nil {
				return err
			}
			return errRest
		}
		if waited, err := s.paced(ctx); err != nil {
			return err
		} else if waited {
			continue
		}
		e, err := s.next(ctx)
		if err != nil {
			return err
		}
		if e == nil {
			err = s.pause(ctx)
		} else {
			err = s.take(ctx, e)
		}
		if err != nil {
			return err
		}
		s.release()
	}
}

// take gives an entry to the order, and notes since when a batch waits for more.
func (s *session) take(ctx context.Context, e *assemble.Entry) error {
	if e.Commit != nil {
		s.behind = e.At-e.Commit.Time >= behindFrom.Microseconds()
	}
	if s.moved.IsZero() {
		s.moved = time.Now()
	}
	if err := s.order.Take(ctx, e); err != nil { // a commit of its own forgets when
		return err
	}
	if !s.order.Empty() && s.began.IsZero() {
		s.began = time.Now()
	}
	return nil
}

// pause makes the batch true when nothing more is at hand. The first time that it holds nothing either but
// a position, structure that failed before this start is tried again.
func (s *session) pause(ctx context.Context) error {
	idle := !s.order.Big() && s.order.Empty()
	if err := s.order.Flush(ctx); err != nil || !idle || !s.waits() {
		return err
	}
	s.retried = true
	return s.finishAgain(ctx)
}

// Commit moves the checkpoint and makes it and the open work true together. Once a second it also waits
// until the server has flushed them: up to there the log is needed no more (A1).
func (s *session) Commit(ctx context.Context, to target.Checkpoint) error {
	if err := s.setSequences(ctx, to.Offset); err != nil {
		return err
	}
	if err := s.recordSkips(ctx, to.Commit); err != nil {
		return err
	}
	flush := time.Since(s.flushedAt) >= flushEvery
	if flush {
		if err := s.db.Exec(ctx, target.Flushed); err != nil {
			return err
		}
	}
	if err := s.db.Commit(ctx, s.owner, to); err != nil {
		if target.Refused(err) { // by a deferred constraint
			return &halt.Error{Code: halt.ConstraintViolation, Err: err, Fix: fixRefused,
				Detail: fmt.Sprintf("the target refuses to commit what was applied through %s", to.Commit)}
		}
		return err
	}
	s.sampled, s.began, s.moved = nil, time.Time{}, time.Time{}
	s.skipped(to.Commit)
	if s.asks {
		var err error
		if s.asked, err = s.db.Asked(ctx, s.owner); err != nil {
			return err
		}
		s.asks = false
	}
	if flush {
		s.flushed, s.flushedAt = to.Offset, time.Now()
	}
	s.report.applied(s)
	return nil
}
