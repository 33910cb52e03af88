package console

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"floe/pkg/access"
	"floe/pkg/console/history"
	"floe/pkg/console/logbook"
)

func pathEscape(s string) string  { return url.PathEscape(s) }
func queryEscape(s string) string { return url.QueryEscape(s) }

// worst is how many troubles the overview shows.
const worst = 3

func (s *server) overviewPage(w http.ResponseWriter, r *http.Request) {
	now := time.Now()
	span := history.Spans[1]
	for _, x := range history.Spans[1:] {
		if x.Name == r.URL.Query().Get("range") {
			span = x
		}
	}
	var b struct {
		Worst    []Trouble
		More     int
		Ranges   []string
		Range    string
		Charts   []chart
		ByteRate uint64
		Ready    *readiness
		At       string // the job's pages among those of its log
		Unreset  string // why a reset did not come to its end
	}
	b.At, b.Unreset = "/jobs/"+pathEscape(s.Prefix), s.Near.ResetError
	m := s.watch.now()
	last := s.latest(s.Prefix, m)
	if b.Ready = readinessOf(m, &last, language(r)); b.Ready != nil {
		b.Ready.All = "/checks"
	}
	all := troubles(s.watch.now())
	b.Worst, b.Range = all[:min(worst, len(all))], span.Name
	if len(all) > worst {
		b.More = len(all)
	}
	for _, x := range history.Spans[1:] {
		b.Ranges = append(b.Ranges, x.Name)
	}
	b.Charts = charts(s.watch.points(span.Name, now), span, now)
	_, _, bytes := s.watch.rates(now)
	b.ByteRate = uint64(bytes)
	s.show(w, r, http.StatusOK, "overview", "Overview", true, b)
}

// head is a column of the tables' list, with the link that sorts by it.
type head struct {
	Title, Link, Sorted string
	Number              bool
}

func (s *server) tablesPage(w http.ResponseWriter, r *http.Request) {
	const several = 100
	q, err := parseTables(r.URL.Query(), several)
	if err != nil {
		s.refused(w, r, &access.Problem{Status: http.StatusBadRequest, Code: "request-invalid", Detail: err.Error()})
		return
	}
	m := s.watch.now()
	var b struct {
		Got                                tableList
		Search, State, Sort, Before, After string
		States                             []string
		Heads                              []head
	}
	b.Got = q.of(m.sum.Tables, m.sum.LatencySeconds)
	s.compared.verified(b.Got.Tables)
	b.Search, b.State, b.Sort, b.States = q.search, q.state, q.order(), tableStates
	for _, h := range []struct{ title, sort string }{{"table", "name"}, {"state", "state"}, {"rows loaded", "loaded"}, {"captured i/u/d/t", "captured"}, {"applied i/u/d/t", "applied"}, {"behind", ""}, {"verified", ""}, {"error", ""}} {
		b.Heads = append(b.Heads, q.head(h.title, h.sort))
	}
	if q.offset > 0 {
		b.Before = q.link(q.order(), max(0, q.offset-q.limit))
	}
	if q.offset+q.limit < b.Got.Matching {
		b.After = q.link(q.order(), q.offset+q.limit)
	}
	s.show(w, r, http.StatusOK, "tables", "Tables", true, b)
}

type tableList = Tables

func (q *tableQuery) order() string {
	if q.descending {
		return "-" + q.sort
	}
	return q.sort
}

func (q *tableQuery) link(order string, offset int) string {
	v := url.Values{"sort": {order}}
	for k, x := range map[string]string{"search": q.search, "state": q.state} {
		if x != "" {
			v.Set(k, x)
		}
	}
	if offset > 0 {
		v.Set("offset", strconv.Itoa(offset))
	}
	return "/tables?" + v.Encode()
}

// head is a column: numbers are sorted from the greatest first.
func (q *tableQuery) head(title, sort string) head {
	h := head{Title: title, Number: slices.Contains([]string{"loaded", "captured", "applied"}, sort) || title == "behind"}
	if sort == "" {
		return h
	}
	next := sort
	if h.Number {
		next = "-" + sort
	}
	if sort == q.sort {
		h.Sorted = "ascending"
		next = "-" + sort
		if q.descending {
			h.Sorted, next = "descending", sort
		}
	}
	h.Link = q.link(next, 0)
	return h
}

func (s *server) tablePage(w http.ResponseWriter, r *http.Request) {
	t, ok := s.table(r.PathValue("schema"), r.PathValue("table"))
	if !ok {
		s.refused(w, r, &access.Problem{Status: http.StatusNotFound, Code: "table-unknown", Detail: "the job has no such table"})
		return
	}
	s.show(w, r, http.StatusOK, "table", "Table", true, struct {
		Table
		SQL, Rows string
		CanVerify bool
	}{t, sqlName(t.Schema, t.Name), "/events?table=" + queryEscape(sqlName(t.Schema, t.Name)), s.Near.Verify != nil})
}

func (s *server) errorsPage(w http.ResponseWriter, r *http.Request) {
	s.show(w, r, http.StatusOK, "errors", "Errors", true, troubles(s.watch.now()))
}

func (s *server) structurePage(w http.ResponseWriter, r *http.Request) {
	m := s.watch.now()
	s.show(w, r, http.StatusOK, "structure", "Structure", true, Structure{m.sum.Differing, m.sum.Structure})
}

func (s *server) logPage(w http.ResponseWriter, r *http.Request) {
	var b struct {
		Kind, Wrong string
		Kinds       []string
		Page        logbook.Page
		Commands    Commands
		Places      Checkpoints
	}
	b.Kind, b.Kinds = r.URL.Query().Get("kind"), logbook.Kinds
	q, err := parseLog(r)
	if b.Kind == "all" || b.Kind == "" {
		v := r.URL.Query()
		v.Del("kind")
		if b.Kind == "" {
			b.Kind = "structure"
			v.Set("kind", b.Kind)
		}
		q, err = parseLog(&http.Request{URL: &url.URL{RawQuery: v.Encode()}})
	}
	if err != nil {
		s.refused(w, r, &access.Problem{Status: http.StatusBadRequest, Code: "request-invalid", Detail: err.Error()})
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), answerTime)
	defer cancel()
	g, ctx := errgroup.WithContext(ctx) // each reads another topic
	g.Go(func() (err error) { b.Page, err = logbook.Read(ctx, s.Kafka, s.Prefix, q); return err })
	g.Go(func() (err error) { b.Commands, err = s.commands(ctx); return err })
	g.Go(func() (err error) { b.Places, err = s.checkpoints(ctx); return err })
	if err := g.Wait(); err != nil {
		s.Log.Warn("the log does not answer", "err", err)
		b.Wrong = "The job's log does not answer, or the job has not begun."
	}
	s.show(w, r, http.StatusOK, "log", "Log", false, b)
}

func (s *server) checksPage(w http.ResponseWriter, r *http.Request) {
	m := s.watch.now()
	b := struct {
		Far    bool // the services are apart: each makes its own, and says what it found
		Report checkList
		Ready  *readiness
	}{Far: s.Near.Check == nil, Report: s.checks.list(r, "/checks")}
	if b.Far {
		b.Report.Checks = s.latest(s.Prefix, m)
		b.Report.Sum = b.Report.sum(language(r))
	}
	b.Ready = readinessOf(m, &b.Report.Checks, language(r))
	s.show(w, r, http.StatusOK, "checks", "Prechecks", true, b)
}

// checkList is what a page shows of prechecks; its forms go to Action.
type checkList struct {
	Checks
	Sum, Action string
	CanAct      bool
}

func (c *checks) list(r *http.Request, action string) checkList {
	now := c.now()
	return checkList{now, now.sum(language(r)), action, access.Of(r.Context()) == access.Operator}
}

// sum counts the checks by how they ended.
func (c *Checks) sum(lang string) string {
	var out []string
	for _, severity := range []string{"ok", "warn", "fail", "notice", "ignored", "skipped"} {
		n := 0
		for _, x := range c.Checks {
			if x.Severity == severity {
				n++
			}
		}
		if n > 0 {
			out = append(out, fmt.Sprintf("%d %s", n, translate(lang, severity)))
		}
	}
	return strings.Join(out, ", ")
}

// settingsPage shows what the job is set to. A plan that is asked for is made beside it: the page that leads
// on shows it once it is there.
func (s *server) settingsPage(w http.ResponseWriter, r *http.Request) {
	if s.Near.Plan != nil && r.URL.Query().Get("plan") != "" {
		s.planned.begin(s.life, s.Log, s.Near.Plan)
		http.Redirect(w, r, "/settings#plan", http.StatusSeeOther)
		return
	}
	b := struct {
		Prefix, File string
		CanPlan      bool
		Plan         Planned
		Settings     []Setting
	}{Prefix: s.Prefix, CanPlan: s.Near.Plan != nil, Plan: s.planned.now()}
	ctx, cancel := context.WithTimeout(r.Context(), answerTime)
	defer cancel()
	var g errgroup.Group // both ask the log
	g.Go(func() error {
		if c, err := s.commands(ctx); err == nil {
			b.Settings = c.Settings
		}
		return nil
	})
	if s.Near.File != nil {
		g.Go(func() error {
			text, err := s.Near.File(ctx)
			if err != nil {
				s.Log.Warn("the job file is not shown", "err", err)
			}
			b.File = string(text)
			return nil
		})
	}
	_ = g.Wait() // they return nil
	s.show(w, r, http.StatusOK, "settings", "Settings", b.Plan.Running, b)
}
