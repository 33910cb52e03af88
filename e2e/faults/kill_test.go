package faults

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"floe/e2e/rig"
	"floe/e2e/workload"
	"floe/pkg/pgtest"
	"floe/pkg/randtest"
)

// Whatever part is killed with -9, and whenever, the job goes on by itself and both sides are equal
// at the end; what readers of the target see is the source's history, each commit whole and none twice.
func TestKill9(t *testing.T) {
	t.Parallel()
	seed := randtest.Seed(t)
	rows, kills := 20_000, 3
	if full {
		rows, kills = 150_000, 25
	}
	// From memory its writers would be quicker, and outrun on a busy machine what has to catch up with them.
	b := newBench(t, rig.StartServers(t, pgtest.Options{Large: true}), "kill9", func(j *rig.Job) { j.Throttle = &rig.Throttle{LoadRows: rows / 4} })
	b.source(t, workload.Structure, marker)
	watch := b.watch(t)
	b.source(t, workload.Fill(rows))
	total := ask(t, b.pair.SourceURL(), workload.SumSQL)

	w := workload.Start(t.Context(), b.pair.SourceURL(), seed, rows, 4*time.Millisecond)
	b.must(t, b.Start())
	k := &killer{floe: b.Floe, r: rand.New(rand.NewPCG(seed, 9))}
	// During the load; what the load leaves over comes while changes flow.
	b.must(t, k.round(t.Context(), kills/3+1))
	// A machine so busy that the writers outrun floe would never see it synced: what they left is finite. The last
	// tables are loaded by then, with nobody's help.
	_, err := w.End()
	b.must(t, err)
	b.streaming(t)
	w = workload.Start(t.Context(), b.pair.SourceURL(), seed+1, rows, 4*time.Millisecond)
	b.source(t, workload.Large(rows/4))
	b.must(t, k.round(t.Context(), kills-kills/3-1))

	_, err = w.End()
	b.must(t, err)
	b.caughtUp(t, patience)
	b.must(t, watch.Settled(t.Context()))
	b.must(t, workload.Equal(t.Context(), b.pair))
	if got := ask(t, b.pair.TargetURL(), workload.SumSQL); got != total {
		t.Errorf("the sum is %s on the target, %s on the source", got, total)
	}
	report, err := watch.End(t.Context())
	t.Logf("%s, killed %v", report, k.killed)
	b.must(t, err)
}

// The supervisor itself is killed: its children end with it, and a new one resumes.
func TestKill9OfTheWholeTree(t *testing.T) {
	t.Parallel()
	seed := randtest.Seed(t)
	rounds := 2
	if full {
		rounds = 10
	}
	b := newBench(t, servers(t), "kill9_tree", nil)
	b.source(t, workload.Structure, marker)
	watch := b.watch(t)
	b.source(t, workload.Fill(5000))
	w := workload.Start(t.Context(), b.pair.SourceURL(), seed, 5000, 4*time.Millisecond)
	r := rand.New(rand.NewPCG(seed, 10))
	b.must(t, b.Start())
	for range rounds {
		k := &killer{floe: b.Floe, r: r}
		b.must(t, k.pause(t.Context()))
		pids := []int{b.PID("broker"), b.PID("capture"), b.PID("applier")}
		b.must(t, b.KillAll())
		for _, pid := range pids {
			b.must(t, gone(t.Context(), pid))
		}
		b.must(t, b.Start())
	}
	_, err := w.End()
	b.must(t, err)
	b.streaming(t)
	b.must(t, watch.Settled(t.Context()))
	b.must(t, workload.Equal(t.Context(), b.pair))
	report, err := watch.End(t.Context())
	t.Log(report)
	b.must(t, err)
}

// killer ends parts of a running job at random moments.
type killer struct {
	floe   *rig.Floe
	r      *rand.Rand
	killed map[string]int
}

var roles = []string{"capture", "applier", "broker"}

// round kills each role n times, in random order.
func (k *killer) round(ctx context.Context, n int) error {
	var order []string
	for range n {
		order = append(order, roles...)
	}
	k.r.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	if k.killed == nil {
		k.killed = map[string]int{}
	}
	for _, role := range order {
		if err := k.pause(ctx); err != nil {
			return err
		}
		if err := k.kill(ctx, role); err != nil {
			return fmt.Errorf("kill %s: %w", role, err)
		}
		k.killed[role]++
	}
	return nil
}

// pause is the random moment; the seed decides it.
func (k *killer) pause(ctx context.Context) error {
	wait, cancel := context.WithTimeout(ctx, time.Duration(50+k.r.IntN(1200))*time.Millisecond)
	defer cancel()
	err := rig.Until(wait, func() (bool, error) { return false, k.floe.Ended() })
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		return nil
	}
	return err
}

// kill kills the role's process and waits until another has taken its place.
func (k *killer) kill(ctx context.Context, role string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	pid := 0
	err := rig.Until(ctx, func() (bool, error) {
		pid = k.floe.PID(role)
		return pid != 0 && syscall.Kill(pid, 0) == nil, k.floe.Ended()
	})
	if err != nil {
		return fmt.Errorf("wait for its process: %w", err)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		return err
	}
	return rig.Until(ctx, func() (bool, error) {
		now := k.floe.PID(role)
		return now != 0 && now != pid, k.floe.Ended()
	})
}

func gone(ctx context.Context, pid int) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if pid == 0 {
		return nil
	}
	return rig.Until(ctx, func() (bool, error) { return syscall.Kill(pid, 0) == syscall.ESRCH, nil })
}
