package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"floe/pkg/control"
	"floe/pkg/event"
	"floe/pkg/guide"
	"floe/pkg/ledger"
	"floe/pkg/overview"
	"floe/pkg/status"
)

func (a *app) errorsCommand() *cobra.Command {
	show := func(cmd *cobra.Command, _ []string) error {
		return a.watch(cmd.Context(), false, func(s overview.Summary) error { return a.printed(s, writeErrors) })
	}
	cmd := &cobra.Command{Use: "errors", Short: "What keeps a job from going on, and what was left out", Args: cobra.NoArgs, RunE: show}
	cmd.AddCommand(
		&cobra.Command{Use: "show", Short: "Show what keeps the job from going on, with its place, cause and remedy", Args: cobra.NoArgs, RunE: show},
		a.retryCommand(), a.skipCommand(), a.explainCommand())
	return cmd
}

func (a *app) explainCommand() *cobra.Command {
	return &cobra.Command{Use: "explain CODE", Short: "Say what a code means, what floe did and did not do, and what mends it", Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			p := guide.Of(args[0])
			switch {
			case p == nil:
				return exit(codeConflict, fmt.Errorf("%s is no code of floe's; docs/errors.md has all of them", args[0]))
			case a.machine():
				return a.encode(p)
			}
			return p.Write(a.out)
		}}
}

func (a *app) retryCommand() *cobra.Command {
	var timeout time.Duration
	cmd := &cobra.Command{Use: "retry", Short: "Try again what stopped the job, and say what came of it", Args: cobra.NoArgs,
		Long: `Try again what stopped the job, and say what came of it: code 0 if the job goes on, 7 if it is still
stopped. Services try again by themselves every few seconds; this waits for the next time.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.commander(cmd.Context())
			if err != nil {
				return err
			}
			if c.sent.Next == 0 && !c.known(cmd.Context()) {
				return c.unknown()
			}
			said := time.Now()
			next, err := c.send(cmd.Context(), ledger.VerbRetry)
			if err != nil {
				return err
			}
			ctx, cancel := context.WithTimeout(cmd.Context(), timeout)
			defer cancel()
			err = c.watch(ctx, "try again", func(o *overview.Overview) (bool, error) {
				if !o.Obeyed(next, said) {
					return false, nil
				}
				if h := o.Halted(said); h != nil {
					return false, halted(h)
				}
				return true, nil
			})
			if err != nil {
				return err
			}
			return c.say("job %s: it was tried again, and the job goes on\n", c.job.Name)
		}}
	cmd.Flags().DurationVar(&timeout, "timeout", time.Minute, "give up after this time (exit 8)")
	return cmd
}

func (a *app) skipCommand() *cobra.Command {
	k := &skipping{app: a}
	cmd := &cobra.Command{Use: "skip [POSITION] --reason WHY", Short: "Leave out the transaction, or the one change, that the target refuses", Args: cobra.MaximumNArgs(1),
		Long: `Leave out what the target refuses, as floe errors shows it: 16/B374D848 is the whole transaction,
'16/B374D848#4' the one change; without a position it is the transaction that is refused now. Nothing else is left out, and that only if the target still refuses it. The
command stays in the log, and what was left out in floe.skipped on the target; floe tables and floe errors show it
until the table is loaded again.`,
		RunE: func(cmd *cobra.Command, args []string) error { return k.run(cmd.Context(), strings.Join(args, "")) }}
	cmd.Flags().StringVar(&k.reason, "reason", "", "why; it is kept with the command (required)")
	cmd.Flags().StringVar(&k.applier, "applier", "", "the applier, if the job has several")
	cmd.Flags().DurationVar(&k.timeout, "timeout", time.Minute, "give up waiting after this time (exit 8); the command stays sent")
	return cmd
}

// skipping is one run of `floe errors skip`.
type skipping struct {
	app             *app
	reason, applier string
	timeout         time.Duration
}

func (k *skipping) run(ctx context.Context, place string) error {
	var at event.Position
	var whole bool
	if place != "" {
		var err error
		if at, whole, err = event.ParsePosition(place); err != nil {
			return exit(codeUsage, err)
		}
	}
	if strings.TrimSpace(k.reason) == "" {
		return exit(codeUsage, errors.New("--reason is missing: what is left out stays left out, and the next one to look wants to know why"))
	}
	c, err := k.app.commander(ctx)
	if err != nil {
		return err
	}
	if c.sent.Next == 0 && !c.known(ctx) {
		return c.unknown()
	}
	ctx, cancel := context.WithTimeout(ctx, k.timeout)
	defer cancel()
	o, err := c.look(ctx)
	if err != nil {
		return err
	}
	if place == "" {
		if at, whole, err = k.refused(c, o); err != nil {
			return err
		}
	}
	want, err := k.choose(c, o, at, whole)
	if err != nil || want == nil {
		return err
	}
	said := time.Now()
	next, err := c.send(ctx, ledger.VerbSkip, want.Args()...)
	if err != nil {
		return err
	}
	return k.await(ctx, c, want, next, said)
}

// refused is what is refused now: the transaction, or the change where that alone can be left out.
func (k *skipping) refused(c *commander, o *overview.Overview) (at event.Position, whole bool, err error) {
	var found []string
	for _, key := range slices.Sorted(maps.Keys(o.Appliers)) {
		name, b := strings.TrimPrefix(key, "applier/"), o.Appliers[key].Blocked
		switch {
		case b == nil || k.applier != "" && name != k.applier:
			continue
		case b.Commit == 0:
			return at, false, exit(codeConflict, fmt.Errorf("nothing was sent: what the target refuses cannot be skipped: %s", b.Lasting))
		}
		found = append(found, name)
		at, whole = event.Position{Commit: b.Commit, Seq: b.Seq}, b.Lasting == ""
	}
	switch len(found) {
	case 1:
		return at, whole, nil
	case 0:
		return at, false, exit(codeConflict, fmt.Errorf("nothing was sent: no target of job %s refuses anything now", c.job.Name))
	}
	return at, false, exit(codeUsage, fmt.Errorf("appliers %s refuse something: say which with --applier", strings.Join(found, ", ")))
}

// choose finds who refuses what stands at the place. Nil without an error if it was skipped before.
func (k *skipping) choose(c *commander, o *overview.Overview, at event.Position, whole bool) (*control.Skip, error) {
	want := &control.Skip{At: at, Whole: whole, Reason: k.reason}
	var found, others []string
	for _, key := range slices.Sorted(maps.Keys(o.Appliers)) {
		name, b := strings.TrimPrefix(key, "applier/"), o.Appliers[key].Blocked
		if b == nil || k.applier != "" && name != k.applier {
			continue
		}
		if b.Commit != at.Commit || b.Commit == 0 || !whole && b.Seq != at.Seq {
			others = append(others, "that is "+refusedAt(b))
			if b.Commit == 0 {
				others[len(others)-1] = "that cannot be skipped: " + b.Lasting
			}
			continue
		}
		if whole && b.Lasting != "" {
			return nil, exit(codeConflict, fmt.Errorf("nothing was sent: %s; floe errors skip '%s'", b.Lasting, refusedAt(b)))
		}
		want.Applier, want.At.Epoch = name, b.Epoch
		found = append(found, name)
	}
	switch {
	case len(found) == 1:
		return want, nil
	case len(found) > 1:
		return nil, exit(codeUsage, fmt.Errorf("appliers %s refuse it: say which with --applier", strings.Join(found, ", ")))
	case slices.ContainsFunc(c.sent.Skips(), func(s control.Skip) bool {
		return s.Place() == want.Place() && (k.applier == "" || s.Applier == k.applier)
	}):
		return nil, c.say("job %s: nothing to do, %s was skipped already\n", c.job.Name, want.Place())
	case len(others) > 0:
		return nil, exit(codeConflict, fmt.Errorf("nothing was sent: %s is not what the target refuses; %s (floe errors shows it)", want.Place(), strings.Join(others, ", ")))
	}
	return nil, exit(codeConflict, fmt.Errorf("nothing was sent: no target of job %s refuses anything now", c.job.Name))
}

// refusedAt is the refused change's place, if it has one.
func refusedAt(b *status.Blocked) string {
	if b.Commit == 0 {
		return "what has no place in the log"
	}
	return event.Position{Commit: b.Commit, Seq: b.Seq}.String()
}

// await waits until the applier has come past the place, and says what it did.
func (k *skipping) await(ctx context.Context, c *commander, want *control.Skip, next int64, since time.Time) error {
	var r *status.Report
	err := c.watch(ctx, "take up the skip", func(o *overview.Overview) (bool, error) {
		r = o.Appliers["applier/"+want.Applier]
		if r == nil || r.Obeyed < next || !o.Heard[r].After(since) {
			return false, nil
		}
		return r.AppliedLSN >= want.At.Commit || r.Blocked != nil || r.State == "FAILED", nil
	})
	if err != nil {
		return err
	}
	b := r.Blocked
	if b != nil && b.Epoch == want.At.Epoch && b.Commit == want.At.Commit && (want.Whole || b.Seq == want.At.Seq) {
		return halted(r)
	}
	var left []string
	for _, t := range r.Tables {
		if strings.Contains(t.Error, " at "+want.Place()+" by ") {
			left = append(left, t.Schema+"."+t.Name)
		}
	}
	switch {
	case r.State == "FAILED":
		return halted(r)
	case b != nil && b.Commit == want.At.Commit:
		err = c.say("job %s: the target refuses another change of that transaction, %s; only then is either left out\n", c.job.Name, refusedAt(b))
	case len(left) == 0:
		err = c.say("job %s: the target has come past %s, and nothing that floe errors shows was left out: it took it meanwhile\n", c.job.Name, want.Place())
	default:
		err = c.say("job %s: %s is left out of %s; floe resync of the table brings its rows back\n", c.job.Name, want.Place(), strings.Join(left, ", "))
	}
	if err == nil && b != nil {
		return halted(r)
	}
	return err
}

// unknown is the error of a job that the log does not have.
func (c *commander) unknown() error { return unknown(c.job.Name) }

func unknown(name string) error {
	return exit(codeConflict, fmt.Errorf("the log knows no job %s; has it been started, and is this its broker?", name))
}

// look reads the job's last reports.
func (c *commander) look(ctx context.Context) (o *overview.Overview, err error) {
	err = c.watch(ctx, "report", func(now *overview.Overview) (bool, error) {
		o = now
		return true, nil
	})
	return o, err
}

func writeErrors(w io.Writer, s overview.Summary) error {
	fmt.Fprintf(w, "%s  %s\n", s.Job, s.State)
	n := 0
	for _, x := range s.Services {
		if x.Reason == "" {
			continue
		}
		n++
		fmt.Fprintf(w, "%s  %s  %s\n  %s\n", x.Name(), x.State, x.Reason, x.Detail)
		if b := x.Blocked; b != nil {
			writeBlocked(w, b)
		}
		if x.Fix != "" {
			fmt.Fprintf(w, "  to mend it: %s\n", x.Fix)
		}
		writeAbout(w, "  ", x.Reason)
	}
	for _, t := range s.Tables {
		if t.Error != "" {
			n++
			fmt.Fprintf(w, "%s.%s\n  %s\n", t.Schema, t.Name, t.Error)
		}
	}
	if n == 0 {
		_, err := fmt.Fprintln(w, "nothing keeps it from going on, and nothing was left out")
		return err
	}
	return nil
}

// writeAbout says where more is to be read about a code.
func writeAbout(w io.Writer, indent, code string) {
	if guide.Of(code) != nil {
		fmt.Fprintf(w, "%sabout it: floe errors explain %s, %s\n", indent, code, guide.Anchor(code))
	}
}

func writeBlocked(w io.Writer, b *overview.Blocked) {
	if b.SQLState != "" {
		fmt.Fprintf(w, "  SQLSTATE %s\n", b.SQLState)
	}
	switch {
	case b.Transaction == "":
		fmt.Fprintf(w, "  it cannot be skipped: %s\n", b.Lasting)
	case b.Lasting != "":
		fmt.Fprintf(w, "  to leave it out: floe errors skip '%s' --reason WHY (this change; %s)\n", b.Change, b.Lasting)
	default:
		fmt.Fprintf(w, "  to leave it out: floe errors skip %s --reason WHY (the transaction), or floe errors skip '%s' --reason WHY (this change)\n", b.Transaction, b.Change)
	}
}
