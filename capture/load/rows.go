package load

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"

	"floe/capture/publish"
	"floe/capture/route"
	"floe/pkg/event"
	"floe/pkg/failpoint"
	"floe/pkg/pg"
)

// rows takes one COPY apart and produces what it reads. It is the io.Writer of a CopyTo, which hands
// it one line of a row at a time.
type rows struct {
	p     *part
	image event.Row
	data  []event.Datum
	last  [][]byte // key of the last row, copied
	spans *publish.Spans
	enc   *route.Encoder

	stop  func(read, bytes int) bool // ends the chunk behind this row
	full  func() error               // for tables without a key: a chunk of them is complete
	row   func() error               // for those too: after some rows
	cut   bool
	read  int
	bytes int
	err   error // what ended the reading on our side
}

// bagPart bounds one chunk of a table without a key.
const bagPart = 20_000

func newRows(p *part, stop func(int, int) bool) *rows {
	r := &rows{p: p, spans: &publish.Spans{}, stop: stop, last: make([][]byte, len(p.t.Shape.Key)),
		image: event.Row{Table: p.t.Shape, Op: event.Read, Pos: event.Position{Epoch: p.loader.Writer.Epoch()}}}
	r.enc = route.NewEncoder(p.room(func() *publish.Spans { return r.spans }))
	return r
}

var errCut = errors.New("the chunk is full")

// copy runs the query. A chunk that stop ends early costs its session: cancelling is rarer than the
// sizes are right.
func (r *rows) copy(ctx context.Context, query string) error {
	if err := failpoint.Here("chunk-read.before"); err != nil {
		return errors.Join(errConnection, err)
	}
	sent, err := r.p.planned(ctx, query)
	if err != nil {
		return err
	}
	_, err = r.p.reader.conn.PgConn().CopyTo(ctx, r, "COPY ("+sent+") TO STDOUT")
	if r.cut {
		return failpoint.Here("chunk-read.after")
	}
	if r.err != nil {
		return r.err
	}
	if err != nil && pg.Code(err) == "" {
		return errors.Join(errConnection, err)
	}
	if err != nil && r.read == 0 {
		if later := r.p.unplanned(ctx, err); later != nil {
			return later
		}
	}
	if err != nil {
		return fmt.Errorf("copy: %w", err)
	}
	return failpoint.Here("chunk-read.after")
}

// failed reports whether our own side, not the source, ended the reading.
func (r *rows) failed() bool { return r.err != nil && !r.cut }

// Write takes one row's line. The line is the session's own buffer, which it does not look at again:
// it is unescaped in place.
func (r *rows) Write(line []byte) (int, error) {
	if r.err != nil {
		return 0, r.err
	}
	if r.err = r.take(line); r.err == nil && r.stop(r.read, r.bytes) {
		r.cut, r.err = true, errCut
	}
	return len(line), r.err
}

func (r *rows) take(line []byte) (err error) {
	r.bytes += len(line)
	if r.data, err = splitCopy(r.data, line, len(r.p.t.Shape.Columns)); err != nil {
		return err
	}
	if r.data == nil {
		r.data = []event.Datum{}
	}
	if err := r.p.t.decode(r.data); err != nil {
		return err
	}
	r.image.After = r.data
	rec, err := r.enc.Record(r.p.t.Table.Table, &r.image)
	if err != nil {
		return err
	}
	if len(r.p.t.Shape.Key) == 0 && r.p.t.Partitions > 1 {
		rec.Partition = 1
	}
	if err := r.p.produce(r.spans, rec); err != nil {
		return err
	}
	r.read++
	for i, k := range r.p.t.Shape.Key {
		r.last[i] = append(r.last[i][:0], r.data[k].Text...)
	}
	if r.row != nil && r.read%16 == 0 {
		if err := r.row(); err != nil {
			return err
		}
	}
	if r.full != nil && (r.read-r.p.rows >= bagPart || r.spans.Bytes >= r.p.loader.ChunkBytes) {
		return r.full()
	}
	return nil
}

// lastKey is the key of the last row read: the range's end.
func (r *rows) lastKey() [][]byte {
	key := make([][]byte, len(r.last))
	for i := range r.last {
		key[i] = bytes.Clone(r.last[i])
		if key[i] == nil {
			key[i] = []byte{} // an empty text is a key, nil would be NULL
		}
	}
	return key
}

// rowNumber is a place between chunks of a table without a key.
func rowNumber(n int) [][]byte { return [][]byte{[]byte(strconv.Itoa(n))} }
