package fold

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"floe/pkg/event"
	"floe/pkg/ident"
)

// history is pgbench-like: each transaction updates an account, a teller and a branch, and inserts a row
// without a key.
func history(transactions, accounts int) []*event.Row {
	rng := rand.New(rand.NewPCG(1, 1))
	table := func(oid uint32, key ...int) *event.Table {
		t := &event.Table{Name: ident.Name{Schema: "public", Name: fmt.Sprint("t", oid)}, OID: oid, Key: key}
		for i, typ := range []string{"int4", "int4", "int4", "bpchar"} {
			t.Columns = append(t.Columns, event.Column{Name: string(rune('a' + i)), Type: ident.Name{Schema: "pg_catalog", Name: typ}})
		}
		return t
	}
	account, teller, branch, log := table(1, 0), table(2, 0), table(3, 0), table(4)
	row := func(t *event.Table, op event.Op, key int) *event.Row {
		return &event.Row{Table: t, Op: op, After: []event.Datum{datum(fmt.Sprint(key)), datum("1"), datum("-4711"), datum("                    ")}}
	}
	var rows []*event.Row
	for range transactions {
		rows = append(rows, row(account, event.Update, rng.IntN(accounts)), row(teller, event.Update, rng.IntN(100)),
			row(branch, event.Update, rng.IntN(10)), row(log, event.Create, 0))
	}
	return rows
}

// BenchmarkFold folds 10,000 pgbench transactions over a million accounts: a batch of a backlog.
func BenchmarkFold(b *testing.B) {
	rows := history(10_000, 1_000_000)
	f := New()
	b.ReportAllocs()
	for b.Loop() {
		f.Reset()
		for _, r := range rows {
			f.Add(r)
		}
		if len(f.Steps()) != 1 {
			b.Fatal("not one step")
		}
	}
	b.ReportMetric(float64(b.N)*float64(len(rows))/b.Elapsed().Seconds(), "rows/s")
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(rows)), "ns/row")
}

// BenchmarkFoldPartial folds partial updates of hot keys: each is merged into an image that was copied once.
func BenchmarkFoldPartial(b *testing.B) {
	rows := history(10_000, 100)
	for _, r := range rows {
		r.After[3] = event.Datum{Kind: event.Unchanged}
	}
	f := New()
	b.ReportAllocs()
	for b.Loop() {
		f.Reset()
		for _, r := range rows {
			f.Add(r)
		}
		f.Steps()
	}
	b.ReportMetric(float64(b.N)*float64(len(rows))/b.Elapsed().Seconds(), "rows/s")
}
