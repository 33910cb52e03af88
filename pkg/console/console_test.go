package console

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"floe/pkg/access"
	"floe/pkg/broker"
	"floe/pkg/event"
	"floe/pkg/overview"
	"floe/pkg/status"
	"floe/schemas"
)

// site is a console on a real (embedded) broker, and a client that plays the services: it says again every
// second what they said last, as they do. One that is silent counts as not running, however busy the machine.
type site struct {
	url    string
	client *kgo.Client
	kafka  []kgo.Opt
	mu     sync.Mutex
	said   map[string][]byte // by key
}

func start(t *testing.T) *site {
	t.Helper()
	return startWith(t, access.Config{}, Near{})
}

func startWith(t *testing.T, who access.Config, near Near) *site {
	t.Helper()
	gate, err := access.New(who)
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.NewTextHandler(t.Output(), nil))
	b, err := broker.OpenEmbedded(t.TempDir(), log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	opts := broker.Options([]string{b.Addr})
	client, err := kgo.NewClient(opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	if _, err := broker.EnsureTopics(t.Context(), kadm.NewClient(client), broker.Control("orders", 1)); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	further := prometheus.NewRegistry()
	further.MustRegister(prometheus.NewCounter(prometheus.CounterOpts{Name: "floe_further_total"}))
	ctx, cancel := context.WithCancelCause(context.Background())
	front := Open(l, gate, cancel)
	done := make(chan error, 1)
	go func() {
		done <- Serve(ctx, Config{Job: "orders", Prefix: "orders", Kafka: opts, Front: front, Gate: gate, Gather: further, Near: near, Log: log})
	}()
	t.Cleanup(func() {
		cancel(nil)
		if err := errors.Join(<-done, front.Close()); err != nil {
			t.Error(err)
		}
	})
	s := &site{url: "http://" + l.Addr().String(), client: client, kafka: opts, said: map[string][]byte{}}
	again, stop := context.WithCancel(context.Background())
	var repeats sync.WaitGroup
	repeats.Go(func() { s.repeat(again) })
	t.Cleanup(func() { stop(); repeats.Wait() })
	return s
}

func (s *site) repeat(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		s.mu.Lock()
		for key, value := range s.said {
			_ = s.put(ctx, key, value)
		}
		s.mu.Unlock()
	}
}

func (s *site) put(ctx context.Context, key string, value []byte) error {
	return s.client.ProduceSync(ctx, &kgo.Record{Topic: broker.Status("orders"), Key: []byte(key), Value: value}).FirstErr()
}

// say writes a report as a service does.
func (s *site) say(t *testing.T, r status.Report) {
	t.Helper()
	r.Job, r.At = "orders", time.Now().UnixMicro()
	value, err := schemas.EncodeStatus(&r)
	if err != nil {
		t.Fatal(err)
	}
	key := r.Role
	if key == "applier" {
		key += "/main" // its name
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.put(t.Context(), key, value); err != nil {
		t.Fatal(err)
	}
	s.said[key] = value
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	r, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close() //nolint:errcheck
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return r.StatusCode, string(b)
}

// patience is how long a test waits for what must come. How long it takes says nothing: the machine may be
// busy, or slow.
const patience = 3 * time.Minute

// await polls until the console shows the state.
func (s *site) await(t *testing.T, state string) overview.Summary {
	t.Helper()
	deadline := time.NewTimer(patience)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		_, body := get(t, s.url+"/api/v1/status")
		var sum overview.Summary
		if err := json.Unmarshal([]byte(body), &sum); err != nil {
			t.Fatal(err)
		}
		if sum.State == state {
			return sum
		}
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Fatalf("the console shows %s instead of %s", sum.State, state)
		}
	}
}

func TestConsoleShowsWhatTheLogSays(t *testing.T) {
	t.Parallel()
	s := start(t)
	if code, _ := get(t, s.url+"/healthz"); code != http.StatusOK {
		t.Errorf("healthz %d", code)
	}
	if code, _ := get(t, s.url+"/readyz"); code != http.StatusServiceUnavailable {
		t.Errorf("readyz of a job that nothing was heard of: %d", code)
	}
	s.say(t, status.Report{Role: "capture", State: "SYNCING", PlacedLSN: event.LSN(0x10)})
	s.say(t, status.Report{Role: "applier", State: "SYNCING", LatencyUs: 1500, Tables: []status.Table{{Schema: "s", Name: "<b>", State: "in sync"}}})
	sum := s.await(t, "SYNCING")
	if sum.LatencySeconds == nil || *sum.LatencySeconds != 0.0015 || len(sum.Services) != 2 || sum.Services[0].PlacedLSN != "0/10" {
		t.Errorf("got %+v", sum)
	}
	if code, body := get(t, s.url+"/readyz"); code != http.StatusOK {
		t.Errorf("readyz %d: %s", code, body)
	}
	_, page := get(t, s.url+"/tables")
	if !strings.Contains(page, "s.&lt;b&gt;") || strings.Contains(page, "s.<b>") || !strings.Contains(page, "1.5 ms") {
		t.Errorf("page:\n%s", page)
	}
	_, metrics := get(t, s.url+"/metrics")
	for _, want := range []string{`floe_state{job="orders",state="SYNCING"} 1`, `floe_state{job="orders",state="FAILED"} 0`, `floe_latency_seconds{job="orders",segment="end_to_end"} 0.0015`, "floe_further_total 0"} {
		if !strings.Contains(metrics, want) {
			t.Errorf("no %s in\n%s", want, metrics)
		}
	}
	s.say(t, status.Report{Role: "capture", State: "FAILED", Reason: "slot-missing", Detail: "slot x is gone", Fix: "floe job reset"})
	s.await(t, "FAILED")
	if code, body := get(t, s.url+"/readyz"); code != http.StatusServiceUnavailable || !strings.Contains(body, "slot-missing slot x is gone") {
		t.Errorf("readyz %d: %s", code, body)
	}
	if _, page := get(t, s.url+"/"); !strings.Contains(page, "<b>Remedy</b> floe job reset") || !strings.Contains(page, "What it means") {
		t.Errorf("page:\n%s", page)
	}
}

// Consumers find the schemas of rows where the console is.
func TestTheConsoleIsASchemaRegistry(t *testing.T) {
	t.Parallel()
	s := start(t)
	for path, want := range map[string]string{"/subjects": "[]\n", "/schemas/types": "[\"AVRO\"]\n", "/mode": `{"mode":"READONLY"}` + "\n",
		"/schemas/ids/1": `{"error_code":40403,"message":"Schema not found"}` + "\n"} {
		res, err := http.Get(s.url + path)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if err != nil || string(body) != want || res.Header.Get("Content-Type") != "application/vnd.schemaregistry.v1+json" {
			t.Errorf("%s: %s %s (%v)", path, res.Header.Get("Content-Type"), body, err)
		}
	}
}
