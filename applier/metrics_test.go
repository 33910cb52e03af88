package applier

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"floe/applier/assemble"
	"floe/pkg/control"
	"floe/pkg/event"
	"floe/pkg/ident"
	"floe/pkg/ledger"
	"floe/pkg/status"
)

func metered(t *testing.T) (*reporter, *prometheus.Registry) {
	t.Helper()
	reg := prometheus.NewRegistry()
	r, err := newReporter(Config{Job: "orders", Name: "main", Prefix: "orders", Log: slog.New(slog.DiscardHandler), Metrics: reg})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.close)
	return r, reg
}

func TestMetricsAreAllThereAndLintClean(t *testing.T) {
	t.Parallel()
	r, reg := metered(t)
	r.altered([]string{"table"}, nil)
	r.altered([]string{"table"}, errors.New("refused"))
	shape := &event.Table{OID: 1, Name: ident.Name{Schema: "s", Name: "t"}}
	r.rows([]*event.Row{{Table: shape, Op: event.Create, Pos: event.Position{Commit: 5}}, {Table: shape, Op: event.Create, Pos: event.Position{Commit: 6}}})
	for _, name := range []string{"floe_service_state", "floe_latency_seconds", "floe_apply_rows_total", "floe_apply_transactions_total", "floe_apply_batch_seconds",
		"floe_apply_batch_rows", "floe_exact_path_total", "floe_load_rows_total", "floe_blocked_tables", "floe_ddl_total", "floe_drift_rows_total", "floe_skipped_rows_total"} {
		if n, err := testutil.GatherAndCount(reg, name); err != nil || n == 0 {
			t.Errorf("%s: %d series (%v)", name, n, err)
		}
	}
	if problems, err := testutil.GatherAndLint(reg); err != nil || len(problems) > 0 {
		t.Errorf("%v (%v)", problems, err)
	}
	if n := testutil.ToFloat64(r.metrics.transactions); n != 2 {
		t.Errorf("%v transactions", n)
	}
	for result, want := range map[string]float64{"applied": 1, "failed": 1} {
		if n := testutil.ToFloat64(r.metrics.ddl.WithLabelValues("table", result)); n != want {
			t.Errorf("%s: %v", result, n)
		}
	}
}

// Five thousand tables make as many series as two, and a blocked applier blocks all of them.
func TestSeriesDoNotGrowWithTables(t *testing.T) {
	t.Parallel()
	r, reg := metered(t)
	count := func(tables int) int {
		for i := range tables {
			r.mu.Lock()
			r.tables[uint32(i)] = &status.Table{Schema: "s", Name: fmt.Sprint(i), State: "in sync"}
			r.mu.Unlock()
			r.rows([]*event.Row{{Table: &event.Table{OID: uint32(i)}, Op: event.Update}})
		}
		n, err := testutil.GatherAndCount(reg)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	few, many := count(2), count(5000)
	if few != many || many > 100 {
		t.Errorf("%d series of 2 tables, %d of 5000", few, many)
	}
	if state, n := r.state(); n != 0 || !slices.Contains(status.States, state) {
		t.Errorf("%s, %d blocked", state, n)
	}
	r.mu.Lock()
	r.last.State = "BLOCKED"
	r.mu.Unlock()
	if _, n := r.state(); n != 5000 {
		t.Errorf("%d blocked", n)
	}
}

// What changed is counted by kind, whatever the number of objects; schemas of rows are floe's own.
func TestKindsOfAChangeAreCountedOnce(t *testing.T) {
	t.Parallel()
	c := assemble.Change{Definitions: assemble.Definitions{Objects: []ledger.Object{{Kind: "table"}, {Kind: ledger.KindAvro}, {Kind: "index"}, {Kind: "table"}}}}
	if got := kinds([]assemble.Change{c, c}); !slices.Equal(got, []string{"table", "index"}) {
		t.Errorf("%v", got)
	}
}

// eager gathers as soon as something is registered, as a scrape at the worst moment does.
type eager struct {
	t *testing.T
	*prometheus.Registry
}

func (e *eager) MustRegister(cs ...prometheus.Collector) {
	e.Registry.MustRegister(cs...)
	if _, err := e.Gather(); err != nil {
		e.t.Error(err)
	}
}

// Metrics are served before the service has begun; who asks then is answered.
func TestMetricsCanBeAskedForWhileTheServiceStarts(t *testing.T) {
	t.Parallel()
	reg := prometheus.NewRegistry()
	r, err := newReporter(Config{Job: "orders", Name: "main", Prefix: "orders", Log: slog.New(slog.DiscardHandler), Metrics: &eager{t, reg}})
	if err != nil {
		t.Fatal(err)
	}
	r.close()
	if n, err := testutil.GatherAndCount(reg, "floe_service_state"); err != nil || n != len(status.States) {
		t.Errorf("%d series (%v)", n, err)
	}
}

// What the target takes grows while it is at work, or nothing can be applied; a job that rests takes nothing.
func TestTheTargetsLatencyGrows(t *testing.T) {
	t.Parallel()
	r, _ := metered(t)
	r.took = time.Second
	at := func(busy, stuck, least, most time.Duration) {
		t.Helper()
		ago := func(d time.Duration) time.Time {
			if d == 0 {
				return time.Time{}
			}
			return time.Now().Add(-d)
		}
		r.mu.Lock()
		r.busy, r.stuck = ago(busy), ago(stuck)
		r.mu.Unlock()
		if got := r.working(); got < least || got > most {
			t.Errorf("at work for %s, stuck for %s: %s", busy, stuck, got)
		}
	}
	const day = 24 * time.Hour
	at(0, 0, time.Second, time.Second)
	at(5*time.Minute, 0, 5*time.Minute, day)
	at(0, 5*time.Minute, 5*time.Minute, day)
	at(time.Minute, 5*time.Minute, 5*time.Minute, day)
	r.rests(control.Wanted{Run: control.Paused}, "")
	if got := r.working(); got != time.Second {
		t.Errorf("a job that rests: %s", got)
	}
}
