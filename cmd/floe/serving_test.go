package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"floe/pkg/broker"
	"floe/pkg/nettest"
)

// Nothing is served to other machines without a token, nor with one that travels readable.
func TestNothingIsServedToAnybody(t *testing.T) {
	t.Parallel()
	token, short := file(t, "token", "0123456789abcdef0123456789abcdef"), file(t, "short", "secret")
	for _, part := range [][]string{{"console", "--listen", "0.0.0.0:0"}, {"registry", "--listen", "[::]:0"}, {"capture", "--source", "postgres://127.0.0.1:1/x", "--metrics", "0.0.0.0:0"}, {"applier", "--target", "postgres://127.0.0.1:1/x", "--metrics", "192.0.2.1:0"}} {
		for _, c := range []struct {
			args []string
			says string
		}{
			{nil, "needs --token-file"}, {[]string{"--tls-cert", "x", "--tls-key", "y"}, "needs --token-file"}, {[]string{"--behind-tls-proxy"}, "needs --token-file"},
			{[]string{"--token-file", token}, "must not travel readable"}, {[]string{"--token-file", short, "--behind-tls-proxy"}, "has 6 characters"},
			{[]string{"--token-file", token, "--tls-cert", short}, "come together"}, {[]string{"--token-file", token, "--tls-cert", short, "--tls-key", short}, "read the certificate"},
			{[]string{"--token-file", token, "--viewer-token-file", token, "--behind-tls-proxy"}, "the same token"},
		} {
			args := append(append([]string{part[0], "--job", "orders", "--broker", "127.0.0.1:1"}, part[1:]...), c.args...)
			if code, _, errOut := floe(t, args...); code != codeUsage || !strings.Contains(errOut, c.says) {
				t.Errorf("%v: %d %s", args, code, errOut)
			}
		}
	}
}

// floe console serves every address, over TLS, to who has a token; a viewer looks and changes nothing.
func TestTheConsoleIsServedToWhoHasAToken(t *testing.T) {
	t.Parallel()
	b, err := broker.OpenEmbedded(t.TempDir(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	client, err := kgo.NewClient(broker.Options([]string{b.Addr})...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	if _, err := broker.EnsureTopics(t.Context(), kadm.NewClient(client), broker.Control("orders", 1)); err != nil {
		t.Fatal(err)
	}
	ours := nettest.NewAuthority(t)
	ours.Sign("console", time.Hour, "localhost")
	cert, key, pool := ours.Path("console.pem"), ours.Path("console.key"), ours.Pool()
	const operator, viewer = "operator-0123456789abcdef", "viewer-0123456789abcdef"
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	said, log := io.Pipe()
	code := make(chan int, 1)
	go func() {
		code <- run(ctx, []string{"console", "--job", "orders", "--broker", b.Addr, "--listen", "0.0.0.0:0", "--log-format", "json",
			"--token-file", file(t, "operator", operator), "--viewer-token-file", file(t, "viewer", viewer), "--tls-cert", cert, "--tls-key", key}, io.Discard, log)
		_ = log.Close()
	}()
	var line struct{ URL string }
	first := bufio.NewScanner(said)
	if !first.Scan() || json.Unmarshal(first.Bytes(), &line) != nil || !strings.HasPrefix(line.URL, "https://") {
		t.Fatalf("it said %q", first.Text())
	}
	go io.Copy(io.Discard, said) //nolint:errcheck // ends with the log
	at := "https://localhost" + line.URL[strings.LastIndex(line.URL, ":"):]
	https := http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}
	for _, c := range []struct {
		method, path, token string
		want                int
	}{
		{"GET", "/healthz", "", 200}, {"GET", "/api/v1/job", "", 401}, {"GET", "/metrics", "", 401}, {"GET", "/subjects", "", 401}, {"GET", "/api/v1/job", "wrong", 401}, {"GET", "/api/v1/job", viewer, 200},
		{"GET", "/metrics", viewer, 200}, {"GET", "/subjects", viewer, 200}, {"POST", "/api/v1/job/pause", viewer, 403}, {"POST", "/api/v1/job/pause", operator, 202}, {"GET", "/", "", 200},
	} {
		r, err := http.NewRequestWithContext(ctx, c.method, at+c.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if c.token != "" {
			r.Header.Set("Authorization", "Bearer "+c.token)
		}
		res, err := https.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if res.StatusCode != c.want || c.path == "/" && res.Request.URL.Path != "/login" || strings.Contains(string(body), operator) {
			t.Errorf("%s %s as %q: %d %s", c.method, c.path, c.token, res.StatusCode, body)
		}
	}
	cancel()
	if c := <-code; c != codeOK {
		t.Errorf("exit code %d", c)
	}
}
