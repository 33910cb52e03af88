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

	"floe/pkg/control"
	"floe/pkg/ending"
	"floe/pkg/job"
	"floe/pkg/status"
)

func (a *app) deleteCommand() *cobra.Command {
	c := &resetting{app: a, ends: true}
	timeout := 5 * time.Minute
	cmd := &cobra.Command{Use: "delete", Short: "End a stopped job for good: its slot, its log and floe's own tables go, the target's tables stay", Args: cobra.NoArgs,
		Long: `End a stopped job for good. It lists what it removes and asks for the job's name: slot, publication, the
recording of DDL and the replica identities that floe gave on the source, the job's topics, and on the target
the job's position, with the last job all of schema floe. The tables that it made stay as they are, with their rows; nothing is replicated to them any more. What
a crash left half done, a further run ends.

Where services are heard that rest (floe stop), capture clears the source and the applier the target, so that this
command needs Kafka alone. Where none is, it does so itself, with the addresses and passwords of the job file.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			d, err := a.apart(cmd.Context())
			if err != nil {
				return err
			}
			if d == nil {
				return c.run(cmd.Context(), cmd.InOrStdin())
			}
			return d.run(cmd.Context(), cmd.InOrStdin(), c.yes, timeout)
		}}
	cmd.Flags().StringVar(&c.yes, "yes", "", "the job's name; without it the name is asked for")
	cmd.Flags().DurationVar(&timeout, "timeout", timeout, "how long to wait until the services have cleared their sides (exit 8)")
	return cmd
}

// deleting ends a job by its log: the services clear their sides, then the log goes.
type deleting struct {
	*commander
	*ending.Deletion
}

// apart prepares a delete by the log, nil if this command is to do it all by itself: for the job of a folder
// of floe dev, and where both databases are known and no service is heard.
func (a *app) apart(ctx context.Context) (*deleting, error) {
	j, err := a.resolve(need{})
	if err != nil {
		return nil, err
	}
	if dir, err := a.dirOf(j); err != nil || dir != "" {
		return nil, err
	}
	d := &deleting{}
	if d.commander, err = a.commander(ctx); err != nil {
		return nil, err
	}
	if d.Deletion, err = ending.Look(ctx, d.kafka, d.job.Name, d.job.Prefix()); err != nil {
		return nil, endingFault(err)
	}
	if len(d.Silent()) == 2 && known(d.job.Source) && known(d.job.Target) {
		return nil, nil
	}
	return d, nil
}

func endingFault(err error) error {
	var away *ending.UnreachableError
	if errors.As(err, &away) {
		return unreachable(away.Err)
	}
	return resetFault(err)
}

// known reports whether a database's address and password are at hand.
func known(e job.Endpoint) bool {
	if e.IsZero() {
		return false
	}
	_, err := e.Config()
	if err == nil && !e.Password.IsZero() {
		_, err = e.Password.Resolve()
	}
	return err == nil
}

func (d *deleting) run(ctx context.Context, in io.Reader, yes string, timeout time.Duration) error {
	if len(d.Topics) == 0 {
		return d.say("nothing is left of job %s in its log\n", d.job.Name)
	}
	if err := d.Judge(); err != nil {
		return exit(codeConflict, err)
	}
	if err := d.agree(in, yes); err != nil {
		return err
	}
	if err := d.clear(ctx, timeout); err != nil {
		return err
	}
	if err := d.Drop(ctx); err != nil {
		return resetFault(err)
	}
	return d.say("job %s is deleted\n", d.job.Name)
}

// agree shows what goes and returns nil if the operator typed the job's name.
func (d *deleting) agree(in io.Reader, yes string) error {
	out := d.app.out
	if d.app.machine() {
		if err := d.app.encode(&d.Removal); err != nil {
			return err
		}
		out = d.app.err
	} else {
		writeRemoval(out, &d.Removal)
	}
	return typed(out, in, yes, d.job.Name)
}

// typed returns nil if the operator typed the job's name, or gave it with --yes.
func typed(out io.Writer, in io.Reader, yes, name string) error {
	if yes == "" {
		fmt.Fprintf(out, "Type the job's name to remove this: ")
		yes, _ = bufio.NewReader(in).ReadString('\n')
	}
	if yes = strings.TrimSpace(yes); yes != name {
		return exit(codeUsage, fmt.Errorf("nothing was changed: %q is not the job's name, %s", yes, name))
	}
	return nil
}

func writeRemoval(w io.Writer, p *ending.Removal) {
	fmt.Fprintf(w, "DELETE %s\n", p.Job)
	line := func(place string, names ...string) {
		for _, n := range names {
			fmt.Fprintf(w, " %-12s %s\n", place, n)
		}
	}
	line("source", p.Source...)
	for _, t := range p.Topics {
		line("log", "topic "+t)
	}
	line("target", p.Target...)
	if p.Stay > 0 {
		line("stays", status.Count(p.Stay, "table")+" of the target, with the rows")
	}
}

// clear has the services remove what is on their sides, and says what each did.
func (d *deleting) clear(ctx context.Context, timeout time.Duration) error {
	within, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	told, began := map[string]string{}, time.Now()
	err := d.Clear(within, control.Sender(), func(r *status.Report, done bool) {
		if text := r.Role + ": " + r.Detail; (done || r.State == "RETRYING") && told[r.Role+r.Instance] != text {
			told[r.Role+r.Instance] = text
			_ = d.say("%s\n", text) // the job goes on ending though nobody reads it
		}
	})
	var waited *ending.WaitedError
	if errors.As(err, &waited) {
		return exit(codeTimeout, fmt.Errorf("gave up after %s: job %s: %w", time.Since(began).Round(time.Second), d.job.Name, err))
	}
	return endingFault(err)
}
