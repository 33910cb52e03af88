package main

import (
	"context"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/sasl/scram"

	"floe/e2e/rig"
	"floe/pkg/broker"
	"floe/pkg/nettest"
)

// A password that the brokers refuse while services run is said by them, with the remedy, once, and by the service's
// readiness and by every command; the right one is read from its file, without a restart.
func TestARefusedPasswordOfKafkaIsSaid(t *testing.T) {
	t.Parallel()
	var at *nettest.Listener
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.EnableSASL(), kfake.Superuser("SCRAM-SHA-512", "u", "first"), kfake.ListenFn(func(network, addr string) (_ net.Listener, err error) {
		at, err = nettest.Listen(network, addr)
		return at, err
	}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	var refuses atomic.Bool
	c.ControlKey(int16(kmsg.SASLAuthenticate), func(r kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		if !refuses.Load() {
			return nil, nil, false
		}
		answer := r.ResponseKind().(*kmsg.SASLAuthenticateResponse)
		answer.ErrorCode = kerr.SaslAuthenticationFailed.Code
		return answer, nil, true
	})
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	password := filepath.Join(t.TempDir(), "password")
	put := func(text string) {
		t.Helper()
		if err := os.WriteFile(password, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put("first")
	f, source, target := devJob(t, "door", func(j *rig.Job) {
		j.Kafka = &rig.Kafka{Brokers: c.ListenAddrs(), SASL: &rig.KafkaSASL{Mechanism: "SCRAM-SHA-512", User: "u", Password: "${file:" + password + "}"}}
	}, shop)
	a := &apart{Floe: f, t: t, ctx: ctx, log: []string{"-f", f.JobFile()}}
	service := func(name, metrics string) *rig.Service {
		t.Helper()
		s, err := f.Service(name, name, "-f", f.JobFile(), "--metrics", metrics)
		if err != nil {
			t.Fatal(err)
		}
		a.ends(s)
		return s
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	metrics := free.Addr().String()
	_ = free.Close()
	capture, applier := service("capture", metrics), service("applier", "off")
	a.client(codeOK, "start", "--wait", "SYNCING", "--timeout", "3m")
	ready := func() int {
		r, err := http.Get("http://" + metrics + "/readyz")
		if err != nil {
			return 0
		}
		_ = r.Body.Close()
		return r.StatusCode
	}
	if got := ready(); got != http.StatusOK {
		t.Errorf("a service that runs is ready: %d", got)
	}

	admin, err := kgo.NewClient(append(broker.Options(c.ListenAddrs()), kgo.SASL(scram.Auth{User: "u", Pass: "first"}.AsSha512Mechanism()))...)
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	answer, err := kadm.NewClient(admin).AlterUserSCRAMs(t.Context(), nil, []kadm.UpsertSCRAM{{User: "u", Mechanism: kadm.ScramSha512, Iterations: 4096, Password: "second"}})
	if err != nil || answer.Error() != nil {
		t.Fatal(err, answer.Error())
	}
	refuses.Store(true)
	at.Cut()
	for _, s := range []*rig.Service{capture, applier} {
		if err := s.Says(a.ctx, "the broker refuses this service"); err != nil {
			t.Fatal(err)
		}
		wantWords(t, s.Log(), "level=ERROR", "code=auth-failed", "SASL_AUTHENTICATION_FAILED", "correct kafka.sasl's user or password where its reference points")
	}
	until(t, "capture is not ready", func() bool { return ready() == http.StatusServiceUnavailable })
	for _, args := range [][]string{{"status"}, {"doctor"}, {"pause"}, {"wait", "--synced"}, {"tail", "public.item"}, {"topics"}} {
		wantWords(t, a.client(codeUnreachable, args...).Stderr, "the broker refuses the user or the password", "SASL_AUTHENTICATION_FAILED", "floe errors explain auth-failed")
	}
	query(t, source, "insert into item values (1001, 'meanwhile')")
	refuses.Store(false)
	put("second")
	a.client(codeOK, "wait", "--synced", "--timeout", "3m")
	if got := query(t, target, "select count(*) from item"); got != "501" {
		t.Errorf("%s rows", got)
	}
	for _, s := range []*rig.Service{capture, applier} {
		if err := s.Says(a.ctx, "the broker answers again"); err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(s.Log(), "the broker refuses this service"); n > 3 {
			t.Errorf("said %d times: %s", n, s.Log())
		}
	}
	until(t, "capture is ready again", func() bool { return ready() == http.StatusOK })
}
