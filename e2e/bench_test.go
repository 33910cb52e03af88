package e2e

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
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

// BenchmarkRestart fills the embedded broker's log with FLOE_BENCH_LOG MiB, all of it applied and kept,
// then takes the time from the start of floe's processes until a row is visible on the target that was
// written while they were down: once stopped in order, once killed with -9.
func BenchmarkRestart(b *testing.B) {
	ctx, cancel := context.WithTimeout(b.Context(), 30*time.Minute)
	defer cancel()
	want := int64(envInt(b, "FLOE_BENCH_LOG", 256)) << 20
	servers := rig.StartServers(b, pgtest.Options{Durable: true, Settings: map[string]string{"shared_buffers": "512MB", "max_wal_size": "8GB"}})
	pair, err := servers.NewPair(ctx, "restart", "")
	must(b, err)
	must(b, pair.Source.Exec(ctx, pair.Name, "CREATE TABLE filler (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, body text); CREATE TABLE marker (n int PRIMARY KEY)"))
	job := rig.Job{Name: "restart", Source: rig.Endpoint{URL: pair.SourceURL()}, Target: rig.Endpoint{URL: pair.TargetURL()}, Objects: rig.Objects{Database: true}}
	floe, err := rig.NewFloe(rig.Binary(b), b.TempDir(), job)
	must(b, err)
	start := func() { must(b, floe.Start("--log-cap", strconv.FormatInt(8*want, 10))) } // a quarter of the cap is kept
	start()
	b.Cleanup(func() { must(b, floe.Stop(context.WithoutCancel(ctx))) })
	for n := 0; size(b, floe.Data()) < want; n++ {
		// 32 MiB of text that compresses by half.
		must(b, pair.Source.Exec(ctx, pair.Name, "INSERT INTO filler (body) SELECT string_agg(md5(r::text || random()), '') FROM generate_series(1, 32 * 32768) r GROUP BY r % 32768"))
		await(ctx, b, floe, pair, fmt.Sprintf("SELECT count(*) = %d FROM public.filler", (n+1)*32768))
	}
	n := 0
	for _, end := range []struct {
		name string
		call func() error
	}{{"stopped", func() error { return floe.Stop(ctx) }}, {"killed", floe.KillAll}} {
		b.Run(end.name, func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				n++
				must(b, end.call())
				must(b, pair.Source.Exec(ctx, pair.Name, fmt.Sprintf("INSERT INTO marker VALUES (%d)", n)))
				b.StartTimer()
				start()
				await(ctx, b, floe, pair, fmt.Sprintf("SELECT EXISTS (SELECT FROM public.marker WHERE n = %d)", n))
			}
			b.ReportMetric(float64(size(b, floe.Data())>>20), "MiB-of-log")
		})
	}
}

// size is what a folder's files hold, in bytes.
func size(b *testing.B, dir string) (sum int64) {
	b.Helper()
	must(b, filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) || err == nil && d.IsDir() {
			return nil
		}
		if err != nil {
			return err
		}
		info, err := d.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err == nil {
			sum += info.Size()
		}
		return err
	}))
	return sum
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
