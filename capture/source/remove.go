package source

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"floe/pkg/failpoint"
	"floe/pkg/ident"
	"floe/pkg/pg"
)

// JobSlot is a slot of a job; PID is the server process that streams from it, 0 if none does.
type JobSlot struct {
	Name   string
	Active bool
	PID    int
}

// JobSlots finds a job's slots: they end in eight hex digits, so those of jobs whose names only begin alike
// do not fit.
func JobSlots(ctx context.Context, conn *pgx.Conn, job string) ([]JobSlot, error) {
	rows, err := conn.Query(ctx, `SELECT slot_name::text, active, coalesce(active_pid, 0) FROM pg_catalog.pg_replication_slots
		WHERE slot_type = 'logical' AND database = current_database() AND slot_name ~ ('^floe_' || $1::text || '_[0-9a-f]{8}$') ORDER BY 1`, job)
	if err != nil {
		return nil, fmt.Errorf("look for slots: %w", err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[JobSlot])
	if err != nil {
		return nil, fmt.Errorf("look for slots: %w", err)
	}
	return found, nil
}

// Remove takes what a job has on its source, and says what that was: the slots first, from then on no
// capture goes on with this log. What is gone is passed over, so that a removal that was cut short is ended
// by another one.
func Remove(ctx context.Context, conn *pgx.Conn, job string, heartbeat ident.Name) (removed []string, err error) {
	slots, err := JobSlots(ctx, conn, job)
	if err != nil {
		return nil, err
	}
	for _, s := range slots {
		if err := dropSlot(ctx, conn, s.Name); err != nil {
			return removed, err
		}
		removed = append(removed, "slot "+s.Name)
	}
	name := "floe_" + job
	var there bool
	if err := conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_catalog.pg_publication WHERE pubname = $1)", name).Scan(&there); err != nil {
		return removed, fmt.Errorf("look for publication %s: %w", name, err)
	}
	if there {
		if err := dropPublication(ctx, conn, name); err != nil {
			return removed, err
		}
		removed = append(removed, "publication "+name)
	}
	switch has, err := HasHeartbeat(ctx, conn, heartbeat, job); {
	case err != nil:
		return removed, err
	case has:
		if err := DropHeartbeat(ctx, conn, heartbeat, job); err != nil {
			return removed, err
		}
		removed = append(removed, "rows of "+heartbeat.String())
	}
	back, err := takeBack(ctx, conn, job)
	removed = append(removed, back...)
	if err != nil {
		return removed, err
	}
	if err := dropGiven(ctx, conn, job); err != nil {
		return removed, err
	}
	recorded, err := HasDDL(ctx, conn, job)
	if err != nil || !recorded {
		return removed, err
	}
	return append(removed, "recording of DDL"), DropDDL(ctx, conn, job)
}

func dropSlot(ctx context.Context, conn *pgx.Conn, name string) error {
	if err := failpoint.Here("drop-slot.before"); err != nil {
		return err
	}
	if _, err := conn.Exec(ctx, "SELECT pg_drop_replication_slot($1)", name); err != nil && pg.Code(err) != "42704" { // gone by now
		return fmt.Errorf("drop slot %s: %w", name, err)
	}
	return failpoint.Here("drop-slot.after")
}

func dropPublication(ctx context.Context, conn *pgx.Conn, name string) error {
	if err := failpoint.Here("drop-publication.before"); err != nil {
		return err
	}
	if _, err := conn.Exec(ctx, "DROP PUBLICATION IF EXISTS "+ident.Quote(name)); err != nil {
		return fmt.Errorf("drop publication %s: %w", name, err)
	}
	return failpoint.Here("drop-publication.after")
}
