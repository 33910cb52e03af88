package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"floe/cmd/floe/datadir"
	"floe/cmd/floe/reset"
	"floe/pkg/ident"
	"floe/pkg/job"
	"floe/pkg/status"
)

func (a *app) resetCommand() *cobra.Command {
	c := &resetting{app: a}
	var existing string
	cmd := &cobra.Command{Use: "reset", Short: "Take a stopped job back to before its first start: its log, its slot, and the tables that it made", Args: cobra.NoArgs,
		Long: `Take a stopped job back to before its first start, so that the next start loads everything again.
It lists what it removes and asks for the job's name: slot, publication and the
replica identities that floe gave on the source, the job's topics, on the target the job's position and the tables that floe made. It removes nothing else. What a crash left
half done, a further run ends.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch c.existing = reset.Existing(existing); c.existing {
			case "", reset.Keep, reset.Empty:
			default:
				return exit(codeUsage, fmt.Errorf("--existing %s: want keep or empty", existing))
			}
			return c.run(cmd.Context(), cmd.InOrStdin())
		}}
	cmd.Flags().StringVar(&c.yes, "yes", "", "the job's name; without it the name is asked for")
	cmd.Flags().StringVar(&existing, "existing", "", "the rows in tables that were on the target before the job: keep or empty")
	return cmd
}

// resetting is one run of `floe job reset`, or of `floe delete`, which ends the job.
type resetting struct {
	app      *app
	ends     bool
	yes      string
	existing reset.Existing
}

func (c *resetting) run(ctx context.Context, in io.Reader) error {
	j, err := c.app.resolve(need{source: true, target: true, log: true})
	if err != nil {
		return err
	}
	dir, err := c.app.dirOf(j)
	if err != nil {
		return err
	}
	config := reset.Config{Job: j, Existing: c.existing, Delete: c.ends}
	if dir != "" {
		lock, err := datadir.Lock(dir)
		if err != nil {
			return err
		}
		defer lock.Close() //nolint:errcheck // it ends with the process at the latest
		if embedded(dir, j) {
			config.BrokerDir = filepath.Join(dir, "broker")
		}
	}
	if config.BrokerDir == "" {
		if config.Kafka, err = options(j); err != nil {
			return err
		}
	}
	r, err := reset.Prepare(ctx, config)
	if err != nil {
		return resetFault(err)
	}
	defer r.Close()
	if err := c.agree(r, j, in); err != nil {
		return err
	}
	if err := r.Run(ctx); err != nil {
		return resetFault(err)
	}
	return c.done(r, dir)
}

// dirOf is the folder in which floe dev keeps the job, empty if none does.
func (a *app) dirOf(j *job.Job) (string, error) {
	if a.flags.dataDir != "" {
		return a.flags.dataDir, nil
	}
	dir, err := datadir.Default(j.Name)
	if err != nil {
		return "", nil // no home, no folder
	}
	_, err = datadir.ReadJob(dir)
	if errors.Is(err, os.ErrNotExist) {
		return "", nil
	}
	return dir, err
}

// embedded reports whether the job's log is that of the folder's own broker.
func embedded(dir string, j *job.Job) bool {
	e, err := datadir.ReadEndpoint(dir)
	return err == nil && e.Embedded && slices.Equal(e.Brokers, j.Kafka.Brokers)
}

// agree shows the plan and returns nil if the operator typed the job's name.
func (c *resetting) agree(r *reset.Reset, j *job.Job, in io.Reader) error {
	out := c.app.out
	if c.app.machine() {
		if err := c.app.encode(r.Plan); err != nil {
			return err
		}
		out = c.app.err
	} else {
		c.writePlan(out, &r.Plan, j)
	}
	if err := r.Decided(); err != nil {
		return resetFault(err)
	}
	return typed(out, in, c.yes, j.Name)
}

func (c *resetting) done(r *reset.Reset, dir string) error {
	if dir != "" { // the next start checks again what stands in its way
		kept, err := datadir.ReadJob(dir)
		if err != nil {
			return err
		}
		kept.Started, kept.Reset = false, nil
		if err := datadir.WriteJob(dir, kept); err != nil {
			return err
		}
	}
	if c.app.machine() {
		return nil
	}
	if c.ends {
		_, err := fmt.Fprintf(c.app.out, "job %s is deleted\n", r.Plan.Job)
		return err
	}
	_, err := fmt.Fprintf(c.app.out, "job %s is reset; the next start loads everything again\n", r.Plan.Job)
	return err
}

func resetFault(err error) error {
	var running *reset.RunningError
	var refused *reset.RefusedError
	var unreachable *reset.UnreachableError
	var undecided *reset.UndecidedError
	var doubled *reset.DoubledError
	switch {
	case errors.As(err, &doubled):
		return exit(codeConflict, fmt.Errorf(`nothing was changed: %w
Use --existing empty; or keep rows of your own elsewhere, empty these tables, and put yours back when they are loaded`, err))
	case errors.As(err, &undecided):
		return exit(codeUsage, fmt.Errorf(`nothing was changed: %w
Say what becomes of their rows: --existing empty (TRUNCATE, so that the load makes them equal), or
--existing keep (rows that the source has deleted since then stay, and under on_existing: proceed old values too)`, err))
	case errors.As(err, &running), errors.As(err, &refused):
		return exit(codeConflict, err)
	case errors.As(err, &unreachable):
		return exit(codeUnreachable, err)
	}
	return err
}

// readable leaves out the quotes that a name does not need.
func readable(sql string) string {
	if n, err := ident.Parse(sql); err == nil {
		return n.String()
	}
	return sql
}

func (c *resetting) writePlan(w io.Writer, p *reset.Plan, j *job.Job) {
	fmt.Fprintf(w, "%s %s\n", map[bool]string{true: "DELETE", false: "RESET"}[c.ends], p.Job)
	line := func(place string, names ...string) {
		for _, n := range names {
			fmt.Fprintf(w, " %-12s %s\n", place, n)
		}
	}
	goes(p, line)
	if p.Nothing() {
		line("nothing", "is left of the job")
	}
	for _, t := range p.Existing {
		line("not made", existed(t))
	}
	for _, t := range p.Keyless {
		line("attention", "table "+readable(t)+" has rows and no key: if they were kept the next load would double them")
	}
	for _, t := range p.Replaced {
		line("not made", replaced(t))
	}
	if len(p.Identities) > 0 {
		line("left", "replica identities of the source: "+strings.Join(p.Identities, ", "))
	}
	for _, t := range p.Stay {
		line("stays", readable(t)+" of the target, with its rows")
	}
	if j.Init.SkipData && !c.ends {
		line("attention", "init.data.enabled: false: the next start loads no rows, and changes from now until then are lost")
	}
}

func existed(t string) string {
	return "table " + readable(t) + " of the target was there before the job and stays"
}

func replaced(t string) string {
	return "table " + readable(t) + " of the target is not the one that floe made and stays"
}

// goes says what a plan removes, and where it is.
func goes(p *reset.Plan, line func(place string, names ...string)) {
	for _, s := range p.Slots {
		line("source", "slot "+s)
	}
	if p.Publication != "" {
		line("source", "publication "+p.Publication)
	}
	if p.Recording {
		line("source", "the job's recording of DDL; with the last job also the event triggers floe_* and table floe.ddl")
	}
	if p.Heartbeat != "" {
		line("source", "the job's rows of "+p.Heartbeat+", and with the last row the table")
	}
	for _, b := range p.Returned {
		line("source", b+" comes back")
	}
	for _, t := range p.Topics {
		line("log", "topic "+t)
	}
	if p.BrokerLog != "" {
		line("log", "the embedded broker's, "+p.BrokerLog)
	}
	for _, t := range p.Drop {
		line("target", "table "+readable(t))
	}
	for _, v := range p.Views {
		line("target", strings.ToLower(v.Noun)+" "+readable(v.Name))
	}
	if p.Rows > 0 {
		line("target", status.Count(p.Rows, "row")+" of the job in schema floe")
	}
	if p.Schema {
		line("target", "schema floe, which no other job uses")
	}
}
