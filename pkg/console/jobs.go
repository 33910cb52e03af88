package console

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"time"

	"floe/pkg/access"
	"floe/pkg/ledger"
	"floe/pkg/status"
)

// How long one waits for jobs that were never read: a page is drawn with what is known and is told of the
// rest as it comes, a program wants it whole.
const (
	pageWaits    = 150 * time.Millisecond
	programWaits = 4 * time.Second
)

// Jobs are those whose status topics are on this log, with the rights of this console's user there.
type Jobs struct {
	Jobs []FoundJob `json:"jobs"`
	More int        `json:"more,omitempty"` // that are not shown
}

// FoundJob is one of them; Prefix begins its topics. Its pages are on its own console.
type FoundJob struct {
	Name           string   `json:"name"`
	Prefix         string   `json:"prefix"`
	This           bool     `json:"this,omitempty"` // the one that this console is of
	Source         string   `json:"source,omitempty"`
	Target         string   `json:"target,omitempty"`
	State          string   `json:"state"`
	Reason         string   `json:"reason,omitempty"`
	LatencySeconds *float64 `json:"latency_seconds"`
	CapturedRows   float64  `json:"captured_rows_per_second"`
	AppliedRows    float64  `json:"applied_rows_per_second"`
	Tables         Progress `json:"tables"`
	Stages         []Stage  `json:"stages"`
	// Error is the last thing that somebody had to look at, as far as this console saw one.
	Error *LastError `json:"error,omitempty"`
}

// LastError is a trouble that a job has, or had.
type LastError struct {
	Code   string    `json:"code"`
	Object string    `json:"object,omitempty"`
	Detail string    `json:"detail"`
	At     time.Time `json:"at"` // when it was last seen
	Now    bool      `json:"now"`
}

// found is a job of the board at now.
func (s *server) found(f *followed, now time.Time) FoundJob {
	m := f.watch.now()
	j := FoundJob{Name: f.prefix, Prefix: f.prefix, This: f.watch == s.watch, State: "unknown", Stages: []Stage{}}
	if j.This {
		j.Name, j.Source, j.Target = s.Job, s.Near.Source, s.Near.Target
	}
	if m.taken.IsZero() {
		return j
	}
	source, target := places(m.reports)
	j.Source, j.Target = cmp.Or(j.Source, source), cmp.Or(j.Target, target)
	for _, r := range m.reports {
		if !j.This {
			j.Name = r.Job
		}
	}
	j.State, j.Reason, j.LatencySeconds, j.Tables = m.sum.State, m.sum.Reason, m.sum.LatencySeconds, progress(m.sum.Tables)
	j.Stages = f.watch.timed(stages(j.State, j.Tables), now)
	j.CapturedRows, j.AppliedRows, _ = f.watch.rates(now)
	j.Error = f.watch.trouble(m, now)
	return j
}

// places are where a job's databases are, as its services say.
func places(reports []*status.Report) (source, target string) {
	for _, r := range reports {
		if r.Role == "capture" {
			source = r.Place
		} else {
			target = cmp.Or(target, r.Place)
		}
	}
	return source, target
}

func (s *server) getJobs(w http.ResponseWriter, r *http.Request) {
	found, more, err := s.board.jobs(r.Context(), programWaits)
	if err != nil {
		s.unreachable(w, err)
		return
	}
	out, now := Jobs{Jobs: []FoundJob{}, More: more}, time.Now()
	for _, f := range found {
		out.Jobs = append(out.Jobs, s.found(f, now))
	}
	s.answer(w, http.StatusOK, out)
}

// postJobs starts, pauses, resumes or stops any job of the log, by the prefix of its topics.
func (s *server) postJobs(w http.ResponseWriter, r *http.Request) {
	var b Reason
	p := decode(r, &b)
	var sent Sent
	if p == nil {
		sent, p = s.runFound(r.Context(), r.PathValue("name"), r.PathValue("verb"), b.Reason)
	}
	s.told(w, sent, p)
}

func (s *server) runFound(ctx context.Context, prefix, verb, reason string) (Sent, *access.Problem) {
	if _, p := s.find(ctx, prefix); p != nil {
		return Sent{}, p
	}
	return s.runAt(ctx, prefix, verb, reason)
}

// find is the job of the log whose topics begin with a prefix.
func (s *server) find(ctx context.Context, prefix string) (*followed, *access.Problem) {
	found, _, err := s.board.jobs(ctx, programWaits)
	if err != nil {
		return nil, s.silent(err)
	}
	i := slices.IndexFunc(found, func(f *followed) bool { return f.prefix == prefix })
	if i < 0 {
		return nil, &access.Problem{Status: http.StatusNotFound, Code: "job-unknown", Detail: "there is no such job on this log", Hint: "GET /api/v1/jobs lists them"}
	}
	return found[i], nil
}

// jobRow is a job of the page.
type jobRow struct {
	FoundJob
	Spark *spark
	// Verbs are what may be done with it in its state.
	Verbs []item
}

// stateCount says how many jobs are in a state.
type stateCount struct {
	State string
	Jobs  int
}

func (s *server) jobsPage(w http.ResponseWriter, r *http.Request) {
	found, more, err := s.board.jobs(r.Context(), pageWaits)
	b := struct {
		Jobs    []jobRow
		States  []stateCount
		More    int
		Looking bool // nothing was listed yet
		Wrong   string
		Far     bool // its services are apart: this console asks for no password
	}{More: more, Looking: found == nil && err == nil, Far: s.Near.Check == nil}
	if err != nil {
		s.Log.Warn("jobs are not listed", "err", err)
		b.Wrong = "The log does not say which topics it has."
	}
	now := time.Now()
	for _, f := range found {
		j := s.found(f, now)
		b.Jobs = append(b.Jobs, jobRow{j, sparkOf(f.watch, now), verbsOf(j.State)})
		at := slices.IndexFunc(b.States, func(c stateCount) bool { return c.State == j.State })
		if at < 0 {
			at, b.States = len(b.States), append(b.States, stateCount{State: j.State})
		}
		b.States[at].Jobs++
	}
	// What needs somebody stands first.
	slices.SortStableFunc(b.Jobs, func(x, y jobRow) int { return cmp.Compare(urgency(x.State), urgency(y.State)) })
	slices.SortFunc(b.States, func(x, y stateCount) int { return cmp.Compare(urgency(x.State), urgency(y.State)) })
	s.show(w, r, http.StatusOK, "jobs", "Jobs", true, b)
}

// urgency orders states by how much they ask for somebody.
func urgency(state string) int {
	if i := slices.Index([]string{"bad", "rest", "busy", "good"}, tone(state)); i >= 0 {
		return i
	}
	return 4
}

// verbsOf are what the list offers for a job in a state; what ends one is done on its own page.
func verbsOf(state string) []item {
	switch state {
	case "READY", "STOPPED":
		return []item{{Title: "Start", Value: ledger.VerbStart}}
	case "PAUSED":
		return []item{{Title: "Resume", Value: ledger.VerbResume}}
	case "unknown", "FINISHED", "CREATED", "PRECHECKING", "PRECHECK_FAILED":
		return nil
	}
	return []item{{Title: "Pause", Value: ledger.VerbPause}}
}

// actOnJob starts, pauses or resumes a job of the list.
func (s *server) actOnJob(w http.ResponseWriter, r *http.Request) {
	verb := r.PostFormValue("verb")
	if verb != ledger.VerbStart && verb != ledger.VerbPause && verb != ledger.VerbResume {
		s.refused(w, r, &access.Problem{Status: http.StatusNotFound, Code: "verb-unknown", Detail: "want start, pause or resume"})
		return
	}
	sent, p := s.runFound(r.Context(), r.PostFormValue("job"), verb, "")
	if p != nil {
		s.refused(w, r, p)
		return
	}
	code := "sent"
	if !sent.Sent {
		code = "nothing"
	}
	http.Redirect(w, r, "/jobs?said="+code, http.StatusSeeOther)
}
