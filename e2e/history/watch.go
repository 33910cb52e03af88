package history

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"floe/e2e/rig"
	"floe/pkg/ident"
)

// Config says what is watched.
type Config struct {
	Source, Target string // URLs of the databases, around any proxy
	Job            string
	Tables         []ident.Name // there on the source, and empty
}

// Watch is a history that is recorded while its target is sampled.
type Watch struct {
	Config
	recorder *Recorder
	sampler  *Sampler
}

// Report is what a Watch saw.
type Report struct {
	Transactions, Samples int
	Commands              int // that changed columns
	// Moved is in how many samples the target had gone on; Partly, how many were taken while some table
	// was still being loaded.
	Moved, Partly int
	// Missed are attempts at a sample that gave none, by SQLSTATE; Took is the time of all.
	Missed map[string]int
	Took   time.Duration
}

func (r Report) String() string {
	return fmt.Sprintf("%d transactions, %d commands, %d samples, %d of them at another place than the one before, %d during the load; sampling took %s and missed %v", r.Transactions, r.Commands, r.Samples, r.Moved, r.Partly, r.Took.Round(time.Millisecond), r.Missed)
}

// Begin records and samples from here on.
func Begin(ctx context.Context, c Config) (*Watch, error) {
	r, err := Record(ctx, c.Source, c.Tables, false)
	if err != nil {
		return nil, err
	}
	return &Watch{c, r, Follow(ctx, c.Target, c.Job, r.model.Tables)}, nil
}

// Settled waits until every table is loaded: a command that writes a table anew has it loaded again.
func (w *Watch) Settled(ctx context.Context) error {
	return rig.Until(ctx, func() (bool, error) {
		s, err := Take(ctx, w.Target, w.Job, w.recorder.model.Tables)
		if err != nil && !passes(err) {
			return false, err
		}
		return err == nil && s != nil && !slices.Contains(s.Settled, false), nil
	})
}

// End judges what was seen. All that the source committed must have been applied by now.
func (w *Watch) End(ctx context.Context) (Report, error) {
	samples, err := w.sampler.Stop()
	last, lerr := Take(ctx, w.Target, w.Job, w.recorder.model.Tables)
	h, herr := w.recorder.Stop(ctx)
	if err := errors.Join(err, lerr, herr); err != nil {
		return Report{}, err
	}
	if last == nil {
		return Report{}, errors.New("the target holds no settled table")
	}
	samples = append(samples, *last)
	report := Report{Transactions: len(h.Prefixes) - 1, Commands: w.recorder.model.said, Samples: len(samples), Missed: w.sampler.missed, Took: w.sampler.took}
	for i := range samples {
		if i > 0 && samples[i].Commit != samples[i-1].Commit {
			report.Moved++
		}
		for _, settled := range samples[i].Settled {
			if !settled {
				report.Partly++
				break
			}
		}
	}
	if _, err := Judge(h, samples); err != nil {
		return report, fmt.Errorf("%w\n%s", err, around(err, samples))
	}
	return report, Complete(h, last)
}

// around shows what was seen before and behind the sample that is wrong: whether it stayed so.
func around(err error, samples []Sample) string {
	var v *ViolationError
	if !errors.As(err, &v) {
		return ""
	}
	var b strings.Builder
	for i := max(0, v.Number-3); i < min(len(samples), v.Number+6); i++ {
		s := &samples[i]
		fmt.Fprintf(&b, "    sample %d, %s, server since %s, checkpoint %s:", i, s.Time.Format("15:04:05.000"), s.Life, s.Commit)
		for t, p := range s.Prints {
			if s.Settled[t] {
				fmt.Fprintf(&b, " %d", p.Rows)
			} else {
				b.WriteString(" -")
			}
		}
		b.WriteString(" rows\n")
	}
	return b.String()
}

// Abandon ends a watch whose end nobody judges.
func (w *Watch) Abandon() {
	_, _ = w.sampler.Stop()
	w.recorder.stop()
	<-w.recorder.ended
	_ = w.recorder.conn.Close(context.Background())
}
