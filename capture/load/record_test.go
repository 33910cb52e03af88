package load

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"floe/pkg/ledger"
)

// What an Epoch says of a load is all of it: a capture that begins there goes on as if it had read the
// entries before.
func TestRecordedLoadsComeBack(t *testing.T) {
	t.Parallel()
	was := States{}
	was.Begin(7, 2)
	for _, e := range []*ledger.Entry{
		{Chunk: &ledger.Chunk{Load: 2, Table: 7, Through: [][]byte{[]byte("k\x00"), {}}, Until: 9, Rows: 3}},
		{Commit: &ledger.Commit{Moved: []ledger.Moved{{Table: 7, Key: [][]byte{[]byte("a"), []byte("\xff")}}}}},
		{Chunk: &ledger.Chunk{Load: 1, Table: 8, Until: 10, Rows: 1, Snapshot: "1:5:2"}},
		{Loaded: &ledger.Loaded{Load: 1, Table: 8}},
		{Chunk: &ledger.Chunk{Load: 1, Table: 9, Through: [][]byte{}, Until: 11}},
		{Chunk: &ledger.Chunk{Load: 3, Table: 10, Mode: ledger.Replace, Through: [][]byte{[]byte("r")}, Until: 12}},
		{Chunk: &ledger.Chunk{Load: 1, Table: 11, Through: [][]byte{[]byte("b")}, Splits: [][][]byte{{[]byte("d")}, {[]byte("x")}}, Until: 13}},
	} {
		if err := was.Take(e); err != nil {
			t.Fatal(err)
		}
	}
	is := States{}
	for table, st := range was {
		body, err := st.Record()
		if err != nil {
			t.Fatal(err)
		}
		if err := is.Restore(table, body); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(was, is); diff != "" {
		t.Error(diff)
	}
}
