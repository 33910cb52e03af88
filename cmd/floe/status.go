package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"floe/pkg/broker"
	"floe/pkg/control"
	"floe/pkg/overview"
	"floe/pkg/status"
)

// answerTime is how long a command that looks once waits for the log.
const answerTime = 10 * time.Second

const watchHelp = "show it again whenever something changes, each second at most: on a terminal in the same place, elsewhere as further lines"

func (a *app) statusCommand() *cobra.Command {
	var watch bool
	cmd := &cobra.Command{Use: "status", Short: "State, latency and services of a job", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.watch(cmd.Context(), watch, func(s overview.Summary) error { return a.printed(s, writeStatus) })
		}}
	cmd.Flags().BoolVarP(&watch, "watch", "w", false, watchHelp)
	return cmd
}

func (a *app) tablesCommand() *cobra.Command {
	return &cobra.Command{Use: "tables", Short: "State and counts of each table", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.watch(cmd.Context(), false, func(s overview.Summary) error { return a.printed(s, writeTables) })
		}}
}

// watch hands on what the log says of the job, once or until ctx ends.
func (a *app) watch(ctx context.Context, again bool, show func(overview.Summary) error) error {
	f, name, err := a.follow()
	if err != nil {
		return err
	}
	defer f.Close()
	first, cancel := context.WithTimeout(ctx, answerTime)
	heard, err := f.Heard(first)
	if err == nil && heard {
		err = f.Refresh(first)
	}
	cancel()
	if err != nil {
		return unreachable(err)
	}
	if !heard {
		if err := a.unheard(name, show); err != nil || !again {
			return err
		}
		if err := f.Refresh(ctx); err != nil {
			return ended(ctx, err)
		}
	}
	for {
		now := time.Now()
		if again && !a.machine() {
			if err := wipe(a.out); err != nil {
				return err
			}
		}
		if err := show(f.Now.Summary(name, now)); err != nil || !again {
			return err
		}
		for time.Since(now) < time.Second {
			if err := f.Refresh(ctx); err != nil {
				return ended(ctx, err)
			}
		}
	}
}

// wipe has a terminal show what comes in the place of what it shows; elsewhere all stays, line by line.
func wipe(w io.Writer) error {
	if !terminal(w) {
		return nil
	}
	_, err := io.WriteString(w, "\x1b[H\x1b[2J")
	return err
}

// terminal reports whether a person sees what is written, on something that can be drawn upon.
func terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok || os.Getenv("TERM") == "dumb" {
		return false
	}
	at, err := f.Stat()
	return err == nil && at.Mode()&os.ModeCharDevice != 0
}

// unheard shows a job of which the log knows nothing: it never ran. Of a name alone that is a mistake sooner.
func (a *app) unheard(name string, show func(overview.Summary) error) error {
	if a.flags.file == "" && a.flags.dataDir == "" {
		return unknown(name)
	}
	s := overview.New().Summary(name, time.Now())
	s.Detail, s.Fix = "nothing was ever heard of it: it has not run on this log", "floe dev; or floe capture and floe applier, each where its database is"
	return show(s)
}

// follow opens the job's status.
func (a *app) follow() (*overview.Follower, string, error) {
	j, opts, err := a.logOf()
	if err != nil {
		return nil, "", err
	}
	f, err := overview.Follow(opts, j.Prefix())
	return f, j.Name, err
}

// unreachable is the error of a log that does not answer.
func unreachable(err error) error {
	if errors.Is(err, context.Canceled) {
		return err
	}
	if broker.Refused(err) {
		return exit(codeUnreachable, fmt.Errorf("the broker refuses the user or the password: %w; correct kafka.sasl where its references point (floe errors explain auth-failed)", err))
	}
	return exit(codeUnreachable, fmt.Errorf("%w; is floe running, and its broker where the job says?", err))
}

// ended is nil if the user ended the command.
func ended(ctx context.Context, err error) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return nil
	}
	return err
}

func (a *app) printed(s overview.Summary, write func(io.Writer, overview.Summary) error) error {
	if a.machine() {
		return a.encode(s)
	}
	return write(a.out, s)
}

func writeStatus(w io.Writer, s overview.Summary) error {
	p := progressOf(s)
	fmt.Fprintf(w, "%s  %s %s\n", s.Job, s.State, p.bar())
	writeFlow(w, s)
	switch {
	case s.Reason != "":
		fmt.Fprintf(w, "%s: %s\n", s.Reason, s.Detail)
	case s.Detail != "":
		fmt.Fprintln(w, s.Detail)
	}
	switch rests := s.State == string(control.Paused) || s.State == string(control.Stopped) || s.State == string(control.Finished); {
	case s.State == string(control.Ready):
		fmt.Fprintf(w, "to begin: %s\n", s.Fix)
	case rests:
		fmt.Fprintf(w, "to go on: %s\n", s.Fix)
	case s.State == "CREATED" && s.Fix != "":
		fmt.Fprintf(w, "to run it: %s\n", s.Fix)
	case s.Fix != "":
		fmt.Fprintf(w, "to mend it: %s\n", s.Fix)
	}
	writeAbout(w, "", s.Reason)
	inSync := 0
	for _, t := range s.Tables {
		if t.State == "in sync" {
			inSync++
		}
	}
	fmt.Fprintf(w, "tables %d: %d in sync%s\n", len(s.Tables), inSync, loading(s.Tables))
	if s.Differing > 0 {
		fmt.Fprintf(w, "structure: %s not as on the source (floe status -o json says which and why)\n", status.Count(s.Differing, "object"))
	}
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	fmt.Fprintln(t, "SERVICE\tINSTANCE\tSTATE\tPOSITION\tTRANSACTIONS\tCHANGES\tHEARD")
	for _, x := range s.Services {
		at := x.AppliedLSN
		if x.Role == "capture" {
			at = x.PlacedLSN
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%d\t%d\t%.1f s ago\n", x.Role, x.Instance, x.State, at, x.Transactions, x.Rows, x.AgeSeconds)
	}
	return t.Flush()
}

// writeFlow is one line of what goes through a job that has begun.
func writeFlow(w io.Writer, s overview.Summary) {
	switch s.State {
	case "CREATED", "PRECHECKING", "PRECHECK_FAILED", string(control.Ready):
		return
	}
	parts := []string{}
	if s.LatencySeconds != nil {
		text := fmt.Sprintf("latency %.3f s", *s.LatencySeconds)
		if h := s.Hops; h != nil && *h != (overview.Hops{}) {
			text += fmt.Sprintf(" (source %.3f · kafka %.3f · target %.3f)", h.Source, h.Kafka, h.Target)
		}
		parts = append(parts, text)
	}
	for _, x := range []struct {
		what string
		rate *float64
	}{{"captured", s.Flow.Captured}, {"applied", s.Flow.Applied}} {
		if x.rate != nil {
			parts = append(parts, fmt.Sprintf("%s %.0f rows/s", x.what, *x.rate))
		}
	}
	if s.Flow.Kept != nil {
		parts = append(parts, "WAL kept "+bytesText(int64(*s.Flow.Kept)))
	}
	fmt.Fprintln(w, strings.Join(append(parts, fmt.Sprintf("blocked %d", s.Flow.Blocked)), "   "))
}

// loading says how far the load is, by the source's statistics.
func loading(tables []overview.Table) string {
	n, rows, of := 0, uint64(0), uint64(0)
	for _, t := range tables {
		if t.State == "in sync" {
			continue
		}
		n++
		rows, of = rows+t.Loaded, of+t.Estimate
	}
	switch {
	case n == 0:
		return ""
	case of == 0:
		return fmt.Sprintf(", %d loading", n)
	}
	return fmt.Sprintf(", %d loading (%s, %d of about %s)", n, percent(rows, of), rows, status.Count(of, "row"))
}

// percent is never 100 while something is left to do.
func percent(n, of uint64) string { return fmt.Sprintf("%d %%", min(99, 100*n/max(of, 1))) }

// loaded are a table's rows with the part that they are of the table, as long as that says something.
func loaded(t overview.Table) string {
	if t.State == "in sync" || t.Estimate == 0 {
		return fmt.Sprint(t.Loaded)
	}
	return fmt.Sprintf("%d (%s of about %d)", t.Loaded, percent(t.Loaded, t.Estimate), t.Estimate)
}

func writeTables(w io.Writer, s overview.Summary) error {
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	fmt.Fprintln(t, "TABLE\tSTATE\tROWS LOADED\tCAPTURED I/U/D/T\tAPPLIED I/U/D/T\tERROR")
	for _, x := range s.Tables {
		c, p := x.Captured, x.Applied
		fmt.Fprintf(t, "%s.%s\t%s\t%s\t%d/%d/%d/%d\t%d/%d/%d/%d\t%s\n", x.Schema, x.Name, x.State, loaded(x),
			c.Inserts, c.Updates, c.Deletes, c.Truncates, p.Inserts, p.Updates, p.Deletes, p.Truncates, x.Error)
	}
	return t.Flush()
}
