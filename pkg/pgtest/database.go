package pgtest

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// CreateDatabase makes an empty database; options are what CREATE DATABASE takes ("encoding
// 'LATIN1' template template0").
func (s *Server) CreateDatabase(ctx context.Context, name, options string) error {
	// The other way goes through the WAL, seven MiB of it for each database, and every slot's reader with it.
	if s.Version() >= 15 && !s.options.Durable {
		options += " strategy file_copy"
	}
	return s.Exec(ctx, "postgres", "create database "+pgx.Identifier{name}.Sanitize()+" "+options)
}

// Exec runs SQL in the database, each string as one simple query.
func (s *Server) Exec(ctx context.Context, database string, sql ...string) error {
	return s.with(ctx, database, func(conn *pgx.Conn) error {
		for _, text := range sql {
			if _, err := conn.PgConn().Exec(ctx, text).ReadAll(); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *Server) with(ctx context.Context, database string, do func(*pgx.Conn) error) error {
	conn, err := pgx.Connect(ctx, s.URL(database))
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	if err := do(conn); err != nil {
		return fmt.Errorf("in database %s: %w", database, err)
	}
	return nil
}

// DropDatabase removes the database with everything that holds it: sessions, prepared
// transactions, replication slots.
func (s *Server) DropDatabase(ctx context.Context, name string) error {
	if err := s.rollBackPrepared(ctx, name); err != nil {
		return err
	}
	return s.with(ctx, "postgres", func(conn *pgx.Conn) error {
		// A client may connect again between two steps.
		if _, err := conn.Exec(ctx, "alter database "+pgx.Identifier{name}.Sanitize()+" allow_connections false"); err != nil {
			return err
		}
		if err := endSessions(ctx, conn, name); err != nil {
			return err
		}
		if _, err := conn.Exec(ctx, `select pg_drop_replication_slot(slot_name) from pg_replication_slots where database = $1`, name); err != nil {
			return err
		}
		_, err := conn.Exec(ctx, "drop database "+pgx.Identifier{name}.Sanitize())
		return err
	})
}

func (s *Server) rollBackPrepared(ctx context.Context, name string) error {
	return s.with(ctx, name, func(conn *pgx.Conn) error {
		rows, err := conn.Query(ctx, `select 'rollback prepared ' || quote_literal(gid) from pg_prepared_xacts where database = $1`, name)
		if err != nil {
			return err
		}
		commands, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			return err
		}
		for _, command := range commands {
			if _, err := conn.Exec(ctx, command); err != nil {
				return err
			}
		}
		return nil
	})
}

// endSessions ends the sessions of the database, walsenders included, and waits until the last is
// gone: a slot can be dropped only when nobody holds it.
func endSessions(ctx context.Context, conn *pgx.Conn, name string) error {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		var left int
		err := conn.QueryRow(ctx, `select count(pg_terminate_backend(pid)) from pg_stat_activity where datname = $1`, name).Scan(&left)
		if err != nil || left == 0 {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%d sessions do not end: %w", left, ctx.Err())
		case <-tick.C:
		}
	}
}
