package console

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"golang.org/x/sync/errgroup"

	"floe/pkg/access"
	"floe/pkg/broker"
	"floe/pkg/ledger"
	"floe/pkg/overview"
)

// Bounds of looking for jobs on a log that many share.
const (
	mostJobs  = 100
	jobsAtAll = 4 * time.Second // looking takes no longer; a job that is not read by then is shown as unknown
	jobsAge   = 3 * time.Second // an answer serves all who ask within it
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
	State          string   `json:"state"`
	Reason         string   `json:"reason,omitempty"`
	LatencySeconds *float64 `json:"latency_seconds"`
	Tables         Progress `json:"tables"`
	Stages         []Stage  `json:"stages"`
}

// foundJobs are the jobs that were found last.
type foundJobs struct {
	mu   sync.Mutex
	last Jobs
	at   time.Time
}

// jobs looks for jobs, at most one look at a time.
func (s *server) jobs(ctx context.Context) (Jobs, error) {
	f := &s.found
	f.mu.Lock()
	defer f.mu.Unlock()
	if time.Since(f.at) < jobsAge {
		return f.last, nil
	}
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	prefixes, more, err := prefixes(ctx, s.Kafka)
	if err != nil {
		return Jobs{}, err
	}
	out := Jobs{Jobs: make([]FoundJob, len(prefixes)), More: more}
	short, cancel := context.WithTimeout(ctx, jobsAtAll)
	defer cancel()
	var g errgroup.Group
	g.SetLimit(8)
	for i, p := range prefixes {
		g.Go(func() error { out.Jobs[i] = s.look(short, p); return nil })
	}
	_ = g.Wait() // they return nil
	f.last, f.at = out, time.Now()
	return out, nil
}

// prefixes are those of which there is a status topic.
func prefixes(ctx context.Context, kafka []kgo.Opt) (out []string, more int, err error) {
	client, err := kgo.NewClient(kafka...)
	if err != nil {
		return nil, 0, err
	}
	defer client.Close()
	topics, err := kadm.NewClient(client).ListTopics(ctx)
	if err != nil {
		return nil, 0, fmt.Errorf("list topics: %w", err)
	}
	suffix := broker.Status("")
	for _, name := range topics.Names() {
		if p, ok := strings.CutSuffix(name, suffix); ok && p != "" {
			out = append(out, p)
		}
	}
	slices.Sort(out)
	more = max(0, len(out)-mostJobs)
	return out[:len(out)-more], more, nil
}

// look reads what a job's services said last.
func (s *server) look(ctx context.Context, prefix string) FoundJob {
	j := FoundJob{Name: prefix, Prefix: prefix, This: prefix == s.Prefix, State: "unknown"}
	if j.This {
		m := s.watch.now()
		j.Name = s.Job
		j.take(&m.sum)
		return j
	}
	f, err := overview.Follow(s.Kafka, prefix)
	if err != nil {
		return j
	}
	defer f.Close()
	if err := f.Refresh(ctx); err != nil {
		return j
	}
	for _, r := range f.Now.Reports() {
		j.Name = r.Job
	}
	sum := f.Now.Summary(j.Name, time.Now())
	j.take(&sum)
	return j
}

func (j *FoundJob) take(sum *overview.Summary) {
	j.State, j.Reason, j.LatencySeconds, j.Tables = sum.State, sum.Reason, sum.LatencySeconds, progress(sum.Tables)
	j.Stages = stages(j.State, j.Tables)
}

func (s *server) getJobs(w http.ResponseWriter, r *http.Request) {
	all, err := s.jobs(r.Context())
	if err != nil {
		s.unreachable(w, err)
		return
	}
	s.answer(w, http.StatusOK, all)
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
	all, err := s.jobs(ctx)
	if err != nil {
		return Sent{}, s.silent(err)
	}
	if !slices.ContainsFunc(all.Jobs, func(j FoundJob) bool { return j.Prefix == prefix }) {
		return Sent{}, &access.Problem{Status: http.StatusNotFound, Code: "job-unknown", Detail: "there is no such job on this log", Hint: "GET /api/v1/jobs lists them"}
	}
	return s.runAt(ctx, prefix, verb, reason)
}

func (s *server) jobsPage(w http.ResponseWriter, r *http.Request) {
	all, err := s.jobs(r.Context())
	b := struct {
		Jobs
		Wrong string
		Far   bool // its services are apart: this console asks for no password
	}{Jobs: all, Far: s.Near.Check == nil}
	if err != nil {
		s.Log.Warn("jobs are not listed", "err", err)
		b.Wrong = "The log does not say which topics it has."
	}
	s.show(w, r, http.StatusOK, "jobs", "Jobs", true, b)
}

// actOnJob pauses or resumes a job of the list; what ends one is done on its own page.
func (s *server) actOnJob(w http.ResponseWriter, r *http.Request) {
	verb := r.PostFormValue("verb")
	if verb != ledger.VerbPause && verb != ledger.VerbResume {
		s.refused(w, r, &access.Problem{Status: http.StatusNotFound, Code: "verb-unknown", Detail: "want pause or resume"})
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
