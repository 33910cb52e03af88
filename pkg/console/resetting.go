package console

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"

	"floe/pkg/access"
	"floe/pkg/control"
)

// ErrReset is what Serve returns once its job is to be taken back to before its first start.
var ErrReset = errors.New("the job is to be reset")

// What becomes of the rows in tables that were on the target before the job.
const (
	ExistingKeep  = "keep"
	ExistingEmpty = "empty"
)

// Anew is the job's name, typed by who resets it, and what becomes of the rows in tables that were there before it.
type Anew struct {
	Job      string `json:"job"`
	Existing string `json:"existing,omitempty"`
}

// Reset is a job's way back to before its first start: what goes, what stays, and what is in its way.
type Reset struct {
	Goes  []Placed `json:"goes"`
	Stays []Placed `json:"stays"`
	// Existing are tables that were on the target before the job: whether their rows are kept, or emptied, has to be said.
	Existing []string `json:"existing"`
	// Doubled are those whose rows cannot be kept: without a key the load would bring them a second time.
	Doubled []string `json:"doubled"`
	// Finished: the target has taken over; what was written there since goes with the tables.
	Finished bool `json:"finished"`
	// Refused is why it cannot be now, and Fix what is to be done first.
	Refused string `json:"refused,omitempty"`
	Fix     string `json:"fix,omitempty"`
	// Error is why the last one did not come to its end.
	Error string `json:"error,omitempty"`
	// Begun: it goes on in a moment; then the job is there anew.
	Begun bool `json:"begun"`
}

// Placed is a thing of the job, and where it is: source, log or target.
type Placed struct {
	Place string `json:"place"`
	What  string `json:"what"`
}

const notStopped = "the job is not stopped"

func (s *server) reset(ctx context.Context, prefix string) (Reset, *access.Problem) {
	if p := s.beside(ctx, prefix, "reset", s.Near.Reset != nil); p != nil {
		return Reset{}, p
	}
	out := Reset{Goes: []Placed{}, Stays: []Placed{}, Existing: []string{}, Doubled: []string{}, Error: s.Near.ResetError}
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	sent, err := control.Read(ctx, s.Kafka, s.Prefix)
	if err != nil {
		return Reset{}, s.silent(err)
	}
	switch {
	case sent.Run != control.Stopped && sent.Run != control.Finished:
		out.Refused, out.Fix = notStopped, "floe stop first"
		return out, nil
	case s.handover.now().Running:
		out.Refused, out.Fix = "the target is taking over", "wait until it has"
		return out, nil
	}
	s.looks.Lock() // one look at the databases at a time
	found, err := s.Near.ResetPlan(ctx)
	s.looks.Unlock()
	var conflict *control.ConflictError
	switch {
	case errors.As(err, &conflict):
		out.Refused, out.Fix = conflict.Detail, conflict.Fix
	case err != nil:
		return Reset{}, &access.Problem{Status: http.StatusServiceUnavailable, Code: "database-unreachable", Detail: err.Error(), Hint: "both databases are asked what there is of the job"}
	default:
		found.Error, found.Finished = out.Error, sent.Run == control.Finished
		out = found
	}
	return out, nil
}

// beginsAnew has the job reset, for who typed its name.
func (s *server) beginsAnew(ctx context.Context, prefix string, b Anew) (Reset, *access.Problem) {
	now, p := s.reset(ctx, prefix)
	switch {
	case p != nil:
		return now, p
	case b.Job != s.Job:
		return now, &access.Problem{Status: http.StatusConflict, Code: "not-confirmed", Detail: "the job's name was not typed as it is: " + s.Job}
	case !slices.Contains([]string{"", ExistingKeep, ExistingEmpty}, b.Existing):
		return now, &access.Problem{Status: http.StatusBadRequest, Code: "request-invalid", Detail: "existing: want keep or empty"}
	case now.Refused != "":
		return now, &access.Problem{Status: http.StatusConflict, Code: "state-conflict", Detail: now.Refused, Hint: now.Fix}
	case len(now.Existing) > 0 && b.Existing == "":
		return now, &access.Problem{Status: http.StatusConflict, Code: "undecided", Detail: "the target had tables before the job: what becomes of their rows?", Hint: "existing: empty (the load makes them equal) or keep (rows that the source has deleted since stay)"}
	case len(now.Doubled) > 0 && b.Existing == ExistingKeep:
		return now, &access.Problem{Status: http.StatusConflict, Code: "rows-doubled", Detail: "tables without a key have rows that the load would bring a second time", Hint: "existing: empty; or keep rows of your own elsewhere, and put them back when the tables are loaded"}
	}
	first, err := s.ended(ErrReset, func() error { return s.Near.Reset(b.Existing) })
	switch {
	case err != nil:
		s.Log.Error("the reset is not kept", "job", s.Job, "err", err)
		return now, &access.Problem{Status: http.StatusInternalServerError, Code: "internal", Detail: "nothing was changed: that the job is to be reset could not be kept on disk", Hint: "look at the data directory; this console's log says more"}
	case !first:
		return now, &access.Problem{Status: http.StatusConflict, Code: "state-conflict", Detail: "the job is being reset, or deleted, already", Hint: "ask again in a moment"}
	}
	s.Log.Info("the job is to be reset", "job", s.Job, "existing", b.Existing, "by", s.sender(ctx))
	Rest(s.Front, s.Gate, s.Log)
	now.Begun = true
	return now, nil
}

func (s *server) getReset(w http.ResponseWriter, r *http.Request) {
	now, p := s.reset(r.Context(), r.PathValue("name"))
	s.tell(w, http.StatusOK, now, p)
}

func (s *server) postReset(w http.ResponseWriter, r *http.Request) {
	if p := s.beside(r.Context(), r.PathValue("name"), "reset", s.Near.Reset != nil); p != nil {
		p.Write(w)
		return
	}
	var b Anew
	p := decode(r, &b)
	var now Reset
	if p == nil {
		now, p = s.beginsAnew(r.Context(), r.PathValue("name"), b)
	}
	s.tell(w, http.StatusAccepted, now, p)
}

// resetPage shows what goes and what stays, and asks for the job's name.
func (s *server) resetPage(w http.ResponseWriter, r *http.Request) {
	now, p := s.reset(r.Context(), r.PathValue("name"))
	if p != nil && p.Code != "not-here" {
		s.refused(w, r, p)
		return
	}
	s.show(w, r, http.StatusOK, "reset", "Begin the job anew", false, struct {
		Reset
		Prefix    string
		Far, Runs bool
	}{now, r.PathValue("name"), p != nil, now.Refused == notStopped})
}

func (s *server) resetFrom(w http.ResponseWriter, r *http.Request) {
	if _, p := s.beginsAnew(r.Context(), r.PathValue("name"), Anew{r.PostFormValue("confirm"), r.PostFormValue("existing")}); p != nil {
		s.refused(w, r, p)
		return
	}
	w.Header().Set("Refresh", "1; url=/")
	s.face.paint(w, http.StatusOK, "starting", framed(r, "Begin the job anew", false, "reset"))
}

// Rest shows that the job is being reset, until something else is shown.
func Rest(front *Front, gate *access.Gate, log *slog.Logger) {
	f := &face{gate: gate, log: log}
	f.show = func(w http.ResponseWriter, r *http.Request, code int, name, title string, live bool, body any) {
		x := framed(r, title, live, body)
		x.Session = access.Of(r.Context()) != access.Nobody && gate.Asks()
		f.paint(w, code, name, x)
	}
	front.Show(f.handle(append(f.routes(),
		route{pattern: "GET /readyz", rule: access.Open, do: func(w http.ResponseWriter, _ *http.Request) {
			text(w, http.StatusServiceUnavailable, ErrReset.Error())
		}},
		route{pattern: "GET /api/", rule: access.View, do: resetting}, route{pattern: "POST /api/", rule: access.Operate, do: resetting},
		route{pattern: "GET /", rule: access.View, page: true, do: func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Refresh", "1; url=/")
			// Pages that are open meanwhile do not take this one for what their own has become.
			f.show(w, r, http.StatusServiceUnavailable, "starting", "Begin the job anew", false, "reset")
		}})))
}

func resetting(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Retry-After", "1")
	access.Problem{Status: http.StatusServiceUnavailable, Code: "resetting", Detail: "the job is being taken back to before its first start", Hint: "ask again in a moment"}.Write(w)
}
