package history

import (
	"context"
	"errors"
	"strings"
	"time"

	"floe/e2e/rig"
	"floe/pkg/ident"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Sampler reads the target again and again.
type Sampler struct {
	url, job string
	tables   []Table
	samples  []Sample
	missed   map[string]int // attempts that gave none, by SQLSTATE
	took     time.Duration
	stop     context.CancelFunc
	ended    chan error
}

// Follow begins to sample the job's target. Tables need not be there yet.
func Follow(ctx context.Context, url, job string, tables []Table) *Sampler {
	s := &Sampler{url: url, job: job, tables: tables, missed: map[string]int{}, ended: make(chan error, 1)}
	ctx, s.stop = context.WithCancel(context.WithoutCancel(ctx))
	go func() { s.ended <- s.run(ctx) }()
	return s
}

// Stop ends the sampling and returns what was seen.
func (s *Sampler) Stop() ([]Sample, error) {
	s.stop()
	return s.samples, <-s.ended
}

// sampleEvery, and as long again as a sample took, leaves the machine to floe between two samples.
const sampleEvery = 20 * time.Millisecond

func (s *Sampler) run(ctx context.Context) error {
	pause := time.NewTimer(sampleEvery)
	defer pause.Stop()
	var c *pgx.Conn
	defer func() {
		if c != nil {
			_ = c.Close(context.WithoutCancel(ctx))
		}
	}()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-pause.C:
		}
		began := time.Now()
		err := error(nil)
		if c == nil || c.IsClosed() {
			if c, err = rig.ConnectPinned(ctx, s.url); err != nil {
				c = nil
			}
		}
		var one *Sample
		if err == nil {
			one, err = take(ctx, c, s.job, s.tables)
		}
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil && !passes(err):
			return err
		case one != nil:
			s.samples = append(s.samples, *one)
		}
		if err != nil {
			s.missed[reason(err)]++
		}
		s.took += time.Since(began)
		pause.Reset(sampleEvery + time.Since(began))
	}
}

// Take is one sample, nil while there is nothing to be seen.
func Take(ctx context.Context, url, job string, tables []Table) (*Sample, error) {
	c, err := rig.ConnectPinned(ctx, url)
	if err != nil {
		return nil, err
	}
	defer c.Close(context.WithoutCancel(ctx))
	return take(ctx, c, job, tables)
}

// take locks every table before it takes its snapshot: TRUNCATE is not MVCC-safe, and a snapshot taken
// before one would see the table empty.
func take(ctx context.Context, c *pgx.Conn, job string, tables []Table) (*Sample, error) {
	tx, err := c.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return nil, err
	}
	defer tx.Rollback(context.WithoutCancel(ctx)) //nolint:errcheck // it only read
	lock := "LOCK TABLE floe.checkpoint, floe.load"
	for _, t := range tables {
		lock += ", " + t.Name.SQL()
	}
	if _, err := tx.Exec(ctx, lock+" IN ACCESS SHARE MODE"); err != nil {
		return nil, err
	}
	s := &Sample{Settled: make([]bool, len(tables)), Prints: make([]Print, len(tables))}
	var commit string
	err = tx.QueryRow(ctx, "SELECT commit_lsn::text, clock_timestamp(), pg_postmaster_start_time()::text FROM floe.checkpoint WHERE job = $1", job).Scan(&commit, &s.Time, &s.Life)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if s.Commit, err = ParseLSN(commit); err != nil {
		return nil, err
	}
	any, err := settled(ctx, tx, job, tables, s.Settled)
	if err != nil || !any {
		return nil, err
	}
	if err := prints(ctx, tx, tables, s); err != nil { // a server that crashes meanwhile has told half
		return nil, err
	}
	return s, nil
}

func settled(ctx context.Context, tx pgx.Tx, job string, tables []Table, out []bool) (any bool, err error) {
	rows, err := tx.Query(ctx, "SELECT table_oid FROM floe.load WHERE job = $1 AND loaded", job)
	if err != nil {
		return false, err
	}
	oids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return false, err
	}
	for _, oid := range oids {
		for i := range tables {
			if tables[i].OID == uint32(oid) {
				out[i], any = true, true
			}
		}
	}
	return any, nil
}

func prints(ctx context.Context, tx pgx.Tx, tables []Table, s *Sample) error {
	var parts []string
	for i := range tables {
		if !s.Settled[i] {
			continue
		}
		columns, err := columnsNow(ctx, tx, tables[i].Name)
		if err != nil {
			return err
		}
		parts = append(parts, printSQL(i, tables[i].Name, columns))
	}
	rows, err := tx.Query(ctx, strings.Join(parts, " UNION ALL "))
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var i int
		var n int64
		var sum string
		if err := rows.Scan(&i, &n, &sum); err != nil {
			return err
		}
		if s.Prints[i], err = parsePrint(n, sum); err != nil {
			return err
		}
	}
	return rows.Err()
}

// columnsNow are the columns as the snapshot has them; the lock keeps them.
func columnsNow(ctx context.Context, tx pgx.Tx, table ident.Name) ([]string, error) {
	rows, err := tx.Query(ctx, "SELECT attname::text FROM pg_attribute WHERE attrelid = $1::text::regclass AND attnum > 0 AND NOT attisdropped", table.SQL())
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

func reason(err error) string {
	var pe *pgconn.PgError
	if errors.As(err, &pe) {
		return pe.Code
	}
	return "no connection"
}

// passes reports whether the target may simply be looked at again: it is away, a table is not there yet,
// or the lock met the applier's.
func passes(err error) bool {
	var pe *pgconn.PgError
	if errors.As(err, &pe) {
		switch pe.Code {
		case "42P01", "3F000", "40P01", "40001", "57014":
			return true
		}
	}
	return away(err)
}

// away reports whether the server is not there, or not yet.
func away(err error) bool {
	var pe *pgconn.PgError
	if errors.As(err, &pe) {
		return strings.HasPrefix(pe.Code, "57P") || strings.HasPrefix(pe.Code, "08") || pe.Code == "53300" || pe.Code == "55006"
	}
	var connect *pgconn.ConnectError
	return errors.As(err, &connect) || pgconn.SafeToRetry(err) || strings.Contains(err.Error(), "conn closed") ||
		strings.Contains(err.Error(), "EOF") || strings.Contains(err.Error(), "connection reset") || strings.Contains(err.Error(), "broken pipe")
}
