package assemble

import (
	"fmt"
	"testing"

	"floe/pkg/event"
	"floe/pkg/ledger"
)

// BenchmarkAssemble puts one Commit entry of 1,000 transactions together: four rows each, of four tables,
// checked, merged into the source's order and decoded.
func BenchmarkAssemble(b *testing.B) {
	tables := []string{"accounts", "tellers", "branches", "history"}
	s := newScene(b, tables...)
	s.begin(1)
	const transactions = 1000
	for i := range transactions {
		for j, t := range tables {
			s.row(t, 1, uint64(i), event.LSN(100+i), uint64(j), fmt.Sprint(i))
		}
	}
	e := &ledger.Entry{Epoch: 1, N: 2, Commit: &ledger.Commit{Transactions: transactions}}
	for _, t := range tables {
		e.Commit.Spans = append(e.Commit.Spans, ledger.Span{Topic: t, Count: transactions})
	}
	a := New(s.log, "ledger", "objects", ledger.NewCursor(), 0)
	for range 2 { // the epoch, and its schemas
		if _, err := a.Next(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		for _, t := range tables {
			s.log.taken[t] = 0
		}
		got, err := a.Resolve(b.Context(), e, 2)
		if err != nil {
			b.Fatal(err)
		}
		if len(got.Rows) != transactions*len(tables) {
			b.Fatalf("%d rows", len(got.Rows))
		}
	}
	b.ReportMetric(float64(b.N)*transactions*float64(len(tables))/b.Elapsed().Seconds(), "rows/s")
}
