package job

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"floe/pkg/registry"
)

// authority signs certificates for one test.
type authority struct {
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T, name string) *authority {
	t.Helper()
	a := &authority{dir: t.TempDir()}
	var err error
	if a.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &a.key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	if a.cert, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	a.write(t, "ca.pem", "CERTIFICATE", der)
	return a
}

func (a *authority) path(name string) string { return filepath.Join(a.dir, name) }

func (a *authority) write(t *testing.T, name, kind string, der []byte) {
	t.Helper()
	if err := os.WriteFile(a.path(name), pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
}

// sign makes NAME.pem and NAME.key, for 127.0.0.1 and the DNS name.
func (a *authority) sign(t *testing.T, name string) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		DNSNames: []string{name}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, &key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	a.write(t, name+".pem", "CERTIFICATE", der)
	a.write(t, name+".key", "EC PRIVATE KEY", private)
	pair, err := tls.LoadX509KeyPair(a.path(name+".pem"), a.path(name+".key"))
	if err != nil {
		t.Fatal(err)
	}
	return pair
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
	ours, other := newAuthority(t, "ours"), newAuthority(t, "other")
	for _, mechanism := range []string{mechanism512, mechanism256, mechanismPlain} {
		c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.TLS(&tls.Config{Certificates: []tls.Certificate{ours.sign(t, "broker")}}), kfake.EnableSASL(), kfake.Superuser(mechanism, "u", "right"))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		at := c.ListenAddrs()[0]
		with := func(ca, password string) string {
			return fmt.Sprintf("tls: {ca: %q}, sasl: {mechanism: %s, user: u, password: %s}", ca, mechanism, password)
		}
		if err := pings(t, at, with(ours.path("ca.pem"), "right")); err != nil {
			t.Errorf("%s: %v", mechanism, err)
		}
		if err := pings(t, at, with(ours.path("ca.pem"), "hunter2")); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: a wrong password: %v", mechanism, err)
		}
		if err := pings(t, at, with(other.path("ca.pem"), "right")); err == nil || !strings.Contains(err.Error(), "unknown authority") {
			t.Errorf("%s: another authority: %v", mechanism, err)
		}
		if err := pings(t, at, fmt.Sprintf("tls: {ca: %q, server_name: elsewhere}, sasl: {mechanism: %s, user: u, password: right}", ours.path("ca.pem"), mechanism)); err == nil || !strings.Contains(err.Error(), "elsewhere") {
			t.Errorf("%s: another name: %v", mechanism, err)
		}
	}
}

// A log that asks for the client's certificate takes that of its authority, and no other.
func TestKafkaOverMutualTLS(t *testing.T) {
	t.Parallel()
	ours, other := newAuthority(t, "ours"), newAuthority(t, "other")
	clients := x509.NewCertPool()
	clients.AddCert(ours.cert)
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.TLS(&tls.Config{Certificates: []tls.Certificate{ours.sign(t, "broker")}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: clients}))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ours.sign(t, "floe")
	other.sign(t, "floe")
	for _, x := range []struct {
		from *authority
		ok   bool
	}{{ours, true}, {other, false}, {nil, false}} {
		rest := fmt.Sprintf("tls: {ca: %q}", ours.path("ca.pem"))
		if x.from != nil {
			rest = fmt.Sprintf("tls: {ca: %q, cert: %q, key: %q}", ours.path("ca.pem"), x.from.path("floe.pem"), x.from.path("floe.key"))
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
	ours, other := newAuthority(t, "ours"), newAuthority(t, "other")
	clients := x509.NewCertPool()
	clients.AddCert(ours.cert)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, password, _ := r.BasicAuth(); user != "u" || password != "right" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		_, _ = w.Write([]byte("[]"))
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{ours.sign(t, "registry")}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: clients}
	server.StartTLS()
	defer server.Close()
	ours.sign(t, "floe")
	other.sign(t, "floe")
	own := func(a *authority) string {
		return fmt.Sprintf("ca: %q, cert: %q, key: %q", ours.path("ca.pem"), a.path("floe.pem"), a.path("floe.key"))
	}
	for rest, ok := range map[string]bool{own(ours): true, own(other): false, fmt.Sprintf("ca: %q", ours.path("ca.pem")): false, fmt.Sprintf("ca: %q", other.path("ca.pem")): false} {
		j := parse(t, fmt.Sprintf("registry: {url: %q, tls: {%s}}\n", strings.Replace(server.URL, "//", "//u:right@", 1), rest))
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
	ours, other := newAuthority(t, "ours"), newAuthority(t, "other")
	clients := x509.NewCertPool()
	clients.AddCert(ours.cert)
	var cut atomic.Pointer[func()]
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.TLS(&tls.Config{Certificates: []tls.Certificate{ours.sign(t, "broker")}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: clients}),
		kfake.EnableSASL(), kfake.Superuser(mechanism512, "u", "first"), kfake.ListenFn(func(network, addr string) (net.Listener, error) {
			l, err := net.Listen(network, addr)
			k := &kept{Listener: l}
			end := k.end
			cut.Store(&end)
			return k, err
		}))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for _, a := range []*authority{ours, other} {
		a.sign(t, "floe")
	}
	password := ours.path("password")
	put := func(path, text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	own := func(a *authority) { // as a rotation does, the key and then the certificate
		t.Helper()
		for _, end := range []string{"key", "pem"} {
			text, err := os.ReadFile(a.path("floe." + end))
			if err != nil {
				t.Fatal(err)
			}
			put(ours.path("mine."+end), string(text))
		}
	}
	put(password, "first\n")
	own(ours)
	opts, err := parse(t, fmt.Sprintf("kafka: {brokers: [%q], tls: {ca: %q, cert: %q, key: %q}, sasl: {mechanism: %s, user: u, password: '${file:%s}'}}\n",
		c.ListenAddrs()[0], ours.path("ca.pem"), ours.path("mine.pem"), ours.path("mine.key"), mechanism512, password)).Kafka.Options()
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
		(*cut.Load())()
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

// kept is a listener whose connections can be cut.
type kept struct {
	net.Listener
	mu    sync.Mutex
	conns []net.Conn
}

func (k *kept) Accept() (net.Conn, error) {
	c, err := k.Listener.Accept()
	k.mu.Lock()
	defer k.mu.Unlock()
	if err == nil {
		k.conns = append(k.conns, c)
	}
	return c, err
}

func (k *kept) end() {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, c := range k.conns {
		_ = c.Close()
	}
	k.conns = nil
}
