package capture

import (
	"cmp"
	"context"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/jackc/pglogrepl"
	"github.com/jackc/pgx/v5"
	"github.com/twmb/franz-go/pkg/kgo"

	"floe/capture/defined"
	"floe/capture/load"
	"floe/capture/route"
	"floe/capture/snapshot"
	"floe/capture/source"
	"floe/capture/trim"
	"floe/capture/wal"
	"floe/pkg/broker"
	"floe/pkg/catalog"
	"floe/pkg/control"
	"floe/pkg/event"
	"floe/pkg/pg"
)

// start makes this capture the job's one writer (design.md L4, L5; past.Job.Claim). Then it places what is
// valid here.
func start(ctx context.Context, c Config, report *reporter, sent *control.Sent) (_ *session, err error) {
	s := &session{Config: c, report: report, gate: load.NewGate(), loads: load.States{}, began: time.Now(), trimmer: trim.New(trim.Config{Kafka: c.Kafka, Prefix: c.Prefix, Keep: ledgerKeep, Log: c.Log}),
		bound: map[uint32]*route.Relation{}, relations: map[uint32]*pglogrepl.RelationMessage{}, movers: map[defined.Key]uint32{}, misfits: map[*route.Table]string{}, recasts: map[uint32]event.LSN{},
		lost: map[uint32]*misfit{}, suspects: map[uint32]bool{}, truncated: map[uint32]bool{}, commanded: map[uint32]bool{}, joined: map[uint32]bool{}, joining: map[uint32]uint32{}, want: make(chan struct{}, 1), looks: make(chan *look), samples: make(chan []sequence), opened: make(chan struct{}, 1), called: make(chan struct{}, 1), linger: time.NewTimer(time.Hour)}
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
	s.obey(sent)
	if err := s.record(ctx); err != nil {
		return nil, err
	}
	id := topics[broker.Ledger(c.Prefix)]
	o := origin{slot: "floe_" + c.Job + "_" + hex.EncodeToString(id[:4])}
	s.heartbeat.Slot = o.slot
	if s.HeartbeatEvery > 0 {
		s.heartbeat.Table = s.Heartbeat
	}
	if err := s.beginEpoch(ctx, &o); err != nil {
		return nil, err
	}
	if err := s.placeBeginning(ctx, &o); err != nil {
		return nil, err
	}
	return s, s.withdraw(ctx)
}

// origin is what a session streams from.
type origin struct {
	slot   string
	held   *source.Slot // as it stood once it was ours
	system source.System
}

// publication is named like the job, so that jobs on one source stay apart.
func (s *session) publication() string { return "floe_" + s.Job }

// takeSlot makes publication and slot if this is the job's first start, and begins streaming, which
// the server allows one connection only: holding it is what makes this capture the writer.
func (s *session) takeSlot(ctx context.Context, o *origin) error {
	found, err := source.FindSlot(ctx, s.admin, o.slot)
	if err != nil {
		return err
	}
	conn, err := pg.ConnectReplication(ctx, s.rawSource())
	if err != nil {
		return fmt.Errorf("connect to the source for replication: %w", err)
	}
	defer func() {
		if s.wal == nil {
			_ = conn.Close(context.WithoutCancel(ctx))
		}
	}()
	if o.system, err = source.Identify(ctx, conn); err != nil {
		return err
	}
	if found == nil {
		if err := s.firstStart(ctx, o); err != nil {
			return err
		}
		s.Log.Info("slot is created; the source first waits for open transactions", "slot", o.slot)
		if err := source.CreateSlot(ctx, conn, o.slot); err != nil {
			return err
		}
	}
	if err := source.CheckSlot(found, o.slot, 0); err != nil {
		return err
	}
	take := wal.Options{Slot: o.slot, Publication: s.publication(), ShutdownGrace: s.ShutdownGrace}
	if err := s.awaitSlot(ctx, o.slot, func() error { return wal.Take(ctx, conn, take) }); err != nil {
		return err
	}
	// What an owner placed until now, commands too, is of transactions below this one.
	if err := s.admin.QueryRow(ctx, "SELECT txid_current()").Scan(&s.begun); err != nil {
		return fmt.Errorf("take a transaction id: %w", err)
	}
	if o.held, err = source.FindSlot(ctx, s.admin, o.slot); err != nil {
		return err
	}
	if o.held == nil {
		return fmt.Errorf("slot %s vanished while it was held", o.slot)
	}
	take.Flushed = o.held.Confirmed
	s.wal = wal.Start(conn, take)
	return nil
}

// firstStart makes the publication, before the slot, so that no transaction of the slot lacks it. A log
// that has a position already means that the slot was lost: nothing is made then.
func (s *session) firstStart(ctx context.Context, o *origin) error {
	p, err := s.history(ctx)
	if err != nil {
		return err
	}
	if err := s.checkSystem(ctx, o, p); err != nil {
		return err
	}
	if gone := source.CheckSlot(nil, o.slot, p.Resume); gone != nil {
		now, err := source.FindSlot(ctx, s.admin, o.slot)
		if err == nil && now != nil {
			err = fmt.Errorf("another capture has made slot %s meanwhile, and begun", o.slot)
		}
		return cmp.Or(err, gone)
	}
	if err := s.readCatalog(ctx); err != nil {
		return err
	}
	return source.Publish(ctx, s.admin, s.publication(), s.db, s.KeepIdentity)
}

// awaitSlot begins streaming as soon as the slot is free.
func (s *session) awaitSlot(ctx context.Context, slot string, take func() error) error {
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for logged := false; ; {
		err := take()
		if err == nil {
			s.report.silent(false)
		}
		if err == nil || !source.InUse(err) {
			return err
		}
		if !logged {
			owner := source.Owner(ctx, s.admin, slot)
			s.Log.Info("another capture owns the job; waiting", "owner", owner, "why", err)
			s.report.silent(s.Standby)
			s.report.waiting("another capture owns the job: " + owner)
			logged = true
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// catalogWithin is how long a start tries to read the catalog while commands of users keep it from that. Then it begins
// anew, and says why.
const catalogWithin = 10 * time.Second

// readCatalog reads what is selected, and which transactions that shows. Where commands follow each other some attempts
// wait for a lock in vain; another one costs less than another start, which a standby has no time for.
func (s *session) readCatalog(ctx context.Context) error {
	for began := time.Now(); ; {
		err := s.readCatalogOnce(ctx)
		if !catalog.Moved(err) || time.Since(began) > catalogWithin {
			return err
		}
		s.Log.Debug("the catalog is read again", "why", err)
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (s *session) readCatalogOnce(ctx context.Context) error {
	return pgx.BeginTxFunc(ctx, s.admin, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(pgx.Tx) (err error) {
		var text string
		if err = s.admin.QueryRow(ctx, "SELECT txid_current_snapshot()::text").Scan(&text); err != nil {
			return fmt.Errorf("look at open transactions: %w", err)
		}
		if s.catalogSnap, err = snapshot.Parse(text); err != nil {
			return err
		}
		if s.files, err = filesOf(ctx, s.admin, &s.catalogSnap); err != nil {
			return fmt.Errorf("look at the files of tables: %w", err)
		}
		if s.triggers, err = triggersOf(ctx, s.admin); err != nil {
			return err
		}
		if s.db, err = catalog.ReadSelection(ctx, s.admin, s.reads()); err == nil {
			s.encoding = s.db.Encoding
		}
		return err
	})
}
