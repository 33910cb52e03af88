package console

import (
	"slices"
	"time"

	"floe/pkg/precheck"
)

// reported are the prechecks of a job whose services are apart, as their reports bear them before it begins;
// nil if none does. Each service has made those of its own side.
func reported(m moment) *Checks {
	var out *Checks
	for _, r := range m.reports {
		if r.Checks == nil && r.State != "PRECHECKING" {
			continue
		}
		if out == nil {
			out = &Checks{Checks: []Check{}}
			out.Source, out.Target = places(m.reports)
		}
		out.Running = out.Running || r.State == "PRECHECKING"
		if r.Checks == nil {
			continue
		}
		if at := time.UnixMicro(r.Checks.At).UTC(); out.At == nil || at.After(*out.At) {
			out.At = &at
		}
		if rankResult(r.Checks.Result) > rankResult(out.Result) {
			out.Result = r.Checks.Result
		}
		for _, x := range r.Checks.Found {
			out.Checks = append(out.Checks, Check{x.Code, x.Severity, r.Role, x.Object, x.Text, x.Cause, x.Fix, x.FixSQL, x.MS})
		}
	}
	if out != nil {
		slices.SortStableFunc(out.Checks, func(a, b Check) int {
			return slices.Index(precheck.Codes, a.Code) - slices.Index(precheck.Codes, b.Code)
		})
	}
	return out
}

// rankResult orders results: what one service fails by, the job does.
func rankResult(result string) int {
	return slices.Index([]string{"passed", "warnings", "failed"}, result)
}

// readiness is what a page says of a job that has not begun; nil of others.
type readiness struct {
	State  string
	Checks *Checks // nil where the services report none
	Sum    string
	Failed []Check // those that keep it from that
	May    bool    // it can be started
	All    string  // where all of them are, if not on the page
	Detail string
	Fix    string
}

// readinessOf is that of a job which waits to be started, or cannot be.
func readinessOf(m moment, lang string) *readiness {
	if !slices.Contains([]string{"PRECHECKING", "PRECHECK_FAILED", "READY"}, m.sum.State) {
		return nil
	}
	out := &readiness{State: m.sum.State, May: m.sum.State == "READY", Detail: m.sum.Detail, Fix: m.sum.Fix, Checks: reported(m)}
	if out.Checks != nil {
		out.Sum = out.Checks.sum(lang)
		for _, x := range out.Checks.Checks {
			if x.Severity == string(precheck.Fail) {
				out.Failed = append(out.Failed, x)
			}
		}
	}
	return out
}
