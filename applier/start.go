package applier

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"golang.org/x/sync/semaphore"

	"floe/applier/assemble"
	"floe/applier/batch"
	"floe/applier/feed"
	"floe/applier/fold"
	"floe/applier/render"
	"floe/applier/structure"
	"floe/applier/target"
	"floe/pkg/broker"
	"floe/pkg/catalog"
	"floe/pkg/control"
	"floe/pkg/event"
	"floe/pkg/halt"
)

// start connects to target and log, becomes the job's one applier, and stands where the checkpoint
// says (A1).
func start(ctx context.Context, c Config, report *reporter, sent *control.Sent) (_ *session, err error) {
	s := &session{Config: c, report: report, folder: fold.New(), entries: make(chan *assemble.Entry, 1024), ahead: semaphore.NewWeighted(aheadBytes),
		tables: map[*event.Table]*render.Table{}, clashed: map[uint32]int{}, flushed: -1, within: -1, called: make(chan struct{}, 1),
		known: known{valid: catalog.NewDatabase(0, nil), shapes: map[uint32]*event.Table{}}}
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	s.obey(sent)
	if s.db, err = target.Open(ctx, c.Target); err != nil {
		return nil, err
	}
	if err := s.setup(ctx); err != nil {
		return nil, err
	}
	if err := s.find(ctx, "SET"); err != nil {
		return nil, err
	}
	id, first, err := s.ledger(ctx)
	if err != nil {
		return nil, err
	}
	host, _ := os.Hostname()
	s.owner = target.Owner{Job: c.Job, Applier: c.Name, LedgerID: id,
		Instance: host + ":" + strconv.Itoa(os.Getpid()) + ":" + strconv.FormatInt(time.Now().UnixNano(), 36)}
	if err := s.lock(ctx); err != nil {
		return nil, err
	}
	if err := s.recognise(ctx); err != nil {
		return nil, err
	}
	was, stored, err := s.db.Claim(ctx, s.owner)
	if err != nil {
		return nil, err
	}
	if stored != "" && stored != id {
		return nil, halt.New(halt.TopicReset, fixReset, "the target was filled from ledger topic %s, the broker now has topic id %s", stored, id)
	}
	if s.loads, err = s.db.Loads(ctx, s.owner); err != nil {
		return nil, err
	}
	if s.asked, err = s.db.Asked(ctx, s.owner); err != nil {
		return nil, err
	}
	if s.seen, err = s.db.Seen(ctx, s.owner); err != nil {
		return nil, err
	}
	if s.lost, err = s.db.Skipped(ctx, s.owner); err != nil {
		return nil, err
	}
	if s.replayed, err = s.db.Replays(ctx, s.owner); err != nil {
		return nil, err
	}
	s.first = first
	if s.feed, err = feed.Open(ctx, c.Kafka, broker.Ledger(c.Prefix)); err != nil {
		return nil, err
	}
	s.joined = make(chan struct{})
	if err = s.stand(ctx, was, first); err != nil {
		close(s.joined)
		return nil, err
	}
	s.log.Admit = s.admit
	return s, nil
}

// find has functions of the target find what they name without a schema. What floe itself names has one.
func (s *session) find(ctx context.Context, set string) error {
	if len(s.path) == 0 {
		return nil
	}
	return s.db.Exec(ctx, set+" search_path TO "+catalog.SearchPath(s.path))
}

// setup makes floe's own tables on the target.
func (s *session) setup(ctx context.Context) error {
	if err := s.db.Setup(ctx); err != nil {
		return err
	}
	return pgx.BeginFunc(ctx, s.db.Conn, func(tx pgx.Tx) error { return structure.EnsureTable(ctx, tx) })
}

const fixReset = halt.Reset

// lock waits while another applier of the job is at work.
func (s *session) lock(ctx context.Context) error {
	for logged := false; ; {
		mine, err := s.db.Lock(ctx, s.owner)
		if err != nil {
			return err
		}
		if mine {
			s.report.silent(false)
			return nil
		}
		if !logged {
			owner := s.db.Holder(ctx, s.owner)
			s.Log.Info("another applier owns the job; waiting", "owner", owner, "applier", s.Name)
			s.report.silent(s.Standby)
			s.report.waiting("another applier owns the job: " + owner)
			logged = true
		}
		select {
		case <-time.After(200 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// ledger waits until the job's ledger exists: capture makes it. It returns its topic id and the first
// offset that is kept.
func (s *session) ledger(ctx context.Context) (id string, first int64, err error) {
	client, err := kgo.NewClient(s.Kafka...)
	if err != nil {
		return "", 0, fmt.Errorf("connect to Kafka: %w", err)
	}
	defer client.Close()
	adm, topic, looked := kadm.NewClient(client), broker.Ledger(s.Prefix), time.Now()
	for {
		topics, err := adm.ListTopics(ctx, topic)
		if err != nil {
			return "", 0, fmt.Errorf("look up topic %s: %w", topic, err)
		}
		d, ok := topics[topic]
		if ok && d.Err == nil && len(d.Partitions) == 1 {
			starts, err := adm.ListStartOffsets(ctx, topic)
			if err != nil {
				return "", 0, fmt.Errorf("look up where %s begins: %w", topic, err)
			}
			start, _ := starts.Lookup(topic, 0)
			return hex.EncodeToString(d.ID[:]), start.Offset, start.Err
		}
		if ok && d.Err == nil && len(d.Partitions) > 1 {
			return "", 0, broker.Repartitioned(topic, len(d.Partitions), 1)
		}
		if ok && d.Err != nil && !errors.Is(d.Err, kerr.UnknownTopicOrPartition) {
			return "", 0, fmt.Errorf("look up topic %s: %w", topic, d.Err)
		}
		s.report.waiting("the log has no ledger yet: capture has not started")
		if time.Since(looked) > time.Second { // commands are not followed yet
			looked = time.Now()
			if sent, err := control.Read(ctx, s.Kafka, s.Prefix); err != nil {
				return "", 0, err
			} else if sent.Run != control.Running {
				return "", 0, errRest
			}
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			return "", 0, ctx.Err()
		}
	}
}

// stand places the assembler behind the checkpoint, which must still be what the ledger holds there,
// and learns the definitions that are valid at it. Without one it begins at the first Epoch that is
// kept.
func (s *session) stand(ctx context.Context, was *target.Checkpoint, first int64) (err error) {
	s.order = batch.New(s, s.BatchRows, batchBytes)
	topics := batch.Topics{Ledger: broker.Ledger(s.Prefix), Objects: broker.Objects(s.Prefix)}
	if s.log, err = s.order.Stand(ctx, s.feed, topics, was, first); err != nil || was == nil {
		return err
	}
	if err := s.remember(ctx, s.order.Now); err != nil {
		return err
	}
	s.report.resumed(s)
	return nil
}

// remember reads the definitions that were valid at the checkpoint again, from the entries that placed
// them. Of the entry that the checkpoint stands within, those behind it are not valid yet.
func (s *session) remember(ctx context.Context, at target.Checkpoint) error {
	s.valid, s.places = catalog.NewDatabase(0, nil), nil
	clear(s.shapes)
	for _, offset := range at.Objects {
		f, err := feed.Open(ctx, s.Kafka, broker.Ledger(s.Prefix))
		if err != nil {
			return err
		}
		e, err := s.log.At(ctx, f, offset)
		f.Close()
		if err != nil {
			return err
		}
		for _, d := range batch.Valid(e, at) {
			c, err := decode(d, offset)
			if err != nil {
				return err
			}
			s.define(offset, c)
		}
	}
	s.planned(structure.Plan(s.valid, s.options()))
	return nil
}
