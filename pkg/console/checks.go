package console

import (
	"context"
	"encoding/json"
	"net/http"
	"sync"
	"time"

	"floe/pkg/access"
	"floe/pkg/precheck"
)

// checkTime bounds a run of the prechecks.
const checkTime = time.Minute

// checks are the last prechecks that this console ran; one run goes on at a time.
type checks struct {
	mu      sync.Mutex
	last    Checks
	running sync.WaitGroup
}

// Checks are the prechecks of one run.
type Checks struct {
	Running bool       `json:"running"`
	At      *time.Time `json:"at"` // when the last run ended; null before any
	Result  string     `json:"result,omitempty"`
	Source  string     `json:"source,omitempty"`
	Target  string     `json:"target,omitempty"`
	Checks  []Check    `json:"checks"`
	Error   string     `json:"error,omitempty"`
}

// Check is one check and how it ended.
type Check struct {
	Code     string `json:"code"`
	Severity string `json:"severity"`
	Object   string `json:"object,omitempty"`
	Text     string `json:"text"`
	Cause    string `json:"cause,omitempty"`
	Fix      string `json:"fix,omitempty"`
	FixSQL   string `json:"fix_sql,omitempty"`
	MS       int64  `json:"ms"`
}

var errFar = access.Problem{Status: http.StatusConflict, Code: "not-here", Detail: "this console reaches the log and not the databases", Hint: "run floe check and floe job plan where the job file is; the console of floe dev can do it itself"}

func (c *checks) now() Checks {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := c.last
	if out.Checks == nil {
		out.Checks = []Check{}
	}
	return out
}

// run begins a run unless one goes on.
func (s *server) runChecks() {
	c := &s.checks
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.last.Running {
		return
	}
	c.last.Running = true
	c.running.Go(func() {
		ctx, cancel := context.WithTimeout(s.life, checkTime)
		defer cancel()
		r, err := s.Near.Check(ctx)
		done := time.Now().UTC()
		got := Checks{At: &done}
		if err != nil {
			s.Log.Warn("prechecks did not run", "err", err)
			got.Error = err.Error()
		} else {
			got.take(r)
		}
		c.mu.Lock()
		c.last = got
		c.mu.Unlock()
	})
}

func (c *Checks) take(r *precheck.Report) {
	c.Result, c.Source, c.Target = r.Result, r.Source, r.Target
	for _, x := range r.Checks {
		c.Checks = append(c.Checks, Check{x.Code, string(x.Severity), x.Object, x.Text, x.Cause, x.Fix, x.FixSQL, x.Took.Milliseconds()})
	}
}

func (s *server) getChecks(w http.ResponseWriter, _ *http.Request) {
	if s.Near.Check == nil {
		errFar.Write(w)
		return
	}
	s.answer(w, http.StatusOK, s.checks.now())
}

func (s *server) postChecks(w http.ResponseWriter, _ *http.Request) {
	if s.Near.Check == nil {
		errFar.Write(w)
		return
	}
	s.runChecks()
	s.answer(w, http.StatusAccepted, s.checks.now())
}

func (s *server) getPlan(w http.ResponseWriter, r *http.Request) {
	if s.Near.Plan == nil {
		errFar.Write(w)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), 25*time.Second) // what the server lets an answer take
	defer cancel()
	plan, err := s.Near.Plan(ctx)
	if err != nil {
		access.Problem{Status: http.StatusBadGateway, Code: "database-unreachable", Detail: err.Error()}.Write(w)
		return
	}
	text(w, http.StatusOK, plan)
}

// decode reads a request's JSON, strictly; an empty body is the zero value.
func decode(r *http.Request, into any) *access.Problem {
	if r.ContentLength == 0 {
		return nil
	}
	if !isJSON(r.Header.Get("Content-Type")) {
		return &access.Problem{Status: http.StatusUnsupportedMediaType, Code: "not-json", Detail: "want Content-Type: application/json"}
	}
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return &access.Problem{Status: http.StatusBadRequest, Code: "request-invalid", Detail: err.Error()}
	}
	if d.More() {
		return &access.Problem{Status: http.StatusBadRequest, Code: "request-invalid", Detail: "more than one JSON value"}
	}
	return nil
}
