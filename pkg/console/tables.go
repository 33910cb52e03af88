package console

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"floe/pkg/overview"
)

// mostTables bounds an answer; a job may have many thousands.
const mostTables = 1000

// Tables is a part of a job's tables: Matching of Total are as asked, from Offset on.
type Tables struct {
	Total    int     `json:"total"`
	Matching int     `json:"matching"`
	Offset   int     `json:"offset"`
	Tables   []Table `json:"tables"`
}

// Table is a table as both services see it. LagSeconds is how far it is behind: all tables in sync are
// equally far, for transactions are applied whole and in order; null while it is loaded.
type Table struct {
	overview.Table
	LagSeconds *float64 `json:"lag_seconds"`
	// Verified is how the last comparison of it by this console ended; null if there was none.
	Verified *Verified `json:"verified"`
}

// Verified is a comparison of one table: equal, differs or not compared.
type Verified struct {
	Is string    `json:"is"`
	At time.Time `json:"at"`
}

// tableQuery is what of a job's tables is asked for.
type tableQuery struct {
	search, state, sort string
	descending          bool
	limit, offset       int
}

// sorts are the orders of tables; the names break ties.
var sorts = map[string]func(a, b *overview.Table) int{
	"name":     func(a, b *overview.Table) int { return 0 },
	"state":    func(a, b *overview.Table) int { return cmp.Compare(rank(a.State), rank(b.State)) },
	"loaded":   func(a, b *overview.Table) int { return cmp.Compare(a.Loaded, b.Loaded) },
	"captured": func(a, b *overview.Table) int { return cmp.Compare(sum(a.Captured), sum(b.Captured)) },
	"applied":  func(a, b *overview.Table) int { return cmp.Compare(sum(a.Applied), sum(b.Applied)) },
}

// tableStates are in the order in which somebody should look.
var tableStates = []string{"blocked", "loading", "settling", "waiting", "in sync"}

func rank(state string) int {
	if i := slices.Index(tableStates, state); i >= 0 {
		return i
	}
	return 1
}

func sum(c overview.Counts) uint64 { return c.Inserts + c.Updates + c.Deletes + c.Truncates }

// parseTables reads a query string; limit is the default.
func parseTables(v url.Values, limit int) (tableQuery, error) {
	q := tableQuery{search: v.Get("search"), state: v.Get("state"), limit: limit}
	q.sort, q.descending = strings.CutPrefix(v.Get("sort"), "-")
	if q.sort == "" {
		q.sort = "name"
	}
	if sorts[q.sort] == nil {
		return q, fmt.Errorf("sort=%q: want name, state, loaded, captured or applied, with - for descending", q.sort)
	}
	if q.state != "" && !slices.Contains(tableStates, q.state) {
		return q, fmt.Errorf("state=%q: want %s", q.state, strings.Join(tableStates, ", "))
	}
	var err error
	if q.limit, err = number(v, "limit", limit, 1, mostTables); err != nil {
		return q, err
	}
	q.offset, err = number(v, "offset", 0, 0, 1<<30)
	return q, err
}

func number(v url.Values, name string, absent, least, most int) (int, error) {
	text := v.Get(name)
	if text == "" {
		return absent, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < least || n > most {
		return 0, fmt.Errorf("%s=%q: want a number from %d to %d", name, text, least, most)
	}
	return n, nil
}

// of takes what is asked for from all tables, which are in the order of their names.
func (q *tableQuery) of(all []overview.Table, latency *float64) Tables {
	search := strings.ToLower(q.search)
	match := make([]*overview.Table, 0, len(all))
	for i := range all {
		t := &all[i]
		if (q.state == "" || t.State == q.state) && strings.Contains(strings.ToLower(t.Schema+"."+t.Name), search) {
			match = append(match, t)
		}
	}
	by := sorts[q.sort]
	slices.SortStableFunc(match, by)
	if q.descending {
		if q.sort == "name" {
			slices.Reverse(match)
		} else {
			slices.SortStableFunc(match, func(a, b *overview.Table) int { return by(b, a) })
		}
	}
	out := Tables{Total: len(all), Matching: len(match), Offset: q.offset, Tables: []Table{}}
	for _, t := range match[min(q.offset, len(match)):min(q.offset+q.limit, len(match))] {
		out.Tables = append(out.Tables, withLag(*t, latency))
	}
	return out
}

func withLag(t overview.Table, latency *float64) Table {
	if t.State != "in sync" {
		latency = nil
	}
	return Table{t, latency, nil}
}
