package load

import (
	"context"
	"maps"
	"sync"
	"sync/atomic"

	"floe/capture/snapshot"
	"floe/pkg/event"
)

// Gate is where the load stops the stream. The stream looks at Requests between transactions; the
// load asks for a Hold and lets go of it.
type Gate struct {
	requests chan *Hold
	urgent   chan *Hold
	placed   atomic.Uint64
	mu       sync.Mutex
	recent   map[uint32]struct{} // placed and not yet seen visible: P of design.md §2
	moved    chan struct{}
}

// Hold is the stream standing still, between two transactions.
type Hold struct {
	// Recent are transactions placed before the hold that no snapshot was seen to contain.
	Recent map[uint32]struct{}
	grant  chan struct{}
	done   chan struct{}
	once   sync.Once
	gate   *Gate
}

// NewGate returns a gate that is open.
func NewGate() *Gate {
	return &Gate{requests: make(chan *Hold), urgent: make(chan *Hold), recent: map[uint32]struct{}{}, moved: make(chan struct{}, 1)}
}

// Requests is where the stream finds a load that waits for it.
func (g *Gate) Requests() <-chan *Hold { return g.requests }

// Urgent is where those are found that no full log may keep waiting: what they place is produced already,
// and the log can only become less when it is placed.
func (g *Gate) Urgent() <-chan *Hold { return g.urgent }

// Placed notes a transaction that the stream has handed to the producer.
func (g *Gate) Placed(xid uint32) {
	g.mu.Lock()
	g.recent[xid] = struct{}{}
	g.mu.Unlock()
}

// Clear forgets all that was placed: it will be waited for otherwise.
func (g *Gate) Clear() {
	g.mu.Lock()
	clear(g.recent)
	g.mu.Unlock()
}

// Seen forgets the placed transactions that a snapshot sees: every later one sees them too.
func (g *Gate) Seen(s snapshot.Snapshot) {
	g.mu.Lock()
	defer g.mu.Unlock()
	maps.DeleteFunc(g.recent, func(xid uint32, _ struct{}) bool { return s.Sees(xid) })
}

// Passed notes that everything up to lsn is placed.
func (g *Gate) Passed(lsn event.LSN) {
	g.placed.Store(uint64(lsn))
	select {
	case g.moved <- struct{}{}:
	default:
	}
}

// Moved receives after Passed.
func (g *Gate) Moved() <-chan struct{} { return g.moved }

// At is the place up to which everything is placed.
func (g *Gate) At() event.LSN { return event.LSN(g.placed.Load()) }

// Hold stops the stream between two transactions; the caller must Release.
func (g *Gate) Hold(ctx context.Context) (*Hold, error) { return g.hold(ctx, nil) }

// HoldAnyway also stops a stream that a full log has paused.
func (g *Gate) HoldAnyway(ctx context.Context) (*Hold, error) { return g.hold(ctx, g.urgent) }

func (g *Gate) hold(ctx context.Context, urgent chan<- *Hold) (*Hold, error) {
	h := &Hold{grant: make(chan struct{}), done: make(chan struct{}), gate: g}
	select {
	case g.requests <- h:
	case urgent <- h:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	select {
	case <-h.grant:
		return h, nil
	case <-ctx.Done():
		h.Release()
		return nil, ctx.Err()
	}
}

// Grant is the stream's answer to a request; it then waits for Released.
func (h *Hold) Grant() {
	h.gate.mu.Lock()
	h.Recent = maps.Clone(h.gate.recent)
	h.gate.mu.Unlock()
	close(h.grant)
}

// Released is closed when the stream may go on.
func (h *Hold) Released() <-chan struct{} { return h.done }

// Release lets the stream go on; once is enough.
func (h *Hold) Release() { h.once.Do(func() { close(h.done) }) }

// Unseen reports whether a placed transaction is not in the snapshot; those that are need not be
// asked for again.
func (h *Hold) Unseen(s snapshot.Snapshot) bool {
	h.gate.mu.Lock()
	defer h.gate.mu.Unlock()
	for xid := range h.Recent {
		if s.Sees(xid) {
			delete(h.Recent, xid)
			delete(h.gate.recent, xid)
		}
	}
	return len(h.Recent) > 0
}
