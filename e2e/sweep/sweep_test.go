package sweep

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/sr/srfake"

	"floe/e2e/rig"
	"floe/e2e/trial"
	"floe/e2e/workload"
	"floe/pkg/pgtest"
	"floe/pkg/randtest"
)

// rows of the table that the load takes longest for, and the transactions of each half.
const (
	rows         = 300
	transactions = 40
	largeRows    = 21_000 // more than capture places at once: a transaction in parts
)

func TestEveryRunThatIsEndedAtAFailpointConverges(t *testing.T) {
	t.Parallel()
	s := &sweep{servers: rig.StartServers(t, pgtest.Options{}), bin: rig.BinaryWith(t, "floe-failpoint", "-tags", "failpoint"), seed: randtest.Seed(t), registry: srfake.New()}
	t.Cleanup(s.registry.Close)
	if only := os.Getenv("FLOE_SWEEP_ONLY"); only != "" {
		s.all(t, strings.Split(only, ","), 0)
		return
	}
	hits := s.count(t)
	each, patience := 2, 20*time.Second
	if os.Getenv("FLOE_E2E") == "all" {
		patience = time.Minute
	}
	if text := os.Getenv("FLOE_SWEEP"); text != "" {
		var err error
		if each, err = strconv.Atoi(text); err != nil {
			t.Fatalf("FLOE_SWEEP: %v", err)
		}
		patience = 0
	}
	s.all(t, plan(hits, each, rand.New(rand.NewPCG(s.seed, 1))), patience)
	t.Logf("%d failpoints with %d hits in one run; %d runs ended at one, %d did not come to theirs, %d left out; FLOE_SEED=%d",
		len(hits), sum(hits), s.fired.Load(), s.missed.Load(), s.left.Load(), s.seed)
	// A slow machine makes a handful of runs, of which one or two by chance say nothing.
	if s.missed.Load() > 2 && s.fired.Load() < 3*s.missed.Load() {
		t.Error("most runs do not come to their failpoint: the counts do not fit the runs")
	}
}

// all runs the points in their order, two at a time, until patience ends if it is not 0.
func (s *sweep) all(t *testing.T, points []string, patience time.Duration) {
	began := time.Now()
	queue := make(chan string, len(points))
	for _, p := range points {
		queue <- p
	}
	close(queue)
	var workers sync.WaitGroup
	for range 2 {
		workers.Go(func() {
			for point := range queue {
				if patience > 0 && time.Since(began) > patience {
					s.left.Add(1)
					continue
				}
				t.Run(point, func(t *testing.T) { s.run(t, point) })
			}
		})
	}
	workers.Wait()
}

// sweep is what all runs share.
type sweep struct {
	servers             rig.Servers
	bin                 string
	seed                uint64
	registry            *srfake.Registry // of all runs: subjects bear the job's name
	number              atomic.Int64
	fired, missed, left atomic.Int64
}

// count runs once and returns the hits of each name.
func (s *sweep) count(t *testing.T) map[string]int {
	t.Helper()
	dir := t.TempDir()
	s.attempt(t, "count", dir)
	hits := map[string]int{}
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		info, err := f.Info()
		if err != nil {
			t.Fatal(err)
		}
		hits[f.Name()] = int(info.Size())
	}
	if len(hits) < 20 {
		t.Fatalf("only %d failpoints were passed: %v", len(hits), hits)
	}
	return hits
}

// plan is up to each hits of each name, the first ones of all names before the others. Counts differ a
// little from run to run, so the last hits are not always there.
func plan(hits map[string]int, each int, r *rand.Rand) []string {
	var first, more []string
	for _, name := range slices.Sorted(maps.Keys(hits)) {
		n := hits[name]
		first = append(first, name+":1:kill9")
		if each > 2 {
			more = append(more, name+":1:error")
		}
		for i := 1; i < each && i < n; i++ {
			nth := i + 1
			if n > each { // spread
				low := 2 + (i-1)*(n-1)/(each-1)
				nth = low + r.IntN(max(1, (n-1)/(each-1)))
			}
			more = append(more, fmt.Sprintf("%s:%d:kill9", name, min(nth, n)))
		}
	}
	r.Shuffle(len(first), func(i, j int) { first[i], first[j] = first[j], first[i] })
	r.Shuffle(len(more), func(i, j int) { more[i], more[j] = more[j], more[i] })
	return append(first, more...)
}

func sum(hits map[string]int) (n int) {
	for _, h := range hits {
		n += h
	}
	return n
}

// run is one run that is ended at a point.
func (s *sweep) run(t *testing.T, point string) {
	t.Helper()
	dir := t.TempDir()
	s.attempt(t, point, dir)
	if _, err := os.Stat(filepath.Join(dir, "fired")); err != nil {
		s.missed.Add(1)
		t.Logf("%s was not reached", point)
		return
	}
	s.fired.Add(1)
}

// attempt is one run of the workload: load with changes, a table that leaves and joins again, then changes with a
// large transaction.
func (s *sweep) attempt(t *testing.T, point, dir string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Minute)
	defer cancel()
	name := fmt.Sprintf("sweep_%d", s.number.Add(1))
	job, err := trial.New(ctx, s.servers, s.bin, name, rows, func(j *rig.Job) { j.Registry = &rig.Registry{URL: s.registry.URL()} })
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := job.Close(t.Failed()); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Logf("FLOE_SEED=%d FLOE_SWEEP_ONLY=%s; kept in %s; the log ends\n%s", s.seed, point, job.Dir, job.Tail(3000))
		}
	}()
	job.Env = []string{"FLOE_FAILPOINT=" + point, "FLOE_FAILPOINT_DIR=" + dir}
	began := time.Now()
	must := func(what string, err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		t.Logf("%s after %s", what, time.Since(began).Round(time.Millisecond))
	}
	must("started", job.Start())
	must("changed during the load", workload.Run(ctx, job.Pair.SourceURL(), s.seed, rows, transactions))
	must("arrived", job.Arrived(ctx, job.Ended))
	must("loaded", job.Loaded(ctx))
	must("a table left and joins again", job.Aside(ctx))
	must("changed", workload.Run(ctx, job.Pair.SourceURL(), s.seed+1, rows, transactions))
	must("a large transaction", job.Source(ctx, workload.Large(largeRows)))
	must("changed behind it", workload.Run(ctx, job.Pair.SourceURL(), s.seed+2, rows, 10))
	must("arrived", job.Arrived(ctx, job.Ended))
	must("loaded again", job.Loaded(ctx))
	report, err := job.Judge(ctx)
	must("judged: "+report.String(), err)
}
