package verify

import (
	"context"
	"errors"
	"fmt"

	"floe/pkg/catalog"
	"floe/pkg/ident"
	"floe/pkg/pg"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// side is a session in a snapshot of one database.
type side struct {
	conn     *pgx.Conn
	version  int
	encoding string
	path     []string // the schemas of what functions of indexes name without one
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
	err = s.look(ctx, q.digest(), func(sql string) error { return s.conn.QueryRow(ctx, sql).Scan(&d.Rows, &d.Sum) })
	return d, err
}

// digests runs a query for digests by some text: buckets, or keys within buckets.
func (s *side) digests(ctx context.Context, sql string, args ...any) (map[string]digest, error) {
	out := map[string]digest{}
	err := s.look(ctx, sql, func(sql string) error {
		rows, err := s.conn.Query(ctx, sql, args...)
		if err != nil {
			return err
		}
		var by string
		var d digest
		_, err = pgx.ForEachRow(rows, []any{&by, &d.Rows, &d.Sum}, func() error {
			out[by] = d
			return nil
		})
		return err
	})
	return out, err
}

// show returns the shown columns of rows by the hash of their key. Of several rows with one key it
// returns one.
func (s *side) show(ctx context.Context, q *query, keys []string) (map[string][]string, error) {
	out := map[string][]string{}
	err := s.look(ctx, q.show(), func(sql string) error {
		rows, err := s.conn.Query(ctx, sql, keys)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var key string
			var shown []string
			if err := rows.Scan(&key, &shown); err != nil {
				return err
			}
			out[key] = shown
		}
		return rows.Err()
	})
	return out, err
}

// look runs a query over rows. The server plans it with the schemas in its search_path that functions of indexes
// need, once it has refused for the lack of one.
func (s *side) look(ctx context.Context, sql string, run func(sql string) error) error {
	if _, err := s.conn.Exec(ctx, "SAVEPOINT floe_look"); err != nil {
		return err
	}
	for {
		sent := sql
		if len(s.path) > 0 {
			if _, err := s.conn.Exec(ctx, "SELECT pg_catalog.set_config('search_path', $1, true)", catalog.SearchPath(s.path)); err != nil {
				return err
			}
			sent = catalog.PlannedUnderPath(sql)
		}
		why := run(sent)
		if why == nil {
			_, err := s.conn.Exec(ctx, "RELEASE SAVEPOINT floe_look")
			return err
		}
		var said *pgconn.PgError
		if !errors.As(why, &said) {
			return why
		}
		if _, err := s.conn.Exec(ctx, "ROLLBACK TO SAVEPOINT floe_look"); err != nil {
			return errors.Join(why, err)
		}
		schema, err := catalog.SchemaFor(ctx, s.conn, said, s.path)
		if err != nil || schema == "" {
			return errors.Join(why, err)
		}
		s.path = append(s.path, schema)
	}
}
