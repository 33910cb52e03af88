package applier

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	dto "github.com/prometheus/client_model/go"

	"floe/applier/target"
	"floe/pkg/catalog"
	"floe/pkg/event"
	"floe/pkg/ident"
	"floe/pkg/pg"
	"floe/pkg/pgtest"
	"floe/pkg/randtest"
)

// bag is table t without a key on a target, and a session that applies to it.
type bag struct {
	*session
	t     *testing.T
	shape *event.Table
}

// newBag makes t; own are statements of the target's owner behind that.
func newBag(t *testing.T, table, own string) *bag {
	t.Helper()
	url := pgtest.NewDB(t, pgtest.Shared(t), table)
	conn, err := pg.Connect(t.Context(), pg.Config{URL: url}, pg.Apply)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	source, err := catalog.Read(t.Context(), conn, func(n ident.Name) bool { return n.Schema == "public" })
	if err != nil {
		t.Fatal(err)
	}
	b := &bag{session: bare(t, url, source), t: t, shape: source.Table(ident.Name{Schema: "public", Name: "t"}).Shape()}
	b.valid = source
	b.loads[b.shape.OID], b.shapes[b.shape.OID] = target.Load{Table: b.shape.OID, Loaded: true}, b.shape
	b.exec(own)
	return b
}

func (b *bag) exec(sql string) {
	b.t.Helper()
	if _, err := b.db.Conn.Exec(b.t.Context(), sql); err != nil {
		b.t.Fatalf("%s: %v", sql, err)
	}
}

// rows are those of t in text form, sorted.
func (b *bag) rows() string {
	b.t.Helper()
	rows, err := b.db.Conn.Query(b.t.Context(), `select t::text from public.t order by t::text collate "C"`)
	if err != nil {
		b.t.Fatal(err)
	}
	got, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		b.t.Fatal(err)
	}
	return fmt.Sprint(got)
}

// change is a row of one transaction: what goes, what comes.
func (b *bag) change(before, after []event.Datum) event.Row {
	r := event.Row{Table: b.shape, Op: event.Update, Before: before, After: after, Pos: event.Position{Epoch: 1, Commit: 1}}
	switch {
	case before == nil:
		r.Op = event.Create
	case after == nil:
		r.Op = event.Delete
	}
	return r
}

func (b *bag) drift() float64 { return driftOf(b.t, b.session) }

// driftOf is how many rows changes did not find.
func driftOf(t *testing.T, s *session) float64 {
	t.Helper()
	var m dto.Metric
	if err := s.report.metrics.drift.Write(&m); err != nil {
		t.Fatal(err)
	}
	return m.GetCounter().GetValue()
}

func inBagRows(ctx context.Context, s *session, _ *rand.Rand, txns [][]event.Row) error {
	if err := s.order.Take(ctx, whole(s.order.Now.Offset+1, txns...)); err != nil {
		return err
	}
	return s.exactly(ctx, false)
}

const bagTable = "create table t (a int, v text, j json); alter table t replica identity full"

// Whatever rows a table without a key holds, also such that changes do not find theirs, sets leave the
// bag that single rows leave, and count as many that were missing.
func TestSetsLeaveTheBagThatSingleRowsLeave(t *testing.T) {
	t.Parallel()
	sets, single := newBag(t, bagTable, ""), newBag(t, bagTable, "")
	rng := rand.New(rand.NewPCG(randtest.Seed(t), 1))
	image := func() []event.Datum {
		row := values(rng.IntN(2), nil, `{"a": 1}`)
		if n := rng.IntN(3); n > 0 {
			row[1] = values([]string{"", "x"}[n-1])[0]
		}
		return row
	}
	commit := event.LSN(0)
	for round := range 60 {
		var there [][]event.Datum
		for range rng.IntN(6) {
			there = append(there, image())
		}
		for _, b := range []*bag{sets, single} {
			b.exec("truncate public.t")
			for _, row := range there {
				if _, err := b.db.Conn.Exec(t.Context(), "insert into public.t select convert_from($1::bytea, 'utf8')::int, convert_from($2::bytea, 'utf8'), convert_from($3::bytea, 'utf8')::json", row[0].Text, row[1].Text, row[2].Text); err != nil {
					t.Fatal(err)
				}
			}
		}
		var txns [][]event.Row
		for range 1 + rng.IntN(6) {
			commit++
			r := []event.Row{sets.change(nil, image()), sets.change(image(), nil), sets.change(image(), image())}[rng.IntN(3)]
			r.Pos = event.Position{Epoch: 1, Commit: commit}
			txns = append(txns, []event.Row{r})
		}
		if err := bySets(t.Context(), sets.session, nil, clone(txns)); err != nil {
			t.Fatal(err)
		}
		for i := range txns {
			txns[i][0].Table = single.shape
		}
		if err := inBagRows(t.Context(), single.session, nil, txns); err != nil {
			t.Fatal(err)
		}
		if got, want := sets.rows(), single.rows(); got != want {
			t.Fatalf("round %d, from %d rows: sets leave\n%s\nsingle rows\n%s", round, len(there), got, want)
		}
		if got, want := sets.drift(), single.drift(); got != want {
			t.Fatalf("round %d: sets missed %v rows, single rows %v", round, got, want)
		}
	}
	if sets.drift() == 0 {
		t.Error("no change missed its row: the test is too kind")
	}
}

// Columns that only the target has keep what is in them when a row changes.
func TestColumnsOfTheTargetSurviveAnUpdateWithoutAKey(t *testing.T) {
	t.Parallel()
	b := newBag(t, bagTable, "alter table public.t add mine text; insert into public.t values (1, 'x', null, 'kept'), (1, 'y', null, 'other')")
	txns := [][]event.Row{{b.change(values(1, "x", nil), values(2, "x", nil))}, {b.change(values(2, "x", nil), values(3, "z", nil))}}
	if err := bySets(t.Context(), b.session, nil, txns); err != nil {
		t.Fatal(err)
	}
	if got, want := b.rows(), "[(1,y,,other) (3,z,,kept)]"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// Rows of an inheriting table are not the table's own, even if they are alike.
func TestChangesWithoutAKeyLeaveInheritingTablesAlone(t *testing.T) {
	t.Parallel()
	b := newBag(t, bagTable+"; create table child () inherits (t)", "insert into public.child values (1, 'x', null)")
	if err := bySets(t.Context(), b.session, nil, [][]event.Row{{b.change(values(1, "x", nil), nil), b.change(nil, values(2, nil, nil))}}); err != nil {
		t.Fatal(err)
	}
	if got, want := b.rows(), "[(1,x,) (2,,)]"; got != want || b.drift() != 1 {
		t.Errorf("%s and %v missing, want %s and 1", got, b.drift(), want)
	}
}

// A column whose collation holds more for equal than its bytes, of which one row goes.
func TestRowsAreAlikeByTheirBytesUnderAnyCollation(t *testing.T) {
	t.Parallel()
	b := newBag(t, "create collation ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false); create table t (a text collate ci); alter table t replica identity full",
		"insert into public.t values ('a'), ('A')")
	for _, apply := range []way{bySets, inBagRows} {
		b.exec("truncate public.t; insert into public.t values ('a'), ('A')")
		if err := apply(t.Context(), b.session, nil, [][]event.Row{{b.change(values("A"), nil)}}); err != nil {
			t.Fatal(err)
		}
		if got := b.rows(); got != "[(a)]" {
			t.Errorf("%s, want [(a)]", got)
		}
	}
}

// A row that the target refuses blocks alone, though it is in a set: what was before it is made true.
func TestARefusedRowWithoutAKeyIsNamed(t *testing.T) {
	t.Parallel()
	b := newBag(t, bagTable, "alter table public.t add check (a < 10)")
	good, bad := b.change(nil, values(1, nil, nil)), b.change(nil, values(10, nil, nil))
	good.Pos.Commit, bad.Pos.Commit = 10, 20
	err := bySets(t.Context(), b.session, nil, [][]event.Row{{good}, {bad}})
	if err == nil || b.rows() != "[(1,,)]" || !strings.Contains(err.Error(), "the target refuses an insert of public.t, which has no key, at 0/14") {
		t.Fatalf("%v, and t holds %s", err, b.rows())
	}
}
