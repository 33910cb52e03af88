package simulation

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/twmb/franz-go/pkg/kgo"

	"floe/applier/assemble"
	"floe/applier/feed"
	"floe/pkg/halt"
	"floe/pkg/ledger"
)

// topic is one topic of the broker. Offsets are places in records, behind those that were trimmed.
type topic struct {
	name  string
	id    int
	parts []*partition
}

type partition struct {
	start   int64
	records []*kgo.Record
	cuts    []int64 // offsets from which on it lost its records, each with a new leader epoch
}

func (p *partition) end() int64 { return p.start + int64(len(p.records)) }

// at are the records from an offset on.
func (p *partition) at(offset int64) []*kgo.Record { return p.records[offset-p.start:] }

// cut deletes what is before an offset, though never the last record.
func (p *partition) cut(before int64) {
	if n := min(before, p.end()-1) - p.start; n > 0 {
		p.start += n
		p.records = slices.Clone(p.records[n:])
	}
}

// lose takes the last records away, as a broker does that had not them on its disk.
func (p *partition) lose(n int) {
	p.records = p.records[:max(0, len(p.records)-n)]
	p.cuts = append(p.cuts, p.end())
}

// positions are a client's: it learns by the leader's epoch that what it has read was cut away (KIP-320).
type positions map[*partition]int

// lost reports whether a record before from, which was read, was lost since the client knows the partition.
func (s positions) lost(p *partition, from int64) bool {
	known, ok := s[p]
	s[p] = len(p.cuts)
	if !ok {
		return false
	}
	return slices.ContainsFunc(p.cuts[known:], func(at int64) bool { return at < from })
}

// broker is a log in memory.
type broker struct {
	w      *world
	topics []*topic
	ids    int
}

func (b *broker) create(name string, parts int) *topic {
	b.ids++
	t := &topic{name: name, id: b.ids}
	for range parts {
		t.parts = append(t.parts, &partition{})
	}
	b.topics = append(b.topics, t)
	return t
}

func (b *broker) topic(name string) *topic {
	for _, t := range b.topics {
		if t.name == name {
			return t
		}
	}
	return nil
}

func (b *broker) part(name string, n int32) *partition {
	if t := b.topic(name); t != nil && int(n) < len(t.parts) {
		return t.parts[n]
	}
	return nil
}

// append adds a copy of a record and returns its offset.
func (b *broker) append(r *kgo.Record) int64 {
	p := b.part(r.Topic, r.Partition)
	c := *r
	c.Offset = p.end()
	c.Headers = slices.Clone(r.Headers)
	p.records = append(p.records, &c)
	b.w.note("append", b.number(r.Topic), int64(r.Partition), c.Offset, int64(len(c.Value)))
	return c.Offset
}

func (b *broker) number(name string) int64 {
	return int64(slices.IndexFunc(b.topics, func(t *topic) bool { return t.name == name }))
}

// reader is readback.Log for one task.
type reader struct {
	t     *task
	b     *broker
	knew  positions
	turns int // that it waits for a record; 0 without end
}

func newReader(t *task, b *broker) *reader { return &reader{t: t, b: b, knew: positions{}} }

// errNothing ends a wait that is not without end.
var errNothing = errors.New("nothing comes")

func (r *reader) Close() {}

func (r *reader) Bounds(_ context.Context, topic string, n int32) (start, end int64, err error) {
	if err := r.t.pause(); err != nil {
		return 0, 0, err
	}
	p := r.b.part(topic, n)
	if p == nil {
		return 0, 0, halt.New(halt.TopicReset, halt.Reset, "topic %s is gone", topic)
	}
	return p.start, p.end(), nil
}

func (r *reader) Ends(_ context.Context, topics []string) (map[string]map[int32]int64, error) {
	if err := r.t.pause(); err != nil {
		return nil, err
	}
	out := map[string]map[int32]int64{}
	for _, name := range topics {
		if t := r.b.topic(name); t != nil {
			out[name] = map[int32]int64{}
			for i, p := range t.parts {
				out[name][int32(i)] = p.end()
			}
		}
	}
	return out, nil
}

func (r *reader) Read(_ context.Context, topic string, n int32, from int64) ([]*kgo.Record, error) {
	for i := 1; ; i++ {
		if err := r.t.pause(); err != nil {
			return nil, err
		}
		p := r.b.part(topic, n)
		if p == nil || from < p.start || from > p.end() || r.knew.lost(p, from) {
			return nil, halt.New(halt.LogGap, halt.Reset, "%s lost its records from offset %d on", topic, from)
		}
		if some := p.at(from); len(some) > 0 {
			return slices.Clone(some[:1+r.b.w.rng.IntN(min(len(some), 4))]), nil
		}
		if i == r.turns {
			return nil, errNothing
		}
	}
}

// records is assemble.Records for one task.
type records struct {
	t      *task
	b      *broker
	ledger string
	given  map[string]int64
	knew   positions
}

func newRecords(t *task, b *broker, ledger string) *records {
	return &records{t: t, b: b, ledger: ledger, given: map[string]int64{}, knew: positions{}}
}

func (r *records) Expect(string, int32, int64) {}

// Ready lets the ledger be read ahead now and then.
func (r *records) Ready(topic string, n int32) bool {
	p := r.b.part(topic, n)
	return p != nil && r.given[key(topic, n)] < p.end() && r.b.w.rng.IntN(2) == 0
}

func key(topic string, n int32) string { return fmt.Sprint(topic, n) }

func (r *records) Next(_ context.Context, topic string, n int32, from int64) (assemble.Record, error) {
	k := key(topic, n)
	for {
		if err := r.t.pause(); err != nil {
			return assemble.Record{}, err
		}
		p := r.b.part(topic, n)
		if p == nil {
			return assemble.Record{}, halt.New(halt.TopicReset, halt.Reset, "topic %s partition %d is gone", topic, n)
		}
		from := max(from, r.given[k])
		if r.knew.lost(p, from) {
			return assemble.Record{}, halt.New(halt.LogGap, halt.Reset, "%s partition %d lost its records before offset %d", topic, n, from)
		}
		if from >= p.start && from < p.end() {
			r.given[k] = from + 1
			return record(p.at(from)[0]), nil
		}
		bounds := feed.Bounds{Topic: topic, Partition: n, Start: p.start, End: p.end()}
		if err := bounds.Lacks(from, topic != r.ledger); err != nil {
			return assemble.Record{}, err
		}
	}
}

func record(r *kgo.Record) assemble.Record {
	out := assemble.Record{Offset: r.Offset, Value: r.Value}
	for i := range r.Headers {
		if r.Headers[i].Key == ledger.HeaderKey {
			out.Header = r.Headers[i].Value
		}
	}
	return out
}
