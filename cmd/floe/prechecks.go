package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"floe/pkg/job"
	"floe/pkg/precheck"
	"floe/pkg/status"
)

// checked is what a service's own prechecks came to.
type checked struct {
	await bool   // the job is not to begin before it is started
	text  string // what an operator should know before that
	all   *status.Checks
}

// check makes the prechecks that a service alone can. One that fails keeps a new job from starting; a job
// that goes on is told of it. A server that does not answer is waited for: before it did, a job that never
// began is not ready.
func (s *service) check(ctx context.Context, at footing, kafka []kgo.Opt, side precheck.Side) (checked, error) {
	if s.child { // floe dev has checked, and its job starts by itself
		return checked{}, nil
	}
	j, began := at.job, at.began
	if s.standby && began { // another one has the job
		return checked{}, nil
	}
	var h *herald
	if at.known && !began {
		h = newHerald(ctx, j, kafka, s.name, s.key, s.place, s.app.log)
		defer h.close()
	}
	c := own(j, kafka, side)
	for said := ""; ; {
		r := precheck.Run(ctx, c)
		if ctx.Err() != nil {
			return checked{}, nil
		}
		said = s.tell(r, said)
		blocking := r.Blocking()
		switch {
		case r.Began:
			return checked{}, nil
		case len(blocking) > 0:
			h.says("PRECHECK_FAILED", r, failed(r))
			r.Only(blocking)
			if err := r.Write(s.app.err); err != nil {
				return checked{}, err
			}
			return checked{}, exit(codePrecheck, nil)
		case began || !r.Unreachable():
			return checked{await: !began, text: passed(r), all: told(r)}, nil
		}
		h.says("PRECHECKING", r, failed(r))
		select {
		case <-time.After(checkAgain):
		case <-ctx.Done():
			return checked{}, nil
		}
	}
}

// own are the prechecks that the service of a side makes.
func own(j *job.Job, kafka []kgo.Opt, side precheck.Side) precheck.Config {
	c := precheck.Config{Job: j, Side: side}
	if side == precheck.Source { // who makes the topics
		c.Kafka, c.Place = kafka, strings.Join(j.Kafka.Brokers, ",")
	}
	return c
}

// checkAgain is how long a server that does not answer is left alone.
const checkAgain = 3 * time.Second

// tell logs what was found, unless it is what was told last.
func (s *service) tell(r *precheck.Report, told string) string {
	var found []precheck.Check
	text := ""
	for _, c := range r.Checks {
		if c.Severity == precheck.Warn || c.Severity == precheck.Fail {
			found, text = append(found, c), text+c.Code+c.Text
		}
	}
	if text == told {
		return told
	}
	for _, c := range found {
		s.app.log.Warn("precheck", "part", s.name, "code", c.Code, "severity", string(c.Severity), "text", c.Text, "fix", c.Fix)
	}
	return text
}

// failed are the checks that found something in the way.
func failed(r *precheck.Report) []precheck.Check {
	return slices.DeleteFunc(slices.Clone(r.Checks), func(c precheck.Check) bool { return c.Severity != precheck.Fail })
}

// passed sums up prechecks that passed, with the codes of their warnings.
func passed(r *precheck.Report) string {
	var codes []string
	for _, c := range r.Checks {
		if c.Severity == precheck.Warn && !slices.Contains(codes, c.Code) {
			codes = append(codes, c.Code)
		}
	}
	if len(codes) == 0 {
		return "its prechecks passed"
	}
	return fmt.Sprintf("its prechecks passed, with warnings: %s", strings.Join(codes, ", "))
}
