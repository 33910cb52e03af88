package access

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"floe/pkg/nettest"
)

// certificate writes a certificate of 127.0.0.1 as an authority's nth.
func certificate(t *testing.T, a *nettest.Authority, n int64) (cert, key string, serial *big.Int) {
	t.Helper()
	pair := a.Sign("server", time.Hour, "127.0.0.1")
	cert, key = a.Path("server.pem"), a.Path("server.key")
	at := time.Unix(1_000_000+n, 0) // a clock too coarse to tell two writes apart
	for _, path := range []string{key, cert} {
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key, pair.Leaf.SerialNumber
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
	ours := nettest.NewAuthority(t)
	cert, key, _ := certificate(t, ours, 1)
	at := serve(t, Config{Cert: cert, Key: key}, http.NotFoundHandler())
	_, _, want := certificate(t, ours, 2)
	c, err := (&tls.Dialer{Config: &tls.Config{RootCAs: ours.Pool()}}).DialContext(t.Context(), "tcp", at)
	if err != nil {
		t.Fatal(err)
	}
	if got := c.(*tls.Conn).ConnectionState().PeerCertificates[0].SerialNumber; got.Cmp(want) != 0 {
		t.Errorf("certificate %s is served, want %s", got, want)
	}
	_ = c.Close()
	if err := os.WriteFile(cert, []byte("broken"), 0o600); err != nil {
		t.Fatal(err)
	}
	if c, err = (&tls.Dialer{Config: &tls.Config{RootCAs: ours.Pool()}}).DialContext(t.Context(), "tcp", at); err != nil {
		t.Fatalf("a broken file ends serving: %v", err)
	}
	_ = c.Close()
	if c, err = (&tls.Dialer{Config: &tls.Config{RootCAs: ours.Pool(), MaxVersion: tls.VersionTLS11}}).DialContext(t.Context(), "tcp", at); err == nil {
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

// Who sends slowly is not waited for, neither for a request's head nor for its body; heads and bodies are bounded.
func TestWhoIsSlowOrLongIsNotHeard(t *testing.T) {
	t.Parallel()
	read := make(chan error, 10)
	at := serve(t, Config{}, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, err := io.Copy(io.Discard, r.Body)
		read <- err
		w.WriteHeader(http.StatusTeapot)
	}))
	const head = "POST / HTTP/1.1\r\nHost: localhost\r\n"
	var all []net.Conn
	texts := []string{"", head + "X-A: ", head + "Content-Length: 100\r\n\r\nx", head + "X-A: " + strings.Repeat("a", 100<<10) + "\r\n\r\n",
		head + "Content-Length: 1000000000\r\n\r\n" + strings.Repeat("a", MostBody+1)}
	for _, text := range texts {
		c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", at)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		_ = c.SetDeadline(time.Now().Add(2 * time.Minute))
		_, _ = io.WriteString(c, text) // the server may have closed it
		all = append(all, c)
	}
	for i, want := range []string{"", "", "HTTP/1.1 418", "HTTP/1.1 431", "HTTP/1.1 418"} {
		answer, err := io.ReadAll(all[i])
		if late := net.Error(nil); errors.As(err, &late) && late.Timeout() || !strings.HasPrefix(string(answer), want) || want == "" && len(answer) > 0 {
			t.Errorf("%.60q: %v, %.60q", texts[i], err, answer)
		}
	}
	for range 2 { // the two bodies
		err, large := <-read, (*http.MaxBytesError)(nil)
		if late := net.Error(nil); !errors.As(err, &large) && !(errors.As(err, &late) && late.Timeout()) {
			t.Errorf("a body ended with %v", err)
		}
	}
}
