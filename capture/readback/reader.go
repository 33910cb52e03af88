// Package readback reads capture's own ledger back: what was acknowledged counts only once it is read
// and found valid (design.md L3), and a higher epoch read here means that another capture took over.
package readback

import (
	"context"
	"errors"
	"fmt"

	"floe/pkg/event"
	"floe/pkg/halt"
	"floe/pkg/ledger"
	"floe/schemas"
)

// Reader reads one ledger, from an offset on.
type Reader struct {
	log    Log
	topic  string
	cursor *ledger.Cursor
	next   int64
}

// Read is one entry and what it is worth.
type Read struct {
	Offset  int64
	Entry   *ledger.Entry
	Verdict ledger.Verdict
}

// Open begins at offset; cursor must fit it: a new one at the ledger's beginning or a valid Epoch's. The
// log is the Reader's from here on.
func Open(log Log, topic string, offset int64, cursor *ledger.Cursor) *Reader {
	return &Reader{log: log, topic: topic, cursor: cursor, next: offset}
}

// Close ends the reader and its log.
func (r *Reader) Close() { r.log.Close() }

// At is the offset behind what was read.
func (r *Reader) At() int64 { return r.next }

// Epoch is the valid last epoch read so far, and its nonce.
func (r *Reader) Epoch() (uint32, string) { return r.cursor.Epoch(), r.cursor.Nonce() }

// End is the offset behind the ledger's last record now.
func (r *Reader) End(ctx context.Context) (int64, error) {
	_, end, err := r.log.Bounds(ctx, r.topic, 0)
	return end, err
}

// Until reads up to the offset, calling each for every entry.
func (r *Reader) Until(ctx context.Context, end int64, each func(Read) error) error {
	for r.next < end {
		if err := r.Next(ctx, each); err != nil {
			return err
		}
	}
	return nil
}

// Next waits for entries and calls each for every one. A gap or a record that is no entry is a halt.
func (r *Reader) Next(ctx context.Context, each func(Read) error) error {
	records, err := r.log.Read(ctx, r.topic, 0, r.next)
	if err != nil {
		return r.trimmed(ctx, err)
	}
	for _, rec := range records {
		e, err := schemas.DecodeEntry(rec.Value)
		if err != nil {
			return &halt.Error{Code: halt.ForeignRecord, Detail: fmt.Sprintf("%s offset %d is no ledger entry", r.topic, rec.Offset),
				Fix: "find who writes to the topic; " + fixReset, Err: err}
		}
		verdict, err := r.cursor.Step(rec.Offset, e)
		if err != nil {
			return &halt.Error{Code: halt.LogGap, Detail: fmt.Sprintf("%s offset %d", r.topic, rec.Offset),
				Fix: fixReset, Err: err}
		}
		r.next = rec.Offset + 1
		if err := each(Read{rec.Offset, e, verdict}); err != nil {
			return err
		}
	}
	return nil
}

// trimmed tells what was lost from what was trimmed before it was read: only who writes the log trims it, and
// only up to an Epoch that the reader of a running capture has passed.
func (r *Reader) trimmed(ctx context.Context, err error) error {
	if halt.As(err) == nil {
		return err
	}
	start, _, failed := r.log.Bounds(ctx, r.topic, 0)
	if failed != nil || start <= r.next {
		return err
	}
	return fmt.Errorf("%w: it has trimmed %s up to offset %d, and offset %d is to be read", ErrTakenOver, r.topic, start, r.next)
}

// ErrTakenOver ends a capture that read another one's higher epoch.
var ErrTakenOver = errors.New("another capture has taken over the job")

// Passed judges an entry that the capture of the epoch read back: the LSN, or 0, that the slot may move to,
// for the entry is valid and not merely acknowledged (L3). A higher epoch means that another capture writes.
func (r Read) Passed(epoch uint32) (event.LSN, error) {
	if r.Verdict != ledger.Valid {
		return 0, nil
	}
	if r.Entry.Epoch != epoch {
		return 0, fmt.Errorf("%w: epoch %d is above ours, %d", ErrTakenOver, r.Entry.Epoch, epoch)
	}
	return r.Entry.ResumeAt(), nil
}
