package wal

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pglogrepl"
)

// reportEvery is well below any sane wal_sender_timeout, so a held or blocked capture stays connected.
const reportEvery = time.Second

// report sends the status on a timer and when asked. It runs apart from the reader, so that it goes
// out while capture holds the stream or waits for Kafka.
func (s *Stream) report(ctx context.Context) {
	defer s.done.Done()
	tick := time.NewTicker(reportEvery)
	defer tick.Stop()
	last, since := s.flushed.Load(), time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-s.poke:
		}
		if now := s.flushed.Load(); now != last || now >= s.received.Load() {
			last, since = now, time.Now()
			s.asked.Store(0)
		}
		// A server that shuts down asks again and again until all it sent is confirmed; while Kafka is
		// away that never comes, and it would wait for us for ever.
		if s.grace > 0 && s.asked.Load() > 100 && time.Since(since) > s.grace {
			s.fail(fmt.Errorf("the source waits for capture before it can shut down; the connection is let go"))
			_ = s.conn.Conn().SetDeadline(time.Unix(1, 0))
			return
		}
		if err := s.send(ctx); err != nil {
			s.fail(fmt.Errorf("report the position to the source: %w", err))
			_ = s.conn.Conn().SetDeadline(time.Unix(1, 0))
			return
		}
	}
}

// send always sets all three positions: pglogrepl takes a zero flush for "all that was written".
func (s *Stream) send(ctx context.Context) error {
	flushed := pglogrepl.LSN(s.flushed.Load())
	return pglogrepl.SendStandbyStatusUpdate(ctx, s.conn, pglogrepl.StandbyStatusUpdate{
		WALWritePosition: max(pglogrepl.LSN(s.received.Load()), flushed),
		WALFlushPosition: flushed,
		WALApplyPosition: flushed,
		ClientTime:       time.Now(),
		ReplyRequested:   true,
	})
}
