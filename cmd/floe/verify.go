package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"floe/pkg/ident"
	"floe/pkg/job"
	"floe/pkg/status"
	"floe/pkg/verify"
)

func (a *app) verifyCommand() *cobra.Command {
	repair := false
	cmd := &cobra.Command{Use: "verify [TABLE...]", Short: "Compare every row and column of both databases, each at one moment (run `floe wait --synced` first)",
		Long: `Compare every row and column of the selected tables of both databases, each read in one snapshot.
Changes that are under way between the two show as differences: stop writing, or wait --synced, before.
With --repair each table that differs is read again, as by floe resync: through the log, while the job runs; rows
that the source does not have go, the target's own under on_existing: proceed, too.
Exit code 6 if something differs.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			j, err := a.resolve(need{source: true, target: true})
			if err != nil {
				return err
			}
			j, selection := a.truth(cmd.Context(), j)
			includes, unmet, err := only(selection, args)
			if err != nil {
				return exit(codeUsage, err)
			}
			differ, err := a.verify(cmd.Context(), j, includes)
			if repair && len(differ) > 0 {
				if err := a.repair(cmd.Context(), differ); err != nil {
					return err
				}
			}
			if err == nil || errors.Is(err, errNoTable) {
				err = cmp.Or(unmet(), err)
			}
			return err
		}}
	cmd.Flags().BoolVar(&repair, "repair", false, "have tables that differ read again (floe resync); still exit code 6")
	return cmd
}

var errNoTable = errors.New("no table is selected")

// repair sends floe resync of the tables.
func (a *app) repair(ctx context.Context, tables []ident.Name) error {
	c, err := a.commander(ctx)
	if err != nil {
		return err
	}
	if c.sent.Next == 0 && !c.known(ctx) {
		return c.unknown()
	}
	names := make([]string, len(tables))
	for i, n := range tables {
		names[i] = n.SQL()
	}
	return c.resync(ctx, names)
}

// only narrows a selection to the named tables. Once it was used, unmet is the error of names that no table had.
func only(selected func(ident.Name) bool, args []string) (includes func(ident.Name) bool, unmet func() error, err error) {
	if len(args) == 0 {
		return selected, func() error { return nil }, nil
	}
	patterns := make([]ident.Pattern, len(args))
	for i, s := range args {
		if patterns[i], err = ident.ParsePattern(s); err != nil {
			return nil, nil, err
		}
	}
	met := make([]bool, len(args))
	includes = func(n ident.Name) bool {
		some := false
		for i, p := range patterns {
			if p.Match(n) && selected(n) {
				met[i], some = true, true
			}
		}
		return some
	}
	return includes, func() error {
		var out []string
		for i, ok := range met {
			if !ok {
				out = append(out, args[i])
			}
		}
		if len(out) == 0 {
			return nil
		}
		return exit(codeConflict, fmt.Errorf("not compared, for no table of the job is called so: %s", strings.Join(out, ", ")))
	}, nil
}

// verify compares and says what it found. It returns the tables whose rows differ.
func (a *app) verify(ctx context.Context, j *job.Job, includes func(ident.Name) bool) (differ []ident.Name, err error) {
	source, err := j.Source.Config()
	if err != nil {
		return nil, exit(codeUsage, err)
	}
	target, err := j.Target.Config()
	if err != nil {
		return nil, exit(codeUsage, err)
	}
	r, err := verify.Run(ctx, verify.Config{Source: source, Target: target, Includes: includes, Filter: j.Filter, Columns: j.Columns, Known: a.defined(ctx, j), Encoding: j.Source.Encoding, Mapping: j.Mapping(), Log: a.log})
	if err != nil {
		return nil, exit(codeUnreachable, err)
	}
	if len(r.Tables) == 0 {
		return nil, exit(codeConflict, errNoTable)
	}
	for i := range r.Tables {
		if t := &r.Tables[i]; !t.Equal() && t.Problem == "" && t.Skipped == "" {
			differ = append(differ, t.Source)
		}
	}
	if a.machine() {
		err = a.encode(r)
	} else {
		err = writeResult(a.out, r)
	}
	if err == nil && !r.Equal() {
		err = exit(codeMismatch, nil)
	}
	return differ, err
}

func writeResult(w io.Writer, r *verify.Result) error {
	differ := 0
	for i := range r.Tables {
		t := &r.Tables[i]
		switch {
		case t.Skipped != "":
			fmt.Fprintf(w, "skipped  %s: %s\n", t.Source, t.Skipped)
			continue
		case t.Equal():
			continue
		}
		differ++
		fmt.Fprintf(w, "DIFFERS  %s", t.Source)
		if t.Target != t.Source {
			fmt.Fprintf(w, " -> %s", t.Target)
		}
		fmt.Fprintf(w, ": %s, on the target %d\n", status.Count(t.SourceRows, "row"), t.TargetRows)
		if t.Problem != "" {
			fmt.Fprintf(w, "         %s\n", t.Problem)
		}
		for _, d := range t.Differences {
			writeDifference(w, d)
		}
		if t.More {
			fmt.Fprintln(w, "         and more")
		}
	}
	word := "equal"
	if differ > 0 {
		word = fmt.Sprintf("%d DIFFER", differ)
	}
	_, err := fmt.Fprintf(w, "%s, %s: %s\n", status.Count(len(r.Tables), "table"), status.Count(r.Rows(), "row"), word)
	return err
}

func writeDifference(w io.Writer, d verify.Difference) {
	switch {
	case d.TargetRows == 0:
		fmt.Fprintf(w, "         key %s: missing on the target\n", d.Key)
	case d.SourceRows == 0:
		fmt.Fprintf(w, "         key %s: on the target only\n", d.Key)
	case d.SourceRows != d.TargetRows:
		fmt.Fprintf(w, "         key %s: %d times, on the target %d\n", d.Key, d.SourceRows, d.TargetRows)
	default:
		var parts []string
		for _, c := range d.Columns {
			parts = append(parts, fmt.Sprintf("%s is %s, on the target %s", ident.Quote(c.Name), c.Source, c.Target))
		}
		fmt.Fprintf(w, "         key %s: %s\n", d.Key, strings.Join(parts, "; "))
	}
}
