// Package suffix takes out of the log what a table's rows are by its last changes: those of one range of the
// ledger that ends exactly where the applier stands. It decides nothing about the target; whoever asked
// writes the net of what it returns (docs/adr/0019).
//
// What is returned is a suffix of the table's history, whole and in its order. For each key that it touches
// the last change is therefore what the row is, wherever the suffix begins. That does not hold across a
// load of the table, or where definitions changed: such a range is refused, with the place behind which one
// may begin.
package suffix

import (
	"context"
	"fmt"
	"slices"

	"floe/applier/assemble"
	"floe/applier/batch"
	"floe/pkg/catalog"
	"floe/pkg/event"
	"floe/pkg/ledger"
)

// Request is one table and one range of the ledger.
type Request struct {
	Shape          *event.Table // as it is valid where the applier stands
	Topic, Objects string
	// From and Through are ledger offsets; at Through all is applied, up to the source's commit Commit.
	From, Through int64
	Commit        event.LSN
	// Bytes bounds what is read.
	Bytes int
}

// RefusedError says why a range cannot be replayed.
type RefusedError struct {
	Why string
	// From is a ledger offset at which a range could begin, 0 for none.
	From int64
}

func (e *RefusedError) Error() string {
	if e.From == 0 {
		return e.Why + "; floe resync reads the table from the source"
	}
	return fmt.Sprintf("%s; --from %d begins behind that, floe resync reads the table from the source", e.Why, e.From)
}

// WithinError is an applier that stands within an entry: rows behind the range are on the target already.
type WithinError struct{ At event.LSN }

func (e *WithinError) Error() string {
	return fmt.Sprintf("the target stands within a ledger entry, behind %s", e.At)
}

// reading is the work on one request.
type reading struct {
	Request
	log    *assemble.Assembler
	rows   []*event.Row
	parts  []*event.Row // of a big transaction that has not ended
	bytes  int
	commit event.LSN
	no     *RefusedError // why a range must begin later than it did
	begun  bool          // an entry was met
	known  bool          // and what is valid
	// defs are the definitions that are valid where the reading stands, but for row schemas and values.
	defs map[catalog.Ref]string
}

// Read returns the table's changes in the range, each as a row of Shape. log begins where the ledger does.
func Read(ctx context.Context, log *assemble.Assembler, r Request) ([]*event.Row, error) {
	at := &reading{Request: r, log: log, defs: map[catalog.Ref]string{}}
	for {
		e, offset, err := log.Peek(ctx)
		if err != nil {
			return nil, err
		}
		if offset > r.Through {
			return nil, fmt.Errorf("the ledger has no valid entry at %d, where the target stands", r.Through)
		}
		if err := at.take(ctx, e, offset); err != nil {
			return nil, err
		}
		if offset == r.Through {
			break
		}
	}
	switch {
	case at.commit != 0 && r.Commit > at.commit:
		return nil, &WithinError{r.Commit}
	case at.no != nil:
		return nil, at.no
	}
	return at.rows, nil
}

func (r *reading) take(ctx context.Context, e *ledger.Entry, offset int64) error {
	if !r.begun && offset > r.From {
		r.not(offset-1, "what the ledger holds before is not known to be valid any more")
	}
	r.begun = true
	switch {
	case e.Begin != nil:
		r.parts = nil // a big transaction that was not ended never was
		return nil
	case e.Chunk != nil && e.Chunk.Table == r.Shape.OID, e.Loaded != nil && e.Loaded.Table == r.Shape.OID:
		r.not(offset, "the table is loaded there")
		return nil
	case e.Objects == nil && e.Commit == nil:
		return nil
	}
	full, err := r.log.Only(ctx, e, offset, func(s ledger.Span) bool { return s.Topic == r.Objects || s.Topic == r.Topic && offset >= r.From })
	if err != nil {
		return err
	}
	r.define(full)
	if e.Commit != nil {
		r.commits(full)
	}
	return nil
}

// not says that a range cannot hold an offset: it may begin behind it.
func (r *reading) not(offset int64, why string) {
	if offset >= r.From {
		r.no = &RefusedError{Why: fmt.Sprintf("ledger offset %d: %s", offset, why), From: offset + 1}
		r.From, r.rows, r.parts, r.bytes = offset+1, nil, nil, 0
	}
}

// define takes up definitions, and refuses a range in which one is another than before. An epoch's beginning
// repeats what is valid.
func (r *reading) define(e *assemble.Entry) {
	all := e.Defs.Objects
	for i := range e.Changes {
		all = append(all[:len(all):len(all)], e.Changes[i].Objects...)
	}
	was, differs := r.defs, ""
	if batch.AllValid(e) {
		r.defs = make(map[catalog.Ref]string, len(was))
	}
	for i := range all {
		o := &all[i]
		switch o.Kind {
		case ledger.KindAvro, ledger.KindAvroKey, ledger.KindSequenceValue, ledger.KindLoad:
			continue
		}
		ref := catalog.Ref{Kind: catalog.Kind(o.Kind), OID: o.OID}
		if body, ok := was[ref]; !ok && r.known || ok && body != o.Body {
			differs = o.Kind + " " + o.Schema + "." + o.Name
		}
		r.defs[ref] = o.Body
	}
	for ref := range was {
		if _, ok := r.defs[ref]; !ok && was[ref] != ledger.Gone && was[ref] != ledger.Left {
			differs = string(ref.Kind)
		}
	}
	r.known = true
	if differs != "" {
		r.not(e.Offset, "definitions changed there ("+differs+")")
	}
}

// commits takes the table's changes of whole transactions, or of one part of a big one.
func (r *reading) commits(e *assemble.Entry) {
	if r.bytes += e.Bytes; r.bytes > r.Bytes {
		r.not(e.Offset-1, fmt.Sprintf("before that are more than the %d MiB of changes that are replayed at once", r.Bytes>>20))
	}
	for i := range e.Rows {
		row := &e.Rows[i]
		switch {
		case row.Companion || row.Table.OID != r.Shape.OID:
		case !same(row.Table, r.Shape):
			r.not(e.Offset, "the table had another shape there")
		case row.Op == event.Update && row.Before != nil && row.Partial():
			r.not(e.Offset, "a key changed there, and large values that did not change are not in the log")
		default:
			row.Table, row.RestartIdentity = r.Shape, false // sequences are as they are by now
			r.parts = append(r.parts, row)
		}
	}
	if e.Offset < r.From {
		r.parts = nil
	}
	if e.Commit.Part > 0 && !e.Commit.Final {
		return
	}
	r.rows, r.parts = append(r.rows, r.parts...), nil
	r.commit = max(r.commit, e.Commit.Last)
}

func same(a, b *event.Table) bool {
	return a.Name == b.Name && slices.Equal(a.Columns, b.Columns) && slices.Equal(a.Key, b.Key)
}
