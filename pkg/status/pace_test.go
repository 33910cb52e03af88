package status

import (
	"fmt"
	"testing"
	"time"
)

var began = time.Unix(1_000_000, 0)

func tables(n int) []Table {
	out := make([]Table, n)
	for i := range out {
		out[i] = Table{Schema: "s", Name: fmt.Sprintf("t%05d", i), State: "in sync"}
	}
	return out
}

func TestNothingNewIsSaidSeldom(t *testing.T) {
	t.Parallel()
	var p Pace
	due := func(after time.Duration, head string, all []Table) bool {
		_, ok := p.Due(began.Add(after), []byte(head), all)
		return ok
	}
	all := tables(3)
	if !due(0, "a", all) || due(Every, "a", all) || !due(2*Every, "b", all) || due(3*Every, "b", all) {
		t.Error("a report is due when something changed and only then")
	}
	all[1].Inserts = 7
	if !due(4*Every, "b", all) || due(4*Every+1, "b", all) {
		t.Error("a table that changed is a change")
	}
	if due(4*Every+Idle-1, "b", all) || !due(4*Every+Idle, "b", all) {
		t.Error("a service that is idle is heard every second")
	}
}

// However many tables change, no report grows, each change is said soon, and every table in turn.
func TestReportsOfManyTablesStaySmall(t *testing.T) {
	t.Parallel()
	const n = 10_000
	var p Pace
	all := tables(n)
	heard := map[string]Table{}
	now, reports := began, 0
	hear := func(head string) []Table {
		now = now.Add(Idle)
		got, ok := p.Due(now, []byte(head), all)
		if !ok || len(got) > MostTables {
			t.Fatalf("%v, %d tables", ok, len(got))
		}
		for _, x := range got {
			heard[x.Name] = x
		}
		reports++
		return got
	}
	for len(heard) < n && reports < 2*n/MostTables {
		hear("a")
	}
	if reports != n/MostTables {
		t.Errorf("%d reports until every table was named", reports)
	}
	all[17].Inserts, all[9_000].Deletes = 1, 2
	hear("b")
	if heard[all[17].Name] != all[17] || heard[all[9_000].Name] != all[9_000] {
		t.Error("changes wait for their turn")
	}
	clear(heard)
	for range n / MostTables {
		hear("c")
	}
	if len(heard) != n {
		t.Errorf("%d of %d tables come again while nothing changes", len(heard), n)
	}
}

// A table that left is told of, for a reader keeps what a report leaves out.
func TestTablesThatLeftAreTold(t *testing.T) {
	t.Parallel()
	var p Pace
	all := tables(2 * MostTables)
	for i := range 4 {
		p.Due(began.Add(time.Duration(i)*Idle), nil, all)
	}
	gone := all[5]
	got, _ := p.Due(began.Add(5*Idle), nil, append(all[:5:5], all[6:]...))
	if len(got) != MostTables || got[0] != (Table{Schema: gone.Schema, Name: gone.Name, State: Left}) {
		t.Errorf("%d tables, the first %+v", len(got), got[0])
	}
	if got, _ = p.Due(began.Add(6*Idle), nil, all[:MostTables-1]); len(got) != MostTables-1 {
		t.Errorf("%d tables where %d are all", len(got), MostTables-1)
	}
}
