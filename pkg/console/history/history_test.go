package history

import (
	"testing"
	"time"
)

var began = time.Date(2026, 1, 2, 3, 0, 0, 0, time.UTC)

// Every resolution holds the same story: the worst latency, the mean rate, and no more than its span.
func TestEverySpanTellsTheSameStory(t *testing.T) {
	t.Parallel()
	h := New()
	const hours = 30
	var now time.Time
	for i := range hours * 3600 {
		now = began.Add(time.Duration(i) * time.Second)
		latency := 10 * time.Millisecond
		if i == hours*3600-7 {
			latency = 3 * time.Second
		}
		h.Add(Sample{At: now, Latency: latency, Known: true, Captured: 20, Applied: 10, Bytes: 1000, Took: time.Second, Kept: uint64(i)})
	}
	for _, s := range Spans {
		got := h.Points(s.Name, now)
		want := min(s.Steps, int(hours*time.Hour/s.Step)+1)
		if len(got) > s.Steps || len(got) < want-1 {
			t.Errorf("%s: %d points, want %d", s.Name, len(got), want)
		}
		worst := 0.0
		for i, p := range got {
			worst = max(worst, *p.LatencySeconds)
			if p.CapturedRows != 20 || p.AppliedRows != 10 || p.Bytes != 1000 {
				t.Errorf("%s: %+v", s.Name, p)
			}
			if i > 0 && p.At.Sub(got[i-1].At) != s.Step {
				t.Errorf("%s: %s follows %s", s.Name, p.At, got[i-1].At)
			}
		}
		if worst != 3 {
			t.Errorf("%s: the worst latency is %g", s.Name, worst)
		}
	}
	if c, a, b := h.Now(now); c != 20 || a != 10 || b != 1000 {
		t.Errorf("now %g %g %g", c, a, b)
	}
	if h.Points("1y", now) != nil {
		t.Error("a span that there is not has points")
	}
}

// What nobody saw is a gap; what is unknown is not 0.
func TestGapsAreNoZeros(t *testing.T) {
	t.Parallel()
	h := New()
	h.Add(Sample{At: began, Latency: time.Second, Known: true, Took: time.Second})
	h.Add(Sample{At: began.Add(30 * time.Minute), Took: time.Second})
	got := h.Points("1h", began.Add(31*time.Minute))
	if len(got) != 2 || got[0].LatencySeconds == nil || got[1].LatencySeconds != nil {
		t.Errorf("%+v", got)
	}
	if got := h.Points("1h", began.Add(2*time.Hour)); len(got) != 0 {
		t.Errorf("%d points are older than the span", len(got))
	}
	if c, _, _ := h.Now(began.Add(time.Hour)); c != 0 {
		t.Errorf("%g rows a second of an hour ago", c)
	}
}

// A service that starts again counts from 0, and nothing is lost or made up by that.
func TestCountsOutliveRestarts(t *testing.T) {
	t.Parallel()
	var c Counter
	sum := uint64(0)
	for _, x := range []struct {
		instance string
		n        uint64
	}{{"a", 1000}, {"a", 1010}, {"a", 1010}, {"b", 5}, {"b", 7}, {"b", 1}} {
		sum += c.Since(x.instance, x.n)
	}
	if sum != 10+5+2+1 {
		t.Errorf("counted %d", sum)
	}
}
