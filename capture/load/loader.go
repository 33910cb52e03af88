package load

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"floe/capture/publish"
	"floe/capture/route"
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
	// Rate is the rows a second that are read at most; 0 is without bound.
	Rate func() int
}

// Loader copies tables through the log, one after another.
type Loader struct {
	Config
	Connect func(context.Context) (*pgx.Conn, error)
	Gate    *Gate
	Writer  *publish.Writer
	Ask     func() // has the source say how far it is
	Log     *slog.Logger
	// Update runs f with the States, which the stream shares.
	Update func(f func(States))
	Loaded func(st *State) error // places Loaded

	reader, guard *pgx.Conn
	limit         map[uint32]int // rows of a table's next chunk
}

// Table is a table to be loaded.
type Table struct {
	*route.Table
	// Only is set unless the table is partitioned: rows of inheriting tables are their own.
	Only bool
}

const firstLimit = 2000

// Run loads what is not loaded, and returns when every table is settled or ctx ends.
func (l *Loader) Run(ctx context.Context, tables []Table) error {
	defer l.close()
	l.limit = map[uint32]int{}
	if err := l.connect(ctx); err != nil {
		return err
	}
	if err := l.allKnown(ctx); err != nil {
		return err
	}
	for _, t := range tables {
		for !l.done(t) {
			if err := l.retrying(ctx, t, func() error { return l.chunk(ctx, t) }); err != nil {
				return fmt.Errorf("load %s: %w", t.Shape.Name, err)
			}
		}
	}
	for _, t := range tables {
		if err := l.settle(ctx, t); err != nil {
			return fmt.Errorf("settle %s: %w", t.Shape.Name, err)
		}
	}
	return nil
}

func (l *Loader) done(t Table) (yes bool) {
	l.Update(func(s States) { yes = s[t.Shape.OID].Complete })
	return yes
}

func (l *Loader) connect(ctx context.Context) (err error) {
	l.close()
	if l.reader, err = l.Connect(ctx); err != nil {
		return err
	}
	l.guard, err = l.Connect(ctx)
	return err
}

func (l *Loader) close() {
	for _, c := range []*pgx.Conn{l.reader, l.guard} {
		if c != nil {
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			_ = c.Close(ctx)
			cancel()
		}
	}
	l.reader, l.guard = nil, nil
}

// errLater says that a chunk could not be read now: somebody's DDL waits for the table, or a commit
// is not visible yet. The stream goes on meanwhile.
var errLater = errors.New("later")

// retrying runs f until it succeeds or fails for good; between attempts the stream drains.
func (l *Loader) retrying(ctx context.Context, t Table, f func() error) error {
	for wait := 5 * time.Millisecond; ; wait = min(2*wait, 500*time.Millisecond) {
		err := f()
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if !errors.Is(err, errLater) {
			if !again(err) {
				return err
			}
			l.Log.Warn("chunk is read again", "table", t.Shape.Name.String(), "err", err)
			if err := l.connect(ctx); err != nil {
				return err
			}
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// again reports whether an error passes by itself: locks, deadlocks, a lost connection.
func again(err error) bool {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return pgconn.SafeToRetry(err) || pgconn.Timeout(err) || errors.Is(err, errConnection)
	}
	switch pg.Code {
	case "55P03", "40P01", "40001", "57014":
		return true
	}
	return false
}

// allKnown waits until every transaction that was placed before this capture began is visible (H1):
// after that, what Recent lacks is visible to every snapshot.
func (l *Loader) allKnown(ctx context.Context) error {
	var x uint64
	var lsn string
	if err := l.reader.QueryRow(ctx, "SELECT txid_current()").Scan(&x); err != nil {
		return fmt.Errorf("take a transaction id: %w", err)
	}
	if err := l.reader.QueryRow(ctx, "SELECT "+insertLSN).Scan(&lsn); err != nil {
		return err
	}
	target, err := untilOf(lsn)
	if err != nil {
		return err
	}
	for logged := false; ; {
		var xmin uint64
		if err := l.reader.QueryRow(ctx, "SELECT txid_snapshot_xmin(txid_current_snapshot())").Scan(&xmin); err != nil {
			return fmt.Errorf("look at open transactions: %w", err)
		}
		if xmin > x && l.Gate.At() >= target {
			return nil
		}
		if !logged {
			l.Log.Info("load waits for open transactions", "xid", x, "oldest", xmin, "lsn", target.String())
			logged = true
		}
		if err := l.waitMoved(ctx); err != nil {
			return err
		}
	}
}

// waitMoved waits until the stream has gone on, or a moment.
func (l *Loader) waitMoved(ctx context.Context) error {
	l.Ask()
	select {
	case <-l.Gate.Moved():
	case <-time.After(20 * time.Millisecond):
	case <-l.Writer.Done():
		return l.Writer.Err()
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}

// settle waits until the log has passed every chunk of the table, reads moved keys again, and places
// Loaded.
func (l *Loader) settle(ctx context.Context, t Table) error {
	for {
		var st State
		var keys []Moved
		l.Update(func(s States) {
			st = *s[t.Shape.OID]
			for _, k := range st.Waiting {
				if keys = append(keys, k); len(keys) == keysPerChunk {
					break
				}
			}
		})
		switch {
		case st.Loaded:
			return nil
		case len(keys) > 0:
			if err := l.retrying(ctx, t, func() error { return l.moved(ctx, t, keys) }); err != nil {
				return err
			}
		case l.Gate.At() >= st.Until:
			hold, err := l.Gate.Hold(ctx)
			if err != nil {
				return err
			}
			err = l.place(t)
			hold.Release()
			if err != nil {
				return err
			}
		default:
			if err := l.waitMoved(ctx); err != nil {
				return err
			}
		}
	}
}

// place puts Loaded into the log, unless a key was moved since settle looked.
func (l *Loader) place(t Table) (err error) {
	l.Update(func(s States) {
		st := s[t.Shape.OID]
		if len(st.Waiting) > 0 {
			return
		}
		if err = l.Loaded(st); err == nil {
			st.Loaded = true
		}
	})
	return err
}

// keysPerChunk bounds the keys that one chunk reads again.
const keysPerChunk = 500

// untilOf is the place that the log must pass: just behind a page header it is rounded down to the
// page's start, or an idle source would never pass it.
func untilOf(s string) (event.LSN, error) {
	lsn, err := event.ParseLSN(s)
	if err != nil {
		return 0, err
	}
	if in := lsn % 8192; in == 24 || in == 40 {
		lsn -= in
	}
	return lsn, nil
}

func (l *Loader) entry(st *State, c *ledger.Chunk, spans *publish.Spans) error {
	return l.Writer.Append(&ledger.Entry{Chunk: c}, spans.List(), nil)
}
