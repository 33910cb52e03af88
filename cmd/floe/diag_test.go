package main

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"floe/e2e/rig"
)

// unpacked are the texts of a diagnosis.
func unpacked(t *testing.T, path string) map[string]string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() //nolint:errcheck
	zip, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for r := tar.NewReader(zip); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		out[strings.TrimPrefix(h.Name, "floe-diag/")] = string(text)
	}
}

// diagnosed looks for passwords in a diagnosis of a running job, and for what should be there.
func diagnosed(ctx context.Context, t *testing.T, f *rig.Floe, when string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "diag.tar.gz")
	if r, err := f.Client(ctx, "diag", "-o", path); err != nil || r.Code != codeOK {
		t.Fatalf("%+v, %v", r, err)
	}
	texts := unpacked(t, path)
	for name, want := range map[string]string{"version.json": "Go", "job.yaml": "name: canary", "status.json": "canary", "topics.txt": "canary.floe.ledger/0 ", "checks.json": `"severity"`, "metrics.txt": "floe_", "endpoint.json": "pids"} {
		if !strings.Contains(texts[name], want) {
			t.Errorf("%s: no %q in %s: %.300s; %s", when, want, name, texts[name], texts["errors.txt"])
		}
	}
	for name, text := range texts {
		sings(t, when+": diag's "+name, text)
	}
}

// A diagnosis of what does not answer says so, keeps no password, and writes over nothing.
func TestADiagnosisOfWhatDoesNotAnswer(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "d.tar.gz")
	args := []string{"diag", "-f", file(t, "job.yaml", valid), "-o", path}
	if code, _, errOut := floe(t, args...); code != codeOK {
		t.Fatalf("code %d: %s", code, errOut)
	}
	texts := unpacked(t, path)
	if !strings.Contains(texts["checks.json"], "S-CONN") || !strings.Contains(texts["job.yaml"], "name: orders") || texts["version.json"] == "" {
		t.Errorf("got %v", texts)
	}
	for name, text := range texts {
		if strings.Contains(text, "hunter2") {
			t.Errorf("a password is in %s: %s", name, text)
		}
	}
	if code, _, errOut := floe(t, args...); code != codeConflict || !strings.Contains(errOut, "file exists") {
		t.Errorf("code %d: %s", code, errOut)
	}
}

// A console that asks for a token is given it, by TLS or not, on this machine alone.
func TestADiagnosisHasTheConsolesMetrics(t *testing.T) {
	t.Parallel()
	asked := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/metrics" || r.Header.Get("Authorization") != "Bearer canary-token" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		_, _ = w.Write([]byte("floe_up 1"))
	})
	plain, secure := httptest.NewServer(asked), httptest.NewTLSServer(asked)
	defer plain.Close()
	defer secure.Close()
	with := &diagnosis{token: file(t, "token", "canary-token\n")}
	for _, at := range []string{plain.URL, secure.URL, strings.TrimPrefix(plain.URL, "http://")} {
		if text, err := with.metrics(t.Context(), at); err != nil || string(text) != "floe_up 1" {
			t.Errorf("%s: %s, %v", at, text, err)
		}
	}
	if _, err := (&diagnosis{}).metrics(t.Context(), plain.URL); err == nil || !strings.Contains(err.Error(), "--token-file") {
		t.Errorf("without a token: %v", err)
	}
	if _, err := with.metrics(t.Context(), "http://elsewhere.example:1"); err == nil || !strings.Contains(err.Error(), "not sent") {
		t.Errorf("to elsewhere: %v", err)
	}
}
