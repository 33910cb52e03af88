// Package trim holds the life of a log against its cap: real services, a real embedded broker in a
// process of its own, two real databases.
package trim

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"floe/applier"
	"floe/capture"
	"floe/pkg/broker"
	"floe/pkg/ident"
	"floe/pkg/pg"
	"floe/pkg/pgtest"
	"floe/pkg/status"
	"floe/schemas"
)

// What makes this test binary a broker, to be killed: its folder and its cap.
const (
	childDir = "FLOE_TEST_BROKER"
	childCap = "FLOE_TEST_BROKER_CAP"
)

func TestMain(m *testing.M) {
	dir := os.Getenv(childDir)
	if dir == "" {
		pgtest.Main(m)
		return
	}
	limit, _ := strconv.ParseInt(os.Getenv(childCap), 10, 64)
	b, err := broker.Embed(broker.EmbeddedConfig{Dir: dir, LogCap: limit, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(b.Addr)
	_, _ = io.Copy(io.Discard, os.Stdin) // ends with the test at the latest
}

// line is a job from one database to another, and its parts.
type line struct {
	t              *testing.T
	dir            string
	limit          int64
	kafka          []kgo.Opt
	source, target string
	broker         *exec.Cmd
	config         capture.Config
	admin          *kgo.Client
}

func newLine(t *testing.T, limit int64, sql ...string) *line {
	t.Helper()
	server := pgtest.Shared(t)
	l := &line{t: t, dir: t.TempDir(), limit: limit, source: pgtest.NewDB(t, server, sql...), target: pgtest.NewDB(t, server)}
	l.embed()
	l.config = capture.Config{Job: jobName(t), Source: pg.Config{URL: l.source}, Prefix: "j", Kafka: l.kafka, Partitions: 1, Replication: 1,
		Includes: func(n ident.Name) bool { return n.Schema == "public" }, ChunkHold: 50 * time.Millisecond, ShutdownGrace: 10 * time.Second, Log: l.log("capture")}
	return l
}

func jobName(t *testing.T) string {
	name := strings.ToLower(strings.ReplaceAll(t.Name(), "/", "_"))
	return name[max(0, len(name)-30):]
}

type testLog struct{ t *testing.T }

func (l testLog) Write(p []byte) (int, error) {
	l.t.Log(strings.TrimSpace(string(p)))
	return len(p), nil
}

func (l *line) log(part string) *slog.Logger {
	return slog.New(slog.NewTextHandler(testLog{l.t}, nil)).With("part", part)
}

// embed starts the broker's process.
func (l *line) embed() {
	l.t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), childDir+"="+l.dir, childCap+"="+strconv.FormatInt(l.limit, 10))
	in, err := cmd.StdinPipe()
	if err != nil {
		l.t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		l.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(func() { _ = in.Close(); _ = cmd.Process.Kill(); _ = cmd.Wait() })
	addr, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || !strings.HasPrefix(addr, "127.0.0.1:") {
		l.t.Fatalf("the broker says %q (%v)", addr, err)
	}
	l.broker, l.kafka = cmd, broker.Options([]string{strings.TrimSpace(addr)})
	if l.admin == nil {
		if l.admin, err = kgo.NewClient(append(l.kafka, broker.Producer()...)...); err != nil {
			l.t.Fatal(err)
		}
		l.t.Cleanup(l.admin.Close)
	}
}

// kill ends the broker's process as a crash would.
func (l *line) kill() {
	_ = l.broker.Process.Kill()
	_ = l.broker.Wait()
}

// run runs a part until the returned function, or the test's end, stops it.
func (l *line) run(name string, f func(context.Context) error) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- f(ctx) }()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-ended; err != nil {
			l.t.Errorf("%s ended: %v", name, err)
		}
	}
	l.t.Cleanup(stop)
	return stop
}

func (l *line) capture() (stop func()) {
	return l.run("capture", func(ctx context.Context) error { return capture.Run(ctx, l.config) })
}

func (l *line) applier(name, target string) (stop func()) {
	c := applier.Config{Job: l.config.Job, Name: name, Target: pg.Config{URL: target}, Prefix: "j", Kafka: l.kafka, BatchRows: 5000, Log: l.log("applier " + name)}
	return l.run("applier", func(ctx context.Context) error { return applier.Run(ctx, c) })
}

func (l *line) query(url, sql string) (string, error) {
	conn, err := pgx.Connect(l.t.Context(), url)
	if err != nil {
		return "", err
	}
	defer conn.Close(context.Background()) //nolint:errcheck
	var s string
	return s, conn.QueryRow(l.t.Context(), sql).Scan(&s)
}

func (l *line) exec(sql ...string) {
	l.t.Helper()
	conn, err := pgx.Connect(l.t.Context(), l.source)
	if err != nil {
		l.t.Fatal(err)
	}
	defer conn.Close(context.Background()) //nolint:errcheck
	for _, s := range sql {
		if _, err := conn.Exec(l.t.Context(), s); err != nil {
			l.t.Fatalf("%s: %v", s, err)
		}
	}
}

// write makes mib of rows, a transaction for every hundred of them.
func (l *line) write(from, mib int) {
	l.t.Helper()
	for i := range mib * 10 {
		first := from + i*100
		l.exec(fmt.Sprintf("insert into t select n, repeat(md5(n::text), 30) from generate_series(%d, %d) n", first, first+99))
	}
}

const digest = "select count(*) || ' ' || coalesce(md5(string_agg(t::text, ',' order by id)), '') from public.t t"

// wantEqual waits until the target holds what the source does.
func (l *line) wantEqual(target string) {
	l.t.Helper()
	want, err := l.query(l.source, digest)
	if err != nil {
		l.t.Fatal(err)
	}
	var is string
	l.await(time.Minute, "equal target", func() bool { is, err = l.query(target, digest); return err == nil && is == want },
		func() string { return fmt.Sprintf("%s (%v) instead of %s", is, err, want) })
}

func (l *line) await(limit time.Duration, what string, yes func() bool, but func() string) {
	l.t.Helper()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(limit); !yes(); {
		if time.Now().After(deadline) {
			l.t.Fatalf("no %s: %s", what, but())
		}
		<-tick.C
	}
}

func (l *line) bounds(topic string) (start, end int64) {
	l.t.Helper()
	adm := kadm.NewClient(l.admin)
	starts, err := adm.ListStartOffsets(l.t.Context(), topic)
	if err != nil {
		l.t.Fatal(err)
	}
	ends, err := adm.ListEndOffsets(l.t.Context(), topic)
	if err != nil {
		l.t.Fatal(err)
	}
	s, _ := starts.Lookup(topic, 0)
	e, _ := ends.Lookup(topic, 0)
	if err := errors.Join(s.Err, e.Err); err != nil {
		l.t.Fatal(err)
	}
	return s.Offset, e.Offset
}

// size is that of the whole log, or without some topics.
func (l *line) size(without ...string) (bytes int64) {
	l.t.Helper()
	dirs, err := kadm.NewClient(l.admin).DescribeAllLogDirs(l.t.Context(), nil)
	if err != nil {
		l.t.Fatal(err)
	}
	dirs.Each(func(d kadm.DescribedLogDir) {
		d.Topics.Each(func(p kadm.DescribedLogDirPartition) {
			if !slices.Contains(without, p.Topic) {
				bytes += p.Size
			}
		})
	})
	return bytes
}

// wantStatus waits for a report of the service with the reason.
func (l *line) wantStatus(key, reason string) *status.Report {
	l.t.Helper()
	topic := broker.Status("j")
	c, err := kgo.NewClient(append(l.kafka[:len(l.kafka):len(l.kafka)], kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: {0: kgo.NewOffset().AtStart()}}))...)
	if err != nil {
		l.t.Fatal(err)
	}
	defer c.Close()
	ctx, cancel := context.WithTimeout(l.t.Context(), time.Minute)
	defer cancel()
	var last *status.Report
	for {
		fetches := c.PollFetches(ctx)
		if ctx.Err() != nil {
			l.t.Fatalf("%s never reports %s; its last is %+v", key, reason, last)
		}
		for r := range fetches.RecordsAll() {
			report, err := schemas.DecodeStatus(r.Value)
			if err != nil {
				l.t.Fatal(err)
			}
			if string(r.Key) != key {
				continue
			}
			if last = report; report.Reason == reason {
				return report
			}
		}
	}
}
