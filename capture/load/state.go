// Package load copies the rows that are there already: ranges of a table's key, each read under one
// snapshot while the stream is held (design.md §2, H1 to H5), so that a chunk has one place in the
// ledger. What is done is known from the ledger alone; kill -9 costs at most the open chunk.
package load

import (
	"bytes"
	"fmt"

	"floe/pkg/event"
	"floe/pkg/ledger"
)

// State is how far the load of one table has come, as the ledger says.
//
//   - Next is the key behind which the next range begins; nil before the first range and when Ranges
//     join from −∞ to +∞ (Complete).
//   - A table is settled when Complete, Waiting is empty and the log has passed Until.
type State struct {
	Load     uint64
	Table    uint32
	Next     [][]byte
	Complete bool
	Loaded   bool
	Rows     uint64
	Until    event.LSN
	Snapshot string // of a table without a key
	Waiting  map[string]Moved
}

// Moved is a key to be read again (H3): the new key of a partial key-changing update.
type Moved [][]byte

// States are the loads of a job, by the source table's oid.
type States map[uint32]*State

// Begin opens a load of the table, from nothing.
func (s States) Begin(table uint32, load uint64) *State {
	st := &State{Load: load, Table: table, Waiting: map[string]Moved{}}
	s[table] = st
	return st
}

// Take applies a valid ledger entry.
func (s States) Take(e *ledger.Entry) error {
	switch {
	case e.Chunk != nil:
		return s.chunk(e.Chunk)
	case e.Loaded != nil:
		if st := s[e.Loaded.Table]; st != nil && st.Load == e.Loaded.Load {
			st.Loaded = true
		}
	case e.Commit != nil:
		for _, m := range e.Commit.Moved {
			s.Move(m.Table, m.Key)
		}
	}
	return nil
}

// Move records a key to be read again, unless its table is loaded.
func (s States) Move(table uint32, key [][]byte) {
	if st := s[table]; st != nil && !st.Loaded {
		st.Waiting[keyText(key)] = Moved(key)
	}
}

func (s States) chunk(c *ledger.Chunk) error {
	st := s[c.Table]
	if st == nil || st.Load != c.Load {
		st = s.Begin(c.Table, c.Load)
	}
	st.Rows += c.Rows
	st.Until = max(st.Until, c.Until)
	if c.Keys != nil {
		for _, k := range c.Keys {
			delete(st.Waiting, keyText(k))
		}
		return nil
	}
	if st.Complete || !equalKeys(c.After, st.Next) {
		return fmt.Errorf("load %d of table %d: a chunk begins at %q where the ranges end at %q", c.Load, c.Table, c.After, st.Next)
	}
	st.Next = c.Through
	st.Complete = c.Through == nil
	if c.Through == nil {
		st.Snapshot = c.Snapshot
	}
	return nil
}

// keyText is a key as a map's key: lengths keep ("a","bc") and ("ab","c") apart.
func keyText(key [][]byte) string {
	var b []byte
	for _, k := range key {
		b = fmt.Appendf(b, "%d:", len(k))
		b = append(b, k...)
	}
	return string(b)
}

func equalKeys(a, b [][]byte) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !bytes.Equal(a[i], b[i]) {
			return false
		}
	}
	return true
}

// Open reports whether a table is not loaded.
func (s States) Open() bool {
	for _, st := range s {
		if !st.Loaded {
			return true
		}
	}
	return false
}
