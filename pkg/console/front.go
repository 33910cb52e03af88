package console

import (
	"context"
	"net"
	"net/http"
	"sync"

	"floe/pkg/access"
)

// Front is an address where first nothing is there to be shown, then perhaps the pages that make a job, then
// the job's. Who asks early waits until there is something. It is open for as long as its process works on
// the address, so that nothing else takes it meanwhile and sessions go on.
type Front struct {
	mu    sync.RWMutex
	shown http.Handler
	ready chan struct{} // closed when something is shown
	end   context.CancelFunc
	done  chan struct{}
	err   error
}

// Open serves a listener by a gate until Close. broken is told of an address that no longer works.
func Open(l net.Listener, gate *access.Gate, broken func(error)) *Front {
	ctx, cancel := context.WithCancel(context.Background())
	f := &Front{ready: make(chan struct{}), end: cancel, done: make(chan struct{})}
	go func() {
		defer close(f.done)
		if f.err = gate.Serve(ctx, l, f); f.err != nil {
			broken(f.err)
		}
	}()
	return f
}

// Close ends it, and the requests that go on.
func (f *Front) Close() error {
	f.end()
	<-f.done
	return f.err
}

// Show answers by h from now on.
func (f *Front) Show(h http.Handler) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.shown == nil {
		close(f.ready)
	}
	f.shown = h
}

func (f *Front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	select {
	case <-f.ready:
	case <-r.Context().Done():
		return
	}
	f.mu.RLock()
	h := f.shown
	f.mu.RUnlock()
	h.ServeHTTP(w, r)
}
