package capture

import (
	"context"
	"errors"
	"fmt"
	"time"

	"floe/capture/decode"
	"floe/pkg/halt"
)

// Run captures until ctx ends. What passes by itself (a source that restarts, a slot in use) is tried
// again; a halt is reported and looked at again, so that it ends when its remedy was applied.
func Run(ctx context.Context, c Config) error {
	report, err := newReporter(c)
	if err != nil {
		return err
	}
	defer report.close()
	for wait := 50 * time.Millisecond; ; wait = min(2*wait, 5*time.Second) {
		began := time.Now()
		err := run(ctx, c, report)
		if ctx.Err() != nil {
			return nil
		}
		if errors.Is(err, errTakenOver) {
			return err
		}
		if time.Since(began) > 10*time.Second {
			wait = 50 * time.Millisecond
		}
		if halt.As(err) != nil {
			wait = 2 * time.Second
		}
		report.trouble(err)
		c.Log.Warn("capture starts again", "err", err, "in", wait)
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return nil
		}
	}
}

// errTakenOver ends a capture that read another one's higher epoch.
var errTakenOver = errors.New("another capture has taken over the job")

// run is one epoch: take the slot, place the Epoch and what is valid there, then the stream.
func run(ctx context.Context, c Config, report *reporter) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	s, err := start(ctx, c, report)
	if err != nil {
		return err
	}
	defer s.close()
	s.background(ctx, cancel)
	err = s.stream(ctx)
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.Canceled) {
		return cause
	}
	return err
}

// stream is the loop: messages in the order of the WAL become rows, rows become transactions,
// transactions become entries; between two transactions whoever waits for that gets its turn.
func (s *session) stream(ctx context.Context) error {
	mark := time.NewTicker(markEvery)
	defer mark.Stop()
	for {
		if s.between() {
			if err := s.turns(ctx); err != nil {
				return err
			}
		}
		select {
		case b, ok := <-s.wal.Batches():
			if !ok {
				return fmt.Errorf("stream: %w", s.wal.Err())
			}
			for i := range b.Messages {
				if err := s.message(ctx, b.Messages[i]); err != nil {
					return err
				}
			}
		case <-s.writer.Idle():
		case h := <-s.holds():
			if err := s.hold(ctx, h); err != nil {
				return err
			}
		case v := <-s.sampled():
			if err := s.placeSequences(v); err != nil {
				return err
			}
		case <-mark.C:
			if err := s.mark(); err != nil {
				return err
			}
		case <-s.writer.Done():
			return s.writer.Err()
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		if !s.writer.Busy() {
			if err := s.closeGroup(); err != nil {
				return err
			}
		}
	}
}

// change hands a decoded message to what it means.
func (s *session) change(m *decode.Message) error {
	switch m.Kind {
	case decode.Begin:
		s.begin(m)
	case decode.Commit:
		return s.commit(m)
	case decode.Relation:
		return s.relation(m)
	case decode.Insert, decode.Update, decode.Delete:
		return s.row(m)
	case decode.Truncate:
		return s.truncate(m)
	}
	return nil
}
