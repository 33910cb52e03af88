package simulation

import (
	"floe/pkg/event"
)

// Sizes of the world.
const (
	tables = 3 // the last one is not selected
	keys   = 6
	chosen = tables - 1
)

// state is all rows of the source: values by table and key, 0 for none, and versions of tables.
type state struct {
	rows    [tables][keys]int
	version [tables]int
}

// change is one change of a transaction: a row's, or with key -1 of the table's version.
type change struct {
	table, key, value int // value 0 deletes
	was               int
}

// transaction is one commit in the WAL.
type transaction struct {
	xid         uint32
	commit, end event.LSN
	changes     []change
	after       state
	visible     bool // to snapshots
}

// slot is the replication slot; owner is the connection that streams from it.
type slot struct {
	confirmed event.LSN
	owner     *connection
}

// connection is a walsender; dropped, its slot is free. The other side may not hear of it for some turns, and
// what was sent before still comes.
type connection struct {
	alive  bool
	silent int
	sent   event.LSN // once it is dropped
}

// brings is the next transaction to come behind lsn, nil if there is none yet.
func (c *connection) brings(s *source, lsn event.LSN) (*transaction, error) {
	heard, err := c.heard()
	t := s.next(lsn)
	if err != nil || t == nil || !heard && t.end > c.sent {
		return nil, err
	}
	return t, nil
}

// heard reports whether something can come: until the other side hears of the end, nothing does.
func (c *connection) heard() (bool, error) {
	switch {
	case c.alive:
		return true, nil
	case c.silent > 0:
		c.silent--
		return false, nil
	}
	return false, errStream
}

// source is the source's server.
type source struct {
	w    *world
	at   event.LSN
	txs  []*transaction
	slot *slot
	last int // value given
	xid  uint32
}

func (s *source) now() state {
	if len(s.txs) == 0 {
		return state{}
	}
	return s.txs[len(s.txs)-1].after
}

// commit adds a transaction. What it touches of another one it has waited for: locks are let go when a commit
// is visible.
func (s *source) commit() {
	r, n := s.w.rng, 1+s.w.rng.IntN(4)
	if r.IntN(5) == 0 {
		n = 6 + r.IntN(9)
	}
	s.xid++
	t := &transaction{xid: s.xid, commit: s.at, end: s.at + 8, after: s.now()}
	for range n {
		c := change{table: r.IntN(tables), key: r.IntN(keys)}
		switch c.was = t.after.rows[c.table][c.key]; {
		case r.IntN(25) == 0 && c.table < chosen && t.after.version[c.table] < 5:
			c.key = -1
			t.after.version[c.table]++
		case c.was != 0 && r.IntN(3) == 0:
			t.after.rows[c.table][c.key] = 0
		default:
			s.last++
			c.value = s.last
			t.after.rows[c.table][c.key] = c.value
		}
		t.changes = append(t.changes, c)
		s.see(c)
	}
	s.at += 8 + event.LSN(1+r.IntN(20))
	s.txs = append(s.txs, t)
	s.w.note("commit", int64(t.commit), int64(n))
}

// see makes earlier transactions visible that changed the same.
func (s *source) see(c change) {
	for _, t := range s.txs {
		for _, was := range t.changes {
			if was.table == c.table && (was.key == c.key || was.key < 0 || c.key < 0) {
				t.visible = true
			}
		}
	}
}

// snapshot is what a reader sees now: the rows of visible transactions, and which those are.
func (s *source) snapshot() (rows state, sees map[uint32]bool) {
	sees = map[uint32]bool{}
	for _, t := range s.txs {
		if !t.visible {
			continue
		}
		sees[t.xid] = true
		for _, c := range t.changes {
			if c.key < 0 {
				rows.version[c.table]++
			} else {
				rows.rows[c.table][c.key] = c.value
			}
		}
	}
	return rows, sees
}

// before is the source behind the last transaction that had ended at lsn.
func (s *source) before(lsn event.LSN) state {
	var out state
	for _, t := range s.txs {
		if t.end > lsn {
			break
		}
		out = t.after
	}
	return out
}

// next is the first transaction that ends behind lsn.
func (s *source) next(lsn event.LSN) *transaction {
	for _, t := range s.txs {
		if t.end > lsn {
			return t
		}
	}
	return nil
}

// drop cuts the connection that holds the slot.
func (s *source) drop() {
	if s.slot != nil && s.slot.owner != nil {
		s.slot.owner.alive, s.slot.owner.silent, s.slot.owner.sent = false, max(0, s.w.rng.IntN(120)-60), s.at
		s.slot.owner = nil
		s.w.note("cut")
	}
}
