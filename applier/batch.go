package applier

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"floe/applier/assemble"
	"floe/applier/target"
	"floe/pkg/event"
	"floe/pkg/pg"
)

// Begin is of batch.Target, like the methods that follow.
func (s *session) Begin(ctx context.Context) error {
	s.report.begins()
	return s.db.Begin(ctx)
}

// Rollback undoes the open transaction.
func (s *session) Rollback(ctx context.Context) error { return s.db.Rollback(ctx) }

// At is the checkpoint as it was last committed.
func (s *session) At() target.Checkpoint { return s.db.At() }

// Due reports whether the last checkpoint is to be made sure of although nothing moved.
func (s *session) Due() bool { return s.unflushed() && time.Since(s.flushedAt) >= flushEvery }

// Rows makes whole transactions true, in sets.
func (s *session) Rows(ctx context.Context, rows []*event.Row) error { return s.fast(ctx, rows) }

// Refused applies the open batch row by row.
func (s *session) Refused(ctx context.Context) error {
	s.report.exact()
	return s.exactly(ctx, true)
}

// Applied counts rows.
func (s *session) Applied(rows []*event.Row) {
	s.report.rows(s.leaves.keep(rows))
	s.pace.took(time.Now(), rows)
	s.leaves = s.leaves.undone()
}

// exactly applies the batch row by row in the source's order, tables without a key in sets if that goes.
// A transaction that the target refuses blocks, unless the operator said to leave it out: those before it
// are made true, it and all later ones wait.
func (s *session) exactly(ctx context.Context, bags bool) error {
	if err := s.db.Begin(ctx); err != nil {
		return err
	}
	s.leaves.again()
	bad, err := s.exact(ctx, s.leaves.keep(s.order.Batch()), bags)
	if err == nil {
		s.lose(s.order.Batch())
		if err = s.order.Finish(ctx); err == nil {
			return nil
		}
	}
	if rerr := s.db.Rollback(ctx); rerr != nil {
		return errors.Join(err, rerr)
	}
	switch {
	case !target.Refused(err) || bad == nil && !bags:
		return err
	case bad == nil: // a row in a set, or a row whose table has not been found
		return s.exactly(ctx, false)
	case s.forbidden(bad, err), s.spares(bad, err), s.skip(bad, err, true):
		return s.exactly(ctx, bags)
	}
	return errors.Join(s.refused(bad, err, ""), s.preceding(ctx, bad.Pos.Commit))
}

// forbidden reports whether the error is the first to say that a foreign key from outside forbids a
// TRUNCATE; from then on it is a DELETE (A6).
func (s *session) forbidden(bad *event.Row, err error) bool {
	if bad == nil || pg.Code(err) != "0A000" || bad.Op != event.Truncate || s.emptied {
		return false
	}
	s.emptied = true
	return true
}

// preceding makes true what the batch holds of transactions before commit.
func (s *session) preceding(ctx context.Context, commit event.LSN) error {
	rows, at := s.order.Before(commit)
	if len(rows) == 0 {
		return nil
	}
	if err := s.db.Begin(ctx); err != nil {
		return err
	}
	s.leaves.again()
	if _, err := s.exact(ctx, s.leaves.keep(rows), true); err != nil {
		return errors.Join(err, s.db.Rollback(ctx))
	}
	s.lose(rows)
	if err := errors.Join(s.setSequences(ctx, at.Offset), s.recordSkips(ctx, at.Commit)); err != nil {
		return errors.Join(err, s.db.Rollback(ctx))
	}
	return s.db.Commit(ctx, s.owner, at)
}

// remedy is what helps against a refusal.
func remedy(err error) string {
	var own interface{ Fix() string } // one of target's
	if errors.As(err, &own) {
		return own.Fix()
	}
	return fixRefused
}

const fixRefused = "change what stands in the way on the target (the constraint, trigger or row that the error names); floe then goes on by itself"

func verb(op event.Op) string {
	switch op {
	case event.Create, event.Read:
		return "an insert"
	case event.Update:
		return "an update"
	case event.Delete:
		return "a delete"
	}
	return "a truncate"
}

// keyed tells of a row's key for people.
func keyed(r *event.Row) string {
	if len(r.Table.Key) == 0 {
		return "which has no key"
	}
	return "key (" + keyText(r) + ")"
}

// keyText shows a row's key to the operator.
func keyText(r *event.Row) string {
	image := r.After
	if image == nil {
		image = r.Before
	}
	out := ""
	for i, k := range r.Table.Key {
		if i > 0 {
			out += ", "
		}
		if k < len(image) {
			out += r.Table.Columns[k].Name + "=" + string(image[k].Text)
		}
	}
	return out
}

// Mixed applies rows of one transaction and its changes between them, in the open target transaction. An
// error leaves it, and what the session knows, to be given up.
func (s *session) Mixed(ctx context.Context, e *assemble.Entry, changes []assemble.Change, rows []*event.Row) (err error) {
	defer func() { s.report.altered(kinds(changes), err) }()
	s.bigObjects = s.bigObjects || len(kinds(changes)) > 0
	for i := range changes {
		n := slices.IndexFunc(rows, func(r *event.Row) bool { return r.Pos.Seq >= changes[i].Seq })
		if n < 0 {
			n = len(rows)
		}
		if err := s.partRows(ctx, rows[:n]); err != nil {
			return err
		}
		rows = rows[n:]
		c, err := decode(&changes[i].Definitions, e.Offset)
		if err != nil {
			return err
		}
		if err := s.follow(ctx, e, c); err != nil {
			return fmt.Errorf("carry over a change of objects at %s: %w", event.Position{Epoch: e.Epoch, Commit: changes[i].Commit, Seq: changes[i].Seq}, err)
		}
	}
	return s.partRows(ctx, rows)
}

// partRows is fast, then exact, within the open transaction.
func (s *session) partRows(ctx context.Context, all []*event.Row) error {
	rows := s.leaves.keep(all)
	if len(rows) > 0 {
		if err := s.db.Savepoint(ctx); err != nil {
			return err
		}
		err := s.fast(ctx, rows)
		if err != nil && target.Refused(err) {
			rows, err = s.partExactly(ctx, all)
		}
		if err == nil && len(rows) > 0 {
			err = s.db.Exec(ctx, "RELEASE SAVEPOINT floe")
		}
		if err != nil {
			return fmt.Errorf("apply a part of the transaction at %s: %w", all[0].Pos.Commit, err)
		}
	}
	s.lose(all)
	if s.order.Big() {
		s.bigger(rows)
	}
	return nil
}

// partExactly applies rows one by one behind the savepoint, and returns those that were not left out. A big
// transaction that is left out as a whole has no savepoint any more, and none of its rows.
func (s *session) partExactly(ctx context.Context, all []*event.Row) ([]*event.Row, error) {
	s.report.exact()
	for bags := true; ; {
		if err := s.db.Return(ctx); err != nil {
			return nil, err
		}
		rows := s.leaves.keep(all)
		bad, err := s.exact(ctx, rows, bags)
		whole := s.order.Big() && !s.bigObjects
		switch {
		case err == nil || !target.Refused(err):
			return rows, err
		case bad == nil && bags:
			bags = false
		case s.forbidden(bad, err), s.spares(bad, err):
		case s.skip(bad, err, whole):
			if s.leaves.of(bad.Pos).Whole {
				return nil, s.afresh(ctx)
			}
		case bad != nil:
			lasting := lastingObjects
			if whole {
				lasting = ""
			}
			return nil, s.refused(bad, err, lasting)
		default:
			return nil, err
		}
	}
}
