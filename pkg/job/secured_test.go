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
	"testing"
	"time"

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
		if err := r.Ping(t.Context()); (err == nil) != ok || err != nil && strings.Contains(err.Error(), "right") {
			t.Errorf("%s: %v", rest, err)
		}
	}
}
