package source

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"floe/pkg/catalog"
	"floe/pkg/pg"
)

// HeldError says who kept a command of floe's from tables.
type HeldError struct {
	By  string // in words
	Err error  // 55P03
}

func (e *HeldError) Error() string { return e.Err.Error() + ": " + e.By }
func (e *HeldError) Unwrap() error { return e.Err }

// outlasting is a transaction that asks for tables, of whose holders a refusal tells. The server ends an autovacuum
// for whoever waits for its table as long as deadlock_timeout, and for nobody else: on a large one it may take hours,
// and a start would wait for it.
func outlasting(ctx context.Context, conn *pgx.Conn, tables []uint32, f func(pgx.Tx) error) error {
	err := pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		const sql = "SELECT set_config('lock_timeout', (1000 * extract(epoch FROM current_setting('deadlock_timeout')::interval) + 500)::int || 'ms', true)"
		if _, err := tx.Exec(ctx, sql); err != nil {
			return fmt.Errorf("set lock_timeout: %w", err)
		}
		return f(tx)
	})
	if pg.Code(err) != "55P03" {
		return err
	}
	by, lookErr := holders(ctx, conn, tables)
	if lookErr != nil {
		by = "who has its tables is not known: " + lookErr.Error()
	}
	return &HeldError{By: by, Err: err}
}

// holders are those sessions that have had locks on the tables for longest, three at most. Others' transactions may not
// say since when.
func holders(ctx context.Context, conn *pgx.Conn, tables []uint32) (string, error) {
	rows, err := conn.Query(ctx, `SELECT coalesce('process ' || l.pid, 'a prepared transaction') || coalesce(' (' || nullif(a.application_name, '') || ')', '') || coalesce(' of ' || a.usename, '') ||
		coalesce(', in a transaction since ' || date_trunc('second', a.xact_start), '') || ' has ' || string_agg(DISTINCT l.relation::regclass::text, ', ')
		FROM pg_catalog.pg_locks l LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
		WHERE l.granted AND l.locktype = 'relation' AND l.relation = any($1::oid[]) AND l.pid IS DISTINCT FROM pg_backend_pid()
		AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
		GROUP BY l.pid, a.application_name, a.usename, a.xact_start ORDER BY a.xact_start LIMIT 3`, tables)
	if err != nil {
		return "", err
	}
	who, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return "", err
	}
	if len(who) == 0 {
		return "whoever had its tables is gone by now", nil
	}
	return strings.Join(who, "; "), nil
}

func oidsOf(tables []*catalog.TableDef) (oids []uint32) {
	for _, t := range tables {
		oids = append(oids, t.OID)
	}
	return oids
}
