package capture

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"

	"floe/capture/decode"
	"floe/capture/readback"
	"floe/capture/source"
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
	var stuck undecoded
	var held *source.HeldError
	for wait := firstWait; ; wait = min(2*wait, time.Minute) {
		began := time.Now()
		streamed, err := run(ctx, &c, report)
		err = stuck.name(diskFull(err), report.placed())
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, readback.ErrTakenOver) && !c.Standby:
			return err
		case errors.Is(err, readback.ErrTakenOver):
			report.silent(true)
			wait = firstWait
		case errors.Is(err, errNewEpoch), errors.Is(err, errSelection), errors.Is(err, errRest):
			wait = firstWait
			continue
		case halt.As(err) != nil && !streamed: // found before anything was written: looking again is cheap
			wait = 2 * time.Second
		case halt.As(err) != nil: // looking again costs an epoch
			wait = max(wait, 2*time.Second)
		case errors.As(err, &held): // whoever comes to the table waits behind this: seldom, then
			wait = max(wait, 5*time.Second)
		case time.Since(began) > 10*time.Second:
			wait = firstWait
		default:
			wait = min(wait, 5*time.Second)
		}
		report.trouble(err)
		c.Log.Warn("capture starts again", "err", err, "in", wait)
		if !report.rest(ctx, wait) {
			return nil
		}
	}
}

const firstWait = 50 * time.Millisecond

// diskFull names the one refusal by which a broker ends an epoch: the embedded one takes nothing while
// its disk is almost full.
func diskFull(err error) error {
	if !errors.Is(err, kerr.PolicyViolation) {
		return err
	}
	return &halt.Error{Code: halt.DiskFull, Detail: "the embedded broker's disk is almost full", Fix: "free space on the disk of the data directory; floe then goes on by itself", Err: err}
}

// errNewEpoch ends an epoch for the next one.
var errNewEpoch = errors.New("a new epoch is due")

// run is one epoch, once the job is to run: take the slot, place the Epoch and what is valid there, then the
// stream. streamed reports whether it came that far.
func run(ctx context.Context, c *Config, report *reporter) (streamed bool, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	sent, err := rest(ctx, c, report)
	if err != nil {
		return false, err
	}
	s, err := start(ctx, *c, report, sent)
	if err != nil {
		return false, err
	}
	defer s.close()
	defer cancel(nil) // before close, which waits for what runs beside the stream
	s.background(ctx, cancel)
	err = s.stream(ctx)
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.Canceled) {
		return true, cause
	}
	return true, err
}

// stream is the loop: messages in the order of the WAL become rows, rows become transactions,
// transactions become entries; between two transactions whoever waits for that gets its turn.
func (s *session) stream(ctx context.Context) error {
	mark := time.NewTicker(markEvery)
	defer mark.Stop()
	for {
		if s.order.Between() {
			switch {
			case s.rests():
				return s.endEpoch(ctx, errRest)
			case s.aged():
				return s.endEpoch(ctx, errNewEpoch)
			}
			if err := errors.Join(s.heed(), s.turns(ctx)); err != nil {
				return err
			}
		}
		select {
		case b, ok := <-s.batches():
			if !ok {
				return fmt.Errorf("stream: %w", s.wal.Err())
			}
			s.batch, s.taken = b, 0
		case <-s.writer.Idle():
		case <-s.trimmer.Changed():
		case <-s.called:
		case <-s.linger.C:
		case h := <-s.holds():
			if err := s.hold(ctx, h); err != nil {
				return err
			}
		case l := <-s.looked():
			if err := s.reconcile(ctx, l); err != nil {
				return err
			}
		case v := <-s.sampled():
			if err := s.placeSequences(v); err != nil {
				return err
			}
		case <-mark.C:
			if err := s.order.Mark(); err != nil {
				return err
			}
		case <-s.writer.Done():
			return s.writer.Err()
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		if err := s.messages(ctx); err != nil {
			return err
		}
		if s.due() {
			if err := s.order.Close(); err != nil {
				return err
			}
		}
	}
}

// change hands a decoded message to what it means.
func (s *session) change(ctx context.Context, m *decode.Message) error {
	switch m.Kind {
	case decode.Begin:
		s.order.Begin(m.Xid, m.CommitLSN, m.Time)
	case decode.Commit:
		return s.commit(m)
	case decode.Relation:
		s.relation(m)
	case decode.Insert, decode.Update, decode.Delete:
		return s.row(ctx, m)
	case decode.Truncate:
		return s.truncate(m)
	}
	return nil
}
