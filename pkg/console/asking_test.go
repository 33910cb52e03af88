package console

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"floe/pkg/access"
	"floe/pkg/control"
	"floe/pkg/inquiry"
	"floe/pkg/job"
	"floe/pkg/ledger"
	"floe/pkg/status"
)

// played is a service of the console's job that answers questions by what it is set to find.
type played struct {
	mu     sync.Mutex
	checks status.Checks
	hold   chan struct{} // prechecks wait for it
}

func (p *played) finds(c status.Checks) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.checks = c
}

func (s *site) plays(t *testing.T, key string, c status.Checks) *played {
	p := &played{checks: c}
	ctx, cancel := context.WithCancel(context.Background())
	x := &inquiry.Service{Kafka: s.kafka, Prefix: "orders", Key: key, Does: func(ctx context.Context, what string, say func(inquiry.Answer)) error {
		if what == inquiry.Tables && key == "capture" {
			say(inquiry.Answer{Tables: []inquiry.Table{{Schema: "sales", Name: "orders", Rows: 1234}, {Schema: "sales", Name: odd, Rows: -1}}})
		}
		if what != inquiry.Checks {
			return nil
		}
		say(inquiry.Answer{Done: 17, Of: 24})
		p.mu.Lock()
		hold, found := p.hold, p.checks
		p.mu.Unlock()
		if hold != nil {
			select {
			case <-hold:
			case <-ctx.Done():
			}
		}
		found.At = time.Now().UnixMicro()
		say(inquiry.Answer{Checks: &found})
		return nil
	}}
	var done sync.WaitGroup
	done.Go(func() {
		for ctx.Err() == nil {
			_ = x.Run(ctx) // it ends with ctx
		}
	})
	t.Cleanup(func() { cancel(); done.Wait() })
	return p
}

// says asks for a page until it has words.
func (s *site) says(t *testing.T, path, words string, how ...func(*http.Request)) string {
	t.Helper()
	for deadline := time.Now().Add(patience); ; {
		_, _, page := ask(t, "GET", s.url+path, "", how...)
		if strings.Contains(page, words) {
			return page
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s does not say %q: %s", path, words, page)
		}
	}
}

func check(code, severity, text string) status.Check {
	return status.Check{Code: code, Severity: severity, Text: text, MS: 1}
}

// The services of a job that are apart make their prechecks again when somebody wants them to: it is seen how far
// they are, what fails now keeps the job from its start, and a warning is taken as known.
func TestServicesApartCheckAgain(t *testing.T) {
	t.Parallel()
	s, d := start(t), describedNow(t)
	if code, _, body := ask(t, "POST", s.url+"/api/v1/prechecks", ""); code != http.StatusAccepted {
		t.Errorf("%d %s", code, body)
	}
	s.says(t, "/api/v1/prechecks", "no service of the job is heard")
	first := status.Checks{At: time.Now().UnixMicro(), Result: "passed", Found: []status.Check{check("S-WAL-LEVEL", "ok", "wal_level is logical")}}
	s.say(t, status.Report{Role: "capture", Instance: "c", State: "READY", Place: "src:5432/app", Checks: &first})
	s.say(t, status.Report{Role: "applier", Instance: "a", State: "READY", Place: "dst:5432/app", Checks: &first})
	s.await(t, "READY")
	c := s.plays(t, "capture", status.Checks{Result: "failed", Found: []status.Check{check("S-WAL-LEVEL", "fail", "wal_level is replica, logical is needed")}})
	a := s.plays(t, "applier/main", status.Checks{Result: "warnings", Found: []status.Check{check("T-SPACE", "warn", "the selected tables take 9 GiB on the source, the target has 1 GiB free")}})
	if page := s.says(t, "/checks", "wal_level is logical"); !strings.Contains(page, `value="start"`) {
		t.Errorf("%s", page)
	}
	hold := make(chan struct{})
	a.mu.Lock()
	a.hold = hold
	a.mu.Unlock()
	for again := true; again; { // a service that had not begun to hear was not asked
		if code, h, body := ask(t, "POST", s.url+"/checks", "do=run", form); code != http.StatusSeeOther || h.Get("Location") != "/checks" {
			t.Fatalf("%d %s", code, body)
		}
		page := s.says(t, "/checks", "are running")
		for !strings.Contains(page, `value="34"`) && strings.Contains(page, "are running") {
			_, _, page = ask(t, "GET", s.url+"/checks", "")
		}
		again = !strings.Contains(page, "34/48")
		if !again && strings.Contains(page, `value="start"`) {
			t.Error("it may start while its prechecks run")
		}
	}
	close(hold)
	page := s.says(t, "/checks", "wal_level is replica")
	for _, not := range []string{`value="start"`, "is logical", "does not answer"} {
		if strings.Contains(page, not) {
			t.Errorf("%s is in %s", not, page)
		}
	}
	_, h, body := ask(t, "GET", s.url+"/api/v1/prechecks", "")
	d.answers(t, "GET", "/api/v1/prechecks", 200, h.Get("Content-Type"), body)
	if !strings.Contains(body, `"result":"failed","source":"src:5432/app","target":"dst:5432/app"`) || !strings.Contains(body, `"service":"applier"`) {
		t.Errorf("%s", body)
	}
	if page := s.says(t, "/", "wal_level is replica"); strings.Contains(page, `value="start"`) {
		t.Error("it may start from its overview")
	}
	c.finds(status.Checks{Result: "passed", Found: []status.Check{check("S-WAL-LEVEL", "ok", "wal_level is logical")}})
	if code, h, body := ask(t, "POST", s.url+"/jobs/orders/checks", "do=run", form); code != http.StatusSeeOther || h.Get("Location") != "/jobs/orders" {
		t.Fatalf("%d %s", code, body)
	}
	s.says(t, "/jobs/orders", "wal_level is logical")
	if code, _, body := ask(t, "POST", s.url+"/api/v1/prechecks/ignore", `{"code":"T-SPACE","reason":"it grows"}`); code != 200 || !strings.Contains(body, "ignored: it grows") {
		t.Errorf("%d %s", code, body)
	}
	if page := s.says(t, "/checks", "ignored: it grows"); !strings.Contains(page, `value="start"`) {
		t.Errorf("%s", page)
	}
	first.At = time.Now().UnixMicro()
	first.Found = []status.Check{check("T-SPACE", "warn", "the selected tables take 9 GiB on the source, the target has 1 GiB free")}
	s.say(t, status.Report{Role: "applier", Instance: "b", State: "READY", Place: "dst:5432/app", Checks: &first}) // it was started anew
	s.says(t, "/checks", `T-SPACE`)
	if _, _, page := ask(t, "GET", s.url+"/checks", ""); !strings.Contains(page, "ignored: it grows") {
		t.Error("what is known is forgotten")
	}
	for path, want := range map[string]int{"/jobs/nobody/checks": 404, "/jobs/orders/checks": 303} {
		if code, _, body := ask(t, "POST", s.url+path, "do=run", form); code != want {
			t.Errorf("%s: %d %s", path, code, body)
		}
	}
	sent, err := control.Read(t.Context(), s.kafka, "orders")
	if err != nil || sent.Started {
		t.Errorf("%v, %+v", err, sent)
	}
	for _, x := range sent.Commands() {
		if x.Verb != ledger.VerbAsk || !strings.Contains(x.By, "console") {
			t.Errorf("%+v", x)
		}
	}
}

// A new job of services apart is described with what a service sees of the databases: they are tested, and the
// source's tables are a tree. A database that no service works with is asked by nobody.
func TestServicesApartAreAskedForANewJob(t *testing.T) {
	t.Parallel()
	s := startWith(t, access.Config{}, Near{Kafka: &job.Kafka{Brokers: []string{"k1:9092"}, Prefix: "orders", Partitions: 1}})
	s.say(t, status.Report{Role: "capture", State: "SYNCING", Place: "src:5433/App Sales"})
	s.say(t, status.Report{Role: "applier", State: "SYNCING", Place: "dst:5432/app"})
	s.plays(t, "capture", status.Checks{Result: "failed", Found: []status.Check{check("S-WAL-LEVEL", "fail", "wal_level is replica, logical is needed"), check("O-KEY", "fail", "not asked for")}})
	s.await(t, "SYNCING")
	s.found(t, "orders")
	post := func(path string, v url.Values) (int, string, string) {
		code, h, body := ask(t, "POST", s.url+path, v.Encode(), form)
		return code, h.Get("Location"), body
	}
	v := databases()
	v.Set("target.database", "elsewhere")
	if code, to, body := post("/new", v); code != 303 || to != "/new/log" {
		t.Fatalf("%d %s %s", code, to, body)
	}
	page := s.says(t, "/new", `value="test-source"`)
	if strings.Contains(page, `value="test-target"`) || !strings.Contains(page, "Its job: orders") {
		t.Errorf("%s", page)
	}
	v.Set("do", "test-target")
	if code, _, body := post("/new", v); code != 422 || !strings.Contains(body, "no service on this log") {
		t.Errorf("%d %s", code, body)
	}
	v.Set("do", "test-source")
	for { // a service that had not begun to hear was not asked
		code, to, body := post("/new", v)
		if code == 303 && to == "/new#source" {
			break
		}
		if code != 422 || !strings.Contains(body, "does not answer") {
			t.Fatalf("%d %s", code, body)
		}
	}
	if page := s.says(t, "/new", "wal_level is replica"); strings.Contains(page, "not asked for") {
		t.Errorf("%s", page)
	}
	page = s.says(t, "/new/objects?search=ORD", `value="sales.orders"`)
	if !strings.Contains(page, "~1,234") || strings.Contains(page, "<img src=x") || strings.Contains(page, "cannot be asked") {
		t.Errorf("%s", page)
	}
	if code, _, _ := post("/new/objects", url.Values{"choose": {"sales.orders"}}); code != 303 {
		t.Errorf("%d", code)
	}
	if page := s.says(t, "/new/objects", "include:"); !strings.Contains(page, "1 table<") {
		t.Errorf("%s", page)
	}
	v.Set("source.host", "other")
	v.Set("do", "next")
	post("/new", v)
	if page := s.says(t, "/new/objects", "cannot be asked"); strings.Contains(page, `name="choose"`) {
		t.Errorf("%s", page)
	}
	if page := s.says(t, "/new", "other"); strings.Contains(page, "wal_level is replica") || strings.Contains(page, "test-source") {
		t.Error("what was found of another database is shown")
	}
}
