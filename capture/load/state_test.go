package load

import (
	"context"
	"reflect"
	"testing"

	"floe/capture/snapshot"
	"floe/pkg/ledger"
)

func key(parts ...string) [][]byte {
	out := make([][]byte, len(parts))
	for i, p := range parts {
		out[i] = []byte(p)
	}
	return out
}

func take(t *testing.T, s States, entries ...*ledger.Entry) {
	t.Helper()
	for _, e := range entries {
		if err := s.Take(e); err != nil {
			t.Fatal(err)
		}
	}
}

func chunk(load uint64, after, through [][]byte) *ledger.Entry {
	return &ledger.Entry{Chunk: &ledger.Chunk{Load: load, Table: 1, Mode: ledger.Insert, After: after, Through: through, Rows: 1, Snapshot: "1:1:"}}
}

// Ranges must join from −∞ to +∞: one that leaves a gap is no chunk of this load.
func TestRangesJoin(t *testing.T) {
	t.Parallel()
	s := States{}
	take(t, s, chunk(1, nil, key("a")))
	if err := s.Take(chunk(1, key("b"), nil)); err == nil {
		t.Error("a gap between a and b passes")
	}
	if err := s.Take(chunk(1, nil, nil)); err == nil {
		t.Error("a range that begins again passes")
	}
	take(t, s, chunk(1, key("a"), key("")), chunk(1, key(""), nil))
	if st := s[1]; !st.Complete || st.Rows != 3 {
		t.Errorf("%+v", st)
	}
	if err := s.Take(chunk(1, nil, nil)); err == nil {
		t.Error("a range behind the last one passes")
	}
	take(t, s, chunk(2, nil, key("x"))) // a load of a higher number begins anew
	if st := s[1]; st.Complete || st.Rows != 1 {
		t.Errorf("%+v", st)
	}
}

// A table settles only when the log has passed every chunk and no key waits (H2, H3).
func TestTableSettles(t *testing.T) {
	t.Parallel()
	s := States{}
	e := chunk(1, nil, nil)
	e.Chunk.Until = 100
	take(t, s, e, &ledger.Entry{Commit: &ledger.Commit{Moved: []ledger.Moved{{Table: 1, Key: key("a", "bc")}, {Table: 9, Key: key("x")}}}})
	if st := s[1]; st.Settled(100) || len(st.Waiting) != 1 {
		t.Errorf("%+v", st)
	}
	take(t, s, &ledger.Entry{Chunk: &ledger.Chunk{Load: 1, Table: 1, Mode: ledger.Replace, Keys: [][][]byte{key("ab", "c")}, Until: 150}})
	if len(s[1].Waiting) != 1 {
		t.Error("another key was taken for the one that waits")
	}
	take(t, s, &ledger.Entry{Chunk: &ledger.Chunk{Load: 1, Table: 1, Mode: ledger.Replace, Keys: [][][]byte{key("a", "bc")}, Until: 200}})
	if st := s[1]; st.Settled(199) || !st.Settled(200) {
		t.Errorf("%+v", st)
	}
	take(t, s, &ledger.Entry{Loaded: &ledger.Loaded{Load: 1, Table: 1}})
	if s.Open() || s[1].Lists(0, key("a"), key("b")) {
		t.Errorf("%+v", s[1])
	}
}

// Once nothing can be missing but keys that wait, only moves that touch one are listed, or passes would
// never end.
func TestMovesThatMustBeListed(t *testing.T) {
	t.Parallel()
	s := States{}
	st := s.Begin(1, 1)
	was, now := key("a"), key("b")
	if !st.Lists(1<<40, was, now) {
		t.Error("ranges are open and a move is not listed")
	}
	st.Complete, st.Until = true, 100
	if !st.Lists(99, was, now) {
		t.Error("a transaction that a chunk's snapshot saw may still come, and a move is not listed")
	}
	if st.Lists(100, was, now) {
		t.Error("a move between keys that are there is listed")
	}
	s.Move(1, was)
	if !st.Lists(100, was, now) || !st.Lists(100, now, was) {
		t.Error("a move that touches a waiting key is not listed")
	}
}

// More moved keys than are listed begin the table's load again, at the same place for who replays.
func TestManyMovesBeginAgain(t *testing.T) {
	t.Parallel()
	s := States{}
	take(t, s, chunk(1, nil, nil), &ledger.Entry{Commit: &ledger.Commit{Many: []uint32{1, 7}, Moved: []ledger.Moved{{Table: 1, Key: key("later")}}}})
	if st := s[1]; st.Load != 2 || !st.Untouched() || len(st.Waiting) != 1 {
		t.Errorf("%+v", st)
	}
}

// A load that replaces goes on replacing when it begins again.
func TestReplacingLoadStaysOne(t *testing.T) {
	t.Parallel()
	s := States{}
	take(t, s, chunk(1, nil, nil), &ledger.Entry{Loaded: &ledger.Loaded{Load: 1, Table: 1}})
	if st := s.Reload(1); st.Load != 2 || st.mode() != ledger.Replace || st.Loaded || st.Complete {
		t.Errorf("%+v", st)
	}
	s.Again(1)
	if st := s[1]; st.Load != 3 || st.mode() != ledger.Replace {
		t.Errorf("%+v", st)
	}
	if st := s.Reload(9); st.Load != 1 || st.mode() != ledger.Replace {
		t.Errorf("%+v", st)
	}
}

// A hold knows every transaction placed before it, and forgets those that a snapshot was seen to hold.
func TestHoldKnowsWhatWasPlaced(t *testing.T) {
	t.Parallel()
	g := NewGate()
	g.Placed(10)
	g.Placed(11)
	granted := make(chan struct{})
	go func() {
		h := <-g.Requests()
		g.Placed(12) // placed while the load waits for its turn
		h.Grant()
		<-h.Released()
		close(granted)
	}()
	h, err := g.Hold(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	see := func(text string) bool {
		s, err := snapshot.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		return h.Unseen(s)
	}
	if !see("11:13:11") { // 11 runs
		t.Error("a placed transaction is invisible and the hold does not say so")
	}
	if len(h.Recent) != 1 {
		t.Errorf("still to be seen: %v", h.Recent)
	}
	if see("13:13:") {
		t.Error("all is visible and the hold does not say so")
	}
	h.Release()
	<-granted
	if len(g.recent) != 0 {
		t.Errorf("the gate keeps %v", g.recent)
	}
}

// A load that gives up while it waits must not leave the stream standing.
func TestHoldGivenUpLetsTheStreamGo(t *testing.T) {
	t.Parallel()
	g := NewGate()
	ctx, cancel := context.WithCancel(t.Context())
	failed := make(chan error, 1)
	go func() {
		_, err := g.Hold(ctx)
		failed <- err
	}()
	h := <-g.Requests()
	cancel()
	if err := <-failed; err == nil {
		t.Error("a hold after the end")
	}
	h.Grant()
	<-h.Released()
}

// The place to pass is one that an idle source passes: just behind a page header it never does.
func TestPlaceToPassOnAnIdleSource(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]uint64{"0/2018": 0x2000, "0/2028": 0x2000, "0/2030": 0x2030, "1/0": 1 << 32} {
		if got, err := passable(in); err != nil || uint64(got) != want {
			t.Errorf("%s: %s, %v", in, got, err)
		}
	}
}

// Ranges that are read at once join like one: what is not read is known from the chunks alone, in
// whichever order they come, and the load is complete with the last gap.
func TestRangesReadAtOnceJoin(t *testing.T) {
	t.Parallel()
	first := chunk(1, nil, key("c"))
	first.Chunk.Splits = [][][]byte{key("f"), key("m")}
	s := States{}
	take(t, s, first, chunk(1, key("m"), key("p")), chunk(1, key("f"), key("m")))
	if err := s.Take(chunk(1, key("f"), key("h"))); err == nil {
		t.Error("a range that is read already passes")
	}
	if err := s.Take(chunk(1, key("c"), nil)); err == nil {
		t.Error("a chunk without end passes for a range that has one")
	}
	take(t, s, chunk(1, key("p"), nil))
	st := s[1]
	if want := []ledger.Range{{After: key("c"), Through: key("f")}}; st.Complete || !reflect.DeepEqual(st.Open, want) {
		t.Errorf("open are %q", st.Open)
	}
	take(t, s, chunk(1, key("c"), key("d")), chunk(1, key("d"), key("f")))
	if st := s[1]; !st.Complete || st.Settled(0) != true || st.Rows != 6 {
		t.Errorf("%+v", st)
	}
	// A first chunk that is all of its part leaves the others.
	whole := chunk(2, nil, key("f"))
	whole.Chunk.Splits = [][][]byte{key("f")}
	take(t, s, whole)
	if want := []ledger.Range{{After: key("f")}}; !reflect.DeepEqual(s[1].Open, want) {
		t.Errorf("open are %q", s[1].Open)
	}
}

// Keys that divide a table are in order and differ.
func TestSplitsAreInOrder(t *testing.T) {
	t.Parallel()
	var keys [][][]byte
	for c := 'a'; c <= 'z'; c++ {
		keys = append(keys, key(string(c)))
	}
	if got := spread(keys, 4); !reflect.DeepEqual(got, [][][]byte{key("g"), key("n"), key("t")}) {
		t.Errorf("%q", got)
	}
	for n := range 5 {
		for parts := 2; parts < 6; parts++ {
			if got := spread(keys[:n], parts); len(got) > n {
				t.Errorf("%d keys for %d parts give %q", n, parts, got)
			}
		}
	}
}
