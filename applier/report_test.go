package applier

import (
	"errors"
	"testing"
	"time"

	"floe/pkg/status"
)

// A latency is known and grows while nothing can be applied; it says how long that has been so, not since
// the last try.
func TestLatencyGrowsWhileNothingCanBeApplied(t *testing.T) {
	t.Parallel()
	r := &reporter{standby: true, last: status.Report{State: "SYNCING", LatencyUs: 5000}}
	began := time.Now()
	r.trouble(errors.New("the target is away"))
	r.trouble(errors.New("still away"))
	r.busy = began.Add(time.Minute) // a later try
	out := r.last
	r.stalled(&out, began.Add(time.Hour))
	if lag := time.Duration(out.LatencyUs) * time.Microsecond; lag < 59*time.Minute+59*time.Second || lag > time.Hour+time.Second {
		t.Errorf("an hour after the trouble began the latency is %s", lag)
	}
}
