package capture

import (
	"fmt"
	"sync"
	"time"
)

// slotRoom estimates when the source keeps as much WAL for the slot as it ever does (max_slot_wal_keep_size), by how
// fast that grew of late. Behind the limit the slot is lost, and everything is loaded again.
type slotRoom struct {
	mu   sync.Mutex
	seen []kept // the last of roomOver
	max  int64  // negative is without limit
}

// kept is how much WAL was kept at a time.
type kept struct {
	at    time.Time
	bytes int64
}

// roomOver is how far back growth is measured, roomLeast how far it must at least be known.
const (
	roomOver  = 5 * time.Minute
	roomLeast = 20 * time.Second
)

// Below this share of the limit, and with more time left, nothing is said.
const (
	roomShare = 0.7
	roomTime  = time.Hour
)

func (r *slotRoom) took(now time.Time, bytes, limit int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.max = limit
	r.seen = append(r.seen, kept{now, bytes})
	for now.Sub(r.seen[0].at) > roomOver {
		r.seen = r.seen[1:]
	}
}

// left is when the limit is reached if it goes on so; false if it does not grow, or there is no limit.
func (r *slotRoom) left() (time.Duration, bool) {
	if len(r.seen) == 0 || r.max < 0 {
		return 0, false
	}
	first, last := r.seen[0], r.seen[len(r.seen)-1]
	over, grown := last.at.Sub(first.at), last.bytes-first.bytes
	switch {
	case last.bytes >= r.max:
		return 0, true
	case over < roomLeast || grown <= 0:
		return 0, false
	}
	return time.Duration(min(float64(over)*float64(r.max-last.bytes)/float64(grown), float64(365*24*time.Hour))), true
}

// warns says how near the limit is, empty while it is far.
func (r *slotRoom) warns() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	left, fills := r.left()
	if len(r.seen) == 0 || r.max <= 0 {
		return ""
	}
	bytes := r.seen[len(r.seen)-1].bytes
	near := float64(bytes) >= roomShare*float64(r.max)
	if !near && (!fills || left > roomTime) {
		return ""
	}
	text := fmt.Sprintf("the source keeps %d MB of WAL for the slot, and %d MB at most (max_slot_wal_keep_size)", bytes/1_000_000, r.max/1_000_000)
	if fills {
		text += fmt.Sprintf(": as it grows that is reached in %s, and the slot is lost behind it", left.Round(time.Second))
	}
	return text
}
