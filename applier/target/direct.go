package target

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"floe/applier/render"
	"floe/pkg/event"
	"floe/pkg/failpoint"
	"floe/pkg/halt"
)

// largeWork is from which size of its values on a statement is sent straight from its rows. Otherwise
// they would be in memory three times, as rows, parameters and message, and one value may be hundreds of
// megabytes.
const largeWork = 12 << 20

// largestMessage is what a server takes of a client at once (PQ_LARGE_MESSAGE_LIMIT). It drops the connection
// of one who sends more, and says why in its own log only.
const largestMessage = 1<<30 - 2

// TooLargeError is a row that no statement can bring.
type TooLargeError struct{ Bytes int }

func (e *TooLargeError) Error() string {
	return fmt.Sprintf("its values are %d bytes, and a server takes a statement of at most %d", e.Bytes, largestMessage)
}

// Fix is what the operator can do.
func (*TooLargeError) Fix() string {
	return "shorten the values on the source or exclude the table, then " + halt.Reset
}

func (w *Work) sendable() error {
	if n := w.values() + 1<<10; n > largestMessage {
		return &TooLargeError{n}
	}
	return nil
}

// values is the size of all parameters of the statement, as message.
func (w *Work) values() int {
	n := 0
	for _, p := range w.Statement.Params {
		n += w.array(p)
	}
	return n
}

// array is the size of one parameter, as appendArray would write it behind its length.
func (w *Work) array(p render.Param) int {
	n, of := 4+arrayHead, w.image(p)
	for i := range w.Rows {
		n += 4
		if d := &of(i)[p.Column]; d.Kind == event.Value {
			n += len(d.Text)
		}
	}
	return n
}

// direct sends one prepared statement without collecting its parameters (PostgreSQL documentation,
// "Message Formats": Bind), and waits for what the server says.
func (s *Session) direct(ctx context.Context, w *Work, name string) error {
	conn := s.Conn.PgConn()
	if err := failpoint.Here("large.before"); err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Conn().SetDeadline(time.Unix(1, 0)) })
	err := s.send(conn.Frontend(), w, name)
	if !stop() { // the deadline has ended the connection's use
		return ctx.Err()
	}
	if err != nil {
		return fmt.Errorf("send to the target: %w", err)
	}
	err = answer(ctx, conn, w)
	return errors.Join(err, failpoint.Here("large.after"))
}

func (s *Session) send(f *pgproto3.Frontend, w *Work, name string) error {
	b := binary.BigEndian.AppendUint32([]byte{'B'}, uint32(4+1+len(name)+1+2+2+2+w.values()+2))
	b = append(append(append(b, 0), name...), 0)
	b = binary.BigEndian.AppendUint16(b, 1) // one format for all parameters:
	b = binary.BigEndian.AppendUint16(b, 1) // binary
	b = binary.BigEndian.AppendUint16(b, uint16(len(w.Statement.Params)))
	for _, p := range w.Statement.Params {
		b = binary.BigEndian.AppendUint32(b, uint32(w.array(p)-4))
		b = appendArrayHead(b, w.Rows, true)
		of := w.image(p)
		for i := range w.Rows {
			d := &of(i)[p.Column]
			if d.Kind != event.Value {
				b = binary.BigEndian.AppendUint32(b, 0xffffffff)
				continue
			}
			b = binary.BigEndian.AppendUint32(b, uint32(len(d.Text)))
			if len(b)+len(d.Text) < 64<<10 {
				b = append(b, d.Text...)
				continue
			}
			// Despite its name it writes whatever message it is given, as it is.
			if err := f.SendUnbufferedEncodedCopyData(b); err != nil {
				return err
			}
			if err := f.SendUnbufferedEncodedCopyData(d.Text); err != nil {
				return err
			}
			b = b[:0]
		}
	}
	if err := f.SendUnbufferedEncodedCopyData(binary.BigEndian.AppendUint16(b, 0)); err != nil { // no results
		return err
	}
	f.SendExecute(&pgproto3.Execute{})
	f.SendSync(&pgproto3.Sync{})
	return f.Flush()
}

// answer reads up to the end of the exchange.
func answer(ctx context.Context, conn *pgconn.PgConn, w *Work) error {
	var refused error
	for {
		m, err := conn.ReceiveMessage(ctx)
		if err != nil {
			return err
		}
		switch m := m.(type) {
		case *pgproto3.CommandComplete:
			w.Touched = pgconn.NewCommandTag(string(m.CommandTag)).RowsAffected()
		case *pgproto3.ErrorResponse:
			refused = pgconn.ErrorResponseToPgError(m)
		case *pgproto3.ReadyForQuery:
			return refused
		}
	}
}
