// Package load copies the rows that are there already: ranges of a table's key, each read under one
// snapshot while the stream is held (design.md §2, H1 to H5), so that a chunk has one place in the
// ledger. What is done is known from the ledger alone; kill -9 costs at most the open chunk.
package load

import (
	"bytes"
	"fmt"
	"slices"

	"floe/pkg/event"
	"floe/pkg/ledger"
)

// State is how far the load of one table has come, as the ledger says.
//
//   - Open are the ranges that are not read, in the order of the key. A load begins with one from −∞ to
//     +∞; a chunk takes the beginning of one, and when none is left the chunks join (Complete).
//   - Under Replace the target has rows of the table already: every range also deletes what it does not
//     hold. A load stays what it began as, however often it begins again before it is Loaded.
//   - A table is settled when Complete, Waiting is empty and the log has passed Until.
type State struct {
	Load     uint64
	Table    uint32
	Open     []ledger.Range
	Complete bool
	Loaded   bool
	Replace  bool
	Asked    bool // by a command; so are those that begin before it is over
	Rows     uint64
	Until    event.LSN
	Snapshot string // of a table without a key
	// Beside is set while a table without a key is read and the stream goes on. It is not in the log: a
	// load that ends there begins again.
	Beside  *Beside
	Waiting map[string]Moved
	// Heeded is how many commands had been taken up when this load, or one of the table before it, began.
	Heeded int
	ledger.Filed
}

// Moved is a key to be read again (H3): the new key of a partial key-changing update.
type Moved [][]byte

// States are the loads of a job, by the source table's oid.
type States map[uint32]*State

// Begin opens a load of the table, from nothing.
func (s States) Begin(table uint32, load uint64) *State {
	st := &State{Load: load, Table: table, Open: []ledger.Range{{}}, Waiting: map[string]Moved{}}
	if was := s[table]; was != nil {
		st.Heeded, st.Filed = was.Heeded, was.Filed
	}
	s[table] = st
	return st
}

// Reload opens another load of a table, which replaces what the target has of it: its rows may differ
// from what the log says of them.
func (s States) Reload(table uint32) *State {
	load := uint64(1)
	if was := s[table]; was != nil {
		load = was.Load + 1
	}
	asked := s[table] != nil && s[table].Asked
	st := s.Begin(table, load)
	st.Replace, st.Asked = true, asked
	return st
}

// Take applies a valid ledger entry.
func (s States) Take(e *ledger.Entry) error {
	switch {
	case e.Chunk != nil:
		return s.chunk(e.Chunk)
	case e.Loaded != nil:
		st := s[e.Loaded.Table]
		if st == nil { // the job began without a load
			st = s.Begin(e.Loaded.Table, e.Loaded.Load)
			st.Complete = true
		}
		st.Loaded = st.Loaded || st.Load == e.Loaded.Load
		st.Asked = st.Asked && !st.Loaded
	case e.Commit != nil:
		for _, table := range e.Commit.Many {
			s.Again(table)
		}
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

// Ask has a key read again that an applier missed; a table that was loaded is unsettled until then. It
// reports whether there is such a table.
func (s States) Ask(table uint32, key [][]byte) bool {
	st := s[table]
	if st == nil {
		return false
	}
	st.Waiting[keyText(key)], st.Loaded = Moved(key), false
	return true
}

// Again begins the load of a table anew, because too many of its keys moved to list them (H3).
func (s States) Again(table uint32) {
	if st := s[table]; st != nil && !st.Loaded {
		s.anew(st)
	}
}

// anew begins an open load again under its next number.
func (s States) anew(st *State) *State {
	next := s.Begin(st.Table, st.Load+1)
	next.Replace, next.Asked = st.Replace, st.Asked
	return next
}

// mode is that of the load's ranges.
func (st *State) mode() ledger.ChunkMode {
	if st.Replace {
		return ledger.Replace
	}
	return ledger.Insert
}

// Settled reports whether the log, placed up to at, holds the table whole and in order (H2).
func (st *State) Settled(at event.LSN) bool {
	return st.Complete && len(st.Waiting) == 0 && at >= st.Until
}

// Lists reports whether a partial move from one key to another must be listed (H3). While ranges are
// read, or a transaction may still come that a chunk's snapshot saw, every move must: the row may be
// missing under its old key. Behind that only a key that waits to be read can be missing.
func (st *State) Lists(at event.LSN, was, now [][]byte) bool {
	if st.Loaded {
		return false
	}
	if !st.Complete || at < st.Until {
		return true
	}
	return st.Waiting[keyText(was)] != nil || st.Waiting[keyText(now)] != nil
}

func (s States) chunk(c *ledger.Chunk) error {
	st := s[c.Table]
	if st == nil || st.Load != c.Load {
		asked := st != nil && st.Asked
		st = s.Begin(c.Table, c.Load)
		st.Asked = asked
	}
	if c.Mode == ledger.Later {
		st.Until = max(st.Until, c.Until)
		return nil
	}
	if c.Keys == nil {
		if err := st.take(c); err != nil {
			return fmt.Errorf("load %d of table %d: %w", c.Load, c.Table, err)
		}
	}
	if c.Keys == nil { // a load that only its chunks tell of
		st.Replace = c.Mode == ledger.Replace
	}
	st.Rows += c.Rows
	st.Until = max(st.Until, c.Until)
	if c.Keys != nil {
		for _, k := range c.Keys {
			delete(st.Waiting, keyText(k))
		}
		return nil
	}
	if st.Complete = len(st.Open) == 0; st.Complete {
		st.Snapshot, st.Beside = c.Snapshot, nil
	}
	return nil
}

// take takes the chunk's range from the open one that it begins.
func (st *State) take(c *ledger.Chunk) error {
	i := slices.IndexFunc(st.Open, func(r ledger.Range) bool { return sameBound(r.After, c.After) })
	if st.Complete || i < 0 {
		return fmt.Errorf("a chunk begins at %q, where no open range does", c.After)
	}
	parts := split(st.Open[i], c.Splits)
	switch {
	case sameBound(c.Through, parts[0].Through):
		parts = parts[1:]
	case c.Through == nil:
		return fmt.Errorf("the chunk behind %q has no end, its range ends at %q", c.After, parts[0].Through)
	default:
		parts[0].After = c.Through
	}
	st.Open = slices.Replace(slices.Clone(st.Open), i, i+1, parts...)
	return nil
}

// split divides a range at keys within it.
func split(r ledger.Range, at [][][]byte) []ledger.Range {
	var out []ledger.Range
	for _, key := range at {
		out = append(out, ledger.Range{After: r.After, Through: key})
		r.After = key
	}
	return append(out, r)
}

// sameBound: nil is without bound, and no key.
func sameBound(a, b [][]byte) bool { return (a == nil) == (b == nil) && equalKeys(a, b) }

// Untouched reports whether nothing of the table is read.
func (st *State) Untouched() bool {
	return !st.Complete && len(st.Open) == 1 && st.Open[0].After == nil && st.Open[0].Through == nil
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
