package applier

import (
	"context"
	"errors"
	"fmt"

	"floe/applier/assemble"
	"floe/applier/fold"
	"floe/applier/render"
	"floe/applier/structure"
	"floe/applier/target"
	"floe/pkg/event"
	"floe/pkg/failpoint"
	"floe/pkg/halt"
	"floe/pkg/ident"
	"floe/pkg/ledger"
)

// clashPause is how many chunks of a table are upserted after one met rows that are there, before COPY
// is tried again.
const clashPause = 8

// Chunk makes one range of a table's load true. Everything before it in the ledger is visible in it, so
// its rows win over what is there; under on_existing: proceed the target's rows win.
func (s *session) Chunk(ctx context.Context, e *assemble.Entry) error {
	c := e.Chunk
	shape := s.shapes[c.Table]
	if shape == nil {
		return halt.New(halt.LogGap, fixReset, "ledger offset %d is a chunk of table %d, whose definition is nowhere before it", e.Offset, c.Table)
	}
	to, err := s.table(ctx, shape)
	if err != nil {
		return err
	}
	own, err := s.own(ctx, c.Table)
	if err != nil {
		return err
	}
	l, known := s.loads[c.Table]
	begins := l.Number != c.Load
	if known && l.Number == 0 && !own { // it left the job and came back
		if err := s.db.Exec(ctx, to.Empty()); err != nil {
			return err
		}
	}
	how := meeting{own: own, again: l.Again, mode: c.Mode}
	if begins {
		if own {
			if how.again, err = s.beginOwn(ctx, to, c, l, known); err != nil {
				return err
			}
		}
		l = target.Load{Table: c.Table, Number: c.Load, Again: how.again}
		if err := errors.Join(s.beginSweep(ctx, to, c, how), s.forgo(ctx, c.Table, true)); err != nil {
			return err
		}
	}
	if c.Mode == ledger.Later {
		err = s.later(ctx, e)
	} else if len(shape.Key) == 0 {
		err = s.bag(ctx, to, e, begins && !own)
	} else {
		err = s.keyed(ctx, to, e, s.Proceed && how.keeps(), how.equals())
	}
	if err != nil && target.Refused(err) && halt.As(err) == nil {
		err = &halt.Error{Code: halt.ConstraintViolation, Err: err, Detail: fmt.Sprintf("the target refuses rows of %s that the load read", shape.Name), Fix: remedy(err)}
	}
	if err != nil {
		return fmt.Errorf("apply a chunk of %s at ledger offset %d: %w", shape.Name, e.Offset, err)
	}
	l.Rows += c.Rows
	if c.Keys != nil {
		l.Rows -= c.Rows
	}
	if err := s.db.SetLoad(ctx, s.owner, l); err != nil {
		return err
	}
	s.loads[c.Table] = l
	s.report.loaded(len(e.Rows))
	return nil
}

// bag loads a table without a key. A load that begins again begins from nothing, for its rows cannot be
// told from those of the one before (H5).
func (s *session) bag(ctx context.Context, to *render.Table, e *assemble.Entry, empty bool) error {
	if empty {
		if err := s.db.Exec(ctx, to.Empty()); err != nil {
			return err
		}
	}
	if columns := to.Insert().Params; len(columns) == 0 { // a table without columns
		for range e.Rows {
			if err := s.db.Exec(ctx, to.Insert().SQL); err != nil {
				return err
			}
		}
		return nil
	}
	return s.db.Copy(ctx, to, e.Rows)
}

// later makes changes of a table without a key true that waited until its rows had come (H5).
func (s *session) later(ctx context.Context, e *assemble.Entry) error {
	rows := make([]*event.Row, len(e.Rows))
	for i := range e.Rows {
		rows[i] = &e.Rows[i]
	}
	return s.partRows(ctx, rows)
}

// keyed loads rows by COPY where none of them is there yet, else by upserts. With keep the target's rows stay, with
// equal those of the range that the source does not have go.
func (s *session) keyed(ctx context.Context, to *render.Table, e *assemble.Entry, keep, equal bool) error {
	c := e.Chunk
	var proven target.Proven
	switch {
	case c.Keys != nil:
		var err error
		if proven, err = s.gone(ctx, to, e); err != nil {
			return err
		}
	case c.Mode == ledger.Insert && !s.Proceed && to.Arbiter && s.clashed[c.Table] == 0:
		done, err := s.copied(ctx, to, e)
		if done || err != nil {
			return err
		}
	}
	s.clashed[c.Table] = max(0, s.clashed[c.Table]-1)
	if equal && c.Keys == nil && s.seen[c.Table] == (ident.Name{}) {
		// At once: of a topic with several partitions the rows come partition by partition, not by the key.
		if _, err := s.run(ctx, surplus(to, e.Rows, c.After, c.Through)); err != nil {
			return err
		}
	}
	for rows := e.Rows; ; {
		some := rows[:min(len(rows), 5000)]
		rows = rows[len(some):]
		works := s.upserts(to, some, keep)
		if err := s.together(ctx, works); err != nil && target.Meets(err) != nil {
			err = s.oneByOne(ctx, to, some, keep, e.Offset, proven)
			if err != nil {
				return err
			}
		} else if err != nil {
			return err
		}
		if len(rows) == 0 {
			return nil
		}
	}
}

// together runs works, of which nothing stays if rows meet others (H4).
func (s *session) together(ctx context.Context, works []*work) error {
	if err := s.db.Exec(ctx, rowSavepoint); err != nil {
		return err
	}
	_, err := s.run(ctx, works)
	if err == nil {
		return s.db.Exec(ctx, "RELEASE SAVEPOINT floe_row")
	}
	if target.Meets(err) != nil {
		return errors.Join(err, s.db.Exec(ctx, "ROLLBACK TO SAVEPOINT floe_row"))
	}
	return err
}

// upserts make rows of a chunk true; with keep, those of the target stay.
func (s *session) upserts(to *render.Table, rows []event.Row, keep bool) (works []*work) {
	if len(rows) == 0 {
		return nil
	}
	b := tableWorks{s: s, to: to, seen: s.seen[to.Shape.OID]}
	image := func(i int) []event.Datum { return rows[i].After }
	b.bear(len(rows), image)
	if stale := to.Stale(); !keep && stale.SQL != "" {
		b.add(stale, len(rows), -1, nil, image)
	}
	if up := to.Update(); !to.Arbiter && !keep && up.SQL != "" {
		b.add(up, len(rows), -1, nil, image)
	}
	b.add(to.Upsert(keep), len(rows), -1, nil, image)
	return b.works
}

// copied reports whether COPY took the rows. Ones that changes brought before the chunk are in its way:
// then nothing of it stays.
func (s *session) copied(ctx context.Context, to *render.Table, e *assemble.Entry) (bool, error) {
	if len(e.Rows) == 0 {
		return true, nil
	}
	if err := s.db.Savepoint(ctx); err != nil {
		return false, err
	}
	err := s.db.Copy(ctx, to, e.Rows)
	if err == nil {
		return true, nil
	}
	if !target.Clashes(err) {
		return false, err
	}
	s.clashed[e.Chunk.Table] = clashPause
	return false, s.db.Return(ctx)
}

// gone deletes the keys that were read again; those that still exist come back with the rows.
// It returns what is proven of those that were set aside.
func (s *session) gone(ctx context.Context, to *render.Table, e *assemble.Entry) (target.Proven, error) {
	if len(e.Chunk.Keys) == 0 {
		return nil, nil
	}
	proven, err := s.db.Proven(ctx, s.owner, e.Chunk.Table)
	if err != nil {
		return nil, err
	}
	keys := make([]fold.Key, len(e.Chunk.Keys))
	for i, k := range e.Chunk.Keys {
		if len(k) != len(to.Shape.Key) {
			return nil, fmt.Errorf("a key of %d columns instead of %d", len(k), len(to.Shape.Key))
		}
		keys[i] = keyImage(to.Shape, k)
	}
	if err := s.answered(ctx, e.Chunk.Table, e.Chunk.Keys); err != nil {
		return nil, err
	}
	_, err = s.run(ctx, []*work{{Work: target.Work{Statement: to.Delete(), Rows: len(keys), Old: func(i int) []event.Datum { return keys[i] }, Least: -1}}})
	return proven, err
}

// Loaded settles a table; what waited for its rows is made.
func (s *session) Loaded(ctx context.Context, e *assemble.Entry) error {
	l := s.loads[e.Loaded.Table]
	l.Table, l.Number, l.Loaded = e.Loaded.Table, e.Loaded.Load, true
	if err := errors.Join(s.sweep(ctx, l.Table), s.dropKept(ctx, l.Table), s.forgo(ctx, l.Table, false), s.db.Settle(ctx, s.owner, l.Table)); err != nil {
		return err
	}
	if err := s.db.SetLoad(ctx, s.owner, l); err != nil {
		return err
	}
	s.loads[l.Table] = l
	if err := s.mend(ctx, l); err != nil {
		return err
	}
	shape := s.shapes[l.Table]
	if s.SkipStructure || shape == nil {
		return nil
	}
	if err := s.finishStructure(ctx, s.script.Waiting(shape.Name)); err != nil {
		return err
	}
	report, err := structure.Retry(ctx, s.db.Tx, s.Job, s.Name, s.script)
	s.report.structure(report)
	if err != nil || report.Created == 0 {
		return err
	}
	return errors.Join(s.differs(ctx), s.db.Forget(ctx))
}

// finishStructure makes of these steps what has all its tables loaded, in the open transaction.
func (s *session) finishStructure(ctx context.Context, steps []structure.Statement) error {
	if err := s.db.Exec(ctx, target.Plain); err != nil {
		return err
	}
	if err := failpoint.Here("finish.before"); err != nil {
		return err
	}
	report, err := structure.Finish(ctx, s.db.Tx, s.Job, s.Name, steps, s.isLoaded)
	s.report.structure(report)
	if err = errors.Join(err, failpoint.Here("finish.after")); err != nil {
		return err
	}
	return errors.Join(s.differs(ctx), s.db.Forget(ctx))
}

// waits reports whether structure behind the load is still to be looked at since the start.
func (s *session) waits() bool {
	return !s.retried && !s.order.Big() && !s.SkipStructure && s.script != nil && s.db.At().Offset >= 0
}

// finishAgain tries again what failed when its tables had been loaded: an index that a row of the
// target forbade, a step that a full disk ended.
func (s *session) finishAgain(ctx context.Context) error {
	if err := s.db.Begin(ctx); err != nil {
		return err
	}
	if err := s.finishStructure(ctx, s.script.After); err != nil {
		return errors.Join(err, s.db.Rollback(ctx))
	}
	return s.Commit(ctx, s.order.Now)
}

// isLoaded answers for the source's tables by name.
func (s *session) isLoaded(name ident.Name) bool {
	t := s.valid.Table(name)
	return t != nil && s.loads[t.OID].Loaded
}
