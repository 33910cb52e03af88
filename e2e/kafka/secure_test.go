package kafka

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"floe/e2e/rig"
	"floe/pkg/nettest"
)

// certificates makes an authority with what it signed: client.pem, client.key, and server.store, key and certificate
// together.
func certificates(t *testing.T) *nettest.Authority {
	t.Helper()
	a := nettest.NewAuthority(t)
	a.Sign("client", time.Hour, "127.0.0.1")
	a.Sign("server", time.Hour, "127.0.0.1")
	var store []byte
	for _, part := range []string{"server.key", "server.pem"} {
		text, err := os.ReadFile(a.Path(part))
		if err != nil {
			t.Fatal(err)
		}
		store = append(store, text...)
	}
	if err := os.WriteFile(a.Path("server.store"), store, 0o600); err != nil {
		t.Fatal(err)
	}
	return a
}

// A job runs over TLS with a password, and over TLS with a certificate of its own, on Apache Kafka. A password
// that is changed on the brokers and in its file is taken up, without a restart.
func TestSecuredApacheKafka(t *testing.T) {
	needJava(t)
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 12*time.Minute)
	defer cancel()
	at := certificates(t).Path
	put := func(password string) {
		t.Helper()
		if err := os.WriteFile(at("password"), []byte(password+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put("first-password")
	b, err := Start(ctx, Options{Secure: &Secure{Keystore: at("server.store"), Authority: at("ca.pem"), User: "floe", Password: "first-password"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	t.Run("certificate", func(t *testing.T) {
		pair, floe := secured(ctx, t, "mutual", rig.Kafka{Brokers: []string{b.Mutual()}, TLS: &rig.KafkaTLS{CA: at("ca.pem"), Cert: at("client.pem"), Key: at("client.key")}})
		synced(ctx, t, floe)
		compare(ctx, t, pair, "account")
	})
	t.Run("password", func(t *testing.T) {
		pair, floe := secured(ctx, t, "scram", rig.Kafka{Brokers: []string{b.SASL()}, TLS: &rig.KafkaTLS{CA: at("ca.pem")},
			SASL: &rig.KafkaSASL{Mechanism: "SCRAM-SHA-512", User: "floe", Password: "${file:" + at("password") + "}"}})
		synced(ctx, t, floe)
		rotate(ctx, t, b)
		executes(ctx, t, pair.SourceURL(), "update public.account set n = n + 1 where id <= 100")
		// The services try again without a word, for the log is where they speak; a client is told.
		if r, err := floe.Client(ctx, "status"); err != nil || r.Code != 5 || !strings.Contains(r.Stderr, "SASL_AUTHENTICATION_FAILED") {
			t.Fatalf("the old password is not refused: %d, %v\n%s%s", r.Code, err, r.Stdout, r.Stderr)
		}
		put("second-password")
		synced(ctx, t, floe)
		compare(ctx, t, pair, "account")
	})
}

// rotate gives the user another password and ends all connections.
func rotate(ctx context.Context, t *testing.T, b *Broker) {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(b.Address()))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	answer, err := kadm.NewClient(client).AlterUserSCRAMs(ctx, nil, []kadm.UpsertSCRAM{{User: "floe", Mechanism: kadm.ScramSha512, Iterations: 4096, Password: "second-password"}})
	if err == nil {
		err = answer.Error()
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Stop(); err != nil {
		t.Fatal(err)
	}
	if err := b.Start(ctx); err != nil {
		t.Fatal(err)
	}
}

// secured is a running job that reaches its log as a file says.
func secured(ctx context.Context, t *testing.T, name string, log rig.Kafka) (rig.Pair, *rig.Floe) {
	t.Helper()
	pair, _ := job(ctx, t)
	floe, err := rig.NewFloe(rig.Binary(t), t.TempDir(), rig.Job{Name: name, Source: rig.Endpoint{URL: pair.SourceURL()}, Target: rig.Endpoint{URL: pair.TargetURL()},
		Objects: rig.Objects{Include: []string{"public"}}, Kafka: &log})
	if err != nil {
		t.Fatal(err)
	}
	if err := floe.Start(); err != nil {
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
	return pair, floe
}

func synced(ctx context.Context, t *testing.T, floe *rig.Floe) {
	t.Helper()
	if err := floe.Synced(ctx, 3*time.Minute); err != nil {
		t.Fatal(err)
	}
}

func executes(ctx context.Context, t *testing.T, url, sql string) {
	t.Helper()
	c, err := rig.ConnectPinned(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(context.WithoutCancel(ctx)) //nolint:errcheck
	if _, err := c.Exec(ctx, sql); err != nil {
		t.Fatal(err)
	}
}
