package shapes

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"floe/e2e/rig"
	"floe/pkg/pgtest"
	"floe/pkg/randtest"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// Of one seed: before the job begins, between two comparisons, and how many of these.
const (
	before = 12
	each   = 10
	rounds = 4
)

func TestBothSidesBecomeTheSame(t *testing.T) {
	t.Parallel()
	seeds := []uint64{1}
	if n, _ := strconv.ParseUint(os.Getenv("FLOE_SHAPES"), 10, 64); n > 0 {
		seeds = nil
		for first := randtest.Seed(t); uint64(len(seeds)) < n; {
			seeds = append(seeds, first+uint64(len(seeds)))
		}
	}
	servers, bin := rig.StartServers(t, pgtest.Options{}), rig.Binary(t)
	if _, err := os.Stat(servers.Source.Program("pg_dump")); err != nil {
		t.Logf("this server comes without pg_dump: only rows are compared")
	}
	for _, seed := range seeds {
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) { begin(t, servers, bin, seed).run() })
	}
}

// world is one seed's job.
type world struct {
	*testing.T
	source
	floe          *rig.Floe
	pair          rig.Pair
	conn          *pgx.Conn // writes to the source
	said          []string  // what was done, for who looks for a fault
	done, refused int
}

func begin(t *testing.T, servers rig.Servers, bin string, seed uint64) *world {
	w := &world{T: t, source: source{r: rand.New(rand.NewPCG(seed, 7))}}
	var err error
	w.pair, err = servers.NewPair(t.Context(), fmt.Sprintf("shapes_%d", seed), "")
	w.must(err)
	dir, err := os.MkdirTemp("", "floe-shapes-")
	w.must(err)
	job := rig.Job{Name: w.pair.Name, Source: rig.Endpoint{URL: w.pair.SourceURL()}, Target: rig.Endpoint{URL: w.pair.TargetURL()}, Heartbeat: &rig.Heartbeat{Interval: "0s"}}
	job.Objects.Database = true
	w.floe, err = rig.NewFloe(bin, dir, job)
	w.must(err)
	w.conn, err = rig.Connect(t.Context(), w.pair.SourceURL())
	w.must(err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		_ = w.conn.Close(ctx)
		if err := errors.Join(w.floe.Stop(ctx), w.pair.Drop(ctx)); err != nil {
			t.Error(err)
		}
		if !t.Failed() {
			w.must(os.RemoveAll(dir))
			return
		}
		script := dir + "/done.sql"
		_ = os.WriteFile(script, []byte(strings.Join(w.said, "\n")), 0o644)
		t.Logf("FLOE_SEED=%d; what was done is in %s; floe's log ends\n%s", seed, script, w.floe.Tail(3000))
	})
	return w
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) run() {
	for range before {
		w.transaction()
	}
	w.must(w.floe.Start())
	for range rounds {
		for range each {
			w.transaction()
		}
		w.equal()
	}
	w.takeOver()
	w.Logf("%d changes were made, %d refused by the source", w.done, w.refused)
	if w.done < w.refused {
		w.Error("the source refuses most changes: this says little")
	}
}

// transaction is a few changes that stand or fall together; what is refused is taken back by itself.
func (w *world) transaction() {
	ctx := w.Context()
	if w.r.IntN(3) == 0 { // a statement of its own
		w.change(ctx)
		return
	}
	w.exec(ctx, "BEGIN")
	for range 1 + w.r.IntN(4) {
		w.exec(ctx, "SAVEPOINT a")
		if !w.change(ctx) || w.r.IntN(10) == 0 {
			w.exec(ctx, "ROLLBACK TO a")
		}
	}
	end := "COMMIT"
	if w.r.IntN(12) == 0 {
		end = "ROLLBACK"
	}
	w.exec(ctx, end)
}

func (w *world) exec(ctx context.Context, sql string) {
	w.Helper()
	w.said = append(w.said, sql+";")
	if _, err := w.conn.Exec(ctx, sql); err != nil {
		w.Fatalf("%s: %v", sql, err)
	}
}

// change makes one, and reports whether the source took it.
func (w *world) change(ctx context.Context) bool {
	w.Helper()
	w.must(w.look(ctx, w.conn))
	sql := ""
	for sql == "" {
		sql = draw(w.r).sql(&w.source)
	}
	w.said = append(w.said, sql+";")
	_, err := w.conn.Exec(ctx, sql)
	var refused *pgconn.PgError
	switch {
	case err == nil:
		w.done++
		return true
	case errors.As(err, &refused):
		w.said = append(w.said, "-- "+refused.Code+" "+strings.ReplaceAll(refused.Message, "\n", " "))
		w.refused++
		return false
	}
	w.Fatalf("%s: %v", sql, err)
	return false
}

// equal waits until the target has everything, and compares the rows of every table.
func (w *world) equal() {
	w.Helper()
	ctx, cancel := context.WithTimeout(w.Context(), 4*time.Minute)
	defer cancel()
	if err := w.floe.Synced(ctx, 2*time.Minute); err != nil {
		s, _ := w.floe.Status(ctx)
		w.Fatalf("%v\n%s", err, s.Stopped())
	}
	source, err := rig.ConnectPinned(ctx, w.pair.SourceURL())
	w.must(err)
	defer source.Close(ctx) //nolint:errcheck
	target, err := rig.ConnectPinned(ctx, w.pair.TargetURL())
	w.must(err)
	defer target.Close(ctx) //nolint:errcheck
	w.must(w.look(ctx, w.conn))
	for _, t := range w.tables {
		if err := rig.Compare(ctx, source, target, rig.Compared{Source: t.Name, Target: t.Name, Only: t.kind == "r"}); err != nil {
			w.Error(err)
		}
	}
	if w.Failed() {
		w.FailNow()
	}
}

// takeOver has the target take over; then pg_dump says the same of both.
func (w *world) takeOver() {
	w.Helper()
	ctx, cancel := context.WithTimeout(w.Context(), 4*time.Minute)
	defer cancel()
	r, err := w.floe.Client(ctx, "cutover", "--yes", w.pair.Name)
	if err != nil || r.Code != 0 {
		w.Errorf("floe cutover ended with code %d, %v: %s%s", r.Code, err, r.Stdout, r.Stderr)
	}
	program := w.pair.Source.Program("pg_dump")
	if _, err := os.Stat(program); err != nil {
		return
	}
	want, err := rig.Dump(ctx, program, w.pair.SourceURL())
	w.must(err)
	got, err := rig.Dump(ctx, program, w.pair.TargetURL())
	w.must(err)
	for _, s := range rig.Only(want, got) {
		w.Errorf("pg_dump of the source only:\n%s", s)
	}
	for _, s := range rig.Only(got, want) {
		w.Errorf("pg_dump of the target only:\n%s", s)
	}
}
