package readback

import (
	"context"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kgo"

	"floe/pkg/halt"
	"floe/pkg/ledger"
	"floe/schemas"
)

const fixReset = halt.Reset

// Objects reads what entries point at on floe.objects, in the order of the ledger: spans never go back,
// so one pass over the topic serves them all. It is used by one goroutine.
type Objects struct {
	log   Log
	ahead []*kgo.Record
	next  int64 // offset behind the last record taken
	end   int64 // of the partition, when it was asked; 0 before that
}

// NewObjects returns a reader; the log is its own from here on.
func NewObjects(log Log) *Objects { return &Objects{log: log} }

// Close ends the reader and its log.
func (o *Objects) Close() { o.log.Close() }

// Read reads what an entry of the epoch points at: Count ordinals, whole values.
func (o *Objects) Read(ctx context.Context, epoch uint32, s ledger.Span) ([]ledger.Object, error) {
	if err := o.seek(ctx, s); err != nil {
		return nil, err
	}
	r := objects{epoch: epoch, span: s, want: s.Ordinal}
	for r.want < s.Ordinal+s.Count {
		rec, err := o.record(ctx, s)
		if err != nil {
			return nil, err
		}
		if rec.Offset < s.Offset {
			continue
		}
		if err := r.take(rec); err != nil {
			return nil, err
		}
	}
	return r.out, nil
}

// seek sees to it that the reader comes to the span, and that the partition holds it: waiting for what it
// does not hold would be for ever.
func (o *Objects) seek(ctx context.Context, s ledger.Span) error {
	if o.end > 0 && o.next <= s.Offset && s.Offset+int64(s.Count) <= o.end {
		return nil
	}
	if o.end == 0 || o.next > s.Offset {
		o.ahead, o.next = nil, s.Offset
	}
	start, end, err := o.log.Bounds(ctx, s.Topic, s.Partition)
	if err != nil {
		return err
	}
	if start > s.Offset || end < s.Offset+int64(s.Count) {
		return halt.New(halt.LogGap, fixReset, "%s holds offsets %d to %d; the ledger points at %d records from %d on", s.Topic, start, end, s.Count, s.Offset)
	}
	o.end = end
	return nil
}

// record is the partition's next one.
func (o *Objects) record(ctx context.Context, s ledger.Span) (_ *kgo.Record, err error) {
	if len(o.ahead) == 0 {
		if o.ahead, err = o.log.Read(ctx, s.Topic, s.Partition, o.next); err != nil {
			return nil, err
		}
	}
	rec := o.ahead[0]
	o.ahead = o.ahead[1:]
	o.next = rec.Offset + 1
	return rec, nil
}

// objects collects a span's values; parts of a split one are joined.
type objects struct {
	epoch uint32
	span  ledger.Span
	want  uint64
	part  []byte
	out   []ledger.Object
}

func (o *objects) take(rec *kgo.Record) error {
	h, err := header(rec)
	if err != nil {
		return o.foreign(rec, err)
	}
	if h.Epoch < o.epoch || h.Epoch == o.epoch && h.Ordinal < o.want {
		return nil // a replaced capture's, or a retry
	}
	if h.Epoch != o.epoch || h.Ordinal != o.want {
		return halt.New(halt.LogGap, fixReset, "%s offset %d holds record %d of epoch %d, the ledger needs record %d of epoch %d",
			rec.Topic, rec.Offset, h.Ordinal, h.Epoch, o.want, o.epoch)
	}
	if schemas.CRC(rec.Value) != h.CRC {
		return o.foreign(rec, errors.New("its checksum does not fit"))
	}
	o.want++
	o.part = append(o.part, rec.Value...)
	if h.Flags&ledger.More != 0 {
		return nil
	}
	obj, err := schemas.DecodeObject(o.part)
	if err != nil {
		return o.foreign(rec, err)
	}
	o.part = nil
	o.out = append(o.out, *obj)
	return nil
}

func header(rec *kgo.Record) (ledger.Header, error) {
	for _, h := range rec.Headers {
		if h.Key == ledger.HeaderKey {
			return schemas.ParseHeader(h.Value)
		}
	}
	return ledger.Header{}, errors.New("it has no position")
}

func (o *objects) foreign(rec *kgo.Record, err error) error {
	return &halt.Error{Code: halt.ForeignRecord, Detail: fmt.Sprintf("%s offset %d", rec.Topic, rec.Offset), Fix: "find who writes to the topic; " + fixReset, Err: err}
}
