// Package target is the applier's side of the database: one session, its transaction, the checkpoint
// that fences it (design.md A1), and the set-based execution of statements.
package target

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"floe/pkg/dialect"
	"floe/pkg/pg"
)

// Session is the one connection that applies. It is used by one goroutine.
type Session struct {
	Conn *pgx.Conn
	// Replica: session_replication_role = replica could be set; triggers and foreign keys do not fire.
	Replica bool
	Version int
	Dialect dialect.Dialect

	Tx       pgx.Tx            // the open transaction
	prepared map[string]string // SQL → name
	at       Checkpoint
	instance string
	buffers  buffers
}

// settings keep plans simple: every statement joins few rows with a table over an index. A plan made
// while a table was small must not scan it when it has grown.
const settings = `SET synchronous_commit = off; SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off;
	SET enable_hashjoin = off; SET enable_mergejoin = off; SET jit = off; SET client_min_messages = warning`

// Plain gives the rest of the transaction the planner's ordinary choices, for building indexes and
// checking foreign keys.
const Plain = `SET LOCAL enable_seqscan = on; SET LOCAL enable_hashjoin = on; SET LOCAL enable_mergejoin = on`

// Bound takes Plain back, for rows behind it in the same transaction.
const Bound = `SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off`

// Flushed has this transaction's COMMIT wait for the server's disk, and with it everything before.
const Flushed = "SET LOCAL synchronous_commit = local"

// Open connects and takes the settings that applying needs. plan_cache_mode came with 12.
func Open(ctx context.Context, cfg pg.Config) (*Session, error) {
	conn, err := pg.Connect(ctx, cfg, pg.Apply)
	if err != nil {
		return nil, fmt.Errorf("connect to the target: %w", err)
	}
	s := &Session{Conn: conn, prepared: map[string]string{}}
	if err := s.settle(ctx); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

func (s *Session) settle(ctx context.Context) error {
	if err := s.Conn.QueryRow(ctx, "SELECT current_setting('server_version_num')::int").Scan(&s.Version); err != nil {
		return fmt.Errorf("look at the target: %w", err)
	}
	var err error
	if s.Dialect, err = dialect.Of(ctx, s.Conn); err != nil {
		return fmt.Errorf("look at the target: %w", err)
	}
	set := settings
	if s.Version < 120000 {
		set = `SET synchronous_commit = off; SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off; SET client_min_messages = warning`
	}
	if _, err := s.Conn.Exec(ctx, set); err != nil {
		return fmt.Errorf("set up the target session: %w", err)
	}
	_, err = s.Conn.Exec(ctx, "SET session_replication_role = replica")
	if err == nil {
		s.Replica = true
		return nil
	}
	if pg.Code(err) != "42501" {
		return fmt.Errorf("set up the target session: %w", err)
	}
	return nil
}

// Close ends the session; an open transaction is rolled back by the server.
func (s *Session) Close() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = s.Conn.Close(ctx)
}

// Begin opens the target transaction.
func (s *Session) Begin(ctx context.Context) (err error) {
	s.Tx, err = s.Conn.Begin(ctx)
	return err
}

// Savepoint marks a place to return to within the transaction.
func (s *Session) Savepoint(ctx context.Context) error { return s.exec(ctx, "SAVEPOINT floe") }

// Return undoes what came after Savepoint.
func (s *Session) Return(ctx context.Context) error {
	return s.exec(ctx, "ROLLBACK TO SAVEPOINT floe")
}

// Rollback undoes the transaction, if there is one.
func (s *Session) Rollback(ctx context.Context) error {
	if s.Conn.IsClosed() {
		return errors.New("the connection to the target ended")
	}
	if s.Conn.PgConn().TxStatus() == 'I' {
		return nil
	}
	return s.exec(ctx, "ROLLBACK")
}

// Exec runs one or several statements without parameters in the transaction.
func (s *Session) Exec(ctx context.Context, sql string) error { return s.exec(ctx, sql) }

func (s *Session) exec(ctx context.Context, sql string) error {
	_, err := s.Conn.PgConn().Exec(ctx, sql).ReadAll()
	return err
}

// Refused reports whether the server refuses the data itself: however often it is tried, it stays so.
// Everything else (a lost connection, a deadlock, a full disk, a read-only server) passes.
func Refused(err error) bool {
	if misread, large, kept := new(MisreadError), new(TooLargeError), new(KeptOutError); errors.As(err, &misread) || errors.As(err, &large) || errors.As(err, &kept) {
		return true
	}
	var pe *pgconn.PgError
	if !errors.As(err, &pe) || len(pe.Code) != 5 {
		return false
	}
	switch pe.Code[:2] {
	// 54: larger than the program allows, an index row for one; 3F: a schema that a function names and is not there
	case "21", "22", "23", "42", "54", "0A", "2F", "38", "39", "3F", "44", "P0":
		return true
	}
	return pe.Code == "XX000" && strings.HasPrefix(pe.Message, "invalid memory alloc request size") // a value near 1 GiB; never translated
}

// Clashes reports whether rows were refused by a unique or exclusion constraint: the order of a set
// may be at fault, and one row after the other is tried (A3).
func Clashes(err error) bool {
	code := pg.Code(err)
	return code == "23505" || code == "23P01" || code == "21000"
}
