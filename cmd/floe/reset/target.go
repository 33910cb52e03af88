package reset

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"floe/applier/target"
	"floe/pkg/pg"
)

// lookAtTarget takes the appliers' locks, so that none works until the end, and finds what they left.
func (r *Reset) lookAtTarget(ctx context.Context) error {
	appliers := map[string]bool{"main": true}
	for _, table := range target.Tables {
		names, err := r.appliers(ctx, table)
		if err != nil {
			return err
		}
		for _, n := range names {
			appliers[n] = true
		}
	}
	for name := range appliers {
		var free bool
		err := r.target.QueryRow(ctx, "SELECT pg_try_advisory_lock(hashtext('floe applier'), hashtext($1))", r.Plan.Job+"/"+name).Scan(&free)
		if err != nil {
			return fmt.Errorf("take the lock of applier %s: %w", name, err)
		}
		if !free {
			return &RunningError{fmt.Sprintf("applier %s is at work on the target", name)}
		}
	}
	return r.lookAtTables(ctx)
}

// appliers counts the job's rows in one of floe's tables and returns whose they are.
func (r *Reset) appliers(ctx context.Context, table string) ([]string, error) {
	if there, err := r.has(ctx, table); err != nil || !there {
		return nil, err
	}
	rows, err := r.target.Query(ctx, "SELECT applier, count(*)::int FROM "+table+" WHERE job = $1 GROUP BY 1", r.Plan.Job)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", table, err)
	}
	var names []string
	var name string
	var n int
	_, err = pgx.ForEachRow(rows, []any{&name, &n}, func() error {
		names, r.Plan.Rows = append(names, name), r.Plan.Rows+n
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", table, err)
	}
	return names, nil
}

func (r *Reset) has(ctx context.Context, table string) (there bool, err error) {
	if err = r.target.QueryRow(ctx, "SELECT to_regclass($1) IS NOT NULL", table).Scan(&there); err != nil {
		err = fmt.Errorf("look for %s: %w", table, err)
	}
	return there, err
}

// lookAtTables finds the tables that the job made: those of the recorded name and the recorded oid. One
// that another job uses too is nobody's to drop.
func (r *Reset) lookAtTables(ctx context.Context) error {
	if r.config.Job.Init.SkipStructure {
		names, _, err := r.selected(ctx)
		if err != nil {
			return err
		}
		for _, n := range names {
			if there, err := r.has(ctx, n); err != nil {
				return err
			} else if there {
				r.Plan.Existing = append(r.Plan.Existing, n)
			}
		}
	}
	if there, err := r.has(ctx, "floe.object"); err != nil || !there {
		return err
	}
	rows, err := r.target.Query(ctx, `SELECT target, max(state), to_regclass(target)::oid = max(relation),
		EXISTS (SELECT FROM floe.object x WHERE x.job <> $1 AND x.relation = max(o.relation))
		FROM floe.object o WHERE job = $1 AND target <> '' AND id LIKE 'table/%' AND state IN ('created', 'existing') AND to_regclass(target) IS NOT NULL
		GROUP BY target ORDER BY target`, r.Plan.Job)
	if err != nil {
		return fmt.Errorf("read floe.object: %w", err)
	}
	var name, state string
	var same, shared bool
	_, err = pgx.ForEachRow(rows, []any{&name, &state, &same, &shared}, func() error {
		switch {
		case state == "created" && same && !shared:
			r.Plan.Drop = append(r.Plan.Drop, name)
		case state == "created" && !same:
			r.Plan.Replaced = append(r.Plan.Replaced, name)
		default:
			r.Plan.Existing = append(r.Plan.Existing, name)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("read floe.object: %w", err)
	}
	return r.lookAtViews(ctx)
}

// lookAtKeyless finds the rows that a load would not tell from the source's.
func (r *Reset) lookAtKeyless(ctx context.Context) error {
	_, keyless, err := r.selected(ctx)
	if err != nil {
		return err
	}
	for _, name := range keyless {
		if !slices.Contains(r.Plan.Existing, name) {
			continue
		}
		var any bool
		if err := r.target.QueryRow(ctx, "SELECT EXISTS (SELECT FROM "+name+")").Scan(&any); err != nil {
			return fmt.Errorf("look for rows of %s: %w", name, err)
		}
		if any {
			r.Plan.Keyless = append(r.Plan.Keyless, name)
		}
	}
	return nil
}

// lookAtViews finds the views that the job made and that are still those: they stand upon its tables.
func (r *Reset) lookAtViews(ctx context.Context) error {
	rows, err := r.target.Query(ctx, `SELECT DISTINCT CASE split_part(id, '/', 1) WHEN 'synonym' THEN 'VIEW' ELSE upper(replace(split_part(id, '/', 1), '-', ' ')) END, target FROM floe.object o
		WHERE job = $1 AND state = 'created' AND target <> '' AND id ~ '^(view|materialized-view|foreign-table|synonym)/' AND to_regclass(target)::oid = relation
		AND NOT EXISTS (SELECT FROM floe.object x WHERE x.job <> $1 AND x.relation = o.relation) ORDER BY 2`, r.Plan.Job)
	if err != nil {
		return fmt.Errorf("read floe.object: %w", err)
	}
	if r.Plan.Views, err = pgx.CollectRows(rows, pgx.RowToStructByPos[View]); err != nil {
		return fmt.Errorf("read floe.object: %w", err)
	}
	return nil
}

// dropViews drops views in whatever order they stand upon each other.
func (r *Reset) dropViews(ctx context.Context, tx pgx.Tx) error {
	for left := r.Plan.Views; len(left) > 0; {
		var stay []View
		var why error
		for _, v := range left {
			if err := pgx.BeginFunc(ctx, tx, func(tx pgx.Tx) error {
				_, err := tx.Exec(ctx, "DROP "+v.Noun+" IF EXISTS "+v.Name)
				return err
			}); err != nil {
				stay, why = append(stay, v), refused("drop the views that the job made", err)
			}
		}
		if len(stay) == len(left) {
			return why
		}
		left = stay
	}
	return nil
}

// dropFromTarget removes tables and position in one transaction.
func (r *Reset) dropFromTarget(ctx context.Context) error {
	return pgx.BeginFunc(ctx, r.target, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "SET LOCAL lock_timeout = '10s'"); err != nil {
			return err
		}
		if err := r.dropViews(ctx, tx); err != nil {
			return err
		}
		if len(r.Plan.Drop) > 0 {
			if err := foreignPartitions(ctx, tx, r.Plan.Drop); err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, "DROP TABLE IF EXISTS "+strings.Join(r.Plan.Drop, ", ")); err != nil {
				return refused("drop the tables that the job made", err)
			}
		}
		if r.config.Existing == Empty && len(r.Plan.Existing) > 0 {
			if _, err := tx.Exec(ctx, "TRUNCATE "+strings.Join(r.Plan.Existing, ", ")); err != nil {
				return refused("empty the tables that were there before", err)
			}
		}
		if _, err := target.Forget(ctx, tx, r.Plan.Job); err != nil {
			return err
		}
		if r.Plan.Schema {
			if _, err := tx.Exec(ctx, "DROP SCHEMA IF EXISTS floe CASCADE"); err != nil {
				return refused("drop schema floe of the target", err)
			}
		}
		return nil
	})
}

// foreignPartitions refuses to drop a table together with partitions that the job did not make: they
// would go without a word.
func foreignPartitions(ctx context.Context, tx pgx.Tx, drop []string) error {
	rows, err := tx.Query(ctx, `WITH mine AS (SELECT to_regclass(t)::oid AS oid FROM unnest($1::text[]) t)
		SELECT c.oid::regclass::text FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
		WHERE c.relispartition AND i.inhparent IN (SELECT oid FROM mine) AND c.oid NOT IN (SELECT oid FROM mine WHERE oid IS NOT NULL)`, drop)
	if err != nil {
		return fmt.Errorf("look at partitions: %w", err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return fmt.Errorf("look at partitions: %w", err)
	}
	if len(names) > 0 {
		return &RefusedError{"drop the tables that the job made", fmt.Errorf("partitions that it did not make would go with them: %s", list(names))}
	}
	return nil
}

// RefusedError is a target that will not let a table go. The rest was removed; a further run ends it.
type RefusedError struct {
	What string
	Err  error
}

func (e *RefusedError) Error() string {
	s := e.What + ": " + e.Err.Error()
	var pg *pgconn.PgError
	if errors.As(e.Err, &pg) && pg.Detail != "" {
		s += " (" + pg.Detail + ")"
	}
	return s + "; remove what stands in the way and run it again, nothing of the target was changed yet"
}
func (e *RefusedError) Unwrap() error { return e.Err }

func refused(what string, err error) error {
	switch pg.Code(err) {
	case "2BP01", "0A000", "55P03", "42501": // what depends on it, a foreign key, a lock, whose it is
		return &RefusedError{what, err}
	}
	return fmt.Errorf("%s: %w", what, err)
}

// list names some of many.
func list(names []string) string {
	const most = 8
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}
