package reset

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"floe/capture/source"
	"floe/pkg/ident"
	"floe/pkg/pg"
)

// lookAtSource finds slots and publication.
func (r *Reset) lookAtSource(ctx context.Context) error {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for began := time.Now(); ; {
		slots, err := r.slots(ctx)
		if err != nil {
			return err
		}
		held := slices.IndexFunc(slots, func(s slot) bool { return s.Active })
		if held < 0 {
			for _, s := range slots {
				r.Plan.Slots = append(r.Plan.Slots, s.Name)
			}
			return r.lookAtPublication(ctx)
		}
		if time.Since(began) > leaves {
			return &RunningError{fmt.Sprintf("a capture holds slot %s (process %d of the source)", slots[held].Name, slots[held].PID)}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// leaves is how long the source may take to notice that a capture has ended.
const leaves = 2 * time.Second

type slot struct {
	Name   string
	Active bool
	PID    int
}

// slots finds the job's: they end in eight hex digits, so those of jobs whose names only begin alike do
// not fit.
func (r *Reset) slots(ctx context.Context) ([]slot, error) {
	rows, err := r.source.Query(ctx, `SELECT slot_name::text, active, coalesce(active_pid, 0) FROM pg_catalog.pg_replication_slots
		WHERE slot_type = 'logical' AND database = current_database() AND slot_name ~ ('^floe_' || $1::text || '_[0-9a-f]{8}$') ORDER BY 1`, r.Plan.Job)
	if err != nil {
		return nil, fmt.Errorf("look for slots: %w", err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[slot])
	if err != nil {
		return nil, fmt.Errorf("look for slots: %w", err)
	}
	return found, nil
}

// lookAtPublication also finds the replica identities that stay as they are: nobody knows any more
// which of them were there before the job.
func (r *Reset) lookAtPublication(ctx context.Context) error {
	name := "floe_" + r.Plan.Job
	var there bool
	if err := r.source.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_catalog.pg_publication WHERE pubname = $1)`, name).Scan(&there); err != nil {
		return fmt.Errorf("look for publication %s: %w", name, err)
	}
	if there {
		r.Plan.Publication = name
	}
	var err error
	if r.Plan.Recording, err = source.HasDDL(ctx, r.source, r.Plan.Job); err != nil {
		return err
	}
	table := r.config.Job.Heartbeat.Table
	has, err := source.HasHeartbeat(ctx, r.source, table, r.Plan.Job)
	if err != nil {
		return err
	}
	if has {
		r.Plan.Heartbeat = table.String()
	}
	rows, err := r.source.Query(ctx, `SELECT c.oid::regclass::text || CASE c.relreplident WHEN 'f' THEN ' (full)' WHEN 'i' THEN ' (an index)' ELSE ' (nothing)' END
		FROM pg_catalog.pg_publication p JOIN pg_catalog.pg_publication_rel r ON r.prpubid = p.oid
		JOIN pg_catalog.pg_class c ON c.oid = r.prrelid WHERE p.pubname = $1 AND c.relreplident <> 'd' ORDER BY 1`, name)
	if err != nil {
		return fmt.Errorf("look at replica identities: %w", err)
	}
	if r.Plan.Identities, err = pgx.CollectRows(rows, pgx.RowTo[string]); err != nil {
		return fmt.Errorf("look at replica identities: %w", err)
	}
	return nil
}

// dropFromSource takes the slot first: from then on no capture goes on with this log.
func (r *Reset) dropFromSource(ctx context.Context) error {
	for _, name := range r.Plan.Slots {
		_, err := r.source.Exec(ctx, "SELECT pg_drop_replication_slot($1)", name)
		switch pg.Code(err) {
		case "55006":
			return &RunningError{"a capture has taken slot " + name}
		case "42704": // gone by now
			err = nil
		}
		if err != nil {
			return fmt.Errorf("drop slot %s: %w", name, err)
		}
	}
	if r.Plan.Publication != "" {
		if _, err := r.source.Exec(ctx, "DROP PUBLICATION IF EXISTS "+ident.Quote(r.Plan.Publication)); err != nil {
			return fmt.Errorf("drop publication %s: %w", r.Plan.Publication, err)
		}
	}
	if r.Plan.Heartbeat != "" {
		if err := source.DropHeartbeat(ctx, r.source, r.config.Job.Heartbeat.Table, r.Plan.Job); err != nil {
			return err
		}
	}
	return source.DropDDL(ctx, r.source, r.Plan.Job)
}
