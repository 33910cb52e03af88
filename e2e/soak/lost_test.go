package soak

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"floe/e2e/proxy"
	"floe/e2e/rig"
	"floe/e2e/workload"
)

// The connection ends between the applier's COMMIT and its answer, or just before the COMMIT reaches the
// target: in either case the applier finds out from the checkpoint what is true.
func TestCommitWithoutAnAnswer(t *testing.T) {
	t.Parallel()
	w, seed := newWorld(t, "lost_commit")
	writers := workload.Start(t.Context(), w.Pair.SourceURL(), seed, rows, 5*time.Millisecond)
	w.begin()
	for i := range 10 {
		w.lose(w.target, "COMMIT", i, commits)
	}
	w.finish(writers)
}

// commits reports a COMMIT: a query message, 'Q', its length, its text.
func commits(sent []byte) bool {
	return bytes.Contains(sent, []byte("Q\x00\x00\x00\x0bCOMMIT\x00"))
}

// The connection ends between the log taking capture's records and its answer, or just before they reach
// it. Only Apache Kafka has clients connect to where a proxy may stand.
func TestProducedWithoutAnAcknowledgement(t *testing.T) {
	t.Parallel()
	if !onKafka {
		t.Skip("needs Apache Kafka: FLOE_E2E=kafka")
	}
	w, seed := newWorld(t, "lost_ack")
	writers := workload.Start(t.Context(), w.Pair.SourceURL(), seed, rows, 5*time.Millisecond)
	w.begin()
	for i := range 30 {
		w.lose(w.log, "produce", i, produces)
		if i == 15 {
			w.must(w.Source(t.Context(), workload.Large(45_000)))
		}
	}
	w.finish(writers)
}

// produces reports the beginning of a Produce request of floe's: length, key 0, version, correlation id,
// client id.
func produces(sent []byte) bool {
	return len(sent) > 18 && binary.BigEndian.Uint16(sent[4:]) == 0 && bytes.Equal(sent[12:18], []byte("\x00\x04floe"))
}

// lose loses the next question of the kind, or the answer to it, in turns.
func (w *world) lose(p *proxy.Proxy, kind string, i int, is func(sent []byte) bool) {
	w.t.Helper()
	fate := []proxy.Fate{proxy.Unanswered, proxy.Lost}[i%2]
	var cut atomic.Bool
	p.Watch(func(sent []byte) proxy.Fate {
		if is(sent) && cut.CompareAndSwap(false, true) {
			return fate
		}
		return proxy.Kept
	})
	defer p.Watch(nil)
	ctx, cancel := context.WithTimeout(w.t.Context(), 3*time.Minute)
	defer cancel()
	if err := rig.Until(ctx, func() (bool, error) { return cut.Load(), w.Ended() }); err != nil {
		w.t.Fatalf("no %s came: %v", kind, err)
	}
	w.did[fmt.Sprintf("%s with fate %d", kind, fate)]++
	w.pause(50, 500)
}
