package console

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"floe/pkg/access"
	"floe/pkg/broker"
	"floe/pkg/control"
	"floe/pkg/event"
	"floe/pkg/ident"
	"floe/pkg/ledger"
	"floe/pkg/precheck"
	"floe/pkg/registry"
	"floe/pkg/status"
	"floe/pkg/verify"
	"floe/schemas"
)

const (
	operates = "operator-0123456789abcdef"
	views    = "viewer-0123456789abcdef"
)

func secret(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// near is a console beside its databases, which are made up.
func near() Near {
	return Near{Source: "source:5432/app", Target: "target:5432/app",
		File:   func(context.Context) ([]byte, error) { return []byte("name: orders\n"), nil },
		Plan:   func(context.Context) (string, error) { return "the plan", nil },
		Check:  func(context.Context, func(done, of int)) (*precheck.Report, error) { return found(), nil },
		Verify: func(context.Context, []string, func(*verify.Table, int, int)) error { return nil },
		Present: func(_ context.Context, names []ident.Name) error {
			if slices.ContainsFunc(names, func(n ident.Name) bool { return n.Name == "missing" }) {
				return errors.New("the source has no table missing")
			}
			return nil
		}}
}

func found() *precheck.Report {
	return &precheck.Report{Job: "orders", Result: "failed", Checks: []precheck.Check{
		{Code: "S-CONN", Severity: precheck.OK, Text: "connect", Took: 12 * time.Millisecond},
		{Code: "S-WAL-LEVEL", Severity: precheck.Fail, Text: "wal_level is replica, logical is needed", Cause: "replica lacks rows", Fix: "set it", FixSQL: "ALTER SYSTEM SET wal_level = 'logical';"},
		{Code: "T-SPACE", Severity: precheck.Warn, Text: "the target has little room"}}}
}

// ask makes a request and returns its answer.
func ask(t *testing.T, method, url, body string, change ...func(*http.Request)) (int, http.Header, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, f := range change {
		f(r)
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close() //nolint:errcheck
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, res.Header, string(b)
}

func bearer(token string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }
}

// place writes entries of the ledger, and a definition that one of them points at.
func (s *site) place(t *testing.T) {
	t.Helper()
	o, err := schemas.EncodeObject(&ledger.Object{Kind: "table", Schema: "sales", Name: "Orders", OID: 7, Body: "{}"})
	if err != nil {
		t.Fatal(err)
	}
	def := &kgo.Record{Topic: broker.Objects("orders"), Value: o}
	if err := s.client.ProduceSync(t.Context(), def).FirstErr(); err != nil {
		t.Fatal(err)
	}
	entries := []*ledger.Entry{{Epoch: 1, Begin: &ledger.Epoch{Slot: "floe_orders"}}, {Epoch: 1, N: 1, Mark: &ledger.Mark{End: 0x10}},
		{Epoch: 2, Begin: &ledger.Epoch{Slot: "floe_orders"}}, {Epoch: 1, N: 2, Mark: &ledger.Mark{End: 0x20}},
		{Epoch: 2, N: 1, Objects: &ledger.Objects{Spans: []ledger.Span{{Topic: def.Topic, Offset: def.Offset, Count: 1}}}},
		{Epoch: 2, N: 2, Commit: &ledger.Commit{Transactions: 3, Last: 0x30, Spans: []ledger.Span{{Topic: "orders.sales.orders", Count: 9}}}},
		{Epoch: 2, N: 3, Selection: &ledger.Selection{Tables: []string{"sales.orders"}}}}
	for _, e := range entries {
		e.At = time.Now().UnixMicro()
		b, err := schemas.EncodeEntry(e)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.client.ProduceSync(t.Context(), &kgo.Record{Topic: broker.Ledger("orders"), Value: b}).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
}

// busy plays a job that is at work and whose target refuses a transaction.
func (s *site) busy(t *testing.T) {
	t.Helper()
	s.place(t)
	s.say(t, status.Report{Role: "capture", Instance: "c", State: "SYNCING", SourceLSN: 0x400, PlacedLSN: 0x300, FlushedLSN: 0x200, SlotLimit: 4096, Tables: []status.Table{
		{Schema: "sales", Name: "Orders", State: "in sync", Estimate: 10, Loaded: 10, Inserts: 3}, {Schema: "sales", Name: "big", State: "loading", Estimate: 100, Loaded: 63}}})
	s.say(t, status.Report{Role: "applier", Instance: "a", State: "BLOCKED", Reason: "constraint-violation", Detail: "sales.Orders refuses a row", Fix: "mend the row", AppliedLSN: 0x100,
		LatencyUs: 1500, Blocked: &status.Blocked{Epoch: 2, Commit: 0x30, Seq: 4, Table: "sales.Orders", Op: "insert", Key: "id=2000", SQLState: "23514", Message: "violates check"},
		Structure: &status.Structure{Total: 1, Facts: []status.Fact{{Object: "view sales.v", State: "failed", Code: "42883", Reason: "no such function"}}}})
	s.await(t, "BLOCKED")
}

// What a program may ask is answered as it is described, and says what the log says.
func TestAnswersAreAsDescribed(t *testing.T) {
	t.Parallel()
	s, d := startWith(t, access.Config{}, near()), describedNow(t)
	s.busy(t)
	for _, c := range []struct {
		method, path, query, body string
		status                    int
		want                      string
	}{
		{"GET", "/api/v1/status", "", "", 200, `"state":"BLOCKED"`},
		{"GET", "/api/v1/job", "", "", 200, `"wal_kept_bytes":512,"wal_limit_bytes":4096`},
		{"GET", "/api/v1/job", "", "", 200, `"to_log_bytes":256,"to_target_bytes":512`},
		{"GET", "/api/v1/tables", "", "", 200, `"total":2,"matching":2`},
		{"GET", "/api/v1/tables", "?search=BIG&state=loading&sort=-loaded&limit=1", "", 200, `"matching":1`},
		{"GET", "/api/v1/tables", "?sort=size", "", 400, `"code":"request-invalid"`},
		{"GET", "/api/v1/tables", "?limit=100000", "", 400, "from 1 to 1000"},
		{"GET", "/api/v1/tables/{schema}/{table}", "sales/Orders", "", 200, `"lag_seconds":`},
		{"GET", "/api/v1/tables/{schema}/{table}", "sales/orders", "", 404, `"code":"table-unknown"`},
		{"GET", "/api/v1/errors", "", "", 200, `"sqlstate":"23514"`},
		{"GET", "/api/v1/errors", "", "", 200, `"transaction":"0/30","change":"0/30#4"`},
		{"GET", "/api/v1/errors/{code}", "constraint-violation", "", 200, `"kind":"halt"`},
		{"GET", "/api/v1/errors/{code}", "S-WAL-LEVEL", "", 200, `"remedy":`},
		{"GET", "/api/v1/errors/{code}", "nothing", "", 404, `"code":"code-unknown"`},
		{"GET", "/api/v1/job/file", "", "", 200, "name: orders"},
		{"POST", "/api/v1/errors/retry", "", "", 202, `"sent":true`},
		{"POST", "/api/v1/errors/skip", "", `{"applier":"main","place":"0/30#4"}`, 400, "reason"},
		{"POST", "/api/v1/errors/skip", "", `{"applier":"main","place":"0/30#5","reason":"x"}`, 409, "no target refuses"},
		{"POST", "/api/v1/errors/skip", "", `{"applier":"main","place":"0/31","reason":"x"}`, 409, "no target refuses"},
		{"POST", "/api/v1/errors/skip", "", `{"applier":"other","place":"0/30","reason":"x"}`, 409, "no target refuses"},
		{"POST", "/api/v1/errors/skip", "", `{"applier":"main","place":"x","reason":"x"}`, 400, "request-invalid"},
		{"POST", "/api/v1/errors/skip", "", `{"applier":"main","place":"0/30#4","reason":"known"}`, 202, `"sent":true`},
		{"POST", "/api/v1/tables/{verb}", "resync", `{"tables":["sales.big"]}`, 202, `"sent":true`},
		{"POST", "/api/v1/tables/{verb}", "resync", `{"tables":["sales.other"]}`, 409, "does not replicate"},
		{"POST", "/api/v1/tables/replay", "", `{"from":"0"}`, 202, "it is in the log as replay "},
		{"POST", "/api/v1/tables/replay", "", `{"from":"0/1","tables":["sales.big"]}`, 409, `"code":"place-unknown"`},
		{"POST", "/api/v1/tables/replay", "", `{"from":"yesterday"}`, 400, "a time with its zone"},
		{"POST", "/api/v1/tables/replay", "", `{"from":"0","tables":["sales.other"]}`, 409, `"code":"table-unknown"`},
		{"GET", "/api/v1/structure", "", "", 200, `"differing":1`},
		{"GET", "/api/v1/plan", "", "", 200, "the plan"},
		{"GET", "/api/v1/log", "", "", 200, `{"kind":"table","name":"sales.\"Orders\""}`},
		{"GET", "/api/v1/log", "?kind=mark&limit=1", "", 200, `"void":true`},
		{"GET", "/api/v1/log", "?kind=structure&before=3", "", 200, `"kind":"epoch"`},
		{"GET", "/api/v1/log", "?kind=rows", "", 400, "structure or one of"},
		{"GET", "/api/v1/checkpoints", "", "", 200, `"ledger_offset":0`},
		{"GET", "/api/v1/checkpoints", "", "", 200, `"end":7`},
		{"GET", "/api/v1/history", "?range=1m", "", 200, `"latency_seconds":`},
		{"GET", "/api/v1/history", "?range=1y", "", 400, "7d"},
		{"POST", "/api/v1/prechecks", "", "", 202, `"checks":[`},
		{"POST", "/api/v1/job/{verb}", "pause", `{"reason":"a <b>look</b>"}`, 202, `"sent":true,`},
		{"POST", "/api/v1/job/{verb}", "pause", "", 202, `"sent":false`},
		{"POST", "/api/v1/job/{verb}", "explode", "", 404, `"code":"verb-unknown"`},
		{"POST", "/api/v1/job/{verb}", "delete", "", 404, "POST /api/v1/jobs/{name}/delete"},
		{"POST", "/api/v1/job/{verb}", "reset", "", 409, "floe job reset -f job.yaml"},
		{"POST", "/api/v1/job/{verb}", "cutover", `{"reason":"x"}`, 409, "floe cutover -f job.yaml"},
		{"POST", "/api/v1/job/apply", "", `{"file":"name: orders\n"}`, 409, `"code":"not-here"`},
		{"POST", "/api/v1/job/{verb}", "stop", `{"reason":"two\nlines"}`, 400, "one line"},
		{"POST", "/api/v1/job/{verb}", "stop", `{"because":"x"}`, 400, "unknown field"},
		{"POST", "/api/v1/job/{verb}", "stop", `{} {}`, 400, "more than one"},
		{"POST", "/api/v1/job/{verb}", "stop", "", 202, `"sent":true`},
		{"POST", "/api/v1/job/{verb}", "resume", "", 409, "floe start ends that"},
		{"POST", "/api/v1/tables/{verb}", "add", `{"tables":["sales.\"New\"","sales.more"]}`, 202, `"sent":true`},
		{"POST", "/api/v1/tables/{verb}", "add", `{"tables":["sales.missing"]}`, 409, "has no table"},
		{"POST", "/api/v1/tables/{verb}", "remove", `{"tables":["a b; drop"]}`, 400, "as in SQL"},
		{"POST", "/api/v1/tables/{verb}", "remove", `{"tables":[]}`, 400, "1 to 200"},
		{"POST", "/api/v1/tables/{verb}", "drop", `{"tables":["a.b"]}`, 404, "add, remove or resync"},
		{"POST", "/api/v1/settings", "", `{"settings":["throttle.load_rows=500","apply.batch_wait=7ms"]}`, 202, `"sent":true`},
		{"POST", "/api/v1/settings", "", `{"settings":["kafka.prefix=x"]}`, 400, "cannot be set while a job runs"},
		{"POST", "/api/v1/settings", "", `{"settings":[]}`, 400, "KEY=VALUE"},
		{"GET", "/api/v1/commands", "", "", 200, `{"key":"throttle.load_rows","value":"500"},{"key":"throttle.load_mbps"},{"key":"throttle.apply_rows"},{"key":"throttle.apply_mbps"},{"key":"apply.batch_rows"},{"key":"apply.batch_wait","value":"7ms"},{"key":"throttle.hold_load_when.applier_lag"}`},
		{"GET", "/api/v1/commands", "", "", 200, `"run":"STOPPED"`},
		{"GET", "/api/v1/commands", "", "", 200, `"args":["\"sales\".\"New\"","\"sales\".\"more\""]`},
	} {
		path := c.path + c.query
		if i := strings.Index(c.path, "{"); i >= 0 {
			path = c.path[:i] + c.query
		}
		status, h, body := ask(t, c.method, s.url+path, c.body)
		media, _, _ := strings.Cut(h.Get("Content-Type"), ";")
		d.answers(t, c.method, c.path, status, media, body)
		plain := strings.NewReplacer(`\u003c`, "<", `\u003e`, ">").Replace(body)
		if status != c.status || !strings.Contains(body, c.want) && !strings.Contains(plain, c.want) {
			t.Errorf("%s %s: %d, want %d and %s: %s", c.method, path, status, c.status, c.want, body)
		}
	}
	if _, _, page := ask(t, "GET", s.url+"/", ""); !strings.Contains(page, `<progress max="4096" value="512"`) || !strings.Contains(page, "<i>4.00 KiB</i>") {
		t.Errorf("the page does not show how much WAL may be kept: %s", page)
	}
	sent, err := control.Read(t.Context(), s.kafka, "orders")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range sent.Commands() {
		if c.Verb == ledger.VerbReplay {
			c.Args[0] = "ID"
		}
		got = append(got, c.Verb+" "+strings.Join(c.Args, "|")+" "+c.By[strings.LastIndex(c.By, " ")+1:])
	}
	if want := []string{"retry  (console)", "skip main|2|0/30#4|known (console)", `resync "sales"."big" (console)`, "replay ID|0 (console)", "pause a <b>look</b> (console)", "stop  (console)", `add "sales"."New"|"sales"."more" (console)`, "set throttle.load_rows=500|apply.batch_wait=7ms (console)"}; !slices.Equal(got, want) {
		t.Errorf("the log has %q", got)
	}
	s.awaitChecks(t)
	for body, want := range map[string]int{`{"code":"S-WAL-LEVEL","reason":"x"}`: 409, `{"code":"T-SPACE","reason":" "}`: 400, `{"code":"T-SPACE","reason":"it grows"}`: 200} {
		code, h, got := ask(t, "POST", s.url+"/api/v1/prechecks/ignore", body)
		d.answers(t, "POST", "/api/v1/prechecks/ignore", code, h.Get("Content-Type"), got)
		if code != want || want == 200 && !strings.Contains(got, "ignored: it grows") {
			t.Errorf("%s: %d %s", body, code, got)
		}
	}
}

// Who asks for what there is not, or sends too much, is answered as everything of the API is.
func TestEveryRefusalIsAProblem(t *testing.T) {
	t.Parallel()
	s := start(t)
	for _, c := range []struct {
		method, path, body string
		status             int
		want               string
	}{
		{"GET", "/api/v1/nothing", "", 404, `"code":"path-unknown"`}, {"GET", "/api/", "", 404, `"hint":"GET /api/v1/openapi.json`}, {"GET", "/api/v1/job/pause", "", 405, `this path takes POST`},
		{"DELETE", "/api/v1/job", "", 405, `"code":"method-unknown"`}, {"POST", "/api/v1/settings", `{"settings":["` + strings.Repeat("a", access.MostBody) + `"]}`, 413, `"code":"body-too-large"`},
		{"POST", "/api/v1/settings", `{`, 400, `"code":"request-invalid"`},
	} {
		code, h, body := ask(t, c.method, s.url+c.path, c.body)
		if code != c.status || h.Get("Content-Type") != "application/problem+json" || !strings.Contains(body, c.want) || !json.Valid([]byte(body)) {
			t.Errorf("%s %s: %d %s %s", c.method, c.path, code, h.Get("Content-Type"), body)
		}
	}
	if code, h, _ := ask(t, "GET", s.url+"/nothing", ""); code != 404 || strings.Contains(h.Get("Content-Type"), "json") {
		t.Errorf("beside the API: %d %s", code, h.Get("Content-Type"))
	}
}

// awaitChecks waits until the run that was asked for has ended.
func (s *site) awaitChecks(t *testing.T) {
	t.Helper()
	d := describedNow(t)
	deadline := time.NewTimer(patience)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		_, h, body := ask(t, "GET", s.url+"/api/v1/prechecks", "")
		d.answers(t, "GET", "/api/v1/prechecks", 200, h.Get("Content-Type"), body)
		if strings.Contains(body, `"result":"failed"`) && strings.Contains(body, "ALTER SYSTEM") {
			return
		}
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Fatalf("the prechecks did not end: %s", body)
		}
	}
}

// News come as they are, and a stream that its client leaves is let go.
func TestNewsAreStreamed(t *testing.T) {
	t.Parallel()
	s := start(t)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"/api/v1/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close() //nolint:errcheck
	if res.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("%s", res.Header)
	}
	s.say(t, status.Report{Role: "capture", State: "SYNCING", PlacedLSN: event.LSN(0x10)})
	s.say(t, status.Report{Role: "applier", State: "SYNCING"})
	lines := bufio.NewScanner(res.Body)
	for lines.Scan() {
		data, ok := strings.CutPrefix(lines.Text(), "data: ")
		if !ok {
			continue
		}
		var j Job
		if err := json.Unmarshal([]byte(data), &j); err != nil {
			t.Fatal(err)
		}
		if j.State == "SYNCING" {
			return
		}
	}
	t.Errorf("the stream ended: %v", lines.Err())
}

// Streams are bounded: one more is refused, and goes when another has ended.
func TestStreamsAreBounded(t *testing.T) {
	t.Parallel()
	s := start(t)
	client := &http.Client{Transport: &http.Transport{MaxIdleConns: -1}}
	listen := func() (int, func()) {
		ctx, cancel := context.WithCancel(t.Context())
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"/api/v1/events", nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		return res.StatusCode, func() { cancel(); _ = res.Body.Close() }
	}
	var leave []func()
	for i := range mostStreams {
		code, end := listen()
		if code != http.StatusOK {
			t.Fatalf("stream %d: %d", i, code)
		}
		leave = append(leave, end)
	}
	code, end := listen()
	if code != http.StatusServiceUnavailable {
		t.Errorf("one more: %d", code)
	}
	end()
	if code, _ := get(t, s.url+"/healthz"); code != http.StatusOK {
		t.Errorf("beside them: %d", code)
	}
	for _, end := range leave {
		end()
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for code := 0; code != http.StatusOK; {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatal("no stream is free after all ended")
		}
		code, end = listen()
		end()
	}
}

// routesOf are all routes but those of the schema registry, which have tests of their own.
func routesOf() []route {
	return newServer(Config{Log: slog.New(slog.DiscardHandler)}, &registry.Server{}).routes()
}

// Each route is answered to whom its rule names and to nobody else; one without a rule fails here.
func TestEveryRouteHasARuleThatHolds(t *testing.T) {
	t.Parallel()
	s := startWith(t, access.Config{OperatorFile: secret(t, operates), ViewerFile: secret(t, views)}, near())
	open := map[string]bool{"GET /healthz": true, "GET /readyz": true, "GET /login": true, "POST /login": true, "POST /logout": true, "POST /preferences": true}
	for _, r := range routesOf() {
		method, path, ok := strings.Cut(r.pattern, " ")
		if !ok {
			method, path = "GET", r.pattern
		}
		url := s.url + strings.NewReplacer("{$}", "", "{name}", "orders", "{schema}", "s", "{table}", "t", "{task}", "0", "{verb}", "none").Replace(path)
		if strings.HasSuffix(path, "/events") { // a stream; its rule is what counts
			if r.rule != access.View {
				t.Errorf("%s has the rule %d", r.pattern, r.rule)
			}
			continue
		}
		nobody, _, _ := ask(t, method, url, "")
		viewer, _, _ := ask(t, method, url, "", bearer(views))
		operator, _, _ := ask(t, method, url, "", bearer(operates))
		foreign, _, _ := ask(t, method, url, "", bearer(operates), func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") })
		host, _, _ := ask(t, method, url, "", bearer(operates), func(r *http.Request) { r.Host = "evil.example" })
		refused := func(code int) bool { return code == 401 || code == 403 || r.page && method == "GET" && code == 303 }
		switch {
		case r.rule == access.Undeclared:
			t.Errorf("%s has no rule", r.pattern)
		case r.rule == access.Open:
			// Signing in refuses an empty token by itself.
			if !open[r.pattern] && !strings.HasPrefix(path, "/static/") || r.pattern != "POST /login" && refused(nobody) && nobody != 303 {
				t.Errorf("%s is open to nobody: %d", r.pattern, nobody)
			}
		case !refused(nobody) || refused(operator) || (r.rule == access.Operate) != refused(viewer):
			t.Errorf("%s: nobody %d, viewer %d, operator %d", r.pattern, nobody, viewer, operator)
		}
		if method != "GET" && (foreign != 403 || r.rule == access.View) || host != 421 {
			t.Errorf("%s: %d from another site, %d by another name", r.pattern, foreign, host)
		}
	}
	if code, _, body := ask(t, "GET", s.url+"/readyz", ""); code != 503 || body != "CREATED\n" {
		t.Errorf("nobody is told of the job: %d %s", code, body)
	}
}
