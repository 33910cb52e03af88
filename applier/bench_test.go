package applier

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"floe/applier/assemble"
	"floe/applier/target"
	"floe/pkg/catalog"
	"floe/pkg/event"
	"floe/pkg/ident"
	"floe/pkg/ledger"
	"floe/pkg/pg"
	"floe/pkg/pgtest"
)

// bank is pgbench's tables on a target, with accounts in them, and a session that applies to them.
type bank struct {
	*session
	accounts, tellers, branches, history *event.Table
}

const bankSQL = `create table branches (bid int primary key, bbalance int, filler char(88));
	create table tellers (tid int primary key, bid int, tbalance int, filler char(84));
	create table accounts (aid int primary key, bid int, abalance int, filler char(84));
	create table history (tid int, bid int, aid int, delta int, mtime timestamp, filler char(22));
	insert into branches select i, 0, '' from generate_series(1, 10) i; insert into tellers select i, i % 10 + 1, 0, '' from generate_series(1, 100) i;
	insert into accounts select i, i % 10 + 1, 0, '' from generate_series(1, 100000) i`

func newBank(b *testing.B) *bank {
	b.Helper()
	url := pgtest.NewDB(b, pgtest.Shared(b), bankSQL, "vacuum analyze")
	conn, err := pg.Connect(b.Context(), pg.Config{URL: url}, pg.Apply)
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close(b.Context()) //nolint:errcheck
	source, err := catalog.Read(b.Context(), conn, func(n ident.Name) bool { return n.Schema == "public" })
	if err != nil {
		b.Fatal(err)
	}
	out := &bank{session: bare(b, url, source)}
	for name, shape := range map[string]**event.Table{"accounts": &out.accounts, "tellers": &out.tellers, "branches": &out.branches, "history": &out.history} {
		*shape = source.Table(ident.Name{Schema: "public", Name: name}).Shape()
		out.loads[(*shape).OID], out.shapes[(*shape).OID] = target.Load{Table: (*shape).OID, Loaded: true}, *shape
	}
	return out
}

func values(texts ...any) []event.Datum {
	out := make([]event.Datum, len(texts))
	for i, v := range texts {
		if v != nil {
			out[i] = event.Datum{Kind: event.Value, Text: fmt.Append(nil, v)}
		}
	}
	return out
}

// transactions are pgbench's: three updates and an insert each.
func (k *bank) transactions(n int) [][]event.Row {
	rng := rand.New(rand.NewPCG(1, 1))
	out := make([][]event.Row, n)
	for i := range out {
		a, t, r, d := 1+rng.IntN(100_000), 1+rng.IntN(100), 1+rng.IntN(10), rng.IntN(10_000)-5000
		rows := []event.Row{
			{Table: k.accounts, Op: event.Update, After: values(a, r, d, "")}, {Table: k.tellers, Op: event.Update, After: values(t, r, d, "")},
			{Table: k.branches, Op: event.Update, After: values(r, d, "")},
			{Table: k.history, Op: event.Create, After: values(t, r, a, d, "2026-01-02 03:04:05.678901", nil)}}
		for j := range rows {
			rows[j].Pos = event.Position{Epoch: 1, Commit: event.LSN(1000 + i), Seq: uint64(j)}
		}
		out[i] = rows
	}
	return out
}

// BenchmarkApply makes a batch of 1,000 pgbench transactions true, as a small backlog does.
func BenchmarkApply(b *testing.B) {
	for _, path := range []struct {
		name  string
		apply way
	}{{"sets", bySets}, {"rows", byRows}} {
		b.Run(path.name, func(b *testing.B) {
			k := newBank(b)
			txns := k.transactions(1000)
			b.ReportAllocs()
			for b.Loop() {
				if err := path.apply(b.Context(), k.session, nil, txns); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)*1000/b.Elapsed().Seconds(), "txn/s")
		})
	}
}

// BenchmarkChunk loads 10,000 rows of pgbench_accounts by COPY, as a chunk of the load.
func BenchmarkChunk(b *testing.B) {
	k := newBank(b)
	const rows = 10_000
	e := &assemble.Entry{Entry: &ledger.Entry{Epoch: 1, Chunk: &ledger.Chunk{Load: 1, Table: k.accounts.OID, Mode: ledger.Insert, Rows: rows}}}
	e.Rows = make([]event.Row, rows)
	next := 1_000_000
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		for i := range e.Rows {
			e.Rows[i] = event.Row{Table: k.accounts, Op: event.Read, After: values(next, 1, 0, "")}
			next++
		}
		e.Offset++
		b.StartTimer()
		if err := k.order.Take(b.Context(), e); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)*rows/b.Elapsed().Seconds(), "rows/s")
}

// BenchmarkBag makes a batch of 5,000 changes of a table without a key true: of 100,000 rows as many are
// updated, or deleted and others inserted.
func BenchmarkBag(b *testing.B) {
	k := newBank(b)
	if err := k.db.Exec(b.Context(), "insert into public.history select i, i % 10, i, 0, '2026-01-02 03:04:05', null from generate_series(1, 100000) i; analyze public.history"); err != nil {
		b.Fatal(err)
	}
	const changes = 5000
	rng := rand.New(rand.NewPCG(1, 1))
	for _, c := range []struct {
		name  string
		n     int
		apply way
	}{{"sets/1", 1, bySets}, {"sets/5000", changes, bySets}, {"rows/1", 1, inBagRows}, {"rows/100", 100, inBagRows}} {
		n := c.n
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				var rows []event.Row
				for _, i := range rng.Perm(100_000)[:n] {
					image := values(i+1, (i+1)%10, i+1, 0, "2026-01-02 03:04:05", nil)
					rows = append(rows, event.Row{Table: k.history, Op: event.Update, Before: image, After: image, Pos: event.Position{Epoch: 1, Commit: 1}})
				}
				if err := c.apply(b.Context(), k.session, nil, [][]event.Row{rows}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)*float64(n)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
