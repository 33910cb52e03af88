package capture

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"floe/capture/group"
	"floe/capture/load"
	"floe/capture/past"
	"floe/capture/publish"
	"floe/capture/readback"
	"floe/capture/route"
	"floe/capture/source"
	"floe/pkg/broker"
	"floe/pkg/failpoint"
	"floe/pkg/ident"
	"floe/pkg/ledger"
	"floe/pkg/pg"
	"floe/schemas"
)

// job is how the log is read.
func (s *session) job() past.Job {
	return past.Job{Open: func() readback.Log { return readback.Dial(s.Kafka) }, Prefix: s.Prefix, Log: s.Log}
}

// history reads the ledger as it stands, without becoming its writer.
func (s *session) history(ctx context.Context) (*past.Past, error) {
	r, p, err := s.job().Read(ctx, load.States{})
	if err != nil {
		return nil, err
	}
	r.Close()
	p.Close()
	return p, nil
}

// beginEpoch makes this capture the one that writes, from where the log's last epoch ends.
func (s *session) beginEpoch(ctx context.Context, o *origin) (err error) {
	s.nonce = rand.Text()
	var p *past.Past
	s.readers, p, err = s.job().Claim(ctx, s.loads, past.Steps{
		Take:   func(ctx context.Context) error { return s.takeSlot(ctx, o) },
		Check:  func(ctx context.Context, p *past.Past) error { return s.check(ctx, o, p) },
		Append: func(ctx context.Context, epoch uint32) error { return s.appendEpoch(ctx, o, epoch) },
		Nonce:  s.nonce,
	})
	if err != nil {
		return err
	}
	p.Close()
	s.order.Resume, s.beginAt, s.trimmer.Began = p.Resume, p.BeginAt, p.BeginAt
	s.wal.Report(p.Resume)
	return nil
}

// check sees to it that the source can give everything behind what the log holds (L5). The slot is held,
// so its position does not move meanwhile.
func (s *session) check(ctx context.Context, o *origin, p *past.Past) error {
	if err := s.checkSystem(ctx, o, p); err != nil {
		return err
	}
	if err := source.CheckSlot(o.held, o.slot, p.Resume); err != nil {
		return err
	}
	if err := s.readCatalog(ctx); err != nil {
		return err
	}
	if err := s.narrow(p); err != nil {
		return err
	}
	if err := s.define(ctx, p); err != nil {
		return err
	}
	if err := s.checkTopics(ctx, p); err != nil {
		return err
	}
	if err := s.checkPublication(ctx, p); err != nil {
		return err
	}
	return s.register(ctx)
}

// checkTopics looks at the topics of what is selected.
func (s *session) checkTopics(ctx context.Context, p *past.Past) error {
	var tables []ident.Name
	for _, t := range s.db.Tables() {
		tables = append(tables, t.Name)
	}
	return s.job().CheckTopics(ctx, p, tables)
}

func (s *session) checkSystem(ctx context.Context, o *origin, p *past.Past) error {
	if p.Begin == nil || p.Resume == 0 {
		return nil
	}
	conn, err := pg.ConnectReplication(ctx, s.Source) // the other one streams
	if err != nil {
		return fmt.Errorf("connect to the source for replication: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx)) //nolint:errcheck
	// The stream's connection was opened before this capture waited for the slot, and the log was written
	// on since: where the source's WAL ends is asked after the log was read.
	now, err := source.Identify(ctx, conn)
	if err != nil {
		return err
	}
	if now.ID != o.system.ID || now.Timeline != o.system.Timeline {
		return fmt.Errorf("the source's address led to system %s, timeline %d, and then to system %s, timeline %d", o.system.ID, o.system.Timeline, now.ID, now.Timeline)
	}
	return source.CheckSystem(ctx, conn, now, p.Begin, p.Resume)
}

func (s *session) appendEpoch(ctx context.Context, o *origin, epoch uint32) error {
	s.epoch = epoch
	e := &ledger.Entry{Epoch: s.epoch, At: time.Now().UnixMicro(), Begin: &ledger.Epoch{
		Nonce: s.nonce, SystemID: o.system.ID, Timeline: o.system.Timeline, Slot: o.slot, Selection: s.selectionHash()}}
	value, err := schemas.EncodeEntry(e)
	if err != nil {
		return err
	}
	if err := s.wal.Err(); err != nil { // an Epoch only while the connection answers
		return err
	}
	if err := failpoint.Here("epoch.before"); err != nil {
		return err
	}
	r := &kgo.Record{Topic: broker.Ledger(s.Prefix), Value: value}
	if err := publish.Sync(ctx, s.client, r); err != nil {
		return fmt.Errorf("append epoch %d: %w", s.epoch, err)
	}
	s.writer = publish.New(ctx, s.client, broker.Ledger(s.Prefix), s.epoch, 1)
	s.trimmer.Sent = s.writer.Sent
	s.order = &group.Grouper{Writer: s.writer, Rows: groupRows, Bytes: groupBytes, List: s.list, Passed: s.gate.Passed}
	s.encoder = route.NewEncoder(s.writer.Room)
	return failpoint.Here("epoch.after")
}

// name says in floe.state where this epoch begins; everything valid is placed and read back by now.
// One that cannot be written costs the next start some time.
func (s *session) name(ctx context.Context) {
	_ = failpoint.Here("place.before")
	rec := &kgo.Record{Topic: broker.State(s.Prefix), Value: schemas.EncodePlace(&ledger.Place{Epoch: s.epoch, Nonce: s.nonce, Offset: s.beginAt})}
	s.client.TryProduce(ctx, rec, nil)
	_ = failpoint.Here("place.after")
}
