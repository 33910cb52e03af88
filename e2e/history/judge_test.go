package history

import (
	"errors"
	"strings"
	"testing"
	"time"

	"floe/pkg/ident"
)

// twoTables is a history of n transactions, each of which adds a row to x and, every other one, to y.
// Transaction 2k+1's commit record is at 10(2k+1).
func twoTables(n int) *History {
	h := &History{Tables: []Table{{Name: ident.Name{Schema: "s", Name: "x"}}, {Name: ident.Name{Schema: "s", Name: "y"}}}}
	for i := 0; i <= n; i++ {
		h.Prefixes = append(h.Prefixes, Prefix{End: LSN(10 * i), Prints: []Print{{Rows: int64(i)}, {Rows: int64(i / 2)}}})
	}
	return h
}

func at(commit LSN, x, y int64) Sample {
	return Sample{Time: time.Unix(0, 0), Commit: commit, Settled: []bool{true, true}, Prints: []Print{{Rows: x}, {Rows: y}}}
}

func TestSamplesThatGoForwardThroughTheHistoryPass(t *testing.T) {
	t.Parallel()
	h := twoTables(9)
	last, err := Judge(h, []Sample{at(0, 0, 0), at(5, 1, 0), at(5, 1, 0), at(45, 5, 2), at(89, 9, 4)})
	if err != nil || last != 9 {
		t.Errorf("got prefix %d, %v", last, err)
	}
}

func TestEachKindOfWrongSampleIsNamed(t *testing.T) {
	t.Parallel()
	h := twoTables(9)
	for name, c := range map[string]struct {
		samples []Sample
		number  int
		why     string
	}{
		"torn":               {[]Sample{at(0, 3, 1), at(0, 4, 1)}, 1, "s.x (4 rows, 0000000000000000) is as in prefixes 4–4\n    s.y (1 rows, 0000000000000000) is as in prefixes 2–3"},
		"lost":               {[]Sample{at(0, 3, 1), at(0, 5, 1)}, 1, "no prefix"},
		"back":               {[]Sample{at(0, 5, 2), at(0, 3, 1)}, 1, "went back"},
		"never":              {[]Sample{at(0, 77, 1)}, 0, "s.x (77 rows, 0000000000000000) never was so"},
		"checkpoint ahead":   {[]Sample{at(55, 4, 2)}, 0, "checkpoint says prefix 6"},
		"checkpoint behind":  {[]Sample{at(15, 4, 2)}, 0, "checkpoint says prefix 2"},
		"checkpoint foreign": {[]Sample{at(900, 4, 2)}, 0, "behind the source's last commit"},
	} {
		_, err := Judge(h, c.samples)
		var v *ViolationError
		if !errors.As(err, &v) || v.Number != c.number || !strings.Contains(v.Why, c.why) {
			t.Errorf("%s: got %v, want sample %d and %q", name, err, c.number, c.why)
		}
	}
}

// A target that crashed may have lost what nobody waited for: it goes back, to a prefix, and on from there.
func TestATargetMayGoBackByACrashAlone(t *testing.T) {
	t.Parallel()
	h := twoTables(9)
	before, after := at(55, 6, 3), at(35, 4, 2)
	after.Life = "second"
	again := at(45, 5, 2)
	again.Life = "second"
	if last, err := Judge(h, []Sample{before, after, again}); err != nil || last != 5 {
		t.Errorf("got prefix %d, %v", last, err)
	}
	after.Prints[1].Rows = 1
	if _, err := Judge(h, []Sample{before, after}); err == nil {
		t.Error("a torn transaction passes behind a crash")
	}
}

// Transactions that give back what another took make states equal: the target may be at either.
func TestEqualStatesAreTakenForTheEarliestThatFits(t *testing.T) {
	t.Parallel()
	h := &History{Tables: make([]Table, 1)}
	for i, rows := range []int64{0, 1, 2, 1, 2, 3} {
		h.Prefixes = append(h.Prefixes, Prefix{End: LSN(10 * i), Prints: []Print{{Rows: rows}}})
	}
	one := func(rows int64) Sample { return Sample{Settled: []bool{true}, Prints: []Print{{Rows: rows}}} }
	if last, err := Judge(h, []Sample{one(1), one(2), one(1), one(2), one(3)}); err != nil || last != 5 {
		t.Errorf("got prefix %d, %v", last, err)
	}
	if _, err := Judge(h, []Sample{one(2), one(1), one(2), one(1)}); err == nil {
		t.Error("a third way back from 2 to 1 passes")
	}
}

// A transaction of which the load had everything is in no entry: the table that it loaded is ahead of the checkpoint's
// commit until the next one. No other table may be, nor that one later.
func TestATableThatHasJustArrivedMayBeAheadOfTheCheckpoint(t *testing.T) {
	t.Parallel()
	h := twoTables(9) // transactions 1, 3, 5 … write to x alone
	loading := func(commit LSN, y int64) Sample {
		s := at(commit, 0, y)
		s.Settled[0] = false
		return s
	}
	for name, c := range map[string]struct {
		samples []Sample
		passes  bool
	}{
		"at its place":           {[]Sample{loading(25, 1), at(25, 3, 1)}, true},
		"by what it wrote alone": {[]Sample{loading(35, 2), at(35, 5, 2)}, true},
		"seen twice":             {[]Sample{loading(35, 2), at(35, 5, 2), at(35, 5, 2), at(55, 6, 3)}, true},
		"it stays so":            {[]Sample{loading(35, 2), at(35, 5, 2), at(45, 5, 2), at(55, 7, 3)}, false},
		"no load":                {[]Sample{at(35, 4, 2), at(35, 5, 2)}, false},
		"what wrote to another":  {[]Sample{loading(25, 1), loading(35, 2), at(35, 6, 3)}, false},
		"the other is ahead":     {[]Sample{loading(25, 1), loading(35, 3)}, false},
		"first of all":           {[]Sample{at(35, 5, 2)}, false},
	} {
		if _, err := Judge(h, c.samples); (err == nil) != c.passes {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// While a table is loaded it is not looked at; the others must fit all the same.
func TestOnlySettledTablesAreHeldAgainstTheHistory(t *testing.T) {
	t.Parallel()
	h := twoTables(9)
	loading := at(0, 999, 2)
	loading.Settled[0] = false
	if last, err := Judge(h, []Sample{loading, at(0, 4, 2)}); err != nil || last != 4 {
		t.Errorf("got prefix %d, %v", last, err)
	}
	loading.Prints[1].Rows = 99
	if _, err := Judge(h, []Sample{loading}); err == nil {
		t.Error("a settled table that never was so passes")
	}
	if err := Complete(h, &loading); err == nil || !strings.Contains(err.Error(), "s.x is not loaded") {
		t.Errorf("got %v", err)
	}
}
