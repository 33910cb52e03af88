package load

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"floe/capture/publish"
	"floe/capture/route"
	"floe/pkg/charset"
	"floe/pkg/event"
	"floe/pkg/ledger"
)

// Config tunes a load.
type Config struct {
	// Hold is how long the stream should stand still for one chunk. Longer holds load faster and delay
	// changes more.
	Hold time.Duration
	// ChunkBytes bounds a chunk whatever its rows; it is cut at the row that passes it.
	ChunkBytes int
	// Readers is the number of ranges, of one table or several, read at once: within one hold and under
	// one snapshot.
	Readers int
	// Rate is the rows a second that are read at most, as it is at the time; 0 is without bound, and so is nil.
	Rate func() int
	// ByteRate is the same for bytes, as COPY brings them.
	ByteRate func() int
	// Rests, if set, has the load read no further range while it is true: the servers have other work. Keys
	// that are read again are no load of theirs.
	Rests func() bool
}

// Loader copies tables through the log, a few at a time, in rounds of one hold each.
//
//   - No row is read before every transaction that an earlier capture placed is visible (H1).
//   - A chunk is read of the table version and the load that are valid where the stream is held; whoever
//     changes either does so between two holds.
//   - A chunk is in the log or nothing of it was produced; else the epoch ends (L1).
//   - Tables without a key are loaded in rounds of their own, beside the others: each takes as long as it
//     takes (bag.go).
//   - Between two rounds the stream catches up with what was durable at the first one's snapshot, so a
//     load never adds more to the delay of changes than two holds.
type Loader struct {
	Config
	Connect func(context.Context) (*pgx.Conn, error)
	// Charset, if set, is what texts are in that the sessions bring as the database has them.
	Charset *charset.Charset
	// Tables are the versions valid at the stream's place, in the order of loading; they may change
	// between two holds.
	Tables func() []Table
	// Pending, if set, reports whether conn's snapshot sees structure that the stream has not come to: a
	// chunk read then could hold what the definitions before it do not allow.
	Pending func(ctx context.Context, conn *pgx.Conn) (bool, error)
	// Members, if set, are what enums and composite types consist of by the definitions valid where the stream stands
	// (composed.Types). The server may show others of which nobody told.
	Members func() map[uint32]string
	Gate    *Gate
	Writer  *publish.Writer
	Ask     func() // has the source say how far it is
	Log     *slog.Logger
	// Update runs f with the States, which the stream shares.
	Update func(f func(States))
	Loaded func(st *State) error // places Loaded
	// Waited, if set, is told what the load waited for its Rate.
	Waited func(time.Duration)

	keyless bool // it loads the tables without a key, else the others
	// over: one of both found all tables loaded. A table that opens then may be for the one that ended.
	over    *atomic.Bool
	guard   *pgx.Conn
	asking  *sync.Mutex // who asks the guard while readers read
	readers []*reader
	known   map[*route.Table]*version
	limit   map[uint32]int // rows of a table's next chunk
	rows    int            // read in the last round
	bytes   int
	nudged  time.Time
}

// Table is a table to be loaded.
type Table struct {
	*route.Table
	// Only is set unless the table is partitioned: rows of inheriting tables are their own.
	Only bool
}

// version is what the Loader knows of a Table.
type version struct {
	Table
	charset *charset.Charset
	load    uint64 // it is of one load alone: with the next one keys may sort otherwise
	order   order
	// splits are keys between which the table's rows are spread evenly, more or less.
	splits [][][]byte

	// turn is whose rows go to the table's topic, of the parts that read it at once (turn.go).
	turn sync.Mutex

	mu    sync.Mutex
	later time.Time // it was refused a lock; when to ask again
	// misfit is when the catalog was first seen to differ from it, and where the WAL was then.
	misfit   time.Time
	misfitAt event.LSN
	// path are the schemas of what functions of its indexes name without one.
	path []string
}

const (
	firstLimit = 2000
	// laterWait is how long a table rests that somebody's DDL waits for.
	laterWait = 100 * time.Millisecond
	// entriesAhead bounds the entries that are not acknowledged when a round begins: the stream must
	// not stand still for Kafka.
	entriesAhead = 4
)

// Run loads what is not loaded, and returns when every table was settled or ctx ends. A load that opens
// meanwhile may be left: whoever opened it runs the loader again.
func (l *Loader) Run(ctx context.Context) error {
	defer l.close()
	if err := l.connect(ctx); err != nil {
		return err
	}
	if err := l.allKnown(ctx); err != nil {
		return err
	}
	l.over = new(atomic.Bool)
	keyless := *l
	keyless.keyless, keyless.guard, keyless.readers = true, nil, nil
	l.asking, keyless.asking = new(sync.Mutex), new(sync.Mutex)
	defer keyless.close()
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return l.rounds(ctx) })
	group.Go(func() error { return keyless.rounds(ctx) })
	return group.Wait()
}

// rounds loads its tables until all are loaded, the other's too: a table may get a key, or lose it. Both
// end then: alone, one would wait for ever for tables that only the other loads.
func (l *Loader) rounds(ctx context.Context) error {
	l.limit, l.known = map[uint32]int{}, map[*route.Table]*version{}
	for !l.over.Load() {
		tables, err := l.tables(ctx)
		if err != nil {
			return err
		}
		if err := l.settle(ctx, tables); err != nil {
			return err
		}
		switch parts := l.next(tables); {
		case len(parts) > 0:
			err = l.round(ctx, parts)
		case l.allLoaded():
			l.over.Store(true)
		case len(tables) == 0:
			err = l.idle(ctx)
		default:
			if err = l.waitMoved(ctx); err == nil {
				err = l.nudge(ctx)
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// tables are those of which a load is open, as they are now.
func (l *Loader) tables(ctx context.Context) (open []*version, err error) {
	known := map[*route.Table]*version{}
	now := l.Tables()
	l.Update(func(s States) {
		for _, t := range now {
			st := s[t.Shape.OID]
			if st == nil || st.Loaded || l.keyless != (len(t.Shape.Key) == 0) {
				continue
			}
			v := l.known[t.Table]
			if v == nil || v.load != st.Load {
				v = &version{Table: t, charset: l.Charset, load: st.Load}
			}
			open = append(open, v)
		}
	})
	for _, v := range open {
		if l.known[v.Table.Table] != v && !l.keyless {
			if err := l.readOrder(ctx, v); err != nil {
				return nil, err
			}
			if err := l.readSplits(ctx, v); err != nil {
				return nil, err
			}
		}
		known[v.Table.Table] = v
	}
	l.known = known
	return open, nil
}

// next picks what the readers read in the next round: ranges first, in the order of the tables, and of
// tables whose ranges are done the keys to be read again.
func (l *Loader) next(tables []*version) (parts []*part) {
	now, rests := time.Now(), l.Rests != nil && l.Rests()
	l.Update(func(s States) {
		for _, t := range tables {
			st := s[t.Shape.OID]
			if len(parts) == l.width() || st == nil || st.Loaded || now.Before(t.later) || rests && !st.Complete {
				continue
			}
			some := l.parts(t, st)
			parts = append(parts, some[:min(len(some), l.width()-len(parts))]...)
		}
	})
	return parts
}

// width is how many parts one round has at most.
func (l *Loader) width() int {
	if l.keyless {
		return 1
	}
	return max(1, l.Readers)
}

// moved reports whether the stream has since changed what a part is to read. The stream is held.
func (l *Loader) moved(parts []*part) (yes bool) {
	now := map[*route.Table]bool{}
	for _, t := range l.Tables() {
		now[t.Table] = true
	}
	l.Update(func(s States) {
		for _, p := range parts {
			yes = yes || !now[p.t.Table.Table] || s[p.t.Shape.OID] != p.state
		}
	})
	return yes
}

// parts are the table's next steps, which may be done at once; none if it only has to settle.
func (l *Loader) parts(t *version, st *State) (parts []*part) {
	c := ledger.Chunk{Load: st.Load, Table: t.Shape.OID, Mode: st.mode()}
	switch {
	case !st.Complete && len(t.Shape.Key) == 0:
		c.After = st.Open[0].After
		return []*part{{t: t, state: st, chunk: &c, read: (*part).bag, loader: l}}
	case !st.Complete:
		limit := l.limit[t.Shape.OID]
		if limit == 0 {
			limit = firstLimit
		}
		if rate := l.rate(); rate > 0 {
			limit = max(1, min(limit, rate/10))
		}
		for _, r := range st.Open {
			if st.Untouched() && len(t.splits) > 0 { // the first chunk says where the others begin
				c.Splits, r.Through = t.splits, t.splits[0]
			}
			c := c
			c.After = r.After
			parts = append(parts, &part{t: t, state: st, chunk: &c, end: r.Through, limit: limit, read: (*part).ranges, loader: l})
		}
		return parts
	case len(st.Waiting) > 0:
		c.Mode = ledger.Replace
		for _, k := range st.Waiting {
			if c.Keys = append(c.Keys, k); len(c.Keys) == keysPerChunk {
				break
			}
		}
		return []*part{{t: t, state: st, chunk: &c, read: (*part).keys, loader: l}}
	}
	return nil
}

// keysPerChunk bounds the keys that one chunk reads again.
const keysPerChunk = 500

func (l *Loader) allLoaded() (yes bool) {
	l.Update(func(s States) { yes = !s.Open() })
	return yes
}

// settle places Loaded for every table that the log has passed every chunk of, and that has no key to
// be read again (H2).
func (l *Loader) settle(ctx context.Context, tables []*version) error {
	var ready []uint32
	l.Update(func(s States) {
		for _, t := range tables {
			if st := s[t.Shape.OID]; st != nil && !st.Loaded && st.Settled(l.Gate.At()) {
				ready = append(ready, st.Table)
			}
		}
	})
	if len(ready) == 0 {
		return nil
	}
	hold, err := l.Gate.Hold(ctx)
	if err != nil {
		return err
	}
	defer hold.Release()
	for _, oid := range ready {
		if err := l.place(oid); err != nil {
			return fmt.Errorf("settle table %d: %w", oid, err)
		}
	}
	return nil
}

// place puts Loaded into the log, unless a key was moved or the load began again since settle looked.
func (l *Loader) place(oid uint32) (err error) {
	l.Update(func(s States) {
		st := s[oid]
		if st == nil || st.Loaded || !st.Settled(l.Gate.At()) {
			return
		}
		if err = l.Loaded(st); err == nil {
			st.Loaded = true
		}
	})
	return err
}

// waitMoved waits until the stream has gone on, or a moment.
func (l *Loader) waitMoved(ctx context.Context) error {
	l.Ask()
	t := time.NewTimer(20 * time.Millisecond)
	defer t.Stop()
	select {
	case <-l.Gate.Moved():
	case <-t.C:
	case <-l.Writer.Done():
		return l.Writer.Err()
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}

// idle waits a moment for a table to come.
func (l *Loader) idle(ctx context.Context) error {
	t := time.NewTimer(20 * time.Millisecond)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-l.Writer.Done():
		return l.Writer.Err()
	case <-ctx.Done():
		return ctx.Err()
	}
}

// drained waits until the stream has passed lsn.
func (l *Loader) drained(ctx context.Context, lsn event.LSN) error {
	for l.Gate.At() < lsn {
		if err := l.waitMoved(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (l *Loader) rate() int {
	if l.Rate == nil {
		return 0
	}
	return l.Rate()
}

func (l *Loader) byteRate() int {
	if l.ByteRate == nil {
		return 0
	}
	return l.ByteRate()
}

// takes is how long what was read takes at the given rates; 0 without any.
func (l *Loader) takes(rows, bytes int) (d time.Duration) {
	if rate := l.rate(); rate > 0 {
		d = time.Duration(rows) * time.Second / time.Duration(rate)
	}
	if rate := l.byteRate(); rate > 0 {
		d = max(d, time.Duration(float64(bytes)/float64(rate)*float64(time.Second)))
	}
	return d
}

// pace waits after a round as long as its rows take at the given rates, and until Kafka has taken most
// of what was read.
func (l *Loader) pace(ctx context.Context, began time.Time) error {
	if takes := l.takes(l.rows, l.bytes); takes > 0 {
		wait := time.Until(began.Add(takes))
		if wait > 0 && l.Waited != nil {
			l.Waited(wait)
		}
		t := time.NewTimer(wait)
		defer t.Stop()
		select {
		case <-t.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return l.Writer.Below(ctx, entriesAhead+l.Readers)
}
