package applier

import (
	"fmt"
	"testing"

	"floe/applier/assemble"
	"floe/applier/target"
	"floe/pkg/event"
	"floe/pkg/ledger"
)

// partly is an update that leaves v out.
func (b *bag) partly(before, after any, n int) event.Row {
	r := b.change(values(before, nil, nil), values(after, nil, n))
	if before == after {
		r.Before = nil
	}
	r.After[1] = event.Datum{Kind: event.Unchanged}
	return r
}

func (b *bag) entry(e ledger.Entry, rows ...event.Row) {
	b.t.Helper()
	e.Epoch = 1
	if err := b.order.Take(b.t.Context(), &assemble.Entry{Entry: &e, Offset: b.order.Now.Offset + 1, Rows: rows}); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bag) apply(rows ...event.Row) {
	b.t.Helper()
	if err := bySets(b.t.Context(), b.session, nil, [][]event.Row{rows}); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bag) wantAsked(want string) {
	b.t.Helper()
	got := ""
	for _, a := range b.asking() {
		got += fmt.Sprint(a.Key)
	}
	if got != want {
		b.t.Errorf("asks for %q, want %q", got, want)
	}
}

// A partial update whose row is not there asks for its key until that comes in a chunk; the table is
// unsettled until it is Loaded again. What is changed meanwhile asks for its new key.
func TestAMissedRowIsAskedForUntilItComes(t *testing.T) {
	t.Parallel()
	b := newBag(t, "create table t (k int primary key, v text, n int)", "insert into public.t values (1, 'here', 0)")
	b.SkipStructure = true
	oid := b.shape.OID
	b.loads[oid] = target.Load{Table: oid, Number: 1, Loaded: true}
	b.apply(b.partly(1, 1, 1), b.partly(2, 2, 1), b.partly(3, 4, 1))
	b.wantAsked("[2][4]")
	if b.drift() != 2 || b.settled(oid) || b.rows() != "[(1,here,1)]" {
		t.Fatalf("%v missed, settled %v, %s", b.drift(), b.settled(oid), b.rows())
	}
	b.apply(b.partly(2, 5, 2))
	b.wantAsked("[2][4][5]")
	keys := [][][]byte{{[]byte("2")}, {[]byte("4")}, {[]byte("5")}}
	row := func(k, n int) event.Row {
		return event.Row{Table: b.shape, Op: event.Read, After: values(k, "read", n)}
	}
	b.entry(ledger.Entry{Chunk: &ledger.Chunk{Load: 1, Table: oid, Mode: ledger.Replace, Keys: keys, Rows: 2}}, row(4, 1), row(5, 2))
	b.wantAsked("")
	if b.settled(oid) || !b.loads[oid].Loaded {
		t.Error("the table must be unsettled before its Loaded, and stay loaded")
	}
	b.entry(ledger.Entry{Loaded: &ledger.Loaded{Load: 1, Table: oid}})
	if got, want := b.rows(), "[(1,here,1) (4,read,1) (5,read,2)]"; got != want || !b.settled(oid) {
		t.Errorf("%s, settled %v, want %s", got, b.settled(oid), want)
	}
	b.exec("delete from public.t where k = 4")
	b.apply(b.partly(4, 4, 3))
	b.wantAsked("[4]")
}

// A row that came by the same batch in full is not asked for.
func TestARowThatCameInFullIsNotAskedFor(t *testing.T) {
	t.Parallel()
	b := newBag(t, "create table t (k int primary key, v text, n int)", "")
	for _, apply := range []way{bySets, byRows} {
		rows := []event.Row{b.partly(1, 1, 1), b.change(nil, values(1, "full", 2)), b.partly(1, 1, 3)}
		if err := apply(t.Context(), b.session, nil, [][]event.Row{rows}); err != nil {
			t.Fatal(err)
		}
		b.wantAsked("")
		if got := b.rows(); got != "[(1,full,3)]" {
			t.Errorf("%s, want [(1,full,3)]", got)
		}
	}
}
