package console

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
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
	found   []findings        // of the last run, as they were found
	known   map[string]string // reasons for which a warning is ignored, by its code
	ended   bool
	running sync.WaitGroup
}

// findings are what one side found, or both: By is the service that did, empty where the console asked itself.
type findings struct {
	By     string
	Report precheck.Report
}

// alone are the prechecks of who reaches both databases.
func alone(check func(context.Context, func(done, of int)) (*precheck.Report, error)) checking {
	return func(ctx context.Context, told func(done, of int)) ([]findings, error) {
		r, err := check(ctx, told)
		if err != nil {
			return nil, err
		}
		return []findings{{Report: *r}}, nil
	}
}

// checking makes prechecks. What it found counts beside an error: of several services one may be silent.
type checking func(ctx context.Context, told func(done, of int)) ([]findings, error)

// end begins no run any more, and waits for the one that goes on.
func (c *checks) end() {
	c.mu.Lock()
	c.ended = true
	c.mu.Unlock()
	c.running.Wait()
}

// Known is a warning that somebody knows of.
type Known struct {
	Code   string `json:"code"`
	Reason string `json:"reason"`
}

// Checks are the prechecks of one run.
type Checks struct {
	Running bool       `json:"running"`
	Done    int        `json:"done,omitempty"` // codes that the run which goes on has a finding of
	Of      int        `json:"of,omitempty"`   // all codes
	At      *time.Time `json:"at"`             // when the last run ended; null before any
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
	Service  string `json:"service,omitempty"` // whose it is, where the services are apart
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

// begin begins a run unless one goes on.
func (c *checks) begin(life context.Context, log *slog.Logger, check checking) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.last.Running || c.ended {
		return
	}
	c.last.Running, c.last.Done, c.last.Of = true, 0, len(precheck.Codes)
	c.running.Go(func() {
		ctx, cancel := context.WithTimeout(life, checkTime)
		defer cancel()
		found, err := check(ctx, c.told)
		done := time.Now().UTC()
		c.mu.Lock()
		defer c.mu.Unlock()
		c.last, c.found = Checks{At: &done}, found
		if err != nil {
			log.Warn("prechecks did not run", "err", err)
			c.last.Error = err.Error()
		}
		c.judge()
	})
}

// told keeps how far the run is.
func (c *checks) told(done, of int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last.Done, c.last.Of = done, of
}

// adopt takes what services reported by themselves, if that is newer than the last run.
func (c *checks) adopt(at time.Time, found []findings) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.last.Running || c.last.At != nil && !at.After(*c.last.At) {
		return
	}
	c.last, c.found = Checks{At: &at}, found
	c.judge()
}

// judge says how the last run ended, by what is known.
func (c *checks) judge() {
	c.last.Checks, c.last.Result = nil, ""
	for _, f := range c.found {
		f.Report.Checks = slices.Clone(f.Report.Checks)
		f.Report.Ignore(c.known)
		c.last.take(f.By, &f.Report)
	}
	slices.SortStableFunc(c.last.Checks, func(a, b Check) int {
		return slices.Index(precheck.Codes, a.Code) - slices.Index(precheck.Codes, b.Code)
	})
}

// ignore takes a warning of the last run as known.
func (c *checks) ignore(k Known) *access.Problem {
	if strings.TrimSpace(k.Reason) == "" {
		return &access.Problem{Status: http.StatusBadRequest, Code: "request-invalid", Detail: "a reason is wanted", Hint: "the next one to look wants to know why"}
	}
	if p := fits(k.Reason); p != nil {
		return p
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !slices.ContainsFunc(c.found, func(f findings) bool {
		return slices.ContainsFunc(f.Report.Checks, func(x precheck.Check) bool { return x.Code == k.Code && x.Severity == precheck.Warn })
	}) {
		return &access.Problem{Status: http.StatusConflict, Code: "not-a-warning", Detail: "the last prechecks have no such warning; what failed cannot be ignored"}
	}
	if c.known == nil {
		c.known = map[string]string{}
	}
	c.known[k.Code] = k.Reason
	c.judge()
	return nil
}

// take adds what a service found.
func (c *Checks) take(by string, r *precheck.Report) {
	c.Source, c.Target = cmp.Or(r.Source, c.Source), cmp.Or(r.Target, c.Target)
	if rankResult(r.Result) > rankResult(c.Result) {
		c.Result = r.Result // what one fails by, the job does
	}
	for _, x := range r.Checks {
		c.Checks = append(c.Checks, Check{x.Code, string(x.Severity), by, x.Object, x.Text, x.Cause, x.Fix, x.FixSQL, x.Took.Milliseconds()})
	}
}

func (s *server) getChecks(w http.ResponseWriter, _ *http.Request) {
	c := s.checksOf(s.Prefix, s.watch.now()).now()
	if s.Near.Check == nil && c.At == nil && !c.Running {
		errFar.Write(w)
		return
	}
	s.answer(w, http.StatusOK, c)
}

func (s *server) postChecks(w http.ResponseWriter, r *http.Request) {
	c := s.checkAgain(r.Context(), s.Prefix, s.watch)
	s.answer(w, http.StatusAccepted, c.now())
}

func (s *server) postIgnore(w http.ResponseWriter, r *http.Request) {
	var b Known
	c := s.checksOf(s.Prefix, s.watch.now())
	p := decode(r, &b)
	if p == nil {
		p = c.ignore(b)
	}
	s.tell(w, http.StatusOK, c.now(), p)
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

// unread says why a body was not read: it is no JSON of ours, it is too large, or it did not come.
func unread(err error) *access.Problem {
	large, late := (*http.MaxBytesError)(nil), net.Error(nil)
	switch {
	case errors.As(err, &large):
		return &access.Problem{Status: http.StatusRequestEntityTooLarge, Code: "body-too-large", Detail: fmt.Sprintf("a request bears %d bytes at most", large.Limit), Hint: "send several"}
	case errors.As(err, &late):
		return &access.Problem{Status: http.StatusRequestTimeout, Code: "body-late", Detail: "the request's body did not come in time"}
	}
	return &access.Problem{Status: http.StatusBadRequest, Code: "request-invalid", Detail: err.Error()}
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
		return unread(err)
	}
	if d.More() {
		return &access.Problem{Status: http.StatusBadRequest, Code: "request-invalid", Detail: "more than one JSON value"}
	}
	return nil
}
