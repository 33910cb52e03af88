package capture

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pglogrepl"
	"github.com/jackc/pgx/v5"
	"github.com/twmb/franz-go/pkg/kgo"

	"floe/capture/composed"
	"floe/capture/decode"
	"floe/capture/defined"
	"floe/capture/filter"
	"floe/capture/group"
	"floe/capture/load"
	"floe/capture/publish"
	"floe/capture/readback"
	"floe/capture/route"
	"floe/capture/snapshot"
	"floe/capture/source"
	"floe/capture/trim"
	"floe/capture/wal"
	"floe/pkg/catalog"
	"floe/pkg/control"
	"floe/pkg/event"
	"floe/pkg/ledger"
)

// session is one epoch of capture. The stream's goroutine owns all of it; loads, and db and tables
// behind the beginning, it changes under mu, for the load has its share in them.
//
//   - order decides what the entries hold; nothing else places what the stream brings.
type session struct {
	Config
	report *reporter
	admin  *pgx.Conn
	asking *pgx.Conn // filter's
	// encoding is the source database's.
	encoding string
	client   *kgo.Client
	readers  *readback.Reader
	wal      *wal.Stream
	writer   *publish.Writer
	trimmer  *trim.Trimmer
	gate     *load.Gate
	decoder  decode.Decoder
	encoder  *route.Encoder
	filter   *filter.Filter // nil while no table has a condition

	heartbeat source.Heartbeat
	pressed   pressed
	epoch     uint32
	nonce     string
	beginAt   int64 // offset of our Epoch
	sent      *control.Sent
	wanted    atomic.Pointer[control.Wanted]
	called    chan struct{}     // something else is wanted
	heeded    *control.Wanted   // what the stream has taken up
	db        *catalog.Database // what is valid at the stream's place
	today     *catalog.Database // what the catalog said when the session began
	layout
	// first: there was nothing in the log; db is the catalog as catalogSnap saw it.
	first       bool
	catalogSnap snapshot.Snapshot
	versions    uint32 // table versions that ids were given to
	opens       uint32 // loads begun for tables that had none
	relations   map[uint32]*pglogrepl.RelationMessage
	bound       map[uint32]*route.Relation // by the oid of what the stream sends, once a row came
	ddl         ddlRelation
	// movers are the transactions that moved definitions and that no look at the catalog has seen.
	movers    map[defined.Key]uint32
	misfits   map[*route.Table]string // what did not fit them
	types     *composed.Types         // of db, nil until a row asks
	stood     snapshot.Snapshot       // composite types were looked at, and were as db says
	unseen    uint32                  // a transaction that sessions of the source did not see within visibleWithin
	recasts   map[uint32]event.LSN    // of tables, the last command that was told and had their values mean something else
	changedAt event.LSN               // where the change that is being taken stands in the WAL
	suspects  map[uint32]bool         // relations that were described again while nobody tells of changes
	files     map[uint32]file         // of each table, when it was last looked at
	triggers  string                  // floe's event triggers, then (triggersOf)
	truncated map[uint32]bool         // relations that were truncated since
	want      chan struct{}
	looks     chan *look
	seal      source.Seal // what the publication is to be; whoever looks at the catalog has it

	// begun is a transaction id from when the slot was taken, before anything was read of the source: nobody else has
	// placed a later one.
	begun uint64
	told  atomic.Bool // the source records its commands

	// What follows is under mu, too.
	reconciled string             // the catalog's state that the definitions were last held against
	commanded  map[uint32]bool    // transactions whose commands the stream has come to
	lost       map[uint32]*misfit // by root
	joined     map[uint32]bool    // relations published by us, not by the command that made them
	joining    map[uint32]uint32  // relations of the layout that are not published yet, by the transaction that made them, if the stream told
	mu         sync.Mutex
	loads      load.States
	loading    atomic.Bool   // a load is open
	opened     chan struct{} // a load was opened

	batch    wal.Batch // that messages are taken of
	taken    int       // how many of it were
	order    *group.Grouper
	grouping time.Time // since when its group is open
	began    time.Time
	whole    atomic.Int64 // nanoseconds after began: all that is valid was read back; 0 before
	backlog  bool         // the source has more than it could send yet
	linger   *time.Timer  // ends the waiting of the open group
	samples  chan []sequence
	done     sync.WaitGroup
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
	for _, c := range []*pgx.Conn{s.admin, s.asking} {
		if c != nil {
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			_ = c.Close(ctx)
			cancel()
		}
	}
}

// background starts what runs beside the stream: reading the ledger back, the load, the sampling of
// sequences, the report. Each ends with ctx; one that fails ends the epoch.
func (s *session) background(ctx context.Context, cancel context.CancelCauseFunc) {
	for _, f := range []func(context.Context) error{s.readBack, s.load, s.sample, s.changesOfCatalog(), s.commands, s.askers, s.reporting, s.trimmer.Run} {
		s.done.Go(func() {
			if err := f(ctx); err != nil && ctx.Err() == nil {
				cancel(err)
			}
		})
	}
}

// readBack reads the ledger back until this epoch ends.
func (s *session) readBack(ctx context.Context) error {
	for {
		if err := s.readOn(ctx); err != nil {
			return err
		}
	}
}

// readOn waits for entries, moves the slot up to what was read back and is valid (L3), and ends this capture when
// another one's epoch is.
func (s *session) readOn(ctx context.Context) error {
	return s.readers.Next(ctx, func(r readback.Read) error {
		end, err := r.Passed(s.epoch)
		if err != nil || r.Verdict != ledger.Valid {
			return err
		}
		s.report.metrics.logged(time.Since(time.UnixMicro(r.Entry.At)).Microseconds())
		if r.Entry.N == ledger.BeginObjects {
			s.name(ctx)
			s.whole.Store(int64(time.Since(s.began)))
		}
		if end != 0 {
			s.wal.Report(end)
		}
		return nil
	})
}

// update gives f the loads, which the stream and the load share.
func (s *session) update(f func(load.States)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(s.loads)
}

// database is what is valid where the stream is, for others than the stream.
func (s *session) database() *catalog.Database {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.db
}

// batches are waited for once all messages of the last one are taken.
func (s *session) batches() <-chan wal.Batch {
	if s.batch.Messages != nil {
		return nil
	}
	return s.wal.Batches()
}

// holds and sampled are waited for only between transactions.
func (s *session) holds() <-chan *load.Hold {
	if !s.order.Between() {
		return nil
	}
	if !s.trimmer.Takes() {
		return s.gate.Urgent()
	}
	return s.gate.Requests()
}

func (s *session) sampled() <-chan []sequence {
	if s.order.Between() {
		return s.samples
	}
	return nil
}

// turns gives a waiting load its turn even when messages never pause.
func (s *session) turns(ctx context.Context) error {
	select {
	case h := <-s.holds():
		return s.hold(ctx, h)
	default:
		return nil
	}
}

// hold closes the open group, so that it stands before the chunk, and stands still.
func (s *session) hold(ctx context.Context, h *load.Hold) error {
	if err := s.order.Close(); err != nil {
		return err
	}
	// A transaction of nothing but changes that wait (H5) has no entry yet. Read again behind the chunks that
	// bear them, by a capture that begins there, it would be placed twice: the log must have passed it.
	if s.beside() {
		if err := s.order.Mark(); err != nil {
			return err
		}
	}
	h.Grant()
	began := time.Now()
	defer func() { s.report.metrics.hold.Observe(time.Since(began).Seconds()) }()
	select {
	case <-h.Released():
		return nil
	case <-s.wal.Stopping():
		return errors.New("the source wants to shut down while the load holds the stream")
	case <-s.writer.Done():
		return s.writer.Err()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
