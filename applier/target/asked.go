package target

import (
	"context"
	"fmt"
)

// Asked is a row that this applier missed and asked for (A4). It was Read once its key came in a chunk;
// its table is settled again with the Loaded behind that.
type Asked struct {
	Key  []string
	At   int64
	Read bool
}

// Asked reads what this applier asked for, by the source table's oid.
func (s *Session) Asked(ctx context.Context, o Owner) (map[uint32][]Asked, error) {
	rows, err := s.Conn.Query(ctx, "SELECT table_oid, key, at, read FROM floe.asked WHERE job = $1 AND applier = $2 ORDER BY at, key", o.Job, o.Applier)
	if err != nil {
		return nil, fmt.Errorf("read what was asked for: %w", err)
	}
	defer rows.Close()
	out := map[uint32][]Asked{}
	for rows.Next() {
		var table int64
		var a Asked
		if err := rows.Scan(&table, &a.Key, &a.At, &a.Read); err != nil {
			return nil, fmt.Errorf("read what was asked for: %w", err)
		}
		out[uint32(table)] = append(out[uint32(table)], a)
	}
	return out, rows.Err()
}

// Ask notes a key in the open transaction. One that was read and is missed again is asked for again.
func (s *Session) Ask(ctx context.Context, o Owner, table uint32, key []string, at int64) error {
	return s.asked(ctx, `INSERT INTO floe.asked AS a (job, applier, table_oid, key, at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (job, applier, table_oid, key) DO UPDATE SET at = EXCLUDED.at, read = false WHERE a.read`, o.Job, o.Applier, int64(table), key, at)
}

// Answer notes that a key was read; what it met before is no longer in its way. With note, one that was
// not asked for is noted too.
func (s *Session) Answer(ctx context.Context, o Owner, table uint32, key []string, at int64, note bool) error {
	err := s.asked(ctx, "DELETE FROM floe.aside WHERE job = $1 AND applier = $2 AND table_oid = $3 AND key = $4", o.Job, o.Applier, int64(table), key)
	if err != nil {
		return err
	}
	if note {
		return s.asked(ctx, `INSERT INTO floe.asked AS a (job, applier, table_oid, key, at, read) VALUES ($1, $2, $3, $4, $5, true)
			ON CONFLICT (job, applier, table_oid, key) DO UPDATE SET read = true`, o.Job, o.Applier, int64(table), key, at)
	}
	return s.asked(ctx, "UPDATE floe.asked SET read = true WHERE job = $1 AND applier = $2 AND table_oid = $3 AND key = $4", o.Job, o.Applier, int64(table), key)
}

// Forgo drops what was read of a table, or, with all, whatever was asked for.
func (s *Session) Forgo(ctx context.Context, o Owner, table uint32, all bool) error {
	if all {
		err := s.asked(ctx, "DELETE FROM floe.aside WHERE job = $1 AND applier = $2 AND table_oid = $3", o.Job, o.Applier, int64(table))
		if err != nil {
			return err
		}
	}
	return s.asked(ctx, "DELETE FROM floe.asked WHERE job = $1 AND applier = $2 AND table_oid = $3 AND (read OR $4)", o.Job, o.Applier, int64(table), all)
}

func (s *Session) asked(ctx context.Context, sql string, args ...any) error {
	if _, err := s.Conn.Exec(ctx, sql, args...); err != nil {
		return fmt.Errorf("note what is asked for: %w", err)
	}
	return nil
}
