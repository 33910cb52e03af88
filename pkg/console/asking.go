package console

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"floe/pkg/access"
	"floe/pkg/control"
	"floe/pkg/inquiry"
	"floe/pkg/overview"
	"floe/pkg/precheck"
	"floe/pkg/status"
)

// quiet is how long a service that was asked may say nothing before it is given up.
const quiet = 20 * time.Second

var errQuiet = errors.New("nothing more was said")

// sender is who sends what this console writes into the log.
func (s *server) sender(ctx context.Context) string {
	if s.Gate.Asks() {
		return access.Of(ctx).String() + " by console of " + control.Sender()
	}
	return control.Sender() + " (console)"
}

// alive are the keys of the services that were heard of a job just now; one whose prechecks failed has ended.
func alive(m moment) (keys []string) {
	for i, r := range m.reports {
		x := m.sum.Services[i]
		if x.AgeSeconds <= overview.Stale.Seconds() && r.State != "PRECHECK_FAILED" {
			keys = append(keys, key(x))
		}
	}
	return keys
}

// key is that of a service's reports.
func key(x overview.Service) string {
	if x.Applier == "" {
		return x.Role
	}
	return x.Role + "/" + x.Applier
}

// question asks services of a job, by the keys of their reports, until each has said all. Silent are those
// that said nothing for too long: they are gone, or of a floe that knows no questions.
func (s *server) question(ctx context.Context, prefix, by, what string, keys []string, heard func(inquiry.Answer)) (silent []string, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	patience := time.AfterFunc(quiet, func() { cancel(errQuiet) })
	defer patience.Stop()
	open, instances := slices.Clone(keys), map[string]string{}
	err = inquiry.Ask(ctx, s.Kafka, prefix, by, what, func(a inquiry.Answer) bool {
		if instances[a.By] == "" {
			instances[a.By] = a.Instance
		}
		if slices.Contains(open, a.By) && instances[a.By] == a.Instance {
			patience.Reset(quiet)
			heard(a)
			if a.End {
				open = slices.DeleteFunc(open, func(k string) bool { return k == a.By })
			}
		}
		return len(open) > 0
	})
	if errors.Is(context.Cause(ctx), errQuiet) {
		return open, nil
	}
	return nil, err
}

// asks are the prechecks of services that are apart: each makes those of its side. What services reported that
// have ended since stands beside them.
func (s *server) asks(prefix, by string, m moment) checking {
	return func(ctx context.Context, told func(done, of int)) ([]findings, error) {
		keys := alive(m)
		var out []findings
		for i, r := range m.reports {
			if k := key(m.sum.Services[i]); !slices.Contains(keys, k) && r.Checks != nil {
				out = append(out, findings{r.Role, reportOf(r, r.Checks)})
			}
		}
		if len(keys) == 0 {
			return out, errors.New("no service of the job is heard; each makes its prechecks when it starts: floe capture, floe applier")
		}
		done, of, faults := map[string]int{}, map[string]int{}, []error(nil)
		silent, err := s.question(ctx, prefix, by, inquiry.Checks, keys, func(a inquiry.Answer) {
			switch {
			case a.Fault != "":
				faults = append(faults, fmt.Errorf("%s: %s", a.By, a.Fault))
			case a.Checks != nil:
				at := slices.IndexFunc(m.sum.Services, func(x overview.Service) bool { return key(x) == a.By })
				out = append(out, findings{m.reports[at].Role, reportOf(m.reports[at], a.Checks)})
			case a.Of > 0:
				done[a.By], of[a.By] = a.Done, a.Of
				told(total(done), total(of))
			}
		})
		for _, k := range silent {
			faults = append(faults, fmt.Errorf("%s does not answer; one of an older floe cannot", k))
		}
		return out, errors.Join(append(faults, err)...)
	}
}

func total(of map[string]int) (n int) {
	for _, x := range of {
		n += x
	}
	return n
}

// reportOf is what a service's prechecks found, as package precheck has it.
func reportOf(r *status.Report, c *status.Checks) precheck.Report {
	out := precheck.Report{Job: r.Job, Result: c.Result}
	if r.Role == "capture" {
		out.Source = r.Place
	} else {
		out.Target = r.Place
	}
	for _, x := range c.Found {
		out.Checks = append(out.Checks, precheck.Check{Code: x.Code, Severity: precheck.Severity(x.Severity), Object: x.Object, Text: x.Text, Cause: x.Cause, Fix: x.Fix, FixSQL: x.FixSQL, Took: time.Duration(x.MS) * time.Millisecond})
	}
	return out
}

// checksOf are the last prechecks of a job: those that this console asked for, or what its services reported
// since.
func (s *server) checksOf(prefix string, m moment) *checks {
	c := &s.checks
	if prefix != s.Prefix {
		s.mu.Lock()
		if s.asked[prefix] == nil {
			s.asked[prefix] = &checks{}
		}
		c = s.asked[prefix]
		s.mu.Unlock()
	}
	if s.Near.Check != nil && prefix == s.Prefix {
		return c
	}
	var found []findings
	var at int64
	for _, r := range m.reports {
		if r.Checks != nil {
			found, at = append(found, findings{r.Role, reportOf(r, r.Checks)}), max(at, r.Checks.At)
		}
	}
	if len(found) > 0 {
		c.adopt(time.UnixMicro(at).UTC(), found)
	}
	return c
}

// checkAgain runs the prechecks of a job, unless that goes on.
func (s *server) checkAgain(ctx context.Context, prefix string, w *watch) *checks {
	m := w.now()
	c := s.checksOf(prefix, m)
	how := s.asks(prefix, s.sender(ctx), m)
	if s.Near.Check != nil && prefix == s.Prefix {
		how = alone(s.Near.Check)
	}
	c.begin(s.life, s.Log, how)
	return c
}

// endChecks ends the runs that go on.
func (s *server) endChecks() {
	s.checks.end()
	s.mu.Lock()
	all := make([]*checks, 0, len(s.asked))
	for _, c := range s.asked {
		all = append(all, c)
	}
	s.mu.Unlock()
	for _, c := range all {
		c.end()
	}
}

// latest are the prechecks that a page shows of a job whose services are apart.
func (s *server) latest(prefix string, m moment) Checks {
	now := s.checksOf(prefix, m).now()
	now.Running = now.Running || slices.ContainsFunc(m.reports, func(r *status.Report) bool { return r.State == "PRECHECKING" })
	source, target := places(m.reports)
	now.Source, now.Target = cmp.Or(now.Source, source), cmp.Or(now.Target, target)
	return now
}
