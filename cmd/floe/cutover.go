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
	"floe/pkg/control"
	"floe/pkg/ledger"
)

func (a *app) cutoverCommand() *cobra.Command {
	c := &cuttingOver{app: a}
	cmd := &cobra.Command{Use: "cutover", Short: "Have the target take over: drain the job, make what waited, end the job", Args: cobra.NoArgs,
		Long: `Have the target take over. End what writes to the source first. The command waits until the target has all that
the source has, stops the job, and sees that nothing came behind. Then it makes on the target what waited for
this moment (floe status shows it): triggers, rules, publications and event triggers that would have met floe's
own work, foreign keys, checks that were let go; materialized views are refreshed, and sequences go on where the
source's are. The job is finished by that: it does not start again, and floe delete removes what it left behind.

If the source wrote behind the place where the job stopped, nothing is changed: floe start goes on. What the target
refuses is told; once that is mended, floe cutover makes the rest. Nothing bars the source: it is looked at once more
at the end, and what it wrote meanwhile is told (exit 6). It needs both databases, and asks for the job's name.`,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.run(cmd.Context(), cmd.InOrStdin()) }}
	cmd.Flags().StringVar(&c.yes, "yes", "", "the job's name; without it the name is asked for")
	cmd.Flags().DurationVar(&c.timeout, "timeout", 5*time.Minute, "how long to wait until the target has all (exit 8)")
	return cmd
}

// cuttingOver is one run of `floe cutover`.
type cuttingOver struct {
	*commander
	app     *app
	yes     string
	timeout time.Duration
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
	if c.sent.Run != control.Finished {
		if err := c.agree(in); err != nil {
			return err
		}
		if err := c.drain(ctx); err != nil {
			return err
		}
	}
	over, err := cutover.Open(ctx, c.job)
	if err != nil {
		return cutoverFault(err)
	}
	defer over.Close()
	finishes := c.sent.Run != control.Finished // a finished job's source is nobody's concern any more
	if finishes {
		if err := over.Late(ctx); err != nil {
			return cutoverFault(err)
		}
		if _, err := c.send(ctx, ledger.VerbFinish, "the target took over"); err != nil {
			return err
		}
	}
	report, err := over.Run(ctx)
	if err != nil {
		err = fmt.Errorf("the job is finished, and the target does not have what waited yet; floe cutover again makes it: %w", err)
	} else {
		err = c.told(report)
	}
	if finishes {
		err = errors.Join(err, c.unbarred(over.Late(ctx)))
	}
	return err
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

// drain waits until the target has what the source has, and stops the job. One that an earlier run stopped stays so.
func (c *cuttingOver) drain(ctx context.Context) error {
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
	said := time.Now()
	next, err := c.commander.run(ctx, ledger.VerbStop, "cut-over")
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
	if err := c.say("job %s is finished: %d objects were made or enabled, %d sequences set. floe delete removes its slot, its log and floe's own tables\n", c.job.Name, r.Made, r.Sequences); err != nil {
		return err
	}
	if len(r.Refused) > 0 {
		return exit(codeFailed, fmt.Errorf("the target refused %d objects; mend that, and floe cutover makes them", len(r.Refused)))
	}
	return nil
}

func cutoverFault(err error) error {
	var busy *cutover.BusyError
	var late *cutover.LateError
	switch {
	case errors.As(err, &late):
		return exit(codeConflict, fmt.Errorf("nothing was changed: %w; end what writes there, then floe start and floe cutover again", err))
	case errors.As(err, &busy):
		return exit(codeConflict, fmt.Errorf("nothing was changed: %w", err))
	}
	return exit(codeUnreachable, err)
}
