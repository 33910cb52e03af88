// Package guide says of every code that floe shows an operator (a halt, what keeps a service waiting, a
// precheck) what it means, what floe did and did not do, and what mends it. The command line prints a page,
// docs/errors.md is all of them: nothing is written twice.
package guide

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// Kind is what a code is of.
type Kind string

// The kinds, in the order of docs/errors.md.
const (
	Halt     Kind = "halt"
	Waits    Kind = "wait"
	Precheck Kind = "precheck"
)

// Page is what there is to say of one code.
type Page struct {
	Code string `json:"code"`
	Kind Kind   `json:"kind"`
	// Cause is what was found, and how it comes to be.
	Cause string `json:"cause"`
	// Did is what floe did and did not do; of prechecks, how they end.
	Did string `json:"did"`
	// Remedy is what the operator does.
	Remedy string `json:"remedy"`
}

// Pages are all of them: halts, then what passes, then prechecks.
func Pages() []Page { return slices.Concat(halts, waits, prechecks) }

// Of returns a code's page, nil if it has none.
func Of(code string) *Page {
	for _, p := range Pages() {
		if p.Code == code {
			return &p
		}
	}
	return nil
}

// Anchor is where in docs/errors.md the code's page is.
func Anchor(code string) string { return "docs/errors.md#" + strings.ToLower(code) }

// Write prints one page for people.
func (p *Page) Write(w io.Writer) error {
	_, err := fmt.Fprintf(w, "%s (%s)\ncause:      %s\nfloe:       %s\nto mend it: %s\n", p.Code, p.Kind, p.Cause, p.Did, p.Remedy)
	return err
}

const head = `# What floe says when it stops, waits or warns
<!-- made from pkg/guide by its tests (make golden); changes here are lost -->
` + "`floe errors`" + ` shows what keeps a job from going on, with its code; ` + "`floe errors explain CODE`" + ` prints the page below.

`

var heads = map[Kind]string{
	Halt: `## Halts
The job is FAILED, or BLOCKED for a row that the target refuses: the service stays up, says why, and looks again every few seconds, so that it goes on by itself once its remedy was applied. ` +
		"`floe wait`" + ` ends with code 7, ` + "`/readyz`" + ` says 503. A halt never skips anything: what stands before it is on the target, what stands behind it waits.

`,
	Waits: `## What passes
The service is RETRYING or WAITING and tries again with growing pauses, from the last place that is known to be true. Nothing is lost or applied twice, and nothing needs to be done to floe itself.

`,
	Precheck: `## Prechecks
` + "`floe check`" + ` changes nothing on either side. FAIL keeps a new job from starting (exit code 3, or 5 where a server does not answer); a warning asks for attention (code 4 with --strict), a notice for none. --fix-sql FILE collects the statements.

`,
}

// WriteAll prints docs/errors.md.
func WriteAll(w io.Writer) error {
	if _, err := io.WriteString(w, head); err != nil {
		return err
	}
	var kind Kind
	for _, p := range Pages() {
		if p.Kind != kind {
			kind = p.Kind
			if _, err := io.WriteString(w, heads[kind]); err != nil {
				return err
			}
		}
		did := "- **floe**: " + p.Did + "\n"
		if kind == Precheck {
			did = "- **ends as**: " + p.Did + "\n"
		}
		if _, err := fmt.Fprintf(w, "### %s\n- **cause**: %s\n%s- **remedy**: %s\n\n", p.Code, p.Cause, did, p.Remedy); err != nil {
			return err
		}
	}
	return nil
}
