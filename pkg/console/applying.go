package console

import (
	"context"
	"errors"
	"net/http"

	"floe/pkg/access"
	"floe/pkg/control"
	"floe/pkg/job"
)

// Changes is a job file as it is to be; DryRun only says what differs.
type Changes struct {
	File   string `json:"file"`
	DryRun bool   `json:"dry_run,omitempty"`
}

// Applied is what the file says otherwise than the job runs, and whether it was sent.
type Applied struct {
	Differences []Difference `json:"differences"`
	Sent        bool         `json:"sent"`
}

// Difference is one of them. Kind is set (a bound, at once), add or remove (a table), later (a service takes it up
// when it starts) or refused (a running job cannot); Field is the job file's, or the table as SQL.
type Difference struct {
	Kind  string `json:"kind"`
	Field string `json:"field"`
	Was   string `json:"was,omitempty"`
	Now   string `json:"now,omitempty"`
	Text  string `json:"text,omitempty"`
}

func (s *server) postApply(w http.ResponseWriter, r *http.Request) {
	var b Changes
	p := decode(r, &b)
	var done Applied
	if p == nil {
		done, p = s.apply(r.Context(), b)
	}
	s.tell(w, http.StatusOK, done, p)
}

func (s *server) apply(ctx context.Context, b Changes) (Applied, *access.Problem) {
	if s.Near.Apply == nil {
		return Applied{}, &access.Problem{Status: http.StatusConflict, Code: "not-here", Detail: "this console was given no job file", Hint: "floe job apply -f job.yaml where the job file is"}
	}
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	done, err := s.Near.Apply(ctx, []byte(b.File), b.DryRun, s.sender(ctx))
	var conflict *control.ConflictError
	var faults job.Faults
	switch {
	case errors.As(err, &conflict):
		return done, &access.Problem{Status: http.StatusConflict, Code: "state-conflict", Detail: conflict.Detail, Hint: conflict.Fix}
	case errors.As(err, &faults):
		return done, &access.Problem{Status: http.StatusBadRequest, Code: "request-invalid", Detail: err.Error()}
	case err != nil:
		return done, s.silent(err)
	}
	return done, nil
}
