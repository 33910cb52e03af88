package overview

import (
	"slices"
	"time"

	"floe/pkg/status"
)

// Flow is what goes through the job now. What nobody knows is null.
type Flow struct {
	// Captured and Applied are changes of rows in a second, over the last ten: those of the target that applies least.
	Captured *float64 `json:"captured_rows_per_second"`
	Applied  *float64 `json:"applied_rows_per_second"`
	// Kept is the WAL that the source has and the log does not safely have.
	Kept *uint64 `json:"wal_kept_bytes"`
	// Blocked are tables, or targets, that wait for their operator.
	Blocked int `json:"blocked"`
}

// paceOver is how long a pace is looked at: a second more or less in it is not seen.
const paceOver = 10 * time.Second

// pace is what a service counted, report by report, each on its own clock.
type pace struct {
	instance string
	counts   []count
}

type count struct{ at, rows int64 }

// take forgets what another process counted, and what is too old but for the last of it.
func (p *pace) take(r *status.Report) {
	c := count{r.At, int64(r.Rows)}
	if n := len(p.counts); r.Instance != p.instance || n > 0 && (c.rows < p.counts[n-1].rows || c.at < p.counts[n-1].at) {
		p.instance, p.counts = r.Instance, nil
	}
	p.counts = append(p.counts, c)
	for len(p.counts) > 2 && c.at-p.counts[1].at > paceOver.Microseconds() {
		p.counts = p.counts[1:]
	}
}

// rate is changes in a second; nil before there are two reports.
func (p *pace) rate() *float64 {
	if p == nil || len(p.counts) < 2 {
		return nil
	}
	first, last := p.counts[0], p.counts[len(p.counts)-1]
	took := time.Duration(last.at-first.at) * time.Microsecond
	if took <= 0 {
		return nil
	}
	v := float64(last.rows-first.rows) / took.Seconds()
	return &v
}

// flow leaves out services that are silent: what they did is over.
func (o *Overview) flow(tables []Table, now time.Time) (f Flow) {
	for key, p := range o.paces {
		r := o.Appliers[key]
		captures := o.Capture != nil && r == nil
		if captures {
			r = o.Capture
		}
		if r == nil || o.Age(r, now) > Stale {
			continue
		}
		switch v := p.rate(); {
		case captures:
			f.Captured = v
		case v != nil && (f.Applied == nil || *v < *f.Applied):
			f.Applied = v
		}
	}
	if c := o.Capture; c != nil && c.FlushedLSN > 0 && slices.Contains(progress, c.State) && o.Age(c, now) <= Stale { // else it does not see what the source writes
		kept := uint64(max(c.SourceLSN, c.FlushedLSN) - c.FlushedLSN)
		f.Kept = &kept
	}
	for _, t := range tables {
		if t.State == "blocked" {
			f.Blocked++
		}
	}
	targets := 0
	for _, r := range o.Appliers {
		if r.Blocked != nil {
			targets++
		}
	}
	f.Blocked = max(f.Blocked, targets)
	return f
}
