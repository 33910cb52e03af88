package overview

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"floe/pkg/event"
	"floe/pkg/status"
)

var now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func of(reports ...status.Report) *Overview {
	o := New()
	for i := range reports {
		o.Take(reports[i].Role, &reports[i], now)
	}
	return o
}

func report(role, state string) status.Report { return status.Report{Role: role, State: state} }

func TestStateIsTheWorstOfTheServices(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		capture, applier, want string
	}{
		{"", "", "CREATED"}, {"SYNCING", "", "STARTING"}, {"", "SYNCING", "STARTING"}, {"FAILED", "", "FAILED"},
		{"SYNCING", "SYNCING", "SYNCING"}, {"INIT_DATA", "SYNCING", "INIT_DATA"}, {"SYNCING", "INIT_DATA", "INIT_DATA"},
		{"INIT_DATA", "BLOCKED", "BLOCKED"}, {"FAILED", "BLOCKED", "FAILED"}, {"RETRYING", "SYNCING", "RETRYING"}, {"SOMETHING NEW", "SYNCING", "SOMETHING NEW"},
	} {
		var reports []status.Report
		if c.capture != "" {
			reports = append(reports, report("capture", c.capture))
		}
		if c.applier != "" {
			reports = append(reports, report("applier", c.applier))
		}
		if got, _ := of(reports...).State(now); got != c.want {
			t.Errorf("capture %q, applier %q: %s, want %s", c.capture, c.applier, got, c.want)
		}
	}
	if got, _ := of(report("capture", "SYNCING"), report("applier", "SYNCING")).State(now.Add(time.Minute)); got != "NOT RUNNING" {
		t.Errorf("services that fell silent are %s", got)
	}
}

// Before its first start a job is ready when both services are; a failed precheck outlives its process until
// the job begins without it.
func TestAJobIsReadyWhenBothServicesAre(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		capture, applier, want, unready string
	}{
		{"READY", "READY", "READY", ""}, {"READY", "", "PRECHECKING", "nothing was heard of an applier"}, {"", "READY", "PRECHECKING", "nothing was heard of its capture"},
		{"READY", "PRECHECKING", "PRECHECKING", "the prechecks of applier are not through"}, {"READY", "PRECHECK_FAILED", "PRECHECK_FAILED", ""}, {"", "PRECHECK_FAILED", "PRECHECK_FAILED", ""},
		{"PRECHECKING", "PRECHECK_FAILED", "PRECHECK_FAILED", "the prechecks of capture are not through"}, {"INIT_STRUCTURE", "READY", "READY", ""}, {"", "", "CREATED", "nothing was heard of its services"},
	} {
		var reports []status.Report
		for role, state := range map[string]string{"capture": c.capture, "applier": c.applier} {
			if state != "" {
				reports = append(reports, report(role, state))
			}
		}
		o := of(reports...)
		if got, _ := o.State(now); got != c.want || o.Unready() != c.unready {
			t.Errorf("capture %q, applier %q: %s, %q", c.capture, c.applier, got, o.Unready())
		}
	}
	late := now.Add(time.Minute)
	o := of(report("capture", "READY"), report("applier", "PRECHECK_FAILED"))
	o.Heard[o.Capture] = late
	if got, _ := o.State(late); got != "PRECHECK_FAILED" || len(Barred(o.Reports())) != 1 {
		t.Errorf("an applier that ended by its prechecks: %s", got)
	}
	o.Capture.Epoch, o.Capture.State = 1, "SYNCING"
	if got, _ := o.State(late); got != "NOT RUNNING" || len(Barred(o.Reports())) != 0 {
		t.Errorf("one without which the job began: %s", got)
	}
	if s := of(report("capture", "READY")).Summary("j", now); s.Fix != "start floe applier" || s.Detail != "capture is ready; nothing was heard of an applier" {
		t.Errorf("%+v", s)
	}
}

// A job rests when both services do; one that runs has passed the states before its own.
func TestStatesAreReached(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		capture, applier, want string
		reached                bool
	}{
		{"PAUSED", "PAUSED", "PAUSED", true}, {"PAUSED", "SYNCING", "PAUSED", false}, {"SYNCING", "PAUSED", "PAUSED", false}, {"PAUSED", "PAUSED", "STOPPED", false},
		{"SYNCING", "SYNCING", "INIT_DATA", true}, {"INIT_DATA", "SYNCING", "INIT_DATA", true}, {"INIT_DATA", "SYNCING", "SYNCING", false},
		{"SYNCING", "RETRYING", "INIT_DATA", false}, {"PAUSED", "PAUSED", "SYNCING", false}, {"SYNCING", "SYNCING", "SYNCING", true},
	} {
		o := of(report("capture", c.capture), report("applier", c.applier))
		if got := o.Reached(c.want, now); got != c.reached {
			t.Errorf("%s and %s have reached %s: %v", c.capture, c.applier, c.want, got)
		}
	}
	c, a := report("capture", "SYNCING"), report("applier", "SYNCING")
	c.Obeyed, a.Obeyed = 3, 2
	if o := of(c, a); !o.Obeyed(2, now.Add(-1)) || o.Obeyed(3, now.Add(-1)) || o.Obeyed(2, now) || of(c).Obeyed(0, now.Add(-1)) {
		t.Error("a command is taken up when both services, heard since, have taken it up")
	}
}

// A report from before says neither that a job is in sync nor that it has failed.
func TestOnlyFreshReportsCount(t *testing.T) {
	t.Parallel()
	synced := of(report("capture", "SYNCING"), report("applier", "SYNCING"))
	failed := of(report("capture", "FAILED"))
	if !synced.Settled(now.Add(-1)) || synced.Settled(now) || failed.Halted(now.Add(-1)) == nil || failed.Halted(now) != nil {
		t.Error("the time a report was heard does not decide")
	}
	if of(report("capture", "SYNCING")).Settled(now.Add(-1)) || of(report("capture", "SYNCING"), report("applier", "INIT_DATA")).Settled(now.Add(-1)) {
		t.Error("a job counts as settled before its applier says so")
	}
}

// What an applier knows may be in sync before it knows what capture does.
func TestApplierThatLagsIsNotSettled(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(a *status.Report){
		"epoch": func(a *status.Report) { a.Epoch = 1 }, "no tables": func(a *status.Report) { a.Tables = nil },
		"a table not known": func(a *status.Report) { a.Tables = a.Tables[:1] },
		"a table loading":   func(a *status.Report) { a.Tables[1].State = "loading" },
	} {
		c, a := report("capture", "SYNCING"), report("applier", "SYNCING")
		c.Epoch, a.Epoch = 2, 2
		c.Tables = []status.Table{{Name: "x", State: "in sync"}, {Name: "y", State: "in sync"}}
		a.Tables = slices.Clone(c.Tables)
		if !of(c, a).Settled(now.Add(-1)) {
			t.Error("two that agree are not settled")
		}
		change(&a)
		if of(c, a).Settled(now.Add(-1)) {
			t.Errorf("%s: settled", name)
		}
	}
}

// A report that bears fewer tables than it might bears all: what it leaves out is no longer in the job.
func TestASmallReportIsWhole(t *testing.T) {
	t.Parallel()
	say := func(o *Overview, instance string, tables ...status.Table) int {
		o.Take("capture", &status.Report{Role: "capture", Instance: instance, Tables: tables}, now)
		return len(o.Tables())
	}
	o := New()
	if n := say(o, "a", status.Table{Name: "x", Loaded: 1}, status.Table{Name: "y"}); n != 2 {
		t.Errorf("%d tables", n)
	}
	if n := say(o, "a", status.Table{Name: "x", Loaded: 7}); n != 1 || o.Tables()[0].Loaded != 7 {
		t.Errorf("%d tables, %+v", n, o.Tables())
	}
	if n := say(o, "b", status.Table{Name: "z"}); n != 1 {
		t.Errorf("%d tables of another process", n)
	}
	if len(o.Heard) != 1 {
		t.Errorf("%d reports are remembered", len(o.Heard))
	}
}

func TestAppliedMeansByEveryApplier(t *testing.T) {
	t.Parallel()
	o := New()
	if o.Applied(0) {
		t.Error("no applier has applied")
	}
	for key, lsn := range map[string]event.LSN{"applier/a": 10, "applier/b": 20} {
		o.Take(key, &status.Report{Role: "applier", AppliedLSN: lsn}, now)
	}
	if !o.Applied(10) || o.Applied(11) {
		t.Error("the slowest applier does not decide")
	}
}

func TestTablesJoinBothSides(t *testing.T) {
	t.Parallel()
	c, a := report("capture", "SYNCING"), report("applier", "INIT_DATA")
	c.Tables = []status.Table{{Schema: "s", Name: "b", State: "in sync", Loaded: 7, Inserts: 3}, {Schema: "s", Name: "a", State: "waiting"}}
	a.Tables = []status.Table{{Schema: "s", Name: "b", State: "loading", Inserts: 2}}
	got := of(c, a).Tables()
	if len(got) != 2 || got[0].Name != "a" || got[0].State != "waiting" || got[1].State != "loading" || got[1].Loaded != 7 ||
		got[1].Captured.Inserts != 3 || got[1].Applied.Inserts != 2 {
		t.Errorf("got %+v", got)
	}
}

// A job of more tables than a report bears is in sync when all of them are, heard one report after the
// other.
func TestManyTablesAreHeardInTurn(t *testing.T) {
	t.Parallel()
	part := func(role string, from, to int, state string) *status.Report {
		r := &status.Report{Role: role, State: "SYNCING", Epoch: 1, Instance: role}
		for i := from; i < to; i++ {
			r.Tables = append(r.Tables, status.Table{Schema: "s", Name: string(rune('a'+i%26)) + strconv.Itoa(i), State: state})
		}
		return r
	}
	const n = status.MostTables
	o := New()
	for i, r := range []*status.Report{part("capture", 0, n, "in sync"), part("capture", n, 2*n, "in sync"), part("applier", 0, n, "in sync")} {
		o.Take(r.Role, r, now.Add(time.Duration(i+1)))
	}
	if o.Settled(now) {
		t.Error("settled before the applier told of every table")
	}
	r := part("applier", n, 2*n, "in sync")
	o.Take(r.Role, r, now.Add(9))
	if !o.Settled(now) {
		t.Errorf("not settled: %d and %d tables are known", len(o.Capture.Tables), len(o.Appliers["applier"].Tables))
	}
	left := part("applier", 0, n, "in sync")
	left.Tables[3].State = status.Left
	if o.Take("applier", left, now.Add(10)); len(o.Appliers["applier"].Tables) != 2*n-1 {
		t.Errorf("%d tables after one left", len(o.Appliers["applier"].Tables))
	}
}

// What nobody hears of counts as waiting: an idle job is 0 behind, one that stands still further and further.
func TestLatencyGrowsWhileAJobStandsStill(t *testing.T) {
	t.Parallel()
	lag := func(role string, behind time.Duration) status.Report {
		return status.Report{Role: role, State: "SYNCING", LatencyUs: behind.Microseconds()}
	}
	clocked := func(role string, behind, clock time.Duration) status.Report {
		return status.Report{Role: role, State: "SYNCING", LatencyUs: behind.Microseconds(), SourceClock: 1e15 + clock.Microseconds()}
	}
	for name, c := range map[string]struct {
		o     *Overview
		later time.Duration
		want  time.Duration
		known bool
	}{
		"an applier whose clock is wrong":      {of(clocked("capture", 0, time.Minute), clocked("applier", time.Hour, 59*time.Second)), time.Second, time.Second, true},
		"one whose clock is behind":            {of(clocked("capture", 0, time.Minute), clocked("applier", time.Microsecond, 30*time.Second)), time.Second, 30 * time.Second, true},
		"nothing waits, by the source's clock": {of(clocked("capture", 0, time.Minute), clocked("applier", 0, 0)), time.Second, 0, true},
		"both are silent":                      {of(clocked("capture", 0, time.Minute), clocked("applier", time.Microsecond, 59*time.Second)), time.Minute, 61 * time.Second, true},
		"a stream that stands still":           {of(clocked("capture", 20*time.Second, time.Minute), clocked("applier", 0, 0)), time.Second, 20 * time.Second, true},
		"idle":                                 {of(lag("capture", 0), lag("applier", 0)), time.Second, 0, true},
		"at work":                              {of(lag("capture", 0), lag("applier", 7*time.Millisecond)), time.Second, 7 * time.Millisecond, true},
		"the source is silent":                 {of(lag("capture", 20*time.Second), lag("applier", 0)), time.Second, 20 * time.Second, true},
		"capture is gone":                      {of(lag("capture", 0), lag("applier", 0)), time.Hour, 2 * time.Hour, true}, // and the applier
		"no applier was heard":                 {of(lag("capture", 0)), 0, 0, false},
		"an applier that does not know yet":    {of(lag("capture", 0), status.Report{Role: "applier", LatencyUs: -1}), 0, 0, false},
		"a capture that heard nothing so far":  {of(lag("capture", -1), lag("applier", time.Second)), 0, time.Second, true},
	} {
		if got, known := c.o.Latency(now.Add(c.later)); got != c.want || known != c.known {
			t.Errorf("%s: %s (known %t), want %s", name, got, known, c.want)
		}
	}
}

// A job that was started begins once the other side's prechecks have passed: what was said before this service
// looked may be of a process that is gone, but a service whose prechecks failed is silent from then on.
func TestWhatTheOtherSideLacks(t *testing.T) {
	t.Parallel()
	const nobody, failed, open = "nothing was heard of an applier", "prechecks of applier failed: T-OWNER may not", "the prechecks of applier are not through"
	bar := status.Report{Role: "applier", State: "PRECHECK_FAILED", Reason: "T-OWNER", Detail: "may not"}
	for name, c := range map[string]struct {
		reports []status.Report
		heard   time.Duration // since the look began
		want    string
	}{
		"none":    {nil, 0, nobody},
		"own":     {[]status.Report{report("capture", "READY")}, time.Second, nobody},
		"ready":   {[]status.Report{report("applier", "READY")}, time.Second, ""},
		"at work": {[]status.Report{report("applier", "INIT_DATA")}, time.Second, ""},
		"earlier": {[]status.Report{report("applier", "READY")}, 0, nobody},
		"checks":  {[]status.Report{report("applier", "PRECHECKING")}, time.Second, open},
		"failed":  {[]status.Report{bar}, 0, failed},
	} {
		if got := of(c.reports...).lacks(true, now.Add(-c.heard), now); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	two := of(report("applier", "READY"))
	two.Take("applier/second", &bar, now)
	if got := two.lacks(true, now.Add(-time.Second), now); got != failed {
		t.Errorf("of two appliers one failed: %q", got)
	}
	if got := of(report("applier", "READY")).lacks(false, now.Add(-time.Second), now); got != "nothing was heard of capture" {
		t.Errorf("an applier alone: %q", got)
	}
	if got := of(report("applier", "READY")).lacks(true, now.Add(-time.Minute), now.Add(2*Stale)); got != nobody {
		t.Errorf("one that fell silent: %q", got)
	}
}
