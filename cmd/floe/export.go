package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"floe/pkg/control"
	"floe/pkg/ident"
	"floe/pkg/job"
)

func (a *app) exportCommand() *cobra.Command {
	return &cobra.Command{Use: "export", Short: "Print the job file that is true now: what the log says that the job is, with what commands changed since", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			j, opts, err := a.logOf()
			if err != nil {
				return err
			}
			ctx, cancel := context.WithTimeout(cmd.Context(), answerTime)
			defer cancel()
			sent, err := control.Read(ctx, opts, j.Prefix())
			if err != nil {
				return unreachable(err)
			}
			now, unsaid := truly(j, &sent.Wanted)
			for _, n := range unsaid {
				if _, err := fmt.Fprintf(a.out, "# %s was added by a command, but a pattern of exclude covers it: no file can say so\n", comment(n.String())); err != nil {
					return err
				}
			}
			_, err = a.out.Write(now.Text())
			return err
		}}
}

// follow makes a job's selection and bounds what commands made of them, and returns the tables of which a file cannot
// say that they are selected.
func follow(j *job.Job, w *control.Wanted) []ident.Name {
	adopt(j, w.Set)
	is := w.Selection(j.Includes)
	var unsaid []ident.Name
	for _, n := range w.Named() {
		exact := func(p ident.Pattern) bool { e, ok := p.Exact(); return ok && e == n }
		p, err := ident.ParsePattern(n.String())
		if err != nil {
			unsaid = append(unsaid, n)
			continue
		}
		o := &j.Objects
		switch {
		case j.Includes(n) == is(n):
		case !is(n):
			o.Exclude = append(o.Exclude, p)
		default:
			o.Exclude = slices.DeleteFunc(slices.Clone(o.Exclude), exact)
			if !o.Database && !slices.ContainsFunc(o.Include, func(p ident.Pattern) bool { return p.Match(n) }) {
				o.Include = append(o.Include, p)
			}
			if !j.Includes(n) {
				unsaid = append(unsaid, n)
			}
		}
	}
	return unsaid
}
