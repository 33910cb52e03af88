// Package history keeps what a job's latency and throughput were, at five resolutions, in bounded
// memory: the last hour finely, the last week coarsely. It is pure and knows no clock. What nobody saw
// (the console was down) is a gap, not a zero.
package history

import "time"

// Span is one resolution.
type Span struct {
	Name  string
	Step  time.Duration
	Steps int
}

// Spans are the resolutions, the finest first.
var Spans = []Span{{"1m", time.Second, 60}, {"1h", 10 * time.Second, 360}, {"6h", time.Minute, 360}, {"24h", 4 * time.Minute, 360}, {"7d", 28 * time.Minute, 360}}

// Sample is what was seen since the last one.
type Sample struct {
	At time.Time
	// Latency is how far the target is behind; Known whether anybody knows.
	Latency time.Duration
	Known   bool
	// Captured and Applied are changes of rows, Bytes those placed in the log, Took the time it took.
	Captured, Applied, Bytes uint64
	Took                     time.Duration
	// Kept is the WAL that the source keeps for the job.
	Kept uint64
}

// Point is one step: the worst latency within it, the mean rates, the most WAL.
type Point struct {
	At             time.Time `json:"at"`
	LatencySeconds *float64  `json:"latency_seconds"`
	CapturedRows   float64   `json:"captured_rows_per_second"`
	AppliedRows    float64   `json:"applied_rows_per_second"`
	Bytes          float64   `json:"bytes_per_second"`
	KeptBytes      uint64    `json:"wal_kept_bytes"`
}

// History is what was seen. It belongs to one goroutine.
type History struct{ rings [][]bucket }

// bucket sums up one step; n is its number since the epoch, so that an old one is known.
type bucket struct {
	n                        int64
	latency                  time.Duration
	known, seen              bool
	captured, applied, bytes uint64
	took                     time.Duration
	kept                     uint64
}

// New is a history of nothing.
func New() *History {
	h := &History{}
	for _, s := range Spans {
		h.rings = append(h.rings, make([]bucket, s.Steps))
	}
	return h
}

// Add takes a sample.
func (h *History) Add(x Sample) {
	for i, s := range Spans {
		n := x.At.UnixNano() / int64(s.Step)
		b := &h.rings[i][n%int64(s.Steps)]
		if b.n != n || !b.seen {
			*b = bucket{n: n, seen: true}
		}
		if x.Known {
			b.latency, b.known = max(b.latency, x.Latency), true
		}
		b.captured, b.applied, b.bytes = b.captured+x.Captured, b.applied+x.Applied, b.bytes+x.Bytes
		b.took, b.kept = b.took+x.Took, max(b.kept, x.Kept)
	}
}

// Points returns the steps of a span that something was seen in, the oldest first; nil for a span that
// there is not.
func (h *History) Points(span string, now time.Time) []Point {
	for i, s := range Spans {
		if s.Name == span {
			return points(h.rings[i], s, now)
		}
	}
	return nil
}

func points(ring []bucket, s Span, now time.Time) []Point {
	out := []Point{}
	last := now.UnixNano() / int64(s.Step)
	for n := last - int64(s.Steps) + 1; n <= last; n++ {
		b := &ring[n%int64(s.Steps)]
		if b.n != n || !b.seen {
			continue
		}
		p := Point{At: time.Unix(0, n*int64(s.Step)).UTC(), KeptBytes: b.kept,
			CapturedRows: rate(b.captured, b.took), AppliedRows: rate(b.applied, b.took), Bytes: rate(b.bytes, b.took)}
		if b.known {
			l := b.latency.Seconds()
			p.LatencySeconds = &l
		}
		out = append(out, p)
	}
	return out
}

func rate(n uint64, took time.Duration) float64 {
	if took <= 0 {
		return 0
	}
	return float64(n) / took.Seconds()
}

// Now is the mean rates of the last seconds.
func (h *History) Now(now time.Time) (captured, applied, bytes float64) {
	const over = 5
	var b bucket
	last := now.UnixNano() / int64(Spans[0].Step)
	for n := last - over + 1; n <= last; n++ {
		if x := &h.rings[0][n%int64(Spans[0].Steps)]; x.seen && x.n == n {
			b.captured, b.applied, b.bytes, b.took = b.captured+x.captured, b.applied+x.applied, b.bytes+x.bytes, b.took+x.took
		}
	}
	return rate(b.captured, b.took), rate(b.applied, b.took), rate(b.bytes, b.took)
}

// Counter turns a count that begins anew with its service into what came since it was last looked at.
type Counter struct {
	instance string
	last     uint64
	begun    bool
}

// Since returns what came since the last look: nothing at the first, all of it after a restart.
func (c *Counter) Since(instance string, now uint64) uint64 {
	was, begun, same := c.last, c.begun, c.instance == instance && now >= c.last
	c.instance, c.last, c.begun = instance, now, true
	switch {
	case !begun:
		return 0
	case !same:
		return now
	}
	return now - was
}
