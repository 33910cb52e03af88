package applier

import (
	"context"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"

	"floe/applier/assemble"
	"floe/applier/batch"
	"floe/applier/feed"
	"floe/applier/fold"
	"floe/applier/render"
	"floe/applier/structure"
	"floe/applier/target"
	"floe/pkg/catalog"
	"floe/pkg/control"
	"floe/pkg/event"
	"floe/pkg/ident"
)

// session is one run of an applier, from a checkpoint on. Its goroutine owns all of it; assembling runs
// ahead of it in a goroutine of its own, which hands over whole entries.
//
//   - order decides what becomes true together, and where the checkpoint then stands; the session is its
//     batch.Target.
type session struct {
	Config
	report *reporter
	owner  target.Owner
	db     *target.Session
	feed   *feed.Feed
	log    *assemble.Assembler

	sent   *control.Sent
	wanted atomic.Pointer[control.Wanted]
	called chan struct{} // something else is wanted
	heeded *control.Wanted
	pace   pace
	// batchWait is Config.BatchWait as it was last set.
	batchWait time.Duration

	entries chan *assemble.Entry
	// changes counts those of entries that a target has not had: all but marks, which come on an idle source, too.
	changes atomic.Int64
	failed  error // why entries was closed
	ahead   *semaphore.Weighted
	held    int64 // of ahead, by what was taken
	joined  chan struct{}
	beside  sync.WaitGroup // who hears commands

	order *batch.Batcher
	first int64 // the ledger's first offset when the session began

	// flushed is the last ledger entry that is known to be true whatever happens to the server.
	flushed   int64
	flushedAt time.Time

	folder *fold.Folder
	behind bool      // the last transaction had been committed for a while when it was placed
	began  time.Time // when the open batch began, if it has
	moved  time.Time // when the position moved for the first time since the checkpoint, if it has
	before known     // what was known when the open big transaction began

	known
	names   map[uint32]ident.Name // target's names of sequences, by the source's oid
	tables  map[*event.Table]*render.Table
	asked   map[uint32][]target.Asked // as it was committed
	sampled []sequence                // values for the next commit
	asks    bool                      // the open transaction changes it
	clashed map[uint32]int            // chunks of a table to be upserted before COPY is tried again
	retried bool                      // structure that failed before this start was tried again
	emptied bool                      // TRUNCATE is a DELETE: a foreign key from outside forbade it
	// spared are tables of which an update assigns only what differs: a function refused one that assigned all.
	spared map[uint32]bool

	// leaves is what the open work leaves out; lost, by table, what was left out before and no load mended.
	leaves   leaves
	lost     map[uint32][]target.Skipped
	replayed map[string]bool // replays that were done, or refused, by id
	within   int64           // where the target stood within an entry when a replay was to begin, -1 before
	// Of the open big transaction: what it changed, and whether that is also objects.
	bigRows    map[uint32]*target.Skipped
	bigObjects bool
}

// known is what the log said of objects, and what became of it on the target, at the place where the work
// in memory ends. valid and places are never changed, only replaced.
type known struct {
	valid  *catalog.Database
	places places // where in the ledger valid stands
	script *structure.Script
	shapes map[uint32]*event.Table
	loads  map[uint32]target.Load
	seen   map[uint32]ident.Name // of tables with a replacing load whose keys are swept at its end
}

func (k *known) clone() known {
	c := *k
	c.shapes, c.loads, c.seen = maps.Clone(k.shapes), maps.Clone(k.loads), maps.Clone(k.seen)
	return c
}

// aheadBytes bounds the entries that are assembled and not applied, by what they take in memory. One that
// is larger is alone.
const aheadBytes = 96 << 20

// behindFrom is the age at which a transaction was placed from which on more are to be expected at once: a
// batch then waits for them. Without a backlog it would only be later, for what comes while the target
// works joins the next batch anyway.
const behindFrom = 100 * time.Millisecond

// batchBytes bounds a target transaction by the size of its rows.
const batchBytes = 8 << 20

// idleWait is how long a moved position without rows may wait for its checkpoint. It counts from the first
// move: a source that others write to moves it several times a second, for ever.
const idleWait = time.Second

// flushEvery is how often a commit waits for the server's disk.
const flushEvery = time.Second

// unflushed reports whether the last checkpoint may be lost with the server: nothing waits for it, but
// an idle log would be kept.
func (s *session) unflushed() bool {
	at := s.db.At().Offset
	return !s.order.Big() && at >= 0 && s.flushed != at
}

// background starts assembling ahead. What goes wrong there waits until the entries before it are
// true: or a place that cannot be read would keep a slow target from ever reaching it. Commands are heard
// meanwhile.
func (s *session) background(ctx context.Context, cancel context.CancelCauseFunc) {
	s.beside.Go(func() {
		err := s.sent.Follow(ctx, func(w control.Wanted) error {
			s.hear(w)
			return nil
		})
		if ctx.Err() == nil {
			cancel(err)
		}
	})
	go func() {
		defer close(s.joined)
		defer close(s.entries)
		for {
			e, err := s.log.Next(ctx)
			if err != nil {
				s.failed = err
				return
			}
			s.count(e, 1)
			select {
			case s.entries <- e:
			case <-ctx.Done():
				s.failed = ctx.Err()
				return
			}
		}
	}()
}

// admit waits until there is memory for one more entry.
func (s *session) admit(ctx context.Context, weight int64) error {
	return s.ahead.Acquire(ctx, min(weight, aheadBytes))
}

// release gives back what the entries that were taken hold, once none of them is needed any more.
func (s *session) release() {
	if s.order.Empty() && s.held > 0 {
		s.ahead.Release(s.held)
		s.held = 0
	}
}

func (s *session) count(e *assemble.Entry, n int64) {
	if e.Mark == nil {
		s.changes.Add(n)
	}
}

// taken is what next returns of what it received.
func (s *session) taken(e *assemble.Entry, ok bool) (*assemble.Entry, error) {
	switch {
	case ok:
		s.count(e, -1)
		s.held += min(e.Weight, aheadBytes)
		return e, nil
	case s.order.Pending():
		return nil, nil
	}
	return nil, s.failed
}

// next returns the next entry, or nil when the batch should become true first.
func (s *session) next(ctx context.Context) (*assemble.Entry, error) {
	select {
	case e, ok := <-s.entries:
		return s.taken(e, ok)
	default:
	}
	var wait <-chan time.Time
	switch {
	case s.order.Big() && s.rests():
		wait = time.After(partsWait)
	case !s.order.Empty() && !s.behind:
		return nil, nil
	case !s.order.Empty():
		wait = time.After(time.Until(s.began.Add(s.batchWait)))
	case s.order.Pending():
		wait = time.After(time.Until(s.moved.Add(idleWait)))
	case s.unflushed(), s.waits():
		wait = time.After(flushEvery)
	}
	select {
	case e, ok := <-s.entries:
		return s.taken(e, ok)
	case <-wait:
		if s.order.Big() && s.rests() {
			return nil, errRest // closing takes the open parts back
		}
		return nil, nil
	case <-s.called:
		return nil, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// close ends what start opened. The context has ended by then, so the assembling goroutine does too.
func (s *session) close() {
	if s.joined != nil {
		<-s.joined
	}
	if s.feed != nil {
		s.feed.Close()
	}
	if s.db != nil {
		s.db.Close()
	}
	s.beside.Wait()
}

// settled reports whether the table's load is complete for this applier (H2), and nothing of it is asked
// for.
func (s *session) settled(oid uint32) bool { return s.loads[oid].Loaded && len(s.asked[oid]) == 0 }
