package capture

import (
	"context"
	"errors"
	"fmt"
	"time"

	"floe/capture/decode"
	"floe/capture/filter"
	"floe/capture/publish"
	"floe/capture/route"
	"floe/capture/wal"
	"floe/pkg/event"
	"floe/pkg/ledger"
)

// messages takes those of the batch, to the next place between transactions where the log takes no more:
// the source keeps what comes (L6).
func (s *session) messages(ctx context.Context) error {
	if s.batch.Messages == nil {
		return nil
	}
	for ; s.taken < len(s.batch.Messages); s.taken++ {
		if s.order.Between() && !s.trimmer.Takes() {
			return nil
		}
		if err := s.message(ctx, s.batch.Messages[s.taken]); err != nil {
			return err
		}
	}
	s.wal.Done(s.batch)
	s.batch = wal.Batch{}
	return nil
}

// message takes one message of the stream.
func (s *session) message(ctx context.Context, m wal.Message) error {
	if m.Data == nil {
		s.report.metrics.heard.Store(time.Now().UnixNano())
		s.report.metrics.sent(0)
		s.order.Keepalive(m.End, m.Time)
		if m.Reply { // a source that shuts down waits for the end of what it sent to be confirmed
			return s.order.Mark()
		}
		return nil
	}
	d, err := s.decoder.Decode(m.Data)
	if err != nil {
		return fmt.Errorf("at %s: %w", m.End, err)
	}
	if d.Kind == decode.Commit {
		s.report.metrics.heard.Store(time.Now().UnixNano())
		s.behind(m.Time - d.Time)
	}
	relation := d.RelationID
	s.changedAt = m.End
	if err := s.change(ctx, d); err != nil {
		return err
	}
	if len(m.Data) >= largeMessage { // not to be held until the next row
		s.decoder = decode.Decoder{}
		if rel := s.bound[relation]; rel != nil {
			rel.Forget()
		}
	}
	// A transaction's end is where a waiting load gets its turn: a backlog never pauses by itself.
	if d.Kind == decode.Commit {
		return s.turns(ctx)
	}
	return nil
}

// largeMessage is one whose memory counts.
const largeMessage = 1 << 20

// commit ends the transaction: it joins the open group, or its last part is placed.
func (s *session) commit(m *decode.Message) error {
	if !s.order.Tx.Skip {
		if s.loading.Load() {
			s.gate.Placed(s.order.Tx.Xid)
		}
		s.report.transaction(m.Time)
	}
	was := s.order.Transactions()
	if err := s.order.Commit(m.EndLSN, m.Time); err != nil {
		return err
	}
	if was == 0 && s.order.Transactions() > 0 {
		if s.grouping = time.Now(); s.backlog {
			s.linger.Reset(lingerFor)
		}
	}
	if s.due() {
		return s.order.Close()
	}
	return nil
}

// behind takes how long a transaction had been committed when the source sent it: that is its backlog,
// on one clock.
func (s *session) behind(lagUs int64) {
	s.report.metrics.sent(lagUs)
	s.backlog = lagUs > backlogFrom.Microseconds()
	s.wal.Behind(s.backlog)
}

// backlogFrom and lingerFor: with a backlog of this much, a group waits a little for more transactions
// even though nothing is on its way; fewer and larger entries drain it sooner than they delay it.
const (
	backlogFrom = 100 * time.Millisecond
	lingerFor   = 10 * time.Millisecond
)

// due reports whether the open group is to be placed now.
func (s *session) due() bool {
	return !s.writer.Busy() && (!s.backlog || time.Since(s.grouping) >= lingerFor)
}

// row produces one change.
func (s *session) row(ctx context.Context, m *decode.Message) error {
	seq := s.order.Seq()
	if m.RelationID == s.ddl.id {
		return s.command(ctx, m, seq)
	}
	if s.order.Tx.Skip {
		return nil
	}
	rel := s.bound[m.RelationID]
	if rel == nil {
		t := s.leaves[m.RelationID]
		if t == nil || s.dropped(t) {
			return nil
		}
		var err error
		if rel, err = s.bind(m.RelationID, t); err == nil && s.suspects[m.RelationID] {
			err = s.suspected(ctx, m.RelationID, t)
		}
		if err != nil {
			return s.lose(t, seq, err)
		}
	}
	drop, partial, later := s.unsettled(rel.Table)
	if drop {
		return nil
	}
	var row event.Row
	if err := rel.Fill(&row, m); err != nil {
		return err
	}
	if err := s.decode(&row); err != nil {
		return err
	}
	s.stamp(&row, seq)
	if err := s.fits(ctx, rel, &row); err != nil {
		return s.lose(rel.Table, seq, err)
	}
	if rel.Table.Where != "" {
		meets, err := s.filter.Row(ctx, rel.Table, &row)
		if past := filter.Past(err); past != nil {
			return s.lose(rel.Table, seq, past)
		}
		if errors.Is(err, filter.ErrNoOld) {
			return s.widen(ctx, m.RelationID, rel.Table, seq, err)
		}
		if err != nil || !meets {
			return err
		}
		rel.Reduce(&row)
	}
	if partial && row.Before != nil && row.Op == event.Update && row.Partial() {
		s.moved(rel.Table, &row)
	}
	if later != nil { // no companion: the table has no key
		return s.produceTo(later, rel.Table, &row)
	}
	if err := s.produce(rel.Table, &row); err != nil {
		return err
	}
	if err := s.companion(rel.Table, &row); err != nil {
		return err
	}
	return s.order.Produced()
}

func (s *session) stamp(row *event.Row, seq uint64) {
	row.Pos = event.Position{Epoch: s.epoch, Commit: s.order.Tx.Commit, Seq: seq}
	row.Xid, row.CommitTime = s.order.Tx.Xid, s.order.Tx.Time
}

func (s *session) produce(t *route.Table, row *event.Row) error {
	return s.produceTo(&s.order.Tx.Spans, t, row)
}

func (s *session) produceTo(spans *publish.Spans, t *route.Table, row *event.Row) error {
	rec, err := s.encoder.Record(t, row)
	if err != nil {
		return fmt.Errorf("encode a row of %s at %s: %w", t.Shape.Name, row.Pos, err)
	}
	rec.Header = ledger.Header{Commit: row.Pos.Commit, Seq: row.Pos.Seq}
	s.report.row(row.Table.OID, row.Op, len(rec.Key)+len(rec.Value))
	return s.writer.Produce(spans, rec)
}

// companion tells consumers of one partition that a key left it: a delete of the old key, which appliers
// count and do not apply.
func (s *session) companion(t *route.Table, row *event.Row) error {
	if t.Partitions <= 1 || row.Op != event.Update || row.Before == nil || len(t.Shape.Key) == 0 {
		return nil
	}
	gone := *row
	gone.Op, gone.After, gone.Companion = event.Delete, nil, true
	from, err1 := s.encoder.Partition(t, &gone)
	to, err2 := s.encoder.Partition(t, row)
	if err := errors.Join(err1, err2); err != nil || from == to {
		return err
	}
	rec, err := s.encoder.Record(t, &gone)
	if err != nil {
		return fmt.Errorf("encode a row of %s at %s: %w", t.Shape.Name, row.Pos, err)
	}
	rec.Header = ledger.Header{Commit: row.Pos.Commit, Seq: row.Pos.Seq, Flags: ledger.Companion}
	return s.writer.Produce(&s.order.Tx.Spans, rec)
}

// relation keeps what the server says of a relation: it says so once for a session, within skipped
// transactions too. It is held against the table's definition when a row comes.
func (s *session) relation(m *decode.Message) {
	if s.describesDDL(m) {
		return
	}
	id := m.Shape.RelationID
	if s.relations[id] != nil && !s.told.Load() && !s.DDLOff {
		s.suspects[id] = true
	}
	s.relations[id] = m.Shape
	delete(s.bound, id)
}
