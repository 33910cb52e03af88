package applier

import (
	"fmt"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"

	"floe/applier/assemble"
	"floe/applier/target"
	"floe/pkg/event"
	"floe/pkg/halt"
	"floe/pkg/ledger"
)

const uniqueTable = "create table t (k int primary key, u text unique, v text)"

// newUnique is a target of which nothing is loaded.
func newUnique(t *testing.T, table, own string) *bag {
	b := newBag(t, table, own)
	b.SkipStructure = true
	b.loads[b.shape.OID] = target.Load{}
	delete(b.loads, b.shape.OID)
	return b
}

// read is an entry of a chunk: a range that ends with its last row, the last one, or keys.
func (b *bag) read(after, through any, keys []string, rows ...[]event.Datum) error {
	b.t.Helper()
	c := &ledger.Chunk{Load: 1, Table: b.shape.OID, Rows: uint64(len(rows))}
	bound := func(k any) [][]byte {
		if k == nil {
			return nil
		}
		return [][]byte{[]byte(fmt.Sprint(k))}
	}
	c.After, c.Through = bound(after), bound(through)
	if keys != nil {
		c.Mode = ledger.Replace
		for _, k := range keys {
			c.Keys = append(c.Keys, bound(k))
		}
	}
	e := &assemble.Entry{Entry: &ledger.Entry{Epoch: 1, Chunk: c}, Offset: b.order.Now.Offset + 1}
	for _, image := range rows {
		e.Rows = append(e.Rows, event.Row{Table: b.shape, Op: event.Read, After: image})
	}
	return b.order.Take(b.t.Context(), e)
}

func (b *bag) reads(after, through any, keys []string, rows ...[]event.Datum) {
	b.t.Helper()
	if err := b.read(after, through, keys, rows...); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bag) settles() {
	b.t.Helper()
	b.entry(ledger.Entry{Loaded: &ledger.Loaded{Load: max(1, b.loads[b.shape.OID].Number), Table: b.shape.OID}})
}

func (b *bag) wantRows(want string) {
	b.t.Helper()
	if got := b.rows(); got != want {
		b.t.Errorf("%s, want %s", got, want)
	}
}

// A unique value that goes from a row to one of a later range is on the target twice when that range was
// read behind the hand-over and the hand-over comes behind it: the row that comes waits.
func TestAUniqueValueHandedOverBetweenRangesWaits(t *testing.T) {
	t.Parallel()
	for _, partial := range []bool{false, true} {
		b := newUnique(t, uniqueTable, "")
		b.reads(nil, 1, nil, values(1, "a", "one"))
		b.reads(1, nil, nil, values(2, "a", "two"), values(3, "c", "three"))
		b.wantRows("[(1,a,one) (3,c,three)]")
		b.wantAsked("[2]")
		first, second := b.change(values(1, nil, nil), values(1, "b", "one")), b.change(values(2, nil, nil), values(2, "a", "two"))
		first.Before, second.Before = nil, nil
		if partial {
			second.After[2] = event.Datum{Kind: event.Unchanged}
		}
		b.apply(first, second)
		want := "[(1,b,one) (2,a,two) (3,c,three)]"
		if partial { // only the reading has all of it
			want = "[(1,b,one) (3,c,three)]"
		}
		b.wantRows(want)
		b.reads(nil, nil, []string{"2"}, values(2, "a", "two"))
		b.settles()
		b.wantRows("[(1,b,one) (2,a,two) (3,c,three)]")
		b.wantAsked("")
		if !b.settled(b.shape.OID) {
			t.Error("the table is not settled")
		}
	}
}

// Changes that come again over rows that have their effect already meet rows of later states.
func TestAChangeThatMeetsALaterRowWaits(t *testing.T) {
	t.Parallel()
	for _, apply := range []way{bySets, byRows} {
		b := newUnique(t, uniqueTable, "")
		b.reads(nil, nil, nil, values(5, "z", "later"), values(6, "y", "later")) // 5: x → y → z, then 6: w → y
		update := func(k int, u, v string) event.Row {
			r := b.change(nil, values(k, u, v))
			r.Op = event.Update
			return r
		}
		for _, txn := range [][]event.Row{{update(5, "y", "now")}, {update(5, "z", "later"), update(6, "y", "later")}} {
			if err := apply(t.Context(), b.session, nil, [][]event.Row{txn}); err != nil {
				t.Fatal(err)
			}
		}
		b.wantAsked("[5]")
		b.wantRows("[(5,z,later) (6,y,later)]")
	}
}

// A row that only the target has stays in the way: the load halts with both keys, but not before that is
// certain, and goes on when it went.
func TestARowOfTheTargetsOwnInTheWayHaltsTheLoad(t *testing.T) {
	t.Parallel()
	b := newUnique(t, uniqueTable, "insert into public.t values (9, 'x', 'own')")
	b.reads(nil, nil, nil, values(1, "x", "one"), values(2, "y", "two"))
	b.wantAsked("[1]")
	b.reads(nil, nil, []string{"1"}, values(1, "x", "one"))
	b.wantAsked("[1]")
	b.settles()
	b.wantAsked("[1]")
	err := b.read(nil, nil, []string{"1"}, values(1, "x", "one"))
	if h := halt.As(err); h == nil || h.Code != halt.ConstraintViolation || !strings.Contains(h.Detail, "key (9)") || !strings.Contains(h.Detail, "k=1") {
		t.Fatalf("%v", err)
	}
	b.wantRows("[(2,y,two) (9,x,own)]")
	b.exec("delete from public.t where k = 9")
	b.reads(nil, nil, []string{"1"}, values(1, "x", "one"))
	b.settles()
	b.wantRows("[(1,x,one) (2,y,two)]")
	if !b.settled(b.shape.OID) {
		t.Error("the table is not settled")
	}
}

// A row in the way that the source wrote to meanwhile may yet give way.
func TestARowInTheWayThatChangesIsNotTheTargetsOwn(t *testing.T) {
	t.Parallel()
	b := newUnique(t, uniqueTable, "")
	b.reads(nil, nil, nil, values(1, "x", "one"))
	b.reads(nil, nil, []string{"2"}, values(2, "x", "two")) // the hand-over is still to come
	touch := b.change(nil, values(1, "x", "one"))
	touch.Op = event.Update
	b.apply(touch) // even though nothing of it changes
	b.settles()
	b.reads(nil, nil, []string{"2"}, values(2, "x", "two"))
	b.wantAsked("[2]")
	b.apply(b.change(values(1, nil, nil), nil))
	b.settles()
	b.reads(nil, nil, []string{"2"}, values(2, "x", "two"))
	b.settles()
	b.wantRows("[(2,x,two)]")
}

// Under on_existing: proceed the source's row is left out, and that is counted; also when it changes later.
func TestUnderProceedARowThatTheTargetsOwnKeepsOutIsSkipped(t *testing.T) {
	t.Parallel()
	b := newUnique(t, "create table t (k int primary key, u int4range, v text, exclude using gist (u with &&))", "insert into public.t values (9, '[1,5)', 'own')")
	b.exec("create table floe.object (job text, applier text, id text, state text)")
	b.Proceed = true
	skipped := func() float64 {
		var m dto.Metric
		if err := b.report.metrics.skipped.Write(&m); err != nil {
			t.Fatal(err)
		}
		return m.GetCounter().GetValue()
	}
	b.reads(nil, nil, nil, values(1, "[4,6)", "one"), values(2, "[7,8)", "two"))
	for i := range 2 {
		b.wantAsked("[1]")
		b.settles()
		b.reads(nil, nil, []string{"1"}, values(1, "[4,6)", "one"))
		b.wantAsked("")
		b.settles()
		if !b.settled(b.shape.OID) || skipped() != float64(i+1) {
			t.Fatalf("settled %v, %v skipped", b.settled(b.shape.OID), skipped())
		}
		b.wantRows(`[(2,"[7,8)",two) (9,"[1,5)",own)]`)
		if i == 0 {
			again := b.change(nil, values(1, "[4,6)", "changed"))
			again.Op = event.Update
			b.apply(again)
		}
	}
}

// A row that was set aside and moves with values left out is not there to be moved: its new key is asked
// for, though the table was never loaded.
func TestARowSetAsideThatMovesIsAskedForByItsNewKey(t *testing.T) {
	t.Parallel()
	b := newUnique(t, uniqueTable, "")
	b.reads(nil, nil, nil, values(1, "a", "one"), values(2, "a", "two"))
	b.wantAsked("[2]")
	move := b.change(values(2, nil, nil), values(7, "b", nil))
	move.After[2] = event.Datum{Kind: event.Unchanged}
	b.apply(move)
	b.wantAsked("[2][7]")
}

// What came of a table without a key while it was read is made true behind its rows, and a load that
// begins again forgets both.
func TestChangesThatWaitedComeBehindTheRows(t *testing.T) {
	t.Parallel()
	b := newUnique(t, bagTable, "")
	chunk := func(load uint64, mode ledger.ChunkMode, after, through [][]byte, rows ...event.Row) {
		b.entry(ledger.Entry{Chunk: &ledger.Chunk{Load: load, Table: b.shape.OID, Mode: mode, After: after, Through: through, Rows: uint64(len(rows))}}, rows...)
	}
	row := func(a int, v string) event.Row {
		return event.Row{Table: b.shape, Op: event.Read, After: values(a, v, nil)}
	}
	at := func(n string) [][]byte { return [][]byte{[]byte(n)} }
	for load := uint64(1); load <= 2; load++ {
		chunk(load, ledger.Insert, nil, at("2"), row(1, "x"), row(1, "x"))
		chunk(load, ledger.Insert, at("2"), at("3"), row(2, "y"))
		chunk(load, ledger.Later, nil, nil, b.change(values(1, "x", nil), nil), b.change(values(2, "y", nil), values(2, "z", nil)), b.change(nil, values(3, "new", nil)))
	}
	chunk(2, ledger.Insert, at("3"), nil)
	b.settles()
	b.wantRows("[(1,x,) (2,z,) (3,new,)]")
	if n := b.drift(); n != 0 {
		t.Errorf("%v rows were missed", n)
	}
}
