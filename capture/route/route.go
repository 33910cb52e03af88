// Package route leads a decoded change to its table: which table version a relation is, which of its
// columns travel, which topic and partition its record goes to. It is pure.
package route

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pglogrepl"

	"floe/capture/decode"
	"floe/pkg/event"
	"floe/schemas"
)

// Table is a table version as capture publishes it.
type Table struct {
	Shape      *event.Table
	Codec      *schemas.Codec
	SchemaID   uint32
	Topic      string
	Partitions int32
}

// Relation leads rows of one relation of the stream, a table or a partition's leaf, to their Table.
//
//   - columns[i] is the index in the Table of the relation's column i, or -1 for one that does not
//     travel (a hidden rowid).
type Relation struct {
	Table   *Table
	columns []int
	before  []event.Datum
	after   []event.Datum
}

// ErrShape says that a relation does not fit the definition that is valid here: a DDL was missed.
var ErrShape = errors.New("the relation does not fit the table's definition")

// Bind matches a Relation message with the table version valid at this place. Columns are matched by
// name, because a leaf's order may differ from its root's.
func Bind(t *Table, m *pglogrepl.RelationMessage) (*Relation, error) {
	r := &Relation{Table: t, columns: make([]int, len(m.Columns))}
	seen := 0
	for i, c := range m.Columns {
		r.columns[i] = t.Shape.Column(c.Name)
		if r.columns[i] < 0 {
			return nil, fmt.Errorf("%w: %s has a column %q that its definition lacks", ErrShape, t.Shape.Name, c.Name)
		}
		seen++
	}
	if seen != len(t.Shape.Columns) {
		return nil, fmt.Errorf("%w: %s sends %d columns, its definition has %d", ErrShape, t.Shape.Name, seen, len(t.Shape.Columns))
	}
	r.before = make([]event.Datum, len(t.Shape.Columns))
	r.after = make([]event.Datum, len(t.Shape.Columns))
	return r, nil
}

// Fill makes a row of a decoded Insert, Update or Delete. The row aliases the message and the
// Relation; it holds until the next call.
func (r *Relation) Fill(row *event.Row, m *decode.Message) error {
	row.Table, row.Before, row.After = r.Table.Shape, nil, nil
	switch m.Kind {
	case decode.Insert:
		row.Op = event.Create
	case decode.Update:
		row.Op = event.Update
	case decode.Delete:
		row.Op = event.Delete
	}
	if m.New != nil {
		if err := r.spread(r.after, m.New); err != nil {
			return err
		}
		row.After = r.after
	}
	if m.Old == nil {
		return nil
	}
	if err := r.spread(r.before, m.Old); err != nil {
		return err
	}
	row.Before = r.before
	if m.Full {
		fillUnchanged(r.after, r.before)
	}
	if len(r.Table.Shape.Key) > 0 {
		r.keepKey(row)
	}
	return nil
}

func (r *Relation) spread(dst, src []event.Datum) error {
	if len(src) != len(r.columns) {
		return fmt.Errorf("a row of %s has %d columns instead of %d", r.Table.Shape.Name, len(src), len(r.columns))
	}
	for i, to := range r.columns {
		dst[to] = src[i]
	}
	return nil
}

// fillUnchanged takes large values that did not change from the full old image: under REPLICA
// IDENTITY FULL the new image leaves them out although the old one has them.
func fillUnchanged(after, before []event.Datum) {
	for i := range after {
		if after[i].Kind == event.Unchanged {
			after[i] = before[i]
		}
	}
}

// keepKey reduces the old image of a keyed table to its key, and drops it where the key's bytes are
// the same: then the update did not move the row.
func (r *Relation) keepKey(row *event.Row) {
	key := r.Table.Shape.Key
	if row.Op == event.Update && sameKey(key, r.before, r.after) {
		row.Before = nil
		return
	}
	for i := range r.before {
		if !slices.Contains(key, i) { // keys are short
			r.before[i] = event.Datum{}
		}
	}
}

func sameKey(key []int, a, b []event.Datum) bool {
	for _, k := range key {
		if b[k].Kind == event.Unchanged {
			continue
		}
		if a[k].Kind != b[k].Kind || !bytes.Equal(a[k].Text, b[k].Text) {
			return false
		}
	}
	return true
}

// Key returns the row's identity: of its new image if it has one, else of the old.
func Key(row *event.Row) []event.Datum {
	if row.After != nil {
		return row.After
	}
	return row.Before
}

// Partition is where a record of this key goes: Kafka's default hash, so that other producers and
// consumers agree with it. Without a key everything is on partition 0.
func (t *Table) Partition(key []byte) int32 {
	if len(key) == 0 || t.Partitions <= 1 {
		return 0
	}
	return int32((murmur2(key) & 0x7fffffff) % uint32(t.Partitions))
}
