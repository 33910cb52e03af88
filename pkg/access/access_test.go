package access

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const (
	operates = "operator-0123456789abcdef"
	views    = "viewer-0123456789abcdef"
)

func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(path, []byte(text+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// door is a gate before three routes, and a clock.
type door struct {
	*Gate
	http.Handler
	at time.Time
}

func newDoor(t *testing.T, c Config) *door {
	t.Helper()
	g, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	d := &door{Gate: g, at: time.Unix(1_000_000, 0)}
	g.now = func() time.Time { return d.at }
	mux := http.NewServeMux()
	says := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write([]byte(Of(r.Context()).String())) })
	mux.Handle("/open", g.Wrap(Open, false, says))
	mux.Handle("/look", g.Wrap(View, false, says))
	mux.Handle("/page", g.Wrap(View, true, says))
	mux.Handle("/act", g.Wrap(Operate, false, says))
	mux.Handle("/forgotten", g.Wrap(Undeclared, false, says))
	d.Handler = g.Guard(mux)
	return d
}

func guarded(t *testing.T) *door {
	t.Helper()
	return newDoor(t, Config{OperatorFile: file(t, operates), ViewerFile: file(t, views), Hosts: []string{"floe.example"}})
}

func (d *door) ask(method, path string, change ...func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(context.Background(), method, "http://127.0.0.1:8088"+path, nil)
	for _, f := range change {
		f(r)
	}
	w := httptest.NewRecorder()
	d.ServeHTTP(w, r)
	return w
}

func bearer(token string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }
}

func basic(password string) func(*http.Request) {
	return func(r *http.Request) { r.SetBasicAuth("anybody", password) }
}

func header(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

func none(*http.Request) {}

// Each rule lets in whom it names and nobody else, however they say who they are.
func TestRulesHold(t *testing.T) {
	t.Parallel()
	d := guarded(t)
	for _, c := range []struct {
		path string
		who  func(*http.Request)
		want int
	}{
		{"/open", none, 200}, {"/open", bearer("wrong"), 200}, {"/look", none, 401}, {"/look", bearer("wrong"), 401}, {"/look", basic("wrong"), 401},
		{"/look", bearer(views), 200}, {"/look", basic(views), 200}, {"/look", bearer(operates), 200}, {"/act", none, 401}, {"/act", bearer(views), 403},
		{"/act", basic(views), 403}, {"/act", bearer(operates), 200}, {"/act", basic(operates), 200}, {"/forgotten", bearer(operates), 403}, {"/page", none, 303},
		{"/look", header("Authorization", "Digest x"), 401}, {"/look", bearer(""), 401}, {"/look", bearer(views[:len(views)-1]), 401},
	} {
		w := d.ask(http.MethodGet, c.path, c.who, func(r *http.Request) { r.RemoteAddr = "10.0.0." + string(rune('0'+len(c.path))) + ":1" })
		if w.Code != c.want {
			t.Errorf("%s: %d, want %d: %s", c.path, w.Code, c.want, w.Body)
		}
		if w.Code == 401 && w.Header().Get("WWW-Authenticate") == "" {
			t.Errorf("%s: a refusal does not say what is wanted", c.path)
		}
	}
	if w := d.ask(http.MethodGet, "/page?x=1"); w.Header().Get("Location") != "/login?next=%2Fpage%3Fx%3D1" {
		t.Errorf("a page leads to %s", w.Header().Get("Location"))
	}
	open := newDoor(t, Config{})
	if w := open.ask(http.MethodPost, "/act"); w.Code != 200 || w.Body.String() != "operator" {
		t.Errorf("without tokens: %d %s", w.Code, w.Body)
	}
	if w := open.ask(http.MethodGet, "/forgotten"); w.Code != 403 {
		t.Errorf("a route without a rule: %d", w.Code)
	}
}

// A page of another site gets nothing: not by its name on our address, not by making a browser send.
func TestOtherSitesGetNothing(t *testing.T) {
	t.Parallel()
	d := guarded(t)
	for _, c := range []struct {
		method string
		change func(*http.Request)
		want   int
	}{
		{http.MethodGet, func(r *http.Request) { r.Host = "evil.example" }, 421},
		{http.MethodGet, func(r *http.Request) { r.Host = "evil.example:8088" }, 421},
		{http.MethodGet, func(r *http.Request) { r.Host = "floe.example.evil.example" }, 421},
		{http.MethodGet, func(r *http.Request) { r.Host = "" }, 421},
		{http.MethodGet, func(r *http.Request) { r.Host = "Floe.Example:8088" }, 200},
		{http.MethodGet, func(r *http.Request) { r.Host = "localhost" }, 200},
		{http.MethodGet, func(r *http.Request) { r.Host = "[::1]:8088" }, 200},
		{http.MethodPost, header("Origin", "https://evil.example"), 403},
		{http.MethodPost, header("Origin", "null"), 403},
		{http.MethodPost, header("Sec-Fetch-Site", "cross-site"), 403},
		{http.MethodPost, header("Sec-Fetch-Site", "same-site"), 403},
		{http.MethodPost, header("Sec-Fetch-Site", "same-origin"), 200},
		{http.MethodPost, header("Origin", "http://127.0.0.1:8088"), 200},
		{http.MethodPost, none, 200},
	} {
		if w := d.ask(c.method, "/act", bearer(operates), c.change); w.Code != c.want {
			t.Errorf("%s: %d, want %d: %s", c.method, w.Code, c.want, w.Body)
		}
	}
}

// Every answer, a refusal too, bears what keeps a browser from harm.
func TestEveryAnswerIsArmoured(t *testing.T) {
	t.Parallel()
	d := newDoor(t, Config{OperatorFile: file(t, operates), Proxied: true})
	for _, path := range []string{"/open", "/look", "/act", "/page", "/forgotten", "/nothing"} {
		h := d.ask(http.MethodGet, path).Header()
		csp := h.Get("Content-Security-Policy")
		if strings.Contains(csp, "unsafe") || !strings.Contains(csp, "default-src 'none'") || !strings.Contains(csp, "frame-ancestors 'none'") ||
			h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Cache-Control") != "no-store" || h.Get("Referrer-Policy") != "no-referrer" ||
			h.Get("Strict-Transport-Security") == "" {
			t.Errorf("%s: %v", path, h)
		}
	}
}

// Who guesses is stopped, the right token too; another address is not, and later neither is this one.
func TestGuessingIsStopped(t *testing.T) {
	t.Parallel()
	d := guarded(t)
	from := func(addr string) func(*http.Request) { return func(r *http.Request) { r.RemoteAddr = addr } }
	for i := range mostWrong {
		if w := d.ask(http.MethodGet, "/look", bearer("wrong"), from("10.0.0.1:1")); w.Code != 401 {
			t.Fatalf("guess %d: %d", i, w.Code)
		}
	}
	for _, token := range []string{"wrong", operates} {
		if w := d.ask(http.MethodGet, "/look", bearer(token), from("10.0.0.1:2")); w.Code != 429 || w.Header().Get("Retry-After") == "" {
			t.Errorf("after %d guesses: %d", mostWrong, w.Code)
		}
	}
	if p := d.Enter(httptest.NewRecorder(), &http.Request{RemoteAddr: "10.0.0.1:3"}, operates); p == nil || p.Status != 429 {
		t.Errorf("signing in after guesses: %+v", p)
	}
	if w := d.ask(http.MethodGet, "/look", bearer(operates), from("10.0.0.2:1")); w.Code != 200 {
		t.Errorf("another address: %d", w.Code)
	}
	d.at = d.at.Add(wrongWindow)
	if w := d.ask(http.MethodGet, "/look", bearer(operates), from("10.0.0.1:1")); w.Code != 200 {
		t.Errorf("later: %d", w.Code)
	}
	for i := range mostWrong {
		d.ask(http.MethodGet, "/look", bearer("wrong"), from("[2001:db8::"+string(rune('a'+i%6))+"]:1"))
	}
	if w := d.ask(http.MethodGet, "/look", bearer(operates), from("[2001:db8::ffff]:1")); w.Code != 429 {
		t.Errorf("another address of the same network: %d", w.Code)
	}
}

// Addresses without number do not fill memory.
func TestGuessersAreForgotten(t *testing.T) {
	t.Parallel()
	var w wrong
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
	for i := range 3 * mostOrigins {
		r.RemoteAddr = strings.Join([]string{"10", n(i >> 16), n(i >> 8), n(i)}, ".") + ":1"
		w.count(origin(r), time.Unix(1, 0))
	}
	if len(w.from) > mostOrigins {
		t.Errorf("%d addresses are remembered", len(w.from))
	}
}

func n(i int) string {
	b := byte(i)
	return string([]byte{'0' + b/100, '0' + b/10%10, '0' + b%10})
}

// A session ends when it is left, when it idles, after a day, and when its token is another.
func TestSessionsEnd(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(d *door, c *http.Cookie){
		"left": func(d *door, c *http.Cookie) {
			r := httptest.NewRequestWithContext(context.Background(), http.MethodPost, "/", nil)
			r.AddCookie(c)
			d.Leave(httptest.NewRecorder(), r)
		},
		"idle": func(d *door, _ *http.Cookie) { d.at = d.at.Add(idle + 1) },
		"old": func(d *door, c *http.Cookie) {
			for range absolute/idle + 1 {
				d.at = d.at.Add(idle - 1)
				d.ask(http.MethodGet, "/look", func(r *http.Request) { r.AddCookie(c) })
			}
		},
		"another token": func(d *door, _ *http.Cookie) { _ = os.WriteFile(d.ViewerFile, []byte(views+"-new"), 0o600) },
		"no token":      func(d *door, _ *http.Cookie) { _ = os.Remove(d.ViewerFile) },
	} {
		d := guarded(t)
		w := httptest.NewRecorder()
		if p := d.Enter(w, &http.Request{RemoteAddr: "10.0.0.1:1"}, views); p != nil {
			t.Fatal(p)
		}
		c := w.Result().Cookies()[0]
		if !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || len(c.Value) < 26 {
			t.Errorf("the cookie is %s", c)
		}
		with := func(r *http.Request) { r.AddCookie(c) }
		if a, b := d.ask(http.MethodGet, "/look", with), d.ask(http.MethodPost, "/act", with); a.Code != 200 || b.Code != 403 {
			t.Errorf("within a viewer's session: %d and %d", a.Code, b.Code)
		}
		end(d, c)
		if w := d.ask(http.MethodGet, "/look", with); w.Code != 401 {
			t.Errorf("%s: %d", name, w.Code)
		}
	}
	if p := guarded(t).Enter(httptest.NewRecorder(), &http.Request{RemoteAddr: "10.0.0.1:1"}, ""); p == nil || p.Status != 401 {
		t.Errorf("no token signs in: %+v", p)
	}
}

func TestSessionsAreBounded(t *testing.T) {
	t.Parallel()
	var s sessions
	var last string
	for range mostSessions + 5 {
		last = s.begin(token{}, time.Unix(1, 0))
	}
	if _, ok := s.find(last, time.Unix(1, 0)); !ok || len(s.open) != mostSessions {
		t.Errorf("%d sessions", len(s.open))
	}
}

// A gate that cannot hold is not made.
func TestBadGatesAreRefused(t *testing.T) {
	t.Parallel()
	for want, c := range map[string]Config{
		"read the operator's token": {OperatorFile: filepath.Join(t.TempDir(), "none")},
		"has 5 characters":          {OperatorFile: file(t, "short")},
		"have the same token":       {OperatorFile: file(t, operates), ViewerFile: file(t, operates)},
		"without an operator's":     {ViewerFile: file(t, views)},
		"come together":             {Cert: "x"},
		"read the certificate":      {Cert: filepath.Join(t.TempDir(), "none"), Key: "x"},
	} {
		if _, err := New(c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v instead of %s", err, want)
		}
	}
}

// Signing in leads to a page of ours and to no other.
func TestSigningInLeadsNowhereElse(t *testing.T) {
	t.Parallel()
	for next, want := range map[string]string{"/tables?x=1": "/tables?x=1", "": "/", "tables": "/", "//evil.example": "/", "https://evil.example/": "/",
		`/\evil.example`: "/", "/\t/evil.example": "/", "javascript:alert(1)": "/", "///evil.example": "/"} {
		if got := Within(next); got != want {
			t.Errorf("%q leads to %q", next, got)
		}
	}
}
