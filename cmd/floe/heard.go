package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"floe/pkg/job"
	"floe/pkg/overview"
	"floe/pkg/precheck"
	"floe/pkg/status"
)

// here tells which sides' prechecks can be made on this machine: those whose address and password it knows. Of the
// others the log has what their services found.
func here(j *job.Job) precheck.Side {
	switch source, target := known(j.Source), known(j.Target); {
	case source && target:
		return precheck.Both
	case source:
		return precheck.Source
	case target:
		return precheck.Target
	}
	return precheck.Log
}

// roleOf is the service that makes a side's prechecks.
var roleOf = map[precheck.Side]string{precheck.Source: "capture", precheck.Target: "applier"}

// heard are the prechecks of the sides that are not at hand, as their services left them in the log.
func (a *app) heard(ctx context.Context, j *job.Job, kafka []kgo.Opt, at precheck.Side) (*precheck.Report, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	f, err := overview.Follow(kafka, j.Prefix())
	if err != nil {
		return nil, err
	}
	defer f.Close()
	there, err := f.Heard(ctx)
	if err == nil && there {
		err = f.Refresh(ctx)
	}
	if err != nil {
		return nil, unreachable(err)
	}
	r := &precheck.Report{Job: j.Name}
	for _, side := range []precheck.Side{precheck.Source, precheck.Target} {
		if side == at {
			continue
		}
		if !left(r, f.Now.Reports(), side) {
			return nil, exit(codeConflict, fmt.Errorf("the log has no prechecks of the %s: floe %s makes them when it starts and leaves them there until the job begins; with --%s, or its password, they are made here", side, roleOf[side], side))
		}
	}
	return r, nil
}

// left adds what a side's services left in the log, and reports whether they did.
func left(r *precheck.Report, reports []*status.Report, side precheck.Side) (some bool) {
	for _, x := range reports {
		if x.Role != roleOf[side] || x.Checks == nil {
			continue
		}
		some = true
		r.Heard = append(r.Heard, fmt.Sprintf("%s on %s, %s", x.Role, x.Host, time.UnixMicro(x.Checks.At).UTC().Format("2006-01-02 15:04:05 UTC")))
		if side == precheck.Source {
			r.Source = x.Place
		} else {
			r.Target = x.Place
		}
		found := make([]precheck.Check, len(x.Checks.Found))
		for i, c := range x.Checks.Found {
			found[i] = precheck.Check{Code: c.Code, Severity: precheck.Severity(c.Severity), Object: c.Object, Text: c.Text, Cause: c.Cause, Fix: c.Fix, FixSQL: c.FixSQL,
				On: string(side), Took: time.Duration(c.MS) * time.Millisecond}
			if strings.HasPrefix(c.Code, "H-") {
				found[i].Text += " (" + x.Host + ")"
			}
		}
		r.Add(found...)
	}
	return some
}
