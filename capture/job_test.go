package capture_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/twmb/franz-go/pkg/kgo"

	"floe/capture"
	"floe/pkg/broker"
	"floe/pkg/event"
	"floe/pkg/ident"
	"floe/pkg/pg"
	"floe/pkg/pgtest"
)

// job is a source, a broker, and captures of one job between them.
type job struct {
	t      testing.TB
	url    string
	conn   *pgx.Conn // with the pinned settings
	user   *pgx.Conn // as anybody's
	broker *broker.Embedded
	config capture.Config
	stop   context.CancelFunc
	ended  chan error
	// sentinels counts tables that were made to see what capture knows.
	sentinels int
}

// newJob makes a database with the statements run in it, and a broker; capture is not started.
func newJob(t testing.TB, sql ...string) *job {
	t.Helper()
	return newJobOn(t, pgtest.Shared(t), sql...)
}

func newJobOn(t testing.TB, server *pgtest.Server, sql ...string) *job {
	t.Helper()
	j := &job{t: t, url: pgtest.NewDB(t, server, sql...)}
	b, err := broker.OpenEmbedded(t.TempDir(), logOf(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	j.broker = b
	j.config = capture.Config{Job: jobName(t), Source: pg.Config{URL: j.url}, Prefix: "j", Kafka: broker.Options([]string{b.Addr}),
		Partitions: 1, Replication: 1, Includes: func(n ident.Name) bool { return true }, Everything: true,
		ChunkHold: 50 * time.Millisecond, ShutdownGrace: 10 * time.Second, Log: logOf(t)}
	j.connect()
	t.Cleanup(func() {
		_ = j.conn.Close(context.Background())
		_ = j.user.Close(context.Background())
	})
	return j
}

// connect opens the test's own sessions.
func (j *job) connect() {
	j.t.Helper()
	var err error
	if j.conn, err = pg.Connect(j.t.Context(), j.config.Source, pg.Read); err != nil {
		j.t.Fatal(err)
	}
	if j.user, err = pgx.Connect(j.t.Context(), j.url); err != nil {
		j.t.Fatal(err)
	}
}

// jobName tells jobs on one server apart: publications and slots bear it.
func jobName(t testing.TB) string {
	var b strings.Builder
	for _, r := range strings.ToLower(t.Name()) {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			b.WriteRune(r)
		}
	}
	s := b.String()
	return s[max(0, len(s)-30):]
}

type testLog struct{ t testing.TB }

func (l testLog) Write(p []byte) (int, error) {
	l.t.Log(strings.TrimSpace(string(p)))
	return len(p), nil
}

func logOf(t testing.TB) *slog.Logger { return slog.New(slog.NewTextHandler(testLog{t}, nil)) }

// start runs a capture until the test ends or halt is called.
func (j *job) start() {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	j.stop, j.ended = cancel, ended
	config := j.config // a test may change its own for what it does next
	go func() { ended <- capture.Run(ctx, config) }()
	j.t.Cleanup(j.halt)
}

// halt stops the running capture, as SIGTERM would.
func (j *job) halt() {
	if j.stop == nil {
		return
	}
	j.stop()
	j.stop = nil
	if err := <-j.ended; err != nil {
		j.t.Errorf("capture ended: %v", err)
	}
}

// exec runs statements on the source, each in its own transaction unless it says otherwise.
func (j *job) exec(sql ...string) {
	j.t.Helper()
	for _, s := range sql {
		if _, err := j.user.PgConn().Exec(j.t.Context(), s).ReadAll(); err != nil {
			j.t.Fatalf("%s: %v", s, err)
		}
	}
}

// end is where the source's WAL ends now.
func (j *job) end() event.LSN {
	j.t.Helper()
	var s string
	// The commit of a message flushes what an idle source would keep to itself for up to 15 seconds.
	if err := j.conn.QueryRow(j.t.Context(), "select pg_logical_emit_message(true, 'test', '')::text").Scan(&s); err != nil {
		j.t.Fatal(err)
	}
	lsn, err := event.ParseLSN(s)
	if err != nil {
		j.t.Fatal(err)
	}
	if in := lsn % 8192; in == 24 || in == 40 { // an idle source does not pass the page header that it stands behind
		lsn -= in
	}
	return lsn
}

func (j *job) client(opts ...kgo.Opt) *kgo.Client {
	j.t.Helper()
	c, err := kgo.NewClient(append(broker.Options([]string{j.broker.Addr}), opts...)...)
	if err != nil {
		j.t.Fatal(err)
	}
	j.t.Cleanup(c.Close)
	return c
}
