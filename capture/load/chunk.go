package load

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"floe/capture/publish"
	"floe/capture/snapshot"
	"floe/pkg/event"
	"floe/pkg/ident"
	"floe/pkg/ledger"
)

// insertLSN is where the next WAL record goes; the flush position lags under asynchronous commit.
const insertLSN = "pg_current_wal_insert_lsn()::text"

var errConnection = errors.New("the connection ended")

// visibleWithin is how long a hold waits for commits that are in the log and not yet visible.
const visibleWithin = 200 * time.Millisecond

// chunk reads the table's next range under one hold and places it.
func (l *Loader) chunk(ctx context.Context, t Table) error {
	var st State
	l.Update(func(s States) { st = *s[t.Shape.OID] })
	c := &ledger.Chunk{Load: st.Load, Table: t.Shape.OID, Mode: ledger.Insert, After: st.Next}
	if len(t.Shape.Key) == 0 {
		return l.held(ctx, t, func(snap held) error { return l.bag(ctx, t, c, snap) })
	}
	limit := l.limit[t.Shape.OID]
	if limit == 0 {
		limit = firstLimit
	}
	return l.held(ctx, t, func(snap held) error {
		began := time.Now()
		q := selectRange(t, st.Next, limit)
		r := newRows(l, t, func(read int, bytes int) bool {
			return bytes > l.ChunkBytes || time.Since(began) > 2*l.Hold && read > 0
		})
		if err := r.copy(ctx, q); err != nil {
			return err
		}
		if !r.cut && r.read < limit {
			c.Through = nil
		} else {
			c.Through = r.lastKey()
		}
		l.adapt(t, limit, r, time.Since(began))
		return l.finish(c, snap, r)
	})
}

// adapt sizes the next chunk so that its hold comes near Hold.
func (l *Loader) adapt(t Table, limit int, r *rows, took time.Duration) {
	next := float64(limit) * 2
	if took > 0 && r.read > 0 {
		next = float64(r.read) * float64(l.Hold) / float64(took)
	}
	if r.bytes > 0 {
		next = min(next, float64(r.read)*float64(l.ChunkBytes)/float64(r.bytes)/2)
	}
	l.limit[t.Shape.OID] = int(max(1, min(next, float64(limit)*4, 1e6)))
}

// bag reads a table without a key: all of it under one snapshot, in chunks whose ranges are row
// numbers, so that the applier need not take it at once. A crash between them begins again.
func (l *Loader) bag(ctx context.Context, t Table, c *ledger.Chunk, snap held) error {
	r := newRows(l, t, func(int, int) bool { return false })
	first := true
	flush := func(through [][]byte) error {
		part := *c
		part.Through = through
		if !first {
			part.After = r.rowNumber(r.flushed)
		}
		first = false
		return l.finish(&part, snap, r)
	}
	r.full = func() error { return flush(r.rowNumber(r.read)) }
	// After a crash in the middle the load has ranges already: it begins again under a new number.
	if c.After != nil {
		l.Update(func(s States) { c.Load = s.Begin(t.Shape.OID, c.Load+1).Load })
		c.After = nil
	}
	if err := r.copy(ctx, selectRange(t, nil, 0)); err != nil {
		return err
	}
	return flush(nil)
}

// finish completes a chunk whose rows are produced.
func (l *Loader) finish(c *ledger.Chunk, snap held, r *rows) error {
	c.Snapshot, c.Until = snap.Text, snap.until
	c.Rows = uint64(r.read - r.flushed)
	r.flushed = r.read
	spans := r.spans
	r.spans = &publish.Spans{}
	if err := l.Writer.Append(&ledger.Entry{Chunk: c}, spans.List(), nil); err != nil {
		return err
	}
	var err error
	l.Update(func(s States) { err = s.chunk(c) })
	return err
}

// moved reads keys again that a partial key-changing update gave to rows (H3).
func (l *Loader) moved(ctx context.Context, t Table, keys []Moved) error {
	var st State
	l.Update(func(s States) { st = *s[t.Shape.OID] })
	return l.held(ctx, t, func(snap held) error {
		c := &ledger.Chunk{Load: st.Load, Table: t.Shape.OID, Mode: ledger.Replace}
		for _, k := range keys {
			c.Keys = append(c.Keys, k)
		}
		r := newRows(l, t, func(int, int) bool { return false })
		if err := r.copy(ctx, selectKeys(t, c.Keys)); err != nil {
			return err
		}
		return l.finish(c, snap, r)
	})
}

// held is the snapshot of a hold and the place that the log must pass for it to be settled.
type held struct {
	snapshot.Snapshot
	until event.LSN
}

// held runs read while the stream stands still and every placed transaction is visible: steps 0 to 6
// of design.md §2. The reader's transaction is read's to use and ended here.
func (l *Loader) held(ctx context.Context, t Table, read func(held) error) (err error) {
	if _, err := l.guard.Exec(ctx, "BEGIN; LOCK TABLE "+from(t)+" IN ACCESS SHARE MODE"); err != nil {
		return errors.Join(err, l.rollback(ctx, l.guard))
	}
	defer func() { err = errors.Join(err, l.rollback(ctx, l.guard)) }()
	hold, err := l.Gate.Hold(ctx)
	if err != nil {
		return err
	}
	defer hold.Release()
	defer func() { err = errors.Join(err, l.rollback(ctx, l.reader)) }()
	for began := time.Now(); ; {
		snap, err := l.snapshot(ctx, t)
		if err != nil {
			return err
		}
		if !hold.Unseen(snap.Snapshot) {
			return read(snap)
		}
		if err := l.rollback(ctx, l.reader); err != nil {
			return err
		}
		if time.Since(began) > visibleWithin {
			return errLater
		}
		select {
		case <-time.After(2 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// snapshot begins the reader's transaction. The lock is taken NOWAIT before the snapshot: TRUNCATE
// and rewrites are not MVCC-safe, and behind somebody's waiting DDL the load must let go.
func (l *Loader) snapshot(ctx context.Context, t Table) (held, error) {
	if _, err := l.reader.Exec(ctx, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; LOCK TABLE "+from(t)+" IN ACCESS SHARE MODE NOWAIT"); err != nil {
		return held{}, err
	}
	var text, lsn string
	if err := l.reader.QueryRow(ctx, "SELECT txid_current_snapshot()::text, "+insertLSN).Scan(&text, &lsn); err != nil {
		return held{}, err
	}
	until, err := untilOf(lsn)
	if err != nil {
		return held{}, err
	}
	snap, err := snapshot.Parse(text)
	return held{snap, until}, err
}

// rollback ends a transaction that only read; a connection that is gone is an error of its own kind.
func (l *Loader) rollback(ctx context.Context, conn *pgx.Conn) error {
	if conn.IsClosed() {
		return errConnection
	}
	if conn.PgConn().TxStatus() == 'I' {
		return nil
	}
	if _, err := conn.Exec(context.WithoutCancel(ctx), "ROLLBACK"); err != nil {
		return errors.Join(errConnection, err)
	}
	return nil
}

func from(t Table) string {
	if t.Only {
		return "ONLY " + t.Shape.Name.SQL()
	}
	return t.Shape.Name.SQL()
}

// selectRange reads rows behind a key in key order; the server compares, so its collations rule.
func selectRange(t Table, after [][]byte, limit int) string {
	q := selectRows(t)
	if len(t.Shape.Key) == 0 {
		return q
	}
	keys := keyColumns(t)
	if after != nil {
		q += " WHERE " + tuple(keys) + " > " + tuple(keyLiterals(t, after))
	}
	return q + " ORDER BY " + strings.Join(keys, ", ") + " LIMIT " + strconv.Itoa(limit)
}

func selectKeys(t Table, keys [][][]byte) string {
	q := selectRows(t) + " WHERE " + tuple(keyColumns(t)) + " IN ("
	for i, k := range keys {
		if i > 0 {
			q += ", "
		}
		q += tuple(keyLiterals(t, k))
	}
	return q + ")"
}

func selectRows(t Table) string {
	cols := make([]string, len(t.Shape.Columns))
	for i := range t.Shape.Columns {
		cols[i] = ident.Quote(t.Shape.Columns[i].Name)
	}
	return "SELECT " + strings.Join(cols, ", ") + " FROM " + from(t)
}

func keyColumns(t Table) []string {
	cols := make([]string, len(t.Shape.Key))
	for i, k := range t.Shape.Key {
		cols[i] = ident.Quote(t.Shape.Columns[k].Name)
	}
	return cols
}

func keyLiterals(t Table, key [][]byte) []string {
	out := make([]string, len(key))
	for i, k := range t.Shape.Key {
		out[i] = fmt.Sprintf("%s::%s", ident.Literal(string(key[i])), t.Shape.Columns[k].SQL)
	}
	return out
}

// tuple is a row of expressions; one alone stays an expression, so that its index serves.
func tuple(parts []string) string {
	if len(parts) == 1 {
		return parts[0]
	}
	return "(" + strings.Join(parts, ", ") + ")"
}
