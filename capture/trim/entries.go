package trim

import (
	"context"
	"fmt"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"floe/capture/readback"
	"floe/pkg/broker"
	"floe/pkg/ledger"
	"floe/schemas"
)

// Entries is the ledger, read from its first kept record up to where it was trimmed for.
//
//   - upto is, by partition of rows, the offset behind what the valid entries passed so far point at.
//     Spans of later entries lie behind it, for in a partition they never go backwards.
//   - base is the last Epoch passed that has everything valid behind it.
type Entries struct {
	log     readback.Log
	next    int64
	topic   string
	objects string
	cursor  *ledger.Cursor
	queue   []*kgo.Record
	upto    kadm.Offsets
	begun   place // an Epoch whose beginning is not complete yet
	mark    bool
	chosen  bool
	base    *place
	since   int64 // bytes of the entries passed since the last such Epoch: another one would free them
}

// place is an Epoch: its offset, and where its objects begin.
type place struct{ ledger, objects int64 }

// OpenEntries begins at the first record that is kept. The log is its own from here on.
func OpenEntries(ctx context.Context, log readback.Log, prefix string) (*Entries, error) {
	e := &Entries{log: log, topic: broker.Ledger(prefix), objects: broker.Objects(prefix), cursor: ledger.NewCursor(), upto: kadm.Offsets{}}
	var err error
	if e.next, _, err = log.Bounds(ctx, e.topic, 0); err != nil {
		log.Close()
		return nil, err
	}
	if e.next > 0 {
		e.cursor = ledger.Within()
	}
	return e, nil
}

// step bounds the entries, and the records that they point at, between two looks at the log's size.
const (
	stepEntries = 2000
	stepRecords = 50_000
)

// overhead is what a record that is a batch of its own takes beside its value.
const overhead = 80

// Pass goes over entries through the offset applied, as long as due says of the time they were written.
func (e *Entries) Pass(ctx context.Context, applied int64, due func(at int64) bool) (moved bool, err error) {
	for n, records := 0, uint64(0); n < stepEntries && records < stepRecords; n++ {
		r, err := e.head(ctx, applied)
		if err != nil || r == nil || r.Offset > applied {
			return moved, err
		}
		entry, err := schemas.DecodeEntry(r.Value)
		if err != nil {
			return moved, fmt.Errorf("%s offset %d: %w", e.topic, r.Offset, err)
		}
		if !due(entry.At) {
			return moved, nil
		}
		e.queue = e.queue[1:]
		e.since += int64(len(r.Value)) + overhead
		verdict, err := e.cursor.Step(r.Offset, entry)
		if err != nil {
			return moved, fmt.Errorf("%s offset %d: %w", e.topic, r.Offset, err)
		}
		moved = true
		if verdict == ledger.Valid {
			e.take(r.Offset, entry)
			for _, s := range entry.Spans() {
				records += s.Count
			}
		}
	}
	return moved, nil
}

// head is the next record, nil when no applier has passed it: there may be none.
func (e *Entries) head(ctx context.Context, applied int64) (_ *kgo.Record, err error) {
	if len(e.queue) == 0 {
		if e.next > applied {
			return nil, nil
		}
		if e.queue, err = e.log.Read(ctx, e.topic, 0, e.next); err != nil {
			return nil, err
		}
		e.next = e.queue[len(e.queue)-1].Offset + 1
	}
	return e.queue[0], nil
}

// take notes what a valid entry frees.
func (e *Entries) take(offset int64, entry *ledger.Entry) {
	switch {
	case entry.Begin != nil:
		e.begun, e.mark, e.chosen = place{ledger: offset}, false, false
	case entry.N == ledger.BeginMark:
		e.mark = entry.Mark != nil
	case entry.N == ledger.BeginSelection:
		e.chosen = entry.Selection != nil
	case entry.N == ledger.BeginObjects && e.mark && e.chosen && entry.Objects != nil && len(entry.Objects.Spans) > 0:
		e.begun.objects = entry.Objects.Spans[0].Offset
		base := e.begun
		e.base, e.since = &base, 0
	}
	for _, s := range entry.Spans() {
		if s.Topic == e.objects {
			continue
		}
		at, ok := e.upto.Lookup(s.Topic, s.Partition)
		if end := s.Offset + int64(s.Count); !ok || end > at.At {
			e.upto.AddOffset(s.Topic, s.Partition, end, -1)
		}
	}
}

// advance passes entries that every applier has flushed and deletes what they free.
func (t *Trimmer) advance(ctx context.Context, applied int64, due func(at int64) bool) (moved bool, err error) {
	if t.ledger == nil {
		if applied < 0 {
			return false, nil
		}
		if t.ledger, err = OpenEntries(ctx, readback.Dial(t.Kafka), t.Prefix); err != nil {
			return false, err
		}
	}
	if moved, err = t.ledger.Pass(ctx, applied, due); err != nil || !moved {
		return moved, err
	}
	return true, t.delete(ctx, t.ledger.Free(t.cap > 0))
}

// Free are the offsets before which nothing is needed any more of what was passed: of rows, if they are to be
// freed, and of the ledger and floe.objects up to the last Epoch that has everything valid behind it.
func (e *Entries) Free(rows bool) kadm.Offsets {
	free := kadm.Offsets{}
	if rows {
		free, e.upto = e.upto, kadm.Offsets{}
	}
	if e.base != nil {
		free.AddOffset(e.topic, 0, e.base.ledger, -1)
		free.AddOffset(e.objects, 0, e.base.objects, -1)
		e.base = nil
	}
	return free
}
