package target

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"floe/pkg/failpoint"
	"floe/pkg/status"
)

// Tables are floe's own on a target, each with the job in a column of that name.
var Tables = []string{"floe.checkpoint", "floe.load", "floe.asked", "floe.aside", "floe.skipped", "floe.replayed", "floe.object", "floe.definition"}

// Alone reports whether schema floe of a target is there, and for no other job, nor for a source in the same
// database.
func Alone(ctx context.Context, tx pgx.Tx, job string) (bool, error) {
	var there bool
	if err := tx.QueryRow(ctx, "SELECT to_regnamespace('floe') IS NOT NULL AND to_regclass('floe.ddl') IS NULL AND to_regclass('floe.given') IS NULL").Scan(&there); err != nil || !there {
		return false, err
	}
	for _, table := range Tables {
		is, err := has(ctx, tx, table)
		if err != nil || !is {
			if err != nil {
				return false, err
			}
			continue
		}
		var others bool
		if err := tx.QueryRow(ctx, "SELECT EXISTS (SELECT FROM "+table+" WHERE job <> $1)", job).Scan(&others); err != nil || others {
			return false, err
		}
	}
	return true, nil
}

func has(ctx context.Context, tx pgx.Tx, table string) (there bool, err error) {
	if err = tx.QueryRow(ctx, "SELECT to_regclass($1) IS NOT NULL", table).Scan(&there); err != nil {
		err = fmt.Errorf("look for %s: %w", table, err)
	}
	return there, err
}

// Forget deletes a job's rows of floe's own tables.
func Forget(ctx context.Context, tx pgx.Tx, job string) (rows int64, err error) {
	for _, table := range Tables {
		is, err := has(ctx, tx, table)
		if err != nil {
			return rows, err
		}
		if !is {
			continue
		}
		tag, err := tx.Exec(ctx, "DELETE FROM "+table+" WHERE job = $1", job)
		if err != nil {
			return rows, fmt.Errorf("delete the job's rows of %s: %w", table, err)
		}
		rows += tag.RowsAffected()
	}
	return rows, nil
}

// Remove takes what floe itself keeps of a job on the target, in one transaction, and says what that was. The
// tables that it made stay.
func Remove(ctx context.Context, conn *pgx.Conn, job string) (removed []string, err error) {
	if err := failpoint.Here("forget.before"); err != nil {
		return nil, err
	}
	err = pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		removed = nil
		alone, err := Alone(ctx, tx, job)
		if err != nil {
			return err
		}
		rows, err := Forget(ctx, tx, job)
		if err != nil {
			return err
		}
		if rows > 0 {
			removed = append(removed, status.Count(rows, "row")+" in schema floe")
		}
		if alone {
			if _, err := tx.Exec(ctx, "DROP SCHEMA IF EXISTS floe CASCADE"); err != nil {
				return fmt.Errorf("drop schema floe of the target: %w", err)
			}
			removed = append(removed, "schema floe")
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return removed, failpoint.Here("forget.after")
}
