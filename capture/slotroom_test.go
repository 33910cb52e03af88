package capture

import (
	"strings"
	"testing"
	"time"
)

// What the source keeps for the slot is warned of when it is near its limit or soon will be, with the time that is
// left as it grew of late; not while it is far, shrinks, or has no limit.
func TestASlotThatFillsIsWarnedOf(t *testing.T) {
	t.Parallel()
	const mb = 1_000_000
	start := time.Unix(1_000_000, 0)
	for name, c := range map[string]struct {
		limit int64
		kept  []int64 // a minute apart
		says  string
	}{
		"far, and slow":           {1000 * mb, []int64{10 * mb, 11 * mb}, ""},
		"no limit":                {-1, []int64{10 * mb, 900 * mb}, ""},
		"soon":                    {1000 * mb, []int64{100 * mb, 200 * mb}, "keeps 200 MB of WAL for the slot, and 1000 MB at most (max_slot_wal_keep_size): as it grows that is reached in 8m0s"},
		"by the last minutes":     {1000 * mb, []int64{0, 0, 0, 0, 0, 0, 0, 100 * mb, 200 * mb, 300 * mb, 400 * mb, 500 * mb}, "is reached in 5m0s"},
		"near, and it shrinks":    {1000 * mb, []int64{900 * mb, 800 * mb}, "keeps 800 MB of WAL"},
		"was near":                {1000 * mb, []int64{900 * mb, 10 * mb}, ""},
		"full":                    {1000 * mb, []int64{1100 * mb}, "is reached in 0s"},
		"what one look says: far": {1000 * mb, []int64{500 * mb}, ""},
	} {
		var r slotRoom
		for i, n := range c.kept {
			r.took(start.Add(time.Duration(i)*time.Minute), n, c.limit)
		}
		if got := r.warns(); (got == "") != (c.says == "") || !strings.Contains(got, c.says) {
			t.Errorf("%s: %q, want %q", name, got, c.says)
		}
		if len(r.seen) > 7 {
			t.Errorf("%s: %d looks are remembered", name, len(r.seen))
		}
	}
}
