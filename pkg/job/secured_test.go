package job

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"floe/pkg/nettest"
	"floe/pkg/registry"
)

// signed is a certificate of 127.0.0.1 and the name, NAME.pem and NAME.key.
func signed(a *nettest.Authority, name string) tls.Certificate {
	return a.Sign(name, time.Hour, name, "127.0.0.1")
}

// pings connects as a job file with these fields does, and asks the broker for itself.
func pings(t *testing.T, broker, rest string) error {
	t.Helper()
	opts, err := parse(t, fmt.Sprintf("kafka: {brokers: [%q], %s}\n", broker, rest)).Kafka.Options()
	if err != nil {
		t.Fatal(err)
	}
	client, err := kgo.NewClient(append(opts, kgo.RetryTimeout(2*time.Second), kgo.RequestRetries(1))...)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	return client.Ping(ctx)
}

// A log that encrypts and asks for a password is reached with its authority and that password alone.
func TestKafkaOverTLSWithScram(t *testing.T) {
	t.Parallel()
	ours, other := nettest.NewAuthority(t), nettest.NewAuthority(t)
	for _, mechanism := range []string{mechanism512, mechanism256, mechanismPlain} {
		c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.TLS(&tls.Config{Certificates: []tls.Certificate{signed(ours, "broker")}}), kfake.EnableSASL(), kfake.Superuser(mechanism, "u", "right"))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		at := c.ListenAddrs()[0]
		with := func(ca, password string) string {
			return fmt.Sprintf("tls: {ca: %q}, sasl: {mechanism: %s, user: u, password: '${FLOE_TEST_NO_SUCH:-%s}'}", ca, mechanism, password)
		}
		if err := pings(t, at, with(ours.CA(), "right")); err != nil {
			t.Errorf("%s: %v", mechanism, err)
		}
		if err := pings(t, at, with(ours.CA(), "hunter2")); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: a wrong password: %v", mechanism, err)
		}
		if err := pings(t, at, with(other.CA(), "right")); err == nil || !strings.Contains(err.Error(), "unknown authority") {
			t.Errorf("%s: another authority: %v", mechanism, err)
		}
		if err := pings(t, at, fmt.Sprintf("tls: {ca: %q, server_name: elsewhere}, sasl: {mechanism: %s, user: u, password: '${FLOE_TEST_NO_SUCH:-right}'}", ours.CA(), mechanism)); err == nil || !strings.Contains(err.Error(), "elsewhere") {
			t.Errorf("%s: another name: %v", mechanism, err)
		}
	}
}

// A log and a registry whose certificate ran out, or is another host's, are not spoken to.
func TestCertificatesThatProveNothingAreRefused(t *testing.T) {
	t.Parallel()
	ours := nettest.NewAuthority(t)
	for says, shown := range map[string]tls.Certificate{"expired": ours.Sign("late", -time.Hour, "late", "127.0.0.1"), "doesn't contain any IP SANs": ours.Sign("elsewhere", time.Hour, "elsewhere")} {
		c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.TLS(&tls.Config{Certificates: []tls.Certificate{shown}}), kfake.EnableSASL(), kfake.Superuser(mechanism512, "u", "right"))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if err := pings(t, c.ListenAddrs()[0], fmt.Sprintf("tls: {ca: %q}, sasl: {mechanism: %s, user: u, password: '${FLOE_TEST_NO_SUCH:-right}'}", ours.CA(), mechanism512)); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("a broker's that is %s: %v", says, err)
		}
		server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("[]")) }))
		server.Config.ErrorLog = log.New(io.Discard, "", 0)
		server.TLS = &tls.Config{Certificates: []tls.Certificate{shown}}
		server.StartTLS()
		defer server.Close()
		secure, err := parse(t, fmt.Sprintf("registry: {url: %q, tls: {ca: %q}}\n", server.URL, ours.CA())).RegistryTLS.Config()
		if err != nil {
			t.Fatal(err)
		}
		r, err := registry.NewRemote(server.URL, secure)
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Ping(t.Context()); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("a registry's that is %s: %v", says, err)
		}
	}
}

// A log that asks for the client's certificate takes that of its authority, and no other.
func TestKafkaOverMutualTLS(t *testing.T) {
	t.Parallel()
	ours, other := nettest.NewAuthority(t), nettest.NewAuthority(t)
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.TLS(&tls.Config{Certificates: []tls.Certificate{signed(ours, "broker")}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: ours.Pool()}))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ours.Sign("late", -time.Hour, "late")
	signed(ours, "floe")
	signed(other, "floe")
	for _, x := range []struct {
		shown string
		ok    bool
	}{{ours.Path("floe"), true}, {other.Path("floe"), false}, {ours.Path("late"), false}, {"", false}} {
		rest := fmt.Sprintf("tls: {ca: %q}", ours.CA())
		if x.shown != "" {
			rest = fmt.Sprintf("tls: {ca: %q, cert: %q, key: %q}", ours.CA(), x.shown+".pem", x.shown+".key")
		}
		if err := pings(t, c.ListenAddrs()[0], rest); (err == nil) != x.ok {
			t.Errorf("%s: %v", rest, err)
		}
	}
}

// A registry behind https is asked as the job file says: by its authority, with a certificate if it wants
// one.
func TestRegistryOverTLS(t *testing.T) {
	t.Parallel()
	ours, other := nettest.NewAuthority(t), nettest.NewAuthority(t)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, password, _ := r.BasicAuth(); user != "u" || password != "right" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		_, _ = w.Write([]byte("[]"))
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{signed(ours, "registry")}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: ours.Pool()}
	server.StartTLS()
	defer server.Close()
	signed(ours, "floe")
	signed(other, "floe")
	own := func(a *nettest.Authority) string {
		return fmt.Sprintf("ca: %q, cert: %q, key: %q", ours.CA(), a.Path("floe.pem"), a.Path("floe.key"))
	}
	for rest, ok := range map[string]bool{own(ours): true, own(other): false, fmt.Sprintf("ca: %q", ours.CA()): false, fmt.Sprintf("ca: %q", other.CA()): false} {
		j := parse(t, fmt.Sprintf("registry: {url: %q, tls: {%s}}\n", strings.Replace(server.URL, "//", "//u:${FLOE_TEST_NO_SUCH:-right}@", 1), rest))
		secure, err := j.RegistryTLS.Config()
		if err != nil {
			t.Fatal(err)
		}
		url, err := j.Registry.Resolve()
		if err != nil {
			t.Fatal(err)
		}
		r, err := registry.NewRemote(url, secure)
		if err != nil {
			t.Fatal(err)
		}
		r.Anew(j.Registry.Resolve)
		if err := r.Ping(t.Context()); (err == nil) != ok || err != nil && strings.Contains(err.Error(), "right") {
			t.Errorf("%s: %v", rest, err)
		}
	}
}

// What a connection proves itself by is read when it is made: a client that was opened with an old password,
// or an old certificate, goes on with the new one.
func TestSecretsAreReadAtEachConnect(t *testing.T) {
	t.Parallel()
	ours, other := nettest.NewAuthority(t), nettest.NewAuthority(t)
	var at *nettest.Listener
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.TLS(&tls.Config{Certificates: []tls.Certificate{signed(ours, "broker")}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: ours.Pool()}),
		kfake.EnableSASL(), kfake.Superuser(mechanism512, "u", "first"), kfake.ListenFn(func(network, addr string) (_ net.Listener, err error) {
			at, err = nettest.Listen(network, addr)
			return at, err
		}))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for _, a := range []*nettest.Authority{ours, other} {
		signed(a, "floe")
	}
	password := ours.Path("password")
	put := func(path, text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	own := func(a *nettest.Authority) { // as a rotation does, the key and then the certificate
		t.Helper()
		for _, end := range []string{"key", "pem"} {
			text, err := os.ReadFile(a.Path("floe." + end))
			if err != nil {
				t.Fatal(err)
			}
			put(ours.Path("mine."+end), string(text))
		}
	}
	put(password, "first\n")
	own(ours)
	opts, err := parse(t, fmt.Sprintf("kafka: {brokers: [%q], tls: {ca: %q, cert: %q, key: %q}, sasl: {mechanism: %s, user: u, password: '${file:%s}'}}\n",
		c.ListenAddrs()[0], ours.CA(), ours.Path("mine.pem"), ours.Path("mine.key"), mechanism512, password)).Kafka.Options()
	if err != nil {
		t.Fatal(err)
	}
	client, err := kgo.NewClient(append(opts, kgo.RetryTimeout(2*time.Second), kgo.RequestRetries(1))...)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	wants := func(what string, ok bool) {
		t.Helper()
		at.Cut()
		if err := client.Ping(t.Context()); (err == nil) != ok {
			t.Errorf("%s: %v", what, err)
		}
	}
	wants("as it was", true)
	put(password, "second")
	wants("a password that the broker does not have yet", false)
	altered, err := kadm.NewClient(admin(t, opts, password, put)).AlterUserSCRAMs(t.Context(), nil, []kadm.UpsertSCRAM{{User: "u", Mechanism: kadm.ScramSha512, Iterations: 4096, Password: "second"}})
	if err != nil || altered.Error() != nil {
		t.Fatal(err, altered.Error())
	}
	put(password, "second")
	wants("the new password", true)
	own(other)
	wants("a certificate of somebody else", false)
	own(ours)
	wants("its own again", true)
}

// admin is a client that was let in with the first password.
func admin(t *testing.T, opts []kgo.Opt, password string, put func(path, text string)) *kgo.Client {
	t.Helper()
	put(password, "first")
	client, err := kgo.NewClient(opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	if err := client.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	return client
}
