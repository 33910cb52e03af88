package simulation

import (
	"strings"

	"floe/applier/target"
	"floe/pkg/event"
)

var errTakenOver = target.ErrTakenOver

// gap reports the end of an epoch whose records another one's came between: its writer could not know it, and
// the next epoch writes them anew; also of a start that found somebody writing.
func gap(err error) bool {
	return err != nil && (strings.Contains(err.Error(), "the broker took others between them") || strings.Contains(err.Error(), "the ledger moved on while it was read"))
}

// judge holds a state of the target that is about to be committed against the source's history.
func (w *world) judge(was, is database) {
	if is.place.Offset < was.place.Offset || is.place.Commit < was.place.Commit || is.change.Before(was.change) {
		w.violated("the target goes back from ledger offset %d, change %s to %d, %s", was.place.Offset, was.change, is.place.Offset, is.change)
	}
	// Behind which transaction the target is: what the checkpoint names, or what marks say of an idle source.
	var want state
	var last event.Position
	for _, t := range w.source.txs {
		if t.commit > is.place.Commit && t.end > is.end {
			break
		}
		want = t.after
		for i, c := range t.changes {
			if c.table < chosen {
				last = event.Position{Commit: t.commit, Seq: uint64(i)}
			}
		}
	}
	if is.change.Commit != 0 && is.change != last {
		w.violated("the checkpoint stands at %s, the source's last change before it is %s, the target's %s", is.place.Commit, last, is.change)
	}
	for t := range is.loaded {
		if is.loaded[t] && (is.rows[t] != want.rows[t] || is.version[t] != want.version[t]) {
			w.violated("t%d is settled at %s and has %v in version %d, the source had %v in version %d", t, is.place.Commit, is.rows[t], is.version[t], want.rows[t], want.version[t])
		}
	}
}

// follows sees to it that a row is the source's next change behind the last one that was made true.
func (s *session) follows(r *event.Row) {
	pos := event.Position{Commit: r.Pos.Commit, Seq: r.Pos.Seq}
	c := s.followsChange(pos)
	key, value := number(r.After, 0), number(r.After, 1)
	if r.Op == event.Delete {
		key, value = number(r.Before, 0), 0
	}
	if c != nil && (c.table != tableOf(r.Table.OID) || c.key != key || c.value != value) {
		s.violated("the row at %s is t%d %d=%d, the source's %+v", pos, tableOf(r.Table.OID), key, value, *c)
	}
}

func (s *session) followsChange(pos event.Position) *change {
	next := func(after event.Position) (at event.Position, c *change) {
		for _, t := range s.server.w.source.txs {
			for i := range t.changes {
				at = event.Position{Commit: t.commit, Seq: uint64(i)}
				if t.changes[i].table < chosen && after.Before(at) {
					return at, &t.changes[i]
				}
			}
		}
		return event.Position{}, nil
	}
	last := s.tx.change
	if last.Commit == 0 { // the first one ever is where the log begins: chunks bear what was before
		last = event.Position{Commit: pos.Commit - 1, Seq: 1 << 40}
	}
	at, c := next(last)
	if at != pos {
		s.violated("the change at %s is made true behind %s, the source's next is %s", pos, s.tx.change, at)
	}
	s.tx.change = pos
	return c
}
