// Package zombies has two captures or two appliers of one job: one works, the other waits, and one that
// was thought dead changes nothing when it comes back.
package zombies

import (
	"context"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"floe/e2e/rig"
	"floe/e2e/trial"
	"floe/e2e/workload"
	"floe/pkg/pgtest"
)

const rows = 2000

// patience is how long a step may take where how long it takes says nothing: the machine may be busy, or slow.
const patience = 3 * time.Minute

// job is a trial whose services are run one by one.
type job struct {
	*trial.Trial
	t        *testing.T
	broker   string
	services []*rig.Service
	writers  *workload.Writers
}

func newJob(t *testing.T, servers rig.Servers, name string) *job {
	t.Helper()
	tr, err := trial.New(t.Context(), servers, rig.Binary(t), name, rows, nil)
	if err != nil {
		t.Fatal(err)
	}
	j := &job{Trial: tr, t: t}
	t.Cleanup(j.end)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	s, address, err := tr.Broker(ctx)
	j.services, j.broker = append(j.services, s), address
	j.must(err)
	j.writers = workload.Start(t.Context(), tr.Pair.SourceURL(), 1, rows, 5*time.Millisecond)
	return j
}

func (j *job) end() {
	for _, s := range j.services {
		if j.t.Failed() {
			text := s.Log()
			j.t.Logf("%s:\n%s", s.LogFile, text[max(0, len(text)-2500):])
		}
		_ = s.Kill()
	}
	if err := j.Close(j.t.Failed()); err != nil {
		j.t.Error(err)
	}
}

func (j *job) must(err error) {
	j.t.Helper()
	if err != nil {
		j.t.Fatal(err)
	}
}

func (j *job) capture(name string, more ...string) *rig.Service {
	j.t.Helper()
	s, err := j.Capture(name, j.broker, more...)
	j.must(err)
	j.services = append(j.services, s)
	return s
}

func (j *job) applier(name string, more ...string) *rig.Service {
	j.t.Helper()
	s, err := j.Applier(name, j.broker, more...)
	j.must(err)
	j.services = append(j.services, s)
	return s
}

// start begins the job; services apart wait for that.
func (j *job) start() {
	j.t.Helper()
	j.within(patience, func(ctx context.Context) error {
		r, err := j.Run(ctx, "start", "-f", j.JobFile(), "--broker", j.broker)
		if err == nil && r.Code != 0 {
			err = fmt.Errorf("floe start ended with %d: %s%s", r.Code, r.Stdout, r.Stderr)
		}
		return err
	})
}

// within bounds what a step may take.
func (j *job) within(d time.Duration, step func(ctx context.Context) error) {
	j.t.Helper()
	ctx, cancel := context.WithTimeout(j.t.Context(), d)
	defer cancel()
	j.must(step(ctx))
}

func always() error { return nil }

// flows waits until a change made now has arrived.
func (j *job) flows(d time.Duration) {
	j.t.Helper()
	j.within(d, func(ctx context.Context) error { return j.Arrived(ctx, always) })
}

// loaded waits until every table of the workload is settled on the target.
func (j *job) loaded() {
	j.t.Helper()
	j.within(patience, func(ctx context.Context) error {
		c, err := rig.ConnectPinned(ctx, j.Pair.TargetURL())
		if err != nil {
			return err
		}
		defer c.Close(ctx)
		return rig.Until(ctx, func() (bool, error) {
			got, err := rig.Text(ctx, c, "SELECT count(*) FROM floe.load WHERE loaded")
			return err == nil && got == fmt.Sprint(len(workload.Tables())+1), nil
		})
	})
}

// judged ends the workload and judges what was seen.
func (j *job) judged() {
	j.t.Helper()
	_, err := j.writers.End()
	j.must(err)
	j.flows(patience)
	report, err := j.Judge(j.t.Context())
	j.t.Log(report)
	j.must(err)
}

// waits waits until the service says that another one owns the job, which must still run.
func (j *job) waits(s *rig.Service, words string) {
	j.t.Helper()
	j.within(patience, func(ctx context.Context) error { return s.Says(ctx, words) })
	if s.Ended() {
		j.t.Fatalf("it ended: %v", s.Err())
	}
}

// aside waits until the one that came back has ended or waits: which of the two depends on whether it
// first sees the other's epoch or its own lost connection.
func (j *job) aside(s *rig.Service, words string) {
	j.t.Helper()
	j.within(patience, func(ctx context.Context) error {
		return rig.Until(ctx, func() (bool, error) { return s.Ended() || strings.Contains(s.Log(), words), nil })
	})
	j.t.Logf("the one that came back ended: %v, its log: %v", s.Ended(), strings.Contains(s.Log(), words))
}

// A second capture and a second applier wait and say who owns the job since when; as standbys they take
// over within ten seconds of a kill -9.
func TestStandbysTakeOver(t *testing.T) {
	t.Parallel()
	j := newJob(t, rig.StartServers(t, pgtest.Options{}), "standbys")
	capture, applier := j.capture("capture-1"), j.applier("applier-1")
	j.start()
	j.loaded()
	capture2, applier2 := j.capture("capture-2", "--standby"), j.applier("applier-2", "--standby")
	j.waits(capture2, `owner="connected from 127.0.0.1 (server process `)
	j.waits(applier2, " since 20")
	j.flows(patience)
	j.must(capture.Kill())
	j.flows(10 * time.Second)
	j.must(applier.Kill())
	j.flows(10 * time.Second)
	j.judged()
}

// Two of each that start at the same moment: one of each works.
func TestTwoOfEachAtOnce(t *testing.T) {
	t.Parallel()
	j := newJob(t, rig.StartServers(t, pgtest.Options{}), "two_at_once")
	for _, n := range []string{"1", "2"} {
		j.capture("capture-" + n)
		j.applier("applier-" + n)
	}
	j.start()
	j.loaded()
	j.judged()
}

// A capture is stopped, its walsender ends, another one takes the job, and the first goes on: what it had
// in hand is void.
func TestAStoppedCaptureThatGoesOnChangesNothing(t *testing.T) {
	t.Parallel()
	j := newJob(t, rig.StartServers(t, pgtest.Options{}), "stopped_capture")
	first := j.capture("capture-1")
	j.applier("applier-1")
	j.start()
	j.flows(patience) // the load may still be on
	j.must(first.Signal(syscall.SIGSTOP))
	j.must(j.Source(t.Context(), "SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name LIKE 'floe_%' AND active_pid IS NOT NULL"))
	j.capture("capture-2")
	j.flows(patience)
	j.must(first.Signal(syscall.SIGCONT))
	j.aside(first, "another capture owns the job")
	j.loaded()
	j.judged()
}

// The same with an applier whose session on the target was ended: its open
// transaction is void.
func TestAStoppedApplierThatGoesOnChangesNothing(t *testing.T) {
	t.Parallel()
	j := newJob(t, rig.StartServers(t, pgtest.Options{}), "stopped_applier")
	j.capture("capture-1")
	first := j.applier("applier-1")
	j.start()
	j.flows(patience)
	j.must(first.Signal(syscall.SIGSTOP))
	j.must(j.Pair.Target.Exec(t.Context(), j.Name, "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"))
	j.applier("applier-2")
	j.flows(patience)
	j.must(first.Signal(syscall.SIGCONT))
	j.aside(first, "another applier owns the job")
	j.loaded()
	j.judged()
}
