package console

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"floe/pkg/access"
	"floe/pkg/console/history"
	"floe/pkg/console/logbook"
	"floe/pkg/guide"
)

// answer writes JSON. It is made before the first byte goes out, so that an answer is whole or an error.
func (s *server) answer(w http.ResponseWriter, code int, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		s.Log.Error("answer is not written", "err", err)
		access.Problem{Status: http.StatusInternalServerError, Code: "internal", Detail: "the answer could not be written"}.Write(w)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_, _ = w.Write(append(b, '\n')) // the client has gone
}

// tell answers with what is asked for, or with what is the matter.
func (s *server) tell(w http.ResponseWriter, code int, v any, p *access.Problem) {
	if p != nil {
		p.Write(w)
		return
	}
	s.answer(w, code, v)
}

func wrong(w http.ResponseWriter, err error) {
	access.Problem{Status: http.StatusBadRequest, Code: "request-invalid", Detail: err.Error()}.Write(w)
}

// unreachable answers that the log does not; why is for the operator's log, it may name hosts.
func (s *server) unreachable(w http.ResponseWriter, err error) {
	s.Log.Warn("the log does not answer", "err", err)
	access.Problem{Status: http.StatusServiceUnavailable, Code: "log-unreachable", Detail: "the job's log does not answer", Hint: "look whether Kafka runs and floe reaches it; this console's log says more"}.Write(w)
}

func (s *server) getStatus(w http.ResponseWriter, _ *http.Request) {
	s.answer(w, http.StatusOK, s.watch.now().sum)
}

func (s *server) getJob(w http.ResponseWriter, _ *http.Request) {
	s.answer(w, http.StatusOK, s.job(time.Now()))
}

func (s *server) getTables(w http.ResponseWriter, r *http.Request) {
	const several = 100
	q, err := parseTables(r.URL.Query(), several)
	if err != nil {
		wrong(w, err)
		return
	}
	m := s.watch.now()
	got := q.of(m.sum.Tables, m.sum.LatencySeconds)
	s.compared.verified(got.Tables)
	s.answer(w, http.StatusOK, got)
}

func (s *server) getTable(w http.ResponseWriter, r *http.Request) {
	t, ok := s.table(r.PathValue("schema"), r.PathValue("table"))
	if !ok {
		access.Problem{Status: http.StatusNotFound, Code: "table-unknown", Detail: "the job has no such table", Hint: "names are case-sensitive; GET /api/v1/tables lists them"}.Write(w)
		return
	}
	s.answer(w, http.StatusOK, t)
}

func (s *server) table(schema, name string) (Table, bool) {
	m := s.watch.now()
	for _, t := range m.sum.Tables {
		if t.Schema == schema && t.Name == name {
			one := []Table{withLag(t, m.sum.LatencySeconds)}
			s.compared.verified(one)
			return one[0], true
		}
	}
	return Table{}, false
}

func (s *server) getErrors(w http.ResponseWriter, _ *http.Request) {
	s.answer(w, http.StatusOK, Troubles{troubles(s.watch.now())})
}

// Explained is what a code means.
type Explained guide.Page

func (s *server) getExplained(w http.ResponseWriter, r *http.Request) {
	p := guide.Of(r.PathValue("code"))
	if p == nil {
		access.Problem{Status: http.StatusNotFound, Code: "code-unknown", Detail: "floe has no such code", Hint: "docs/errors.md has all"}.Write(w)
		return
	}
	s.answer(w, http.StatusOK, Explained(*p))
}

func (s *server) getFile(w http.ResponseWriter, r *http.Request) {
	if s.Near.File == nil {
		access.Problem{Status: http.StatusConflict, Code: "not-here", Detail: "this console was given no job file", Hint: "run floe job export where the job file is"}.Write(w)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), answerTime)
	defer cancel()
	file, err := s.Near.File(ctx)
	if err != nil {
		s.unreachable(w, err)
		return
	}
	w.Header().Set("Content-Type", "application/yaml")
	_, _ = w.Write(file) // the client has gone
}

func (s *server) getStructure(w http.ResponseWriter, _ *http.Request) {
	m := s.watch.now()
	s.answer(w, http.StatusOK, Structure{m.sum.Differing, m.sum.Structure})
}

func (s *server) getLog(w http.ResponseWriter, r *http.Request) {
	q, err := parseLog(r)
	if err != nil {
		wrong(w, err)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), answerTime)
	defer cancel()
	page, err := logbook.Read(ctx, s.Kafka, s.Prefix, q)
	if err != nil {
		s.unreachable(w, err)
		return
	}
	s.answer(w, http.StatusOK, page)
}

func parseLog(r *http.Request) (q logbook.Query, err error) {
	v := r.URL.Query()
	switch kind := v.Get("kind"); {
	case kind == "structure":
		q.Kinds, q.Changes = logbook.Structure, true
	case slices.Contains(logbook.Kinds, kind):
		q.Kinds = []string{kind}
	case kind != "":
		return q, &badKind{kind}
	}
	if q.Limit, err = number(v, "limit", 50, 1, logbook.MostEntries); err != nil {
		return q, err
	}
	before, err := number(v, "before", 0, 0, 1<<62)
	q.Before = int64(before)
	return q, err
}

type badKind struct{ kind string }

func (e *badKind) Error() string {
	return "kind=" + e.kind + ": want structure or one of " + strings.Join(logbook.Kinds, ", ")
}

func (s *server) getHistory(w http.ResponseWriter, r *http.Request) {
	span := r.URL.Query().Get("range")
	if span == "" {
		span = history.Spans[1].Name
	}
	points := s.watch.points(span, time.Now())
	if points == nil {
		access.Problem{Status: http.StatusBadRequest, Code: "request-invalid", Detail: "range: want 1m, 1h, 6h, 24h or 7d"}.Write(w)
		return
	}
	s.answer(w, http.StatusOK, History{span, points})
}

// ready says whether the job goes on by itself. What is wrong with it is told to whom it may concern.
func (s *server) ready(w http.ResponseWriter, _ *http.Request) {
	m := s.watch.now()
	switch m.sum.State {
	case "SYNCING", "CATCHING_UP", "INIT_DATA", "INIT_STRUCTURE":
		if m.lost == nil {
			text(w, http.StatusOK, m.sum.State)
			return
		}
	}
	why := m.sum.State
	if !s.Gate.Asks() {
		why += " " + m.sum.Reason + " " + m.sum.Detail
		if m.lost != nil {
			why += " " + m.lost.Error()
		}
	}
	text(w, http.StatusServiceUnavailable, strings.TrimSpace(why))
}

func text(w http.ResponseWriter, code int, s string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(code)
	_, _ = w.Write([]byte(s + "\n")) // the client has gone
}
