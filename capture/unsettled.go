package capture

import (
	"slices"

	"floe/capture/load"
	"floe/capture/publish"
	"floe/capture/route"
	"floe/capture/snapshot"
	"floe/pkg/event"
	"floe/pkg/ledger"
)

// unsettled looks at the table's load. drop: a table without a key begins with its chunk, so changes
// that the chunk's snapshot holds, or that come before it, are not for the log, and those that come while
// it is read wait (H5). partial: partial key moves must be listed (H3).
func (s *session) unsettled(t *route.Table) (drop, partial bool, later *publish.Spans) {
	if !s.loading.Load() {
		return false, false, nil
	}
	s.update(func(st load.States) {
		l := st[t.Shape.OID]
		if l == nil || l.Loaded {
			return
		}
		partial = true
		if len(t.Shape.Key) > 0 {
			return
		}
		partial = false
		if !l.Complete {
			if drop = l.Beside == nil || l.Beside.Snapshot.Sees(s.order.Tx.Xid); !drop {
				later = l.Beside.Later()
			}
			return
		}
		snap, err := snapshot.Parse(l.Snapshot)
		drop = err == nil && snap.Sees(s.order.Tx.Xid)
	})
	return drop, partial, later
}

// beside reports whether a table without a key is being read while the stream goes on.
func (s *session) beside() (yes bool) {
	if s.loading.Load() {
		s.update(func(st load.States) {
			for _, l := range st {
				yes = yes || l.Beside != nil
			}
		})
	}
	return yes
}

// moved notes both keys of a partial key-changing update whose row may not be on the target yet.
func (s *session) moved(t *route.Table, row *event.Row) {
	was, now := keyOf(t, row.Before), keyOf(t, row.After)
	s.update(func(st load.States) {
		if st[t.Shape.OID].Lists(s.gate.At(), was, now) {
			st.Move(t.Shape.OID, now)
			s.order.Tx.Moved = append(s.order.Tx.Moved, ledger.Moved{Table: t.Shape.OID, Key: now})
		}
	})
}

func keyOf(t *route.Table, image []event.Datum) [][]byte {
	key := make([][]byte, len(t.Shape.Key))
	for i, k := range t.Shape.Key {
		key[i] = append([]byte{}, image[k].Text...)
	}
	return key
}

// Bounds of the moved keys in one entry, for it must fit into a record.
const (
	maxMoved      = 1000
	maxMovedBytes = 256 << 10
)

// list puts moved keys into a Commit; too many are not listed, their tables are read again.
func (s *session) list(c *ledger.Commit, moved []ledger.Moved) {
	size := 0
	for _, m := range moved {
		for _, k := range m.Key {
			size += len(k)
		}
	}
	if len(moved) <= maxMoved && size <= maxMovedBytes {
		c.Moved = moved
		return
	}
	for _, m := range moved {
		if !slices.Contains(c.Many, m.Table) {
			c.Many = append(c.Many, m.Table)
		}
	}
	s.update(func(st load.States) {
		for _, table := range c.Many {
			st.Again(table)
		}
	})
}
