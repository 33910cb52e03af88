package load

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"floe/capture/snapshot"
	"floe/pkg/event"
	"floe/pkg/pg"
)

// visibleWithin is how long a hold waits for commits that are in the log and not yet visible.
const visibleWithin = 200 * time.Millisecond

// grantedWithin is how long a hold waits for the stream to stand between two transactions, with the tables locked.
// The stream may be within a large one, or wait, in the server, for a transaction which waits for the lock:
// to send a value of a composite type the server locks that type, which others drop.
const grantedWithin = time.Second

// errLater says that a chunk could not be read now: somebody's DDL waits for the table, or a commit
// is not visible yet. The stream goes on meanwhile.
var errLater = errors.New("later")

// held is the snapshot of a hold, the place that the log must pass for what is read under it to be
// settled, and the place that was durable by then.
type held struct {
	snapshot.Snapshot
	until, durable event.LSN
	exported       string // for the other readers, if there are any
}

// round reads the parts' rows, each with a reader of its own, while the stream stands still and every
// placed transaction is visible: steps 0 to 6 of design.md §2.
func (l *Loader) round(ctx context.Context, parts []*part) error {
	began := time.Now()
	if err := l.reconnect(ctx, len(parts)); err != nil {
		return err
	}
	parts, err := l.lock(ctx, parts)
	if err != nil || len(parts) == 0 {
		l.rollback(ctx, l.guard)
		if err == nil || passing(err) && ctx.Err() == nil {
			return l.waitMoved(ctx)
		}
		return err
	}
	snap, err := l.holding(ctx, parts)
	l.rollback(ctx, l.guard)
	if err != nil && passing(err) && ctx.Err() == nil {
		l.Log.Debug("chunk is read later", "why", err)
		return l.waitMoved(ctx)
	}
	if err != nil {
		return err
	}
	l.rows, l.bytes = 0, 0
	for _, p := range parts {
		l.rows, l.bytes = l.rows+p.rows, l.bytes+p.bytes
	}
	if err := l.pace(ctx, began); err != nil {
		return err
	}
	return l.drained(ctx, snap.durable)
}

// lock takes ACCESS SHARE on every table with the guard, step 0, so that no TRUNCATE and no rewrite
// comes between a reader's lock and its snapshot. A table that is refused rests.
//
// It waits a second for the first one and then, while it has some, a moment: a user's transaction that has the next
// one and waits for one of these would be ended as a deadlock once deadlock_timeout is over (1 s).
func (l *Loader) lock(ctx context.Context, parts []*part) (granted []*part, err error) {
	if _, err := l.guard.Exec(ctx, "BEGIN ISOLATION LEVEL READ COMMITTED"); err != nil {
		return nil, errors.Join(errConnection, err)
	}
	for _, p := range parts {
		sql := "SAVEPOINT one; "
		if len(granted) > 0 {
			sql += "SET LOCAL lock_timeout = '100ms'; "
		}
		_, err := l.guard.Exec(ctx, sql+"LOCK TABLE "+from(p.t)+" IN ACCESS SHARE MODE")
		if err == nil {
			granted = append(granted, p)
			continue
		}
		if !waits(err) {
			return nil, fmt.Errorf("lock %s: %w", p.t.Shape.Name, err)
		}
		p.t.later = time.Now().Add(laterWait)
		if _, err := l.guard.Exec(ctx, "ROLLBACK TO SAVEPOINT one"); err != nil {
			return nil, errors.Join(errConnection, err)
		}
	}
	return granted, nil
}

// waits reports whether a lock is refused for somebody's DDL: it waits for the table, or has taken or
// renamed it and the stream has not come to that.
func waits(err error) bool {
	code := pg.Code(err)
	return code == "55P03" || code == "42P01"
}

// holding stops the stream, finds a snapshot that sees all that was placed, and reads under it.
func (l *Loader) holding(ctx context.Context, parts []*part) (snap held, err error) {
	granted, cancel := context.WithTimeout(ctx, grantedWithin)
	hold, err := l.Gate.Hold(granted)
	cancel()
	if err != nil && ctx.Err() == nil {
		return snap, errLater
	}
	if err != nil {
		return snap, err
	}
	defer hold.Release()
	for _, p := range parts {
		p.hold = hold
	}
	if l.moved(parts) {
		return snap, errLater
	}
	defer func() {
		for _, r := range l.readers[:len(parts)] {
			l.rollback(ctx, r.conn)
		}
	}()
	for began := time.Now(); ; {
		if snap, err = l.snapshot(ctx, parts); err != nil {
			return snap, err
		}
		if !hold.Unseen(snap.Snapshot) {
			if err := l.arrived(ctx); err != nil {
				return snap, err
			}
			return snap, l.readAll(ctx, parts, snap)
		}
		l.rollback(ctx, l.readers[0].conn)
		if time.Since(began) > visibleWithin {
			return snap, errLater
		}
		select {
		case <-time.After(2 * time.Millisecond):
		case <-ctx.Done():
			return snap, ctx.Err()
		}
	}
}

// arrived asks, under S, whether the stream has come to all structure that S sees.
func (l *Loader) arrived(ctx context.Context) error {
	if l.Pending == nil {
		return nil
	}
	pending, err := l.Pending(ctx, l.readers[0].conn)
	if err != nil {
		return errors.Join(errConnection, err)
	}
	if pending {
		return errLater
	}
	return nil
}

// snapshot begins the first reader's transaction. The locks are taken NOWAIT: behind somebody's waiting
// DDL the load must let go. Under S the table must still be as its definition says.
func (l *Loader) snapshot(ctx context.Context, parts []*part) (held, error) {
	conn := l.readers[0].conn
	if err := begin(ctx, conn, parts); err != nil {
		return held{}, err
	}
	export := "''"
	if len(parts) > 1 {
		export = "pg_export_snapshot()"
	}
	var text, insert, durable string
	var h held
	if err := conn.QueryRow(ctx, "SELECT txid_current_snapshot()::text, "+insertLSN+", pg_current_wal_flush_lsn()::text, "+export).
		Scan(&text, &insert, &durable, &h.exported); err != nil {
		return held{}, errors.Join(errConnection, err)
	}
	var err1, err2, err3 error
	h.until, err1 = passable(insert)
	h.durable, err2 = passable(durable)
	h.Snapshot, err3 = snapshot.Parse(text)
	return h, errors.Join(err1, err2, err3)
}

// begin opens a reader's transaction and locks its tables; what somebody's DDL waits for is for later.
func begin(ctx context.Context, conn *pgx.Conn, parts []*part) error {
	sql := "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
	for _, p := range parts {
		sql += "; LOCK TABLE " + from(p.t) + " IN ACCESS SHARE MODE NOWAIT"
	}
	_, err := conn.Exec(ctx, sql)
	switch {
	case err == nil:
		return nil
	case waits(err):
		return errors.Join(errLater, err)
	case pg.Code(err) == "":
		return errors.Join(errConnection, err)
	}
	return fmt.Errorf("lock tables: %w", err)
}

// readAll has every part read its rows, produce them and place its chunk.
func (l *Loader) readAll(ctx context.Context, parts []*part, snap held) error {
	errs := make([]error, len(parts))
	share(parts)
	var wg sync.WaitGroup
	for i, p := range parts {
		r := l.readers[i]
		p.reader, p.snap = r, snap
		wg.Go(func() {
			if i > 0 {
				if errs[i] = join(ctx, r.conn, p, snap); errs[i] != nil {
					return
				}
			}
			if errs[i] = l.fits(ctx, p); errs[i] == nil {
				errs[i] = p.read(p, ctx)
			}
			p.passTurn()
		})
	}
	wg.Wait()
	var later error
	for i, p := range parts {
		switch {
		case errs[i] == nil:
		case passing(errs[i]) && !p.orphans && !p.beside:
			later = errs[i]
		default: // an epoch abandons nothing that it has produced (L1): it ends
			return &abandoned{fmt.Errorf("load %s: %w", p.t.Shape.Name, errs[i])}
		}
	}
	return later
}

// abandoned is why rows were produced that no entry will point at.
type abandoned struct{ err error }

func (a *abandoned) Error() string { return a.err.Error() }
func (a *abandoned) Unwrap() error { return a.err }

// passing reports whether a round may simply be tried again.
func passing(err error) bool {
	var a *abandoned
	return !errors.As(err, &a) && (errors.Is(err, errLater) || errors.Is(err, errConnection))
}

// join puts a further reader under the first one's snapshot.
func join(ctx context.Context, conn *pgx.Conn, p *part, snap held) error {
	if err := begin(ctx, conn, []*part{p}); err != nil {
		return err
	}
	if _, err := conn.Exec(ctx, "SET TRANSACTION SNAPSHOT '"+snap.exported+"'"); err != nil {
		return errors.Join(errConnection, err)
	}
	return nil
}
