package target

import (
	"context"
	"fmt"
)

// Skipped is what was left out of one table by the operator's word: one change, or those of a
// transaction. It is written in the target transaction that goes past it, so that it is true exactly once,
// and stays for the audit.
type Skipped struct {
	Epoch   uint32
	Place   string // as the command named it
	Table   uint32
	Name    string
	Changes int64
	Some    []string // the first of them, in words
	Load    uint64   // of the table when they were left out: a later one mends it

	SQLState, Message        string // why the target refused
	Command, SentBy, Because string
}

// Skip writes what was left out, in the open transaction.
func (s *Session) Skip(ctx context.Context, o Owner, k *Skipped) error {
	_, err := s.Conn.Exec(ctx, `INSERT INTO floe.skipped (job, applier, epoch, place, table_oid, table_name, changes, samples, load, sqlstate, message, command, sent_by, reason)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`, o.Job, o.Applier, int64(k.Epoch), k.Place, int64(k.Table), k.Name, k.Changes, k.Some,
		int64(k.Load), k.SQLState, k.Message, k.Command, k.SentBy, k.Because)
	if err != nil {
		return fmt.Errorf("write down what is left out at %s: %w", k.Place, err)
	}
	return nil
}

// Skipped reads what was left out and no load has mended, by table.
func (s *Session) Skipped(ctx context.Context, o Owner) (map[uint32][]Skipped, error) {
	rows, err := s.Conn.Query(ctx, `SELECT epoch, place, table_oid, table_name, changes, load, sent_by, reason FROM floe.skipped
		WHERE job = $1 AND applier = $2 AND mended IS NULL ORDER BY at, place`, o.Job, o.Applier)
	if err != nil {
		return nil, fmt.Errorf("read what was left out: %w", err)
	}
	defer rows.Close()
	out := map[uint32][]Skipped{}
	for rows.Next() {
		var k Skipped
		if err := rows.Scan(&k.Epoch, &k.Place, &k.Table, &k.Name, &k.Changes, &k.Load, &k.SentBy, &k.Because); err != nil {
			return nil, fmt.Errorf("read what was left out: %w", err)
		}
		out[k.Table] = append(out[k.Table], k)
	}
	return out, rows.Err()
}

// Mend notes, in the open transaction, that a load read a table's rows again after changes of it were left
// out.
func (s *Session) Mend(ctx context.Context, o Owner, table uint32, load uint64) error {
	_, err := s.Conn.Exec(ctx, "UPDATE floe.skipped SET mended = now() WHERE job = $1 AND applier = $2 AND table_oid = $3 AND mended IS NULL AND load < $4",
		o.Job, o.Applier, int64(table), int64(load))
	if err != nil {
		return fmt.Errorf("note that table %d was loaded again: %w", table, err)
	}
	return nil
}
