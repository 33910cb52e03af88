package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"floe/cmd/floe/cutover"
	"floe/pkg/console"
	"floe/pkg/control"
	"floe/pkg/ledger"
	"floe/pkg/overview"
	"floe/pkg/status"
)

func (a *app) cutoverCommand() *cobra.Command {
	c := &cuttingOver{app: a}
	cmd := &cobra.Command{Use: "cutover", Short: "Have the target take over: drain the job, make what waited, end the job", Args: cobra.NoArgs,
		Long: `Have the target take over. End what writes to the source first. The command waits until the target has all that
the source has, stops the job, and sees that nothing came behind. Then it makes on the target what waited for
this moment (floe status shows it): triggers, rules, publications and event triggers that would have met floe's
own work, foreign keys, checks that were let go; materialized views are refreshed, and sequences go on where the
source's are. The job is finished by that: it does not start again, and floe delete removes what it left behind.

If the source wrote behind the place where the job stopped, nothing is changed: floe start goes on, or floe cutover again. What the target
refuses is told; once that is mended, floe cutover makes the rest. Nothing bars the source: it is looked at once more
at the end, and what it wrote meanwhile is told (exit 6). It needs both databases, and asks for the job's name.`,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.run(cmd.Context(), cmd.InOrStdin()) }}
	cmd.Flags().StringVar(&c.yes, "yes", "", "the job's name; without it the name is asked for")
	cmd.Flags().DurationVar(&c.timeout, "timeout", 5*time.Minute, "how long to wait until the target has all (exit 8)")
	return cmd
}

// cuttingOver is one run of `floe cutover`, or one that a console was asked for.
type cuttingOver struct {
	*commander
	app     *app
	yes     string
	timeout time.Duration
	step    func(string) // told of each step as it begins
}

func (c *cuttingOver) run(ctx context.Context, in io.Reader) (err error) {
	if _, err := c.app.resolve(need{source: true, target: true, log: true}); err != nil {
		return err
	}
	if c.commander, err = c.app.commander(ctx); err != nil {
		return err
	}
	if c.sent.Next == 0 && !c.known(ctx) {
		return c.unknown()
	}
	c.job, _ = truly(c.job, &c.sent.Wanted)
	if c.sent.Run != control.Finished {
		if err := c.agree(in); err != nil {
			return err
		}
	}
	over, err := c.takesOver(ctx)
	if err != nil {
		return err
	}
	if err = over.wanting; err == nil {
		err = c.told(over.report)
	}
	if over.finishes {
		err = errors.Join(err, c.unbarred(over.late))
	}
	return err
}

// tookOver is what became of a cut-over that ended its job.
type tookOver struct {
	report   *cutover.Report
	wanting  error // why the target does not have what waited
	finishes bool  // it is the one that ended the job
	late     error // what the source wrote meanwhile, or why that is not known
}

// takesOver ends the job and has its target take over. Of an error nothing was changed but that the job may be stopped.
func (c *cuttingOver) takesOver(ctx context.Context) (*tookOver, error) {
	out := &tookOver{finishes: c.sent.Run != control.Finished} // a finished job's source is nobody's concern any more
	if out.finishes {
		if err := c.drain(ctx); err != nil {
			return nil, err
		}
	}
	c.begins(console.StepTake)
	over, err := cutover.Open(ctx, c.job)
	if err != nil {
		return nil, cutoverFault(err)
	}
	defer over.Close()
	if out.finishes {
		if err := over.Late(ctx); err != nil {
			return nil, cutoverFault(err)
		}
		if _, err := c.send(ctx, ledger.VerbFinish, "the target took over"); err != nil {
			return nil, err
		}
	}
	if out.report, err = over.Run(ctx); err != nil {
		out.wanting = fmt.Errorf("the job is finished, and the target does not have what waited yet; floe cutover again makes it: %w", err)
	}
	if out.finishes {
		out.late = over.Late(ctx)
	}
	return out, nil
}

func (c *cuttingOver) begins(step string) {
	if c.step != nil {
		c.step(step)
	}
}

// unbarred says what the source wrote while the target took over. Nothing keeps it from writing, for that
// would want rights on every table of it that no other command wants; so it is looked at again behind the end.
func (c *cuttingOver) unbarred(err error) error {
	var late *cutover.LateError
	switch {
	case err == nil:
		return c.say("the source wrote nothing meanwhile, but is not barred: what is written there from now on does not reach the target\n")
	case errors.As(err, &late):
		return exit(codeMismatch, fmt.Errorf("the source was written to while the target took over, and the job is finished: %w; carry them over by hand, and end what writes there", err))
	}
	return exit(codeUnreachable, fmt.Errorf("whether the source was written to while the target took over is not known: %w", err))
}

// agree returns nil if the operator typed the job's name.
func (c *cuttingOver) agree(in io.Reader) error {
	answer := c.yes
	if answer == "" {
		fmt.Fprintf(c.app.err, "The job ends, and the target takes over what the source has by now.\nType the job's name to do this: ")
		answer, _ = bufio.NewReader(in).ReadString('\n')
	}
	if answer = strings.TrimSpace(answer); answer != c.job.Name {
		return exit(codeUsage, fmt.Errorf("nothing was changed: %q is not the job's name, %s", answer, c.job.Name))
	}
	return nil
}

// drain waits until the target has what the source has, and stops the job. One that an earlier cut-over stopped,
// and did not end, goes on before: what the source wrote since is waited for like all else.
func (c *cuttingOver) drain(ctx context.Context) error {
	c.begins(console.StepDrain)
	if c.sent.CutShort() {
		if _, err := c.send(ctx, ledger.VerbStart, control.CutOver); err != nil {
			return err
		}
		if err := c.reread(ctx); err != nil {
			return err
		}
	}
	if c.sent.Run != control.Running {
		return exit(codeConflict, fmt.Errorf("nothing was changed: job %s is %s; `%s` first, for the target must have all that the source has", c.job.Name, c.sent.Who(), c.sent.Ends()))
	}
	wait, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	if err := c.app.wait(wait, c.job, 0); err != nil {
		return err
	}
	if err := c.say("job %s: the target has what the source had\n", c.job.Name); err != nil {
		return err
	}
	c.begins(console.StepStop)
	said := time.Now()
	next, err := c.commander.run(ctx, ledger.VerbStop, control.CutOver)
	if err != nil {
		return err
	}
	return c.await(ctx, &waits{state: string(control.Stopped), timeout: c.timeout}, next, said)
}

func (c *cuttingOver) told(r *cutover.Report) error {
	if c.app.machine() {
		if err := c.app.encode(r); err != nil {
			return err
		}
	}
	for _, f := range r.Refused {
		if err := c.say("refused  %s: %s %s\n", f.Object, f.Code, f.Reason); err != nil {
			return err
		}
	}
	if err := c.say("job %s is finished: %s made or enabled, %s set. floe delete removes its slot, its log and floe's own tables\n", c.job.Name, status.Count(r.Made, "object"), status.Count(r.Sequences, "sequence")); err != nil {
		return err
	}
	if len(r.Refused) > 0 {
		return exit(codeFailed, fmt.Errorf("the target refused %s; mend that, and floe cutover goes on", status.Count(len(r.Refused), "object")))
	}
	return nil
}

func cutoverFault(err error) error {
	var busy *cutover.BusyError
	var late *cutover.LateError
	switch {
	case errors.As(err, &late):
		return exit(codeConflict, fmt.Errorf("nothing was changed: %w; end what writes there, then floe cutover again; floe start has the job go on instead", err))
	case errors.As(err, &busy):
		return exit(codeConflict, fmt.Errorf("nothing was changed: %w", err))
	}
	return exit(codeUnreachable, err)
}

// drainTime bounds how long a console's cut-over waits until the target has all.
const drainTime = 10 * time.Minute

// cutOver is the one that the console of floe dev is asked for.
func (d *dev) cutOver(ctx context.Context, by string, step func(string)) (console.TakenOver, error) {
	quiet := *d.app
	quiet.out = io.Discard
	c := &cuttingOver{commander: &commander{app: &quiet, job: d.job, kafka: d.kafka, by: by}, app: &quiet, timeout: drainTime, step: step}
	if err := c.reread(ctx); err != nil {
		return console.TakenOver{}, err
	}
	c.job, _ = truly(d.job, &c.sent.Wanted)
	over, err := c.takesOver(ctx)
	if err != nil {
		return console.TakenOver{}, err
	}
	out := console.TakenOver{Wanting: []overview.Fact{}}
	if over.report != nil {
		out.Made, out.Sequences = over.report.Made, over.report.Sequences
		for _, f := range over.report.Refused {
			out.Wanting = append(out.Wanting, overview.Fact{Object: f.Object, State: string(f.State), Code: f.Code, Reason: f.Reason, Source: f.Source})
		}
	}
	if over.finishes && over.late != nil {
		out.Behind = over.late.Error()
	}
	return out, over.wanting
}
