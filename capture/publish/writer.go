// Package publish writes the log: rows to their topics, then the ledger entry that points at them.
// It owns ordinals, spans and the order of entries (design.md L1); nothing else in floe produces to a
// job's row topics or ledger.
package publish

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/twmb/franz-go/pkg/kgo"

	"floe/pkg/ledger"
)

// Log takes records: Kafka, by a *kgo.Client, or the memory of a simulation. Of one partition they come to
// be in the log in the order of Produce; promise is called when one is acknowledged or finally refused.
type Log interface {
	Produce(ctx context.Context, r *kgo.Record, promise func(*kgo.Record, error))
}

// Writer writes one epoch of one job's log. What it sends next depends on what was produced, appended and
// acknowledged alone: Step decides it, and whoever runs Step gives it time.
//
//   - Ordinals of a partition are given in the order of Produce, under mu, from 0 without gaps.
//   - Entries reach the ledger in the order of Append, one unacknowledged at a time, each only after
//     every record of its spans is acknowledged.
//   - The first refused record or entry ends the Writer: nothing is sent twice, nothing is abandoned.
type Writer struct {
	client Log
	topic  string // of the ledger
	epoch  uint32

	mu         sync.Mutex
	partitions map[place]*partition
	slab       slab
	held       []held
	heldBytes  int

	entries sequence
	wake    chan struct{}
	idle    chan struct{}
	room    chan struct{}
	waiting atomic.Int64 // entries appended and not acknowledged

	unacked atomic.Int64  // bytes of records produced and not acknowledged
	sent    atomic.Int64  // bytes that produced rows take in the log
	stored  atomic.Int64  // those of them that are acknowledged
	given   atomic.Int64  // room for records that are not produced yet
	wanting atomic.Int64  // callers that wait for room
	freed   chan struct{} // unacked became less

	ctx    context.Context
	cancel context.CancelCauseFunc
	done   chan struct{}
}

type place struct {
	topic     string
	partition int32
}

// New begins the epoch's log. n is the number of the next entry, 1 behind the Epoch entry.
func New(ctx context.Context, client Log, ledgerTopic string, epoch uint32, n uint64) *Writer {
	w := Open(ctx, client, ledgerTopic, epoch, n)
	go w.run()
	return w
}

// Open is New without a goroutine: entries are sent by the caller's Steps, and none of them waits.
func Open(ctx context.Context, client Log, ledgerTopic string, epoch uint32, n uint64) *Writer {
	ctx, cancel := context.WithCancelCause(ctx)
	return &Writer{client: client, topic: ledgerTopic, epoch: epoch, partitions: map[place]*partition{},
		entries: sequence{next: n}, wake: make(chan struct{}, 1), idle: make(chan struct{}, 1), room: make(chan struct{}, 1), freed: make(chan struct{}, 1),
		ctx: ctx, cancel: cancel, done: make(chan struct{})}
}

// Close stops the Writer and waits for it; entries that wait are not written.
func (w *Writer) Close() {
	w.cancel(context.Canceled)
	<-w.done
}

// Epoch is the epoch that the Writer writes.
func (w *Writer) Epoch() uint32 { return w.epoch }

// Done is closed when the Writer cannot go on; Err says why.
func (w *Writer) Done() <-chan struct{} { return w.ctx.Done() }

// Err is the reason why the Writer ended.
func (w *Writer) Err() error { return context.Cause(w.ctx) }

// Idle receives after the last appended entry was acknowledged.
func (w *Writer) Idle() <-chan struct{} { return w.idle }

// Busy reports whether an entry is on its way: until it is acknowledged, capture goes on grouping.
func (w *Writer) Busy() bool { return w.Waiting() > 0 }

// Waiting counts the entries that are appended and not acknowledged.
func (w *Writer) Waiting() int { return int(w.waiting.Load()) }

// Below waits until fewer than n entries are on their way.
func (w *Writer) Below(ctx context.Context, n int) error {
	for w.Waiting() >= n {
		select {
		case <-w.room:
		case <-w.ctx.Done():
			return w.Err()
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	signal(w.room) // for whoever else waits
	return nil
}

// Sent counts the bytes that rows take in the log, about: of all that were produced, and of those that are
// acknowledged. Entries of the ledger are not counted. Both only grow.
func (w *Writer) Sent() (all, stored int64) { return w.sent.Load(), w.stored.Load() }

// Append places an entry behind all earlier ones. placed, if set, is called with the entry's offset
// once it is acknowledged; an acknowledgement does not mean valid (L3).
func (w *Writer) Append(e *ledger.Entry, spans []*Span, placed func(offset int64)) error {
	e.Epoch = w.epoch
	w.mu.Lock()
	w.handOn()
	w.mu.Unlock()
	w.waiting.Add(1)
	for !w.entries.add(&pending{entry: e, spans: spans, placed: placed}) {
		select {
		case <-w.room:
		case <-w.ctx.Done():
			return w.Err()
		}
	}
	signal(w.room) // for whoever else waits
	signal(w.wake)
	return nil
}

// run gives Step its turn whenever something was appended or acknowledged.
func (w *Writer) run() {
	defer close(w.done)
	for {
		w.Step()
		select {
		case <-w.wake:
		case <-w.ctx.Done():
			return
		}
	}
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
