// Package readback reads capture's own ledger back: what was acknowledged counts only once it is read
// and found valid (design.md L3), and a higher epoch read here means that another capture took over.
package readback

import (
	"context"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"floe/pkg/halt"
	"floe/pkg/ledger"
	"floe/schemas"
)

// Reader reads one ledger, from an offset on.
type Reader struct {
	client *kgo.Client
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

// Open begins at offset, which must be the ledger's beginning or a valid Epoch's.
func Open(opts []kgo.Opt, topic string, offset int64) (*Reader, error) {
	at := map[string]map[int32]kgo.Offset{topic: {0: kgo.NewOffset().At(offset)}}
	client, err := kgo.NewClient(append(opts[:len(opts):len(opts)], kgo.ConsumePartitions(at),
		kgo.ConsumeResetOffset(kgo.NoResetOffset()))...)
	if err != nil {
		return nil, fmt.Errorf("read the ledger back: %w", err)
	}
	return &Reader{client: client, topic: topic, cursor: ledger.NewCursor(), next: offset}, nil
}

// Close ends the reader.
func (r *Reader) Close() { r.client.Close() }

// Epoch is the valid last epoch read so far, and its nonce.
func (r *Reader) Epoch() (uint32, string) { return r.cursor.Epoch(), r.cursor.Nonce() }

// End is the offset behind the ledger's last record now.
func (r *Reader) End(ctx context.Context) (int64, error) {
	ends, err := kadm.NewClient(r.client).ListEndOffsets(ctx, r.topic)
	if err != nil {
		return 0, fmt.Errorf("look up the ledger's end: %w", err)
	}
	o, ok := ends.Lookup(r.topic, 0)
	if !ok || o.Err != nil {
		return 0, fmt.Errorf("look up the ledger's end: %w", errors.Join(o.Err, errors.New("no such partition")))
	}
	return o.Offset, nil
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
	fetches := r.client.PollFetches(ctx)
	if err := ctx.Err(); err != nil {
		return err
	}
	var failed error
	fetches.EachError(func(_ string, _ int32, err error) {
		if failed == nil {
			failed = lost(r.topic, r.next, err)
		}
	})
	if failed != nil {
		return failed
	}
	for it := fetches.RecordIter(); !it.Done(); {
		rec := it.Next()
		e, err := schemas.DecodeEntry(rec.Value)
		if err != nil {
			return &halt.Error{Code: halt.ForeignRecord, Detail: fmt.Sprintf("%s offset %d is no ledger entry", r.topic, rec.Offset),
				Fix: "find who writes to the topic; `floe job reset` begins a new log", Err: err}
		}
		verdict, err := r.cursor.Step(rec.Offset, e)
		if err != nil {
			return &halt.Error{Code: halt.LogGap, Detail: fmt.Sprintf("%s offset %d", r.topic, rec.Offset),
				Fix: "`floe job reset` begins a new log and loads again what differs", Err: err}
		}
		r.next = rec.Offset + 1
		if err := each(Read{rec.Offset, e, verdict}); err != nil {
			return err
		}
	}
	return nil
}

// lost turns the client's fatal errors into halts: an offset that is gone is never reset to another.
func lost(topic string, at int64, err error) error {
	var gone *kgo.ErrDataLoss
	if errors.As(err, &gone) {
		return &halt.Error{Code: halt.LogGap, Detail: fmt.Sprintf("%s lost its records from offset %d on", topic, at),
			Fix: "`floe job reset` begins a new log and loads again what differs", Err: err}
	}
	return fmt.Errorf("read %s at offset %d: %w", topic, at, err)
}
