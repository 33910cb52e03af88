package publish

import (
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/twmb/franz-go/pkg/kgo"

	"floe/pkg/failpoint"
	"floe/pkg/ledger"
	"floe/schemas"
)

// Span is a run of records in one partition that an entry will point at.
type Span struct {
	p       *partition
	Ordinal uint64
	Count   uint64
	offset  atomic.Int64
}

// partition counts what was produced to and acknowledged by one partition in this epoch.
type partition struct {
	w     *Writer
	place place
	next  uint64 // ordinal of the next record; under Writer.mu
	acked atomic.Uint64
	end   int64 // behind the last acknowledged record; acknowledge alone uses it

	mu     sync.Mutex
	starts []*Span // spans whose first record is not acknowledged, in order
}

// Spans collects what one entry points at; not safe for concurrent use.
type Spans struct {
	list  []*Span
	Rows  uint64
	Bytes int
}

// Empty reports whether nothing was produced.
func (s *Spans) Empty() bool { return len(s.list) == 0 }

// List returns the spans, for Append.
func (s *Spans) List() []*Span { return s.list }

// Join adds what was produced after s to it: a span that goes on where one of s ends becomes part of it.
func (s *Spans) Join(next *Spans) {
	for _, n := range next.list {
		if last := s.find(n.p); last != nil && last.Ordinal+last.Count == n.Ordinal {
			last.Count += n.Count
			continue
		}
		s.list = append(s.list, n)
	}
	s.Rows += next.Rows
	s.Bytes += next.Bytes
}

// find returns the last span of the partition. Entries span few partitions, so it looks from the end.
func (s *Spans) find(p *partition) *Span {
	for i := len(s.list) - 1; i >= 0; i-- {
		if s.list[i].p == p {
			return s.list[i]
		}
	}
	return nil
}

// Record is what Produce sends: one record of a topic, header fields that Produce does not know.
type Record struct {
	Topic     string
	Partition int32
	Key       []byte
	Value     []byte
	Header    ledger.Header // Epoch, Ordinal, CRC and Length are filled in
	Room      int           // bytes that Writer.Room gave for it
}

// Produce sends one record, in parts if its value is above maxPart, and adds it to spans. It takes Key and
// Value, which are kept until acknowledged. It blocks while too much is unacknowledged.
func (w *Writer) Produce(spans *Spans, rec *Record) error {
	if err := w.ctx.Err(); err != nil {
		return w.Err()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	p := w.partition(place{rec.Topic, rec.Partition})
	rec.Header.Epoch = w.epoch
	rec.Header.Length = uint32(len(rec.Value))
	value := rec.Value
	for part := uint32(0); ; part++ {
		piece := value[:min(len(value), maxPart)]
		value = value[len(piece):]
		rec.Header.Part = part
		rec.Header.Flags &^= ledger.More
		if len(value) > 0 {
			rec.Header.Flags |= ledger.More
		}
		p.send(spans, rec, piece)
		if len(value) == 0 {
			break
		}
	}
	spans.Rows++
	spans.Bytes += len(rec.Value)
	w.given.Add(-int64(rec.Room))
	rec.Key, rec.Value, rec.Room = nil, nil, 0
	return nil
}

// maxPart keeps a record with its key below the 1 MiB that brokers take by default.
const maxPart = 900 << 10

// send produces one piece under the next ordinal. Writer.mu is held: ordinals and the order of
// Produce calls must agree.
func (p *partition) send(spans *Spans, rec *Record, piece []byte) {
	h := rec.Header
	h.Ordinal = p.next
	h.CRC = schemas.CRC(piece)
	p.next++
	last := spans.find(p)
	if last == nil || last.Ordinal+last.Count != h.Ordinal {
		last = &Span{p: p, Ordinal: h.Ordinal}
		spans.list = append(spans.list, last)
		p.mu.Lock()
		p.starts = append(p.starts, last)
		p.mu.Unlock()
	}
	last.Count++
	r := p.w.slab.record()
	r.Topic, r.Partition, r.Key, r.Value = p.place.topic, p.place.partition, rec.Key, piece
	r.Headers[0].Value = schemas.AppendHeader(r.Headers[0].Value, h)
	p.w.hold(p, r)
}

// hold keeps a record back until a batch's worth has come together or an entry points at it: handed on
// one by one, every few records would be a request of their own.
func (w *Writer) hold(p *partition, r *kgo.Record) {
	w.held = append(w.held, held{p, r})
	n := len(r.Value) + len(r.Key)
	w.unacked.Add(int64(n))
	w.sent.Add(int64(n) + recordOverhead)
	if w.heldBytes += n; w.heldBytes >= holdBytes {
		w.handOn()
	}
}

// recordOverhead is about what a record takes in the log beside key and value: its header and lengths.
const recordOverhead = 64

// holdBytes is small against a request and large against a row.
const holdBytes = 64 << 10

// held is a record that has its ordinal and is not with the client yet.
type held struct {
	p *partition
	r *kgo.Record
}

// handOn gives the client what was held back, in the order of ordinals. Writer.mu is held.
func (w *Writer) handOn() {
	_ = failpoint.Here("produce.before")
	for i, h := range w.held {
		w.client.Produce(w.ctx, h.r, h.p.acknowledge)
		w.held[i] = held{}
	}
	w.held, w.heldBytes = w.held[:0], 0
	_ = failpoint.Here("produce.after")
}

// acknowledge is called in the order of the partition's records.
func (p *partition) acknowledge(r *kgo.Record, err error) {
	if err == nil {
		err = failpoint.Here("acknowledged.before")
	}
	if err != nil {
		p.w.cancel(fmt.Errorf("write to topic %s partition %d: %w", p.place.topic, p.place.partition, err))
		return
	}
	ordinal := p.acked.Load()
	if err := p.follows(ordinal, r.Offset); err != nil {
		p.w.cancel(err)
		return
	}
	p.mu.Lock()
	for len(p.starts) > 0 && p.starts[0].Ordinal <= ordinal {
		p.starts[0].offset.Store(r.Offset)
		p.starts = p.starts[1:]
	}
	p.mu.Unlock()
	p.w.free(len(r.Value) + len(r.Key))
	r.Key, r.Value = nil, nil // other records of its slab may live on
	p.acked.Store(ordinal + 1)
	_ = failpoint.Here("acknowledged.after")
	signal(p.w.wake)
}

// follows refuses a record that does not stand right behind the one before. A broker that lost what it
// knew of this producer takes the second of two requests on their way first, and the client then sends
// both again: readers would meet the later record where an earlier one is due. A new epoch writes the
// rows anew, and nothing points at these.
func (p *partition) follows(ordinal uint64, offset int64) error {
	if offset < 0 || ordinal > 0 && offset != p.end {
		return fmt.Errorf("topic %s partition %d: record %d of the epoch is at offset %d, the one before ends at %d: the broker took others between them",
			p.place.topic, p.place.partition, ordinal, offset, p.end)
	}
	p.end = offset + 1
	return nil
}

func (w *Writer) partition(at place) *partition {
	p := w.partitions[at]
	if p == nil {
		p = &partition{w: w, place: at}
		w.partitions[at] = p
	}
	return p
}

// resolve turns acknowledged spans into the ledger's.
func resolve(spans []*Span) []ledger.Span {
	out := make([]ledger.Span, len(spans))
	for i, s := range spans {
		out[i] = ledger.Span{Topic: s.p.place.topic, Partition: s.p.place.partition,
			Offset: s.offset.Load(), Ordinal: s.Ordinal, Count: s.Count}
	}
	return out
}

// slab gives out records many at a time: one allocation per record would be a fifth of capture's work.
type slab struct {
	records []kgo.Record
	headers []kgo.RecordHeader
	bytes   []byte
}

const (
	slabRecords = 256
	headerBytes = 48
)

func (s *slab) record() *kgo.Record {
	if len(s.records) == 0 {
		s.records = make([]kgo.Record, slabRecords)
		s.headers = make([]kgo.RecordHeader, slabRecords)
		s.bytes = make([]byte, slabRecords*headerBytes)
	}
	r := &s.records[0]
	s.headers[0] = kgo.RecordHeader{Key: ledger.HeaderKey, Value: s.bytes[:0:headerBytes]}
	r.Headers = s.headers[:1:1]
	s.records, s.headers, s.bytes = s.records[1:], s.headers[1:], s.bytes[headerBytes:]
	return r
}
