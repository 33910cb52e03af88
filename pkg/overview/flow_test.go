package overview

import (
	"testing"
	"time"

	"floe/pkg/status"
)

// Rates are those of the last ten seconds, of the process that runs now; silence is no rate of 0.
func TestFlowIsThatOfTheLastSeconds(t *testing.T) {
	t.Parallel()
	o, began := New(), time.Unix(1_000_000, 0)
	at := func(s int) time.Time { return began.Add(time.Duration(s) * time.Second) }
	say := func(key, role, instance string, s int, rows uint64) {
		o.Take(key, &status.Report{Role: role, Instance: instance, State: "SYNCING", At: at(s).UnixMicro(), Rows: rows, SourceLSN: 5000, FlushedLSN: 1000}, at(s))
	}
	want := func(s int, captured, applied float64) {
		t.Helper()
		f := o.Summary("x", at(s)).Flow
		for _, x := range []struct {
			got  *float64
			want float64
		}{{f.Captured, captured}, {f.Applied, applied}} {
			if (x.got == nil) != (x.want < 0) || x.got != nil && *x.got != x.want {
				t.Errorf("after %d s: %+v, want %v and %v", s, f, captured, applied)
			}
		}
	}
	want(0, -1, -1)
	say("capture", "capture", "a", 0, 0)
	want(0, -1, -1)
	for s := range 30 { // 100 a second, then 40
		say("capture", "capture", "a", s+1, uint64(min(s+1, 15)*100+max(0, s-14)*40))
		say("applier/main", "applier", "b", s+1, uint64(30*s))
		say("applier/other", "applier", "c", s+1, uint64(20*s))
	}
	want(30, 40, 20)
	if f := o.Summary("x", at(30)).Flow; f.Kept == nil || *f.Kept != 4000 || f.Blocked != 0 {
		t.Errorf("%+v", f)
	}
	say("capture", "capture", "another", 31, 7)
	want(31, -1, 20)
	say("capture", "capture", "another", 33, 27)
	want(33, 10, 20)
	want(40, -1, -1)
}

// The parts of the latency are those of the services that see them: none while nothing waits, and the silent
// one's grows.
func TestLatencyIsSplitByHop(t *testing.T) {
	t.Parallel()
	o, at := New(), time.Unix(1_000_000, 0)
	o.Take("capture", &status.Report{Role: "capture", Instance: "a", State: "SYNCING", Hops: status.Hops{SourceUs: 100_000, KafkaUs: 200_000}}, at)
	if h := o.Summary("x", at).Hops; h != nil {
		t.Errorf("of a latency that nobody knows: %+v", h)
	}
	applier := func(latency int64, at time.Time) {
		o.Take("applier/main", &status.Report{Role: "applier", Instance: "b", State: "SYNCING", LatencyUs: latency, Hops: status.Hops{TargetUs: 500_000}}, at)
	}
	for _, c := range []struct {
		latency int64
		now     int
		want    Hops
	}{{0, 0, Hops{}}, {800_000, 0, Hops{0.1, 0.2, 0.5}}, {800_000, 10, Hops{10.1, 0.2, 0.5}}} {
		now := at.Add(time.Duration(c.now) * time.Second)
		applier(c.latency, now)
		if h := o.Summary("x", now).Hops; h == nil || *h != c.want {
			t.Errorf("latency %d µs, after %d s: %+v, want %+v", c.latency, c.now, h, c.want)
		}
	}
	if h := o.Summary("x", at.Add(20*time.Second)).Hops; h.Target != 10.5 {
		t.Errorf("of an applier that is silent: %+v", h)
	}
}
