package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"floe/e2e/rig"
	"floe/pkg/pgtest"
)

// BenchmarkPipeline runs the real binary with the embedded broker: the load of pgbench's tables
// (FLOE_BENCH_SCALE, 100,000 rows each), then a backlog of its transactions (FLOE_BENCH_TX) made
// while floe is down. Both times include the start of floe's processes.
func BenchmarkPipeline(b *testing.B) {
	scale, transactions := envInt(b, "FLOE_BENCH_SCALE", 5), envInt(b, "FLOE_BENCH_TX", 20_000)
	for b.Loop() {
		load, drain := pipeline(b, scale, transactions)
		b.ReportMetric(float64(scale)*100_011/load.Seconds(), "rows/s")
		b.ReportMetric(float64(transactions)/drain.Seconds(), "tx/s")
	}
}

func pipeline(b *testing.B, scale, transactions int) (load, drain time.Duration) {
	ctx, cancel := context.WithTimeout(b.Context(), 10*time.Minute)
	defer cancel()
	servers := rig.StartServers(b, pgtest.Options{Durable: true, Settings: map[string]string{"shared_buffers": "512MB", "max_wal_size": "8GB"}})
	pair, err := servers.NewPair(ctx, "bench", "")
	must(b, err)
	pgbench(ctx, b, pair, "-i", "-q", "-s", strconv.Itoa(scale))
	must(b, pair.Source.Exec(ctx, pair.Name, "CREATE TABLE marker (n int PRIMARY KEY)"))

	job := rig.Job{Name: "bench", Source: rig.Endpoint{URL: pair.SourceURL()}, Target: rig.Endpoint{URL: pair.TargetURL()}, Objects: rig.Objects{Database: true}}
	floe, err := rig.NewFloe(rig.Binary(b), b.TempDir(), job)
	must(b, err)
	began := time.Now()
	must(b, floe.Start())
	b.Cleanup(func() { must(b, floe.Stop(context.WithoutCancel(ctx))) })
	must(b, floe.Synced(ctx, 5*time.Minute))
	load = time.Since(began)
	await(ctx, b, floe, pair, fmt.Sprintf("SELECT count(*) = %d FROM public.pgbench_accounts", scale*100_000))
	must(b, floe.Stop(ctx))

	pgbench(ctx, b, pair, "-n", "-c", "4", "-j", "2", "-t", strconv.Itoa(transactions/4))
	must(b, pair.Source.Exec(ctx, pair.Name, "INSERT INTO marker VALUES (1)"))
	began = time.Now()
	must(b, floe.Start())
	await(ctx, b, floe, pair, "SELECT EXISTS (SELECT FROM public.marker WHERE n = 1)")
	return load, time.Since(began)
}

func pgbench(ctx context.Context, b *testing.B, pair rig.Pair, args ...string) {
	b.Helper()
	path := pair.Source.Program("pgbench")
	if _, err := exec.LookPath(path); err != nil {
		b.Skip("this server came without pgbench")
	}
	out, err := exec.CommandContext(ctx, path, append(args, "-h", "127.0.0.1", "-p", strconv.Itoa(pair.Source.Port()), "-U", "postgres", pair.Name)...).CombinedOutput()
	if err != nil {
		b.Fatalf("pgbench: %v\n%s", err, out)
	}
}

// await waits until the question's answer on the target is yes.
func await(ctx context.Context, b *testing.B, floe *rig.Floe, pair rig.Pair, sql string) {
	b.Helper()
	c, err := rig.ConnectPinned(ctx, pair.TargetURL())
	must(b, err)
	defer c.Close(ctx)
	must(b, rig.Until(ctx, func() (bool, error) {
		if err := floe.Ended(); err != nil {
			return false, err
		}
		got, err := rig.Text(ctx, c, sql)
		return got == "t", err
	}))
}

func must(b *testing.B, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

func envInt(b *testing.B, name string, otherwise int) int {
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	must(b, err)
	return n
}
