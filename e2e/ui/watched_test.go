package ui

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"floe/e2e/rig"
)

// watcher is a Prometheus that scrapes a job.
type watcher struct{ url string }

// watch starts Prometheus with the alerts of deploy/ on a console.
func watch(t *testing.T, c *console) *watcher {
	t.Helper()
	bin, err := exec.LookPath("prometheus")
	if err != nil {
		t.Skip("there is no prometheus here (Debian's package of that name)")
	}
	rules, err := filepath.Abs("../../deploy/prometheus/alerts.yml")
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	_ = l.Close() // Prometheus takes no port of its choice
	dir := t.TempDir()
	config := filepath.Join(dir, "prometheus.yml")
	text := fmt.Sprintf("global: {scrape_interval: 1s, evaluation_interval: 1s}\nrule_files: [%s]\nscrape_configs:\n  - {job_name: floe, honor_labels: true, static_configs: [{targets: [%q]}]}\n", rules, strings.TrimPrefix(c.url, "http://"))
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, bin, "--config.file="+config, "--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address="+addr)
	cmd.Stderr = t.Output()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		_ = cmd.Wait() // it was killed
	})
	return &watcher{"http://" + addr}
}

// get asks Prometheus' API.
func (w *watcher) get(ctx context.Context, path string, into any) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, w.url+path, nil)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer res.Body.Close() //nolint:errcheck
	b, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", res.Status, b)
	}
	return json.Unmarshal(b, into)
}

// finds is how many series an expression has.
func (w *watcher) finds(ctx context.Context, expr string) (int, error) {
	var a struct{ Data struct{ Result []any } }
	err := w.get(ctx, "/api/v1/query?query="+url.QueryEscape(expr), &a)
	return len(a.Data.Result), err
}

// expressions are all that the dashboard asks.
func expressions(t *testing.T) (out []string) {
	t.Helper()
	b, err := os.ReadFile("../../deploy/grafana/floe.json")
	if err != nil {
		t.Fatal(err)
	}
	var d struct {
		Panels []struct{ Targets []struct{ Expr string } }
	}
	if err := json.Unmarshal(b, &d); err != nil {
		t.Fatal(err)
	}
	for _, p := range d.Panels {
		for _, x := range p.Targets {
			out = append(out, strings.NewReplacer("$job", ".+", "$__rate_interval", "30s").Replace(x.Expr))
		}
	}
	if len(out) < 20 {
		t.Fatalf("%d expressions", len(out))
	}
	return out
}

// A real Prometheus finds what the dashboard shows of a running job, and its alerts say when the job
// needs somebody.
func TestAJobIsWatched(t *testing.T) {
	c := newConsole(t)
	w := watch(t, c)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	c.source(t, "INSERT INTO a SELECT i, 'w' FROM generate_series(2001, 2100) i")
	c.source(t, "CREATE TABLE d (id int PRIMARY KEY); ALTER TABLE a ADD COLUMN w int")
	if err := c.floe.Synced(ctx, time.Minute); err != nil {
		t.Fatal(err)
	}
	// What a job has only under circumstances: a limit of its slot.
	absent := func(expr string) bool { return strings.Contains(expr, "floe_slot_limit_bytes") }
	for _, expr := range expressions(t) {
		n, err := 0, error(nil)
		wait := rig.Until(ctx, func() (bool, error) {
			n, err = w.finds(ctx, expr)
			return err == nil && (n > 0 || absent(expr)), nil
		})
		if wait != nil {
			t.Errorf("%s finds %d series: %v", expr, n, err)
		}
	}
	c.target(t, "ALTER TABLE a ADD CONSTRAINT small CHECK (id < 5000)")
	c.source(t, "INSERT INTO a VALUES (5000, 'refused')")
	if err := rig.Until(ctx, func() (bool, error) { return w.alerts(ctx, "FloeJobNeedsItsOperator") }); err != nil {
		t.Errorf("nobody is told of a job that is blocked: %v", err)
	}
}

// alerts reports whether an alert is about to be raised; all rules must be well.
func (w *watcher) alerts(ctx context.Context, name string) (bool, error) {
	var a struct {
		Data struct {
			Groups []struct {
				Rules []struct {
					Name, State, Health, LastError string
				}
			}
		}
	}
	if err := w.get(ctx, "/api/v1/rules", &a); err != nil {
		return false, err
	}
	found := false
	for _, g := range a.Data.Groups {
		for _, r := range g.Rules {
			if r.Health == "err" {
				return false, fmt.Errorf("%s: %s", r.Name, r.LastError)
			}
			found = found || r.Name == name && (r.State == "pending" || r.State == "firing")
		}
	}
	return found, nil
}
