package reset

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"floe/capture/source"
	"floe/pkg/pg"
)

// lookAtSource finds slots and publication.
func (r *Reset) lookAtSource(ctx context.Context) error {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for began := time.Now(); ; {
		slots, err := source.JobSlots(ctx, r.source, r.Plan.Job)
		if err != nil {
			return err
		}
		held := slices.IndexFunc(slots, func(s source.JobSlot) bool { return s.Active })
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

// lookAtPublication also finds the replica identities that the job gave, and those that stay as they are: of them
// nothing says that the job gave them.
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
	backs, err := source.Returning(ctx, r.source, r.Plan.Job)
	if err != nil {
		return err
	}
	returned := []uint32{}
	for _, b := range backs {
		r.Plan.Returned, returned = append(r.Plan.Returned, b.String()), append(returned, b.OID)
	}
	rows, err := r.source.Query(ctx, `SELECT c.oid::regclass::text || CASE c.relreplident WHEN 'f' THEN ' (full)' WHEN 'i' THEN ' (an index)' ELSE ' (nothing)' END
		FROM pg_catalog.pg_publication p JOIN pg_catalog.pg_publication_rel r ON r.prpubid = p.oid
		JOIN pg_catalog.pg_class c ON c.oid = r.prrelid WHERE p.pubname = $1 AND c.relreplident <> 'd' AND c.oid <> all($2::oid[]) ORDER BY 1`, name, returned)
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
	_, err := source.Remove(ctx, r.source, r.Plan.Job, r.config.Job.Heartbeat.Table)
	switch pg.Code(err) {
	case "55006":
		return &RunningError{"a capture has taken its slot"}
	case "55P03":
		return &RefusedError{"remove what the job has on the source", err}
	}
	return err
}
