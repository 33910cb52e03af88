package console

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"floe/pkg/access"
	"floe/pkg/broker"
	"floe/pkg/control"
	"floe/pkg/job"
	"floe/pkg/status"
	"floe/schemas"
)

// of writes a report of a job that is not the console's.
func (s *site) of(t *testing.T, prefix, key string, r status.Report) {
	t.Helper()
	r.Job, r.At = prefix, time.Now().UnixMicro()
	value, err := schemas.EncodeStatus(&r)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.client.ProduceSync(t.Context(), &kgo.Record{Topic: broker.Status(prefix), Key: []byte(key), Value: value}).FirstErr(); err != nil {
		t.Fatal(err)
	}
}

// found waits until the list of jobs has one.
func (s *site) found(t *testing.T, prefix string) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; {
		if _, _, body := ask(t, "GET", s.url+"/api/v1/jobs", ""); strings.Contains(body, `"prefix":"`+prefix+`"`) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("job %s is not found", prefix)
		}
	}
}

// With services apart the steps lead to a job file without a password, wait for the services that were given
// it, and start the job once they are ready.
func TestAJobOfServicesApartIsMade(t *testing.T) {
	t.Parallel()
	s := startWith(t, access.Config{}, Near{Kafka: &job.Kafka{Brokers: []string{"k1:9092"}, Prefix: "orders", Partitions: 1}})
	s.say(t, status.Report{Role: "capture", State: "SYNCING", Place: "src:5432/shop"})
	s.await(t, "STARTING")
	s.found(t, "orders")
	post := func(path string, v url.Values) (int, string, string) {
		code, h, body := ask(t, "POST", s.url+path, v.Encode(), form)
		return code, h.Get("Location"), body
	}
	if _, _, page := ask(t, "GET", s.url+"/new", ""); strings.Contains(page, `type="password"`) || strings.Contains(page, "test-source") || !strings.Contains(page, "${SOURCE_PASSWORD}") {
		t.Errorf("%s", page)
	}
	if code, to, body := post("/new", url.Values{"target.host": {"dst"}, "do": {"use-source src:5432/shop"}}); code != 303 || to != "/new#source" {
		t.Fatalf("%d %s %s", code, to, body)
	}
	if _, _, page := ask(t, "GET", s.url+"/new", ""); !strings.Contains(page, `name="source.host" value="src"`) || !strings.Contains(page, `name="source.database" value="shop"`) || !strings.Contains(page, `name="target.host" value="dst"`) {
		t.Errorf("%s", page)
	}
	if code, _, body := post("/new", url.Values{"do": {"use-target elsewhere:1/x"}}); code != 422 || !strings.Contains(body, "no service on this log") {
		t.Errorf("%d %s", code, body)
	}
	v := databases()
	v.Set("source.password", "canary-3")
	if code, to, body := post("/new", v); code != 303 || to != "/new/log" {
		t.Fatalf("%d %s %s", code, to, body)
	}
	if _, _, page := ask(t, "GET", s.url+"/new/log", ""); !strings.Contains(page, "<code>k1:9092</code>") || strings.Contains(page, `name="mechanism"`) {
		t.Errorf("%s", page)
	}
	if code, to, body := post("/new/log", url.Values{"brokers": {"evil:1"}}); code != 303 || to != "/new/objects" {
		t.Fatalf("%d %s %s", code, to, body)
	}
	if code, to, body := post("/new/objects", url.Values{"add": {"sales.orders"}, "do": {"next"}}); code != 303 || to != "/new/init" {
		t.Fatalf("%d %s %s", code, to, body)
	}
	if code, to, body := post("/new/init", url.Values{"readers": {"2"}, "name": {"fresh"}, "structure": {"yes"}, "data": {"yes"}}); code != 303 || to != "/new/check" {
		t.Fatalf("%d %s %s", code, to, body)
	}
	_, _, page := ask(t, "GET", s.url+"/new/check", "")
	for _, want := range []string{"name: fresh", "${SOURCE_PASSWORD}", "${TARGET_PASSWORD}", "k1:9092", "floe capture -f job.yaml", "Nothing reports"} {
		if !strings.Contains(page, want) {
			t.Errorf("no %s in %s", want, page)
		}
	}
	if strings.Contains(page, "canary") || strings.Contains(page, "prefix: ") {
		t.Errorf("a password or another job's prefix is in %s", page)
	}
	if code, _, body := post("/new/start", nil); code != 422 || !strings.Contains(body, "do not say that they are ready") {
		t.Errorf("%d %s", code, body)
	}
	if _, err := broker.EnsureTopics(t.Context(), kadm.NewClient(s.client), broker.Control("fresh", 1)); err != nil {
		t.Fatal(err)
	}
	ready := func(words, path string) {
		t.Helper()
		for deadline := time.Now().Add(patience); ; {
			s.of(t, "fresh", "capture", status.Report{Role: "capture", State: "READY", Checks: &status.Checks{Result: "passed", Found: []status.Check{{Code: "S-CONN", Severity: "ok", Text: "connect to source " + odd}}}})
			s.of(t, "fresh", "applier/main", status.Report{Role: "applier", State: "READY"})
			if _, _, page = ask(t, "GET", s.url+path, ""); strings.Contains(page, words) {
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("%s does not say %s: %s", path, words, page)
			}
		}
	}
	ready("The job is ready", "/new/check")
	if !strings.Contains(page, "S-CONN") || strings.Contains(page, "<img src=x") || !strings.Contains(page, `action="/new/start"`) {
		t.Errorf("%s", page)
	}
	ready("The job is ready", "/jobs/fresh")
	if code, to, body := post("/new/start", nil); code != 303 || to != "/jobs/fresh" {
		t.Fatalf("%d %s %s", code, to, body)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if sent, err := control.Read(ctx, s.kafka, "fresh"); err != nil || !sent.Started {
		t.Errorf("%v, %+v", err, sent)
	}
	if code, _, _ := ask(t, "GET", s.url+"/jobs/nobody", ""); code != http.StatusNotFound {
		t.Errorf("a job that is not there: %d", code)
	}
}
