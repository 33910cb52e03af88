package batch

import (
	"context"
	"errors"
	"slices"

	"floe/applier/assemble"
	"floe/pkg/event"
)

// altering takes whole transactions of which some change objects. Each of those is a target transaction
// of its own: what stands before it becomes true first, and the checkpoint then stands within the entry.
func (b *Batcher) altering(ctx context.Context, e *assemble.Entry) error {
	rows, objects := b.unapplied(nil, e), b.Now.Objects
	for changes := e.Changes; len(changes) > 0; {
		commit, n := changes[0].Commit, 1
		for n < len(changes) && changes[n].Commit == commit {
			n++
		}
		if commit > b.Skip {
			from, to := until(rows, commit), until(rows, commit+1)
			if err := b.beforehand(ctx, rows[:from]); err != nil {
				return err
			}
			if err := b.alter(ctx, e, changes[:n], rows[from:to], objects); err != nil {
				return err
			}
			rows = rows[to:]
		}
		changes = changes[n:]
	}
	b.rows = append(b.rows, rows...)
	b.Now.Objects = b.target.Defined()
	return b.join(ctx, e)
}

// until counts the rows of transactions before commit.
func until(rows []*event.Row, commit event.LSN) int {
	n := slices.IndexFunc(rows, func(r *event.Row) bool { return r.Pos.Commit >= commit })
	if n < 0 {
		return len(rows)
	}
	return n
}

// beforehand makes transactions true that stand before a change in the same entry, with the open batch.
func (b *Batcher) beforehand(ctx context.Context, rows []*event.Row) error {
	if len(rows) > 0 {
		b.rows = append(b.rows, rows...)
		b.Now.Commit = rows[len(rows)-1].Pos.Commit
		b.marks = append(b.marks, b.Now)
	}
	return b.Flush(ctx)
}

// alter makes one transaction true that changes objects. A start from within the entry decodes all its
// rows again, those before the change too: it needs the objects that were valid before the entry.
func (b *Batcher) alter(ctx context.Context, e *assemble.Entry, changes []assemble.Change, rows []*event.Row, objects []int64) error {
	if err := b.target.Begin(ctx); err != nil {
		return err
	}
	err := b.target.Mixed(ctx, e, changes, rows)
	if err == nil {
		b.Now.Commit, b.Now.Objects = changes[0].Commit, within(objects, e.Offset)
		err = b.target.Commit(ctx, b.Now)
	}
	if err != nil {
		return errors.Join(err, b.target.Rollback(ctx))
	}
	b.target.Applied(rows)
	return nil
}

// within adds the entry that the checkpoint stands in.
func within(objects []int64, entry int64) []int64 {
	if n := len(objects); n > 0 && objects[n-1] == entry {
		return objects
	}
	return append(slices.Clone(objects), entry)
}
