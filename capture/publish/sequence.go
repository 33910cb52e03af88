package publish

import (
	"fmt"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"floe/pkg/failpoint"
	"floe/pkg/ledger"
	"floe/schemas"
)

// sequence is the order of an epoch's entries: those that wait, and the one that is on its way.
type sequence struct {
	mu     sync.Mutex
	next   uint64 // number of the next entry that is sent
	queue  []*pending
	sent   *pending
	answer *answer // of sent, once there is one
}

// pending is an entry that waits for its rows.
type pending struct {
	entry  *ledger.Entry
	spans  []*Span
	placed func(offset int64)
}

// answer is what became of an entry that was sent.
type answer struct {
	offset int64
	err    error
}

// queued bounds the entries that may wait for their rows; Append then blocks, and capture stops reading.
const queued = 64

// add reports whether there was room for the entry.
func (q *sequence) add(p *pending) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.queue) >= queued {
		return false
	}
	q.queue = append(q.queue, p)
	return true
}

// due takes the next entry if its turn has come: none is on its way, and every record that it points at is
// acknowledged (L1).
func (q *sequence) due() *pending {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.sent != nil || len(q.queue) == 0 || !acknowledged(q.queue[0].spans) {
		return nil
	}
	p := q.queue[0]
	q.queue[0] = nil
	q.queue, q.sent = q.queue[1:], p
	p.entry.N = q.next
	q.next++
	return p
}

// answered takes the entry that was on its way, once its answer has come.
func (q *sequence) answered() (*pending, answer) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.answer == nil {
		return nil, answer{}
	}
	p, a := q.sent, *q.answer
	q.sent, q.answer = nil, nil
	return p, a
}

func (q *sequence) answers(a answer) {
	q.mu.Lock()
	q.answer = &a
	q.mu.Unlock()
}

// Step takes what became of the entry that was sent, and sends the next one if its turn has come.
func (w *Writer) Step() {
	if w.ctx.Err() != nil {
		return
	}
	if p, a := w.entries.answered(); p != nil {
		if err := w.placed(p, a); err != nil {
			w.cancel(err)
			return
		}
	}
	if p := w.entries.due(); p != nil {
		if err := w.send(p); err != nil {
			w.cancel(err)
		}
	}
}

// acknowledged reports whether every record of the spans is.
func acknowledged(spans []*Span) bool {
	for _, s := range spans {
		if s.p.acked.Load() < s.Ordinal+s.Count {
			return false
		}
	}
	return true
}

func (w *Writer) send(p *pending) error {
	p.entry.At = time.Now().UnixMicro()
	p.entry.SetSpans(resolve(p.spans))
	value, err := schemas.EncodeEntry(p.entry)
	if err != nil {
		return fmt.Errorf("write ledger entry %d of epoch %d: %w", p.entry.N, w.epoch, err)
	}
	if err := failpoint.Here("append.before"); err != nil {
		return err
	}
	w.client.Produce(w.ctx, &kgo.Record{Topic: w.topic, Value: value}, func(r *kgo.Record, err error) {
		if err == nil {
			err = failpoint.Here("append.after")
		}
		w.entries.answers(answer{r.Offset, err})
		signal(w.wake)
	})
	return nil
}

// placed tells of an acknowledged entry. One that is refused ends the Writer: its number is used (L1).
func (w *Writer) placed(p *pending, a answer) error {
	if a.err != nil {
		return fmt.Errorf("write ledger entry %d of epoch %d: %w", p.entry.N, w.epoch, a.err)
	}
	if p.placed != nil {
		p.placed(a.offset)
	}
	if w.waiting.Add(-1) == 0 {
		signal(w.idle)
	}
	signal(w.room)
	return nil
}
