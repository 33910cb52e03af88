package console

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"floe/pkg/event"
	"floe/pkg/ident"
	"floe/pkg/overview"
	"floe/pkg/precheck"
	"floe/pkg/registry"
	"floe/pkg/status"
	"floe/pkg/verify"
)

// counted is a console that reads no log, and has checked and compared.
func counted(t *testing.T) *server {
	t.Helper()
	check := func(context.Context, func(int, int)) (*precheck.Report, error) { return nil, nil }
	s := newServer(Config{Job: "orders", Log: slog.New(slog.DiscardHandler), Near: Near{Check: check}}, &registry.Server{})
	done := time.Now()
	s.checks.last = Checks{At: &done, Checks: []Check{{Severity: "ok"}, {Severity: "warn"}, {Severity: "warn"}}}
	s.compared.told(&verify.Table{Source: ident.Name{Schema: "s", Name: "t"}, SourceRows: 10, TargetRows: 11, Differences: []verify.Difference{
		{Key: "1", SourceRows: 1}, {Key: "2", TargetRows: 2}, {Key: "3", SourceRows: 1, TargetRows: 1}}}, 1, 2)
	s.compared.told(&verify.Table{Source: ident.Name{Schema: "s", Name: "many"}, SourceRows: 1000, TargetRows: 10, More: true, Differences: []verify.Difference{{Key: "1", SourceRows: 1}}}, 2, 2)
	return s
}

func (s *server) heard(tables int, behind time.Duration) {
	now := time.Now()
	o, clock := overview.New(), now.Add(-time.Hour).UnixMicro() // no clock of ours
	c := &status.Report{Role: "capture", Instance: "c", State: "SYNCING", SourceClock: clock}
	for i := range tables {
		c.Tables = append(c.Tables, status.Table{Schema: "s", Name: fmt.Sprint(i), State: "in sync"})
	}
	o.Take("capture", c, now)
	o.Take("applier/main", &status.Report{Role: "applier", Instance: "a", State: "SYNCING", AppliedLSN: event.LSN(1), LatencyUs: 1, SourceClock: clock - behind.Microseconds()}, now)
	s.watch.take(o, now)
}

// What is measured of a job is what the pages show, is lint clean, and is the same whatever the number of tables.
func TestMetricsOfTheJob(t *testing.T) {
	t.Parallel()
	s := counted(t)
	reg := s.registered()
	if n, err := testutil.GatherAndCount(reg, status.LatencyName); n != 0 || err != nil {
		t.Errorf("a latency that nobody knows has %d series (%v)", n, err)
	}
	s.heard(2, 90*time.Second)
	want := `
# HELP floe_latency_seconds ` + status.LatencyHelp + `
# TYPE floe_latency_seconds gauge
floe_latency_seconds{job="orders",segment="end_to_end"} 90
# HELP floe_precheck_items Findings of the last prechecks, by how grave they are; absent where none are known.
# TYPE floe_precheck_items gauge
floe_precheck_items{job="orders",severity="fail"} 0
floe_precheck_items{job="orders",severity="ignored"} 0
floe_precheck_items{job="orders",severity="notice"} 0
floe_precheck_items{job="orders",severity="ok"} 1
floe_precheck_items{job="orders",severity="skipped"} 0
floe_precheck_items{job="orders",severity="warn"} 2
# HELP floe_stage 1 for the stage that the job has come to.
# TYPE floe_stage gauge
floe_stage{job="orders",stage="catching_up"} 0
floe_stage{job="orders",stage="changes"} 1
floe_stage{job="orders",stage="full_load"} 0
floe_stage{job="orders",stage="structure"} 0
# HELP floe_verify_rows_total Rows that comparisons by this console looked at, by what they were; of a table where many differ, those that are named.
# TYPE floe_verify_rows_total counter
floe_verify_rows_total{job="orders",result="differs"} 1
floe_verify_rows_total{job="orders",result="equal"} 8
floe_verify_rows_total{job="orders",result="extra"} 2
floe_verify_rows_total{job="orders",result="missing"} 2
`
	if err := testutil.GatherAndCompare(reg, strings.NewReader(want), status.LatencyName, "floe_precheck_items", "floe_stage", "floe_verify_rows_total"); err != nil {
		t.Error(err)
	}
	if problems, err := testutil.GatherAndLint(reg); err != nil || len(problems) > 0 {
		t.Errorf("%v (%v)", problems, err)
	}
	few, err := testutil.GatherAndCount(reg)
	if err != nil {
		t.Fatal(err)
	}
	s.heard(5000, 0)
	if many, err := testutil.GatherAndCount(reg); err != nil || few != many || many > 100 {
		t.Errorf("%d series of 2 tables, %d of 5000 (%v)", few, many, err)
	}
}
