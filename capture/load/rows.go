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
	"floe/pkg/ledger"
)

// rows takes one COPY apart and produces what it reads. It is the io.Writer of a CopyTo, which hands
// it one line of a row at a time.
type rows struct {
	l     *Loader
	t     Table
	row   event.Row
	data  []event.Datum
	last  []event.Datum // key of the last row, copied
	spans *publish.Spans
	enc   *route.Encoder

	stop    func(read, bytes int) bool // ends the chunk behind this row
	full    func() error               // for tables without a key: a part is complete
	cut     bool
	read    int
	flushed int
	bytes   int
	err     error
}

// bagPart bounds one part of a table without a key.
const bagPart = 20_000

func newRows(l *Loader, t Table, stop func(int, int) bool) *rows {
	r := &rows{l: l, t: t, spans: &publish.Spans{}, stop: stop, enc: route.NewEncoder()}
	r.row = event.Row{Table: t.Shape, Op: event.Read}
	r.last = make([]event.Datum, len(t.Shape.Columns))
	return r
}

var errCut = errors.New("the chunk is full")

// copy runs the query. A chunk that stop ends early leaves the connection closed: cancelling is
// rarer than the sizes are right.
func (r *rows) copy(ctx context.Context, query string) error {
	_, err := r.l.reader.PgConn().CopyTo(ctx, r, "COPY ("+query+") TO STDOUT")
	if r.err != nil && !errors.Is(r.err, errCut) {
		return r.err
	}
	if r.cut {
		return r.l.reopen(ctx)
	}
	if err != nil {
		return fmt.Errorf("copy: %w", err)
	}
	return nil
}

// Write takes one row's line.
func (r *rows) Write(line []byte) (int, error) {
	if r.err != nil {
		return 0, r.err
	}
	if r.err = r.take(bytes.Clone(line)); r.err == nil && r.stop(r.read, r.bytes) {
		r.cut, r.err = true, errCut
	}
	return len(line), r.err
}

func (r *rows) take(line []byte) (err error) {
	if r.data, err = splitCopy(r.data, line, len(r.t.Shape.Columns)); err != nil {
		return err
	}
	r.row.After = r.data
	if r.row.After == nil {
		r.row.After = []event.Datum{}
	}
	rec, err := r.enc.Record(r.t.Table, &r.row)
	if err != nil {
		return err
	}
	rec.Header = ledger.Header{}
	if err := r.l.Writer.Produce(r.spans, rec); err != nil {
		return err
	}
	r.read++
	r.bytes += len(line)
	for _, k := range r.t.Shape.Key {
		r.last[k].Kind = r.data[k].Kind
		r.last[k].Text = append(r.last[k].Text[:0], r.data[k].Text...)
	}
	if r.full != nil && r.read-r.flushed >= bagPart {
		return r.full()
	}
	return nil
}

// lastKey is the key of the last row read: the range's end.
func (r *rows) lastKey() [][]byte {
	key := make([][]byte, len(r.t.Shape.Key))
	for i, k := range r.t.Shape.Key {
		key[i] = bytes.Clone(r.last[k].Text)
	}
	return key
}

// rowNumber is a place between parts of a table without a key.
func (r *rows) rowNumber(n int) [][]byte { return [][]byte{[]byte(strconv.Itoa(n))} }

// reopen replaces a reader whose COPY was left in the middle.
func (l *Loader) reopen(ctx context.Context) (err error) {
	c, cancel := context.WithCancel(ctx)
	cancel()
	_ = l.reader.Close(c)
	l.reader, err = l.Connect(ctx)
	return err
}
