package load

import (
	"context"
	"errors"
	"time"

	"floe/capture/publish"
	"floe/pkg/failpoint"
	"floe/pkg/ledger"
)

// part is what one reader does in a round: one table's next chunk.
type part struct {
	loader *Loader
	t      *version
	state  *State
	chunk  *ledger.Chunk
	end    [][]byte // of the open range that it is taken from
	limit  int
	read   func(*part, context.Context) error

	tree   string // see selectRows; empty for a table that is not partitioned
	types  string // typesOf it, under S
	reader *reader
	snap   held
	hold   *Hold
	// beside: the stream goes on while it reads (H5). awaited: a command waited for its table when that was
	// looked at.
	beside, awaited bool
	looked          time.Time
	rows, bytes     int
	turn            turn
	// orphans: rows were produced that no entry points at.
	orphans bool
}

// inOrder has the server walk along the key's index. Of a table without statistics it takes a range with
// two ends for small, and would fetch and sort all of it for each chunk.
const inOrder = "SET LOCAL enable_sort = off; SET LOCAL enable_bitmapscan = off; SET LOCAL enable_seqscan = off"

// ranges reads the table's next range of keys. What was read before the connection failed is a range
// too.
func (p *part) ranges(ctx context.Context) error {
	if _, err := p.reader.conn.Exec(ctx, inOrder); err != nil {
		return errors.Join(errConnection, err)
	}
	l, began := p.loader, time.Now()
	r := newRows(p, func(read int, bytes int) bool {
		return bytes > l.ChunkBytes || read%16 == 0 && time.Since(began) > 2*l.Hold
	})
	err := r.copy(ctx, selectRange(p.t, p.tree, ledger.Range{After: p.chunk.After, Through: p.end}, p.limit))
	if err != nil && (r.read == 0 || r.failed()) {
		return err
	}
	if err == nil && !r.cut && r.read < p.limit {
		p.chunk.Through = p.end
	} else {
		p.chunk.Through = r.lastKey()
	}
	if err := p.finish(ctx, p.chunk, r); err != nil {
		return err
	}
	if l.rate() == 0 {
		l.adapt(p, r, time.Since(began))
	}
	return nil
}

// smallest is where a slow source stops to shrink chunks: below, a round's own cost rules.
const smallest = 100

// smallestBytes is the same for chunks that a bound in bytes shrinks.
const smallestBytes = 64 << 10

// adapt sizes the next chunk so that its hold comes near Hold.
func (l *Loader) adapt(p *part, r *rows, took time.Duration) {
	next := float64(p.limit) * 2
	if took > 0 && r.read > 0 {
		next = max(float64(r.read)*float64(l.Hold)/float64(took), smallest)
	}
	if r.bytes > 0 {
		most := l.ChunkBytes
		if rate := l.byteRate(); rate > 0 { // a tenth of a second's
			most = min(most, max(rate/5, smallestBytes))
		}
		next = min(next, float64(r.read)*float64(most)/float64(r.bytes)/2)
	}
	l.Update(func(States) { // readers share the map
		l.limit[p.t.Shape.OID] = int(max(1, min(next, float64(p.limit)*4, 1e6)))
	})
}

// keys reads keys again that a partial key-changing update gave to rows (H3).
func (p *part) keys(ctx context.Context) error {
	r := newRows(p, func(int, int) bool { return false })
	if err := r.copy(ctx, selectKeys(p.t, p.tree, p.chunk.Keys)); err != nil {
		return err
	}
	return p.finish(ctx, p.chunk, r)
}

// finish places a chunk whose rows are produced.
func (p *part) finish(ctx context.Context, c *ledger.Chunk, r *rows) error {
	c.Snapshot, c.Until = p.snap.Text, p.snap.until
	c.Rows = uint64(r.read - p.rows)
	if c.Rows > 0 {
		if err := p.ofItsTypes(ctx); err != nil {
			return err
		}
	}
	p.rows, p.bytes = r.read, r.bytes
	if err := p.takeTurn(r.spans); err != nil {
		return err
	}
	defer p.passTurn()
	spans := r.spans
	r.spans = &publish.Spans{}
	if err := p.append(c, spans); err != nil {
		return err
	}
	p.orphans = false
	return nil
}

// append places a chunk.
func (p *part) append(c *ledger.Chunk, spans *publish.Spans) error {
	if err := failpoint.Here("chunk.before"); err != nil {
		return err
	}
	if err := p.loader.Writer.Append(&ledger.Entry{Chunk: c}, spans.List(), nil); err != nil {
		return err
	}
	var err error
	p.loader.Update(func(s States) { err = s.chunk(c) })
	return errors.Join(err, failpoint.Here("chunk.after"))
}
