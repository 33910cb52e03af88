// Package group decides where entries of the ledger end: consecutive whole transactions become one Commit,
// a big transaction several parts, and an idle source a Mark. It is capture's loop without the reading of
// the source and the making of rows: what it places depends on what it is told, and on no clock.
package group

import (
	"floe/capture/publish"
	"floe/pkg/event"
	"floe/pkg/ledger"
)

// Grouper places what the stream of one epoch brings.
//
//   - A Commit holds whole transactions in the order of the WAL, or one part of a big one.
//   - What had ended where the epoch resumes is in the log already and is not placed again (L4).
//   - A Mark is placed only with nothing received and not placed.
type Grouper struct {
	Writer *publish.Writer
	// Rows and Bytes bound a group, and a part.
	Rows  uint64
	Bytes int
	// Resume is where this epoch's log begins.
	Resume event.LSN
	// Tx is the transaction that is being received.
	Tx Transaction
	// Placed: everything up to here is placed, or in the open group. Clock is the source's clock there.
	Placed event.LSN
	Clock  int64
	// List, if set, adds the keys that moved to a Commit (H3). Passed, if set, hears of Placed.
	List   func(*ledger.Commit, []ledger.Moved)
	Passed func(event.LSN)

	marked event.LSN // end of the last entry that moves the resume LSN
	open   group
}

// Transaction is a source transaction of which the end may not have come.
type Transaction struct {
	Skip   bool // it is in the log already
	Xid    uint32
	Commit event.LSN
	Time   int64
	// Restructured: it has object changes.
	Restructured bool
	Spans        publish.Spans
	Moved        []ledger.Moved

	on   bool
	seq  uint64
	part int
}

// group is what the next Commit entry will point at.
type group struct {
	transactions int
	first, last  event.LSN
	end          event.LSN
	time         int64
	spans        publish.Spans
	moved        []ledger.Moved
}

// Start places where the epoch resumes. A log with neither Commit nor Mark resumes where the slot stands
// that is held (L4).
func (g *Grouper) Start(resume, held event.LSN) error {
	if resume == 0 {
		resume = held
	}
	g.Resume, g.Placed, g.marked = resume, resume, resume
	g.passed()
	return g.Writer.Append(&ledger.Entry{Mark: &ledger.Mark{End: resume}}, nil, nil)
}

// Between reports whether no transaction is half received.
func (g *Grouper) Between() bool { return !g.Tx.on }

// Transactions counts those of the open group.
func (g *Grouper) Transactions() int { return g.open.transactions }

// Begin takes the beginning of a transaction.
func (g *Grouper) Begin(xid uint32, commit event.LSN, time int64) {
	g.Tx = Transaction{on: true, Xid: xid, Commit: commit, Time: time, Skip: commit < g.Resume}
}

// Seq numbers a change of the transaction, before anything is left out: positions depend on the WAL alone (L2).
func (g *Grouper) Seq() uint64 {
	g.Tx.seq++
	return g.Tx.seq - 1
}

// Produced places a part when the transaction has become big.
func (g *Grouper) Produced() error {
	if g.Tx.Spans.Bytes >= g.Bytes || g.Tx.Spans.Rows >= g.Rows {
		return g.part(0)
	}
	return nil
}

// Commit joins the transaction to the open group, or ends its parts. end is where it ends in the WAL.
func (g *Grouper) Commit(end event.LSN, clock int64) error {
	tx := &g.Tx
	tx.on = false
	if tx.Skip {
		return nil
	}
	switch {
	case tx.part > 0:
		if err := g.part(end); err != nil {
			return err
		}
	case tx.Restructured: // in an entry of its own, for it is a target transaction of its own
		if err := g.Close(); err != nil {
			return err
		}
		g.join(end)
	case !tx.Spans.Empty():
		g.join(end)
	}
	g.pass(end, clock)
	if tx.Restructured || g.open.spans.Rows >= g.Rows || g.open.spans.Bytes >= g.Bytes {
		return g.Close()
	}
	return nil
}

// Keepalive says that everything up to end was sent: with no transaction open, it is placed.
func (g *Grouper) Keepalive(end event.LSN, clock int64) {
	if g.Between() && end > g.Placed {
		g.pass(end, clock)
	}
}

func (g *Grouper) pass(lsn event.LSN, clock int64) {
	g.Placed, g.Clock = max(g.Placed, lsn), max(g.Clock, clock)
	g.passed()
}

func (g *Grouper) passed() {
	if g.Passed != nil {
		g.Passed(g.Placed)
	}
}

func (g *Grouper) join(end event.LSN) {
	o, tx := &g.open, &g.Tx
	if o.transactions == 0 {
		o.first = tx.Commit
	}
	o.transactions++
	o.last, o.end, o.time = tx.Commit, end, tx.Time
	o.moved = append(o.moved, tx.Moved...)
	if o.spans.Empty() {
		o.spans = tx.Spans
		return
	}
	o.spans.Join(&tx.Spans)
}

// Close places the open group, if there is something in it.
func (g *Grouper) Close() error {
	o := &g.open
	if o.transactions == 0 {
		return nil
	}
	c := &ledger.Commit{Transactions: o.transactions, First: o.first, Last: o.last, End: o.end, Time: o.time}
	g.list(c, o.moved)
	g.marked = o.end
	spans := o.spans.List()
	g.open = group{}
	return g.Writer.Append(&ledger.Entry{Commit: c}, spans, nil)
}

// part places what the transaction has so far; end is its end LSN on the last part, else 0.
func (g *Grouper) part(end event.LSN) error {
	if err := g.Close(); err != nil {
		return err
	}
	tx := &g.Tx
	tx.part++
	c := &ledger.Commit{Transactions: 1, Part: tx.part, Final: end != 0, First: tx.Commit, Last: tx.Commit, End: end, Time: tx.Time}
	g.list(c, tx.Moved)
	spans := tx.Spans.List()
	tx.Spans, tx.Moved = publish.Spans{}, nil
	if end != 0 {
		g.marked = end
	}
	return g.Writer.Append(&ledger.Entry{Commit: c}, spans, nil)
}

func (g *Grouper) list(c *ledger.Commit, moved []ledger.Moved) {
	if g.List != nil {
		g.List(c, moved)
	}
}

// Mark moves the resume point, and with it the slot, of a source where nothing happens that we copy.
func (g *Grouper) Mark() error {
	if !g.Between() || g.open.transactions > 0 || g.Placed <= g.marked {
		return nil
	}
	g.marked = g.Placed
	return g.Writer.Append(&ledger.Entry{Mark: &ledger.Mark{End: g.Placed, Time: g.Clock}}, nil, nil)
}
