package capture

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/twmb/franz-go/pkg/kgo"

	"floe/capture/decode"
	"floe/capture/load"
	"floe/capture/publish"
	"floe/capture/readback"
	"floe/capture/route"
	"floe/capture/wal"
	"floe/pkg/catalog"
	"floe/pkg/event"
	"floe/pkg/ledger"
)

// session is one epoch of capture. The stream's goroutine owns all of it but loads, which the load
// shares under mu.
//
//   - open holds whole transactions only; tx is the one being received.
//   - resume is where this epoch's log begins: transactions that ended before are in it already.
type session struct {
	Config
	report  *reporter
	admin   *pgx.Conn
	client  *kgo.Client
	readers *readback.Reader
	wal     *wal.Stream
	writer  *publish.Writer
	gate    *load.Gate
	decoder decode.Decoder
	encoder *route.Encoder

	epoch  uint32
	nonce  string
	resume event.LSN
	db     *catalog.Database
	tables map[uint32]*route.Table    // by the oid of the table, roots for partitioned ones
	leaves map[uint32]*route.Table    // by the oid of what the stream sends
	bound  map[uint32]*route.Relation // by the same, once its Relation message came
	// unbound holds the halts of relations that did not fit their definition.
	unbound map[uint32]error
	members map[*route.Table]int   // number of relations whose rows are events of the table
	parts   map[uint32]*event.Leaf // what a truncated leaf is

	mu    sync.Mutex
	loads load.States

	tx      transaction
	open    group
	placed  event.LSN // everything up to here is placed
	clock   int64     // source's clock at placed
	marked  event.LSN // end of the last entry that moves the resume LSN
	samples chan []sequence
	done    sync.WaitGroup
	flushed atomic.Uint64
}

// transaction is the source transaction that is being received.
type transaction struct {
	on     bool
	skip   bool // it is in the log already
	xid    uint32
	commit event.LSN
	time   int64
	seq    uint64
	part   int
	spans  publish.Spans
	moved  []ledger.Moved
}

// group is what the next Commit entry will point at.
type group struct {
	transactions int
	first, last  event.LSN
	end          event.LSN
	time         int64
	spans        publish.Spans
	moved        []ledger.Moved
}

const markEvery = 200 * time.Millisecond

// close ends everything that start opened, in the order that lets goroutines end.
func (s *session) close() {
	if s.wal != nil {
		s.wal.Close()
	}
	if s.writer != nil {
		s.writer.Close()
	}
	s.done.Wait()
	if s.readers != nil {
		s.readers.Close()
	}
	if s.client != nil {
		s.client.Close()
	}
	if s.admin != nil {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		_ = s.admin.Close(ctx)
		cancel()
	}
}

// background starts what runs beside the stream: reading the ledger back, the load, the sampling of
// sequences, the report. Each ends with ctx; one that fails ends the epoch.
func (s *session) background(ctx context.Context, cancel context.CancelCauseFunc) {
	for _, f := range []func(context.Context) error{s.readBack, s.load, s.sample, s.reporting} {
		s.done.Go(func() {
			if err := f(ctx); err != nil && ctx.Err() == nil {
				cancel(err)
			}
		})
	}
}

// readBack moves the slot up to what was read back and is valid (L3), and ends this capture when
// another one's epoch is.
func (s *session) readBack(ctx context.Context) error {
	for {
		err := s.readers.Next(ctx, func(r readback.Read) error {
			if r.Verdict != ledger.Valid {
				return nil
			}
			if r.Entry.Epoch != s.epoch {
				return fmt.Errorf("%w: epoch %d is above ours, %d", errTakenOver, r.Entry.Epoch, s.epoch)
			}
			if end := r.Entry.ResumeAt(); end != 0 {
				s.flushed.Store(uint64(end))
				s.wal.Report(end)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
}

// update gives f the loads, which the stream and the load share.
func (s *session) update(f func(load.States)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(s.loads)
}

// holds and sampled are waited for only between transactions.
func (s *session) holds() <-chan *load.Hold {
	if s.between() {
		return s.gate.Requests()
	}
	return nil
}

func (s *session) sampled() <-chan []sequence {
	if s.between() {
		return s.samples
	}
	return nil
}

// between reports whether no transaction is half received.
func (s *session) between() bool { return !s.tx.on }

// turns gives a waiting load its turn even when messages never pause.
func (s *session) turns(ctx context.Context) error {
	select {
	case h := <-s.gate.Requests():
		return s.hold(ctx, h)
	default:
		return nil
	}
}

// hold closes the open group, so that it stands before the chunk, and stands still.
func (s *session) hold(ctx context.Context, h *load.Hold) error {
	if err := s.closeGroup(); err != nil {
		return err
	}
	h.Grant()
	select {
	case <-h.Released():
		return nil
	case <-s.writer.Done():
		return s.writer.Err()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
