// Package feed reads the log from Kafka for one applier: each partition from the offset where it is
// first needed, in order, in bounded memory. Offsets are the caller's; nothing here ever resets one
// (design.md A7).
package feed

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"floe/applier/assemble"
	"floe/pkg/halt"
	"floe/pkg/ledger"
)

// budget bounds what is read ahead, over all partitions, in bytes.
const budget = 32 << 20

// fetchBytes and partitionBytes bound one answer of a broker. What of it is queued keeps all of it in
// memory, and two are under way beside the budget.
const (
	fetchBytes     = 16 << 20
	partitionBytes = 4 << 20
)

// askAfter is how long a record may keep the reader waiting before the partition's end is asked for.
const askAfter = time.Second

// Feed reads partitions of one log. It implements assemble.Records for one goroutine.
//
//   - A partition is consumed from the first offset that Next asks for.
//   - More than budget bytes are never queued, but for the fetches in flight and for the partition
//     that Next waits for: that one is never paused, or the feed would wait for itself.
type Feed struct {
	client *kgo.Client
	ledger string
	admin  *kadm.Client
	cancel context.CancelFunc
	done   sync.WaitGroup

	mu     sync.Mutex
	parts  map[place]*partition
	bytes  int
	paused bool
	err    error
	wake   chan struct{}
}

type place struct {
	topic     string
	partition int32
}

// partition is what was fetched and not taken. next is the offset that is due from the broker.
type partition struct {
	queue  []*kgo.Record
	next   int64
	paused bool
}

// Open connects; reading begins with the first Next. The ledger may end at any time without an error,
// every other topic only behind what was asked for.
func Open(ctx context.Context, opts []kgo.Opt, ledgerTopic string) (*Feed, error) {
	client, err := kgo.NewClient(append(opts[:len(opts):len(opts)], kgo.ConsumeResetOffset(kgo.NoResetOffset()),
		kgo.KeepRetryableFetchErrors(), kgo.FetchMaxBytes(fetchBytes), kgo.FetchMaxPartitionBytes(partitionBytes))...)
	if err != nil {
		return nil, fmt.Errorf("connect to Kafka: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	f := &Feed{client: client, ledger: ledgerTopic, admin: kadm.NewClient(client), cancel: cancel, parts: map[place]*partition{}, wake: make(chan struct{}, 1)}
	f.done.Go(func() { f.poll(ctx) })
	return f, nil
}

// Close ends the feed and waits for it.
func (f *Feed) Close() {
	f.cancel()
	f.done.Wait()
	// A partition that waits for its metadata would be assigned, and fetched, while the client closes.
	assigned := map[string][]int32{}
	for at := range f.parts {
		assigned[at.topic] = append(assigned[at.topic], at.partition)
	}
	f.client.RemoveConsumePartitions(assigned)
	f.client.Close()
}

// Next is assemble.Records.
func (f *Feed) Next(ctx context.Context, topic string, part int32, from int64) (assemble.Record, error) {
	at := place{topic, part}
	var wait *time.Timer
	for {
		r, err := f.take(at, from)
		if err != nil {
			return assemble.Record{}, err
		}
		if r != nil {
			return record(r), nil
		}
		if wait == nil { // most records are here already
			wait = time.NewTimer(askAfter)
			defer wait.Stop()
		}
		select {
		case <-f.wake:
		case <-wait.C:
			if err := f.ended(ctx, at, from); err != nil {
				return assemble.Record{}, err
			}
			wait.Reset(askAfter)
		case <-ctx.Done():
			return assemble.Record{}, ctx.Err()
		}
	}
}

// record looks for the position header; a record without one is for the reader to judge.
func record(r *kgo.Record) assemble.Record {
	out := assemble.Record{Offset: r.Offset, Value: r.Value}
	for i := range r.Headers {
		if r.Headers[i].Key == ledger.HeaderKey {
			out.Header = r.Headers[i].Value
		}
	}
	return out
}

// Ready is assemble.Records.
func (f *Feed) Ready(topic string, part int32) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	p := f.parts[place{topic, part}]
	return p != nil && len(p.queue) > 0
}

// Expect is assemble.Records.
func (f *Feed) Expect(topic string, part int32, from int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.partition(place{topic, part}, from)
}

// partition begins to consume one that is new.
func (f *Feed) partition(at place, from int64) *partition {
	p := f.parts[at]
	if p == nil {
		p = &partition{next: from}
		f.parts[at] = p
		f.client.AddConsumePartitions(map[string]map[int32]kgo.Offset{at.topic: {at.partition: kgo.NewOffset().At(from)}})
	}
	return p
}

// take gives the partition's next record behind from, or nil when it is not here yet.
func (f *Feed) take(at place, from int64) (*kgo.Record, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	p := f.partition(at, from)
	for len(p.queue) > 0 {
		r := p.queue[0]
		p.queue[0] = nil
		p.queue = p.queue[1:]
		f.bytes -= size(r)
		if r.Offset >= from {
			f.relax(at, p)
			return r, nil
		}
	}
	f.relax(at, p)
	return nil, f.err
}

// relax lets partitions be fetched again: all of them below half the budget, the awaited one always.
func (f *Feed) relax(at place, p *partition) {
	if f.paused && f.bytes < budget/2 {
		f.paused = false
		for at, p := range f.parts {
			f.resume(at, p)
		}
	}
	if len(p.queue) == 0 {
		f.resume(at, p)
	}
}

func (f *Feed) resume(at place, p *partition) {
	if p.paused {
		p.paused = false
		f.client.ResumeFetchPartitions(map[string][]int32{at.topic: {at.partition}})
	}
}

// poll moves what the client fetched into the queues until ctx ends.
func (f *Feed) poll(ctx context.Context) {
	for ctx.Err() == nil {
		fetches := f.client.PollFetches(ctx)
		f.mu.Lock()
		fetches.EachError(func(topic string, part int32, err error) { f.fail(topic, part, err) })
		fetches.EachPartition(func(b kgo.FetchTopicPartition) { f.add(place{b.Topic, b.Partition}, b.Records) })
		if f.bytes > budget {
			f.hold()
		}
		f.mu.Unlock()
		select {
		case f.wake <- struct{}{}:
		default:
		}
	}
}

func (f *Feed) add(at place, records []*kgo.Record) {
	p := f.parts[at]
	if p == nil || len(records) == 0 {
		return
	}
	for _, r := range records {
		f.bytes += size(r)
	}
	p.queue = append(p.queue, records...)
	p.next = records[len(records)-1].Offset + 1
}

// hold stops fetching every partition that has something queued; the one that is waited for has not.
func (f *Feed) hold() {
	f.paused = true
	for at, p := range f.parts {
		if len(p.queue) > 0 && !p.paused {
			p.paused = true
			f.client.PauseFetchPartitions(map[string][]int32{at.topic: {at.partition}})
		}
	}
}

// fail keeps an error that no waiting heals. Brokers that are away, elections and the like are waited
// for; a lost offset is a halt.
func (f *Feed) fail(topic string, part int32, err error) {
	var lost *kgo.ErrDataLoss
	if f.err != nil || errors.Is(err, context.Canceled) || errors.Is(err, kgo.ErrClientClosed) || !errors.As(err, &lost) && !gone(err) {
		return
	}
	f.err = &halt.Error{Code: halt.LogGap, Detail: fmt.Sprintf("%s partition %d lost records that the ledger needs", topic, part),
		Fix: fixReset, Err: err}
}

func size(r *kgo.Record) int { return len(r.Value) + len(r.Key) + 128 }
