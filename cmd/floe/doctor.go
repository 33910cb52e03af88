package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"floe/pkg/control"
	"floe/pkg/guide"
	"floe/pkg/overview"
	"floe/pkg/status"
)

func (a *app) doctorCommand() *cobra.Command {
	return &cobra.Command{Use: "doctor", Short: "Look at a job as its log knows it, and say what is wrong and what mends it", Args: cobra.NoArgs,
		Long: `Look at a job as its log knows it: whether the log answers, the services are heard, something stopped or rests,
changes were left out, objects differ. It asks neither database; floe check does. It ends with 5 if the log does
not answer, 7 if something needs its operator, else 0.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.commander(cmd.Context())
			if err != nil {
				return err
			}
			if !c.known(cmd.Context()) {
				return c.unknown()
			}
			ctx, cancel := context.WithTimeout(cmd.Context(), answerTime)
			defer cancel()
			o, err := c.look(ctx)
			if err != nil {
				return err
			}
			found := diagnose(o, &c.sent.Wanted, c.job.Name, time.Now())
			if a.machine() {
				err = a.encode(found)
			} else {
				err = writeFindings(a.out, c.job.Name, found)
			}
			for _, f := range found {
				if err == nil && f.Severity == bad {
					return exit(codeFailed, nil)
				}
			}
			return err
		}}
}

// The severities of findings.
const (
	fine   = "ok"
	odd    = "warn"
	bad    = "FAIL"
	nobody = "not running"
)

// Finding is one thing that was looked at.
type Finding struct {
	Severity string `json:"severity"`
	What     string `json:"what"`
	Code     string `json:"code,omitempty"`
	Text     string `json:"text"`
	Fix      string `json:"fix,omitempty"`
}

// diagnose looks at everything that the log says of the job.
func diagnose(o *overview.Overview, w *control.Wanted, job string, now time.Time) (found []Finding) {
	s := o.Summary(job, now)
	add := func(f Finding) { found = append(found, f) }
	if s.State == string(control.Ready) && w.Started {
		add(Finding{Severity: fine, What: "job", Text: "it was started, and begins once the prechecks of both sides have passed"})
	} else if s.State == string(control.Ready) {
		add(Finding{Severity: odd, What: "job", Text: "it is ready and waits for its first start", Fix: s.Fix})
	} else if strings.HasPrefix(s.State, "PRECHECK") {
		add(Finding{Severity: fine, What: "job", Text: "it has not begun"})
	} else if w.Run == control.Running {
		add(Finding{Severity: fine, What: "job", Text: "it is to run"})
	} else {
		add(Finding{Severity: odd, What: "job", Text: "it is " + w.Who(), Fix: w.Ends()})
	}
	heard := map[string]bool{}
	for i := range s.Services {
		x := &s.Services[i]
		heard[x.Role] = true
		add(ofService(x))
	}
	for _, role := range []string{"capture", "applier"} {
		if !heard[role] {
			add(Finding{Severity: bad, What: role, Code: nobody, Text: "nothing was ever heard of one", Fix: "start floe " + role})
		}
	}
	for _, t := range s.Tables {
		if t.Error != "" {
			add(Finding{Severity: odd, What: t.Schema + "." + t.Name, Text: t.Error, Fix: "floe resync " + t.Schema + "." + t.Name})
		}
	}
	if s.Differing > 0 {
		add(Finding{Severity: odd, What: "structure", Text: status.Count(s.Differing, "object") + " of the target not as on the source", Fix: "floe status -o json says which and why"})
	}
	return found
}

func ofService(x *overview.Service) Finding {
	f := Finding{Severity: fine, What: x.Name(), Code: x.Reason, Text: x.State, Fix: x.Fix}
	switch {
	case x.State == "PRECHECK_FAILED":
		f.Severity, f.Text = bad, x.Detail
	case x.AgeSeconds > overview.Stale.Seconds():
		f.Severity, f.Code, f.Text, f.Fix = bad, nobody, fmt.Sprintf("nothing was heard of it for %s", time.Duration(x.AgeSeconds*1e9).Round(time.Second)), "see whether floe "+x.Role+" runs, and reaches Kafka"
	case x.State == "FAILED", x.State == "BLOCKED":
		f.Severity, f.Text = bad, x.Detail
	case x.State == "RETRYING", x.State == "WAITING", x.State == "PRECHECKING" && x.Reason != "":
		f.Severity, f.Text = odd, x.Detail
		if p := guide.Of(x.Reason); p != nil && f.Fix == "" {
			f.Fix = p.Remedy
		}
	}
	return f
}

func writeFindings(w io.Writer, job string, found []Finding) error {
	fmt.Fprintf(w, "DOCTOR %s\n", job)
	n := 0
	for _, f := range found {
		code := ""
		if f.Code != "" {
			code = f.Code + ": "
		}
		fmt.Fprintf(w, " %-5s %-14s %s%s\n", f.Severity, f.What, code, f.Text)
		if f.Severity == fine {
			continue
		}
		n++
		if f.Fix != "" {
			fmt.Fprintf(w, "         fix: %s\n", f.Fix)
		}
		if guide.Of(f.Code) != nil {
			fmt.Fprintf(w, "         about it: floe errors explain %s\n", f.Code)
		}
	}
	if n == 0 {
		_, err := fmt.Fprintln(w, "nothing is wrong, as far as the log knows")
		return err
	}
	_, err := fmt.Fprintf(w, "%d to look at\n", n)
	return err
}
