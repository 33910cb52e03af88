// Package route leads a decoded change to its table: which table version a relation is, which of its
// columns travel, which topic and partition its record goes to. It is pure.
package route

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pglogrepl"

	"floe/capture/composed"
	"floe/capture/decode"
	"floe/pkg/event"
	"floe/pkg/halt"
	"floe/pkg/ident"
	"floe/schemas"
)

// Table is a table version as capture publishes it.
type Table struct {
	Shape *event.Table
	Codec *schemas.Codec
	// SchemaID is the id of the values' schema, KeyID that of the keys'; 0 for a table without a key.
	SchemaID   uint32
	KeyID      uint32
	Topic      string
	Partitions int32
	// Where is the condition that rows must meet to be events, empty for all.
	Where string
	// Types are the columns' types as Relation messages name them; nil if they are not to be compared.
	Types []Type
	// Collations are those of the columns if there is a condition, empty where it is the type's; else nil.
	Collations []ident.Name
	// Hidden are columns that Relation messages bear and that do not travel.
	Hidden []string
}

// Type is a column's type on the source.
type Type struct {
	OID      uint32
	Modifier int32
}

// Relation leads rows of one relation of the stream, a table or a partition's leaf, to their Table.
//
//   - columns[i] is the index in the Table of the relation's column i, or -1 for one that does not
//     travel (a hidden rowid).
type Relation struct {
	Table *Table
	// Forms are what values of users' types look like, as they are defined where the relation was bound.
	Forms   *composed.Forms
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
		if slices.Contains(t.Hidden, c.Name) {
			r.columns[i] = -1
			continue
		}
		r.columns[i] = t.Shape.Column(c.Name)
		if r.columns[i] < 0 {
			return nil, fmt.Errorf("%w: %s has a column %q that its definition lacks", ErrShape, t.Shape.Name, c.Name)
		}
		if is := (Type{c.DataType, c.TypeModifier}); t.Types != nil && t.Types[r.columns[i]] != is {
			return nil, fmt.Errorf("%w: column %q of %s has type %d with modifier %d, its definition type %d with %d", ErrShape,
				c.Name, t.Shape.Name, is.OID, is.Modifier, t.Types[r.columns[i]].OID, t.Types[r.columns[i]].Modifier)
		}
		seen++
	}
	if err := t.sameKey(m); err != nil {
		return nil, err
	}
	if seen != len(t.Shape.Columns) {
		return nil, fmt.Errorf("%w: %s sends %d columns, its definition has %d", ErrShape, t.Shape.Name, seen, len(t.Shape.Columns))
	}
	r.before = make([]event.Datum, len(t.Shape.Columns))
	r.after = make([]event.Datum, len(t.Shape.Columns))
	return r, nil
}

// sameKey holds the columns that old images have against the key: one that is told apart by other columns
// than it has would not be found.
func (t *Table) sameKey(m *pglogrepl.RelationMessage) error {
	if m.ReplicaIdentity != 'd' && m.ReplicaIdentity != 'i' {
		return nil // all columns, or no old images
	}
	sent, hidden := 0, 0
	for _, c := range m.Columns {
		switch {
		case c.Flags&1 == 0:
			continue
		case slices.Contains(t.Hidden, c.Name):
			hidden++
			continue
		}
		if sent++; len(t.Shape.Key) > 0 && !slices.Contains(t.Shape.Key, t.Shape.Column(c.Name)) {
			return fmt.Errorf("%w: old rows of %s bear column %q, which is not of its key", ErrShape, t.Shape.Name, c.Name)
		}
	}
	if sent > 0 && len(t.Shape.Key) == 0 {
		return fmt.Errorf("%w: old rows of %s bear %d columns only, and without a key all tell its rows apart", ErrShape, t.Shape.Name, sent)
	}
	if sent == 0 && hidden > 0 && len(t.Shape.Key) > 0 {
		return fmt.Errorf("%w: old rows of %s bear columns that do not travel, and none of its key", ErrShape, t.Shape.Name)
	}
	if sent > 0 && sent < len(t.Shape.Key) {
		return fmt.Errorf("%w: old rows of %s bear %d columns of its key of %d", ErrShape, t.Shape.Name, sent, len(t.Shape.Key))
	}
	return nil
}

// Fill makes a row of a decoded Insert, Update or Delete. The row aliases the message and the
// Relation; it holds until the next call. Of a table with a condition the row has its whole old image, or
// none if it did not come; what is an event after all is then to be Reduced.
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
	if len(r.Table.Shape.Key) == 0 && !m.Full { // what it leaves out would read as NULL, and mean another row, or none
		return halt.New(halt.StructureChanged, "give it REPLICA IDENTITY FULL or a key, then "+halt.Reset, "an old row of %s is not whole, and the table has no key", r.Table.Shape.Name)
	}
	if m.Full {
		fillUnchanged(r.after, r.before)
	}
	switch {
	case r.Table.Where == "":
		r.Reduce(row)
	case !m.Full:
		row.Before = nil
	}
	return nil
}

// Reduce leaves of an old image what readers need of it: the key.
func (r *Relation) Reduce(row *event.Row) {
	if len(r.Table.Shape.Key) > 0 && row.Before != nil {
		r.keepKey(row)
	}
}

// Forget lets go of the last row's bytes.
func (r *Relation) Forget() {
	clear(r.before)
	clear(r.after)
}

func (r *Relation) spread(dst, src []event.Datum) error {
	if len(src) != len(r.columns) {
		return fmt.Errorf("a row of %s has %d columns instead of %d", r.Table.Shape.Name, len(src), len(r.columns))
	}
	for i, to := range r.columns {
		if to >= 0 {
			dst[to] = src[i]
		}
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
//
// A large key that did not change is left out of the new image even though the old one came because of
// it: the row's key is in its new image, always.
func (r *Relation) keepKey(row *event.Row) {
	key := r.Table.Shape.Key
	if row.After != nil {
		for _, k := range key {
			if r.after[k].Kind == event.Unchanged {
				r.after[k] = r.before[k]
			}
		}
	}
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

// Partition is where a record of this key goes: Kafka's default hash of the key's Avro record. The schema
// id before it does not count: ids change with the epoch, and a key must stay where it is. Without a key
// everything is on partition 0.
func (t *Table) Partition(key []byte) int32 {
	if len(key) == 0 || t.Partitions <= 1 {
		return 0
	}
	return int32((murmur2(key[schemas.HeadSize:]) & 0x7fffffff) % uint32(t.Partitions))
}
