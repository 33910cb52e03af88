package console

import (
	"bytes"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"floe/pkg/access"
)

// face is what every console has, whether there is a job yet or not: signing in, preferences, the pages'
// own files.
type face struct {
	gate *access.Gate
	log  *slog.Logger
	show func(w http.ResponseWriter, r *http.Request, code int, name, title string, live bool, body any)
}

func (f *face) routes() []route {
	out := []route{{pattern: "GET " + access.SignIn, rule: access.Open, page: true, do: f.signInPage},
		{pattern: "POST " + access.SignIn, rule: access.Open, page: true, do: f.signIn},
		{pattern: "POST " + access.SignOut, rule: access.Open, page: true, do: f.signOut},
		{pattern: "POST /preferences", rule: access.Open, page: true, do: f.prefer},
		{pattern: "GET /healthz", rule: access.Open, do: func(w http.ResponseWriter, _ *http.Request) { text(w, http.StatusOK, "ok") }}}
	for _, name := range []string{"console.css", "console.js", "floe.svg"} {
		out = append(out, route{pattern: "GET /static/" + name, rule: access.Open, do: func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Cache-Control", "no-cache")
			http.ServeFileFS(w, r, files, "static/"+name)
		}})
	}
	return out
}

// paint writes a page. It is made before the first byte goes out, so that it is whole or an error.
func (f *face) paint(w http.ResponseWriter, code int, name string, x *frame) {
	var b bytes.Buffer
	if err := drawn()[x.Lang+name].Execute(&b, x); err != nil {
		f.log.Error("page is not written", "page", name, "err", err)
		access.Problem{Status: http.StatusInternalServerError, Code: "internal", Detail: "the page could not be written"}.Write(w)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(code)
	_, _ = w.Write(b.Bytes()) // the client has gone
}

// handle answers routes, each by its rule.
func (f *face) handle(routes []route) http.Handler {
	mux := http.NewServeMux()
	for _, r := range routes {
		mux.Handle(r.pattern, f.gate.Wrap(r.rule, r.page, r.do))
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, pattern := mux.Handler(r); pattern != "" || !strings.HasPrefix(r.URL.Path, "/api/") {
			mux.ServeHTTP(w, r)
			return
		}
		x := &refused{ResponseWriter: w}
		mux.ServeHTTP(x, r)
		switch x.code {
		case http.StatusNotFound:
			access.Problem{Status: x.code, Code: "path-unknown", Detail: "the API has no such path", Hint: "GET /api/v1/openapi.json has all"}.Write(w)
		case http.StatusMethodNotAllowed:
			access.Problem{Status: x.code, Code: "method-unknown", Detail: "this path takes " + w.Header().Get("Allow"), Hint: "GET /api/v1/openapi.json has all"}.Write(w)
		}
	})
}

// refused keeps what a mux says of a path or method that it does not know from being said as a text: programs
// read problems.
type refused struct {
	http.ResponseWriter
	code int
}

// WriteHeader implements http.ResponseWriter.
func (x *refused) WriteHeader(code int) {
	if code == http.StatusNotFound || code == http.StatusMethodNotAllowed {
		x.code = code
		return
	}
	x.ResponseWriter.WriteHeader(code)
}

// Write implements http.ResponseWriter.
func (x *refused) Write(b []byte) (int, error) {
	if x.code != 0 {
		return len(b), nil
	}
	return x.ResponseWriter.Write(b)
}

// login is the page of signing in.
type login struct{ Next, Wrong string }

func (f *face) signInPage(w http.ResponseWriter, r *http.Request) {
	next := access.Within(r.URL.Query().Get("next"))
	if !f.gate.Asks() {
		http.Redirect(w, r, next, http.StatusSeeOther)
		return
	}
	f.show(w, r, http.StatusOK, "login", "Sign in", false, login{Next: next})
}

func (f *face) signIn(w http.ResponseWriter, r *http.Request) {
	next := access.Within(r.PostFormValue("next"))
	if !f.gate.Asks() {
		http.Redirect(w, r, next, http.StatusSeeOther)
		return
	}
	if p := f.gate.Enter(w, r, r.PostFormValue("token")); p != nil {
		f.log.Warn("somebody did not sign in", "from", r.RemoteAddr, "code", p.Code)
		text := "This token is not known."
		if p.Status == http.StatusTooManyRequests {
			text = "Too many wrong tokens came from this address; wait some minutes."
		}
		f.show(w, r, p.Status, "login", "Sign in", false, login{next, text})
		return
	}
	http.Redirect(w, r, next, http.StatusSeeOther)
}

func (f *face) signOut(w http.ResponseWriter, r *http.Request) {
	f.gate.Leave(w, r)
	http.Redirect(w, r, access.SignIn, http.StatusSeeOther)
}

// prefer remembers a language or a theme in the browser.
func (f *face) prefer(w http.ResponseWriter, r *http.Request) {
	if lang := r.PostFormValue("lang"); isLanguage(lang) {
		remember(w, "floe_lang", lang)
	}
	if t := r.PostFormValue("theme"); t == "light" || t == "dark" || t == "system" {
		remember(w, "floe_theme", t)
	}
	http.Redirect(w, r, access.Within(r.PostFormValue("back")), http.StatusSeeOther)
}

func remember(w http.ResponseWriter, name, value string) {
	http.SetCookie(w, &http.Cookie{Name: name, Value: value, Path: "/", MaxAge: int((365 * 24 * time.Hour).Seconds()), HttpOnly: true, SameSite: http.SameSiteStrictMode})
}

func theme(r *http.Request) string {
	if c, err := r.Cookie("floe_theme"); err == nil && (c.Value == "light" || c.Value == "dark") {
		return c.Value
	}
	return "system"
}

// language is the one that was chosen, else the browser's, as far as we speak it.
func language(r *http.Request) string {
	if c, err := r.Cookie("floe_lang"); err == nil && isLanguage(c.Value) {
		return c.Value
	}
	for want := range strings.SplitSeq(r.Header.Get("Accept-Language"), ",") {
		tag, _, _ := strings.Cut(strings.TrimSpace(want), ";")
		if base, _, _ := strings.Cut(strings.ToLower(tag), "-"); isLanguage(base) {
			return base
		}
	}
	return languages[0]
}
