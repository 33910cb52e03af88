package precheck

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"floe/pkg/catalog"
	"floe/pkg/ident"
	"floe/pkg/pg"
)

// octalSince is the version from which on a "char" above 127 is spelled \377; older servers read a backslash.
const octalSince = 150000

// looking bounds how long one table is searched for such values.
const looking = "5s"

// highBytes are values of type "char" that an older target would take for others.
func (r *run) highBytes(ctx context.Context) {
	var from, to int
	const version = "SELECT current_setting('server_version_num')::int"
	err := r.src.QueryRow(ctx, version).Scan(&from)
	if err == nil {
		err = r.dst.QueryRow(ctx, version).Scan(&to)
	}
	if err != nil {
		r.unread("O-TYPES", err)
		return
	}
	if from < octalSince || to >= octalSince {
		return
	}
	found, unseen, err := highBytes(ctx, r.src, r.db)
	if err != nil {
		r.unread("O-TYPES", err)
		return
	}
	const fix = "copy to a target of version 15 or later, or exclude the tables"
	if len(found) > 0 {
		r.add(Check{Code: "O-TYPES", Severity: Fail, Object: strings.Join(found, ", "), Fix: fix,
			Text: `values of type "char" above 127, which a target before 15 would take for a backslash: ` + strings.Join(found, ", ")})
	}
	if len(unseen) > 0 {
		r.add(Check{Code: "O-TYPES", Severity: Warn, Object: strings.Join(unseen, ", "), Fix: fix + "; if there are none, nothing needs to be done",
			Text: `whether these hold values of type "char" above 127 was not found within ` + looking + "; the first would block the job: " + strings.Join(unseen, ", ")})
	}
}

// highBytes returns the columns that hold such values, and those that could not be searched in time.
func highBytes(ctx context.Context, conn *pgx.Conn, db *catalog.Database) (found, unseen []string, err error) {
	for _, t := range db.Tables() {
		if t.PartitionOf != nil {
			continue
		}
		rows, err := conn.Query(ctx, `WITH RECURSIVE h(oid) AS (SELECT '"char"'::regtype::oid UNION SELECT t.oid FROM h JOIN pg_type t ON t.typbasetype = h.oid
			OR t.typelem = h.oid AND t.typlen = -1 OR EXISTS (SELECT FROM pg_range r WHERE r.rngtypid = t.oid AND r.rngsubtype = h.oid)
			OR EXISTS (SELECT FROM pg_attribute m WHERE m.attrelid = t.typrelid AND m.atttypid = h.oid AND m.attnum > 0 AND NOT m.attisdropped))
			SELECT attname::text FROM pg_attribute WHERE attrelid = $1 AND attnum > 0 AND NOT attisdropped AND atttypid IN (SELECT oid FROM h) ORDER BY attnum`, t.OID)
		if err != nil {
			return nil, nil, err
		}
		columns, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			return nil, nil, err
		}
		for _, c := range columns {
			high, err := holdsHighBytes(ctx, conn, t.Name, c)
			switch {
			case pg.Code(err) == "57014" && ctx.Err() == nil:
				unseen = append(unseen, t.Name.String()+"."+c)
			case err != nil:
				return nil, nil, fmt.Errorf("search %s.%s: %w", t.Name, c, err)
			case high:
				found = append(found, t.Name.String()+"."+c)
			}
		}
	}
	return found, unseen, nil
}

func holdsHighBytes(ctx context.Context, conn *pgx.Conn, table ident.Name, column string) (high bool, err error) {
	tx, err := conn.Begin(ctx)
	if err != nil {
		return false, err
	}
	defer tx.Rollback(ctx) //nolint:errcheck // it only read
	if _, err := tx.Exec(ctx, "SET LOCAL statement_timeout = '"+looking+"'"); err != nil {
		return false, err
	}
	err = tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM `+table.SQL()+` WHERE `+ident.Quote(column)+`::text ~ '\\[23][0-7][0-7]')`).Scan(&high)
	return high, err
}
