package history

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"floe/e2e/rig"
	"floe/pkg/ident"

	"github.com/jackc/pgx/v5"
)

// Recorder reads the source's commits while they come. What it has read it lets the source forget only
// afterwards, so that neither a lost connection nor a crashed source loses or doubles anything here.
type Recorder struct {
	url, slot string
	model     *model
	conn      *pgx.Conn
	stop      context.CancelFunc // of the loop; what it asks is let come to its end
	ended     chan error
}

// Record begins the history of these tables, which must be empty. keep has it hold on to the
// transactions themselves.
func Record(ctx context.Context, url string, names []ident.Name, keep bool) (*Recorder, error) {
	r := &Recorder{url: url, slot: "e2e_history", ended: make(chan error, 1)}
	var err error
	if r.conn, err = rig.ConnectPinned(ctx, url); err != nil {
		return nil, err
	}
	if err := r.begin(ctx, names); err != nil {
		return nil, errors.Join(err, r.conn.Close(ctx))
	}
	r.model.keep = keep
	ctx, r.stop = context.WithCancel(context.WithoutCancel(ctx))
	go func() { r.ended <- r.run(ctx) }()
	return r, nil
}

// begin makes the slot. Its name bears the database's: slots are the server's.
func (r *Recorder) begin(ctx context.Context, names []ident.Name) error {
	tables, err := readTables(ctx, r.conn, names)
	if err != nil {
		return err
	}
	r.model = newModel(tables)
	if err := r.conn.QueryRow(ctx, "SELECT slot_name FROM pg_create_logical_replication_slot('e2e_history_' || (SELECT oid FROM pg_database WHERE datname = current_database()), 'test_decoding')").Scan(&r.slot); err != nil {
		return fmt.Errorf("create the history's slot: %w", err)
	}
	for _, t := range tables { // what was there before would be in no transaction
		if text, err := rig.Text(ctx, r.conn, "SELECT count(*) FROM "+t.Name.SQL()); err != nil || text != "0" {
			return fmt.Errorf("%s has %s rows before its history begins: %w", t.Name, text, errors.Join(err, errors.New("it must be empty")))
		}
	}
	return nil
}

func readTables(ctx context.Context, c *pgx.Conn, names []ident.Name) ([]Table, error) {
	var out []Table
	for _, name := range names {
		t := Table{Name: name}
		var key []int16
		err := c.QueryRow(ctx, `SELECT c.oid, array_agg(a.attname::text ORDER BY a.attnum), coalesce((SELECT i.indkey::int2[] FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary), '{}')
			FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
			WHERE c.oid = $1::text::regclass GROUP BY c.oid`, name.SQL()).Scan(&t.OID, &t.Columns, &key)
		if err != nil {
			return nil, fmt.Errorf("look up %s: %w", name, err)
		}
		for _, k := range key {
			t.Key = append(t.Key, int(k)-1)
		}
		out = append(out, t)
	}
	return out, nil
}

// pollEvery is how often the source is asked for new commits.
const pollEvery = 100 * time.Millisecond

// run records until it is told to stop. A source that is away is asked again.
func (r *Recorder) run(ctx context.Context) error {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if _, err := r.read(context.WithoutCancel(ctx)); err != nil && !away(err) {
			return err
		}
	}
}

// Stop reads to the end of what is committed by now and returns the history.
func (r *Recorder) Stop(ctx context.Context) (*History, error) {
	r.stop()
	if err := <-r.ended; err != nil {
		return nil, fmt.Errorf("record the source's history: %w", err)
	}
	for {
		n, err := r.read(ctx)
		if err != nil {
			return nil, fmt.Errorf("record the source's history: %w", err)
		}
		if n == 0 {
			break
		}
	}
	if _, err := r.conn.Exec(ctx, "SELECT pg_drop_replication_slot($1)", r.slot); err != nil {
		return nil, err
	}
	return &r.model.History, r.conn.Close(ctx)
}

// read takes some transactions and returns how many the source gave: after a crash it gives those again
// that it was let forget, and only behind them others.
func (r *Recorder) read(ctx context.Context) (int, error) {
	if r.conn.IsClosed() {
		c, err := rig.ConnectPinned(ctx, r.url)
		if err != nil {
			return 0, err
		}
		r.conn = c
	}
	n, err := r.peek(ctx, r.end())
	if err != nil || n == 0 {
		return n, err
	}
	_, err = r.conn.Exec(ctx, "SELECT pg_replication_slot_advance($1, $2::text::pg_lsn)", r.slot, r.end().String())
	return n, err
}

func (r *Recorder) end() LSN { return r.model.Prefixes[len(r.model.Prefixes)-1].End }

// peek reads without letting the source forget; transactions up to after were read before.
func (r *Recorder) peek(ctx context.Context, after LSN) (n int, err error) {
	rows, err := r.conn.Query(ctx, "SELECT lsn::text, xid::text, data FROM pg_logical_slot_peek_changes($1, NULL, 20000)", r.slot)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	var t Transaction
	for rows.Next() {
		var lsn, xid, line string
		if err := rows.Scan(&lsn, &xid, &line); err != nil {
			return n, err
		}
		switch {
		case strings.HasPrefix(line, "BEGIN"):
			t = Transaction{}
			if _, err := fmt.Sscan(xid, &t.Xid); err != nil {
				return n, err
			}
		case strings.HasPrefix(line, "COMMIT"):
			if t.End, err = ParseLSN(lsn); err != nil {
				return n, err
			}
			if n++; t.End <= after {
				continue
			}
			if err := r.model.commit(t); err != nil {
				return n, err
			}
		case strings.HasPrefix(line, "message: "): // no row
		default:
			c, err := parseChange(line)
			if err != nil {
				return n, err
			}
			t.Changes = append(t.Changes, c)
		}
	}
	return n, rows.Err()
}
