package target

import (
	"context"
	"errors"
	"io"

	"floe/applier/render"
	"floe/pkg/event"
	"floe/pkg/failpoint"
)

// Copy adds rows to a table by COPY, in the open transaction.
func (s *Session) Copy(ctx context.Context, t *render.Table, rows []event.Row) error {
	sql, columns := t.Copy()
	doubtful := t.Doubtful()
	for i := range rows {
		if err := misread(t, doubtful, rows[i].After); err != nil {
			return err
		}
	}
	if err := failpoint.Here("copy.before"); err != nil {
		return err
	}
	tag, err := s.Conn.PgConn().CopyFrom(ctx, &copyReader{rows: rows, columns: columns}, sql)
	if n := int(tag.RowsAffected()); err == nil && n != len(rows) {
		err = &KeptOutError{len(rows), n}
	}
	return errors.Join(err, failpoint.Here("copy.after"))
}

// copyReader writes rows as COPY's text format into whatever buffer it is given. A large value goes in
// pieces: it is never there twice.
type copyReader struct {
	rows    []event.Row
	columns []int
	col, at int // the first row's next column, and how much of its text is written
	buf     []byte
	off     int
}

const copyPiece = 32 << 10

func (r *copyReader) Read(p []byte) (int, error) {
	if r.off == len(r.buf) {
		if len(r.rows) == 0 {
			return 0, io.EOF
		}
		r.buf, r.off = r.buf[:0], 0
		for len(r.rows) > 0 && len(r.buf) < copyPiece {
			r.column()
		}
	}
	n := copy(p, r.buf[r.off:])
	r.off += n
	return n, nil
}

// column writes the next column of the first row, or a piece of it (PostgreSQL documentation, "COPY",
// Text Format).
func (r *copyReader) column() {
	d := &r.rows[0].After[r.columns[r.col]]
	if r.col > 0 && r.at == 0 {
		r.buf = append(r.buf, '\t')
	}
	if d.Kind != event.Value {
		r.buf = append(r.buf, '\\', 'N')
	} else {
		piece := d.Text[r.at:min(len(d.Text), r.at+copyPiece)]
		r.buf = appendEscaped(r.buf, piece)
		if r.at += len(piece); r.at < len(d.Text) {
			return
		}
	}
	if r.at, r.col = 0, r.col+1; r.col == len(r.columns) {
		r.buf = append(r.buf, '\n')
		r.col, r.rows = 0, r.rows[1:]
	}
}
