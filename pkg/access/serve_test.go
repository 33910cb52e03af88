package access

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// certificate writes a certificate of 127.0.0.1 with a serial number.
func certificate(t *testing.T, dir string, serial int64) (cert, key string, pool *x509.CertPool) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(serial), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &k.PublicKey, k)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(dir, "cert"), filepath.Join(dir, "key")
	at := time.Unix(1_000_000+serial, 0) // a clock too coarse to tell two writes apart
	for path, b := range map[string]*pem.Block{key: {Type: "PRIVATE KEY", Bytes: keyDER}, cert: {Type: "CERTIFICATE", Bytes: der}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(b), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool = x509.NewCertPool()
	pool.AddCert(parsed)
	return cert, key, pool
}

func serve(t *testing.T, c Config, h http.Handler) string {
	t.Helper()
	g, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- g.Serve(ctx, l, h) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return l.Addr().String()
}

// A renewed certificate is served without a restart, nothing below TLS 1.2 and nothing readable.
func TestCertificatesAreReadAnew(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cert, key, _ := certificate(t, dir, 1)
	at := serve(t, Config{Cert: cert, Key: key}, http.NotFoundHandler())
	_, _, pool := certificate(t, dir, 2)
	c, err := (&tls.Dialer{Config: &tls.Config{RootCAs: pool}}).DialContext(t.Context(), "tcp", at)
	if err != nil {
		t.Fatal(err)
	}
	if got := c.(*tls.Conn).ConnectionState().PeerCertificates[0].SerialNumber.Int64(); got != 2 {
		t.Errorf("certificate %d is served", got)
	}
	_ = c.Close()
	if err := os.WriteFile(cert, []byte("broken"), 0o600); err != nil {
		t.Fatal(err)
	}
	if c, err = (&tls.Dialer{Config: &tls.Config{RootCAs: pool}}).DialContext(t.Context(), "tcp", at); err != nil {
		t.Fatalf("a broken file ends serving: %v", err)
	}
	_ = c.Close()
	if c, err = (&tls.Dialer{Config: &tls.Config{RootCAs: pool, MaxVersion: tls.VersionTLS11}}).DialContext(t.Context(), "tcp", at); err == nil {
		_ = c.Close()
		t.Error("TLS 1.1 is spoken")
	}
	if r, err := http.Get("http://" + at + "/"); err == nil { //nolint:noctx
		_ = r.Body.Close()
		if r.StatusCode == http.StatusOK || r.StatusCode == http.StatusNotFound {
			t.Errorf("without TLS: %s", r.Status)
		}
	}
}

// More connections than are served are refused at once; when one ends the next is served.
func TestConnectionsAreBounded(t *testing.T) {
	t.Parallel()
	at := serve(t, Config{}, http.NotFoundHandler())
	dial := func() net.Conn {
		c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", at)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		return c
	}
	answered := func(c net.Conn) bool {
		_ = c.SetDeadline(time.Now().Add(2 * time.Minute))
		_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
		b := make([]byte, 12)
		_, err := io.ReadFull(c, b)
		return err == nil && string(b) == "HTTP/1.1 404"
	}
	held := make([]net.Conn, MostConnections)
	for i := range held {
		held[i] = dial()
	}
	if !answered(held[MostConnections-1]) {
		t.Fatal("the last connection that fits is not served")
	}
	if answered(dial()) {
		t.Error("one more is served")
	}
	for _, c := range held[:50] {
		_ = c.Close()
	}
	for deadline := time.Now().Add(2 * time.Minute); !answered(dial()); {
		if time.Now().After(deadline) {
			t.Fatal("none is served after some ended")
		}
	}
}
