// Package fold turns the rows of consecutive source transactions into the fewest changes that leave the
// target as if the rows had been applied one by one: per key the last change wins (docs/design.md, A3 to
// A5). It stands between assemble, which gives rows in source order, and render, which writes statements
// for what it returns. It is pure; testdata/ is its specification.
//
// What "one by one" means: an insert, and an update with a whole image, make the image the row (delete
// the old key, then upsert); an update that leaves out unchanged large values changes a row that is
// there and does nothing else; a delete removes a row that is there. Folding is exact for every target state,
// not only for one that equals the source: rows are applied again over a load's chunks.
package fold

import (
	"floe/pkg/event"
	"floe/schemas"
)

// Folder reduces rows of consecutive transactions to their net change. Its memory is used again after
// Reset. It is not safe for concurrent use.
type Folder struct {
	// Foldable says whether the table's keys are told apart by their canonical text; nil takes the
	// types' word for it. Of a table without a key it says whether all that tells its rows apart is in
	// their events. It is asked once for each table version.
	Foldable func(*event.Table) bool

	rows   int
	net    net
	tables map[uint32]*table // by oid
	last   *table
	open   []*table // of the step that rows are added to
	steps  []Step
	pool   []*Table
	used   int // of the pool
}

// table is one table version and its place in the open step.
type table struct {
	shape    *event.Table
	foldable bool
	number   uint32
	out      *Table // nil while the open step has nothing of the table
	counted  bool   // rows of the open step, in a table without a key, are in the net; else all are in out.In
}

// New returns a Folder that holds nothing.
func New() *Folder {
	return &Folder{net: newNet(), tables: map[uint32]*table{}}
}

// Rows counts the rows added since Reset, whatever became of them.
func (f *Folder) Rows() int { return f.rows }

// Add takes the next row in source order. It keeps the pointer and what the row points at until Reset.
func (f *Folder) Add(r *event.Row) {
	f.rows++
	if r.Companion {
		return
	}
	if r.Op == event.Truncate {
		f.truncate(r)
		return
	}
	t := f.version(r.Table)
	switch {
	case !t.foldable:
		f.enter(t)
		t.out.Exact = append(t.out.Exact, r)
	case !complete(r):
		f.alone(t, r)
	case len(r.Table.Key) == 0:
		f.count(t, r)
	case !f.fold(t, r):
		f.seal()
		f.fold(t, r)
	}
}

// fold adds the row's effect to the open step. It reports false, and has changed nothing, if the step
// must end first. An empty step takes every row.
func (f *Folder) fold(t *table, r *event.Row) bool {
	f.enter(t)
	n := &f.net
	if r.Op == event.Delete {
		i := n.find(t, r.Before)
		if n.changes[i].state == moved {
			return false
		}
		n.remove(i, r.Before)
		return true
	}
	to := n.find(t, r.After)
	from := to
	if r.Op == event.Update && r.Before != nil {
		from = n.find(t, r.Before) // the same one where the server holds the keys for equal: 1.0 and 1.00
	}
	a, b := n.changes[from].state, n.changes[to].state
	whole := r.Op != event.Update || !r.Partial()
	switch {
	case a == moved || b == moved:
		return false
	case from == to && whole:
		n.put(to, r.After, r.Op == event.Update)
	case from == to && a == gone: // no source sends this; whoever does gets what one by one would give
		return false
	case from == to:
		n.patch(to, r.After)
	case whole:
		n.remove(from, r.Before)
		n.put(to, r.After, false)
	case a != untouched || b != untouched:
		return false
	default:
		n.move(from, to, r)
	}
	return true
}

// complete reports whether the row has the images of its operation, and they have their keys. A source
// that sends anything else is not understood: the exact path says so when it meets the row.
func complete(r *event.Row) bool {
	switch r.Op {
	case event.Delete:
		return keyed(r.Table, r.Before)
	case event.Create, event.Read:
		return keyed(r.Table, r.After)
	case event.Update:
		return keyed(r.Table, r.After) && (r.Before == nil && len(r.Table.Key) > 0 || keyed(r.Table, r.Before))
	}
	return false
}

func keyed(t *event.Table, image []event.Datum) bool {
	if len(image) != len(t.Columns) {
		return false
	}
	for _, k := range t.Key {
		if image[k].Kind != event.Value {
			return false
		}
	}
	return true
}

// alone makes the row a step of its own.
func (f *Folder) alone(t *table, r *event.Row) {
	f.seal()
	f.enter(t)
	t.out.Exact = append(t.out.Exact, r)
	f.seal()
}

// truncate joins the rows of one command; they follow each other. What the open step has of the table
// is gone with its rows, and no other table takes notice: so the command stands before the open step. Of
// a partition alone nobody knows which changes it takes.
func (f *Folder) truncate(r *event.Row) {
	switch t := f.tables[r.Table.OID]; {
	case r.Leaf != nil:
		f.seal()
	case t != nil && t.out != nil:
		f.net.drop(t)
		t.out.reset()
		t.out.Shape = t.shape
	}
	if n := len(f.steps); n > 0 {
		if s := &f.steps[n-1]; len(s.Truncate) > 0 && s.Truncate[0].Pos == r.Pos {
			s.Truncate = append(s.Truncate, r)
			return
		}
	}
	s := f.step()
	s.Truncate = append(s.Truncate, r)
}

// version returns what is known of the table version. Two versions of one table never share a step.
func (f *Folder) version(shape *event.Table) *table {
	if f.last != nil && f.last.shape == shape {
		return f.last
	}
	t := f.tables[shape.OID]
	if t == nil || t.shape != shape {
		if t != nil && t.out != nil {
			f.seal()
		}
		t = &table{shape: shape, foldable: f.foldable(shape)}
		f.tables[shape.OID] = t
	}
	f.last = t
	return t
}

// enter makes the table part of the open step.
func (f *Folder) enter(t *table) {
	if t.out != nil {
		return
	}
	t.out, t.number = f.table(), uint32(len(f.open))
	t.out.Shape = t.shape
	f.open = append(f.open, t)
}

func (f *Folder) foldable(shape *event.Table) bool {
	switch {
	case len(shape.Columns) == 0:
		return false
	case f.Foldable != nil:
		return f.Foldable(shape)
	}
	return len(shape.Key) == 0 || schemas.Foldable(shape, nil)
}

// seal ends the open step, if there is one.
func (f *Folder) seal() {
	if len(f.open) == 0 {
		return
	}
	for i := range f.net.changes {
		f.net.changes[i].emit()
	}
	f.net.forget()
	var s *Step
	for _, t := range f.open {
		if !t.out.empty() {
			if s == nil {
				s = f.step()
			}
			s.Tables = append(s.Tables, t.out)
		}
		t.out, t.counted = nil, false
	}
	f.open = f.open[:0]
}

// step returns the next step, empty.
func (f *Folder) step() *Step {
	if len(f.steps) == cap(f.steps) {
		f.steps = append(f.steps, Step{})
	} else {
		f.steps = f.steps[:len(f.steps)+1]
	}
	return &f.steps[len(f.steps)-1]
}

func (f *Folder) table() *Table {
	if f.used == len(f.pool) {
		f.pool = append(f.pool, &Table{})
	}
	f.used++
	return f.pool[f.used-1]
}

// Steps ends the open step and returns all of them in order. They hold until Reset.
func (f *Folder) Steps() []Step {
	f.seal()
	return f.steps
}

// Reset forgets all rows.
func (f *Folder) Reset() {
	f.seal()
	for i := range f.steps {
		s := &f.steps[i]
		clear(s.Tables)
		clear(s.Truncate)
		s.Tables, s.Truncate = s.Tables[:0], s.Truncate[:0]
	}
	for _, t := range f.pool[:f.used] {
		t.reset()
	}
	f.net.reset()
	f.steps, f.used, f.rows = f.steps[:0], 0, 0
}
