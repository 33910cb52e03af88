package console

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"floe/pkg/console/history"
	"floe/pkg/overview"
)

func TestNumbersBearTheirUnits(t *testing.T) {
	t.Parallel()
	for got, want := range map[string]string{
		num(0): "0", num(999): "999", num(uint64(1234567)): "1,234,567", num(-1000): "-1,000", num(-100): "-100", size(0): "0 B", size(1023): "1023 B", size(1 << 20): "1.00 MiB", size(48 << 20): "48.0 MiB",
		size(1 << 62): "4096 PiB", rate(0.25): "0.2", rate(3): "3", rate(1234.4): "1,234", duration(0): "0 ms", duration(0.0074): "7.4 ms", duration(0.25): "250 ms", duration(3.21): "3.2 s",
		duration(61): "1 min 1 s", duration(3700): "1 h 1 min", duration(86400*3 + 7200): "3 d 2 h", latency(nil): "–",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// A picture breaks where nobody looked, and ends at a round number.
func TestChartsBreakAtGaps(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 0, 0, time.UTC)
	span := history.Span{Name: "x", Step: 10 * time.Second, Steps: 10}
	at := func(ago int, l float64) history.Point {
		return history.Point{At: now.Add(-time.Duration(ago) * 10 * time.Second), LatencySeconds: &l, CapturedRows: 40}
	}
	unknown := at(4, 0)
	unknown.LatencySeconds = nil
	got := charts([]history.Point{at(8, 0.1), at(7, 0.3), at(5, 0.2), unknown, at(3, 0.2)}, span, now)
	if p := got[0].Lines[0].Path; strings.Count(p, "M") != 3 || !strings.HasPrefix(p, "M200.0 80.0L200.0 80.0L300.0 40.0M500.0") {
		t.Errorf("the path is %s", p)
	}
	if got[0].Y[0] != "500 ms" || got[0].Most != "300 ms" || got[0].Now != "200 ms" || len(got[0].X) != 5 || got[0].X[4] != "03:04" {
		t.Errorf("%+v", got[0])
	}
	if got := charts(nil, span, now); got[1].Now != "–" || got[1].Lines[1].Path != "" || got[2].Y[0] != "1.00 KiB" {
		t.Errorf("of nothing: %+v", got)
	}
}

// A job's tables are found, sorted and paged, however many they are.
func TestTablesArePaged(t *testing.T) {
	t.Parallel()
	var all []overview.Table
	for i := range 5000 {
		x := overview.Table{Schema: "s", Name: "t" + strconv.Itoa(10_000+i), State: "in sync", Loaded: uint64(i % 7)}
		if i%1000 == 3 {
			x.State = "blocked"
		}
		all = append(all, x)
	}
	second := 1.0
	for _, c := range []struct {
		q               tableQuery
		matching, n     int
		first           string
		firstHasLatency bool
	}{
		{tableQuery{sort: "name", limit: 100}, 5000, 100, "t10000", true}, {tableQuery{sort: "name", descending: true, limit: 1}, 5000, 1, "t14999", true},
		{tableQuery{sort: "state", limit: 10}, 5000, 10, "t10003", false}, {tableQuery{sort: "loaded", descending: true, limit: 10}, 5000, 10, "t10006", true},
		{tableQuery{sort: "name", limit: 100, offset: 4950}, 5000, 50, "t14950", true}, {tableQuery{sort: "name", limit: 10, search: "S.T1499", state: "in sync"}, 10, 10, "t14990", true},
	} {
		got := c.q.of(all, &second)
		if got.Matching != c.matching || len(got.Tables) != c.n || got.Tables[0].Name != c.first || (got.Tables[0].LagSeconds != nil) != c.firstHasLatency {
			t.Errorf("%+v: %d, %d, %+v", c.q, got.Matching, len(got.Tables), got.Tables[0])
		}
	}
	q := tableQuery{sort: "name", limit: 100, offset: 6000}
	if got := q.of(all, nil); len(got.Tables) != 0 {
		t.Errorf("behind the end: %d", len(got.Tables))
	}
}

// A job that rests has come as far as its tables say.
func TestStagesAreSeen(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		state string
		p     Progress
		want  string
	}{
		{"CREATED", Progress{}, "waiting waiting waiting waiting"}, {"INIT_STRUCTURE", Progress{}, "now waiting waiting waiting"}, {"INIT_DATA", Progress{Total: 2}, "done now waiting waiting"},
		{"CATCHING_UP", Progress{Total: 2, InSync: 2}, "done done now waiting"}, {"SYNCING", Progress{Total: 2, InSync: 2}, "done done done now"},
		{"PAUSED", Progress{Total: 2, InSync: 1}, "done halted waiting waiting"}, {"BLOCKED", Progress{Total: 2, InSync: 2}, "done done done halted"},
	} {
		var got []string
		for _, s := range stages(c.state, c.p) {
			got = append(got, s.Is)
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: %v", c.state, got)
		}
	}
}
