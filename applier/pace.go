package applier

import (
	"context"
	"time"

	"floe/pkg/event"
)

// pace keeps what is applied below so many rows and bytes in a second; 0 is without bound.
type pace struct {
	rows, bytes int
	until       time.Time // when what was applied is paid for
}

// set changes the bounds. What was applied under others is forgiven.
func (p *pace) set(rows, bytes int) {
	if p.rows != rows || p.bytes != bytes {
		*p = pace{rows: rows, bytes: bytes}
	}
}

// took notes rows that were applied.
func (p *pace) took(now time.Time, rows []*event.Row) {
	var cost time.Duration
	if p.rows > 0 {
		cost = time.Duration(len(rows)) * time.Second / time.Duration(p.rows)
	}
	if p.bytes > 0 {
		n := 0
		for _, r := range rows {
			n += size(r)
		}
		cost = max(cost, time.Duration(float64(n)/float64(p.bytes)*float64(time.Second)))
	}
	if p.until.Before(now) {
		p.until = now
	}
	p.until = p.until.Add(cost)
}

// left is how long to wait.
func (p *pace) left(now time.Time) time.Duration {
	if p.rows == 0 && p.bytes == 0 {
		return 0
	}
	return p.until.Sub(now)
}

// paced waits for a part of the time, or for a command, and reports whether it did.
func (s *session) paced(ctx context.Context) (waited bool, err error) {
	wait := s.pace.left(time.Now())
	if wait <= 0 {
		return false, nil
	}
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-t.C:
	case <-s.called:
	case <-ctx.Done():
		return true, ctx.Err()
	}
	return true, nil
}
