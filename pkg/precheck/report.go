package precheck

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"floe/pkg/status"
)

// Severity is how a check ended.
type Severity string

// The severities. Fail keeps the job from starting; a Notice asks for nothing.
const (
	OK      Severity = "ok"
	Fail    Severity = "fail"
	Warn    Severity = "warn"
	Notice  Severity = "notice"
	Ignored Severity = "ignored"
	Skipped Severity = "skipped"
)

// Check is one check and its result.
type Check struct {
	Code     string
	Severity Severity
	// Object is what was found, where it is one object or a list of them.
	Object, Text, Cause, Fix string
	// FixSQL is what Fix says as statements, each ending with a semicolon; empty where SQL mends nothing.
	FixSQL string
	// On is the side that FixSQL is for: source or target.
	On   string
	Took time.Duration

	lost bool // the server went away while it was asked
}

// MarshalJSON writes a check as programs read it; times are milliseconds.
func (c Check) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Code     string   `json:"code"`
		Severity Severity `json:"severity"`
		Object   string   `json:"object,omitempty"`
		Text     string   `json:"text"`
		Cause    string   `json:"cause,omitempty"`
		Fix      string   `json:"fix,omitempty"`
		FixSQL   string   `json:"fix_sql,omitempty"`
		MS       int64    `json:"ms"`
	}{c.Code, c.Severity, c.Object, c.Text, c.Cause, c.Fix, c.FixSQL, c.Took.Milliseconds()})
}

// Report is all checks of a job, in their order.
type Report struct {
	Job    string  `json:"job"`
	Result string  `json:"result"` // passed, warnings or failed
	Source string  `json:"source"`
	Target string  `json:"target"`
	Checks []Check `json:"checks"`
	// Heard are the services that made checks of this report, and when; empty if all were made here.
	Heard []string `json:"heard,omitempty"`
	// Began: a side has something of the job already, its slot or its checkpoint.
	Began bool `json:"-"`
}

// Add takes in what somebody else found, in the order of Codes.
func (r *Report) Add(found ...Check) {
	r.Checks = append(r.Checks, found...)
	slices.SortStableFunc(r.Checks, func(a, b Check) int { return slices.Index(Codes, a.Code) - slices.Index(Codes, b.Code) })
	r.settle()
}

func (r *Report) has(s Severity) bool {
	return slices.ContainsFunc(r.Checks, func(c Check) bool { return c.Severity == s })
}

// Failed reports whether the job may not start.
func (r *Report) Failed() bool { return r.has(Fail) }

// Blocking are the codes of what keeps one service from a new job: failures of its own database. Another
// server that does not answer passes, and what Kafka would refuse may be there already.
func (r *Report) Blocking() (codes []string) {
	for _, c := range r.Checks {
		if c.Severity == Fail && !c.lost && strings.ContainsAny(c.Code[:1], "STO") && !slices.Contains(unreachable, c.Code) {
			codes = append(codes, c.Code)
		}
	}
	return codes
}

// Warned reports whether there is something that its owner should know.
func (r *Report) Warned() bool { return r.has(Warn) }

// settle says in one word how it ended.
func (r *Report) settle() {
	switch r.Result = "passed"; {
	case r.Failed():
		r.Result = "failed"
	case r.Warned():
		r.Result = "warnings"
	}
}

var unreachable = []string{"S-CONN", "S-AUTH", "T-CONN", "B-CONN"}

// Unreachable reports whether a server did not answer or refused floe: that passes without a change to
// the job, other than what else a check finds.
func (r *Report) Unreachable() bool {
	return slices.ContainsFunc(r.Checks, func(c Check) bool {
		return c.Severity == Fail && (c.lost || slices.Contains(unreachable, c.Code))
	})
}

// Write prints the report for people.
func (r *Report) Write(w io.Writer) error {
	where := fmt.Sprintf("source %s   ->   target %s", r.Source, r.Target)
	switch {
	case r.Source == "" && r.Target != "": // a service's, which knows its own side
		where = "target " + r.Target
	case r.Target == "" && r.Source != "":
		where = "source " + r.Source
	}
	if _, err := fmt.Fprintf(w, "PRECHECK %s   %s\n", r.Job, where); err != nil {
		return err
	}
	for _, who := range r.Heard {
		if _, err := fmt.Fprintf(w, " made by %s\n", who); err != nil {
			return err
		}
	}
	count, sql := map[Severity]int{}, 0
	for _, c := range r.Checks {
		count[c.Severity]++
		if c.FixSQL != "" {
			sql++
		}
		if err := c.write(w); err != nil {
			return err
		}
	}
	end := "may start"
	if r.Failed() {
		end = "not started"
	}
	if _, err := fmt.Fprintf(w, "%s: %d ok, %s, %d failed, %d skipped", status.Count(len(r.Checks), "check"), count[OK], status.Count(count[Warn], "warning"), count[Fail], count[Skipped]); err != nil {
		return err
	}
	for _, further := range []Severity{Notice, Ignored} {
		if n := count[further]; n > 0 {
			said := fmt.Sprintf("%d ignored", n)
			if further == Notice {
				said = status.Count(n, "notice")
			}
			if _, err := fmt.Fprintf(w, ", %s", said); err != nil {
				return err
			}
		}
	}
	if sql > 0 {
		end += fmt.Sprintf("; SQL for %d of them: --fix-sql FILE", sql)
	}
	if r.Failed() || r.Warned() {
		end += "; floe errors explain CODE says more"
	}
	_, err := fmt.Fprintf(w, ": %s\n", end)
	return err
}

func (c *Check) write(w io.Writer) error {
	word := map[Severity]string{OK: "ok", Fail: "FAIL", Warn: "warn", Notice: "note", Ignored: "ignored", Skipped: "skip"}[c.Severity]
	if _, err := fmt.Fprintf(w, " %-5s %-17s %s\n", word, c.Code, c.Text); err != nil {
		return err
	}
	for _, line := range [][2]string{{"cause", c.Cause}, {"fix", c.Fix}, {"sql", c.FixSQL}} {
		if line[1] == "" {
			continue
		}
		if _, err := fmt.Fprintf(w, "         %s: %s\n", line[0], line[1]); err != nil {
			return err
		}
	}
	return nil
}
