package load

import (
	"context"
	"fmt"
	"time"

	"floe/capture/snapshot"
	"floe/pkg/event"
	"floe/pkg/pg"
)

// insertLSN is where the next WAL record goes; what a snapshot sees was committed before it.
const insertLSN = "pg_current_wal_insert_lsn()::text"

// allKnown waits until every transaction that was placed before this capture began is visible (H1), and the stream has
// passed those that were open then, with the structure that they changed: after that, what the gate does not know of is visible to every snapshot. A snapshot's list of running
// transactions alone does not do: a commit that waits for its standby may be at or above xmax.
func (l *Loader) allKnown(ctx context.Context) error {
	l.Gate.Clear() // what was placed by now is below x
	var x uint64
	if err := l.guard.QueryRow(ctx, "SELECT txid_current()").Scan(&x); err != nil {
		return fmt.Errorf("take a transaction id: %w", err)
	}
	var target event.LSN // behind what those that were open committed, once they have ended
	for logged := false; ; {
		var text string
		if err := l.guard.QueryRow(ctx, "SELECT txid_current_snapshot()::text").Scan(&text); err != nil {
			return fmt.Errorf("look at open transactions: %w", err)
		}
		snap, err := snapshot.Parse(text)
		if err != nil {
			return err
		}
		l.Gate.Seen(snap) // or they pile up while somebody's transaction stays open
		if snap.Min > x && target == 0 {
			if target, err = l.insertAt(ctx); err != nil {
				return err
			}
		}
		if target != 0 && l.Gate.At() >= target {
			return nil
		}
		if !logged && snap.Min <= x {
			l.Log.Info("load waits for open transactions", "xid", x, "oldest", snap.Min)
			logged = true
		}
		if err := l.waitMoved(ctx); err != nil {
			return err
		}
		if err := l.nudge(ctx); err != nil {
			return err
		}
	}
}

// insertAt is the place behind everything that is visible now.
func (l *Loader) insertAt(ctx context.Context) (event.LSN, error) {
	var lsn string
	if err := l.guard.QueryRow(ctx, "SELECT "+insertLSN).Scan(&lsn); err != nil {
		return 0, fmt.Errorf("look at the WAL's end: %w", err)
	}
	return passable(lsn)
}

// nudgeEvery is how long an idle source may keep WAL to itself.
const nudgeEvery = 200 * time.Millisecond

// nudge has an idle source flush its WAL: records of no commit (pruning, a new page) wait for the next
// one, or 15 seconds, and what lies before them is not sent. The message goes to no one.
func (l *Loader) nudge(ctx context.Context) error {
	if time.Since(l.nudged) < nudgeEvery {
		return nil
	}
	first := l.nudged.IsZero()
	if l.nudged = time.Now(); first { // commits come by themselves where there are any
		return nil
	}
	if l.guard == nil || l.guard.IsClosed() {
		return l.reconnect(ctx, 0)
	}
	_, err := l.guard.Exec(ctx, "SELECT pg_logical_emit_message(true, 'floe', '')")
	if err != nil && pg.Code(err) == "" {
		return l.reconnect(ctx, 0)
	}
	return nil // without the right to, the load waits longer
}

// Passable is the place of WAL that a stream is to pass for everything before it to be placed.
func Passable(lsn string) (event.LSN, error) { return passable(lsn) }

// passable is the place that the log must pass: just behind a page header it is rounded down to the
// page's start, or an idle source would never pass it.
func passable(s string) (event.LSN, error) {
	lsn, err := event.ParseLSN(s)
	if err != nil {
		return 0, err
	}
	if in := lsn % 8192; in == 24 || in == 40 {
		lsn -= in
	}
	return lsn, nil
}
