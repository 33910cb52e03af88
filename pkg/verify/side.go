package verify

import (
	"context"
	"errors"
	"fmt"

	"floe/pkg/ident"
	"floe/pkg/pg"

	"github.com/jackc/pgx/v5"
)

// side is a session in a snapshot of one database.
type side struct {
	conn     *pgx.Conn
	version  int
	encoding string
}

func (s *side) begin(ctx context.Context, c pg.Config, name string) error {
	conn, err := pg.Connect(ctx, c, pg.Read)
	if err != nil {
		return fmt.Errorf("verify: connect to the %s: %w", name, err)
	}
	s.conn = conn
	if _, err := conn.Exec(ctx, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"); err != nil {
		return fmt.Errorf("verify: %s: %w", name, err)
	}
	// The first query takes the snapshot.
	row := conn.QueryRow(ctx, "SELECT current_setting('server_version_num')::int, current_setting('server_encoding')")
	if err := row.Scan(&s.version, &s.encoding); err != nil {
		return fmt.Errorf("verify: %s: %w", name, err)
	}
	return nil
}

func (s *side) close(ctx context.Context) {
	if s.conn != nil {
		_ = s.conn.Close(ctx)
	}
}

// relation is a table as the target has it.
type relation struct {
	partitioned bool
	columns     map[string]column
}

type column struct {
	typ       ident.Name
	generated bool
}

// describe returns nil if the database has no such table.
func (s *side) describe(ctx context.Context, name ident.Name) (*relation, error) {
	var oid uint32
	r := &relation{columns: map[string]column{}}
	err := s.conn.QueryRow(ctx, `SELECT c.oid, c.relkind = 'p' FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind IN ('r', 'p')`, name.Schema, name.Name).Scan(&oid, &r.partitioned)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("target: %w", err)
	}
	generated := "a.attgenerated <> ''"
	if s.version < 120000 {
		generated = "false"
	}
	rows, err := s.conn.Query(ctx, `SELECT a.attname, n.nspname, t.typname, `+generated+` FROM pg_attribute a
		JOIN pg_type t ON t.oid = a.atttypid JOIN pg_namespace n ON n.oid = t.typnamespace
		WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped`, oid)
	if err != nil {
		return nil, fmt.Errorf("target: %w", err)
	}
	var label string
	var c column
	_, err = pgx.ForEachRow(rows, []any{&label, &c.typ.Schema, &c.typ.Name, &c.generated}, func() error {
		r.columns[label] = c
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("target: %w", err)
	}
	return r, nil
}

// digest is what rows are compared by: how many, and the sum of their hashes, which does not depend on
// their order.
type digest struct {
	Rows int64
	Sum  string
}

func (s *side) digest(ctx context.Context, q *query) (d digest, err error) {
	err = s.conn.QueryRow(ctx, q.digest()).Scan(&d.Rows, &d.Sum)
	return d, err
}

// digests runs a query for digests by some text: buckets, or keys within buckets.
func (s *side) digests(ctx context.Context, sql string, args ...any) (map[string]digest, error) {
	rows, err := s.conn.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	out := map[string]digest{}
	var by string
	var d digest
	_, err = pgx.ForEachRow(rows, []any{&by, &d.Rows, &d.Sum}, func() error {
		out[by] = d
		return nil
	})
	return out, err
}

// show returns the shown columns of rows by the hash of their key. Of several rows with one key it
// returns one.
func (s *side) show(ctx context.Context, q *query, keys []string) (map[string][]string, error) {
	rows, err := s.conn.Query(ctx, q.show(), keys)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[string][]string{}
	for rows.Next() {
		var key string
		var shown []string
		if err := rows.Scan(&key, &shown); err != nil {
			return nil, err
		}
		out[key] = shown
	}
	return out, rows.Err()
}
