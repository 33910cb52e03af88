package simulation

import (
	"bytes"
	"os"
	"slices"

	"github.com/twmb/franz-go/pkg/kgo"

	names "floe/pkg/broker"
	"floe/pkg/event"
	"floe/pkg/ident"
	"floe/pkg/ledger"
	"floe/schemas"
)

type breakage struct {
	name string
	do   func(*world)
}

// breakages are what may break for good: somebody must then halt, or all must arrive as if nothing had been.
var breakages = []breakage{
	{"the slot is dropped", func(w *world) {
		w.source.drop()
		w.source.slot = nil
	}},
	{"the slot is made anew", func(w *world) {
		w.source.drop()
		w.source.slot = &slot{confirmed: w.source.at}
	}},
	{"the slot is advanced", func(w *world) {
		if w.source.slot != nil {
			w.source.drop()
			w.source.slot.confirmed = max(w.source.slot.confirmed, w.source.at-event.LSN(w.rng.IntN(40)))
		}
	}},
	{"a partition loses its end", func(w *world) { w.somePartition().lose(1 + w.rng.IntN(5)) }},
	{"a topic is made anew", func(w *world) { w.someTopic().renew(w.broker) }},
	{"a record is damaged", func(w *world) { w.damage(w.somePartition()) }},
	{"the ledger loses its end", func(w *world) { w.ledger().lose(1 + w.rng.IntN(5)) }},
	{"the ledger is made anew", func(w *world) { w.broker.topic(names.Ledger(prefix)).renew(w.broker) }},
	{"the ledger is rewritten", (*world).rewrite},
	{"the ledger's beginning is gone", func(w *world) { w.ledger().cut(w.rng.Int64N(w.ledger().end() + 1)) }},
	{"an entry is gone", (*world).takeEntry},
	{"the target is made anew", func(w *world) {
		fresh := newServer(w)
		fresh.crashes = w.target.crashes + 1
		*w.target = *fresh
	}},
}

// brokenEnv names what every run breaks.
const brokenEnv = "FLOE_BROKEN"

// breaks breaks one of them.
func (w *world) breaks() {
	n := w.rng.IntN(len(breakages))
	if name := os.Getenv(brokenEnv); name != "" {
		n = slices.IndexFunc(breakages, func(b breakage) bool { return b.name == name })
	}
	w.broken = breakages[n].name
	breakages[n].do(w)
	w.note(w.broken)
}

func (w *world) ledger() *partition { return w.broker.part(names.Ledger(prefix), 0) }

func (w *world) someTopic() *topic {
	return w.broker.topic(ident.Topic(prefix, shapes[w.rng.IntN(chosen)][0].table.Name))
}

func (w *world) somePartition() *partition { return w.someTopic().parts[w.rng.IntN(partitions)] }

// damage changes one bit of a record.
func (w *world) damage(p *partition) {
	if n := len(p.records); n > 0 {
		i := w.rng.IntN(n)
		r := *p.records[i]
		r.Value = bytes.Clone(r.Value)
		r.Value[w.rng.IntN(len(r.Value))] ^= 1 << w.rng.IntN(8)
		p.records[i] = &r
	}
}

// rewrite puts another capture's entries in the place of the ledger's last ones.
func (w *world) rewrite() {
	p, last, n := w.ledger(), uint32(0), 1+w.rng.IntN(8)
	p.lose(n)
	resume := event.LSN(1)
	for _, r := range p.records {
		if e, err := schemas.DecodeEntry(r.Value); err == nil {
			last, resume = max(last, e.Epoch), max(resume, e.ResumeAt())
		}
	}
	for i := range n {
		e := &ledger.Entry{Epoch: last + 1, N: uint64(i), Mark: &ledger.Mark{End: resume}}
		if i == 0 {
			e.Mark, e.Begin = nil, &ledger.Epoch{Nonce: "another's", Slot: "slot"}
		}
		value, err := schemas.EncodeEntry(e)
		if err != nil {
			panic(err)
		}
		w.broker.append(&kgo.Record{Topic: names.Ledger(prefix), Value: value})
	}
}

// takeEntry takes one of the ledger's last entries away; those behind it move up.
func (w *world) takeEntry() {
	p := w.ledger()
	n := len(p.records)
	if n == 0 {
		return
	}
	i := n - 1 - w.rng.IntN(min(n, 12))
	for j := i + 1; j < n; j++ {
		r := *p.records[j]
		r.Offset--
		p.records[j] = &r
	}
	p.records = slices.Delete(slices.Clone(p.records), i, i+1)
	p.cuts = append(p.cuts, p.start+int64(i))
}

// renew deletes the topic and makes one of the same name.
func (t *topic) renew(b *broker) {
	b.ids++
	t.id = b.ids
	for i := range t.parts {
		t.parts[i] = &partition{}
	}
}
