package capture

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"floe/pkg/catalog"
)

// observeEvery is how often the source is asked what only an operator wants to know.
const observeEvery = 5 * time.Second

// observe keeps what the report says of the source beside the stream. What it cannot find out is left
// out: the job does not depend on it. It ends with ctx.
func (s *session) observe(ctx context.Context) {
	tick := time.NewTicker(observeEvery)
	defer tick.Stop()
	for {
		if err := s.observed(ctx, tick.C); err != nil && ctx.Err() == nil {
			s.Log.Debug("the source is not observed", "err", err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// observed looks on until something fails.
func (s *session) observed(ctx context.Context, tick <-chan time.Time) error {
	conn, err := s.readConn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx)) //nolint:errcheck
	beat := time.NewTicker(s.beatEvery())
	defer beat.Stop()
	for {
		if s.loading.Load() && s.unmeasured() {
			if err := s.estimate(ctx, conn); err != nil {
				return err
			}
		}
		kept, limit, err := retained(ctx, conn, s.Job, true)
		if err != nil {
			return err
		}
		s.report.metrics.retained.Set(float64(kept))
		s.report.metrics.limit.Store(limit)
		s.report.room.took(time.Now(), kept, limit)
		if err := s.pressure(ctx, conn, kept); err != nil {
			return err
		}
		for again := false; !again; {
			if err := s.beat(ctx, conn); err != nil {
				return err
			}
			select {
			case <-beat.C:
			case <-tick:
				again = true
			case <-ctx.Done():
				return nil
			}
		}
	}
}

// retained is how much WAL the source keeps for the job, and how much it keeps for a slot at most, -1 for
// no limit. A slot of an earlier log, which no capture holds, is not ours.
func retained(ctx context.Context, conn *pgx.Conn, job string, held bool) (kept, limit int64, err error) {
	err = conn.QueryRow(ctx, `SELECT coalesce(max(pg_wal_lsn_diff(pg_current_wal_insert_lsn(), restart_lsn)), 0)::bigint,
		coalesce((SELECT CASE WHEN setting::bigint < 0 THEN -1 ELSE setting::bigint << 20 END FROM pg_catalog.pg_settings WHERE name = 'max_slot_wal_keep_size'), -1)
		FROM pg_catalog.pg_replication_slots WHERE (active OR NOT $2) AND database = current_database() AND slot_name ~ ('^floe_' || $1::text || '_[0-9a-f]{8}$')`, job, held).Scan(&kept, &limit)
	if err != nil {
		return 0, 0, fmt.Errorf("look at the slot: %w", err)
	}
	return kept, limit, nil
}

// unmeasured reports whether some table has no estimate: one that was added since has none.
func (s *session) unmeasured() bool {
	db := s.database()
	s.report.mu.Lock()
	defer s.report.mu.Unlock()
	return slices.ContainsFunc(db.Tables(), func(t *catalog.TableDef) bool {
		if t.PartitionKey != "" {
			return false
		}
		_, ok := s.report.estimates[db.Root(t).OID]
		return !ok
	})
}

// estimate reads how many rows the tables have by the source's statistics, those of a partitioned table
// added up. A table keeps the first estimate: the load is measured against its beginning.
func (s *session) estimate(ctx context.Context, conn *pgx.Conn) error {
	roots := map[uint32]uint32{}
	var oids []uint32
	db := s.database()
	for _, t := range db.Tables() {
		if t.PartitionKey == "" {
			roots[t.OID] = db.Root(t).OID
			oids = append(oids, t.OID)
		}
	}
	rows, err := conn.Query(ctx, `SELECT oid, greatest(reltuples::bigint, pg_catalog.pg_stat_get_live_tuples(oid), 0)
		FROM pg_catalog.pg_class WHERE oid = any($1::oid[])`, oids)
	if err != nil {
		return fmt.Errorf("estimate the rows of tables: %w", err)
	}
	sums := map[uint32]uint64{}
	var oid uint32
	var n int64
	if _, err := pgx.ForEachRow(rows, []any{&oid, &n}, func() error {
		sums[roots[oid]] += uint64(n)
		return nil
	}); err != nil {
		return fmt.Errorf("estimate the rows of tables: %w", err)
	}
	s.report.mu.Lock()
	defer s.report.mu.Unlock()
	for root, n := range sums {
		if _, ok := s.report.estimates[root]; !ok {
			s.report.estimates[root] = n
		}
	}
	return nil
}
