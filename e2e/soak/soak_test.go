// Package soak runs a job through everything that may happen to it, at random moments, for a bounded time:
// services killed, servers crashed, connections reset, swallowed, cut and sliced. What was seen of the
// target must be the source's history.
//
//	go test ./e2e/soak        twenty seconds
//	make soak SECONDS=600     longer; the seed is printed, FLOE_SEED chooses it
//	FLOE_E2E=kafka            on Apache Kafka, with a proxy before it too
package soak

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"strconv"
	"syscall"
	"testing"
	"time"

	"floe/e2e/kafka"
	"floe/e2e/proxy"
	"floe/e2e/rig"
	"floe/e2e/trial"
	"floe/e2e/workload"
	"floe/pkg/pgtest"
	"floe/pkg/randtest"
)

const rows = 5000

// world is a job with a proxy on either side.
type world struct {
	*trial.Trial
	t              *testing.T
	r              *rand.Rand
	source, target *proxy.Proxy
	kafka          *kafka.Broker // nil: the embedded one
	log            *proxy.Proxy  // before kafka
	did            map[string]int
}

// onKafka has the tests run on Apache Kafka.
var onKafka = os.Getenv("FLOE_E2E") == "kafka"

func newWorld(t *testing.T, name string) (*world, uint64) {
	t.Helper()
	seed := randtest.Seed(t)
	w := &world{t: t, r: rand.New(rand.NewPCG(seed, 3)), did: map[string]int{}}
	var err error
	w.Trial, err = trial.New(t.Context(), rig.StartServers(t, pgtest.Options{}), rig.Binary(t), name, rows, func(j *rig.Job) {
		w.source, j.Source.URL, err = proxy.Before(j.Source.URL)
		w.must(err)
		w.target, j.Target.URL, err = proxy.Before(j.Target.URL)
		w.must(err)
	})
	w.must(err)
	if onKafka {
		w.startKafka()
	}
	t.Cleanup(func() {
		if err := w.Close(t.Failed()); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Logf("kept in %s; the log ends\n%s", w.Dir, w.Tail(4000))
		}
		_ = w.source.Close()
		_ = w.target.Close()
	})
	return w, seed
}

// startKafka starts one whose clients all go through a proxy. It ends after floe.
func (w *world) startKafka() {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), 5*time.Minute)
	defer cancel()
	var err error
	w.kafka, err = kafka.Start(ctx, kafka.Options{Front: func(address string) (string, error) {
		var err error
		w.log, err = proxy.Start(address)
		return w.log.Addr(), err
	}})
	w.must(err)
	w.t.Cleanup(func() {
		if err := errors.Join(w.log.Close(), w.kafka.Close()); err != nil {
			w.t.Error(err)
		}
	})
}

// begin starts floe. Its prechecks are past then: a server that is cut off during them is a job that does
// not start, rightly.
func (w *world) begin() {
	w.t.Helper()
	var args []string
	if w.kafka != nil {
		args = []string{"--broker", w.log.Addr()}
	}
	w.must(w.Start(args...))
	ctx, cancel := context.WithTimeout(w.t.Context(), 3*time.Minute)
	defer cancel()
	w.must(rig.Until(ctx, func() (bool, error) { return w.PID("capture") != 0, w.Ended() }))
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// pause is a moment that the seed decides.
func (w *world) pause(low, high int) {
	timer := time.NewTimer(time.Duration(low+w.r.IntN(high-low)) * time.Millisecond)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-w.t.Context().Done():
	}
	w.must(w.Ended())
}

// crash ends a server or broker without a word to it, and starts it again after a while.
type crash func()

// side is one of the servers, or Apache Kafka, with its proxy.
func (w *world) side() (*proxy.Proxy, crash, string) {
	n := 2
	if w.kafka != nil {
		n = 3
	}
	switch w.r.IntN(n) {
	case 0:
		return w.source, w.server(w.Pair.Source), "source"
	case 1:
		return w.target, w.server(w.Pair.Target), "target"
	}
	return w.log, w.crashKafka, "log"
}

func (w *world) server(s *pgtest.Server) crash {
	return func() {
		w.must(s.Stop(pgtest.Immediate))
		w.pause(50, 1000)
		w.must(s.Start(w.t.Context()))
	}
}

func (w *world) crashKafka() {
	w.must(w.kafka.Kill())
	w.pause(50, 1000)
	w.must(w.kafka.Start(w.t.Context()))
}

// one thing that happens.
func (w *world) one() {
	p, crash, name := w.side()
	var what string
	switch w.r.IntN(9) {
	case 0, 1, 2:
		role := []string{"capture", "applier", "broker"}[w.r.IntN(3)]
		what = "kill -9 " + role
		if role == "broker" && w.kafka != nil {
			w.crashKafka()
		} else if pid := w.PID(role); pid != 0 {
			_ = syscall.Kill(pid, syscall.SIGKILL) // it may just have ended
		}
	case 3:
		what = "reset " + name
		p.Reset()
	case 4:
		what = "cut " + name
		p.CutAfter(int64(w.r.IntN(200_000)))
	case 5:
		what = "slice " + name
		p.Set(proxy.Slice)
		w.pause(100, 600)
		p.Set(proxy.Pass)
	case 6:
		what = "swallow, then reset " + name
		p.Set(proxy.Swallow)
		w.pause(100, 2000)
		p.Reset()
		p.Set(proxy.Pass)
	case 7:
		what = "slow " + name
		p.Set(proxy.Slow)
		w.pause(100, 600)
		p.Set(proxy.Pass)
	case 8:
		what = "crash " + name
		crash()
	}
	w.did[what]++
}

// finish lets everything arrive and judges.
func (w *world) finish(writers *workload.Writers) {
	w.t.Helper()
	_, err := writers.End()
	w.must(err)
	ctx, cancel := context.WithTimeout(w.t.Context(), 8*time.Minute)
	defer cancel()
	w.must(w.Arrived(ctx, w.Ended))
	w.must(w.Loaded(ctx))
	w.must(w.Arrived(ctx, w.Ended))
	report, err := w.Judge(ctx)
	w.t.Logf("%s; %v", report, w.did)
	w.must(err)
}

func TestEverythingAtRandomMoments(t *testing.T) {
	t.Parallel()
	seconds := 20
	if text := os.Getenv("FLOE_SOAK"); text != "" {
		var err error
		if seconds, err = strconv.Atoi(text); err != nil {
			t.Fatalf("FLOE_SOAK: %v", err)
		}
	}
	w, seed := newWorld(t, "soak")
	writers := workload.Start(t.Context(), w.Pair.SourceURL(), seed, rows, 5*time.Millisecond)
	w.begin()
	for end := time.Now().Add(time.Duration(seconds) * time.Second); time.Now().Before(end); {
		w.pause(50, 1500)
		w.one()
		if w.r.IntN(20) == 0 {
			_ = w.Source(t.Context(), workload.Large(25_000)) // a source that just crashed refuses it
		}
	}
	w.finish(writers)
}
