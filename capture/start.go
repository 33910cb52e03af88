package capture

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/twmb/franz-go/pkg/kgo"

	"floe/capture/load"
	"floe/capture/publish"
	"floe/capture/readback"
	"floe/capture/route"
	"floe/capture/source"
	"floe/capture/wal"
	"floe/pkg/broker"
	"floe/pkg/catalog"
	"floe/pkg/event"
	"floe/pkg/ledger"
	"floe/pkg/pg"
	"floe/schemas"
)

// start makes this capture the job's one writer (design.md L4): take the slot, append an Epoch above
// every earlier one, read the ledger back to it. Then it places what is valid here.
func start(ctx context.Context, c Config, report *reporter) (_ *session, err error) {
	s := &session{Config: c, report: report, gate: load.NewGate(), encoder: route.NewEncoder(), loads: load.States{},
		bound: map[uint32]*route.Relation{}, unbound: map[uint32]error{}, samples: make(chan []sequence)}
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	if s.client, err = kgo.NewClient(append(c.Kafka[:len(c.Kafka):len(c.Kafka)], broker.Producer()...)...); err != nil {
		return nil, fmt.Errorf("connect to Kafka: %w", err)
	}
	if s.admin, err = pg.Connect(ctx, c.Source, pg.Admin); err != nil {
		return nil, fmt.Errorf("connect to the source: %w", err)
	}
	topics, err := s.ensureTopics(ctx)
	if err != nil {
		return nil, err
	}
	slot := "floe_" + c.Job + "_" + hex.EncodeToString(topics[broker.Ledger(c.Prefix)][:4])
	conn, held, sys, err := s.takeSlot(ctx, slot)
	if err != nil {
		return nil, err
	}
	s.wal = wal.Start(conn, wal.Options{Flushed: held.Confirmed, ShutdownGrace: c.ShutdownGrace})
	if err := s.beginEpoch(ctx, slot, held, sys); err != nil {
		return nil, err
	}
	return s, s.placeBeginning(ctx, held)
}

// publication is named like the slot, so that jobs on one source stay apart.
func (s *session) publication() string { return "floe_" + s.Job }

// takeSlot makes publication and slot if this is the job's first start, and begins streaming, which
// the server allows one connection only: holding it is what makes this capture the writer.
func (s *session) takeSlot(ctx context.Context, slot string) (_ *pgconn.PgConn, held *source.Slot, sys source.System, err error) {
	if s.db, err = catalog.ReadSelection(ctx, s.admin, catalog.Selection{Tables: s.Includes, Everything: s.Everything}); err != nil {
		return nil, nil, sys, err
	}
	found, err := source.FindSlot(ctx, s.admin, slot)
	if err != nil {
		return nil, nil, sys, err
	}
	conn, err := pg.ConnectReplication(ctx, s.Source)
	if err != nil {
		return nil, nil, sys, fmt.Errorf("connect to the source for replication: %w", err)
	}
	defer func() {
		if err != nil {
			_ = conn.Close(context.WithoutCancel(ctx))
		}
	}()
	if sys, err = source.Identify(ctx, conn); err != nil {
		return nil, nil, sys, err
	}
	if found == nil {
		if err := s.firstStart(ctx, conn, slot, sys); err != nil {
			return nil, nil, sys, err
		}
	}
	if err := s.awaitSlot(ctx, conn, slot); err != nil {
		return nil, nil, sys, err
	}
	if held, err = source.FindSlot(ctx, s.admin, slot); err != nil {
		return nil, nil, sys, err
	}
	return conn, held, sys, nil
}

// firstStart makes the publication, then the slot. A log that has a position already means that the
// slot was lost: nothing is made then.
func (s *session) firstStart(ctx context.Context, conn *pgconn.PgConn, slot string, sys source.System) error {
	resume, was, err := s.history(ctx)
	if err != nil {
		return err
	}
	if err := source.CheckSystem(ctx, conn, sys, was, resume); err != nil {
		return err
	}
	if err := source.CheckSlot(nil, slot, resume); err != nil {
		return err
	}
	if err := source.Publish(ctx, s.admin, s.publication(), s.db, s.KeepIdentity); err != nil {
		return err
	}
	if s.db, err = catalog.ReadSelection(ctx, s.admin, catalog.Selection{Tables: s.Includes, Everything: s.Everything}); err != nil {
		return err
	}
	s.Log.Info("slot is created; the source first waits for open transactions", "slot", slot)
	return source.CreateSlot(ctx, conn, slot)
}

// awaitSlot begins streaming as soon as the slot is free.
func (s *session) awaitSlot(ctx context.Context, conn *pgconn.PgConn, slot string) error {
	for logged := false; ; {
		err := wal.Take(ctx, conn, wal.Options{Slot: slot, Publication: s.publication()})
		if err == nil {
			return nil
		}
		if !source.InUse(err) {
			return err
		}
		if !logged {
			s.Log.Info("another capture owns the job; waiting", "slot", slot)
			logged = true
		}
		s.report.waiting("another capture owns the job")
		select {
		case <-time.After(200 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// history reads the ledger as it stands, without becoming its writer.
func (s *session) history(ctx context.Context) (resume event.LSN, was *ledger.Epoch, err error) {
	r, err := readback.Open(s.Kafka, broker.Ledger(s.Prefix), 0)
	if err != nil {
		return 0, nil, err
	}
	defer r.Close()
	end, err := r.End(ctx)
	if err != nil {
		return 0, nil, err
	}
	err = r.Until(ctx, end, func(read readback.Read) error {
		if read.Verdict == ledger.Valid {
			resume = max(resume, read.Entry.ResumeAt())
			if read.Entry.Begin != nil {
				was = read.Entry.Begin
			}
		}
		return nil
	})
	return resume, was, err
}

// beginEpoch reads the ledger, appends the Epoch and reads on to it. What the log holds by then is
// what this epoch goes on from; the slot must not be ahead of it (L5).
func (s *session) beginEpoch(ctx context.Context, slot string, held *source.Slot, sys source.System) error {
	var err error
	if s.readers, err = readback.Open(s.Kafka, broker.Ledger(s.Prefix), 0); err != nil {
		return err
	}
	end, err := s.readers.End(ctx)
	if err != nil {
		return err
	}
	h := &past{loads: s.loads}
	if err := s.readers.Until(ctx, end, h.take); err != nil {
		return err
	}
	last, _ := s.readers.Epoch()
	s.epoch, s.nonce = last+1, rand.Text()
	before := h.begin
	if err := s.appendEpoch(ctx, slot, sys); err != nil {
		return err
	}
	for {
		if _, nonce := s.readers.Epoch(); nonce == s.nonce {
			break
		}
		if e, _ := s.readers.Epoch(); e >= s.epoch {
			return fmt.Errorf("%w: epoch %d", errTakenOver, e)
		}
		if err := s.readers.Next(ctx, h.take); err != nil {
			return err
		}
	}
	if s.resume = h.resume; s.resume == 0 {
		return nil
	}
	if err := source.CheckSlot(held, slot, s.resume); err != nil {
		return err
	}
	fresh, err := pg.ConnectReplication(ctx, s.Source)
	if err != nil {
		return err
	}
	defer fresh.Close(context.WithoutCancel(ctx)) //nolint:errcheck
	if err := source.CheckSystem(ctx, fresh, sys, before, s.resume); err != nil {
		return err
	}
	return source.CheckPublication(ctx, s.admin, s.publication(), s.db)
}

func (s *session) appendEpoch(ctx context.Context, slot string, sys source.System) error {
	e := &ledger.Entry{Epoch: s.epoch, At: time.Now().UnixMicro(), Begin: &ledger.Epoch{
		Nonce: s.nonce, SystemID: sys.ID, Timeline: sys.Timeline, Slot: slot, Selection: s.selectionHash()}}
	value, err := schemas.EncodeEntry(e)
	if err != nil {
		return err
	}
	r := &kgo.Record{Topic: broker.Ledger(s.Prefix), Value: value}
	if err := s.client.ProduceSync(ctx, r).FirstErr(); err != nil {
		return fmt.Errorf("append epoch %d: %w", s.epoch, err)
	}
	s.writer = publish.New(ctx, s.client, broker.Ledger(s.Prefix), s.epoch, 1)
	return nil
}

// past is what the ledger says of the epochs before.
type past struct {
	resume event.LSN
	begin  *ledger.Epoch
	loads  load.States
}

func (p *past) take(r readback.Read) error {
	if r.Verdict != ledger.Valid {
		return nil
	}
	p.resume = max(p.resume, r.Entry.ResumeAt())
	if r.Entry.Begin != nil {
		p.begin = r.Entry.Begin
	}
	return p.loads.Take(r.Entry)
}
