package load

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
)

// errConnection is a session that ended; a new one takes its place before the next round.
var errConnection = errors.New("the connection ended")

// reader is a session that reads chunks.
type reader struct {
	conn *pgx.Conn
}

func (l *Loader) connect(ctx context.Context) (err error) {
	l.guard, err = l.Connect(ctx)
	return err
}

// reconnect sees to it that the guard and n readers can be used. A reader whose chunk was cut short has
// lost its session.
func (l *Loader) reconnect(ctx context.Context, n int) error {
	if err := l.renew(ctx, &l.guard); err != nil {
		return err
	}
	for len(l.readers) < n {
		conn, err := l.Connect(ctx)
		if err != nil {
			return err
		}
		l.readers = append(l.readers, &reader{conn})
	}
	for _, r := range l.readers[:n] {
		if err := l.renew(ctx, &r.conn); err != nil {
			return err
		}
	}
	return nil
}

// renew puts another session in the place of one that ended; if there is none to be had, the ended one
// stays.
func (l *Loader) renew(ctx context.Context, conn **pgx.Conn) error {
	if *conn != nil && !(*conn).IsClosed() {
		return nil
	}
	c, err := l.Connect(ctx)
	if err == nil {
		*conn = c
	}
	return err
}

func (l *Loader) close() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if l.guard != nil {
		_ = l.guard.Close(ctx)
	}
	for _, r := range l.readers {
		_ = r.conn.Close(ctx)
	}
}

// rollback ends a transaction that only read. A session that cannot do even that is closed, and replaced
// before the next round.
func (l *Loader) rollback(ctx context.Context, conn *pgx.Conn) {
	if conn.IsClosed() || conn.PgConn().TxStatus() == 'I' {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if _, err := conn.Exec(ctx, "ROLLBACK"); err != nil {
		_ = conn.Close(ctx)
	}
}
