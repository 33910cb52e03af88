package simulation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"floe/applier/assemble"
	"floe/applier/batch"
	"floe/applier/target"
	"floe/pkg/catalog"
	"floe/pkg/event"
	"floe/pkg/halt"
	"floe/pkg/ledger"
)

// database is what is committed on the target. A copy is another state.
type database struct {
	rows     [chosen][keys]int
	version  [chosen]int // of the definitions; -1 before there is one
	load     [chosen]uint64
	loaded   [chosen]bool
	has      bool
	place    target.Checkpoint
	end      event.LSN // of the source's WAL, that the applier knows of; judge.go
	instance int
	topic    int
	// change is the last change of the WAL that was made true: the number of its transaction, and its own.
	change event.Position
}

// server is the target's server. It commits without waiting for its disk: a crash takes back what was not
// flushed.
type server struct {
	w       *world
	db      database
	flushed []database // since what is on disk, oldest first
	crashes int        // connections from before are gone
}

func newServer(w *world) *server {
	s := &server{w: w}
	for t := range s.db.version {
		s.db.version[t] = -1
	}
	s.flushed = []database{s.db}
	return s
}

// crash goes back to something between what is on disk and what was committed.
func (s *server) crash() {
	n := s.w.rng.IntN(len(s.flushed))
	s.db = s.flushed[n]
	s.flushed = s.flushed[:n+1]
	s.crashes++
	s.w.note("crash", s.db.place.Offset)
}

// session is batch.Target for one applier.
type session struct {
	server  *server
	task    *task
	order   *batch.Batcher
	id      int
	crashes int
	at      target.Checkpoint
	flushed int64
	tx      *database
	defined []int64
	before  []int64
	dead    bool
	wrong   error // in the open transaction; it counts if that is committed
}

func (s *session) violated(format string, args ...any) {
	if s.wrong == nil {
		s.wrong = fmt.Errorf(format, args...)
	}
}

var errConnection = errors.New("the connection to the target ended")

// ask is a round trip.
func (s *session) ask() error {
	if err := s.task.pause(); err != nil {
		return err
	}
	if s.dead || s.crashes != s.server.crashes {
		return errConnection
	}
	return nil
}

// claim makes this session the one whose transactions count.
func (s *session) claim(topic int) (*target.Checkpoint, error) {
	if err := s.ask(); err != nil {
		return nil, err
	}
	db := &s.server.db
	if db.has && db.topic != topic {
		return nil, halt.New(halt.TopicReset, halt.Reset, "the target was filled from another ledger")
	}
	if !db.has {
		db.has, db.topic, db.place = true, topic, target.Checkpoint{Offset: -1}
	}
	db.instance = s.id
	s.server.flushed = append(s.server.flushed, *db)
	s.at = db.place
	if db.place.Offset < 0 {
		return nil, nil
	}
	at := db.place
	return &at, nil
}

func (s *session) Begin(context.Context) error {
	if err := s.ask(); err != nil {
		return err
	}
	tx := s.server.db
	s.tx, s.wrong = &tx, nil
	return nil
}

func (s *session) Rollback(context.Context) error {
	s.tx = nil
	return s.ask()
}

// Commit is one statement and the COMMIT: what of it arrives does so at once, but its answer may be lost.
func (s *session) Commit(_ context.Context, to target.Checkpoint) error {
	if err := s.ask(); err != nil {
		return err
	}
	w, db := s.server.w, &s.server.db
	if db.instance != s.id || db.place.Offset != s.at.Offset { // the fence
		s.tx = nil
		w.note("fenced", int64(s.id))
		return target.ErrTakenOver
	}
	tx := *s.tx
	tx.has, tx.topic, tx.instance, tx.place, tx.end = true, db.topic, db.instance, to, max(db.end, s.order.End)
	if s.wrong != nil {
		w.violated("%w", s.wrong)
	}
	w.judge(*db, tx)
	*db, s.tx = tx, nil
	s.server.flushed = append(s.server.flushed, tx)
	flush := w.chance(0.3)
	if flush {
		s.server.flushed = []database{tx}
	}
	w.note("true", to.Offset, int64(to.Commit), int64(to.Epoch))
	if w.chance(w.lostAnswers) {
		s.dead = true
		return errConnection
	}
	if s.at = to; flush {
		s.flushed = to.Offset
	}
	return nil
}

func (s *session) At() target.Checkpoint { return s.at }

func (s *session) Due() bool { return s.flushed != s.at.Offset && s.at.Offset >= 0 }

// Rows makes whole transactions true.
func (s *session) Rows(_ context.Context, rows []*event.Row) error {
	if err := s.ask(); err != nil {
		return err
	}
	for _, r := range rows {
		s.row(r)
	}
	return nil
}

func (s *session) row(r *event.Row) {
	t := tableOf(r.Table.OID)
	s.follows(r)
	if v := versionOf(r.Table); v != s.tx.version[t] {
		s.violated("a row at %s has version %d of t%d, the target has %d", r.Pos, v, t, s.tx.version[t])
	}
	key, value := number(r.After, 0), number(r.After, 1)
	if r.Op == event.Delete {
		key, value = number(r.Before, 0), 0
	}
	if was := s.tx.rows[t][key]; s.tx.loaded[t] && (was == 0) != (r.Op == event.Create) {
		s.violated("the target's row %d of t%d is %d before %s at %s", key, t, was, r.Op, r.Pos)
	}
	s.tx.rows[t][key] = value
}

func (s *session) Refused(context.Context) error { return errors.New("nothing is refused here") }

// Mixed makes one transaction with changes of tables true.
func (s *session) Mixed(_ context.Context, e *assemble.Entry, changes []assemble.Change, rows []*event.Row) error {
	if err := s.ask(); err != nil {
		return err
	}
	for i := range changes {
		for len(rows) > 0 && rows[0].Pos.Seq < changes[i].Seq {
			s.row(rows[0])
			rows = rows[1:]
		}
		s.followsChange(event.Position{Commit: changes[i].Commit, Seq: changes[i].Seq})
		if err := s.define(&changes[i].Definitions); err != nil {
			return err
		}
		s.definedBy(e.Offset)
	}
	for _, r := range rows {
		s.row(r)
	}
	return nil
}

func (s *session) Applied([]*event.Row) {}

func (s *session) definedBy(offset int64) {
	if !slices.Contains(s.defined, offset) {
		s.defined = append(slices.Clone(s.defined), offset)
	}
}

// define takes up definitions, and loads that were begun before this epoch.
func (s *session) define(d *assemble.Definitions) error {
	for i := range d.Objects {
		switch o := &d.Objects[i]; o.Kind {
		case string(catalog.KindTable):
			def, err := catalog.Decode(catalog.KindTable, o.Body)
			if err != nil {
				return err
			}
			s.tx.version[tableOf(o.OID)] = versionOf(def.Body.(*catalog.TableDef).Shape())
		case ledger.KindLoad:
			var l ledger.LoadState
			if err := json.Unmarshal([]byte(o.Body), &l); err != nil {
				return err
			}
			if t := tableOf(o.OID); (l.Loaded || l.Until != 0) && s.tx.load[t] != l.Load {
				return halt.New(halt.LogGap, halt.Reset, "the log no longer holds the rows of t%d", t)
			} else if l.Loaded != s.tx.loaded[t] {
				s.violated("the log says that t%d is loaded: %v, the target %v", t, l.Loaded, s.tx.loaded[t])
			}
		}
	}
	return nil
}

// Objects takes up all that is valid from an epoch on.
func (s *session) Objects(_ context.Context, e *assemble.Entry) error {
	if err := s.ask(); err != nil {
		return err
	}
	if batch.AllValid(e) {
		s.defined = nil
	}
	s.definedBy(e.Offset)
	return s.define(&e.Defs)
}

// Chunk takes a range's rows in the place of what is there of them.
func (s *session) Chunk(_ context.Context, e *assemble.Entry) error {
	if err := s.ask(); err != nil {
		return err
	}
	t := tableOf(e.Chunk.Table)
	for i := range e.Rows {
		r := &e.Rows[i]
		if v := versionOf(r.Table); v != s.tx.version[t] {
			return fmt.Errorf("a chunk's row has version %d, the target %d", v, s.tx.version[t])
		}
		s.tx.rows[t][number(r.After, 0)] = number(r.After, 1)
	}
	s.tx.load[t] = e.Chunk.Load
	return nil
}

func (s *session) Loaded(_ context.Context, e *assemble.Entry) error {
	if err := s.ask(); err != nil {
		return err
	}
	s.tx.loaded[tableOf(e.Entry.Loaded.Table)] = true
	return nil
}

func (s *session) Sequences(*assemble.Entry) error { return nil }

func (s *session) Defined() []int64 { return s.defined }

func (s *session) Forget() { s.defined = nil }

func (s *session) Remember() { s.before = s.defined }

func (s *session) Void(context.Context) error {
	s.defined = s.before
	return nil
}
