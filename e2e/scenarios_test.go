package e2e

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"floe/e2e/rig"
	"floe/e2e/scenario"
	"floe/pkg/pgtest"
)

// few is what a plain `go test` runs: one scenario for each thing that breaks most easily.
var few = []string{"key_basic_dml", "key_none_insert_only", "load_dml_during_copy", "toast_unchanged_default_identity", "txn_interleaved_commit_order", "name_quoted_identifiers"}

// settings let the peer have its workers at once; floe does not notice them.
var settings = map[string]string{
	"max_worker_processes": "50", "max_logical_replication_workers": "40", "wal_retrieve_retry_interval": "100ms",
}

// side by side on the shared servers; each waits for floe's processes most of the time
var atOnce = make(chan struct{}, 4)

// Every behaviour holds, whether the target may catch up after every step or not.
func TestScenarios(t *testing.T) {
	t.Parallel()
	list := chosen(t)
	known := readKnown(t)
	servers := rig.StartServers(t, pgtest.Options{Settings: settings})
	engine := newEngine(t)
	b := &board{known: known}
	t.Cleanup(func() { b.report(t) })
	for _, mode := range []string{"settling", "rushing"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			for i, s := range list {
				if !slices.Contains(modes(s), mode) {
					continue
				}
				t.Run(s.Name, func(t *testing.T) {
					t.Parallel()
					atOnce <- struct{}{}
					defer func() { <-atOnce }()
					b.judge(t, s, mode, once(t, engine, servers, s, mode, i))
				})
			}
		})
	}
}

// modes are how a scenario is run. Rushing waits for the last step alone: with one step it is settling
// over again, and the project's own are not run twice.
func modes(s *scenario.Scenario) []string {
	if len(s.Live) == 1 && os.Getenv("FLOE_SCENARIOS") == "" {
		return []string{"settling"}
	}
	return []string{"settling", "rushing"}
}

func chosen(t *testing.T) []*scenario.Scenario {
	dir := os.Getenv("FLOE_SCENARIOS")
	if dir == "" {
		dir = "scenarios"
	}
	all, err := scenario.LoadAll(dir)
	if err != nil {
		t.Fatal(err)
	}
	// A -run with a slash says which ones.
	if os.Getenv("FLOE_E2E") == "all" || dir != "scenarios" || strings.Contains(flag.Lookup("test.run").Value.String(), "/") {
		return all
	}
	return slices.DeleteFunc(all, func(s *scenario.Scenario) bool { return !slices.Contains(few, s.Name) })
}

// once runs the scenario and returns what went wrong. It skips where the machine lacks a need.
func once(t *testing.T, e engine, servers rig.Servers, s *scenario.Scenario, mode string, i int) error {
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Minute)
	defer cancel()
	if why := lacking(ctx, servers, s); why != "" {
		t.Skip("needs " + why)
	}
	short := s.Name[:min(len(s.Name), 30)]
	job := fmt.Sprintf("%s_%c%d", strings.TrimRight(short, "_"), mode[0], i)
	pair, err := servers.NewPair(ctx, job, encoding(s))
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "floe-e2e-"+job+"-")
	if err != nil {
		t.Fatal(err)
	}
	a := &attempt{task: task{s, pair, job, dir, markerTable}, rushing: mode == "rushing"}
	failed := a.perform(ctx, e)
	if failed != nil && a.run != nil {
		failed = fmt.Errorf("%w\n--- end of the log, kept in %s\n%s", failed, dir, a.run.tail())
	}
	if failed == nil {
		failed = os.RemoveAll(dir)
	}
	drop, cancelDrop := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancelDrop()
	return errors.Join(failed, pair.Drop(drop))
}

// board counts how the scenarios went.
type board struct {
	known          map[string]knownFailure
	mu             sync.Mutex
	passed, failed atomic.Int64
	expected       []string
	passing        map[*scenario.Scenario]int // in how many modes a listed one passed
}

// byTiming begins the reason of a line whose scenario passes or fails by what comes first.
const byTiming = "by timing: "

func (b *board) judge(t *testing.T, s *scenario.Scenario, mode string, err error) {
	k, listed := b.known[s.Name]
	switch {
	case err == nil && listed && !strings.HasPrefix(k.reason, byTiming):
		b.mu.Lock()
		defer b.mu.Unlock()
		if b.passing == nil {
			b.passing = map[*scenario.Scenario]int{}
		}
		b.passing[s]++
		b.passed.Add(1)
	case err == nil:
		b.passed.Add(1)
	case listed:
		b.mu.Lock()
		defer b.mu.Unlock()
		b.expected = append(b.expected, s.Name+"/"+mode)
		t.Logf("fails as listed (%s, %s): %v", k.until, k.reason, err)
	default:
		b.failed.Add(1)
		t.Error(err)
	}
}

// report ends the run. A listed scenario that passes in each mode must leave the list.
func (b *board) report(t *testing.T) {
	for s, passed := range b.passing {
		if passed == len(modes(s)) {
			t.Errorf("%s passes in each mode: remove it from known-failing.txt", s.Name)
		}
	}
	t.Logf("%d passed, %d failed, %d failed as listed %q", b.passed.Load(), b.failed.Load(), len(b.expected), b.expected)
}

// newEngine is floe, or what FLOE_E2E_PEER names.
func newEngine(t *testing.T) engine {
	if peer := os.Getenv("FLOE_E2E_PEER"); peer == "native" {
		return native{}
	} else if peer != "" {
		t.Fatalf("FLOE_E2E_PEER is %q; only native is known", peer)
	}
	bin, err := filepath.Abs(rig.Binary(t))
	if err != nil {
		t.Fatal(err)
	}
	return floe{bin}
}
