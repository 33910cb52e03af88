package applier

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5/pgconn"

	"floe/applier/target"
	"floe/pkg/control"
	"floe/pkg/event"
	"floe/pkg/halt"
	"floe/pkg/pg"
	"floe/pkg/status"
)

// refusal is a halt of what comes next in the log, as the report shows it.
type refusal struct {
	halt    *halt.Error
	blocked *status.Blocked   // what the target will not take, if it is that
	at      target.Checkpoint // where the target stands: the halt is over when it stands elsewhere
}

func (r *refusal) Error() string { return r.halt.Error() }
func (r *refusal) Unwrap() error { return r.halt }

// What keeps a refused transaction from being left out as a whole.
const (
	lastingNamed   = "what a load reads, and what the target refuses at a transaction's end only, cannot be left out"
	lastingObjects = "the transaction changes objects, which cannot be left out; the change alone can"
)

// refused is the halt of a row that the target will not take.
func (s *session) refused(r *event.Row, err error, lasting string) error {
	out := &refusal{halt: &halt.Error{Code: halt.ConstraintViolation, Err: err, Fix: remedy(err),
		Detail: fmt.Sprintf("the target refuses %s of %s, %s, at %s", verb(r.Op), r.Table.Name, keyed(r), r.Pos)}}
	out.blocked = &status.Blocked{Epoch: r.Pos.Epoch, Commit: r.Pos.Commit, Seq: r.Pos.Seq, Table: r.Table.Name.String(), Op: verb(r.Op), Key: keyText(r), Lasting: lasting}
	if r.Pos.Commit == 0 {
		out.blocked.Lasting = lastingNamed
	}
	return out
}

// stands completes the error of a session that a halt ended.
func (s *session) stands(err error) error {
	h := halt.As(err)
	if h == nil {
		return err
	}
	var r *refusal
	if !errors.As(err, &r) {
		r = &refusal{halt: h}
		err = r
	}
	r.at = s.db.At()
	if h.Code != halt.ConstraintViolation {
		return err
	}
	if r.blocked == nil {
		r.blocked = &status.Blocked{Lasting: lastingNamed}
	}
	r.blocked.SQLState = pg.Code(h)
	var said *pgconn.PgError
	if errors.As(h, &said) {
		r.blocked.Message = cut(said.Message)
	}
	return err
}

// leaving is what the operator said to leave out of the open work. Nothing is left out that the target did
// not refuse first: by then it may have been mended.
type leaving struct {
	control.Skip
	refused error
	tables  map[uint32]*target.Skipped // what was left out
	done    bool                       // it is committed
}

// mostSome bounds the changes that floe.skipped has in words.
const mostSome = 100

// skip reports whether a command leaves out what the target refused, and has it left out from now on.
func (s *session) skip(bad *event.Row, err error, whole bool) bool {
	if bad == nil || bad.Pos.Commit == 0 || !target.Refused(err) || s.leaves.of(bad.Pos) != nil {
		return false
	}
	w := s.wanted.Load()
	if w == nil { // a session that hears of no commands
		return false
	}
	k := w.Skip(s.Name, bad.Pos)
	if k == nil || k.Whole && !whole {
		return false
	}
	s.leaves = append(s.leaves, &leaving{Skip: *k, refused: err, tables: map[uint32]*target.Skipped{}})
	return true
}

type leaves []*leaving

// of returns what leaves out the change at a place, or nil.
func (l leaves) of(at event.Position) *leaving {
	for _, k := range l {
		if k.At.Epoch == at.Epoch && k.At.Commit == at.Commit && (k.Whole || k.At.Seq == at.Seq) {
			return k
		}
	}
	return nil
}

// keep are the rows that are not left out.
func (l leaves) keep(rows []*event.Row) []*event.Row {
	if len(l) == 0 {
		return rows
	}
	return slices.DeleteFunc(slices.Clone(rows), func(r *event.Row) bool { return l.of(r.Pos) != nil })
}

// lose notes what was left out of these rows, now that the others are true in the open transaction.
func (s *session) lose(rows []*event.Row) {
	if len(s.leaves) == 0 {
		return
	}
	for _, r := range rows {
		if k := s.leaves.of(r.Pos); k != nil {
			k.add(r, s.loads[r.Table.OID].Number)
		}
	}
}

func (k *leaving) add(r *event.Row, load uint64) {
	t := k.tables[r.Table.OID]
	if t == nil {
		t = &target.Skipped{Epoch: k.At.Epoch, Place: k.Place(), Table: r.Table.OID, Name: r.Table.Name.String(), Some: []string{}, Load: load,
			SQLState: pg.Code(k.refused), Message: cut(k.refused.Error()), Command: k.Command.ID, SentBy: k.Command.By, Because: k.Reason}
		k.tables[r.Table.OID] = t
	}
	if t.Changes++; len(t.Some) < mostSome {
		t.Some = append(t.Some, fmt.Sprintf("%s, %s, at %s", verb(r.Op), keyed(r), r.Pos))
	}
}

// recordSkips writes down what the open transaction leaves out, up to a commit.
func (s *session) recordSkips(ctx context.Context, through event.LSN) error {
	for _, k := range s.leaves {
		if k.done || k.At.Commit > through {
			continue
		}
		for _, t := range k.tables {
			if err := s.db.Skip(ctx, s.owner, t); err != nil {
				return err
			}
		}
	}
	return nil
}

// skipped takes up what was left out by the transaction that has just been committed.
func (s *session) skipped(through event.LSN) {
	for _, k := range s.leaves {
		if k.done || k.At.Commit > through {
			continue
		}
		k.done = true
		for _, t := range k.tables {
			s.lost[t.Table] = append(s.lost[t.Table], *t)
			s.Log.Warn("changes are left out, as commanded", "table", t.Name, "changes", t.Changes, "at", t.Place, "by", t.SentBy, "reason", t.Because, "refused", t.Message)
			s.report.leftOut(t.Changes)
		}
	}
}

// undone are those that are not committed.
func (l leaves) undone() leaves {
	return slices.DeleteFunc(l, func(k *leaving) bool { return k.done })
}

// again forgets what was counted, for the rows are gone through anew.
func (l leaves) again() {
	for _, k := range l {
		if !k.done {
			clear(k.tables)
		}
	}
}

// afresh begins an open big transaction anew, without what is left out of it. What it changed of objects
// would be lost.
func (s *session) afresh(ctx context.Context) error {
	if err := s.db.Rollback(ctx); err != nil {
		return err
	}
	k := s.leaves[len(s.leaves)-1]
	for oid, t := range s.bigRows {
		t.Epoch, t.Place, t.SQLState, t.Message, t.Command, t.SentBy, t.Because = k.At.Epoch, k.Place(), pg.Code(k.refused), cut(k.refused.Error()), k.Command.ID, k.Command.By, k.Reason
		k.tables[oid] = t
	}
	clear(s.bigRows)
	return s.db.Begin(ctx)
}

// bigger counts what a part of a big transaction changed, should all of it be left out.
func (s *session) bigger(rows []*event.Row) {
	for _, r := range rows {
		t := s.bigRows[r.Table.OID]
		if t == nil {
			t = &target.Skipped{Table: r.Table.OID, Name: r.Table.Name.String(), Some: []string{}, Load: s.loads[r.Table.OID].Number}
			s.bigRows[r.Table.OID] = t
		}
		t.Changes++
	}
}

// leftOutText is what the report says of a table that changes were left out of.
func (s *session) leftOutText(table uint32) string {
	some := s.lost[table]
	if len(some) == 0 {
		return ""
	}
	last, n := some[len(some)-1], int64(0)
	for _, k := range some {
		n += k.Changes
	}
	text := fmt.Sprintf("%s left out, the last at %s by %s: %s", status.Count(n, "change"), last.Place, last.SentBy, last.Because)
	return cut(text)
}

// mend notes that a load has read what was left out of its table before it began.
func (s *session) mend(ctx context.Context, l target.Load) error {
	some := s.lost[l.Table]
	if len(some) == 0 {
		return nil
	}
	s.lost[l.Table] = slices.DeleteFunc(slices.Clone(some), func(k target.Skipped) bool { return k.Load < l.Number })
	return s.db.Mend(ctx, s.owner, l.Table, l.Number)
}
