package capture_test

import (
	"context"
	"encoding/json"
	"flag"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"

	"floe/capture"
	"floe/pkg/broker"
	"floe/pkg/ident"
	"floe/pkg/pg"
	"floe/pkg/pgtest"
	"floe/pkg/randtest"
)

// childEnv holds what a capture in a process of its own needs.
const childEnv = "FLOE_TEST_CAPTURE"

type childConfig struct {
	Job, URL, Broker string
	Partitions       int
	Rate             int
}

func TestMain(m *testing.M) {
	if s := os.Getenv(childEnv); s != "" {
		os.Exit(captureChild(s))
	}
	flag.Parse()
	if f := flag.Lookup("test.parallel"); f.Value.String() == f.DefValue {
		_ = f.Value.Set(strconv.Itoa(sideBySide * runtime.GOMAXPROCS(0)))
	}
	pgtest.Main(m)
}

// captureChild is a capture that ends with its parent, whose pipe its stdin is.
func captureChild(s string) int {
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	var c childConfig
	if err := json.Unmarshal([]byte(s), &c); err != nil {
		return 2
	}
	err := capture.Run(context.Background(), capture.Config{Job: c.Job, Source: pg.Config{URL: c.URL}, Prefix: "j",
		Kafka: broker.Options([]string{c.Broker}), Partitions: c.Partitions, Replication: 1, Includes: func(ident.Name) bool { return true },
		Everything: true, LoadReaders: 2, LoadRows: c.Rate, ChunkHold: time.Millisecond, ShutdownGrace: 10 * time.Second, Log: slog.New(slog.NewTextHandler(os.Stderr, nil))})
	if err != nil {
		return 1
	}
	return 0
}

// spawn starts a capture process; the returned function kills it with SIGKILL.
func (j *job) spawn() (kill func()) {
	j.t.Helper()
	c, err := json.Marshal(childConfig{j.config.Job, j.url, j.broker.Addr, j.config.Partitions, j.config.LoadRows})
	if err != nil {
		j.t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+string(c))
	in, err := cmd.StdinPipe()
	if err != nil {
		j.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		j.t.Fatal(err)
	}
	return func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		_ = in.Close()
	}
}

// Killed at any moment (between publication and slot, before the first entry, within a chunk, within a
// big transaction), capture goes on from the log and nothing is lost or doubled.
func TestKilledAtAnyMoment(t *testing.T) {
	t.Parallel()
	j := newJob(t,
		`create table a (id int primary key, v text, big text); alter table a alter big set storage external`,
		`insert into a select i, 'v' || i, repeat('x', 3000) from generate_series(1, 4000) i`,
		`create table b (p int, q text, n int, primary key (p, q)); insert into b select i % 10, i, i from generate_series(1, 4000) i`,
		`create table bag (x int, y text); insert into bag select i % 100, 'y' from generate_series(1, 45000) i`,
		`alter table bag replica identity full`)
	j.config.Partitions = 2
	seed := randtest.Seed(t)
	random := rand.New(rand.NewPCG(seed, 0))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var writers sync.WaitGroup
	for w := range 2 {
		writers.Go(func() { j.write(ctx, seed+uint64(w)) })
	}
	for i := range 25 {
		kill := j.spawn()
		wait := 20 * i // from the very beginning of a start to the midst of it all
		if i > 12 {
			wait = 200 + random.IntN(800)
		}
		pause(t, time.Duration(wait)*time.Millisecond)
		if i == 15 {
			j.exec(`insert into a select i, 'many', null from generate_series(100001, 145000) i`)
		}
		kill()
	}
	cancel()
	writers.Wait()
	kill := j.spawn()
	defer kill()
	j.waitLog(j.end())
	p := j.tap()
	r := p.replay()
	r.same(j)
	t.Log(p.entries[len(p.entries)-1].Epoch, "epochs,", len(r.events), "changes,", r.chunks, "chunks,", p.voided, "void entries")
}

func pause(t *testing.T, d time.Duration) {
	t.Helper()
	select {
	case <-time.After(d):
	case <-t.Context().Done():
	}
}
