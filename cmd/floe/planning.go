package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/spf13/cobra"

	"floe/cmd/floe/plan"
	"floe/pkg/job"
	"floe/pkg/pg"
)

func (a *app) planCommand() *cobra.Command {
	return &cobra.Command{Use: "plan", Short: "What the job would make, load and leave out, and the rights that suffice; changes nothing", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			j, err := a.resolve(need{source: true})
			if err != nil {
				return err
			}
			return a.plan(cmd.Context(), j)
		}}
}

// plan asks the source, and the target if the job names one.
func (a *app) plan(ctx context.Context, j *job.Job) error {
	src, err := ask(ctx, "source", j.Source)
	if err != nil {
		return err
	}
	defer src.Close(context.WithoutCancel(ctx)) //nolint:errcheck
	var dst *pgx.Conn
	if j.Target.IsZero() {
		a.log.Warn("the job names no target: what it has already is not known")
	} else {
		if dst, err = ask(ctx, "target", j.Target); err != nil {
			return err
		}
		defer dst.Close(context.WithoutCancel(ctx)) //nolint:errcheck
	}
	begun, err := plan.Begun(ctx, j, dst)
	if err != nil {
		return exit(codeUnreachable, err)
	}
	includes := j.Includes
	if begun { // commands may have changed it
		j, includes = a.truth(ctx, j)
	}
	p, err := plan.Make(ctx, j, includes, src, dst)
	if err != nil {
		return exit(codeUnreachable, err)
	}
	if a.machine() {
		err = a.encode(p)
	} else {
		err = p.Write(a.out)
	}
	if err == nil && len(p.Tables) == 0 {
		return exit(codeConflict, errors.New("no table is selected: look at objects.include and exclude"))
	}
	return err
}

// ask opens a session that only reads.
func ask(ctx context.Context, side string, e job.Endpoint) (*pgx.Conn, error) {
	c, err := e.Config()
	if err != nil {
		return nil, exit(codeUsage, err)
	}
	conn, err := pg.Connect(ctx, c, pg.Admin)
	if err != nil {
		return nil, exit(codeUnreachable, fmt.Errorf("look at the %s %s: %w", side, job.Place(c), err))
	}
	return conn, nil
}
