// Package snapshot reads PostgreSQL's snapshots (pg_current_snapshot, txid_current_snapshot) and
// says which transactions they see. It is pure; a chunk's place in the ledger hangs on it.
package snapshot

import (
	"fmt"
	"strconv"
	"strings"
)

// Snapshot is the text form xmin:xmax:xip,xip,… read: transactions below Min had ended, those at or
// above Max had not begun to be visible, those in Running were in progress. All are 64-bit ids, the
// epoch included.
type Snapshot struct {
	Min, Max uint64
	Running  map[uint64]struct{}
	Text     string
}

// Parse reads the text form.
func Parse(s string) (Snapshot, error) {
	parts := strings.Split(s, ":")
	if len(parts) != 3 {
		return Snapshot{}, fmt.Errorf("snapshot %q: want xmin:xmax:xip", s)
	}
	min, err1 := strconv.ParseUint(parts[0], 10, 64)
	max, err2 := strconv.ParseUint(parts[1], 10, 64)
	if err1 != nil || err2 != nil || min > max {
		return Snapshot{}, fmt.Errorf("snapshot %q: want xmin:xmax:xip", s)
	}
	snap := Snapshot{Min: min, Max: max, Running: map[uint64]struct{}{}, Text: s}
	if parts[2] == "" {
		return snap, nil
	}
	for _, x := range strings.Split(parts[2], ",") {
		id, err := strconv.ParseUint(x, 10, 64)
		if err != nil {
			return Snapshot{}, fmt.Errorf("snapshot %q: transaction %q is not a number", s, x)
		}
		snap.Running[id] = struct{}{}
	}
	return snap, nil
}

// Widen gives a transaction id of the replication protocol, 32 bits, the epoch that puts it next to
// this snapshot: ids further than 2^31 from Max cannot be alive at the same time.
func (s Snapshot) Widen(xid uint32) uint64 {
	wide := s.Max&^0xffffffff | uint64(xid)
	switch {
	case wide > s.Max && wide-s.Max > 1<<31 && wide >= 1<<32:
		return wide - 1<<32
	case wide < s.Max && s.Max-wide > 1<<31:
		return wide + 1<<32
	}
	return wide
}

// Sees reports whether a committed transaction is visible in the snapshot.
func (s Snapshot) Sees(xid uint32) bool {
	wide := s.Widen(xid)
	if wide < s.Min {
		return true
	}
	if wide >= s.Max {
		return false
	}
	_, running := s.Running[wide]
	return !running
}
