package target

import (
	"context"
	"fmt"
)

// Replayed is what became of one replay.
type Replayed struct {
	ID, SentBy string
	From, At   int64 // ledger offsets
	Tables     string
	Changes    int64
	Refused    string
}

// Replay writes down what became of a replay, in the open transaction.
func (s *Session) Replay(ctx context.Context, o Owner, r *Replayed) error {
	_, err := s.Conn.Exec(ctx, `INSERT INTO floe.replayed (job, applier, id, sent_by, from_offset, at_offset, tables, changes, refused) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		o.Job, o.Applier, r.ID, r.SentBy, r.From, r.At, r.Tables, r.Changes, r.Refused)
	if err != nil {
		return fmt.Errorf("write down replay %s: %w", r.ID, err)
	}
	return nil
}

// Replays reads the ids of those that were done, or refused.
func (s *Session) Replays(ctx context.Context, o Owner) (map[string]bool, error) {
	rows, err := s.Conn.Query(ctx, "SELECT id FROM floe.replayed WHERE job = $1 AND applier = $2", o.Job, o.Applier)
	if err != nil {
		return nil, fmt.Errorf("read what was replayed: %w", err)
	}
	defer rows.Close()
	out := map[string]bool{}
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, fmt.Errorf("read what was replayed: %w", err)
		}
		out[id] = true
	}
	return out, rows.Err()
}

// HasAside reports whether rows of a table are left out because the target's own stand in their way.
func (s *Session) HasAside(ctx context.Context, o Owner, table uint32) (has bool, err error) {
	err = s.Conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM floe.aside WHERE job = $1 AND applier = $2 AND table_oid = $3)", o.Job, o.Applier, int64(table)).Scan(&has)
	if err != nil {
		return false, fmt.Errorf("look for rows that are left out: %w", err)
	}
	return has, nil
}
