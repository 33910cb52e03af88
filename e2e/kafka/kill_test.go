package kafka

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"floe/e2e/rig"
	"floe/pkg/ident"
	"floe/pkg/pgtest"
	"floe/pkg/randtest"
)

// kills is how often the test kills a part of the pipeline, the broker included.
const kills = 10

const accounts = `create table account (id int primary key, n int not null, note text);
	insert into account select g, 1000, repeat('x', 50) from generate_series(1, 20000) g;
	create table moved (id bigint primary key, n int not null);
	insert into moved select g, g from generate_series(1, 1000) g`

// Capture, applier and a real broker are killed with -9 while money moves and keys change; both
// sides are equal at the end. FLOE_SEED repeats a run.
func TestKill9OnApacheKafka(t *testing.T) {
	needJava(t)
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 12*time.Minute)
	defer cancel()
	r := rand.New(rand.NewPCG(randtest.Seed(t), 1))
	broker, err := Start(ctx, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { broker.Close() })
	pair, floe := job(ctx, t)
	if err := floe.Start("--broker", broker.Address()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := floe.Stop(context.Background()); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Log(floe.Tail(5000))
		}
	})

	writing, stop := context.WithCancel(ctx)
	written := make(chan error, 1)
	go func() { written <- write(ctx, writing, pair.SourceURL(), r.Uint64()) }()
	roles := []string{"capture", "applier", "broker"}
	for i := range kills {
		wait(ctx, time.Duration(200+r.IntN(1800))*time.Millisecond)
		if err := kill(ctx, roles[i%len(roles)], broker, floe); err != nil {
			t.Fatalf("kill %d: %v", i, err)
		}
	}
	stop()
	if err := <-written; err != nil {
		t.Fatal(err)
	}
	if err := floe.Synced(ctx, 3*time.Minute); err != nil {
		t.Fatal(err)
	}
	compare(ctx, t, pair, "account", "moved")
}

func job(ctx context.Context, t *testing.T) (rig.Pair, *rig.Floe) {
	t.Helper()
	pair, err := rig.StartServers(t, pgtest.Options{}).NewPair(ctx, "kafka_kills", "")
	if err != nil {
		t.Fatal(err)
	}
	if err := pair.Source.Exec(ctx, pair.Name, accounts); err != nil {
		t.Fatal(err)
	}
	j := rig.Job{Name: pair.Name, Source: rig.Endpoint{URL: pair.SourceURL()}, Target: rig.Endpoint{URL: pair.TargetURL()}}
	j.Objects.Database = true
	floe, err := rig.NewFloe(rig.Binary(t), t.TempDir(), j)
	if err != nil {
		t.Fatal(err)
	}
	return pair, floe
}

// write transacts under ctx until stopping ends.
func write(ctx, stopping context.Context, url string, seed uint64) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	r := rand.New(rand.NewPCG(seed, 2))
	for next := int64(1_000_000); stopping.Err() == nil; next++ {
		_, err := conn.PgConn().Exec(ctx, fmt.Sprintf(`begin;
			update account set n = n - 1 where id = %d; update account set n = n + 1, note = note || '.' where id = %d;
			update moved set id = %d where id = (select min(id) from moved);
			delete from account where id = %[4]d; insert into account values (%[4]d, 1000, 'again'); commit`,
			1+r.IntN(10_000), 10_001+r.IntN(9000), next, 19_500+r.IntN(500))).ReadAll()
		if err != nil {
			return err
		}
		wait(stopping, 4*time.Millisecond)
	}
	return nil
}

func wait(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// kill kills the role's process and returns when another has taken its place.
func kill(ctx context.Context, role string, broker *Broker, floe *rig.Floe) error {
	if role == "broker" {
		return errors.Join(broker.Kill(), broker.Start(ctx))
	}
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute)
	defer cancel()
	pid := 0
	err := rig.Until(ctx, func() (bool, error) {
		pid = floe.PID(role)
		return pid != 0 && syscall.Kill(pid, 0) == nil, floe.Ended()
	})
	if err != nil {
		return fmt.Errorf("wait for %s: %w", role, err)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		return fmt.Errorf("kill %s: %w", role, err)
	}
	return rig.Until(ctx, func() (bool, error) {
		now := floe.PID(role)
		return now != 0 && now != pid, floe.Ended()
	})
}

func compare(ctx context.Context, t *testing.T, pair rig.Pair, tables ...string) {
	t.Helper()
	source, err := rig.ConnectPinned(ctx, pair.SourceURL())
	if err != nil {
		t.Fatal(err)
	}
	defer source.Close(context.Background())
	target, err := rig.ConnectPinned(ctx, pair.TargetURL())
	if err != nil {
		t.Fatal(err)
	}
	defer target.Close(context.Background())
	for _, name := range tables {
		n := ident.Name{Schema: "public", Name: name}
		if err := rig.Compare(ctx, source, target, rig.Compared{Source: n, Target: n}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
