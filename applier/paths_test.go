package applier

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"floe/applier/assemble"
	"floe/applier/batch"
	"floe/applier/fold"
	"floe/applier/render"
	"floe/applier/target"
	"floe/pkg/catalog"
	"floe/pkg/event"
	"floe/pkg/ledger"
	"floe/pkg/pg"
	"floe/pkg/pgtest"
	"floe/pkg/randtest"
	"floe/pkg/status"
)

// bare is an applier's session on a target that has the source's tables, without a log: tests hand it
// entries.
func bare(t testing.TB, url string, source *catalog.Database) *session {
	t.Helper()
	db, err := target.Open(t.Context(), pg.Config{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	config := Config{Job: "j", Name: "main", BatchRows: 1 << 30, Log: slog.New(slog.DiscardHandler)}
	s := &session{Config: config, db: db, folder: fold.New(), tables: map[*event.Table]*render.Table{},
		known: known{shapes: map[uint32]*event.Table{}, loads: map[uint32]target.Load{}}, clashed: map[uint32]int{}, owner: target.Owner{Job: "j", Applier: "main", Instance: "i", LedgerID: "id"},
		report: &reporter{config: config, metrics: newMetrics(nil, "j", nil, nil), tables: map[uint32]*status.Table{}}}
	if err := db.Setup(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, _, err := db.Claim(t.Context(), s.owner); err != nil {
		t.Fatal(err)
	}
	s.order = batch.New(s, s.BatchRows, batchBytes)
	s.valid = source
	s.folder.Foldable = s.foldable(source)
	return s
}

// newSession is one on a target that has the history's tables.
func newSession(t *testing.T, h *history, settled bool) *session {
	t.Helper()
	s := bare(t, pgtest.NewDB(t, pgtest.Shared(t), historySQL(h.tables)...), h.db)
	for _, table := range h.tables {
		s.loads[table.shape.OID] = target.Load{Table: table.shape.OID, Loaded: settled}
	}
	return s
}

// whole is a ledger entry of whole transactions.
func whole(offset int64, txns ...[]event.Row) *assemble.Entry {
	c := &ledger.Commit{Transactions: len(txns)}
	e := &assemble.Entry{Entry: &ledger.Entry{Epoch: 1, N: uint64(offset), Commit: c}, Offset: offset}
	for _, rows := range txns {
		e.Rows = append(e.Rows, rows...)
		c.Last = rows[0].Pos.Commit
	}
	return e
}

// parts cuts a transaction into parts at random.
func parts(rng *rand.Rand, offset int64, rows []event.Row) []*assemble.Entry {
	var out []*assemble.Entry
	for len(rows) > 0 {
		n := 1 + rng.IntN(len(rows))
		for n < len(rows) && rows[n].Pos == rows[n-1].Pos { // one TRUNCATE
			n++
		}
		e := whole(offset+int64(len(out)), rows[:n])
		e.Commit.Part, e.Commit.Final = len(out)+1, n == len(rows)
		out, rows = append(out, e), rows[n:]
	}
	return out
}

// way applies some transactions one way or another.
type way func(ctx context.Context, s *session, rng *rand.Rand, txns [][]event.Row) error

func bySets(ctx context.Context, s *session, _ *rand.Rand, txns [][]event.Row) error {
	if err := s.order.Take(ctx, whole(s.order.Now.Offset+1, txns...)); err != nil {
		return err
	}
	return s.order.Flush(ctx)
}

func byRows(ctx context.Context, s *session, rng *rand.Rand, txns [][]event.Row) error {
	if err := s.order.Take(ctx, whole(s.order.Now.Offset+1, txns...)); err != nil {
		return err
	}
	return s.exactly(ctx, rng != nil && rng.IntN(2) == 0)
}

func byParts(ctx context.Context, s *session, rng *rand.Rand, txns [][]event.Row) error {
	for _, rows := range txns {
		for _, e := range parts(rng, s.order.Now.Offset+1, rows) {
			if err := s.order.Take(ctx, e); err != nil {
				return err
			}
		}
	}
	return nil
}

func atRandom(ctx context.Context, s *session, rng *rand.Rand, txns [][]event.Row) error {
	for len(txns) > 0 {
		n := 1 + rng.IntN(min(len(txns), 7))
		if err := []way{bySets, byRows, byParts}[rng.IntN(3)](ctx, s, rng, txns[:n]); err != nil {
			return err
		}
		txns = txns[n:]
	}
	return nil
}

// Whatever way a history is applied, by sets, row by row, in parts, or one after the other at random, the
// target ends as the source did, and no row is missed. FLOE_SEED repeats a history; FLOE_SEEDS runs more of them.
func TestFastAndExactPathGiveTheSourcesRows(t *testing.T) {
	t.Parallel()
	seeds := []uint64{randtest.Seed(t)}
	if n, _ := strconv.Atoi(os.Getenv("FLOE_SEEDS")); n > 0 {
		for range n {
			seeds = append(seeds, seeds[len(seeds)-1]+1)
		}
	}
	h := newHistory(t)
	var all []*candidate
	for _, c := range candidates() {
		c.session = newSession(t, h, c.settled)
		all = append(all, c)
	}
	for _, seed := range seeds {
		comparePaths(t, h, all, seed)
	}
}

// candidate is one way of applying, on a target of its own.
type candidate struct {
	name    string
	settled bool // every table's load is over
	way     way
	group   int // transactions that are handed over together
	session *session
}

func candidates() []*candidate {
	return []*candidate{
		{name: "by sets", settled: true, way: bySets, group: 120}, {name: "by sets, loading", way: bySets, group: 10},
		{name: "by rows", settled: true, way: byRows, group: 10}, {name: "by rows, loading", way: byRows, group: 120},
		{name: "at random", settled: true, way: atRandom, group: 40}, {name: "at random, loading", way: atRandom, group: 40},
	}
}

func comparePaths(t *testing.T, h *history, all []*candidate, seed uint64) {
	h.begin(seed)
	var txns [][]event.Row
	for range 120 {
		if rows := h.transaction(); len(rows) > 0 {
			txns = append(txns, rows)
		}
	}
	want := dump(t, h, h.conn)
	for _, c := range all {
		if _, err := c.session.db.Conn.Exec(t.Context(), h.empty()); err != nil {
			t.Fatal(err)
		}
		rng := rand.New(rand.NewPCG(seed, 2))
		for some := range slices.Chunk(txns, c.group) {
			if err := c.way(t.Context(), c.session, rng, clone(some)); err != nil {
				t.Fatalf("seed %d, %s: %v", seed, c.name, err)
			}
		}
		if got := dump(t, h, c.session.db.Conn); got != want {
			t.Errorf("seed %d, %s:\n%s", seed, c.name, differences(got, want))
		}
		if n := driftOf(t, c.session); n != 0 {
			t.Errorf("seed %d, %s: %v rows were missed on a target that equals the source", seed, c.name, n)
		}
	}
}

// clone copies rows, for a batch keeps pointers into them.
func clone(txns [][]event.Row) [][]event.Row {
	out := make([][]event.Row, len(txns))
	for i := range txns {
		out[i] = slices.Clone(txns[i])
	}
	return out
}

// dump is every row of every table in text form, sorted.
func dump(t *testing.T, h *history, conn *pgx.Conn) string {
	t.Helper()
	var b strings.Builder
	for _, table := range h.tables {
		name := table.shape.Name.SQL()
		rows, err := conn.Query(t.Context(), "select r::text from "+name+` r order by r::text collate "C"`)
		if err != nil {
			t.Fatal(err)
		}
		got, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range got {
			fmt.Fprintln(&b, name, r)
		}
	}
	return b.String()
}

func differences(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	var b strings.Builder
	for _, l := range w {
		if i := slices.Index(g, l); i >= 0 {
			g = slices.Delete(g, i, i+1)
		} else {
			fmt.Fprintf(&b, "lost:    %.200s\n", l)
		}
	}
	for _, l := range g {
		fmt.Fprintf(&b, "foreign: %.200s\n", l)
	}
	return b.String()
}
