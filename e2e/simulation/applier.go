package simulation

import (
	"context"
	"errors"

	"floe/applier/assemble"
	"floe/applier/batch"
	names "floe/pkg/broker"
	"floe/pkg/status"
	"floe/schemas"

	"github.com/twmb/franz-go/pkg/kgo"
)

// applier is one run of an applier, from the checkpoint until something ends it. As in the service, one
// thread assembles ahead of the other that applies.
type applier struct {
	w      *world
	id     int
	paused int
	loop   *task
	ahead  *task // once the checkpoint is found

	db      *session
	order   *batch.Batcher
	log     *assemble.Assembler
	records *records
	entries []*assemble.Entry
	failed  error
}

func (w *world) newApplier() *applier {
	w.ids++
	a := &applier{w: w, id: w.ids}
	a.loop = start(a.run)
	return a
}

// step gives one of its threads its turn. It reports whether the applier ended.
func (a *applier) step() bool {
	if a.ahead != nil && !a.ahead.done && a.w.rng.IntN(2) == 0 {
		if a.ahead.step() {
			a.failed = a.ahead.err
		}
		return false
	}
	return a.loop.step()
}

func (a *applier) die() {
	if a.db != nil {
		a.db.dead = true
	}
	if a.ahead != nil {
		a.ahead.kill()
	}
	a.loop.kill()
}

var topics = batch.Topics{Ledger: names.Ledger(prefix), Objects: names.Objects(prefix)}

func (a *applier) run(t *task) error {
	ctx := context.Background()
	topic := a.w.broker.topic(topics.Ledger)
	if topic == nil {
		return errors.New("there is no ledger yet")
	}
	a.db = &session{server: a.w.target, task: t, id: a.id, crashes: a.w.target.crashes, flushed: -1}
	was, err := a.db.claim(topic.id)
	if err != nil {
		return err
	}
	a.order = batch.New(a.db, 6, 1<<20)
	a.db.order = a.order
	a.records = newRecords(t, a.w.broker, topics.Ledger)
	if a.log, err = a.order.Stand(ctx, a.records, topics, was, topic.parts[0].start); err != nil {
		return err
	}
	if err := a.remember(ctx, t); err != nil {
		return err
	}
	a.ahead = start(a.assemble)
	for {
		if err := a.turn(ctx); err != nil {
			return err
		}
		if err := t.pause(); err != nil {
			return err
		}
	}
}

// remember learns the definitions again that are valid at the checkpoint.
func (a *applier) remember(ctx context.Context, t *task) error {
	at := a.order.Now
	versions := [chosen]int{}
	for _, offset := range at.Objects {
		e, err := a.log.At(ctx, newRecords(t, a.w.broker, topics.Ledger), offset)
		if err != nil {
			return err
		}
		for _, d := range batch.Valid(e, at) {
			for _, shape := range d.Shapes {
				versions[tableOf(shape.OID)] = max(versions[tableOf(shape.OID)], versionOf(shape))
			}
		}
	}
	a.db.defined = at.Objects
	if len(a.w.ledger().cuts) > 0 { // what was cut since Stand looked is met at the next start
		return nil
	}
	if db := &a.w.target.db; len(at.Objects) > 0 && db.place.Offset == at.Offset && db.place.Commit == at.Commit && versions != db.version {
		a.w.violated("the checkpoint at ledger offset %d names versions %v, the target has %v", at.Offset, versions, db.version)
	}
	return nil
}

// assemble reads on from where Stand left the ledger.
func (a *applier) assemble(t *task) error {
	a.records.t = t
	for {
		e, err := a.log.Next(context.Background())
		if err != nil {
			return err
		}
		for a.entries = append(a.entries, e); len(a.entries) > 8; {
			if err := t.pause(); err != nil {
				return err
			}
		}
	}
}

// turn takes the next entry, or makes the batch true when there is none, or sooner.
func (a *applier) turn(ctx context.Context) error {
	switch x := a.w.rng.IntN(10); {
	case len(a.entries) > 0 && x < 8:
		e := a.entries[0]
		a.entries = a.entries[1:]
		return a.order.Take(ctx, e)
	case a.failed != nil && len(a.entries) == 0 && !a.order.Pending():
		return a.failed
	case x < 9:
		return a.order.Flush(ctx)
	}
	return a.report()
}

// report says what the target has flushed.
func (a *applier) report() error {
	value, err := schemas.EncodeStatus(&status.Report{Role: "applier", Job: prefix, LedgerOffset: a.db.flushed})
	if err == nil && a.w.broker.topic(names.Status(prefix)) != nil {
		a.w.broker.append(&kgo.Record{Topic: names.Status(prefix), Key: []byte("applier/main"), Value: value})
	}
	return err
}
