package fold

import "floe/pkg/event"

// Step is a set of changes that may run set-based, in the order deletes, moves, partial and full images,
// table by table; or one TRUNCATE command, which stands alone, before what other tables brought.
//
//   - Within a Step no key of a table occurs twice, whatever its spelling.
//   - A Step is never empty, and neither is one of its Tables. Rows of a table without a key may cancel
//     each other, so there may be rows without a Step.
//   - No table occurs twice, and all its rows are of one version of its shape.
type Step struct {
	Tables   []*Table     // net changes by table, in order of first appearance
	Truncate []*event.Row // the records of one TRUNCATE command (same Pos)
}

// Table is what a step changes in one table. Images have an entry for each column of Shape; they may be
// a row's own, so nobody writes to them.
type Table struct {
	Shape   *event.Table
	Deletes []Key
	Gone    int // of Deletes are of rows that are on a target that equals the source
	// Moves are updates that change the key and leave out a value that did not change. Both their keys
	// occur nowhere else in the step.
	Moves   []*event.Row
	Partial []Partial
	Full    []Full
	// Out and In are the net change of a table without a key, whose rows are told apart by all their
	// columns: first as many equal rows go as Out says, then those of In come.
	Out []Counted
	In  [][]event.Datum
	// Exact rows must be applied one by one in this order: floe cannot decide when keys of the table are
	// equal, or the row lacks its key.
	Exact []*event.Row
}

// Counted is a row of a table without a key, and how many like it go. No two of a Table are alike.
type Counted struct {
	Image []event.Datum
	N     int
}

// Key is the key of a row that is gone: an image of which only the key columns count.
type Key []event.Datum

// Partial is an update that leaves out values: the row keeps those that are Unchanged. It never inserts.
// Key columns may be spelled differently than in the row, and take the new spelling.
type Partial struct{ Image []event.Datum }

// Full is a whole row. Known says that the first change of its key in the step was an UPDATE or a
// DELETE, so that the row is on a target that equals the source.
type Full struct {
	Image []event.Datum
	Known bool
}

func (t *Table) reset() {
	clear(t.Deletes) // what they point at is as large as the batch
	clear(t.Moves)
	clear(t.Partial)
	clear(t.Full)
	clear(t.Out)
	clear(t.In)
	clear(t.Exact)
	*t = Table{nil, t.Deletes[:0], 0, t.Moves[:0], t.Partial[:0], t.Full[:0], t.Out[:0], t.In[:0], t.Exact[:0]}
}

func (t *Table) empty() bool {
	return len(t.Deletes)+len(t.Moves)+len(t.Partial)+len(t.Full)+len(t.Out)+len(t.In)+len(t.Exact) == 0
}
