package e2e

import (
	"context"
	"errors"
	"fmt"

	"floe/e2e/rig"
	"floe/e2e/scenario"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// sessions are the named connections of one scenario; they stay open across its steps.
type sessions struct {
	pair rig.Pair
	open map[string]*pgx.Conn
}

func (s *sessions) get(ctx context.Context, name string) (*pgx.Conn, error) {
	if c, ok := s.open[name]; ok {
		return c, nil
	}
	url := s.pair.SourceURL()
	if name == "target" {
		url = s.pair.TargetURL()
	}
	c, err := rig.Connect(ctx, url)
	if err != nil {
		return nil, fmt.Errorf("session %s: %w", name, err)
	}
	s.open[name] = c
	return c, nil
}

// run sends the statements one at a time, by the simple protocol: DO blocks may then commit.
func (s *sessions) run(ctx context.Context, list []scenario.Statement) error {
	for _, st := range list {
		c, err := s.get(ctx, st.Session)
		if err != nil {
			return err
		}
		if err := judge(st, c.PgConn().Exec(ctx, st.SQL).Close()); err != nil {
			return fmt.Errorf("line %d: %w", st.Line, err)
		}
	}
	return nil
}

// judge compares how a statement went with how it should have gone.
func judge(st scenario.Statement, err error) error {
	var refused *pgconn.PgError
	switch {
	case st.Error == "":
		return err
	case errors.As(err, &refused) && refused.Code == st.Error:
		return nil
	case err == nil:
		return fmt.Errorf("the statement succeeded, SQLSTATE %s was expected", st.Error)
	default:
		return fmt.Errorf("SQLSTATE %s was expected: %w", st.Error, err)
	}
}

func (s *sessions) close(ctx context.Context) {
	for _, c := range s.open {
		_ = c.Close(ctx) // its transaction, if one is open, is meant to vanish
	}
}
