package console

import (
	"slices"

	"floe/pkg/precheck"
)

// rankResult orders results: what one service fails by, the job does.
func rankResult(result string) int {
	return slices.Index([]string{"passed", "warnings", "failed"}, result)
}

// readiness is what a page says of a job that has not begun; nil of others.
type readiness struct {
	State  string
	Checks *Checks // nil where the services said nothing of them
	Sum    string
	Failed []Check // those that keep it from that
	May    bool    // it can be started
	All    string  // where all of them are, if not on the page
	Detail string
	Fix    string
}

// readinessOf is that of a job which waits to be started, or cannot be. By prechecks that failed when they were
// made again it cannot, whatever its services found before.
func readinessOf(m moment, c *Checks, lang string) *readiness {
	if !slices.Contains([]string{"PRECHECKING", "PRECHECK_FAILED", "READY"}, m.sum.State) {
		return nil
	}
	out := &readiness{State: m.sum.State, May: m.sum.State == "READY" && !c.Running && c.Result != "failed", Detail: m.sum.Detail, Fix: m.sum.Fix}
	if c.At != nil {
		out.Checks = c
		out.Sum = out.Checks.sum(lang)
		for _, x := range out.Checks.Checks {
			if x.Severity == string(precheck.Fail) {
				out.Failed = append(out.Failed, x)
			}
		}
	}
	return out
}
