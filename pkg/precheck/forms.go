package precheck

import (
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Codes are all checks, in the order in which a report has them.
var Codes = []string{
	"S-CONN", "S-AUTH", "S-VERSION", "S-PRIMARY", "S-WAL-LEVEL", "S-SLOTS-FREE", "S-SENDERS-FREE", "S-REPL-PRIV", "S-READ-PRIV", "S-PUBLICATION",
	"S-LONG-TXN", "S-PREPARED-TXN", "S-SLOT-WAL-LIMIT", "S-FAILOVER", "S-HEARTBEAT", "S-EVENT-TRIGGER", "S-SETTINGS",
	"T-CONN", "T-OWNER", "T-VERSION", "T-ENCODING", "T-SPACE", "T-REPLICA-ROLE", "T-CONTROL-SCHEMA",
	"O-SELECTION-EMPTY", "O-KEY", "O-REPLICA-IDENTITY", "O-UNLOGGED", "O-TYPES", "O-TARGET-EXISTS", "O-TARGET-SHAPE", "O-MAPPING-CLASH", "O-NAME-CASE",
	"O-TRIGGER", "O-FK-OUTSIDE", "O-DEPENDENCY", "O-KIND-UNSUPPORTED", "O-SEQUENCE", "O-LARGE-OBJECT", "O-ROW-WIDTH",
	"O-ROW-SECURITY", "O-COLLATION", "O-EXTENSION", "O-ROLE", "O-FILTER",
	"B-CONN", "B-TOPIC-PRIV", "B-MAX-MESSAGE", "B-RETENTION", "B-DURABILITY", "B-EMBEDDED", "R-CONN", "H-CLOCK", "H-LOAD", "H-LIMITS",
}

// CheckCodes refuses what is no code.
func CheckCodes(codes []string) error {
	for _, c := range codes {
		if !slices.Contains(Codes, c) {
			return fmt.Errorf("%s is no precheck; the codes are %s", c, strings.Join(Codes, " "))
		}
	}
	return nil
}

// Only leaves the checks of some codes; none leaves all.
func (r *Report) Only(codes []string) {
	if len(codes) > 0 {
		r.Checks = slices.DeleteFunc(r.Checks, func(c Check) bool { return !slices.Contains(codes, c.Code) })
	}
	r.settle()
}

// Ignore takes warnings as known, each code for the reason given. What keeps the job from starting
// cannot be ignored: it would not run.
func (r *Report) Ignore(reasons map[string]string) {
	for i := range r.Checks {
		c := &r.Checks[i]
		reason, ok := reasons[c.Code]
		switch {
		case !ok:
		case c.Severity == Warn:
			c.Severity, c.Text = Ignored, c.Text+" (ignored: "+reason+")"
		case c.Severity == Fail:
			c.Text += " (cannot be ignored)"
		}
	}
	r.settle()
}

// WriteSQL writes the statements that mend what was found, each side's by itself. They are to be read
// before they are run.
func (r *Report) WriteSQL(w io.Writer) error {
	for _, side := range []string{"source", "target"} {
		headed := false
		for _, c := range r.Checks {
			if c.FixSQL == "" || c.On != side || c.Severity == Ignored {
				continue
			}
			if !headed {
				if _, err := fmt.Fprintf(w, "-- on the %s, as its superuser or the objects' owner\n", side); err != nil {
					return err
				}
				headed = true
			}
			if _, err := fmt.Fprintf(w, "-- %s: %s\n%s\n", c.Code, strings.ReplaceAll(c.Text, "\n", " "), c.FixSQL); err != nil {
				return err
			}
		}
	}
	return nil
}

type junitCase struct {
	Name    string      `xml:"name,attr"`
	Class   string      `xml:"classname,attr"`
	Seconds string      `xml:"time,attr"`
	Failure *junitFault `xml:"failure,omitempty"`
	Skipped *junitFault `xml:"skipped,omitempty"`
	Output  string      `xml:"system-out,omitempty"`
}

type junitFault struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// WriteJUnit writes the report as build servers read it: a failed check is a failure, a skipped one is
// skipped, a warning is its case's output.
func (r *Report) WriteJUnit(w io.Writer) error {
	suite := struct {
		XMLName  xml.Name    `xml:"testsuite"`
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Skips    int         `xml:"skipped,attr"`
		Cases    []junitCase `xml:"testcase"`
	}{Name: "floe check " + r.Job, Tests: len(r.Checks)}
	for _, c := range r.Checks {
		one := junitCase{Name: c.Code, Class: "floe.check." + r.Job, Seconds: fmt.Sprintf("%.3f", c.Took.Seconds())}
		said := strings.TrimSpace(c.Text + "\n" + c.Cause + "\n" + c.Fix + "\n" + c.FixSQL)
		switch c.Severity {
		case Fail:
			suite.Failures++
			one.Failure = &junitFault{c.Text, said}
		case Skipped:
			suite.Skips++
			one.Skipped = &junitFault{Message: c.Text}
		default:
			one.Output = string(c.Severity) + ": " + said
		}
		suite.Cases = append(suite.Cases, one)
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(w)
	e.Indent("", "  ")
	if err := e.Encode(suite); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}
