package capture

import (
	"context"
	"time"
)

// daily is how often an epoch ends by itself. Worn, it ends sooner: the ledger alone fills the log, and
// only another Epoch lets it be trimmed.
const (
	daily    = 24 * time.Hour
	wornFrom = 2 * time.Second
)

// aged reports whether there should be a new Epoch.
func (s *session) aged() bool {
	every := s.EpochEvery
	if every == 0 {
		every = daily
	}
	whole := time.Duration(s.whole.Load())
	if whole == 0 { // ended before, and again, on a machine that takes long to begin, there would never be one to trim up to
		return false
	}
	age := time.Since(s.began) - whole
	return age >= every || age >= wornFrom && s.trimmer.Worn()
}

// endEpoch leaves nothing unplaced and lets go of the slot; the next start places what is valid again,
// under an Epoch of its own.
func (s *session) endEpoch(ctx context.Context, why error) error {
	if err := s.order.Close(); err != nil {
		return err
	}
	if err := s.writer.Below(ctx, 1); err != nil {
		return err
	}
	s.Log.Info("the epoch ends", "epoch", s.epoch, "after", time.Since(s.began).Round(time.Second), "why", why)
	return why
}
