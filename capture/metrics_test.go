package capture

import (
	"fmt"
	"log/slog"
	"slices"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"floe/pkg/event"
	"floe/pkg/status"
)

func metered(t *testing.T) (*reporter, *prometheus.Registry) {
	t.Helper()
	reg := prometheus.NewRegistry()
	r, err := newReporter(Config{Job: "orders", Prefix: "orders", Log: slog.New(slog.DiscardHandler), Metrics: reg})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.close)
	return r, reg
}

// The documented names are all there, and lint clean.
func TestMetricsAreAllThereAndLintClean(t *testing.T) {
	t.Parallel()
	r, reg := metered(t)
	r.metrics.limit.Store(1 << 30)
	for _, name := range []string{"floe_service_state", "floe_latency_seconds", "floe_heartbeat_age_seconds", "floe_slot_retained_bytes", "floe_slot_limit_bytes",
		"floe_capture_rows_total", "floe_capture_transactions_total", "floe_capture_bytes_total", "floe_load_rows_estimate", "floe_load_hold_seconds",
		"floe_throttle_wait_seconds_total"} {
		if n, err := testutil.GatherAndCount(reg, name); err != nil || n == 0 {
			t.Errorf("%s: %d series (%v)", name, n, err)
		}
	}
	if problems, err := testutil.GatherAndLint(reg); err != nil || len(problems) > 0 {
		t.Errorf("%v (%v)", problems, err)
	}
}

// A source without a limit has none; 0 would be shown as a slot that is over it.
func TestNoLimitIsNoSeries(t *testing.T) {
	t.Parallel()
	_, reg := metered(t)
	if n, err := testutil.GatherAndCount(reg, "floe_slot_limit_bytes"); n != 0 || err != nil {
		t.Errorf("%d series (%v)", n, err)
	}
}

// Five thousand tables make as many series as two.
func TestSeriesDoNotGrowWithTables(t *testing.T) {
	t.Parallel()
	r, reg := metered(t)
	count := func(tables int) int {
		r.last.Tables = nil
		for i := range tables {
			r.row(uint32(i), event.Create, 10)
			r.last.Tables = append(r.last.Tables, status.Table{Schema: "s", Name: fmt.Sprint(i), State: "loading", Estimate: 7})
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
	if got := testutil.ToFloat64(r.metrics.estimate); got != 35_000 {
		t.Errorf("estimate %v", got)
	}
	if !slices.Contains(status.States, r.state()) {
		t.Errorf("state %q is none of those shown", r.state())
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
	r, err := newReporter(Config{Job: "orders", Prefix: "orders", Log: slog.New(slog.DiscardHandler), Metrics: &eager{t, reg}})
	if err != nil {
		t.Fatal(err)
	}
	r.close()
	if n, err := testutil.GatherAndCount(reg, "floe_service_state"); err != nil || n != len(status.States) {
		t.Errorf("%d series (%v)", n, err)
	}
}
