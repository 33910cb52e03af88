package console

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"time"

	"floe/pkg/access"
	"floe/pkg/control"
	"floe/pkg/overview"
)

// The steps of a cut-over.
const (
	StepDrain = "draining" // the target gets all that the source has
	StepStop  = "stopping" // the services come to rest
	StepTake  = "taking over"
)

// cutOverTime bounds a cut-over as a whole. A further one goes on with it.
const cutOverTime = 30 * time.Minute

// TakenOver is what a cut-over did on the target.
type TakenOver struct {
	Made      int `json:"made"`
	Sequences int `json:"sequences"`
	// Wanting is what the target refused; a further cut-over tries it again.
	Wanting []overview.Fact `json:"wanting"`
	// Behind is what the source wrote while the target took over, or why that is not known.
	Behind string `json:"behind,omitempty"`
}

// CutOver is a job's hand-over to its target: what is in its way, and how far the one is that this console was
// asked for.
type CutOver struct {
	// Refused is why it cannot be now, and Fix what is to be done first.
	Refused string `json:"refused,omitempty"`
	Fix     string `json:"fix,omitempty"`
	// Finished: the target has taken over already; a further one makes what it refused.
	Finished bool      `json:"finished"`
	Running  bool      `json:"running"`
	Step     string    `json:"step,omitempty"`
	Error    string    `json:"error,omitempty"`
	Done     bool      `json:"done"`
	Took     TakenOver `json:"took"`
}

// handover is the cut-over that this console was asked for last.
type handover struct {
	mu      sync.Mutex
	last    CutOver
	running sync.WaitGroup
}

func (x *handover) now() CutOver {
	x.mu.Lock()
	defer x.mu.Unlock()
	out := x.last
	out.Took.Wanting = append([]overview.Fact{}, x.last.Took.Wanting...)
	return out
}

// begin begins one unless one goes on.
func (x *handover) begin(run func(step func(string)) (TakenOver, error)) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.last.Running {
		return
	}
	x.last = CutOver{Running: true}
	x.running.Go(func() {
		took, err := run(func(step string) {
			x.mu.Lock()
			defer x.mu.Unlock()
			x.last.Step = step
		})
		x.mu.Lock()
		defer x.mu.Unlock()
		x.last.Running, x.last.Step, x.last.Took, x.last.Done = false, "", took, err == nil
		if err != nil {
			x.last.Error = err.Error()
		}
	})
}

// beside refuses what is done beside a job's databases alone, where this console is not, or of another job.
func (s *server) beside(ctx context.Context, prefix, verb string, can bool) *access.Problem {
	if can && prefix == s.Prefix {
		return nil
	}
	if _, p := s.find(ctx, prefix); p != nil {
		return p
	}
	return elsewhere[verb]
}

func (s *server) cutOver(ctx context.Context, prefix string) (CutOver, *access.Problem) {
	if p := s.beside(ctx, prefix, "cutover", s.Near.CutOver != nil); p != nil {
		return CutOver{}, p
	}
	now := s.handover.now()
	if now.Running {
		return now, nil
	}
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	sent, err := control.Read(ctx, s.Kafka, s.Prefix)
	if err != nil {
		return CutOver{}, s.silent(err)
	}
	now.Finished = sent.Run == control.Finished
	if !now.Finished && sent.Run != control.Running && !sent.CutShort() {
		now.Refused, now.Fix = "the job is "+sent.Who(), sent.Ends()
	}
	return now, nil
}

// handsOver cuts the job over, for who typed its name.
func (s *server) handsOver(ctx context.Context, prefix, typed string) (CutOver, *access.Problem) {
	now, p := s.cutOver(ctx, prefix)
	switch {
	case p != nil:
		return now, p
	case typed != s.Job:
		return now, &access.Problem{Status: http.StatusConflict, Code: "not-confirmed", Detail: "the job's name was not typed as it is: " + s.Job}
	case now.Refused != "":
		return now, &access.Problem{Status: http.StatusConflict, Code: "state-conflict", Detail: now.Refused, Hint: now.Fix}
	}
	by := s.sender(ctx)
	s.handover.begin(func(step func(string)) (TakenOver, error) {
		s.Log.Info("the target is to take over", "job", s.Job, "by", by)
		ctx, cancel := context.WithTimeout(s.life, cutOverTime)
		defer cancel()
		took, err := s.Near.CutOver(ctx, by, step)
		if err != nil {
			s.Log.Warn("the target has not taken over", "job", s.Job, "err", err)
		}
		return took, err
	})
	return s.handover.now(), nil
}

func (s *server) getCutOver(w http.ResponseWriter, r *http.Request) {
	now, p := s.cutOver(r.Context(), r.PathValue("name"))
	s.tell(w, http.StatusOK, now, p)
}

func (s *server) postCutOver(w http.ResponseWriter, r *http.Request) {
	if p := s.beside(r.Context(), r.PathValue("name"), "cutover", s.Near.CutOver != nil); p != nil {
		p.Write(w)
		return
	}
	var b Certain
	p := decode(r, &b)
	var now CutOver
	if p == nil {
		now, p = s.handsOver(r.Context(), r.PathValue("name"), b.Job)
	}
	s.tell(w, http.StatusAccepted, now, p)
}

// cutOverPage asks for the job's name, and shows how far the cut-over is.
func (s *server) cutOverPage(w http.ResponseWriter, r *http.Request) {
	now, p := s.cutOver(r.Context(), r.PathValue("name"))
	if p != nil && p.Code != "not-here" {
		s.refused(w, r, p)
		return
	}
	b := struct {
		CutOver
		Prefix string
		Far    bool
		Steps  []Stage
	}{now, r.PathValue("name"), p != nil, nil}
	if now.Running || now.Done {
		all := []string{StepDrain, StepStop, StepTake}
		at := slices.Index(all, now.Step)
		for i, name := range all {
			is := map[bool]string{true: "done", false: "waiting"}[i < at || now.Done]
			if i == at {
				is = "now"
			}
			b.Steps = append(b.Steps, Stage{Name: name, Is: is})
		}
	}
	s.show(w, r, http.StatusOK, "cutover", "Have the target take over", now.Running, b)
}

func (s *server) cutOverFrom(w http.ResponseWriter, r *http.Request) {
	if _, p := s.handsOver(r.Context(), r.PathValue("name"), r.PostFormValue("confirm")); p != nil {
		s.refused(w, r, p)
		return
	}
	http.Redirect(w, r, "/jobs/"+pathEscape(r.PathValue("name"))+"/cutover", http.StatusSeeOther)
}
