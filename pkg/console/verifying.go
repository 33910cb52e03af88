package console

import (
	"context"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"

	"floe/pkg/access"
	"floe/pkg/ident"
	"floe/pkg/verify"
)

// mostDiffering bounds the tables whose differing rows are kept of one comparison; of others only that they
// differ is.
const mostDiffering = 100

// compared is the last comparison that this console made; one goes on at a time.
type compared struct {
	mu      sync.Mutex
	last    Comparison
	stop    context.CancelFunc // nil unless one goes on
	shown   int                // tables whose differing rows are kept
	known   map[ident.Name]Verified
	rows    map[string]float64 // looked at since the console began, by what they were
	ended   bool
	running sync.WaitGroup
}

// Comparison is one run, as far as it has come.
type Comparison struct {
	Running bool       `json:"running"`
	Began   *time.Time `json:"began"` // null before any
	Ended   *time.Time `json:"ended"` // null while it goes on
	Done    int        `json:"done"`
	Of      int        `json:"of"`
	// Result is equal, differs, or stopped; empty while it goes on, or if it could not be made.
	Result string          `json:"result,omitempty"`
	Rows   int64           `json:"rows"`
	Differ int             `json:"differ"` // tables
	Tables []ComparedTable `json:"tables"`
	Error  string          `json:"error,omitempty"`
}

// ComparedTable is one table: Is says equal, differs or not compared.
type ComparedTable struct {
	Name       string         `json:"name"`
	Target     string         `json:"target,omitempty"` // its name there, if it has another
	Is         string         `json:"is"`
	SourceRows int64          `json:"source_rows"`
	TargetRows int64          `json:"target_rows"`
	Why        string         `json:"why,omitempty"`
	Rows       []DifferingRow `json:"rows,omitempty"`
	More       bool           `json:"more,omitempty"` // rows differ that are not named
	page       string
}

// Page is the table's.
func (t ComparedTable) Page() string { return t.page }

// DifferingRow is a row that is missing on the target, extra there, there another number of times, or
// differs by columns.
type DifferingRow struct {
	Key     string            `json:"key"`
	Is      string            `json:"is"`
	Columns []DifferingColumn `json:"columns,omitempty"`
}

// DifferingColumn is a value of both sides, as text.
type DifferingColumn struct {
	Name   string `json:"name"`
	Source string `json:"source"`
	Target string `json:"target"`
}

// end begins no comparison any more, and waits for the one that was stopped.
func (c *compared) end() {
	c.mu.Lock()
	c.ended = true
	c.mu.Unlock()
	c.running.Wait()
}

// now is the last comparison; who only looks is not shown rows.
func (c *compared) now(ctx context.Context) Comparison {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := c.last
	out.Tables = append([]ComparedTable{}, c.last.Tables...)
	if access.Of(ctx) != access.Operator {
		for i := range out.Tables {
			out.Tables[i].More = out.Tables[i].More || len(out.Tables[i].Rows) > 0
			out.Tables[i].Rows = nil
		}
	}
	return out
}

// begin begins one unless one goes on.
func (c *compared) begin(life context.Context, log *slog.Logger, run func(context.Context, func(*verify.Table, int, int)) error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.last.Running || c.ended {
		return
	}
	now := time.Now().UTC()
	c.last, c.shown = Comparison{Running: true, Began: &now}, 0
	ctx, stop := context.WithCancel(life)
	c.stop = stop
	c.running.Go(func() {
		defer stop()
		err := run(ctx, c.told)
		now := time.Now().UTC()
		c.mu.Lock()
		defer c.mu.Unlock()
		c.last.Running, c.last.Ended, c.stop = false, &now, nil
		switch {
		case ctx.Err() != nil:
			c.last.Result = "stopped"
		case err != nil:
			log.Warn("tables were not compared", "err", err)
			c.last.Error = err.Error()
		case c.last.Differ > 0:
			c.last.Result = "differs"
		default:
			c.last.Result = "equal"
		}
	})
}

func (c *compared) told(t *verify.Table, done, of int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	x := ofTable(t)
	if x.Is == "differs" {
		c.last.Differ++
		if c.shown++; c.shown > mostDiffering {
			x.More, x.Rows = true, nil
		}
	}
	if c.known == nil {
		c.known = map[ident.Name]Verified{}
	}
	c.known[t.Source] = Verified{x.Is, time.Now().UTC()}
	c.count(t)
	x.page = tablePath(t.Source.Schema, t.Source.Name)
	c.last.Done, c.last.Of, c.last.Rows = done, of, c.last.Rows+t.SourceRows
	c.last.Tables = append(c.last.Tables, x)
}

// results are what rows can be found to be.
var results = []string{"equal", "missing", "extra", "differs"}

// count adds a table's rows. Of one where more differ than are named, which are equal is not known.
func (c *compared) count(t *verify.Table) {
	if t.Skipped != "" || t.Problem != "" {
		return
	}
	if c.rows == nil {
		c.rows = map[string]float64{}
	}
	equal := t.SourceRows
	for _, d := range t.Differences {
		switch {
		case d.TargetRows < d.SourceRows:
			c.rows["missing"] += float64(d.SourceRows - d.TargetRows)
			equal -= d.SourceRows - d.TargetRows
		case d.TargetRows > d.SourceRows:
			c.rows["extra"] += float64(d.TargetRows - d.SourceRows)
		default:
			c.rows["differs"] += float64(d.SourceRows)
			equal -= d.SourceRows
		}
	}
	if !t.More {
		c.rows["equal"] += float64(max(0, equal))
	}
}

// counted are the rows by what they were, each once it can be: a count that appears with its first row would
// hide that row from who asks for its increase.
func (c *compared) counted() map[string]float64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := map[string]float64{}
	for _, is := range results {
		out[is] = c.rows[is]
	}
	return out
}

// verified puts beside tables how their last comparison ended.
func (c *compared) verified(tables []Table) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range tables {
		t := &tables[i]
		if v, ok := c.known[ident.Name{Schema: t.Schema, Name: t.Name}]; ok {
			t.Verified = &v
		}
	}
}

func ofTable(t *verify.Table) ComparedTable {
	x := ComparedTable{Name: t.Source.String(), Is: "differs", SourceRows: t.SourceRows, TargetRows: t.TargetRows, Why: t.Problem, More: t.More}
	if t.Target != t.Source {
		x.Target = t.Target.String()
	}
	switch {
	case t.Skipped != "":
		x.Is, x.Why = "not compared", t.Skipped
	case t.Equal():
		x.Is = "equal"
	}
	for _, d := range t.Differences {
		r := DifferingRow{Key: d.Key, Is: "other number"}
		switch {
		case d.TargetRows == 0:
			r.Is = "missing"
		case d.SourceRows == 0:
			r.Is = "extra"
		case d.SourceRows == d.TargetRows:
			r.Is = "differs"
		}
		for _, col := range d.Columns {
			r.Columns = append(r.Columns, DifferingColumn{col.Name, col.Source, col.Target})
		}
		x.Rows = append(x.Rows, r)
	}
	return x
}

// compare begins a comparison of tables, written as in SQL, none for all.
func (s *server) compare(tables []string) *access.Problem {
	if s.Near.Verify == nil {
		return &access.Problem{Status: errFar.Status, Code: errFar.Code, Detail: errFar.Detail, Hint: "run floe verify where the job file is; the console of floe dev can do it itself"}
	}
	if len(tables) > mostNamed {
		return &access.Problem{Status: http.StatusBadRequest, Code: "request-invalid", Detail: "too many tables; name none for all"}
	}
	for _, t := range tables {
		if _, err := ident.ParsePattern(t); err != nil {
			return &access.Problem{Status: http.StatusBadRequest, Code: "request-invalid", Detail: err.Error(), Hint: "names are written as in SQL: schema.table"}
		}
	}
	s.compared.begin(s.life, s.Log, func(ctx context.Context, told func(*verify.Table, int, int)) error {
		return s.Near.Verify(ctx, tables, told)
	})
	return nil
}

func (s *server) stopComparing() {
	s.compared.mu.Lock()
	defer s.compared.mu.Unlock()
	if s.compared.stop != nil {
		s.compared.stop()
	}
}

func (s *server) getVerify(w http.ResponseWriter, r *http.Request) {
	s.answer(w, http.StatusOK, s.compared.now(r.Context()))
}

func (s *server) postVerify(w http.ResponseWriter, r *http.Request) {
	var b Named
	p := decode(r, &b)
	if p == nil {
		p = s.compare(b.Tables)
	}
	s.tell(w, http.StatusAccepted, s.compared.now(r.Context()), p)
}

func (s *server) postVerifyStop(w http.ResponseWriter, r *http.Request) {
	s.stopComparing()
	s.answer(w, http.StatusAccepted, s.compared.now(r.Context()))
}

func (s *server) verifyAgain(w http.ResponseWriter, r *http.Request) {
	if r.PostFormValue("do") == "stop" {
		s.stopComparing()
	} else if p := s.compare(lines(r.PostFormValue("tables"))); p != nil {
		s.refused(w, r, p)
		return
	}
	http.Redirect(w, r, "/verify", http.StatusSeeOther)
}

func (s *server) verifyPage(w http.ResponseWriter, r *http.Request) {
	b := struct {
		Far         bool
		Run         Comparison
		Bad, Others []ComparedTable
		Cut         bool
	}{Far: s.Near.Verify == nil, Run: s.compared.now(r.Context())}
	for _, t := range b.Run.Tables {
		if t.Is == "differs" {
			b.Bad = append(b.Bad, t)
		} else {
			b.Others = append(b.Others, t)
		}
	}
	const most = 200
	b.Cut = len(b.Bad) > most || len(b.Others) > most
	b.Bad, b.Others = slices.Clip(b.Bad[:min(most, len(b.Bad))]), slices.Clip(b.Others[:min(most, len(b.Others))])
	s.show(w, r, http.StatusOK, "verify", "Verify", !b.Far, b)
}
