package applier

import (
	"errors"
	"testing"
	"time"

	"floe/applier/assemble"
	"floe/applier/batch"
	"floe/pkg/ledger"
	"floe/pkg/status"
)

// Marks that wait are no change that waits: on an idle source the latency is 0, however the marks and the
// checkpoint meet.
func TestLatencyIsThatOfChangesAndNotOfMarks(t *testing.T) {
	t.Parallel()
	s := &session{entries: make(chan *assemble.Entry, 2), order: &batch.Batcher{}}
	s.order.Now.SourceTime = time.Now().Add(-time.Minute).UnixMicro()
	r := &reporter{}
	mark, commit := &assemble.Entry{Entry: &ledger.Entry{Mark: &ledger.Mark{}}}, &assemble.Entry{Entry: &ledger.Entry{Commit: &ledger.Commit{}}}
	for _, step := range []struct {
		what  string
		do    func()
		waits bool
	}{
		{"nothing", func() {}, false},
		{"a mark", func() { s.count(mark, 1) }, false},
		{"a transaction behind it", func() { s.count(commit, 1) }, true},
		{"the transaction", func() { _, _ = s.taken(mark, true) }, true},
		{"nothing any more", func() { _, _ = s.taken(commit, true) }, false},
	} {
		step.do()
		if r.latency(s); (r.last.LatencyUs > 0) != step.waits {
			t.Errorf("while %s waits the latency is %d µs", step.what, r.last.LatencyUs)
		}
	}
}

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
