package console

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"sync"

	"floe/pkg/access"
	"floe/pkg/console/draft"
	"floe/pkg/ending"
	"floe/pkg/job"
	"floe/pkg/precheck"
)

// Making is a console that has no job yet: its pages lead to one, step by step.
type Making struct {
	Front *Front
	Gate  *access.Gate
	// Brokers is the job's log, none the embedded one; Fixed says that it can be no other.
	Brokers []string
	Fixed   bool
	// Gone is the name of the job that was here before and was deleted, empty for none.
	Gone string
	// Keep keeps the password of a side where only this user reads it.
	Keep func(side, password string) (job.Secret, error)
	// Kept refers to a side's password that was kept before.
	Kept func(side string) job.Secret
	// Recall is what Remember was given last, nothing before; a draft outlives its process.
	Recall   func() ([]byte, error)
	Remember func(text []byte) error
	// Check runs the prechecks of a job, or of one side of it; told is told how far they are.
	Check func(ctx context.Context, j *job.Job, side precheck.Side, told func(done, of int)) (*precheck.Report, error)
	// Tables are the source's, by schema and name.
	Tables func(context.Context, job.Endpoint) ([]draft.Listed, error)
	// Start keeps a job file; the job is to begin.
	Start func(file []byte) error
	Log   *slog.Logger
}

// Make serves the pages until a job was started, or ctx ends.
func Make(ctx context.Context, c Making) error {
	m := newMaker(c)
	m.life = ctx
	m.recall()
	c.Front.Show(m.face.handle(m.routes()))
	select {
	case <-m.started:
	case <-ctx.Done():
	}
	m.checks.end()
	return ctx.Err()
}

// maker answers what is asked before there is a job. There is one draft: whoever may operate works on it.
type maker struct {
	Making
	apart   *apart // nil where this process runs what is made
	life    context.Context
	face    *face
	checks  checks
	started chan struct{}

	mu      sync.Mutex
	draft   *draft.Draft
	tested  map[string]*precheck.Report // by side; what was found when it was asked last
	checked string                      // the file that the prechecks looked at
	over    bool                        // it was started
}

func newMaker(c Making) *maker {
	m := &maker{Making: c, life: context.Background(), draft: draft.New(c.Brokers), tested: map[string]*precheck.Report{}, started: make(chan struct{})}
	m.face = &face{c.Gate, c.Log, m.show}
	return m
}

// routes are the pages of the steps. Only who may operate sees them: they ask the databases.
func (m *maker) routes() []route {
	out := append(m.face.routes(), route{pattern: "GET /readyz", rule: access.Open, do: func(w http.ResponseWriter, _ *http.Request) {
		text(w, http.StatusServiceUnavailable, "there is no job yet")
	}})
	out = append(out, route{pattern: "GET /{$}", rule: access.Operate, page: true, do: m.unlessOver(m.first)})
	if m.Gone != "" {
		for _, x := range navigation { // a page of the job that is gone leads to the next one
			if x.Path != "/" {
				out = append(out, route{pattern: "GET " + x.Path, rule: access.Operate, page: true, do: m.unlessOver(m.first)})
			}
		}
		out = append(out, route{pattern: "GET /jobs/{name}/delete", rule: access.Operate, page: true, do: m.unlessOver(m.gonePage)})
	}
	return append(out, m.pages()...)
}

// gonePage is what who deleted a job sees in the end.
func (m *maker) gonePage(w http.ResponseWriter, r *http.Request) {
	m.show(w, r, http.StatusOK, "delete", "Delete the job", false, deletionShown{Deletion: Deletion{Deleted: true, Removal: ending.Removal{Job: m.Gone}}})
}

func (m *maker) pages() (out []route) {
	for pattern, do := range map[string]http.HandlerFunc{"GET /new": m.endpointsPage, "POST /new": m.takeEndpoints, "GET /new/log": m.logPage, "POST /new/log": m.takeLog, "GET /new/objects": m.objectsPage, "POST /new/objects": m.takeObjects,
		"GET /new/init": m.initPage, "POST /new/init": m.takeInit, "GET /new/check": m.checkPage, "POST /new/check": m.takeCheck, "POST /new/start": m.start} {
		out = append(out, route{pattern: pattern, rule: access.Operate, page: true, do: m.unlessOver(do)})
	}
	return out
}

// unlessOver answers that the job is starting once it is.
func (m *maker) unlessOver(do http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		m.mu.Lock()
		over := m.over
		m.mu.Unlock()
		if !over {
			do(w, r)
			return
		}
		w.Header().Set("Refresh", "1; url=/")
		m.show(w, r, http.StatusOK, "starting", "Starting", false, nil)
	}
}

// steps lead to a job.
var steps = []item{{Title: "Databases", Path: "/new"}, {Title: "Kafka", Path: "/new/log"}, {Title: "Objects", Path: "/new/objects"}, {Title: "Initialisation", Path: "/new/init"}, {Title: "Precheck and start", Path: "/new/check"}}

// step is a step's page: what was described so far, and what is wrong.
type step struct {
	Steps []item
	Apart bool // what is described is a file for services elsewhere
	Draft draft.Draft
	File  string
	Wrong string
	On    any // what the step itself shows

	said url.Values // what was sent, if it is not taken: nobody types it again
}

// Val is what a field shows: what was typed last, or what was taken before. Passwords are never shown again.
func (s step) Val(name, taken string) string {
	if said, ok := s.said[name]; ok {
		return said[0]
	}
	return taken
}

// Tick is whether a box is ticked, or an option chosen, that has a value.
func (s step) Tick(name, value string, taken bool) bool {
	if s.said == nil {
		return taken
	}
	return slices.Contains(s.said[name], value)
}

// To is the name on the target that was typed beside a pattern.
func (s step) To(pattern, taken string) string {
	i := slices.Index(s.said["pattern"], pattern)
	if i < 0 || i >= len(s.said["to"]) {
		return taken
	}
	return s.said["to"][i]
}

func (m *maker) show(w http.ResponseWriter, r *http.Request, code int, name, title string, live bool, body any) {
	if m.apart != nil {
		m.apart.show(w, r, code, name, title, live, body)
		return
	}
	f := framed(r, title, live, body)
	f.Polls = true
	f.Session = access.Of(r.Context()) != access.Nobody && m.Gate.Asks()
	m.face.paint(w, code, name, f)
}

// look shows a step. wrong says why what was sent is not taken; nil for nothing.
func (m *maker) look(w http.ResponseWriter, r *http.Request, name string, live bool, wrong error, on any) {
	s := step{On: on, Apart: m.apart != nil}
	code, title := http.StatusOK, ""
	if wrong != nil {
		s.Wrong, code, s.said = wrong.Error(), http.StatusUnprocessableEntity, r.PostForm
	}
	for _, x := range steps {
		x.Current = x.Path == r.URL.Path
		if x.Current {
			title = x.Title
		}
		s.Steps = append(s.Steps, x)
	}
	m.mu.Lock()
	s.Draft, s.File = *m.draft, string(m.draft.Text())
	m.mu.Unlock()
	m.show(w, r, code, name, title, live, s)
}

// change changes the draft unless that fails.
func (m *maker) change(do func(d *draft.Draft) error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	next := *m.draft
	if err := do(&next); err != nil {
		return err
	}
	m.draft = &next
	m.remember()
	return nil
}

// recall goes on with the draft of before. One that cannot be read is begun anew: nothing of a job hangs on it.
func (m *maker) recall() {
	text, err := m.Recall()
	if err != nil || len(text) == 0 {
		if err != nil {
			m.Log.Warn("the draft is begun anew", "err", err)
		}
		return
	}
	d, err := draft.Read(text)
	if err != nil {
		m.Log.Warn("the draft is begun anew", "err", err)
		return
	}
	if m.Fixed && d.Log.List() != (draft.Log{Brokers: m.Brokers}).List() {
		d.Log = draft.Log{Brokers: m.Brokers}
	}
	d.Source.Password, d.Target.Password = m.Kept("source"), m.Kept("target")
	m.draft = d
}

// remember keeps the draft; who describes a job goes on if that fails.
func (m *maker) remember() {
	if m.Remember == nil {
		return
	}
	text, err := m.draft.Kept()
	if err == nil {
		err = m.Remember(text)
	}
	if err != nil {
		m.Log.Warn("the draft is not kept", "err", err)
	}
}

func (m *maker) now() *draft.Draft {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.draft
}

func (m *maker) first(w http.ResponseWriter, r *http.Request) {
	http.Redirect(w, r, steps[0].Path, http.StatusSeeOther)
}
