package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"floe/pkg/broker"
	"floe/pkg/ident"
	"floe/pkg/ledger"
	"floe/pkg/overview"
	"floe/pkg/status"
)

func (a *app) resyncCommand() *cobra.Command {
	var wait bool
	var timeout time.Duration
	cmd := &cobra.Command{Use: "resync TABLE...", Short: "Read tables' rows again and make the target's equal to them; the others go on", Args: cobra.MinimumNArgs(1),
		Long: `Read tables' rows again and make the target's equal to them, through the log: rows that differ are
overwritten, rows that the source does not have go, and changes go on meanwhile. Readers of the target see the
table's rows all the time. What errors skip left out of a table comes with it.
Of a table without a key nothing tells which rows are there: the first rows that are read take the place of all of
the target's, the others follow. Until floe tables says that it is in sync, readers see a part of it, without the
changes that come meanwhile; so they do while a resync that was cut short is not begun again.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.commander(cmd.Context())
			if err != nil {
				return err
			}
			if c.sent.Next == 0 && !c.known(cmd.Context()) {
				return c.unknown()
			}
			ctx, cancel := context.WithTimeout(cmd.Context(), timeout)
			defer cancel()
			if !wait {
				return c.resync(ctx, args)
			}
			names, err := c.replicated(ctx, args)
			if err != nil {
				return err
			}
			said := time.Now()
			next, err := c.send(ctx, ledger.VerbResync, args...)
			if err != nil {
				return err
			}
			if err := c.resynced(ctx, names, next, said); err != nil {
				return err
			}
			return c.say("%s: the target has the source's rows\n", join(names))
		}}
	cmd.Flags().BoolVar(&wait, "wait", false, "wait until the target has the rows")
	cmd.Flags().DurationVar(&timeout, "timeout", 5*time.Minute, "with --wait, give up after this time (exit 8)")
	return cmd
}

// resync sends the command and does not wait for what comes of it.
func (c *commander) resync(ctx context.Context, tables []string) error {
	names, err := c.replicated(ctx, tables)
	if err != nil {
		return err
	}
	if _, err := c.send(ctx, ledger.VerbResync, tables...); err != nil {
		return err
	}
	return c.say("%s: capture takes it up at once and reads the rows again; `floe tables` shows how far. Of a table without a key a part is seen meanwhile\n", join(names))
}

// join lists names for people.
func join(names []ident.Name) string {
	texts := make([]string, len(names))
	for i, n := range names {
		texts[i] = n.String()
	}
	return strings.Join(texts, ", ")
}

// replicated refuses tables that the job does not replicate, and writes the names as commands bear them.
func (c *commander) replicated(ctx context.Context, tables []string) (names []ident.Name, err error) {
	for i, t := range tables {
		n, err := ident.Parse(t)
		if err != nil {
			return nil, exit(codeUsage, err)
		}
		names, tables[i] = append(names, n), n.SQL()
	}
	o, err := c.look(ctx)
	if err != nil {
		return nil, err
	}
	for _, n := range names {
		if !slices.ContainsFunc(o.Tables(), func(t overview.Table) bool { return t.Schema == n.Schema && t.Name == n.Name }) {
			return nil, exit(codeConflict, fmt.Errorf("nothing was sent: job %s does not replicate %s (floe tables shows what it does; a partition comes with its root)", c.job.Name, n))
		}
	}
	return names, nil
}

// resynced waits until capture has read the tables again, and every applier has made that true.
func (c *commander) resynced(ctx context.Context, names []ident.Name, next int64, since time.Time) error {
	read, end := false, int64(0)
	client, err := kgo.NewClient(c.kafka...)
	if err != nil {
		return err
	}
	defer client.Close()
	return c.watch(ctx, "make the tables equal", func(o *overview.Overview) (bool, error) {
		if h := o.Halted(since); h != nil {
			return false, halted(h)
		}
		if !o.Obeyed(next, since) || !inSync(o.Capture, names) {
			return false, nil
		}
		if !read { // its end is behind what says so, and the applier is to come there
			ends, err := kadm.NewClient(client).ListEndOffsets(ctx, broker.Ledger(c.job.Prefix()))
			if err != nil {
				return false, unreachable(err)
			}
			e, _ := ends.Lookup(broker.Ledger(c.job.Prefix()), 0)
			read, end = true, e.Offset
		}
		for _, r := range o.Appliers {
			if r.LedgerOffset < end-1 || !inSync(r, names) {
				return false, nil
			}
		}
		return len(o.Appliers) > 0, nil
	})
}

// inSync reports whether a service says so of all of these tables.
func inSync(r *status.Report, names []ident.Name) bool {
	for _, n := range names {
		if !slices.ContainsFunc(r.Tables, func(t status.Table) bool { return t.Schema == n.Schema && t.Name == n.Name && t.State == "in sync" }) {
			return false
		}
	}
	return true
}
