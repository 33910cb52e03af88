package load

import (
	"context"
	"errors"
	"fmt"
	"time"

	"floe/capture/publish"
	"floe/capture/snapshot"
	"floe/pkg/ledger"
)

// A table without a key has no ranges to go on with: it is read whole, under one snapshot S (H5). It is
// read in a hold, and while that is short nothing else is to be said. A read that takes longer lets the
// stream go on beside it:
//
//   - Everything placed before the hold is visible in S. From then on changes that S sees are dropped, and
//     all others wait: they are produced to partition 0 and no entry points at them. The load's rows are on
//     partition 1, so that neither is in the other's way.
//   - Chunks of rows are placed as they are read, each in a hold of its own that lasts no longer than that.
//   - Behind the last row the changes that waited are placed, as chunks too; then a chunk without rows ends
//     the load. What of it is in the log without that chunk counts for nothing: the applier empties the
//     table when a load begins.
//
// A temporary slot's snapshot would do the same (ADR 10 says why not).

// Beside is a table without a key being read while the stream goes on.
type Beside struct {
	Snapshot snapshot.Snapshot
	// later are the changes that wait, in pieces of one chunk.
	later []*publish.Spans
}

// Bounds of one chunk of changes that waited.
const (
	laterRows  = 20_000
	laterBytes = 8 << 20
)

// Later is where the next change that waits is produced to.
func (b *Beside) Later() *publish.Spans {
	if n := len(b.later); n > 0 && b.later[n-1].Rows < laterRows && b.later[n-1].Bytes < laterBytes {
		return b.later[n-1]
	}
	b.later = append(b.later, &publish.Spans{})
	return b.later[len(b.later)-1]
}

// bag reads a table without a key, in chunks whose ranges are row numbers, so that the applier need not
// take it at once. A chunk without a lower bound empties the target's table first: a load that ended in
// the middle begins again.
func (p *part) bag(ctx context.Context) error {
	// After a crash in the middle the load has ranges already: it begins again under a new number.
	if p.chunk.After != nil {
		p.loader.Update(func(s States) { p.state = s.anew(p.state) })
		p.chunk.Load, p.chunk.After = p.state.Load, nil
	}
	began := time.Now()
	r := newRows(p, func(int, int) bool { return false })
	r.full = func() error {
		if err := p.placing(ctx, func() error { return p.upTo(ctx, r, rowNumber(r.read)) }); err != nil {
			return err
		}
		return p.paced(ctx, began, r.read, r.bytes)
	}
	r.row = func() (err error) {
		if p.beside {
			return p.waitedFor(ctx)
		}
		if p.t.Partitions > 1 && time.Since(began) > p.loader.Hold {
			p.letGo(ctx)
		}
		return nil
	}
	if err := r.copy(ctx, selectRange(p.t, p.tree, ledger.Range{}, 0)); err != nil {
		return err
	}
	if !p.beside {
		return p.upTo(ctx, r, nil)
	}
	return p.complete(ctx, r)
}

// upTo places what was read since the last chunk.
func (p *part) upTo(ctx context.Context, r *rows, through [][]byte) error {
	c := *p.chunk
	c.Through = through
	p.chunk.After = through
	return p.finish(ctx, &c, r)
}

// letGo has the stream go on while the table is read further. The reader's own lock stays.
func (p *part) letGo(ctx context.Context) {
	p.loader.Update(func(States) { p.state.Beside = &Beside{Snapshot: p.snap.Snapshot} })
	p.beside = true
	p.loader.rollback(ctx, p.loader.guard)
	p.hold.Release()
}

// placing holds the stream, if it goes on, while f places what was read.
func (p *part) placing(ctx context.Context, f func() error) error {
	if !p.beside {
		return f()
	}
	hold, err := p.granted(ctx)
	if err != nil {
		return err
	}
	defer hold.Release()
	if p.loader.moved([]*part{p}) {
		return errors.New("its load began again meanwhile")
	}
	return f()
}

// granted waits until the stream stands between two transactions, unless a command waits for the table: the stream
// may wait for that one, in the server (grantedWithin).
func (p *part) granted(ctx context.Context) (*Hold, error) {
	for {
		wait, cancel := context.WithTimeout(ctx, grantedWithin)
		hold, err := p.loader.Gate.HoldAnyway(wait)
		cancel()
		if err == nil || ctx.Err() != nil {
			return hold, err
		}
		if err := p.waitedFor(ctx); err != nil {
			return nil, err
		}
	}
}

// paced waits as long as so much takes at the given rates, and for Kafka.
func (p *part) paced(ctx context.Context, began time.Time, rows, bytes int) error {
	l := p.loader
	if !p.beside {
		return nil
	}
	for takes := l.takes(rows, bytes); takes > 0; takes = l.takes(rows, bytes) {
		until := began.Add(takes)
		t := time.NewTimer(min(waitsLook, time.Until(until)))
		select {
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
			return ctx.Err()
		}
		if !time.Now().Before(until) {
			break
		}
		if err := p.waitedFor(ctx); err != nil {
			return err
		}
	}
	return l.Writer.Below(ctx, entriesAhead+l.Readers)
}

// laterAtOnce is how many chunks of changes one hold places.
const laterAtOnce = 4

// complete places what is left of the rows, the changes that waited, and the end of the load.
func (p *part) complete(ctx context.Context, r *rows) error {
	if r.read > p.rows {
		if err := p.placing(ctx, func() error { return p.upTo(ctx, r, rowNumber(r.read)) }); err != nil {
			return err
		}
	}
	for done := false; !done; {
		err := p.placing(ctx, func() (err error) {
			var some []*publish.Spans
			p.loader.Update(func(States) {
				b := p.state.Beside
				n := min(laterAtOnce, len(b.later))
				some, b.later = b.later[:n], b.later[n:]
				done = len(b.later) == 0
			})
			for _, spans := range some {
				if err := p.later(spans); err != nil {
					return err
				}
			}
			if done {
				err = p.upTo(ctx, r, nil)
			}
			return err
		})
		if err != nil {
			return err
		}
		if err := p.loader.Writer.Below(ctx, entriesAhead); err != nil {
			return err
		}
	}
	return nil
}

// later places changes that waited.
func (p *part) later(spans *publish.Spans) error {
	c := &ledger.Chunk{Load: p.chunk.Load, Table: p.chunk.Table, Mode: ledger.Later, Snapshot: p.snap.Text, Until: p.snap.until}
	return p.append(c, spans)
}

// waitsLook is how often a long read looks for commands that wait for its lock.
const waitsLook = time.Second

// waitedFor looks, now and then, whether a command waits for the table. One that was waiting the last
// time too has waited long enough: the read ends, for behind that command everybody else waits.
func (p *part) waitedFor(ctx context.Context) (err error) {
	if time.Since(p.looked) < waitsLook {
		return nil
	}
	before, l := p.awaited, p.loader
	p.looked = time.Now()
	if err := l.renew(ctx, &l.guard); err != nil {
		return err
	}
	err = l.guard.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_catalog.pg_locks w JOIN pg_catalog.pg_locks h ON h.relation = w.relation AND h.database = w.database
		WHERE NOT w.granted AND w.mode = 'AccessExclusiveLock' AND h.granted AND h.pid = $1)`, p.reader.conn.PgConn().PID()).Scan(&p.awaited)
	if err != nil {
		return fmt.Errorf("look for commands that wait: %w", err)
	}
	if p.awaited && before {
		return errors.New("a command waits for the table; its load begins again behind that")
	}
	return nil
}
