package console

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"floe/pkg/access"
	"floe/pkg/console/draft"
	"floe/pkg/job"
	"floe/pkg/precheck"
)

// workshop is a console without a job; its databases are made up.
type workshop struct {
	url string

	mu        sync.Mutex
	passwords map[string]string
	asked     []string // of which side, and by which host
	report    precheck.Report
	file      string // what was started
	made      chan error
	hold      chan struct{} // prechecks wait for it
	kept      []byte        // of the draft
}

const odd = `<img src=x onerror=alert(1)>"'</script>`

func newWorkshop(t *testing.T, who access.Config, before ...func(*workshop)) *workshop {
	t.Helper()
	gate, err := access.New(who)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	w := &workshop{url: "http://" + l.Addr().String(), passwords: map[string]string{}, made: make(chan error, 1), report: *found()}
	for _, do := range before {
		do(w)
	}
	front := Open(l, gate, cancel)
	go func() {
		w.made <- Make(ctx, Making{Front: front, Gate: gate, Keep: w.keep, Kept: w.has, Recall: w.recall, Remember: w.remember, Check: w.check, Start: w.start, Log: slog.New(slog.NewTextHandler(t.Output(), nil)),
			Tables: func(context.Context, job.Endpoint) ([]draft.Listed, error) {
				return []draft.Listed{{Schema: "sales", Name: "orders", Rows: 1234}, {Schema: "sales", Name: odd, Rows: -1}}, nil
			}})
	}()
	t.Cleanup(func() {
		cancel(nil)
		if err := front.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

func (w *workshop) keep(side, password string) (job.Secret, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.passwords[side] = password
	if password == "" {
		return job.Secret{}, nil
	}
	return job.FromFile("/secrets/" + side), nil
}

func (w *workshop) check(ctx context.Context, j *job.Job, side precheck.Side, told func(done, of int)) (*precheck.Report, error) {
	told(17, 24)
	if w.hold != nil {
		select {
		case <-w.hold:
		case <-ctx.Done():
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked = append(w.asked, string(side)+" "+j.Source.Host+" "+j.Target.Host)
	r := w.report
	r.Checks = slices.Clone(r.Checks)
	return &r, nil
}

func (w *workshop) has(side string) job.Secret {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.passwords[side] == "" {
		return job.Secret{}
	}
	return job.FromFile("/secrets/" + side)
}

func (w *workshop) recall() ([]byte, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.kept, nil
}

func (w *workshop) remember(text []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.kept = text
	return nil
}

func (w *workshop) start(file []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.file = string(file)
	return nil
}

// send posts a step's form.
func (w *workshop) send(t *testing.T, path string, v url.Values) (int, string, string) {
	t.Helper()
	code, h, body := ask(t, "POST", w.url+path, v.Encode(), form)
	return code, h.Get("Location"), body
}

// wait polls the page of prechecks until it says something.
func (w *workshop) wait(t *testing.T, words string) string {
	t.Helper()
	deadline := time.NewTimer(patience)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		_, _, body := ask(t, "GET", w.url+"/new/check", "")
		if strings.Contains(body, words) {
			return body
		}
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Fatalf("no %q in %s", words, body)
		}
	}
}

func databases() url.Values {
	return url.Values{"source.host": {"src"}, "source.port": {"5433"}, "source.database": {"App Sales"}, "source.user": {"me"}, "source.password": {"canary-1"}, "target.host": {"dst"}, "target.database": {"app"}, "do": {"next"}}
}

// The steps lead from nothing to a job, and start it once it may.
func TestStepsLeadToAJob(t *testing.T) {
	t.Parallel()
	w := newWorkshop(t, access.Config{})
	if code, h, _ := ask(t, "GET", w.url+"/", ""); code != 303 || h.Get("Location") != "/new" {
		t.Fatalf("%d %v", code, h)
	}
	if code, _, body := ask(t, "GET", w.url+"/readyz", ""); code != 503 || !strings.Contains(body, "no job") {
		t.Errorf("readyz %d %s", code, body)
	}
	if code, _, body := w.send(t, "/new", url.Values{"do": {"next"}}); code != 422 || !strings.Contains(body, "want host and database of both") {
		t.Errorf("%d %s", code, body)
	}
	v := databases()
	v.Set("do", "test-source")
	if code, to, body := w.send(t, "/new", v); code != 303 || to != "/new#source" {
		t.Fatalf("%d %s %s", code, to, body)
	}
	if _, _, body := ask(t, "GET", w.url+"/new", ""); !strings.Contains(body, "wal_level is replica") || !strings.Contains(body, "set it") || strings.Contains(body, "canary-1") {
		t.Errorf("the test's result is not shown, or the password is: %s", body)
	}
	if w.asked[0] != "source src " || w.passwords["source"] != "canary-1" {
		t.Errorf("%v %v", w.asked, w.passwords)
	}
	v = databases()
	v.Del("source.password") // it is kept
	if code, to, body := w.send(t, "/new", v); code != 303 || to != "/new/log" {
		t.Fatalf("%d %s %s", code, to, body)
	}
	if code, to, body := w.send(t, "/new/log", url.Values{"do": {"next"}}); code != 303 || to != "/new/objects" {
		t.Fatalf("%d %s %s", code, to, body)
	}
	if code, _, body := w.send(t, "/new/objects", url.Values{"do": {"next"}}); code != 422 || !strings.Contains(body, "nothing is chosen") {
		t.Errorf("%d %s", code, body)
	}
	if code, _, body := w.send(t, "/new/objects", url.Values{"choose": {"sales.orders"}, "add": {"sales.i*"}}); code != 303 {
		t.Errorf("%d %s", code, body)
	}
	if code, to, body := w.send(t, "/new/objects", url.Values{"pattern": {"sales.orders"}, "to": {"arch.orders_1"}, "exclude": {"sales.tmp_*\r\n"}, "do": {"next"}}); code != 303 || to != "/new/init" {
		t.Fatalf("%d %s %s", code, to, body)
	}
	if _, _, body := ask(t, "GET", w.url+"/new/init", ""); !strings.Contains(body, `name="name" value="app_sales"`) {
		t.Errorf("no name is proposed: %s", body)
	}
	if code, _, body := w.send(t, "/new/init", url.Values{"readers": {"2"}, "name": {"A B"}}); code != 422 || !strings.Contains(body, "cannot be a job") {
		t.Errorf("%d %s", code, body)
	}
	if code, to, body := w.send(t, "/new/init", url.Values{"readers": {"2"}, "name": {"orders"}, "structure": {"yes"}, "data": {"yes"}, "existing": {"proceed"}}); code != 303 || to != "/new/check" {
		t.Fatalf("%d %s %s", code, to, body)
	}
	if code, _, body := w.send(t, "/new/start", nil); code != 422 || !strings.Contains(body, "have not passed") {
		t.Errorf("started without prechecks: %d %s", code, body)
	}
	w.send(t, "/new/check", url.Values{"do": {"run"}})
	if body := w.wait(t, "ALTER SYSTEM"); strings.Contains(body, "/new/start") {
		t.Errorf("it may start though a check failed: %s", body)
	}
	w.mu.Lock()
	w.report.Result, w.report.Checks[1].Severity = "warnings", precheck.Warn
	w.mu.Unlock()
	w.send(t, "/new/check", url.Values{"do": {"run"}})
	w.wait(t, "/new/start")
	if code, _, body := w.send(t, "/new/check", url.Values{"do": {"ignore"}, "code": {"S-CONN"}, "reason": {"x"}}); code != 422 || !strings.Contains(body, "no such warning") {
		t.Errorf("%d %s", code, body)
	}
	w.send(t, "/new/check", url.Values{"do": {"ignore"}, "code": {"S-WAL-LEVEL"}, "reason": {"known <b>"}})
	w.wait(t, "(ignored: known &lt;b&gt;)")
	w.send(t, "/new/objects", url.Values{"drop": {"sales.i*"}, "pattern": {"sales.orders"}, "to": {"arch.orders_1"}, "exclude": {"sales.tmp_*"}})
	if body := w.wait(t, "has changed since"); strings.Contains(body, "/new/start") {
		t.Error("a job that was not checked may start")
	}
	w.send(t, "/new/check", url.Values{"do": {"run"}})
	w.wait(t, "/new/start")
	if code, to, body := w.send(t, "/new/start", nil); code != 303 || to != "/" {
		t.Fatalf("%d %s %s", code, to, body)
	}
	if err := <-w.made; err != nil {
		t.Fatal(err)
	}
	j, err := job.Parse("job.yaml", []byte(w.file))
	if err != nil || j.Name != "orders" || !j.Proceed || len(j.Objects.Include) != 1 || len(j.Objects.Exclude) != 1 || len(j.Objects.Rules) != 1 || strings.Contains(w.file, "canary-1") || !strings.Contains(w.file, "${file:/secrets/source}") {
		t.Errorf("%v\n%s", err, w.file)
	}
	for _, path := range []string{"/", "/new/objects"} {
		if code, h, body := ask(t, "GET", w.url+path, ""); code != 200 || h.Get("Refresh") == "" || !strings.Contains(body, "The job starts") {
			t.Errorf("%s: %d %s", path, code, body)
		}
	}
	if code, _, body := w.send(t, "/new/start", nil); code != 200 || !strings.Contains(body, "The job starts") {
		t.Errorf("again: %d %s", code, body)
	}
}

// How far the prechecks are is seen while they run.
func TestPrechecksAreWatched(t *testing.T) {
	t.Parallel()
	hold := make(chan struct{})
	w := newWorkshop(t, access.Config{}, func(w *workshop) { w.hold = hold })
	w.send(t, "/new", databases())
	w.send(t, "/new/objects", url.Values{"choose": {"sales"}})
	w.send(t, "/new/init", url.Values{"readers": {"2"}, "name": {"orders"}})
	w.send(t, "/new/check", url.Values{"do": {"run"}})
	if body := w.wait(t, "17/24"); !strings.Contains(body, `<progress max="24" value="17"`) || strings.Contains(body, "/new/start") {
		t.Errorf("%s", body)
	}
	close(hold)
	if body := w.wait(t, "ALTER SYSTEM"); strings.Contains(body, "17/24") {
		t.Errorf("it has ended: %s", body)
	}
}

// What was described is there again when floe is: its password by reference alone.
func TestADraftOutlivesItsProcess(t *testing.T) {
	t.Parallel()
	w := newWorkshop(t, access.Config{})
	w.send(t, "/new", databases())
	w.send(t, "/new/objects", url.Values{"choose": {"sales.orders"}, "add": {"sales.i*"}})
	w.send(t, "/new/objects", url.Values{"pattern": {"sales.orders"}, "to": {"arch.orders_1"}, "exclude": {"sales.tmp_*"}, "filters": {"sales.orders: id > 7\r\n\r\n"}})
	w.send(t, "/new/init", url.Values{"readers": {"3"}, "name": {"orders"}, "existing": {"proceed"}})
	_, _, was := ask(t, "GET", w.url+"/new/check", "")
	text, _ := w.recall()
	if strings.Contains(string(text), "canary-1") || strings.Contains(string(text), "/secrets/") {
		t.Errorf("the draft has the password: %s", text)
	}
	again := newWorkshop(t, access.Config{}, func(x *workshop) { x.kept, x.passwords = text, w.passwords })
	if _, _, now := ask(t, "GET", again.url+"/new/check", ""); timeless(now) != timeless(was) || !strings.Contains(now, "arch.orders_1") || !strings.Contains(now, "id &gt; 7") || !strings.Contains(now, "${file:/secrets/source}") {
		t.Errorf("it was\n%s\nand is\n%s", was, now)
	}
	broken := newWorkshop(t, access.Config{}, func(x *workshop) { x.kept = []byte(`{"name": 7}`) })
	if code, _, body := ask(t, "GET", broken.url+"/new", ""); code != 200 || strings.Contains(body, "orders") {
		t.Errorf("of a draft that cannot be read: %d %s", code, body)
	}
}

// timeless is a page without when it was written.
func timeless(page string) string {
	return regexp.MustCompile(`<span id="at" data-live>[^<]*`).ReplaceAllString(page, "")
}

// The pages of the steps are whole in both languages, and nothing that a database or a person says is markup.
func TestStepsAreWhole(t *testing.T) {
	t.Parallel()
	w := newWorkshop(t, access.Config{})
	w.report.Checks[1].Severity, w.report.Checks[1].Fix, w.report.Checks[1].Text = precheck.Warn, odd, odd
	v := databases()
	v.Set("source.user", odd)
	v.Set("do", "test-source")
	w.send(t, "/new", v)
	w.send(t, "/new/objects", url.Values{"choose": {`sales."` + strings.ReplaceAll(odd, `"`, `""`) + `"`}})
	w.send(t, "/new/init", url.Values{"readers": {"2"}, "name": {"orders"}})
	w.send(t, "/new/check", url.Values{"do": {"run"}})
	w.wait(t, "S-WAL-LEVEL")
	for _, path := range []string{"/new", "/new/log", "/new/objects", "/new/objects?search=" + url.QueryEscape(odd), "/new/init", "/new/check"} {
		for _, lang := range languages {
			code, _, body := ask(t, "GET", w.url+path, "", func(r *http.Request) { r.Header.Set("Accept-Language", lang) })
			if code != 200 || !strings.HasSuffix(strings.TrimSpace(body), "</html>") || strings.Contains(body, "<img src=x") || strings.Contains(body, "ZgotmplZ") || strings.Contains(body, "canary") {
				t.Errorf("%s in %s: %d %s", path, lang, code, body)
			}
		}
	}
}

// The step of the log takes what Kafka asks for and looks whether it answers; a password is no part of it.
func TestTheLogIsDescribed(t *testing.T) {
	t.Parallel()
	w := newWorkshop(t, access.Config{})
	w.send(t, "/new", databases())
	log := url.Values{"brokers": {"k1:9093 k2:9093"}, "tls": {"yes"}, "ca": {"/etc/floe/ca.pem"}, "mechanism": {"SCRAM-SHA-512"}, "user": {"floe"}, "password": {"canary-9"}, "do": {"test"}}
	if code, _, body := w.send(t, "/new/log", log); code != 422 || strings.Contains(body, "canary-9") || !strings.Contains(body, "KAFKA in its name") {
		t.Errorf("%d %s", code, body)
	}
	log.Set("password", "${KAFKA_PASSWORD}")
	if code, to, body := w.send(t, "/new/log", log); code != 303 || to != "/new/log" || w.asked[0] != "log  " {
		t.Fatalf("%d %s %s, asked %v", code, to, body, w.asked)
	}
	_, _, body := ask(t, "GET", w.url+"/new/log", "")
	for _, want := range []string{"k1:9093, k2:9093", "S-WAL-LEVEL", "mechanism: SCRAM-SHA-512", "ca: /etc/floe/ca.pem", `<option value="SCRAM-SHA-512" selected>`} {
		if !strings.Contains(body, want) {
			t.Errorf("no %s in %s", want, body)
		}
	}
	log.Set("user", "other")
	log.Set("do", "next")
	if code, to, body := w.send(t, "/new/log", log); code != 303 || to != "/new/objects" {
		t.Errorf("%d %s %s", code, to, body)
	}
	if _, _, body := ask(t, "GET", w.url+"/new/log", ""); strings.Contains(body, "S-WAL-LEVEL") {
		t.Error("what a test found of another user is shown")
	}
	if code, _, body := w.send(t, "/new/log", url.Values{"do": {"test"}}); code != 422 || !strings.Contains(body, "embedded log needs no test") {
		t.Errorf("%d %s", code, body)
	}
}

// What is refused is shown as it was typed, on every step; a password is not.
func TestWhatIsRefusedIsNotTypedAgain(t *testing.T) {
	t.Parallel()
	w := newWorkshop(t, access.Config{})
	w.send(t, "/new", databases())
	v := databases()
	v.Set("source.port", "70000")
	v.Set("source.host", "other-src")
	v.Set("target.user", "other-user")
	v.Set("target.tls", "require")
	for _, c := range []struct {
		path string
		form url.Values
		want []string
	}{
		{"/new", v, []string{`value="other-src"`, `value="70000"`, `value="other-user"`, `<option value="require" selected>`}},
		{"/new/log", url.Values{"brokers": {"k1:9092, k2"}, "tls": {"yes"}, "ca": {"/ca.pem"}, "server_name": {"kafka.example"}, "cert": {"/c"}, "key": {"/k"}, "mechanism": {"PLAIN"}, "user": {"me"}, "password": {"canary-9"}},
			[]string{`value="k1:9092, k2"`, `name="tls" value="yes" checked`, `value="/ca.pem"`, `value="kafka.example"`, `name="cert" value="/c"`, `name="key" value="/k"`, `<option value="PLAIN" selected>`, `name="user" value="me"`}},
		{"/new/objects", url.Values{"whole": {"yes"}, "choose": {"sales.orders"}, "add": {`a."b`}, "exclude": {"x.*"}, "filters": {"nonsense"}, "columns": {"sales.orders: id, id"}},
			[]string{`name="whole" value="yes" checked`, `name="choose" value="sales.orders" checked`, `value="a.&#34;b"`, ">x.*<", ">nonsense<", ">sales.orders: id, id<"}},
		{"/new/init", url.Values{"name": {"A B"}, "readers": {"7"}, "data": {"yes"}, "existing": {"proceed"}, "ddl": {"off"}, "identity": {"keep"}},
			[]string{`value="A B"`, `name="readers" type="number" min="1" max="64" value="7"`, `name="structure" value="yes">`, `name="data" value="yes" checked`, `value="proceed" checked`, `value="off" checked`, `value="keep" checked`}},
	} {
		code, _, body := w.send(t, c.path, c.form)
		if code != 422 || strings.Contains(body, "canary") {
			t.Errorf("%s: %d %s", c.path, code, body)
		}
		for _, want := range c.want {
			if !strings.Contains(body, want) {
				t.Errorf("%s: no %s in %s", c.path, want, body)
			}
		}
	}
}

// The wizard's file has what it asks for: lists of columns, and the encoding of a source that does not know its own.
func TestColumnsAndEncodingAreDescribed(t *testing.T) {
	t.Parallel()
	w := newWorkshop(t, access.Config{})
	v := databases()
	v.Set("source.encoding", "no such")
	if code, _, body := w.send(t, "/new", v); code != 422 || !strings.Contains(body, "is no encoding") {
		t.Errorf("%d %s", code, body)
	}
	v.Set("source.encoding", "gb18030")
	w.send(t, "/new", v)
	if code, _, body := w.send(t, "/new/objects", url.Values{"choose": {"sales"}, "columns": {"sales.orders: id, \"a, b\" ,c"}}); code != 303 {
		t.Errorf("%d %s", code, body)
	}
	_, _, body := ask(t, "GET", w.url+"/new/objects", "")
	for _, want := range []string{"encoding: GB18030", "table: sales.orders", `- &#34;\&#34;id\&#34;&#34;`, ">sales.orders: id, &#34;a, b&#34;, c\n<"} {
		if !strings.Contains(body, want) {
			t.Errorf("no %s in %s", want, body)
		}
	}
}

// Each page of the steps is the operator's alone, and no other site's.
func TestStepsAreTheOperators(t *testing.T) {
	t.Parallel()
	w := newWorkshop(t, access.Config{OperatorFile: secret(t, operates), ViewerFile: secret(t, views)})
	n := 0
	for _, r := range newMaker(Making{Log: slog.New(slog.DiscardHandler)}).routes() {
		method, path, _ := strings.Cut(strings.TrimSuffix(r.pattern, "{$}"), " ")
		if r.rule == access.Open && (path == "/healthz" || path == "/readyz" || path == access.SignIn || path == access.SignOut || path == "/preferences" || strings.HasPrefix(path, "/static/")) {
			continue
		}
		n++
		nobody, _, _ := ask(t, method, w.url+path, "")
		viewer, _, _ := ask(t, method, w.url+path, "", bearer(views))
		operator, _, _ := ask(t, method, w.url+path, "", bearer(operates), form)
		foreign, _, _ := ask(t, method, w.url+path, "", bearer(operates), form, func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") })
		if r.rule != access.Operate || viewer != 403 || nobody == 200 || operator >= 500 || operator == 403 || method == "POST" && foreign != 403 {
			t.Errorf("%s: nobody %d, viewer %d, operator %d, from elsewhere %d", r.pattern, nobody, viewer, operator, foreign)
		}
	}
	if n != 12 {
		t.Errorf("%d pages", n)
	}
}

// A password is kept when all else is in order, and is gone when its server is another one.
func TestAPasswordGoesWithItsServer(t *testing.T) {
	t.Parallel()
	w := newWorkshop(t, access.Config{})
	kept := func() string {
		w.mu.Lock()
		defer w.mu.Unlock()
		return w.passwords["source"]
	}
	v := databases()
	v.Set("source.port", "0")
	if code, _, _ := w.send(t, "/new", v); code != 422 || kept() != "" {
		t.Errorf("%d, kept %q", code, kept())
	}
	w.send(t, "/new", databases())
	if kept() != "canary-1" {
		t.Errorf("kept %q", kept())
	}
	v = databases()
	v.Del("source.password")
	v.Set("source.database", "other")
	if w.send(t, "/new", v); kept() != "canary-1" {
		t.Errorf("kept %q", kept())
	}
	v.Set("source.host", "elsewhere")
	if w.send(t, "/new", v); kept() != "" {
		t.Errorf("kept %q", kept())
	}
	if _, _, body := ask(t, "GET", w.url+"/new", ""); strings.Contains(body, "${file:/secrets/source}") {
		t.Errorf("%s", body)
	}
}

// An address shows nothing of its own: who asks before there is anything waits for it.
func TestWhoAsksEarlyWaits(t *testing.T) {
	t.Parallel()
	gate, err := access.New(access.Config{})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f := Open(l, gate, func(err error) { t.Error(err) })
	got := make(chan int, 1)
	go func() {
		res, err := http.Get("http://" + l.Addr().String())
		if err != nil {
			got <- 0
			return
		}
		_ = res.Body.Close()
		got <- res.StatusCode
	}()
	f.Show(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }))
	if code := <-got; code != http.StatusTeapot {
		t.Errorf("got %d", code)
	}
	if err := errors.Join(f.Close(), f.Close()); err != nil {
		t.Error(err)
	}
}
