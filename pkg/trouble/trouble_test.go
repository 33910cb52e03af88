package trouble

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"floe/pkg/broker"
	"floe/pkg/halt"
	"floe/pkg/pg"
	"floe/pkg/pgtest"
	"floe/pkg/registry"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func want(t *testing.T, side Side, err error, reason string) {
	t.Helper()
	if err == nil {
		t.Fatal("nothing went wrong")
	}
	got := Of(side, fmt.Errorf("apply a batch: %w", err))
	if got.Reason != reason || got.State != "RETRYING" {
		t.Errorf("%v is %s, %s, instead of %s", err, got.State, got.Reason, reason)
	}
	if known := Reasons(); got.Reason != "disk-full" && !slices.Contains(known, got.Reason) { // that is a halt's code, too
		t.Errorf("%s is not among %v", got.Reason, known)
	}
}

// A broker and a database that are away give errors of the same text; the reason tells them apart.
func TestBrokerAndDatabaseThatAreAway(t *testing.T) {
	t.Parallel()
	client, err := kgo.NewClient(append(broker.Options([]string{"127.0.0.1:1"}), kgo.RequestRetries(1))...)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	_, err = kadm.NewClient(client).ListTopics(t.Context())
	want(t, Source, err, "broker-unreachable")
	_, err = pg.Connect(t.Context(), pg.Config{URL: "postgres://u@127.0.0.1:1/db?sslmode=disable"}, pg.Admin)
	want(t, Source, err, "source-unreachable")
	want(t, Target, err, "target-unreachable")
	ctx, cancel := context.WithTimeout(t.Context(), time.Nanosecond)
	defer cancel()
	_, err = pg.Connect(ctx, pg.Config{URL: "postgres://u@127.0.0.1:1/db?sslmode=disable"}, pg.Admin)
	want(t, Target, err, "target-unreachable")
}

func TestWhatARealServerRefuses(t *testing.T) {
	t.Parallel()
	url := pgtest.NewDB(t, pgtest.Shared(t), "create table t (id int)", "create role nobody login")
	connect := func(url string) *pgconn.PgConn {
		conn, err := pgconn.Connect(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close(context.Background()) })
		return conn
	}
	conn := connect(url)
	run := func(sql string) error {
		_, err := conn.Exec(t.Context(), sql).ReadAll()
		return err
	}
	want(t, Target, run("begin read only; delete from t"), "target-read-only")
	want(t, Target, run("rollback; set role nobody; select * from t"), "auth-failed")
	want(t, Target, run("reset role; select nothing"), "target-refused")
	other := connect(url)
	if _, err := other.Exec(t.Context(), fmt.Sprintf("select pg_terminate_backend(%d)", conn.PID())).ReadAll(); err != nil {
		t.Fatal(err)
	}
	want(t, Source, run("select 1"), "source-shutting-down")
	want(t, Source, run("select 1"), "source-unreachable") // the connection is closed by now
}

func TestCodes(t *testing.T) {
	t.Parallel()
	for code, reason := range map[string]string{"28P01": "auth-failed", "28000": "auth-failed", "53100": "disk-full", "57P03": "source-starting",
		"08006": "source-unreachable", "53300": "source-busy", "42601": "source-refused"} {
		want(t, Source, &pgconn.PgError{Code: code}, reason)
	}
	for err, reason := range map[*kerr.Error]string{kerr.SaslAuthenticationFailed: "auth-failed", kerr.TopicAuthorizationFailed: "auth-failed",
		kerr.NotLeaderForPartition: "broker-unreachable", kerr.KafkaStorageError: "disk-full", kerr.MessageTooLarge: "broker-refused"} {
		want(t, Target, err, reason)
	}
	for err, reason := range map[error]string{io.ErrUnexpectedEOF: "target-unreachable", net.ErrClosed: "target-unreachable", errors.New("a bug"): "internal"} {
		want(t, Target, err, reason)
	}
}

func TestHaltsKeepTheirNames(t *testing.T) {
	t.Parallel()
	got := Of(Target, fmt.Errorf("start: %w", &halt.Error{Code: halt.TopicReset, Detail: "d", Fix: "f", Err: errors.New("cause")}))
	if got != (Trouble{"FAILED", "topic-reset", "d: cause", "f"}) {
		t.Errorf("got %+v", got)
	}
	if got := Of(Target, halt.New(halt.ConstraintViolation, "", "")); got.State != "BLOCKED" {
		t.Errorf("a refused row: %+v", got)
	}
}

// The connection that a registry refuses is not the source's.
func TestARegistryThatIsAwayIsNamed(t *testing.T) {
	t.Parallel()
	want(t, Source, &registry.UnreachableError{URL: "http://sr:8081", Subject: "j.public.t-value", Err: &net.OpError{Op: "dial", Err: io.EOF}}, "registry-unreachable")
}
