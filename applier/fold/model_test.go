package fold

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"floe/pkg/event"
	"floe/pkg/ident"
	"floe/schemas"
)

// database is a target in memory: rows by table and key identity, or as a list for tables without key.
type database struct {
	rows map[uint32]map[string][]event.Datum
	bags map[uint32][][]event.Datum
}

func newDatabase() *database {
	return &database{map[uint32]map[string][]event.Datum{}, map[uint32][][]event.Datum{}}
}

func (d *database) clone() *database {
	c := newDatabase()
	for oid, rows := range d.rows {
		for id, image := range rows {
			c.of(oid)[id] = slices.Clone(image)
		}
	}
	for oid, bag := range d.bags {
		c.bags[oid] = slices.Clone(bag)
	}
	return c
}

func (d *database) of(oid uint32) map[string][]event.Datum {
	if d.rows[oid] == nil {
		d.rows[oid] = map[string][]event.Datum{}
	}
	return d.rows[oid]
}

func (d *database) String() string {
	var lines []string
	for oid, rows := range d.rows {
		for _, image := range rows {
			lines = append(lines, fmt.Sprint(oid, flat(image)))
		}
	}
	for oid, bag := range d.bags {
		for _, row := range bag {
			lines = append(lines, fmt.Sprint(oid, flat(row)))
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func flat(image []event.Datum) string {
	var b strings.Builder
	for _, d := range image {
		fmt.Fprintf(&b, " %d:%s", d.Kind, d.Text)
	}
	return b.String()
}

func id(t *event.Table, image []event.Datum) string {
	return string(schemas.AppendIdentity(nil, t, image))
}

func (d *database) delete(t *event.Table, key []event.Datum) { delete(d.of(t.OID), id(t, key)) }

func (d *database) upsert(t *event.Table, image []event.Datum) {
	d.of(t.OID)[id(t, image)] = slices.Clone(image)
}

// update changes the row with image's key; it reports whether there is one.
func (d *database) update(t *event.Table, image []event.Datum) bool {
	row, ok := d.of(t.OID)[id(t, image)]
	for i := range row {
		if image[i].Kind != event.Unchanged {
			row[i] = image[i]
		}
	}
	return ok
}

// move is a partial key-changing update in a table that is not settled (A5).
func (d *database) move(r *event.Row) {
	t, rows := r.Table, d.of(r.Table.OID)
	old, now := id(t, r.Before), id(t, r.After)
	if _, there := rows[now]; !there && rows[old] != nil {
		rows[now] = rows[old]
	}
	d.update(t, r.After)
	delete(rows, old)
}

// apply applies one row as the exact path does.
func (d *database) apply(r *event.Row) {
	t := r.Table
	switch {
	case r.Companion:
	case r.Op == event.Truncate:
		delete(d.rows, t.OID)
		delete(d.bags, t.OID)
	case len(t.Key) == 0:
		d.keyless(r)
	case r.Op == event.Delete:
		d.delete(t, r.Before)
	case r.Op != event.Update:
		d.upsert(t, r.After)
	case r.Partial() && (r.Before == nil || id(t, r.Before) == id(t, r.After)):
		d.update(t, r.After)
	case r.Partial():
		d.move(r)
	default:
		if r.Before != nil {
			d.delete(t, r.Before)
		}
		d.upsert(t, r.After)
	}
}

func (d *database) keyless(r *event.Row) {
	bag := d.bags[r.Table.OID]
	if r.Before != nil {
		if i := slices.IndexFunc(bag, func(row []event.Datum) bool { return flat(row) == flat(r.Before) }); i >= 0 {
			bag = slices.Delete(bag, i, i+1)
		}
	}
	if r.After != nil {
		after := slices.Clone(r.After)
		for i := range after {
			if after[i].Kind == event.Unchanged {
				after[i] = r.Before[i]
			}
		}
		bag = append(bag, after)
	}
	d.bags[r.Table.OID] = bag
}

// applyStep applies a step as the fast path does. It reports what Known promised in vain.
func (d *database) applyStep(s Step) (lies []string) {
	for _, r := range s.Truncate {
		d.apply(r)
	}
	for _, t := range s.Tables {
		for _, f := range t.Full {
			if _, there := d.of(t.Shape.OID)[id(t.Shape, f.Image)]; there != f.Known {
				lies = append(lies, fmt.Sprintf("%s%s: known %v, there %v", t.Shape.Name, flat(f.Image), f.Known, there))
			}
		}
		gone := 0
		for _, k := range t.Deletes {
			if _, there := d.of(t.Shape.OID)[id(t.Shape, k)]; there {
				gone++
			}
			d.delete(t.Shape, k)
		}
		if gone != t.Gone {
			lies = append(lies, fmt.Sprintf("%s: %d rows are to be gone, %d are", t.Shape.Name, t.Gone, gone))
		}
		for _, r := range t.Moves {
			d.move(r)
		}
		for _, p := range t.Partial {
			d.update(t.Shape, p.Image)
		}
		for _, f := range t.Full {
			d.upsert(t.Shape, f.Image)
		}
		for _, c := range t.Out {
			for range c.N {
				d.keyless(&event.Row{Table: t.Shape, Op: event.Delete, Before: c.Image})
			}
		}
		for _, image := range t.In {
			d.keyless(&event.Row{Table: t.Shape, Op: event.Create, After: image})
		}
		for _, r := range t.Exact {
			d.apply(r)
		}
	}
	return lies
}

// checkSteps checks what Step's comment promises.
func checkSteps(t *testing.T, steps []Step) {
	t.Helper()
	for _, s := range steps {
		if (len(s.Tables) == 0) == (len(s.Truncate) == 0) {
			t.Errorf("a step with %d tables and %d truncates", len(s.Tables), len(s.Truncate))
		}
		tables := map[uint32]bool{}
		for _, table := range s.Tables {
			if tables[table.Shape.OID] {
				t.Errorf("%s twice in a step", table.Shape.Name)
			}
			tables[table.Shape.OID] = true
			checkTable(t, table)
		}
		for _, r := range s.Truncate {
			if r.Pos != s.Truncate[0].Pos {
				t.Errorf("two commands in a truncate step")
			}
		}
	}
}

func checkTable(t *testing.T, table *Table) {
	t.Helper()
	keys := map[string]bool{}
	once := func(image []event.Datum) {
		if k := id(table.Shape, image); keys[k] {
			t.Errorf("%s: the key of%s is twice in a step", table.Shape.Name, flat(image))
		} else {
			keys[k] = true
		}
	}
	for _, k := range table.Deletes {
		once(k)
	}
	for _, r := range table.Moves {
		once(r.Before)
		once(r.After)
		if !r.Partial() {
			t.Errorf("%s: a move of a whole image", table.Shape.Name)
		}
	}
	for _, p := range table.Partial {
		once(p.Image)
	}
	for _, f := range table.Full {
		once(f.Image)
		if slices.ContainsFunc(f.Image, func(d event.Datum) bool { return d.Kind == event.Unchanged }) {
			t.Errorf("%s: a whole image that leaves out a value:%s", table.Shape.Name, flat(f.Image))
		}
	}
	gone := map[string]bool{}
	for _, c := range table.Out {
		if gone[flat(c.Image)] || c.N < 1 {
			t.Errorf("%s: %d of%s go, or it is twice in a step", table.Shape.Name, c.N, flat(c.Image))
		}
		gone[flat(c.Image)] = true
	}
	if n := len(table.Out) + len(table.In); n > 0 && (len(table.Shape.Key) > 0 || len(table.Exact) > 0) {
		t.Errorf("%s has rows counted beside others in one step", table.Shape.Name)
	} else if len(keys)+len(table.Exact)+n == 0 {
		t.Errorf("%s is in a step without a change", table.Shape.Name)
	}
	if len(keys) > 0 && len(table.Exact) > 0 {
		t.Errorf("%s has folded and exact changes in one step", table.Shape.Name)
	}
}

func models() []*event.Table {
	pg := func(n string) ident.Name { return ident.Name{Schema: "pg_catalog", Name: n} }
	columns := func(key string) []event.Column {
		return []event.Column{{Name: "a", Type: pg(key)}, {Name: "n", Type: pg("int4")}, {Name: "doc", Type: pg("text")}, {Name: "big", Type: pg("text")}}
	}
	return []*event.Table{
		{Name: ident.Name{Schema: "s", Name: "ints"}, OID: 1, Columns: columns("int4"), Key: []int{0}},
		{Name: ident.Name{Schema: "s", Name: "numbers"}, OID: 2, Columns: columns("numeric"), Key: []int{0}},
		{Name: ident.Name{Schema: "s", Name: "pairs"}, OID: 3, Columns: columns("int4"), Key: []int{1, 0}},
		{Name: ident.Name{Schema: "s", Name: "bag"}, OID: 4, Columns: columns("int4")},
		{Name: ident.Name{Schema: "s", Name: "ranges"}, OID: 5, Columns: columns("int4range"), Key: []int{0}},
	}
}

// author writes random histories. A sane one is what a source could have done to db.
type author struct {
	*rand.Rand
	db   *database
	sane bool
	seq  uint64
}

func (a *author) key() event.Datum {
	return datum([]string{"1", "1.0", "2", "2.00", "3", "4"}[a.IntN(6)])
}

func datum(s string) event.Datum { return event.Datum{Kind: event.Value, Text: []byte(s)} }

func (a *author) value() event.Datum {
	if a.IntN(5) == 0 {
		return event.Datum{}
	}
	return datum(fmt.Sprint("v", a.IntN(1000)))
}

func (a *author) image(t *event.Table, partial bool) []event.Datum {
	out := []event.Datum{a.key(), datum(fmt.Sprint(a.IntN(2))), a.value(), a.value()}
	if len(t.Key) == 0 { // rows alike are what counting is about
		out = []event.Datum{datum(fmt.Sprint(a.IntN(3))), {}, datum("v"), datum(fmt.Sprint("v", a.IntN(2)))}
		if a.IntN(3) == 0 {
			out[1] = datum("")
		}
	}
	if partial {
		out[2+a.IntN(2)] = event.Datum{Kind: event.Unchanged}
	}
	return out
}

// row writes the next change of the table, or nil if this throw of the dice is none.
func (a *author) row(t *event.Table) *event.Row {
	a.seq++
	r := &event.Row{Table: t, Op: event.Create, Pos: event.Position{Epoch: 1, Commit: 1, Seq: a.seq}}
	old := a.existing(t)
	switch a.IntN(40) {
	case 0:
		r.Op = event.Truncate
		return r
	case 1, 2, 3, 4, 5, 6, 7, 8:
		r.After = a.image(t, false)
		if a.sane && a.taken(t, r.After) {
			return nil
		}
		return r
	case 9, 10, 11, 12, 13, 14:
		r.Op, r.Before = event.Delete, old
		if old == nil {
			return nil
		}
		return r
	}
	if r.Op = event.Update; old == nil {
		return nil
	}
	r.After = a.image(t, a.IntN(2) == 0)
	if len(t.Key) > 0 && a.IntN(2) == 0 {
		for _, k := range t.Key {
			r.After[k] = old[k]
		}
	}
	return a.finish(r, old)
}

// finish gives an update its old image where the source would send one.
func (a *author) finish(r *event.Row, old []event.Datum) *event.Row {
	t := r.Table
	same := true
	for _, k := range t.Key {
		same = same && bytes.Equal(old[k].Text, r.After[k].Text)
	}
	if !same || len(t.Key) == 0 {
		r.Before = old
	}
	if a.sane && len(t.Key) > 0 && id(t, old) != id(t, r.After) && a.taken(t, r.After) {
		return nil
	}
	return r
}

func (a *author) taken(t *event.Table, image []event.Datum) bool {
	return len(t.Key) > 0 && a.db.of(t.OID)[id(t, image)] != nil
}

// existing is an old image: of a row that is there, or of any row where the history need not be sane.
func (a *author) existing(t *event.Table) []event.Datum {
	if !a.sane {
		return a.image(t, false)
	}
	if len(t.Key) == 0 {
		if bag := a.db.bags[t.OID]; len(bag) > 0 {
			return slices.Clone(bag[a.IntN(len(bag))])
		}
		return nil
	}
	rows := a.db.of(t.OID)
	var ids []string
	for k := range rows {
		ids = append(ids, k)
	}
	if len(ids) == 0 {
		return nil
	}
	slices.Sort(ids)
	return slices.Clone(rows[ids[a.IntN(len(ids))]])
}

// Folded rows leave what rows applied one by one leave, whatever the target held before: for histories
// that a source can have, Known is true as well; for any others (rows applied again over a load) the
// result is the same still.
func TestFoldedRowsLeaveWhatSingleRowsLeave(t *testing.T) {
	t.Parallel()
	f := New()
	for seed := range uint64(20000) {
		a := &author{Rand: rand.New(rand.NewPCG(seed, 1)), sane: seed%2 == 0, db: newDatabase()}
		tables := models()
		for range 10 { // what the target holds
			table := tables[a.IntN(len(tables))]
			if image := a.image(table, false); !a.taken(table, image) {
				a.db.apply(&event.Row{Table: table, Op: event.Create, After: image})
			}
		}
		folded := a.db.clone()
		f.Reset()
		var images []string
		var rows []*event.Row
		for range 1 + a.IntN(30) {
			r := a.row(tables[a.IntN(len(tables))])
			if r == nil {
				continue
			}
			a.db.apply(r)
			rows, images = append(rows, r), append(images, flat(r.Before)+"|"+flat(r.After))
			f.Add(r)
		}
		if f.Rows() != len(rows) {
			t.Fatalf("seed %d: %d rows, counted %d", seed, len(rows), f.Rows())
		}
		steps := f.Steps()
		checkSteps(t, steps)
		for _, s := range steps {
			if lies := folded.applyStep(s); a.sane && len(lies) > 0 {
				t.Errorf("seed %d: %s", seed, lies)
			}
		}
		if want, got := a.db.String(), folded.String(); want != got {
			t.Errorf("seed %d: one by one\n%s\nfolded\n%s\nby\n%s", seed, want, got, write(steps))
		}
		for i, r := range rows {
			if images[i] != flat(r.Before)+"|"+flat(r.After) {
				t.Errorf("seed %d: row %d was written to", seed, i)
			}
		}
		if t.Failed() {
			return
		}
	}
}
