// Package publish writes the log: rows to their topics, then the ledger entry that points at them.
// It owns ordinals, spans and the order of entries (design.md L1); nothing else in floe produces to a
// job's row topics or ledger.
package publish

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"floe/pkg/ledger"
	"floe/schemas"
)

// Writer writes one epoch of one job's log.
//
//   - Ordinals of a partition are given in the order of Produce, under mu, from 0 without gaps.
//   - Entries reach the ledger in the order of Append, one unacknowledged at a time, each only after
//     every record of its spans is acknowledged.
//   - The first refused record or entry ends the Writer: nothing is sent twice, nothing is abandoned.
type Writer struct {
	client *kgo.Client
	topic  string // of the ledger
	epoch  uint32

	mu         sync.Mutex
	partitions map[place]*partition
	slab       slab

	queue   chan *pending
	wake    chan struct{}
	idle    chan struct{}
	waiting atomic.Int64 // entries appended and not acknowledged
	ctx     context.Context
	cancel  context.CancelCauseFunc
	done    chan struct{}
}

type place struct {
	topic     string
	partition int32
}

// pending is an entry that waits for its rows.
type pending struct {
	entry  *ledger.Entry
	spans  []*Span
	placed func(offset int64)
}

// queued bounds the entries that may wait for their rows; Append then blocks, and capture stops reading.
const queued = 64

// New begins the epoch's log. n is the number of the next entry, 1 behind the Epoch entry.
func New(ctx context.Context, client *kgo.Client, ledgerTopic string, epoch uint32, n uint64) *Writer {
	ctx, cancel := context.WithCancelCause(ctx)
	w := &Writer{client: client, topic: ledgerTopic, epoch: epoch, partitions: map[place]*partition{},
		queue: make(chan *pending, queued), wake: make(chan struct{}, 1), idle: make(chan struct{}, 1),
		ctx: ctx, cancel: cancel, done: make(chan struct{})}
	go w.write(n)
	return w
}

// Close stops the Writer and waits for it; entries that wait are not written.
func (w *Writer) Close() {
	w.cancel(context.Canceled)
	<-w.done
}

// Done is closed when the Writer cannot go on; Err says why.
func (w *Writer) Done() <-chan struct{} { return w.ctx.Done() }

// Err is the reason why the Writer ended.
func (w *Writer) Err() error { return context.Cause(w.ctx) }

// Idle receives after the last appended entry was acknowledged.
func (w *Writer) Idle() <-chan struct{} { return w.idle }

// Busy reports whether an entry is on its way: until it is acknowledged, capture goes on grouping.
func (w *Writer) Busy() bool { return w.waiting.Load() > 0 }

// Append places an entry behind all earlier ones. placed, if set, is called with the entry's offset
// once it is acknowledged; an acknowledgement does not mean valid (L3).
func (w *Writer) Append(e *ledger.Entry, spans []*Span, placed func(offset int64)) error {
	e.Epoch = w.epoch
	w.waiting.Add(1)
	select {
	case w.queue <- &pending{e, spans, placed}:
		return nil
	case <-w.ctx.Done():
		return w.Err()
	}
}

// write is the goroutine that makes entries out of acknowledged rows.
func (w *Writer) write(n uint64) {
	defer close(w.done)
	for {
		select {
		case <-w.ctx.Done():
			return
		case p := <-w.queue:
			if !w.acknowledged(p.spans) {
				return
			}
			p.entry.N = n
			n++
			if err := w.enter(p); err != nil {
				w.cancel(err)
				return
			}
			if w.waiting.Add(-1) == 0 {
				signal(w.idle)
			}
		}
	}
}

// acknowledged waits until every record of the spans is.
func (w *Writer) acknowledged(spans []*Span) bool {
	for _, s := range spans {
		for s.p.acked.Load() < s.Ordinal+s.Count {
			select {
			case <-w.wake:
			case <-w.ctx.Done():
				return false
			}
		}
	}
	return true
}

func (w *Writer) enter(p *pending) error {
	p.entry.At = time.Now().UnixMicro()
	p.entry.SetSpans(resolve(p.spans))
	value, err := schemas.EncodeEntry(p.entry)
	if err != nil {
		return fmt.Errorf("write ledger entry %d of epoch %d: %w", p.entry.N, w.epoch, err)
	}
	r := &kgo.Record{Topic: w.topic, Value: value}
	if err := w.client.ProduceSync(w.ctx, r).FirstErr(); err != nil {
		return fmt.Errorf("write ledger entry %d of epoch %d: %w", p.entry.N, w.epoch, err)
	}
	if p.placed != nil {
		p.placed(r.Offset)
	}
	return nil
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
