package target

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/jackc/pgx/v5/pgconn"

	"floe/applier/render"
	"floe/pkg/event"
	"floe/pkg/failpoint"
)

// Work is one statement over some rows. Old images give parameters of the old key, New ones the rest;
// where a statement uses only one of them the other may be nil.
type Work struct {
	Statement render.Statement
	Rows      int
	Old, New  func(i int) []event.Datum
	// Doubtful is the table if some of its columns take a text for another value (render.Column, Misread).
	Doubtful *render.Table
	// Least is how many rows the statement must touch for things to be as they should; -1 any number.
	Least int
	// Touched is how many it did.
	Touched int64
}

// image gives the images that a parameter takes its column from.
func (w *Work) image(p render.Param) func(i int) []event.Datum {
	if p.Old {
		return w.Old
	}
	return w.New
}

// buffers are parameters of one pipeline; they are used again by the next.
type buffers struct{ bytes []byte }

// keptBuffer is how large a buffer may be to be used again.
const keptBuffer = 24 << 20

// Run executes works in order within the open transaction, in one round trip unless values are large. The error is of the first
// that failed, with its number; the transaction is then to be given up. Touched is set in each.
func (s *Session) Run(ctx context.Context, works []*Work) (failed int, err error) {
	// Not while names are collected: they would mean other statements, or none.
	if len(s.prepared) > maxPrepared {
		if err := s.Forget(ctx); err != nil {
			return 0, err
		}
	}
	names := make([]string, len(works))
	for i, w := range works {
		if err := errors.Join(w.misread(), w.sendable()); err != nil {
			return i, err
		}
		if names[i], err = s.prepare(ctx, w.Statement.SQL); err != nil {
			return i, err
		}
	}
	for at := 0; at < len(works); {
		n := at
		for n < len(works) && works[n].values() < largeWork {
			n++
		}
		if n == at {
			if err := s.direct(ctx, works[at], names[at]); err != nil {
				return at, err
			}
			at++
			continue
		}
		if i, err := s.pipeline(ctx, works[at:n], names[at:n]); err != nil {
			return at + i, err
		}
		at = n
	}
	for i, w := range works {
		if err := w.kept(); err != nil {
			return i, err
		}
	}
	return 0, nil
}

// pipeline sends statements together and reads what the server says of each.
func (s *Session) pipeline(ctx context.Context, works []*Work, names []string) (failed int, err error) {
	if err := failpoint.Here("rows.before"); err != nil {
		return 0, err
	}
	p := s.Conn.PgConn().StartPipeline(ctx)
	if s.buffers.bytes = s.buffers.bytes[:0]; cap(s.buffers.bytes) > keptBuffer {
		s.buffers.bytes = nil
	}
	for i, w := range works {
		params := s.params(w)
		p.SendQueryPrepared(names[i], params, formats[:len(params)], nil)
	}
	if err := p.Sync(); err != nil {
		_ = p.Close()
		return 0, fmt.Errorf("send to the target: %w", err)
	}
	failed, err = results(p, works)
	if cerr := p.Close(); err == nil && cerr != nil {
		return len(works) - 1, cerr
	}
	return failed, errors.Join(err, failpoint.Here("rows.after"))
}

// results reads what the server says of each statement.
func results(p *pgconn.Pipeline, works []*Work) (failed int, err error) {
	for i, w := range works {
		r, err := p.GetResults()
		if err != nil {
			return i, err
		}
		reader, ok := r.(*pgconn.ResultReader)
		if !ok {
			return i, fmt.Errorf("the target answers with %T instead of a result", r)
		}
		tag, err := reader.Close()
		if err != nil {
			return i, err
		}
		w.Touched = tag.RowsAffected()
	}
	_, err = p.GetResults() // the sync
	return 0, err
}

// formats marks every parameter as being in binary format: arrays of text.
var formats = func() []int16 {
	f := make([]int16, 1<<16)
	for i := range f {
		f[i] = 1
	}
	return f
}()

// params builds one array for each parameter, all in one buffer; where it grows, earlier ones keep the
// old one.
func (s *Session) params(w *Work) [][]byte {
	out := make([][]byte, len(w.Statement.Params))
	for i, p := range w.Statement.Params {
		of := w.image(p)
		start := len(s.buffers.bytes)
		s.buffers.bytes = appendArray(s.buffers.bytes, w.Rows, func(i int) *event.Datum { return &of(i)[p.Column] })
		out[i] = s.buffers.bytes[start:len(s.buffers.bytes):len(s.buffers.bytes)]
	}
	return out
}

// maxPrepared bounds the statements that a session keeps from one Run to the next; partial updates of
// wide tables have many.
const maxPrepared = 4000

func (s *Session) prepare(ctx context.Context, sql string) (string, error) {
	if name, ok := s.prepared[sql]; ok {
		return name, nil
	}
	name := "floe_" + strconv.Itoa(len(s.prepared))
	if _, err := s.Conn.PgConn().Prepare(ctx, name, sql, nil); err != nil {
		return "", fmt.Errorf("prepare %q: %w", sql, err)
	}
	s.prepared[sql] = name
	return name, nil
}

// Forget drops prepared statements: a table they use was changed.
func (s *Session) Forget(ctx context.Context) error {
	clear(s.prepared)
	if err := s.Conn.DeallocateAll(ctx); err != nil {
		return err
	}
	return s.exec(ctx, "DEALLOCATE ALL")
}
