package capture

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"floe/capture/route"
	"floe/pkg/event"
	"floe/pkg/pg"
)

// plainUTF8 is the encoding that needs no other sessions: a server that does not know it (SQL_ASCII) still holds what it
// sends against it.
const plainUTF8 = "UTF8"

// rawSource is where rows are read: texts of a database that does not say what they are in come as they are.
func (s *session) rawSource() pg.Config {
	c := s.Source
	c.Raw = s.Charset != nil
	return c
}

// rowConn opens a session that reads rows.
func (s *session) rowConn(ctx context.Context) (*pgx.Conn, error) {
	return pg.Connect(ctx, s.rawSource(), pg.Read)
}

// decode makes text of a row's values.
func (s *session) decode(row *event.Row) error {
	if s.Charset == nil {
		return nil
	}
	for _, image := range [][]event.Datum{row.Before, row.After} {
		if err := route.Decode(s.Charset, row.Table, image); err != nil {
			return fmt.Errorf("at %s: %w", s.order.Tx.Commit, err)
		}
	}
	return nil
}
