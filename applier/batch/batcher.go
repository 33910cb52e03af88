// Package batch decides what becomes true together on the target, and where the checkpoint then stands
// (design.md A1, A2). It is the applier's loop without the target and the reading of the log: what it does
// depends on the entries and on no clock.
package batch

import (
	"context"
	"errors"
	"fmt"

	"floe/applier/assemble"
	"floe/applier/target"
	"floe/pkg/event"
	"floe/pkg/halt"
	"floe/pkg/ledger"
)

// Target is where work becomes true: a session on a server, or the memory of a simulation.
type Target interface {
	Begin(context.Context) error
	Rollback(context.Context) error
	// Commit makes the open transaction and the checkpoint true together, or neither (A1).
	Commit(context.Context, target.Checkpoint) error
	// At is the checkpoint as it was last committed.
	At() target.Checkpoint
	// Due reports whether a batch is to be made true although nothing moved.
	Due() bool

	// Rows makes whole transactions true in the open transaction. If the target refuses them, Refused makes
	// true what it can, once the transaction is rolled back.
	Rows(context.Context, []*event.Row) error
	Refused(context.Context) error
	// Mixed makes rows of one transaction true, and changes of objects between them.
	Mixed(context.Context, *assemble.Entry, []assemble.Change, []*event.Row) error
	// Applied hears of rows that were made true, or will be with the open transaction.
	Applied([]*event.Row)

	Chunk(context.Context, *assemble.Entry) error
	Loaded(context.Context, *assemble.Entry) error
	Objects(context.Context, *assemble.Entry) error
	// Sequences keeps sampled values for the next Commit.
	Sequences(*assemble.Entry) error
	// Defined are the ledger offsets of the entries whose definitions are valid where the work stands.
	Defined() []int64
	// Forget drops what is valid, for an Epoch begins; Remember what is known, before a big transaction; Void
	// goes back to it.
	Forget()
	Remember()
	Void(context.Context) error
}

// Batcher makes entries true in the order of the ledger.
//
//   - Now is where the work in memory ends; what is committed ends at Target.At().
//   - The open batch holds whole transactions only. Between the parts of a big one, big is set, the batch is
//     empty and the target's transaction is open.
type Batcher struct {
	// Rows and Bytes bound a batch.
	Rows, Bytes int
	Now         target.Checkpoint
	// End: everything before it in the source's WAL is true once Now is committed.
	End event.LSN
	// Skip: rows of transactions up to it are applied already; the checkpoint stands within an entry.
	Skip event.LSN

	target Target
	rows   []*event.Row
	marks  []target.Checkpoint // behind each entry of the batch
	bytes  int
	big    bool
	parts  int // of the open big transaction that are applied
}

const fixReset = halt.Reset

// New returns a Batcher that stands where nothing is applied.
func New(t Target, rows, bytes int) *Batcher {
	return &Batcher{target: t, Rows: rows, Bytes: bytes, Now: target.Checkpoint{Offset: -1}}
}

// Big reports whether a big transaction is open.
func (b *Batcher) Big() bool { return b.big }

// Empty reports whether no entry waits in the open batch.
func (b *Batcher) Empty() bool { return len(b.marks) == 0 }

// Take gives an entry to what it means. What must stand alone first makes the batch true (A2).
func (b *Batcher) Take(ctx context.Context, e *assemble.Entry) error {
	if b.big && e.Begin == nil && (e.Commit == nil || e.Commit.Part == 0) {
		return halt.New(halt.LogGap, fixReset, "ledger offset %d stands between the parts of a big transaction", e.Offset)
	}
	switch {
	case e.Begin != nil:
		return b.begin(ctx, e)
	case e.Commit != nil && e.Commit.Part == 0:
		return b.add(ctx, e)
	case e.Commit != nil:
		return b.part(ctx, e)
	case e.Chunk != nil:
		return b.alone(ctx, e, b.target.Chunk)
	case e.Loaded != nil:
		return b.alone(ctx, e, b.target.Loaded)
	case e.Entry.Objects != nil && (Definitions(e) || AllValid(e)):
		return b.alone(ctx, e, b.objects)
	case e.Entry.Objects != nil:
		return b.sequences(e)
	case e.Mark != nil, e.Selection != nil, e.Note != nil:
		if err := b.joins(e); err != nil {
			return err
		}
		b.pass(e)
		return nil
	}
	return fmt.Errorf("ledger offset %d: this floe does not know what the entry means", e.Offset)
}

// Definitions reports whether an Objects entry holds more than sequences' values.
func Definitions(e *assemble.Entry) bool {
	for i := range e.Defs.Objects {
		if e.Defs.Objects[i].Kind != ledger.KindSequenceValue {
			return true
		}
	}
	return false
}

// AllValid reports whether the entry holds everything that is valid from its epoch on; any other changes
// what is valid.
func AllValid(e *assemble.Entry) bool { return e.Entry.Objects != nil && e.N == ledger.BeginObjects }

// begin takes up a new epoch: everything that is valid follows it. A big transaction that the last one
// left unfinished never was (A2), and nothing that it changed.
func (b *Batcher) begin(ctx context.Context, e *assemble.Entry) error {
	if b.big {
		b.big, b.parts = false, 0
		if err := b.target.Rollback(ctx); err != nil {
			return err
		}
		b.Now = b.target.At()
		if err := b.target.Void(ctx); err != nil {
			return err
		}
	}
	if err := b.Flush(ctx); err != nil {
		return err
	}
	b.target.Forget()
	b.Now.Objects = nil
	b.pass(e)
	return nil
}

// alone makes one entry true in a target transaction of its own.
func (b *Batcher) alone(ctx context.Context, e *assemble.Entry, do func(context.Context, *assemble.Entry) error) error {
	if err := b.Flush(ctx); err != nil {
		return err
	}
	if err := b.target.Begin(ctx); err != nil {
		return err
	}
	if err := do(ctx, e); err != nil {
		return errors.Join(err, b.target.Rollback(ctx))
	}
	b.pass(e)
	return b.target.Commit(ctx, b.Now)
}

func (b *Batcher) objects(ctx context.Context, e *assemble.Entry) error {
	if err := b.target.Objects(ctx, e); err != nil {
		return err
	}
	b.Now.Objects = b.target.Defined()
	return nil
}

// sequences keeps sampled values for the batch's end.
func (b *Batcher) sequences(e *assemble.Entry) error {
	if err := b.target.Sequences(e); err != nil {
		return err
	}
	b.pass(e)
	b.marks = append(b.marks, b.Now)
	return nil
}

// pass moves the place up to which everything is true once the open work is committed.
func (b *Batcher) pass(e *assemble.Entry) {
	b.Now.Offset, b.Now.Epoch, b.Now.N = e.Offset, e.Epoch, e.N
	switch {
	case e.Commit != nil:
		b.Now.Commit, b.Now.SourceTime = max(b.Now.Commit, e.Commit.Last), e.Commit.Time
	case e.Mark != nil && e.Mark.Time != 0: // an epoch's first bears none
		b.Now.SourceTime = e.Mark.Time
	}
	b.End = max(b.End, e.ResumeAt())
	if at := e.ResumeAt(); at != 0 {
		b.Now.Resume = at
	}
}

// joins halts if an epoch goes on elsewhere than where the ones before it end: numbers of entries tell that one
// is missing only within an epoch (L6).
func (b *Batcher) joins(e *assemble.Entry) error {
	if e.N != ledger.BeginMark || e.Mark == nil || b.Now.Resume == 0 || e.Mark.End == b.Now.Resume {
		return nil
	}
	return halt.New(halt.LogGap, fixReset, "epoch %d goes on at %s of the source, the ledger before it ends at %s: entries before ledger offset %d are missing",
		e.Epoch, e.Mark.End, b.Now.Resume, e.Offset)
}

// add joins whole transactions to the open batch.
func (b *Batcher) add(ctx context.Context, e *assemble.Entry) error {
	if len(e.Changes) > 0 {
		return b.altering(ctx, e)
	}
	b.rows = b.unapplied(b.rows, e)
	return b.join(ctx, e)
}

// unapplied adds the entry's rows that are not applied already and are no companions.
func (b *Batcher) unapplied(rows []*event.Row, e *assemble.Entry) []*event.Row {
	for i := range e.Rows {
		if r := &e.Rows[i]; r.Pos.Commit > b.Skip && !r.Companion {
			rows = append(rows, r)
		}
	}
	return rows
}

// join adds the entry, whose rows are in it, to the open batch.
func (b *Batcher) join(ctx context.Context, e *assemble.Entry) error {
	b.bytes += e.Bytes
	b.pass(e)
	b.marks = append(b.marks, b.Now)
	if len(b.rows) >= b.Rows || b.bytes >= b.Bytes {
		return b.Flush(ctx)
	}
	return nil
}

// Flush makes the batch true: in sets if that goes, else as the target can (A3).
func (b *Batcher) Flush(ctx context.Context) error {
	if b.big || !b.moved() && !b.target.Due() {
		return nil
	}
	if err := b.target.Begin(ctx); err != nil {
		return fmt.Errorf("begin on the target: %w", err)
	}
	err := b.target.Rows(ctx, b.rows)
	if err != nil && target.Refused(err) {
		if err := b.target.Rollback(ctx); err != nil {
			return err
		}
		return b.target.Refused(ctx)
	}
	if err == nil {
		err = b.Finish(ctx)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("apply batch through %s: %w", b.Now.Commit, err), b.target.Rollback(ctx))
	}
	return nil
}

// Batch is the open batch's rows.
func (b *Batcher) Batch() []*event.Row { return b.rows }

// Finish ends the batch's transaction.
func (b *Batcher) Finish(ctx context.Context) error {
	if err := b.target.Commit(ctx, b.Now); err != nil {
		return err
	}
	b.target.Applied(b.rows)
	clear(b.rows)
	b.rows, b.marks, b.bytes = b.rows[:0], b.marks[:0], 0
	return nil
}

// moved reports whether the work in memory ends behind the checkpoint.
func (b *Batcher) moved() bool {
	at := b.target.At()
	return b.Now.Offset != at.Offset || b.Now.Commit != at.Commit
}

// Pending reports whether work, that is no open big transaction, waits to be committed.
func (b *Batcher) Pending() bool { return !b.big && b.Now.Offset != b.target.At().Offset }

// Before is what the batch holds of transactions before commit, and the checkpoint behind them.
func (b *Batcher) Before(commit event.LSN) (rows []*event.Row, at target.Checkpoint) {
	at = b.target.At()
	for _, m := range b.marks {
		if m.Commit < commit {
			at = m
		}
	}
	for _, r := range b.rows {
		if r.Pos.Commit < commit {
			rows = append(rows, r)
			at.Commit = max(at.Commit, r.Pos.Commit)
		}
	}
	return rows, at
}

// part applies one part of a big transaction through the target's transaction that its first part opened.
func (b *Batcher) part(ctx context.Context, e *assemble.Entry) error {
	if e.Commit.Part == 1 && !b.big {
		if err := b.Flush(ctx); err != nil {
			return err
		}
		if err := b.target.Begin(ctx); err != nil {
			return err
		}
		b.big, b.parts = true, 0
		b.target.Remember()
	}
	if e.Commit.Part != b.parts+1 {
		return halt.New(halt.LogGap, fixReset, "ledger offset %d is part %d of a big transaction where part %d is due", e.Offset, e.Commit.Part, b.parts+1)
	}
	b.parts++
	rows := make([]*event.Row, 0, len(e.Rows))
	for i := range e.Rows {
		if !e.Rows[i].Companion {
			rows = append(rows, &e.Rows[i])
		}
	}
	if err := b.mixed(ctx, e, e.Changes, rows); err != nil {
		return errors.Join(err, b.target.Rollback(ctx))
	}
	b.target.Applied(rows)
	b.pass(e)
	if !e.Commit.Final {
		return nil
	}
	b.big, b.parts = false, 0
	if err := b.target.Commit(ctx, b.Now); err != nil {
		return errors.Join(err, b.target.Rollback(ctx))
	}
	return nil
}

func (b *Batcher) mixed(ctx context.Context, e *assemble.Entry, changes []assemble.Change, rows []*event.Row) error {
	err := b.target.Mixed(ctx, e, changes, rows)
	if err == nil && len(changes) > 0 {
		b.Now.Objects = b.target.Defined()
	}
	return err
}
