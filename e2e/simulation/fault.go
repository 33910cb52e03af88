package simulation

import (
	names "floe/pkg/broker"
	"floe/pkg/event"
	"floe/pkg/ident"
)

// breaks breaks something for good: somebody must halt, or all must arrive as if nothing had been.
func (w *world) breaks() {
	ledger := w.broker.part(names.Ledger(prefix), 0)
	rows := w.broker.topic(ident.Topic(prefix, shapes[w.rng.IntN(chosen)][0].table.Name))
	part := rows.parts[w.rng.IntN(partitions)]
	switch w.rng.IntN(9) {
	case 0:
		w.broken = "the slot is dropped"
		w.source.drop()
		w.source.slot = nil
	case 1:
		w.broken = "the slot is made anew"
		w.source.drop()
		w.source.slot = &slot{confirmed: w.source.at}
	case 2:
		w.broken = "the slot is advanced"
		if w.source.slot != nil {
			w.source.drop()
			w.source.slot.confirmed = max(w.source.slot.confirmed, w.source.at-event.LSN(w.rng.IntN(40)))
		}
	case 3:
		w.broken = "a partition loses its end"
		part.lose(1 + w.rng.IntN(5))
	case 4:
		w.broken = "a topic is made anew"
		rows.renew(w.broker)
	case 5:
		w.broken = "a record is damaged"
		if n := len(part.records); n > 0 {
			r := part.records[w.rng.IntN(n)]
			r.Value = append([]byte{}, r.Value...)
			r.Value[w.rng.IntN(len(r.Value))] ^= 1 << w.rng.IntN(8)
		}
	case 6:
		w.broken = "the ledger loses its end"
		ledger.lose(1 + w.rng.IntN(5))
	case 7:
		w.broken = "the ledger is made anew"
		w.broker.topic(names.Ledger(prefix)).renew(w.broker)
	case 8:
		w.broken = "the target is made anew"
		fresh := newServer(w)
		fresh.crashes = w.target.crashes + 1
		*w.target = *fresh
	}
	w.note(w.broken)
}

// lose takes the last records away, as a broker does that had not them on its disk.
func (p *partition) lose(n int) { p.records = p.records[:max(0, len(p.records)-n)] }

// renew deletes the topic and makes one of the same name.
func (t *topic) renew(b *broker) {
	b.ids++
	t.id = b.ids
	for i := range t.parts {
		t.parts[i] = &partition{}
	}
}
