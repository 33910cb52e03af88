package main

import (
	"bufio"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"floe/cmd/floe/reset"
	"floe/pkg/broker"
	"floe/pkg/control"
	"floe/pkg/job"
	"floe/pkg/ledger"
	"floe/pkg/overview"
	"floe/pkg/status"
)

func (a *app) deleteCommand() *cobra.Command {
	c := &resetting{app: a, ends: true}
	timeout := 5 * time.Minute
	cmd := &cobra.Command{Use: "delete", Short: "End a stopped job for good: its slot, its log and floe's own tables go, the target's tables stay", Args: cobra.NoArgs,
		Long: `End a stopped job for good. It lists what it removes and asks for the job's name: slot, publication and the
recording of DDL on the source, the job's topics, and on the target the job's position, with the last job all of schema
floe. The tables that it made stay as they are, with their rows; nothing is replicated to them any more. What
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
			defer d.client.Close()
			return d.run(cmd.Context(), cmd.InOrStdin(), c.yes, timeout)
		}}
	cmd.Flags().StringVar(&c.yes, "yes", "", "the job's name; without it the name is asked for")
	cmd.Flags().DurationVar(&timeout, "timeout", timeout, "how long to wait until the services have cleared their sides (exit 8)")
	return cmd
}

// deleting ends a job by its log: the services clear their sides, then the log goes.
type deleting struct {
	*commander
	client *kgo.Client
	topics []string
	begun  bool
	now    *overview.Overview // nil if nothing was ever heard
	plan   removal
}

// removal is what a delete by the log removes.
type removal struct {
	Job    string   `json:"job"`
	Source []string `json:"source"`
	Target []string `json:"target"`
	Topics []string `json:"topics"`
	// Stay is the number of the target's tables, which stay.
	Stay int `json:"stay"`
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
	if err := d.look(ctx); err != nil {
		return nil, err
	}
	if len(d.silent(time.Now())) == 2 && known(d.job.Source) && known(d.job.Target) {
		d.client.Close()
		return nil, nil
	}
	return d, nil
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

// look finds what the log has of the job.
func (d *deleting) look(ctx context.Context) (err error) {
	if d.client, err = kgo.NewClient(d.kafka...); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	prefix := d.job.Prefix()
	if d.topics, err = reset.Topics(ctx, d.client, prefix); err != nil {
		return unreachable(err)
	}
	if d.begun, err = control.Begun(ctx, d.kafka, prefix); err != nil {
		return unreachable(err)
	}
	if slices.Contains(d.topics, broker.Status(prefix)) {
		if d.now, err = d.commander.look(ctx); err != nil {
			return err
		}
	}
	return d.list(ctx)
}

// list is what goes, by the names that floe gives.
func (d *deleting) list(ctx context.Context) error {
	p, ledger := &d.plan, broker.Ledger(d.job.Prefix())
	p.Job, p.Topics = d.job.Name, d.topics
	if !d.begun {
		return nil
	}
	found, err := kadm.NewClient(d.client).ListTopics(ctx, ledger)
	if err != nil {
		return unreachable(err)
	}
	id := found[ledger].ID
	p.Source = []string{"slot floe_" + p.Job + "_" + hex.EncodeToString(id[:4]), "publication floe_" + p.Job,
		"the job's recording of DDL; with the last job also the event triggers floe_* and schema floe",
		"the job's rows of the heartbeat table, and with the last row the table"}
	p.Target = []string{"the job's rows in schema floe; with the last job all of the schema"}
	if d.now != nil {
		p.Stay = len(d.now.Tables())
	}
	return nil
}

// silent are the roles of which nothing is heard now.
func (d *deleting) silent(now time.Time) []string {
	roles := []string{"capture", "applier"}
	if d.now == nil {
		return roles
	}
	return slices.DeleteFunc(roles, func(role string) bool {
		return slices.ContainsFunc(d.now.Reports(), func(r *status.Report) bool { return r.Role == role && d.now.Age(r, now) <= overview.Stale })
	})
}

func (d *deleting) run(ctx context.Context, in io.Reader, yes string, timeout time.Duration) error {
	if len(d.topics) == 0 {
		return d.say("nothing is left of job %s in its log\n", d.job.Name)
	}
	deleted := d.sent.Run == control.Deleted
	if d.begun && !deleted && d.sent.Run != control.Stopped && d.sent.Run != control.Finished {
		return exit(codeConflict, errors.New("the job runs: floe stop first"))
	}
	if !d.begun && len(d.silent(time.Now())) == 2 {
		deleted = true // nobody made anything, or its services have removed it
	}
	if quiet := d.silent(time.Now()); !deleted && len(quiet) > 0 {
		return exit(codeConflict, fmt.Errorf("nothing is heard of job %s's %s, which clears its side; start floe %s, or delete with both databases in the job file and no service running", d.job.Name, strings.Join(quiet, " and "), quiet[0]))
	}
	if err := d.agree(in, yes); err != nil {
		return err
	}
	if !deleted || d.begun {
		if err := d.clear(ctx, timeout); err != nil {
			return err
		}
	}
	// The command that says so goes last: a further run, or a service that comes, finds it.
	prefix := d.job.Prefix()
	if err := reset.DropTopics(ctx, d.client, d.topics, broker.Status(prefix), broker.Ledger(prefix), broker.Commands(prefix)); err != nil {
		return resetFault(err)
	}
	return d.say("job %s is deleted\n", d.job.Name)
}

// agree shows what goes and returns nil if the operator typed the job's name.
func (d *deleting) agree(in io.Reader, yes string) error {
	out := d.app.out
	if d.app.machine() {
		if err := d.app.encode(d.plan); err != nil {
			return err
		}
		out = d.app.err
	} else {
		d.plan.write(out)
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

func (p *removal) write(w io.Writer) {
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
		line("stays", fmt.Sprintf("%d tables of the target, with their rows", p.Stay))
	}
}

// clear has the services remove what is on their sides, and waits until all have.
func (d *deleting) clear(ctx context.Context, timeout time.Duration) error {
	// Nothing of the commands is ever trimmed, so a command's number is its place.
	next := int64(1 + slices.IndexFunc(d.sent.Commands(), func(c ledger.Command) bool { return c.Verb == ledger.VerbDelete }))
	if d.sent.Run != control.Deleted {
		var err error
		if next, err = d.send(ctx, ledger.VerbDelete, d.job.Name); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	told := map[string]string{}
	return d.watch(ctx, "clear both sides", func(o *overview.Overview) (bool, error) {
		left := 0
		for _, r := range o.Reports() {
			done := r.State == string(control.Finished) && r.Obeyed >= next
			if !done {
				left++
			}
			if text := r.Role + ": " + r.Detail; (done || r.State == "RETRYING") && told[r.Role+r.Instance] != text {
				told[r.Role+r.Instance] = text
				if err := d.say("%s\n", text); err != nil {
					return false, err
				}
			}
		}
		return left == 0 && o.Capture != nil && len(o.Appliers) > 0, nil
	})
}
