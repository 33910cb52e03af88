package source

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"floe/pkg/catalog"
	"floe/pkg/event"
	"floe/pkg/ident"
	"floe/pkg/pg"
)

// Heartbeat is a row that capture writes to the source: who looks there sees how far a slot is, and a source
// that takes no writes is found out. The table is as DTS has it, a row for each slot, so that both may use
// one. It is not published: what tells that the stream has passed a heartbeat is the WAL's end behind it.
type Heartbeat struct {
	// Table is empty if nothing is written: then the source's clock is only read.
	Table ident.Name
	Slot  string
}

// Beat is what the source says when it was written to: its clock, and where its WAL ended.
type Beat struct {
	Clock time.Time
	End   event.LSN
	// Refused says why nothing was written, empty if something was or nothing was to be.
	Refused string
}

// Beat writes the row: up to where the stream was received and confirmed, and when something was heard.
func (h Heartbeat) Beat(ctx context.Context, conn *pgx.Conn, received, flushed event.LSN, heard time.Time) (Beat, error) {
	var b Beat
	if h.Table.Name != "" {
		err := h.write(ctx, conn, received, flushed, heard)
		if pg.Code(err) == "42P01" {
			if err = h.create(ctx, conn); err == nil {
				err = h.write(ctx, conn, received, flushed, heard)
			}
		}
		var refusal *pgconn.PgError
		switch {
		case errors.As(err, &refusal):
			b.Refused = refusal.Message
		case err != nil:
			return b, fmt.Errorf("write the heartbeat: %w", err)
		}
	}
	var end string
	if err := conn.QueryRow(ctx, "SELECT clock_timestamp(), pg_current_wal_flush_lsn()::text").Scan(&b.Clock, &end); err != nil {
		return b, fmt.Errorf("look at the source's clock: %w", err)
	}
	var err error
	b.End, err = event.ParseLSN(end)
	return b, err
}

func (h Heartbeat) write(ctx context.Context, conn *pgx.Conn, received, flushed event.LSN, heard time.Time) error {
	_, err := conn.Exec(ctx, "INSERT INTO "+h.Table.SQL()+` AS h (slot_name, revice_time, revice_lsn, flushed_lsn, update_time, dts_service_time)
		VALUES ($1, $2, $3, $4, clock_timestamp(), $5) ON CONFLICT (slot_name) DO UPDATE SET revice_time = excluded.revice_time,
		revice_lsn = excluded.revice_lsn, flushed_lsn = excluded.flushed_lsn, update_time = excluded.update_time, dts_service_time = excluded.dts_service_time`,
		h.Slot, heard.UnixMilli(), received.String(), flushed.String(), time.Now().UnixMilli())
	return err
}

func (h Heartbeat) create(ctx context.Context, conn *pgx.Conn) error {
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "SELECT set_config('floe.recording', 'on', true)"); err != nil { // no command of the job's
			return err
		}
		_, err := tx.Exec(ctx, "CREATE TABLE IF NOT EXISTS "+h.Table.SQL()+" "+catalog.HeartbeatColumns)
		return err
	})
}

// HasHeartbeat reports whether a job has rows in the heartbeat table that this user may delete.
func HasHeartbeat(ctx context.Context, conn *pgx.Conn, table ident.Name, job string) (has bool, err error) {
	if table.Name == "" {
		return false, nil
	}
	err = conn.QueryRow(ctx, `SELECT coalesce(has_table_privilege(to_regclass($1), 'SELECT') AND has_table_privilege(to_regclass($1), 'DELETE'), false)`, table.SQL()).Scan(&has)
	if err == nil && has {
		err = conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM "+table.SQL()+" WHERE slot_name ~ ('^floe_' || $1::text || '_[0-9a-f]{8}$'))", job).Scan(&has)
	}
	if err != nil {
		return false, fmt.Errorf("look for the heartbeat of %s: %w", job, err)
	}
	return has, nil
}

// DropHeartbeat deletes a job's rows; with the last row of anybody's the table goes, if it is this user's.
func DropHeartbeat(ctx context.Context, conn *pgx.Conn, table ident.Name, job string) error {
	err := pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		var last bool
		if _, err := tx.Exec(ctx, "DELETE FROM "+table.SQL()+" WHERE slot_name ~ ('^floe_' || $1::text || '_[0-9a-f]{8}$')", job); err != nil {
			return err
		}
		if err := tx.QueryRow(ctx, "SELECT pg_has_role(relowner, 'USAGE') AND NOT EXISTS (SELECT FROM "+table.SQL()+") FROM pg_class WHERE oid = to_regclass($1)", table.SQL()).Scan(&last); err != nil || !last {
			return err
		}
		// Whoever writes to it meanwhile makes it anew.
		_, err := tx.Exec(ctx, "DROP TABLE "+table.SQL())
		return err
	})
	if err != nil {
		return fmt.Errorf("remove the heartbeat of %s: %w", job, err)
	}
	return nil
}
