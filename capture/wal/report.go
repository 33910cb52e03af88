package wal

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pglogrepl"

	"floe/pkg/failpoint"
)

// reportEvery is well below any sane wal_sender_timeout, so a held or blocked capture stays connected.
const reportEvery = time.Second

// manyAsked is how many keepalives that want an answer, with flushed standing still, mean that the server
// shuts down: it then asks as fast as it is answered. One alone is its check that we are alive.
const manyAsked = 20

// report sends the status on a timer and when asked. It runs apart from the reader, so that it goes
// out while capture holds the stream or waits for Kafka.
func (s *Stream) report(ctx context.Context) {
	defer s.done.Done()
	tick := time.NewTicker(reportEvery)
	defer tick.Stop()
	last, since := s.flushed.Load(), time.Now()
	for {
		ask := true
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-s.poke:
		case <-s.moved:
			ask = false
		}
		if now := s.flushed.Load(); now != last || now >= s.received.Load() {
			last, since = now, time.Now()
			s.asked.Store(0)
		}
		// A server that shuts down asks again and again until all it sent is confirmed; while Kafka is
		// away that never comes, and it would wait for us for ever.
		if s.grace > 0 && s.asked.Load() >= manyAsked && time.Since(since) > s.grace {
			s.fail(fmt.Errorf("the source waits for capture before it can shut down; the connection is let go"))
			_ = s.conn.Conn().SetDeadline(time.Unix(1, 0))
			return
		}
		if err := s.send(ctx, ask); err != nil {
			s.fail(fmt.Errorf("report the position to the source: %w", err))
			_ = s.conn.Conn().SetDeadline(time.Unix(1, 0))
			return
		}
	}
}

// send always sets all three positions: pglogrepl takes a zero flush for "all that was written".
func (s *Stream) send(ctx context.Context, ask bool) error {
	flushed := pglogrepl.LSN(s.flushed.Load())
	if err := failpoint.Here("report.before"); err != nil {
		return err
	}
	err := pglogrepl.SendStandbyStatusUpdate(ctx, s.conn, pglogrepl.StandbyStatusUpdate{
		WALWritePosition: max(pglogrepl.LSN(s.received.Load()), flushed),
		WALFlushPosition: flushed,
		WALApplyPosition: flushed,
		ClientTime:       time.Now(),
		ReplyRequested:   ask,
	})
	return errors.Join(err, failpoint.Here("report.after"))
}
