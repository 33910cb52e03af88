package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kgo"

	"floe/pkg/catalog"
	"floe/pkg/console"
	"floe/pkg/control"
	"floe/pkg/ident"
	"floe/pkg/job"
	"floe/pkg/ledger"
	"floe/pkg/overview"
	"floe/pkg/pg"
)

func (a *app) applyCommand() *cobra.Command {
	var c applying
	cmd := &cobra.Command{Use: "apply", Short: "Make a changed job file true of the running job, as far as it can change", Args: cobra.NoArgs,
		Long: `Compare a job file with the job as it runs, show what differs, and make it true: bounds are set, tables join and
leave, through the log. What a service takes up when it next starts is named, and waits in the log; so is what cannot
change, and then nothing is sent (exit 9). Addresses, passwords and the log are each service's own and are not compared.`,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.run(cmd.Context(), a) }}
	cmd.Flags().BoolVar(&c.dry, "dry-run", false, "show what differs, and send nothing")
	cmd.Flags().DurationVar(&c.timeout, "timeout", time.Minute, "how long to wait until the services have taken it up (exit 8), 0 to not wait")
	return cmd
}

// applying is one run of `floe job apply`.
type applying struct {
	*commander
	dry     bool
	timeout time.Duration
}

// The kinds of differences.
const (
	diffSet     = "set"     // a bound, at once
	diffAdd     = "add"     // a table joins
	diffRemove  = "remove"  // a table leaves
	diffLater   = "later"   // a service takes it up when it starts
	diffRefused = "refused" // a running job cannot
)

// Difference is what a job file says otherwise than the job runs.
type Difference = console.Difference

func (c *applying) run(ctx context.Context, a *app) (err error) {
	if c.commander, err = a.commander(ctx); err != nil {
		return err
	}
	if c.sent.Next == 0 && !c.known(ctx) {
		return c.unknown()
	}
	now, err := running(&c.sent.Wanted)
	if err != nil {
		return exit(codeConflict, err)
	}
	tables, err := c.tables(ctx, now)
	if err != nil {
		return err
	}
	found := compare(now, c.job, &c.sent.Wanted, tables)
	if err := c.show(found); err != nil {
		return err
	}
	if slices.ContainsFunc(found, func(d Difference) bool { return d.Kind == diffRefused }) {
		return exit(codeConflict, errors.New("nothing was changed: a running job cannot become what the file says"))
	}
	if c.dry {
		return nil
	}
	return c.send(ctx, found)
}

// applies is what a console can do that knows the job's log. Of a file that comes from elsewhere the addresses, the
// passwords and the log are not looked at: whoever sends one must not have this process read files and reach hosts.
func (a *app) applies(own *job.Job, kafka []kgo.Opt) func(ctx context.Context, file []byte, dry bool, by string) (console.Applied, error) {
	return func(ctx context.Context, file []byte, dry bool, by string) (console.Applied, error) {
		done := console.Applied{Differences: []Difference{}}
		j, err := job.Parse("job file", file)
		if err != nil {
			return done, err
		}
		if j.Name != "" && j.Name != own.Name {
			return done, &control.ConflictError{Detail: "the file is of job " + j.Name + ", this one is " + own.Name, Fix: "send the file of this one"}
		}
		addressed(j, own)
		sent, err := control.Read(ctx, kafka, own.Prefix())
		if err != nil {
			return done, err
		}
		c := &applying{commander: &commander{app: a, job: j, kafka: kafka, sent: sent, by: by}}
		now, err := running(&sent.Wanted)
		if err != nil {
			return done, &control.ConflictError{Detail: err.Error(), Fix: "start its services"}
		}
		tables, err := c.tables(ctx, now)
		if err != nil {
			return done, err
		}
		done.Differences = append(done.Differences, compare(now, j, &sent.Wanted, tables)...)
		if i := slices.IndexFunc(done.Differences, func(d Difference) bool { return d.Kind == diffRefused }); i >= 0 && !dry {
			return done, &control.ConflictError{Detail: "nothing was changed: a running job cannot become what the file says: " + done.Differences[i].Field + ": " + done.Differences[i].Text, Fix: "dry_run names all that differs"}
		}
		if dry || len(done.Differences) == 0 {
			return done, nil
		}
		done.Sent = true
		return done, c.send(ctx, done.Differences)
	}
}

// tables are those that may join or leave: the source's, where it answers; else those that the job reports,
// and what the file names without wildcards.
func (c *applying) tables(ctx context.Context, now *job.Job) ([]ident.Name, error) {
	why := errors.New("its address or its password is not known here")
	if known(c.job.Source) {
		names, err := sources(ctx, c.job.Source)
		if err == nil {
			return names, nil
		}
		why = err
	}
	if c.job.Objects.Database || slices.ContainsFunc(c.job.Objects.Include, func(p ident.Pattern) bool { _, exact := p.Exact(); return !exact }) {
		c.app.log.Warn("the source is not asked: tables that the file newly selects without their names are not found; floe add takes them in", "why", why)
	}
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	var names []ident.Name
	err := c.watch(ctx, "report", func(o *overview.Overview) (bool, error) {
		for _, t := range o.Tables() {
			names = append(names, ident.Name{Schema: t.Schema, Name: t.Name})
		}
		return true, nil
	})
	for _, p := range c.job.Objects.Include {
		if n, ok := p.Exact(); ok && !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	return names, err
}

// sources are the tables that a source has, partitions by their root.
func sources(ctx context.Context, e job.Endpoint) (names []ident.Name, err error) {
	config, err := e.Config()
	if err != nil {
		return nil, err
	}
	conn, err := pg.Connect(ctx, config, pg.Read)
	if err != nil {
		return nil, err
	}
	defer conn.Close(context.WithoutCancel(ctx)) //nolint:errcheck
	all := func(ident.Name) bool { return true }
	db, err := catalog.ReadSelection(ctx, conn, catalog.Selection{Tables: all})
	if err != nil {
		return nil, err
	}
	for _, t := range db.Tables() {
		if t.PartitionOf == nil {
			names = append(names, t.Name)
		}
	}
	return names, nil
}

// compare says what a file says otherwise than the job runs.
func compare(now, file *job.Job, w *control.Wanted, tables []ident.Name) (found []Difference) {
	for _, f := range fixed {
		if f.of(now) != f.of(file) {
			found = append(found, Difference{Kind: diffRefused, Field: f.name, Text: f.text})
		}
	}
	was, is := bounds(now), bounds(file)
	before, after := was.Values(), is.Values()
	for _, key := range slices.Sorted(maps.Keys(after)) {
		if before[key] != after[key] {
			found = append(found, Difference{Kind: diffSet, Field: key, Was: before[key], Now: after[key]})
		}
	}
	selects := w.Selection(now.Includes)
	for _, n := range slices.SortedFunc(slices.Values(tables), func(a, b ident.Name) int { return strings.Compare(a.SQL(), b.SQL()) }) {
		switch {
		case file.Includes(n) && !selects(n):
			found = append(found, Difference{Kind: diffAdd, Field: n.SQL(), Text: "it is loaded; the others go on"})
		case !file.Includes(n) && selects(n):
			found = append(found, Difference{Kind: diffRemove, Field: n.SQL(), Text: "its changes are no longer replicated; the target's copy stays"})
		}
	}
	for _, f := range atStart {
		if a, b := f.of(now), f.of(file); a != b {
			found = append(found, Difference{Kind: diffLater, Field: f.name, Text: strings.Join(changedLines(a, b), "; ") + "; " + f.text + " takes it up when it next starts"})
		}
	}
	return found
}

// aspect is a part of a job file, as it is written; text is why it cannot change, or who takes it up.
type aspect struct {
	name string
	of   func(*job.Job) string
	text string
}

const beginAnew = "; floe job reset begins the job anew with the file"

// fixed cannot change while a job runs.
var fixed = []aspect{
	{"objects.database", func(j *job.Job) string { return fmt.Sprint(j.Objects.Database) }, "whether objects beside tables are carried over is settled at the first start" + beginAnew},
	{"objects.mapping", written(func(to, j *job.Job) { to.Objects.Rules = j.Objects.Rules }), "the target's tables bear the names that they were made with" + beginAnew},
	{"objects.filters", written(func(to, j *job.Job) {
		to.Objects = j.Objects
		to.Objects.Database, to.Objects.Include, to.Objects.Exclude, to.Objects.Rules, to.Objects.KeepIdentity = false, nil, nil, nil, false
	}), "the target's rows are those of the filters that they were loaded with" + beginAnew},
	{"source.encoding", func(j *job.Job) string { return j.Source.Encoding }, "the texts of the log were read by it" + beginAnew},
	{"on_existing", func(j *job.Job) string { return fmt.Sprint(j.Proceed) }, "the target's rows were loaded by it" + beginAnew},
	{"init.structure.enabled", func(j *job.Job) string { return fmt.Sprint(j.Init.SkipStructure) }, "the target's tables were made by it, or were there" + beginAnew},
	{"init.data.enabled", func(j *job.Job) string { return fmt.Sprint(j.Init.SkipData) }, "the target's rows were loaded by it, or were there" + beginAnew},
}

// atStart is taken up by a service that starts with the file.
var atStart = []aspect{
	{"objects.include, exclude", written(func(to, j *job.Job) { to.Objects.Include, to.Objects.Exclude = j.Objects.Include, j.Objects.Exclude }), "capture"},
	{"objects.identity", written(func(to, j *job.Job) { to.Objects.KeepIdentity = j.Objects.KeepIdentity }), "capture"},
	{"init.data", written(func(to, j *job.Job) { to.Init.Readers, to.Init.ChunkHold = j.Init.Readers, j.Init.ChunkHold }), "capture"},
	{"init.structure.unsupported", func(j *job.Job) string { return j.Init.Unsupported }, "the applier"},
	{"ddl", written(func(to, j *job.Job) { to.DDLOff = j.DDLOff }), "capture"},
	{"heartbeat", written(func(to, j *job.Job) { to.Heartbeat = j.Heartbeat }), "capture"},
}

// written is the text of a part of a file.
func written(pick func(to, from *job.Job)) func(*job.Job) string {
	return func(j *job.Job) string {
		to := job.Default()
		pick(&to, j)
		return string(to.Text())
	}
}

func (c *applying) show(found []Difference) error {
	if c.app.machine() {
		return c.app.encode(found)
	}
	return writeDifferences(c.app.out, c.job.Name, found)
}

func writeDifferences(w io.Writer, name string, found []Difference) error {
	if len(found) == 0 {
		_, err := fmt.Fprintf(w, "job %s runs as the file says\n", name)
		return err
	}
	fmt.Fprintf(w, "APPLY %s\n", name)
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	for _, d := range found {
		field, text := d.Field, d.Text
		if d.Kind == diffAdd || d.Kind == diffRemove {
			field = readable(field)
		}
		if d.Kind == diffSet {
			text = d.Was + " -> " + d.Now
		}
		fmt.Fprintf(t, " %s\t%s\t%s\n", d.Kind, field, text)
	}
	return t.Flush()
}

// describe puts the file where services read, when they start, what the job is. Of appliers beside the main one
// it changes what is of all.
func (c *applying) describe(ctx context.Context) (next int64, err error) {
	for _, key := range slices.Sorted(maps.Keys(c.sent.Files)) {
		text := described(c.job)
		if key != "capture" && key != "applier/main" {
			j, err := job.Parse(key, []byte(c.sent.Files[key]))
			if err != nil {
				return 0, exit(codeConflict, fmt.Errorf("the file of %s in the log: %w", key, err))
			}
			j.Init.Unsupported = c.job.Init.Unsupported
			text = described(j)
		}
		if next, err = c.commander.send(ctx, ledger.VerbDescribe, key, text); err != nil {
			return 0, err
		}
	}
	return next, nil
}

// send makes true what can change at once: bounds before tables, so that a load begins within them.
func (c *applying) send(ctx context.Context, found []Difference) error {
	var args [3][]string
	verbs := [3]string{ledger.VerbSet, ledger.VerbRemove, ledger.VerbAdd}
	for _, d := range found {
		switch d.Kind {
		case diffSet:
			args[0] = append(args[0], d.Field+"="+d.Now)
		case diffRemove:
			args[1] = append(args[1], d.Field)
		case diffAdd:
			args[2] = append(args[2], d.Field)
		}
	}
	said, next := time.Now(), int64(0)
	for i, verb := range verbs {
		if len(args[i]) == 0 {
			continue
		}
		var err error
		if next, err = c.commander.send(ctx, verb, args[i]...); err != nil {
			return err
		}
	}
	if slices.ContainsFunc(found, func(d Difference) bool { return d.Kind == diffLater }) {
		var err error
		if next, err = c.describe(ctx); err != nil {
			return err
		}
	}
	if next == 0 || c.timeout == 0 {
		return nil
	}
	if err := c.obeyed(ctx, &waits{timeout: c.timeout}, next, said); err != nil {
		return err
	}
	return c.say("job %s: the services have taken it up\n", c.job.Name)
}
