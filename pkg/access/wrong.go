package access

import (
	"net/netip"
	"sync"
	"time"
)

// An address may send so many wrong tokens within so long.
const (
	mostWrong   = 10
	wrongWindow = 5 * time.Minute
	// mostOrigins bounds what we remember of addresses.
	mostOrigins = 10_000
)

// wrong counts wrong tokens by where they came from.
type wrong struct {
	mu   sync.Mutex
	from map[netip.Prefix]*tries
}

type tries struct {
	n     int
	since time.Time
}

// wait is how long an address is not answered any more.
func (w *wrong) wait(from netip.Prefix, now time.Time) time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	t := w.from[from]
	if t == nil || t.n < mostWrong {
		return 0
	}
	return t.since.Add(wrongWindow).Sub(now)
}

func (w *wrong) count(from netip.Prefix, now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.from == nil || len(w.from) >= mostOrigins {
		w.forget(now)
	}
	t := w.from[from]
	if t == nil || now.Sub(t.since) >= wrongWindow {
		t = &tries{since: now}
		w.from[from] = t
	}
	t.n++
}

// forget drops what is over, and everything where that does not make room: addresses without number are
// not guessed with, they only fill memory.
func (w *wrong) forget(now time.Time) {
	kept := map[netip.Prefix]*tries{}
	for k, t := range w.from {
		if now.Sub(t.since) < wrongWindow {
			kept[k] = t
		}
	}
	if len(kept) >= mostOrigins {
		clear(kept)
	}
	w.from = kept
}
