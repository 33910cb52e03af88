// Package wal holds the replication connection: it starts the stream, hands its messages on in
// batches, and tells the server how far floe has come. It decides nothing about either.
package wal

import (
	"context"
	"encoding/binary"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pglogrepl"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"floe/pkg/event"
	"floe/pkg/ident"
)

// batchBytes bounds one batch; batchesAhead batches, of aheadBytes, are read ahead, so that keepalives
// behind some rows are seen while capture waits for Kafka.
const (
	batchBytes   = 256 << 10
	batchesAhead = 16
	aheadBytes   = batchesAhead * batchBytes
)

// breath is how long the reader lets messages gather in the socket when capture is faster than a source
// that has a backlog: the server sends row by row, and to be woken for each costs more than to read it.
const breath = time.Millisecond

// Batch is a run of messages as the server sent them. Data of its messages is valid until Done.
type Batch struct {
	Messages []Message
	size     int
}

// Message is one pgoutput message, or, with Data nil, a keepalive: everything up to End was sent.
type Message struct {
	Data []byte
	End  event.LSN
	Time int64 // when the source sent it, its clock, microseconds since the Unix epoch
	// Reply: a keepalive that wants an answer.
	Reply bool
}

// postgresEpoch is 2000-01-01 in microseconds of the Unix epoch.
const postgresEpoch = 946684800 * 1_000_000

// Stream is a running START_REPLICATION. Create it with Start, end it with Close.
//
//   - Only the reading goroutine receives; only the reporting goroutine sends.
//   - While aheadBytes or more are in batches that are not Done, nothing is received: a large message's
//     Data is the connection's own buffer, which is its own until the next is received.
//   - Flushed never goes back, and is reported exactly as Report set it.
type Stream struct {
	conn     *pgconn.PgConn
	batches  chan Batch
	flushed  atomic.Uint64
	received atomic.Uint64
	asked    atomic.Int64  // replies the server asked for
	poke     chan struct{} // a status that asks for a keepalive
	moved    chan struct{} // a status because flushed moved
	stop     sync.Once
	stopping chan struct{} // closed when the server asks again and again
	cancel   context.CancelFunc
	done     sync.WaitGroup
	behind   atomic.Bool
	ahead    atomic.Int64  // bytes in batches that are not Done
	freed    chan struct{} // ahead became less
	err      atomic.Pointer[error]
	grace    time.Duration
}

// Options of a Stream.
type Options struct {
	Slot, Publication string
	// Flushed is the slot's confirmed_flush: all that may be reported until entries are read back (L4).
	Flushed event.LSN
	// ShutdownGrace: when the server asks for replies this long and nothing moves, it wants to stop.
	ShutdownGrace time.Duration
}

// Take begins streaming on conn, from the slot's own confirmed position. Holding the slot makes the
// caller the job's one writer. A slot in use gives the server's error 55006.
func Take(ctx context.Context, conn *pgconn.PgConn, o Options) error {
	args := []string{"proto_version '1'", "publication_names " + ident.Literal(ident.Quote(o.Publication))}
	if err := pglogrepl.StartReplication(ctx, conn, ident.Quote(o.Slot), 0,
		pglogrepl.StartReplicationOptions{PluginArgs: args}); err != nil {
		return fmt.Errorf("start replication from slot %s: %w", o.Slot, err)
	}
	return nil
}

// Start reads the stream that Take began.
func Start(conn *pgconn.PgConn, o Options) *Stream {
	ctx, cancel := context.WithCancel(context.Background())
	s := &Stream{conn: conn, batches: make(chan Batch, batchesAhead), poke: make(chan struct{}, 1),
		moved: make(chan struct{}, 1), stopping: make(chan struct{}), freed: make(chan struct{}, 1), cancel: cancel, grace: o.ShutdownGrace}
	s.flushed.Store(uint64(o.Flushed))
	s.received.Store(uint64(o.Flushed))
	s.done.Add(2)
	go s.read(ctx)
	go s.report(ctx)
	return s
}

// Batches is closed when the stream has ended; Err then says why.
func (s *Stream) Batches() <-chan Batch { return s.batches }

// Done says that nobody needs the batch's messages any more; the stream waits for it.
func (s *Stream) Done(b Batch) {
	s.ahead.Add(-int64(b.size))
	signal(s.freed)
}

// Err is the reason for the end.
func (s *Stream) Err() error {
	if p := s.err.Load(); p != nil {
		return *p
	}
	return nil
}

// Behind says that capture works off a backlog.
func (s *Stream) Behind(yes bool) { s.behind.Store(yes) }

// Received is the highest place the server has sent.
func (s *Stream) Received() event.LSN { return event.LSN(s.received.Load()) }

// Report sets what the server may forget: the end of the last entry read back and valid (L3).
func (s *Stream) Report(flushed event.LSN) {
	for {
		old := s.flushed.Load()
		if uint64(flushed) <= old {
			return
		}
		if s.flushed.CompareAndSwap(old, uint64(flushed)) {
			signal(s.moved)
			return
		}
	}
}

// Flushed is what Report set.
func (s *Stream) Flushed() event.LSN { return event.LSN(s.flushed.Load()) }

// Stopping is closed when the server asks for answers in a row: it wants to shut down.
func (s *Stream) Stopping() <-chan struct{} { return s.stopping }

// Ask requests a keepalive at once: an idle source sends one only now and then.
func (s *Stream) Ask() { signal(s.poke) }

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// EndedError is an error by which the source ended the stream.
type EndedError struct{ Err *pgconn.PgError }

func (e *EndedError) Error() string { return "the source ended the stream: " + e.Err.Error() }
func (e *EndedError) Unwrap() error { return e.Err }

// Close ends the stream and its connection, and waits for its goroutines.
func (s *Stream) Close() {
	s.cancel()
	_ = s.conn.Conn().SetDeadline(time.Unix(1, 0)) // wakes the reader
	for range s.batches {                          // and lets go of a reader that waits to hand on
	}
	s.done.Wait()
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = s.conn.Close(ctx)
}

func (s *Stream) fail(err error) { s.err.CompareAndSwap(nil, &err) }

// read copies messages out of the connection's buffer into batches: one batch for what has arrived.
func (s *Stream) read(ctx context.Context) {
	defer s.done.Done()
	defer close(s.batches)
	front := s.conn.Frontend()
	var b Batch
	var arena []byte
	for {
		if len(b.Messages) == 0 && !s.room(ctx) {
			return
		}
		msg, err := front.Receive()
		if err != nil {
			s.fail(fmt.Errorf("read the replication stream: %w", err))
			return
		}
		m, ok, err := s.unwrap(msg, &arena)
		if err != nil {
			s.fail(err)
			return
		}
		if ok {
			b.Messages = append(b.Messages, m)
			b.size += len(m.Data)
		}
		if len(b.Messages) == 0 || b.size < batchBytes && front.ReadBufferLen() > 0 {
			continue
		}
		s.ahead.Add(int64(b.size))
		size := b.size
		select {
		case s.batches <- b:
		case <-ctx.Done():
			return
		}
		if s.behind.Load() && size < batchBytes/4 {
			time.Sleep(breath)
		}
		b = Batch{Messages: make([]Message, 0, len(b.Messages))}
	}
}

// room waits until less than aheadBytes are not Done.
func (s *Stream) room(ctx context.Context) bool {
	for s.ahead.Load() >= aheadBytes {
		select {
		case <-s.freed:
		case <-ctx.Done():
			return false
		}
	}
	return true
}

// unwrap takes a replication message out of its CopyData, copying it into the arena unless it is large.
func (s *Stream) unwrap(msg pgproto3.BackendMessage, arena *[]byte) (Message, bool, error) {
	switch msg := msg.(type) {
	case *pgproto3.CopyData:
		data := msg.Data
		msg.Data = nil // the connection would hold it while it receives the next
		return s.copyData(data, arena)
	case *pgproto3.ErrorResponse:
		return Message{}, false, &EndedError{pgconn.ErrorResponseToPgError(msg)}
	case *pgproto3.CopyDone, *pgproto3.CommandComplete:
		return Message{}, false, fmt.Errorf("the source ended the stream: it is shutting down or was promoted")
	}
	return Message{}, false, nil
}

func (s *Stream) copyData(data []byte, arena *[]byte) (Message, bool, error) {
	switch {
	case len(data) >= 25 && data[0] == pglogrepl.XLogDataByteID:
		end := binary.BigEndian.Uint64(data[9:])
		s.advance(end)
		return Message{Data: keep(arena, data[25:]), End: event.LSN(end), Time: clock(data[17:])}, true, nil
	case len(data) == 18 && data[0] == pglogrepl.PrimaryKeepaliveMessageByteID:
		end := binary.BigEndian.Uint64(data[1:])
		s.advance(end)
		if data[17] != 0 {
			if s.asked.Add(1) == manyAsked {
				s.stop.Do(func() { close(s.stopping) })
			}
			s.Ask()
		}
		return Message{End: event.LSN(end), Time: clock(data[9:]), Reply: data[17] != 0}, true, nil
	}
	return Message{}, false, fmt.Errorf("read the replication stream: a message of %d bytes that is neither data nor keepalive", len(data))
}

func clock(b []byte) int64 { return int64(binary.BigEndian.Uint64(b)) + postgresEpoch }

func (s *Stream) advance(end uint64) {
	if end > s.received.Load() {
		s.received.Store(end)
	}
}

// keep copies data into the arena; a full arena is left to its batches and a new one begun. Data that is
// aheadBytes by itself is not copied: nothing is received before its batch is Done.
func keep(arena *[]byte, data []byte) []byte {
	if len(data) >= aheadBytes {
		return data
	}
	if cap(*arena)-len(*arena) < len(data) {
		*arena = make([]byte, 0, max(batchBytes, len(data)))
	}
	n := len(*arena)
	*arena = append(*arena, data...)
	return (*arena)[n:len(*arena):len(*arena)]
}
