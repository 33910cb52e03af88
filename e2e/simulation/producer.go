package simulation

import (
	"context"
	"errors"

	"github.com/twmb/franz-go/pkg/kgo"
)

// errRefused is a broker's last word.
var errRefused = errors.New("refused")

// producer is publish.Log: the client of one capture. What it was given lands in the order of its partition,
// some time. Of a capture that is dead it is what was on its way: some of it still lands.
type producer struct {
	w      *world
	queues []*queue
	dead   bool
}

type queue struct {
	topic     string
	partition int32
	items     []item
}

type item struct {
	r       *kgo.Record
	promise func(*kgo.Record, error)
}

// Produce is of publish.Log.
func (p *producer) Produce(ctx context.Context, r *kgo.Record, promise func(*kgo.Record, error)) {
	if p.dead {
		return
	}
	if err := ctx.Err(); err != nil {
		promise(r, err)
		return
	}
	q := p.queue(r.Topic, r.Partition)
	q.items = append(q.items, item{r, promise})
}

func (p *producer) queue(topic string, n int32) *queue {
	for _, q := range p.queues {
		if q.topic == topic && q.partition == n {
			return q
		}
	}
	q := &queue{topic: topic, partition: n}
	p.queues = append(p.queues, q)
	return q
}

// waiting are the queues with something in them.
func (p *producer) waiting() (out []*queue) {
	for _, q := range p.queues {
		if len(q.items) > 0 {
			out = append(out, q)
		}
	}
	return out
}

// land lets the first record of some partition arrive, twice if its acknowledgement is lost, or not at all.
func (p *producer) land() {
	list := p.waiting()
	if len(list) == 0 {
		return
	}
	q := list[p.w.rng.IntN(len(list))]
	it := q.items[0]
	if p.w.broker.part(q.topic, q.partition) == nil {
		q.items = q.items[1:]
		p.answer(it, errRefused)
		return
	}
	if p.w.chance(p.w.refusals) && !p.dead {
		q.items = q.items[1:]
		p.w.note("refuse")
		switch p.w.rng.IntN(3) {
		case 0: // it arrived all the same
			p.w.broker.append(it.r)
		case 1: // it arrives later
			late := &producer{w: p.w, dead: true}
			c := *it.r
			late.queue(q.topic, q.partition).items = []item{{r: &c}}
			p.w.ghosts = append(p.w.ghosts, late)
		}
		p.answer(it, errRefused)
		return
	}
	if len(q.items) > 1 && p.w.chance(p.w.disorder) { // a broker that forgot the producer: the client sends both again
		p.w.note("disorder")
		p.w.broker.append(q.items[1].r)
	}
	offset := p.w.broker.append(it.r)
	if p.w.chance(p.w.doubles) { // and comes again
		p.w.note("double")
		return
	}
	q.items = q.items[1:]
	it.r.Offset = offset
	p.answer(it, nil)
}

func (p *producer) answer(it item, err error) {
	if !p.dead && it.promise != nil {
		it.promise(it.r, err)
	}
}

// die leaves what may still arrive.
func (p *producer) die() {
	if p.dead {
		return
	}
	p.dead = true
	for _, q := range p.queues {
		q.items = q.items[:p.w.rng.IntN(len(q.items)+1)]
		for i := range q.items { // the client's records are used again
			c := *q.items[i].r
			q.items[i] = item{r: &c}
		}
	}
	p.w.ghosts = append(p.w.ghosts, p)
}
