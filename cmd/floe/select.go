package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"floe/pkg/control"
	"floe/pkg/ident"
	"floe/pkg/job"
	"floe/pkg/ledger"
	"floe/pkg/pg"
)

func (a *app) addCommand() *cobra.Command {
	return &cobra.Command{Use: "add TABLE...", Short: "Take more tables into a running job; they are loaded, the others go on", Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.selects(cmd.Context(), ledger.VerbAdd, args, "%s: capture takes it up at once and loads it; `floe tables` shows how far\n")
		}}
}

func (a *app) removeCommand() *cobra.Command {
	return &cobra.Command{Use: "remove TABLE...", Short: "Take tables out of a running job; the target's copies stay as they are", Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.selects(cmd.Context(), ledger.VerbRemove, args, "%s: its changes are no longer replicated; the target's copy stays as it is\n")
		}}
}

// selects sends a command about tables. Where the source is known, a table that it does not have is
// refused: nothing would ever say that its name was mistyped.
func (a *app) selects(ctx context.Context, verb string, tables []string, said string) error {
	names := make([]ident.Name, len(tables))
	for i, t := range tables {
		n, err := ident.Parse(t)
		if err != nil {
			return exit(codeUsage, err)
		}
		names[i], tables[i] = n, n.SQL()
	}
	j, opts, err := a.logOf()
	if err != nil {
		return err
	}
	if verb == ledger.VerbAdd && !j.Source.IsZero() {
		if err := present(ctx, j, names); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	if _, err := control.Send(ctx, opts, j.Prefix(), verb, tables...); err != nil {
		return unreachable(err)
	}
	for _, n := range names {
		if _, err := fmt.Fprintf(a.out, said, n); err != nil {
			return err
		}
	}
	return nil
}

// present refuses tables that the source does not have.
func present(ctx context.Context, j *job.Job, names []ident.Name) error {
	c, err := j.Source.Config()
	if err != nil {
		return exit(codeUsage, err)
	}
	conn, err := pg.Connect(ctx, c, pg.Read)
	if err != nil {
		return exit(codeUnreachable, fmt.Errorf("look the tables up on the source: %w", err))
	}
	defer conn.Close(context.WithoutCancel(ctx)) //nolint:errcheck
	var missing []string
	for _, n := range names {
		var there bool
		err := conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind IN ('r', 'p'))",
			n.Schema, n.Name).Scan(&there)
		if err != nil {
			return exit(codeUnreachable, fmt.Errorf("look up %s on the source: %w", n, err))
		}
		if !there {
			missing = append(missing, n.String())
		}
	}
	if len(missing) > 0 {
		return exit(codeConflict, fmt.Errorf("the source has no table %s; nothing was added (names are written as in SQL, quoted where SQL would quote)", strings.Join(missing, ", ")))
	}
	return nil
}

// truth is the job as it runs, and what it replicates now. Where the log does not answer, the file alone says it.
func (a *app) truth(ctx context.Context, j *job.Job) (*job.Job, func(ident.Name) bool) {
	if j.Kafka == nil {
		a.findRunning(j)
	}
	if j.Kafka == nil {
		return j, j.Includes
	}
	opts, err := options(j)
	if err == nil {
		var sent *control.Sent
		ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
		defer cancel()
		if sent, err = control.Read(ctx, opts, j.Prefix()); err == nil {
			now, _ := truly(j, &sent.Wanted)
			return now, sent.Selection(now.Includes)
		}
	}
	a.log.Warn("the log does not answer: what commands changed is not known", "err", err)
	return j, j.Includes
}
