package capture

import (
	"strings"
	"testing"
	"time"

	"floe/pkg/status"
)

// Each limit holds the load alone, says by how much it is passed, and lets go below it.
func TestTheLoadRestsWhileALimitIsPassed(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_000_000, 0)
	for name, c := range map[string]struct {
		limits HoldLoad
		lag    time.Duration
		silent time.Duration
		is     around
		says   string
	}{
		"no limit":             {HoldLoad{}, time.Hour, time.Hour, around{1 << 40, 1000, time.Hour}, ""},
		"all below":            {HoldLoad{30 * time.Second, 100, 10, time.Minute}, 30 * time.Second, 0, around{100, 10, time.Minute}, ""},
		"an applier is behind": {HoldLoad{ApplierLag: 30 * time.Second}, 31 * time.Second, 0, around{}, "applier/main is 31s behind (applier_lag 30s)"},
		"an applier is away":   {HoldLoad{ApplierLag: 30 * time.Second}, 5 * time.Second, 40 * time.Second, around{}, "applier/main is 45s behind"},
		"a report is late":     {HoldLoad{ApplierLag: 5 * time.Second}, time.Second, 6 * time.Second, around{}, ""},
		"WAL is kept":          {HoldLoad{SlotBytes: 5_000_000}, 0, 0, around{kept: 7_000_000}, "keeps 7 MB of WAL (slot_bytes 5000000)"},
		"sessions work":        {HoldLoad{ActiveSessions: 2}, 0, 0, around{active: 3}, "3 sessions are at work on the source (active_sessions 2)"},
		"a transaction is old": {HoldLoad{OldestTransaction: time.Minute}, 0, 0, around{oldest: 90 * time.Second}, "open on the source for 1m30s (oldest_transaction 1m0s)"},
	} {
		p := &pressed{}
		p.limit(c.limits)
		if rests := p.rests(); (rests != "") != (c.limits != HoldLoad{}) {
			t.Errorf("%s: before the first look: %q", name, rests)
		}
		p.hears("capture", &status.Report{Role: "capture", LatencyUs: time.Hour.Microseconds()}, now)
		p.hears("applier/main", &status.Report{Role: "applier", LatencyUs: c.lag.Microseconds()}, now.Add(-c.silent))
		p.judge(c.is, now)
		if got := p.rests(); (got == "") != (c.says == "") || !strings.Contains(got, c.says) {
			t.Errorf("%s: %q, want %q", name, got, c.says)
		}
		rested := p.judge(around{}, now.Add(time.Second))
		if want := c.says != ""; (rested == time.Second) != want {
			t.Errorf("%s: it rested for %s", name, rested)
		}
	}
}
