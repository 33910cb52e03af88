package capture

import (
	"context"
	"fmt"

	"floe/capture/decode"
	"floe/capture/load"
	"floe/capture/publish"
	"floe/capture/route"
	"floe/capture/snapshot"
	"floe/capture/wal"
	"floe/pkg/event"
	"floe/pkg/halt"
	"floe/pkg/ledger"
)

// message takes one message of the stream.
func (s *session) message(ctx context.Context, m wal.Message) error {
	if m.Data == nil {
		s.keepalive(m)
		return nil
	}
	d, err := s.decoder.Decode(m.Data)
	if err != nil {
		return fmt.Errorf("at %s: %w", m.End, err)
	}
	if err := s.change(d); err != nil {
		return err
	}
	// A transaction's end is where a waiting load gets its turn: a backlog never pauses by itself.
	if d.Kind == decode.Commit {
		return s.turns(ctx)
	}
	return nil
}

// keepalive says that everything up to End was sent: with no transaction open, it is placed.
func (s *session) keepalive(m wal.Message) {
	if s.between() && m.End > s.placed {
		s.pass(m.End, m.Time)
	}
}

func (s *session) pass(lsn event.LSN, clock int64) {
	s.placed, s.clock = max(s.placed, lsn), max(s.clock, clock)
	s.gate.Passed(s.placed)
}

func (s *session) begin(m *decode.Message) {
	s.tx = transaction{on: true, xid: m.Xid, commit: m.CommitLSN, time: m.Time, skip: m.CommitLSN < s.resume}
}

// commit joins the transaction to the open group, or ends its parts.
func (s *session) commit(m *decode.Message) error {
	tx := &s.tx
	tx.on = false
	if tx.skip {
		return nil
	}
	s.update(func(st load.States) {
		if st.Open() {
			s.gate.Placed(tx.xid)
		}
	})
	s.report.transaction(m.Time)
	switch {
	case tx.part > 0:
		if err := s.part(m.EndLSN); err != nil {
			return err
		}
	case !tx.spans.Empty():
		s.join(m.EndLSN)
	}
	s.pass(m.EndLSN, m.Time)
	if s.open.spans.Rows >= groupRows || s.open.spans.Bytes >= groupBytes || !s.writer.Busy() {
		return s.closeGroup()
	}
	return nil
}

func (s *session) join(end event.LSN) {
	g, tx := &s.open, &s.tx
	if g.transactions == 0 {
		g.first = tx.commit
	}
	g.transactions++
	g.last, g.end, g.time = tx.commit, end, tx.time
	g.moved = append(g.moved, tx.moved...)
	if g.spans.Empty() {
		g.spans = tx.spans
		return
	}
	g.spans.Join(&tx.spans)
}

// closeGroup places the open group, if there is something in it.
func (s *session) closeGroup() error {
	g := &s.open
	if g.transactions == 0 {
		return nil
	}
	e := &ledger.Entry{Commit: &ledger.Commit{Transactions: g.transactions, First: g.first, Last: g.last, End: g.end, Time: g.time, Moved: g.moved}}
	s.marked = g.end
	spans := g.spans.List()
	s.open = group{}
	return s.writer.Append(e, spans, nil)
}

// part places what the transaction has so far; end is its end LSN on the last part, else 0.
func (s *session) part(end event.LSN) error {
	if err := s.closeGroup(); err != nil {
		return err
	}
	tx := &s.tx
	tx.part++
	c := &ledger.Commit{Transactions: 1, Part: tx.part, Final: end != 0, First: tx.commit, Last: tx.commit, End: end, Time: tx.time, Moved: tx.moved}
	spans := tx.spans.List()
	tx.spans, tx.moved = publish.Spans{}, nil
	if end != 0 {
		s.marked = end
	}
	return s.writer.Append(&ledger.Entry{Commit: c}, spans, nil)
}

// mark moves the resume point, and with it the slot, of a source where nothing happens that we copy.
func (s *session) mark() error {
	if !s.between() || s.open.transactions > 0 || s.placed <= s.marked {
		return nil
	}
	s.marked = s.placed
	return s.writer.Append(&ledger.Entry{Mark: &ledger.Mark{End: s.placed, Time: s.clock}}, nil, nil)
}

// row produces one change.
func (s *session) row(m *decode.Message) error {
	seq := s.tx.seq
	s.tx.seq++
	if s.tx.skip || s.leaves[m.RelationID] == nil {
		return nil
	}
	rel := s.bound[m.RelationID]
	if rel == nil {
		return s.unbound[m.RelationID]
	}
	drop, partial := s.unsettled(rel.Table)
	if drop {
		return nil
	}
	var row event.Row
	if err := rel.Fill(&row, m); err != nil {
		return err
	}
	s.stamp(&row, seq)
	if partial && row.Before != nil && row.Op == event.Update && row.Partial() {
		s.moved(rel.Table, &row)
	}
	if err := s.produce(rel.Table, &row); err != nil {
		return err
	}
	if s.tx.spans.Bytes >= groupBytes || s.tx.spans.Rows >= groupRows {
		return s.part(0)
	}
	return nil
}

func (s *session) stamp(row *event.Row, seq uint64) {
	row.Pos = event.Position{Epoch: s.epoch, Commit: s.tx.commit, Seq: seq}
	row.Xid, row.CommitTime = s.tx.xid, s.tx.time
}

func (s *session) produce(t *route.Table, row *event.Row) error {
	rec, err := s.encoder.Record(t, row)
	if err != nil {
		return fmt.Errorf("encode a row of %s at %s: %w", t.Shape.Name, row.Pos, err)
	}
	rec.Header = ledger.Header{Commit: row.Pos.Commit, Seq: row.Pos.Seq}
	s.report.row(row.Table.OID, row.Op)
	return s.writer.Produce(&s.tx.spans, rec)
}

// unsettled looks at the table's load. drop: a table without a key begins with its chunk, so changes
// that the chunk's snapshot holds, or that come before it, are not for the log (H5). partial: partial
// key moves must be listed (H3).
func (s *session) unsettled(t *route.Table) (drop, partial bool) {
	s.update(func(st load.States) {
		l := st[t.Shape.OID]
		if l == nil || l.Loaded {
			return
		}
		partial = true
		if len(t.Shape.Key) > 0 {
			return
		}
		partial = false
		if !l.Complete {
			drop = true
			return
		}
		snap, err := snapshot.Parse(l.Snapshot)
		drop = err == nil && snap.Sees(s.tx.xid)
	})
	return drop, partial
}

// moved lists the new key of a partial key-changing update.
func (s *session) moved(t *route.Table, row *event.Row) {
	key := make([][]byte, len(t.Shape.Key))
	for i, k := range t.Shape.Key {
		key[i] = append([]byte{}, row.After[k].Text...)
	}
	s.tx.moved = append(s.tx.moved, ledger.Moved{Table: t.Shape.OID, Key: key})
	s.update(func(st load.States) { st.Move(t.Shape.OID, key) })
}

// truncate produces one record for each table that one TRUNCATE names. A partitioned table was
// truncated only if every leaf is named; else each named leaf is a record of its own.
func (s *session) truncate(m *decode.Message) error {
	seq := s.tx.seq
	s.tx.seq++
	if s.tx.skip {
		return nil
	}
	whole, leaves := truncated(m.Relations, s.leaves, s.members)
	for _, t := range whole {
		if drop, _ := s.unsettled(t); drop {
			continue
		}
		row := event.Row{Table: t.Shape, Op: event.Truncate, RestartIdentity: m.RestartIdentity}
		s.stamp(&row, seq)
		if err := s.produce(t, &row); err != nil {
			return err
		}
	}
	for _, oid := range leaves {
		row := event.Row{Table: s.leaves[oid].Shape, Op: event.Truncate, Leaf: s.parts[oid]}
		s.stamp(&row, seq)
		if err := s.produce(s.leaves[oid], &row); err != nil {
			return err
		}
	}
	return nil
}

// truncated sorts the relations of one TRUNCATE: tables that are empty now, and single leaves of
// partitioned tables. members counts the leaves of each table.
func truncated(relations []uint32, leaves map[uint32]*route.Table, members map[*route.Table]int) (whole []*route.Table, single []uint32) {
	named := map[*route.Table]int{}
	for _, oid := range relations {
		if t := leaves[oid]; t != nil {
			named[t]++
		}
	}
	for _, oid := range relations {
		t := leaves[oid]
		if t == nil || named[t] == 0 {
			continue
		}
		if named[t] < members[t] {
			single = append(single, oid)
			continue
		}
		whole = append(whole, t)
		named[t] = 0
	}
	return whole, single
}

// relation binds a relation of the stream to its table. The server describes a relation once for a
// session, so it is bound within skipped transactions too; what does not fit halts at the first row
// that is to be placed.
func (s *session) relation(m *decode.Message) error {
	id := m.Shape.RelationID
	t := s.leaves[id]
	if t == nil {
		return nil
	}
	delete(s.bound, id)
	delete(s.unbound, id)
	rel, err := route.Bind(t, m.Shape)
	if err == nil {
		s.bound[id] = rel
		return nil
	}
	s.unbound[id] = &halt.Error{Code: halt.StructureChanged, Detail: fmt.Sprintf("%s changed before %s", t.Shape.Name, s.tx.commit),
		Fix: "make the same change on the target, then `floe job reset`", Err: err}
	if s.tx.skip {
		return nil
	}
	return s.unbound[id]
}
