package plan

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"floe/pkg/catalog"
	"floe/pkg/event"
	"floe/pkg/ident"
	"floe/pkg/job"
)

// Assumed rates of a load: what one reader does on a machine of two cores, within a factor of a few.
const (
	loadRows  = 50_000
	loadBytes = 20 << 20
)

// sample is how long the source's WAL is looked at.
const sample = time.Second

type sized struct{ rows, bytes int64 }

// measure asks for the sizes of tables, partitions under their root, by the source's statistics.
func measure(ctx context.Context, src *pgx.Conn, db *catalog.Database) (map[ident.Name]sized, error) {
	of, oids := map[uint32]ident.Name{}, []uint32{}
	for _, t := range db.Tables() {
		if t.PartitionKey == "" {
			of[t.OID], oids = db.Root(t).Name, append(oids, t.OID)
		}
	}
	rows, err := src.Query(ctx, `SELECT c.oid, greatest(CASE WHEN c.reltuples > 0 THEN c.reltuples::bigint ELSE pg_stat_get_live_tuples(c.oid) END, 0), pg_table_size(c.oid)::bigint FROM pg_class c WHERE c.oid = any($1::oid[])`, oids)
	if err != nil {
		return nil, fmt.Errorf("measure the source's tables: %w", err)
	}
	out := map[ident.Name]sized{}
	var oid uint32
	var s sized
	_, err = pgx.ForEachRow(rows, []any{&oid, &s.rows, &s.bytes}, func() error {
		was := out[of[oid]]
		out[of[oid]] = sized{was.rows + s.rows, was.bytes + s.bytes}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("measure the source's tables: %w", err)
	}
	return out, nil
}

func walEnd(ctx context.Context, src *pgx.Conn) (event.LSN, error) {
	var text string
	err := src.QueryRow(ctx, "SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END::text").Scan(&text)
	if err != nil {
		return 0, fmt.Errorf("ask the source where its WAL ends: %w", err)
	}
	return event.ParseLSN(text)
}

func (p *Plan) estimate(ctx context.Context, j *job.Job, src *pgx.Conn, before event.LSN, began time.Time) error {
	e := &p.Estimate
	for _, t := range p.Tables {
		if t.Action != Copied {
			e.Rows, e.Bytes = e.Rows+t.Rows, e.Bytes+t.Bytes
		}
	}
	rate := int64(loadRows)
	if j.Throttle.LoadRows > 0 {
		rate = min(rate, int64(j.Throttle.LoadRows))
	}
	if !j.Init.SkipData {
		e.Load = time.Duration(max(e.Rows/rate, e.Bytes/loadBytes)) * time.Second
	}
	wait := time.NewTimer(time.Until(began.Add(sample)))
	defer wait.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-wait.C:
	}
	after, err := walEnd(ctx, src)
	if err != nil {
		return err
	}
	e.WALRate = int64(float64(after-before) / time.Since(began).Seconds())
	e.WAL = e.WALRate * int64(e.Load/time.Second)
	return nil
}

func columnList(columns []string) string {
	out := make([]string, len(columns))
	for i, c := range columns {
		out[i] = columnName(c)
	}
	return strings.Join(out, ", ")
}

// columnName is a column as it is written in SQL.
func columnName(c string) string {
	return strings.TrimPrefix(ident.Name{Schema: "x", Name: c}.String(), "x.")
}
