package console

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"

	"floe/pkg/access"
	"floe/pkg/control"
	"floe/pkg/ending"
	"floe/pkg/status"
)

// ErrDeleted is what Serve returns once its job was deleted, where nothing is left to be shown then (Near.Alone).
var ErrDeleted = errors.New("the job is deleted")

// deleteTime bounds how long services may take to clear their sides. A further deletion goes on with it.
const deleteTime = 10 * time.Minute

// Certain is the job's name, typed by who deletes it.
type Certain struct {
	Job string `json:"job"`
}

// Deletion is a job's end: what goes, what stays, and how far one is that this console was asked for.
type Deletion struct {
	Removal ending.Removal `json:"removal"`
	// Refused is why the job cannot be deleted now, and Fix what is to be done first.
	Refused string `json:"refused,omitempty"`
	Fix     string `json:"fix,omitempty"`
	Running bool   `json:"running"`
	Sides   []Side `json:"sides"` // of the services that were heard since
	Error   string `json:"error,omitempty"`
	Deleted bool   `json:"deleted"`
}

// Side is what a service removes; Cleared once it has.
type Side struct {
	Role    string `json:"role"`
	State   string `json:"state"`
	Detail  string `json:"detail,omitempty"`
	Cleared bool   `json:"cleared"`
}

// deletion is one that this console was asked for; a further one begins it anew.
type deletion struct {
	mu      sync.Mutex
	last    Deletion
	running sync.WaitGroup
}

func (x *deletion) now() Deletion {
	x.mu.Lock()
	defer x.mu.Unlock()
	out := x.last
	out.Sides = append([]Side{}, x.last.Sides...)
	return out
}

// begin begins one unless one goes on.
func (x *deletion) begin(r ending.Removal, log *slog.Logger, run func(told func(*status.Report, bool)) error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.last.Running {
		return
	}
	x.last = Deletion{Removal: r, Running: true}
	x.running.Go(func() {
		err := run(x.told)
		x.mu.Lock()
		defer x.mu.Unlock()
		x.last.Running, x.last.Deleted = false, err == nil
		if err != nil {
			log.Warn("the job is not deleted yet", "job", r.Job, "err", err)
			x.last.Error = err.Error()
		}
	})
}

func (x *deletion) told(r *status.Report, done bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	role := r.Role
	i := slices.IndexFunc(x.last.Sides, func(s Side) bool { return s.Role == role })
	if i < 0 {
		i, x.last.Sides = len(x.last.Sides), append(x.last.Sides, Side{})
	}
	x.last.Sides[i] = Side{role, r.State, r.Detail, done}
}

// deletionOf is the one that this console was asked for of a job, nil for none.
func (s *server) deletionOf(prefix string) *deletion {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.deleted[prefix]
}

// deletable finds a job as who deletes it wants it: what goes, and what is in the way.
func (s *server) deletable(ctx context.Context, prefix string) (*ending.Deletion, Deletion, *access.Problem) {
	if x := s.deletionOf(prefix); x != nil {
		if now := x.now(); now.Running || now.Deleted && s.stillGone(ctx, prefix, now.Removal.Job) {
			return nil, now, nil
		}
	}
	f, p := s.find(ctx, prefix)
	if p != nil {
		return nil, Deletion{}, p
	}
	d, err := ending.Look(ctx, s.Kafka, s.found(f, time.Now()).Name, prefix)
	if err != nil {
		return nil, Deletion{}, s.silent(err)
	}
	out := Deletion{Removal: d.Removal, Sides: []Side{}}
	if x := s.deletionOf(prefix); x != nil {
		out.Error = x.now().Error
	}
	var conflict *control.ConflictError
	if errors.As(d.Judge(), &conflict) {
		out.Refused, out.Fix = conflict.Detail, conflict.Fix
	}
	return d, out, nil
}

// stillGone reports whether a job that was deleted has not begun anew by its name.
func (s *server) stillGone(ctx context.Context, prefix, job string) bool {
	if prefix == s.Prefix && s.Near.Discards { // its log goes in a moment
		return true
	}
	d, err := ending.Look(ctx, s.Kafka, job, prefix)
	return err == nil && len(d.Topics) == 0
}

// ends deletes a job, for who typed its name.
func (s *server) ends(ctx context.Context, prefix, typed string) (Deletion, *access.Problem) {
	d, now, p := s.deletable(ctx, prefix)
	switch {
	case p != nil || d == nil:
		return now, p
	case typed != d.Job:
		return now, &access.Problem{Status: http.StatusConflict, Code: "not-confirmed", Detail: "the job's name was not typed as it is: " + d.Job}
	case now.Refused != "":
		return now, &access.Problem{Status: http.StatusConflict, Code: "state-conflict", Detail: now.Refused, Hint: now.Fix}
	}
	by := s.sender(ctx)
	s.mu.Lock()
	if s.deleted[prefix] == nil {
		s.deleted[prefix] = &deletion{}
	}
	x := s.deleted[prefix]
	s.mu.Unlock()
	s.Log.Info("the job is to be deleted", "job", d.Job, "by", by)
	x.begin(d.Removal, s.Log, func(told func(*status.Report, bool)) error { return s.clear(d, by, told) })
	return x.now(), nil
}

// clear has both sides cleared and then the log, unless that is discarded as a whole.
func (s *server) clear(d *ending.Deletion, by string, told func(*status.Report, bool)) error {
	ctx, cancel := context.WithTimeout(s.life, deleteTime)
	defer cancel()
	if err := d.Clear(ctx, by, told); err != nil {
		return err
	}
	own := d.Prefix == s.Prefix
	if !own || !s.Near.Discards {
		if err := d.Drop(ctx); err != nil {
			return err
		}
	}
	s.Log.Info("the job is deleted", "job", d.Job, "by", by)
	if own {
		s.watch.ended()
		_, err := s.ended(ErrDeleted, func() error { return nil })
		return err
	}
	return nil
}

// ended ends the console of a job that there is no more as it was, unless something did already. What is to be kept
// for whoever called the console is kept before; if that fails nothing has ended.
func (s *server) ended(why error, keep func() error) (first bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return false, nil
	}
	if err := keep(); err != nil {
		return true, err
	}
	s.over = true
	s.gone <- why
	return true, nil
}

// endDeletions waits for those that go on; what they left undone, a further one does.
func (s *server) endDeletions() {
	s.mu.Lock()
	all := make([]*deletion, 0, len(s.deleted))
	for _, x := range s.deleted {
		all = append(all, x)
	}
	s.mu.Unlock()
	for _, x := range all {
		x.running.Wait()
	}
}

func (s *server) getDeletion(w http.ResponseWriter, r *http.Request) {
	_, now, p := s.deletable(r.Context(), r.PathValue("name"))
	s.tell(w, http.StatusOK, now, p)
}

func (s *server) postDeletion(w http.ResponseWriter, r *http.Request) {
	var b Certain
	p := decode(r, &b)
	var now Deletion
	if p == nil {
		now, p = s.ends(r.Context(), r.PathValue("name"), b.Job)
	}
	s.tell(w, http.StatusAccepted, now, p)
}

// deletionPage asks for the job's name, and shows how far its deletion is.
func (s *server) deletionPage(w http.ResponseWriter, r *http.Request) {
	d, now, p := s.deletable(r.Context(), r.PathValue("name"))
	if p != nil {
		s.refused(w, r, p)
		return
	}
	b := deletionShown{Deletion: now, Prefix: r.PathValue("name"), Apart: s.Near.Check == nil}
	if d != nil && now.Refused != "" {
		b.Silent = d.Silent()
		b.Runs = d.Begun && !slices.Contains([]control.Run{control.Stopped, control.Finished}, d.Sent.Run)
	}
	s.show(w, r, http.StatusOK, "delete", "Delete the job", now.Running, b) // else each look asks the log
}

// deletionShown is what the page shows. Runs and Silent say what is in the way.
type deletionShown struct {
	Deletion
	Prefix string
	Apart  bool // the job's services are not this process's
	Runs   bool
	Silent []string
}

func (s *server) deleteFrom(w http.ResponseWriter, r *http.Request) {
	if _, p := s.ends(r.Context(), r.PathValue("name"), r.PostFormValue("confirm")); p != nil {
		s.refused(w, r, p)
		return
	}
	http.Redirect(w, r, "/jobs/"+pathEscape(r.PathValue("name"))+"/delete", http.StatusSeeOther)
}
