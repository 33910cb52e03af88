// Package cutover has a job's target take over from its source: behind the last change that the source made,
// what waited for that moment is made on the target, triggers fire, and sequences go on where the source's are.
//
// The services rest by then. Nothing is changed before it is known that the source wrote nothing behind what
// the target has; what is done is recorded on the target, so that a cut-over that was cut short is ended by
// another one.
package cutover

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"floe/applier/structure"
	"floe/pkg/dialect"
	"floe/pkg/job"
	"floe/pkg/pg"
)

// CutOver is one that was begun. While it is open no applier of the job works.
type CutOver struct {
	job      *job.Job
	source   *pgx.Conn
	target   *pgx.Conn
	appliers []string
}

// Report is what a cut-over did.
type Report struct {
	Made      int              `json:"made"`
	Sequences int              `json:"sequences"`
	Refused   []structure.Fact `json:"refused"`
}

// BusyError is a service that does not rest.
type BusyError struct{ What string }

func (e *BusyError) Error() string { return e.What }

// Open connects and waits until no service is at work.
func Open(ctx context.Context, j *job.Job) (_ *CutOver, err error) {
	c := &CutOver{job: j}
	defer func() {
		if err != nil {
			c.Close()
		}
	}()
	if c.source, err = connect(ctx, j.Source, "source", pg.Admin); err != nil {
		return nil, err
	}
	if c.target, err = connect(ctx, j.Target, "target", pg.Apply); err != nil {
		return nil, err
	}
	for began := time.Now(); ; {
		var busy *BusyError
		if err = c.rested(ctx); !errors.As(err, &busy) || time.Since(began) > restTime {
			return c, err
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// restTime is how long a service may hold its connection after it said that it rests.
const restTime = 10 * time.Second

func connect(ctx context.Context, e job.Endpoint, side string, p pg.Purpose) (*pgx.Conn, error) {
	config, err := e.Config()
	if err != nil {
		return nil, err
	}
	conn, err := pg.Connect(ctx, config, p)
	if err != nil {
		return nil, fmt.Errorf("connect to the %s: %w", side, err)
	}
	return conn, nil
}

// Close ends the connections, and with them the locks.
func (c *CutOver) Close() {
	for _, conn := range []*pgx.Conn{c.source, c.target} {
		if conn != nil {
			_ = conn.Close(context.Background())
		}
	}
}

// rested takes the appliers' locks, and looks that no capture holds the slot.
func (c *CutOver) rested(ctx context.Context) error {
	rows, err := c.target.Query(ctx, "SELECT applier FROM floe.checkpoint WHERE job = $1 ORDER BY 1", c.job.Name)
	if err == nil {
		c.appliers, err = pgx.CollectRows(rows, pgx.RowTo[string])
	}
	if err != nil {
		return fmt.Errorf("read floe.checkpoint: %w", err)
	}
	if len(c.appliers) == 0 {
		return &BusyError{"the target knows nothing of the job"}
	}
	for _, name := range c.appliers {
		var free bool
		if err := c.target.QueryRow(ctx, "SELECT pg_try_advisory_lock(hashtext('floe applier'), hashtext($1))", c.job.Name+"/"+name).Scan(&free); err != nil {
			return fmt.Errorf("take the lock of applier %s: %w", name, err)
		}
		if !free {
			return &BusyError{fmt.Sprintf("applier %s is at work on the target", name)}
		}
	}
	var active bool
	if err := c.source.QueryRow(ctx, `SELECT coalesce(bool_or(active), false) FROM pg_catalog.pg_replication_slots WHERE `+slotSQL, c.job.Name).Scan(&active); err != nil {
		return fmt.Errorf("look at the slot: %w", err)
	}
	if active {
		return &BusyError{"a capture holds the slot"}
	}
	return nil
}

// slotSQL finds the job's slot: its name ends in eight hex digits, so that those of jobs whose names only begin alike are others.
const slotSQL = `slot_type = 'logical' AND database = current_database() AND slot_name ~ ('^floe_' || $1::text || '_[0-9a-f]{8}$')`

// Run makes what waited. What the target refuses is in the report, and tried again by the next run.
func (c *CutOver) Run(ctx context.Context) (*Report, error) {
	o := structure.Options{Mapping: c.job.Mapping(), Unsupported: structure.Policy(c.job.Init.Unsupported)}
	if err := c.target.QueryRow(ctx, "SELECT current_setting('server_version_num')::int").Scan(&o.TargetVersion); err != nil {
		return nil, fmt.Errorf("look at the target: %w", err)
	}
	var err error
	if o.Target, err = dialect.Of(ctx, c.target); err != nil {
		return nil, fmt.Errorf("look at the target: %w", err)
	}
	out := &Report{Refused: []structure.Fact{}}
	err = pgx.BeginFunc(ctx, c.target, func(tx pgx.Tx) error {
		for _, name := range c.appliers {
			r, err := structure.CutOver(ctx, tx, c.job.Name, name, o, structure.InstallOptions{Proceed: c.job.Proceed, SkipStructure: c.job.Init.SkipStructure})
			if err != nil {
				return err
			}
			out.Made += r.Created
			out.Refused = append(out.Refused, r.Facts...)
			db, err := structure.Held(ctx, tx, c.job.Name, name)
			if err != nil {
				return err
			}
			if err := c.sequences(ctx, tx, structure.Sequences(db, o.Mapping), out); err != nil {
				return err
			}
		}
		return nil
	})
	return out, err
}
