package simulation

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/twmb/franz-go/pkg/kgo"

	"floe/capture/defined"
	"floe/capture/group"
	"floe/capture/load"
	"floe/capture/past"
	"floe/capture/publish"
	"floe/capture/readback"
	"floe/capture/route"
	slots "floe/capture/source"
	names "floe/pkg/broker"
	"floe/pkg/catalog"
	"floe/pkg/event"
	"floe/pkg/ident"
	"floe/pkg/ledger"
	"floe/schemas"
)

// capture is one run of a capture: a start, then the stream until something ends it.
type capture struct {
	w      *world
	id     int
	task   *task
	paused int
	still  bool // with it, what it has sent

	client  *producer
	conn    *connection
	held    *slots.Slot
	writer  *publish.Writer
	order   *group.Grouper
	encoder *route.Encoder
	ledger  *readback.Reader
	readers []*reader
	epoch   uint32
	beginAt int64
	flush   event.LSN

	loads    load.States
	versions [chosen]int
	tables   [chosen]*route.Table
	ids      int

	received event.LSN // end of the last transaction that was received whole
	tx       *transaction
	at       int // change of tx that comes next

	placed  map[uint32]bool // P of design.md §2
	since   event.LSN       // where the WAL was when slot and epoch were ours (H1)
	unknown []*transaction  // not visible then

	trim  *trimmer
	began int
}

func (w *world) newCapture() *capture {
	w.ids++
	c := &capture{w: w, id: w.ids, client: &producer{w: w}, loads: load.States{}, placed: map[uint32]bool{}}
	c.task = start(c.run)
	return c
}

// pause has it stand still for some of its turns. What it has sent arrives meanwhile, or does not.
func (c *capture) pause(turns int) { c.paused, c.still = turns, c.w.rng.IntN(2) == 0 }

// die ends it, as kill -9 does.
func (c *capture) die() {
	c.client.die()
	if c.w.source.slot != nil && c.w.source.slot.owner == c.conn && c.conn != nil {
		c.w.source.slot.owner = nil
	}
	if c.conn != nil {
		c.conn.alive = false
	}
	c.task.kill()
}

func (c *capture) job() past.Job {
	open := func() readback.Log {
		r := newReader(c.task, c.w.broker)
		c.readers = append(c.readers, r)
		return r
	}
	return past.Job{Open: open, Prefix: prefix, Log: slog.New(slog.DiscardHandler)}
}

func (c *capture) run(*task) error {
	ctx, nonce := context.Background(), fmt.Sprint("nonce", c.id)
	r, p, err := c.job().Claim(ctx, c.loads, past.Steps{Take: c.take, Check: c.check, Nonce: nonce,
		Append: func(ctx context.Context, epoch uint32) error { return c.begin(ctx, epoch, nonce) }})
	if err != nil {
		return err
	}
	for _, r := range c.readers {
		r.turns = 50 // the stream does not wait for the reading: in a capture it is beside it
	}
	c.ledger, c.beginAt, c.flush = r, p.BeginAt, max(c.held.Confirmed, p.Resume)
	if err := c.place(p); err != nil {
		return err
	}
	for {
		if err := c.turn(ctx); err != nil {
			return err
		}
		if err := c.task.pause(); err != nil {
			return err
		}
	}
}

// take makes the slot, if this is the job's first start, and takes it.
func (c *capture) take(ctx context.Context) error {
	s := c.w.source
	for {
		if err := c.task.pause(); err != nil {
			return err
		}
		if s.slot == nil {
			if err := c.create(ctx); err != nil {
				return err
			}
		}
		if s.slot != nil && s.slot.owner == nil {
			break
		}
	}
	c.conn = &connection{alive: true}
	s.slot.owner = c.conn
	c.received = s.slot.confirmed
	if err := c.task.pause(); err != nil {
		return err
	}
	if s.slot == nil {
		return errVanished
	}
	c.held = &slots.Slot{Name: "slot", Confirmed: s.slot.confirmed, Active: true}
	return nil
}

// create is a job's first start: a log that has a position means that the slot was lost.
func (c *capture) create(ctx context.Context) error {
	r, p, err := c.job().Read(ctx, load.States{})
	if err != nil {
		return err
	}
	r.Close()
	if gone := slots.CheckSlot(nil, "slot", p.Resume); gone != nil {
		if err := c.task.pause(); err != nil || c.w.source.slot != nil { // another one has made it meanwhile
			return err
		}
		return gone
	}
	if err := c.task.pause(); err != nil {
		return err
	}
	if s := c.w.source; s.slot == nil {
		s.slot = &slot{confirmed: s.at}
		c.w.note("slot", int64(s.at))
	}
	return nil
}

func (c *capture) check(ctx context.Context, p *past.Past) error {
	if err := slots.CheckSlot(c.held, "slot", p.Resume); err != nil {
		return err
	}
	var tables []ident.Name
	for t := range shapes {
		tables = append(tables, shapes[t][0].table.Name)
	}
	return c.job().CheckTopics(ctx, p, tables)
}

// begin appends the Epoch, if the replication connection answers.
func (c *capture) begin(ctx context.Context, epoch uint32, nonce string) error {
	if c.conn != nil && !c.conn.alive {
		return errStream
	}
	if err := c.task.pause(); err != nil {
		return err
	}
	e := &ledger.Entry{Epoch: epoch, Begin: &ledger.Epoch{Nonce: nonce, Slot: "slot"}}
	value, err := schemas.EncodeEntry(e)
	if err != nil {
		return err
	}
	var answered bool
	c.client.Produce(ctx, &kgo.Record{Topic: names.Ledger(prefix), Value: value}, func(_ *kgo.Record, e error) { answered, err = true, e })
	for !answered {
		if err := c.task.pause(); err != nil {
			return err
		}
	}
	if err != nil {
		return err
	}
	c.epoch = epoch
	c.writer = publish.Open(ctx, c.client, names.Ledger(prefix), epoch, 1)
	c.order = &group.Grouper{Writer: c.writer, Rows: 5, Bytes: 1 << 20}
	c.encoder = route.NewEncoder(nil)
	return nil
}

var errVanished = errors.New("the slot vanished while it was held")

var errStream = errors.New("the replication connection ended")

// place places what is valid where the epoch begins.
func (c *capture) place(p *past.Past) error {
	s := c.w.source
	if err := c.order.Start(p.Resume, c.held.Confirmed); err != nil {
		return err
	}
	if err := c.writer.Append(&ledger.Entry{Selection: &ledger.Selection{Tables: []string{"t0", "t1"}}}, nil, nil); err != nil {
		return err
	}
	var all []ledger.Object
	for t := range c.versions {
		c.versions[t] = s.before(c.order.Resume).version[t] // the catalog, at a first start
		if p.Defined != nil {
			d := p.Defined.Get(defined.Key{Kind: catalog.KindTable, OID: oid(t)})
			c.versions[t] = versionOf(d.Body.(*catalog.TableDef).Shape())
		}
		c.tables[t] = c.route(t)
		list, err := objects(&shapes[t][c.versions[t]], c.tables[t])
		if err != nil {
			return err
		}
		l := c.loads[oid(t)]
		if l == nil {
			l = c.loads.Begin(oid(t), 1)
		}
		body, err := l.Record()
		if err != nil {
			return err
		}
		all = append(append(all, list...), ledger.Object{Kind: ledger.KindLoad, OID: oid(t), Body: body})
	}
	var spans publish.Spans
	if err := c.produceObjects(&spans, all, ledger.Header{}); err != nil {
		return err
	}
	c.since, c.began = s.at, c.w.steps
	for _, t := range s.txs {
		if !t.visible {
			c.unknown = append(c.unknown, t)
		}
	}
	return c.writer.Append(&ledger.Entry{Objects: &ledger.Objects{}}, spans.List(), nil)
}

func (c *capture) route(t int) *route.Table {
	c.ids++
	return shapes[t][c.versions[t]].route(c.epoch, c.ids)
}

func (c *capture) produceObjects(spans *publish.Spans, list []ledger.Object, at ledger.Header) error {
	for i := range list {
		value, err := schemas.EncodeObject(&list[i])
		if err != nil {
			return err
		}
		if err := c.writer.Produce(spans, &publish.Record{Topic: names.Objects(prefix), Value: value, Header: at}); err != nil {
			return err
		}
	}
	return nil
}

// turn does one of the things that a session's goroutines do.
func (c *capture) turn(ctx context.Context) error {
	select {
	case <-c.writer.Done():
		return c.writer.Err()
	default:
	}
	switch x := c.w.rng.IntN(100); {
	case x < 40:
		return c.stream()
	case x < 60:
		c.writer.Step()
	case x < 72:
		return c.readBack(ctx)
	case x < 80:
		return c.report()
	case x < 84:
		return c.keepalive()
	case x < 89:
		if !c.writer.Busy() {
			return c.order.Close()
		}
	case x < 95:
		return c.load()
	case x < 98:
		return c.trimmed(ctx)
	case c.w.steps-c.began > 400 && c.order.Between() && c.w.rng.IntN(4) == 0:
		if err := c.order.Close(); err != nil {
			return err
		}
		if c.writer.Waiting() == 0 {
			return errNewEpoch
		}
	}
	return nil
}

var errNewEpoch = errors.New("a new epoch is due")

// stream receives the next piece of the WAL.
func (c *capture) stream() error {
	if c.writer.Waiting() > 20 {
		return nil
	}
	if c.tx == nil {
		var err error
		if c.tx, err = c.conn.brings(c.w.source, c.received); c.tx == nil {
			return err
		}
		c.at = 0
		c.order.Begin(c.tx.xid, c.tx.commit, int64(c.tx.commit))
		return nil
	}
	if c.at < len(c.tx.changes) {
		c.at++
		return c.change(c.tx.changes[c.at-1])
	}
	if !c.order.Tx.Skip {
		c.placed[c.tx.xid] = true
	}
	c.received = c.tx.end
	err := c.order.Commit(c.tx.end, int64(c.tx.end))
	c.tx = nil
	return err
}

// change produces a change's record.
func (c *capture) change(ch change) error {
	seq := c.order.Seq()
	if c.order.Tx.Skip || ch.table >= chosen {
		return nil
	}
	at := ledger.Header{Commit: c.tx.commit, Seq: seq}
	if ch.key < 0 {
		if c.versions[ch.table]++; c.versions[ch.table] == len(shapes[ch.table]) {
			return errors.New("a table changes more often than on the source")
		}
		c.tables[ch.table] = c.route(ch.table)
		list, err := objects(&shapes[ch.table][c.versions[ch.table]], c.tables[ch.table])
		if err != nil {
			return err
		}
		c.order.Tx.Restructured = true
		return c.produceObjects(&c.order.Tx.Spans, list, at)
	}
	t := c.tables[ch.table]
	row := event.Row{Table: t.Shape, Op: event.Update, Pos: event.Position{Epoch: c.epoch, Commit: c.tx.commit, Seq: seq}}
	switch {
	case ch.value == 0:
		row.Op, row.Before = event.Delete, image(t.Shape, ch.key, 0)
	case ch.was == 0:
		row.Op = event.Create
		fallthrough
	default:
		row.After = image(t.Shape, ch.key, ch.value)
	}
	if err := c.produce(&c.order.Tx.Spans, t, &row, at); err != nil {
		return err
	}
	return c.order.Produced()
}

func (c *capture) produce(spans *publish.Spans, t *route.Table, row *event.Row, at ledger.Header) error {
	rec, err := c.encoder.Record(t, row)
	if err != nil {
		return err
	}
	rec.Header = at
	return c.writer.Produce(spans, rec)
}

// keepalive says how far the WAL is; an idle source is marked.
func (c *capture) keepalive() error {
	heard, err := c.conn.heard()
	if err != nil {
		return err
	}
	s := c.w.source
	if heard && (c.tx != nil || s.next(c.received) == nil) { // one may come within a transaction, too
		c.order.Keepalive(s.at, int64(s.at))
	}
	return c.order.Mark()
}

// readBack reads on in the ledger, if there is something.
func (c *capture) readBack(ctx context.Context) error {
	p := c.w.broker.part(names.Ledger(prefix), 0)
	if p != nil && p.end() == c.ledger.At() {
		return nil
	}
	err := c.ledger.Next(ctx, func(r readback.Read) error {
		end, err := r.Passed(c.epoch)
		if err != nil {
			return err
		}
		if r.Verdict == ledger.Valid && r.Entry.N == ledger.BeginObjects {
			place := &ledger.Place{Epoch: c.epoch, Nonce: fmt.Sprint("nonce", c.id), Offset: c.beginAt}
			c.client.Produce(ctx, &kgo.Record{Topic: names.State(prefix), Value: schemas.EncodePlace(place)}, nil)
		}
		c.flush = max(c.flush, end)
		return nil
	})
	if errors.Is(err, errNothing) {
		return nil
	}
	return err
}

// report tells the source what it may forget.
func (c *capture) report() error {
	if heard, err := c.conn.heard(); !heard {
		return err
	}
	if s := c.w.source.slot; s.confirmed < c.flush {
		s.confirmed = c.flush
		c.w.note("flush", int64(c.flush))
	}
	return nil
}
