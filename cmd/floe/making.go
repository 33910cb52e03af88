package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/jackc/pgx/v5"

	"floe/cmd/floe/datadir"
	"floe/pkg/console"
	"floe/pkg/console/draft"
	"floe/pkg/job"
	"floe/pkg/pg"
	"floe/pkg/precheck"
)

// unnamed is the folder of a job that the console makes: no job's name has a hyphen.
const unnamed = "first-job"

// make lets somebody describe a job in the console, if there is none yet, and keeps it as a job file.
func (d *dev) make(ctx context.Context) error {
	if d.kept != (datadir.Job{}) || d.onceOnly {
		return nil
	}
	if _, err := datadir.ReadJob(d.dir); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := d.open(); err != nil {
		return err
	}
	brokers := d.app.flags.brokers
	if len(brokers) == 1 && brokers[0] == "embedded" {
		brokers = nil
	}
	e := datadir.Endpoint{Console: d.address, PIDs: map[string]int{"dev": os.Getpid()}}
	if err := datadir.WriteEndpoint(d.dir, e); err != nil {
		return err
	}
	fmt.Fprintf(d.app.out, "floe dev: no job yet; make one at %s, data in %s; Ctrl-C stops\n", d.address, d.dir)
	err := console.Make(ctx, console.Making{Front: d.front, Gate: d.gate, Brokers: brokers, Fixed: len(d.app.flags.brokers) > 0, Gone: d.gone, Log: d.app.log,
		Keep:  func(side, password string) (job.Secret, error) { return datadir.KeepSecret(d.dir, side, password) },
		Kept:  func(side string) job.Secret { return datadir.Secret(d.dir, side) },
		Check: checkNew, Tables: listTables, Recall: func() ([]byte, error) { return datadir.ReadDraft(d.dir) },
		Remember: func(text []byte) error { return datadir.KeepDraft(d.dir, text) },
		Start: func(file []byte) (err error) {
			d.kept.File, err = datadir.KeepFile(d.dir, file)
			return err
		}})
	if err != nil {
		return errDone // it was told to end
	}
	d.kept.Started = true // its prechecks have passed
	return nil
}

// checkNew runs the prechecks of a job that is being made.
func checkNew(ctx context.Context, j *job.Job, side precheck.Side, told func(done, of int)) (*precheck.Report, error) {
	c := precheck.Config{Job: j, Side: side, Embedded: j.Kafka == nil, Told: told}
	if j.Kafka != nil {
		var err error
		if c.Kafka, err = options(j); err != nil {
			return nil, err
		}
		c.Place = j.Kafka.Brokers[0]
	}
	return precheck.Run(ctx, c), ctx.Err()
}

// mostListed bounds the tables that the console looks through.
const mostListed = 20_000

// listSQL finds a source's own tables, partitions with their root.
const listSQL = `SELECT n.nspname::text, c.relname::text, c.reltuples::bigint FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
	WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relpersistence <> 't' AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'floe')
	AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
	ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C" LIMIT $1`

func listTables(ctx context.Context, e job.Endpoint) ([]draft.Listed, error) {
	c, err := e.Config()
	if err != nil {
		return nil, err
	}
	conn, err := pg.Connect(ctx, c, pg.Read)
	if err != nil {
		return nil, fmt.Errorf("list the tables of %s: %w", job.Place(c), err)
	}
	defer conn.Close(context.WithoutCancel(ctx)) //nolint:errcheck
	rows, err := conn.Query(ctx, listSQL, mostListed)
	if err != nil {
		return nil, fmt.Errorf("list the tables of %s: %w", job.Place(c), err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[draft.Listed])
}
