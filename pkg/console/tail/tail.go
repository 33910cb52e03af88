// Package tail reads what goes over a table's topic for somebody who looks: decoded, masked, cut short and
// bounded, however much there is.
//
//   - It shows what stands on the topic. A client's retries, and what a replaced capture wrote, stand there
//     too; only what the ledger points at is applied.
//   - What is masked leaves this package as nothing but its column's name, be it NULL or not.
//   - A reader that does not keep up is told how many events it was not shown.
package tail

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"floe/pkg/event"
	"floe/pkg/ledger"
	"floe/schemas"
)

// Bounds of one reader.
const (
	MostEvents = 100       // of one reading; the last ones are shown
	mostValue  = 200       // bytes of a value
	fetchBytes = 512 << 10 // held at once, twice
	mostCodecs = 32        // versions of the table's shape that are remembered
)

// Mask says which values are not shown.
type Mask struct {
	All     bool
	Columns map[string]bool
}

// Event is a record of the topic.
type Event struct {
	Partition int32     `json:"partition"`
	Offset    int64     `json:"offset"`
	At        time.Time `json:"at"` // of its commit, on the source's clock; of the record in a load
	Op        string    `json:"op"`
	LSN       string    `json:"lsn,omitempty"`
	Seq       uint64    `json:"seq"`
	Epoch     uint32    `json:"epoch"`
	Before    []Value   `json:"before,omitempty"`
	After     []Value   `json:"after,omitempty"`
	// Note is why there are no values.
	Note string `json:"note,omitempty"`
}

// Value is a column of a row. Is tells null, unchanged (a large one that was not sent), masked, or cut;
// it is empty for a value that is whole.
type Value struct {
	Column string `json:"column"`
	Key    bool   `json:"key,omitempty"`
	Text   string `json:"text"`
	Is     string `json:"is,omitempty"`
}

// Schemas finds the value schema that an id stands for.
type Schemas func(id uint32) (string, bool)

// Tail is one reader of one topic. It is not safe for concurrent use.
type Tail struct {
	client  *kgo.Client
	schemas Schemas
	mask    Mask
	codecs  map[uint32]*schemas.Codec
	arena   schemas.Arena
	behind  map[int32]int64 // where partitions ended at the beginning, those that were not reached
	whole   bool
	stops   map[int32]int64 // where no more is wanted
}

// Range is what of each partition is read. Only one of the first three is set: the last so many records,
// what stands from an offset on, or what was written from a time on.
type Range struct {
	Last int64
	From *int64
	Time time.Time
	// Most, unless 0, ends a partition behind so many records.
	Most int64
	// Whole has nothing left out, however far behind the reader is.
	Whole bool
}

// ErrNoTopic says that the table has no topic yet.
var ErrNoTopic = errors.New("nothing was written of the table yet")

// Open begins where the range does.
func Open(ctx context.Context, kafka []kgo.Opt, topic string, of Range, s Schemas, mask Mask) (*Tail, error) {
	t := &Tail{schemas: s, mask: mask, codecs: map[uint32]*schemas.Codec{}, behind: map[int32]int64{}, whole: of.Whole, stops: map[int32]int64{}}
	from, err := t.places(ctx, kafka, topic, of)
	if err != nil {
		return nil, err
	}
	opts := append(kafka[:len(kafka):len(kafka)], kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: from}), kgo.FetchMaxBytes(fetchBytes), kgo.FetchMaxPartitionBytes(fetchBytes), kgo.MaxConcurrentFetches(1))
	if t.client, err = kgo.NewClient(opts...); err != nil {
		return nil, fmt.Errorf("open %s: %w", topic, err)
	}
	return t, nil
}

func (t *Tail) places(ctx context.Context, kafka []kgo.Opt, topic string, of Range) (map[int32]kgo.Offset, error) {
	client, err := kgo.NewClient(kafka...)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", topic, err)
	}
	defer client.Close()
	adm := kadm.NewClient(client)
	starts, err := adm.ListStartOffsets(ctx, topic)
	if err != nil {
		return nil, fmt.Errorf("look up where %s begins: %w", topic, err)
	}
	ends, err := adm.ListEndOffsets(ctx, topic)
	if err != nil {
		return nil, fmt.Errorf("look up where %s ends: %w", topic, err)
	}
	var since kadm.ListedOffsets
	if !of.Time.IsZero() {
		if since, err = adm.ListOffsetsAfterMilli(ctx, of.Time.UnixMilli(), topic); err != nil {
			return nil, fmt.Errorf("look up where %s was at %s: %w", topic, of.Time, err)
		}
	}
	from := map[int32]kgo.Offset{}
	for p, end := range ends[topic] {
		start, ok := starts.Lookup(topic, p)
		if end.Err != nil || !ok || start.Err != nil {
			continue
		}
		at := end.Offset - of.Last
		switch {
		case of.From != nil:
			at = *of.From
		case since != nil:
			s, ok := since.Lookup(topic, p)
			if !ok || s.Err != nil {
				return nil, fmt.Errorf("look up where partition %d of %s was at %s: %w", p, topic, of.Time, s.Err)
			}
			at = s.Offset
		}
		at = min(max(start.Offset, at), end.Offset)
		from[p] = kgo.NewOffset().At(at)
		stop := end.Offset
		if of.Most > 0 {
			t.stops[p] = at + of.Most
			stop = min(stop, at+of.Most)
		}
		if at < stop {
			t.behind[p] = stop
		}
	}
	if len(from) == 0 {
		return nil, ErrNoTopic
	}
	return from, nil
}

// Close ends the reader.
func (t *Tail) Close() { t.client.Close() }

// Behind reports whether there are records of before the reader was opened that it has not read.
func (t *Tail) Behind() bool { return len(t.behind) > 0 }

// Next waits for records and returns them, or the last of them and how many it left out before.
func (t *Tail) Next(ctx context.Context) (events []Event, left int, err error) {
	most := 0 // whatever is there
	if t.whole {
		most = MostEvents
	}
	fetches := t.client.PollRecords(ctx, most)
	if err := ctx.Err(); err != nil {
		return nil, 0, err
	}
	for _, e := range fetches.Errors() {
		return nil, 0, fmt.Errorf("read %s: %w", e.Topic, e.Err)
	}
	records := slices.DeleteFunc(fetches.Records(), func(r *kgo.Record) bool {
		stop, ok := t.stops[r.Partition]
		return ok && r.Offset >= stop
	})
	for _, r := range records {
		if end, ok := t.behind[r.Partition]; ok && r.Offset+1 >= end {
			delete(t.behind, r.Partition)
		}
	}
	left = max(0, len(records)-MostEvents)
	for _, r := range records[left:] {
		events = append(events, t.event(r))
	}
	return events, left, nil
}

// event is what can be said of a record; whatever it holds, it is said and nothing fails.
func (t *Tail) event(r *kgo.Record) Event {
	e := Event{Partition: r.Partition, Offset: r.Offset, At: r.Timestamp.UTC()}
	h, err := header(r)
	if err != nil {
		e.Note = err.Error()
		return e
	}
	e.Seq, e.Epoch = h.Seq, h.Epoch
	if h.Commit != 0 { // a row of a load was committed nowhere that is told
		e.LSN = h.Commit.String()
	}
	switch {
	case h.Part > 0 || h.Flags&ledger.More != 0:
		e.Note = fmt.Sprintf("a part of a row of %d bytes", h.Length)
		return e
	case schemas.CRC(r.Value) != h.CRC:
		e.Note = "a damaged record"
		return e
	}
	codec, err := t.codec(r.Value)
	if err != nil {
		e.Note = err.Error()
		return e
	}
	var row event.Row
	t.arena.Reset()
	if err := codec.DecodeValue(r.Value, &row, &t.arena); err != nil {
		e.Note = "the row cannot be decoded"
		return e
	}
	e.Op = row.Op.String()
	if row.CommitTime != 0 {
		e.At = time.UnixMicro(row.CommitTime).UTC()
	}
	if h.Flags&ledger.Companion != 0 {
		e.Note = "the delete of a row whose key moved to another partition"
	}
	e.Before, e.After = t.image(row.Table, row.Before, true), t.image(row.Table, row.After, false)
	return e
}

func header(r *kgo.Record) (ledger.Header, error) {
	for _, h := range r.Headers {
		if h.Key == ledger.HeaderKey {
			x, err := schemas.ParseHeader(h.Value)
			if err != nil {
				return x, errors.New("a record with a header that is not floe's")
			}
			return x, nil
		}
	}
	return ledger.Header{}, errors.New("a record that is not floe's")
}

func (t *Tail) codec(value []byte) (*schemas.Codec, error) {
	id, err := schemas.SchemaID(value)
	if err != nil {
		return nil, err
	}
	if c := t.codecs[id]; c != nil {
		return c, nil
	}
	text, ok := t.schemas(id)
	if !ok {
		return nil, fmt.Errorf("schema %d is not known here yet", id)
	}
	c, err := schemas.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("schema %d is not a row's", id)
	}
	if len(t.codecs) >= mostCodecs {
		clear(t.codecs)
	}
	t.codecs[id] = c
	return c, nil
}

// image is a row's columns; of a key alone only the key's.
func (t *Tail) image(table *event.Table, image []event.Datum, old bool) (out []Value) {
	key := make([]bool, len(table.Columns))
	for _, k := range table.Key {
		key[k] = true
	}
	for i, d := range image {
		v := Value{Column: table.Columns[i].Name, Key: key[i]}
		masked := t.mask.All || t.mask.Columns[v.Column]
		switch {
		case old && len(table.Key) > 0 && !key[i] && (masked || d.Kind == event.Null): // it was not sent, or may not be told from what was
			continue
		case masked:
			v.Is = "masked"
		case d.Kind == event.Null:
			v.Is = "null"
		case d.Kind == event.Unchanged:
			v.Is = "unchanged"
		default:
			v.Text, v.Is = cut(d.Text)
		}
		out = append(out, v)
	}
	return out
}

// cut shortens a value between two characters.
func cut(b []byte) (text, is string) {
	if len(b) <= mostValue {
		return string(b), ""
	}
	b = b[:mostValue]
	for len(b) > 0 && !utf8.Valid(b) {
		b = b[:len(b)-1]
	}
	return string(b), "cut"
}
