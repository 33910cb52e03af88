package console

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"floe/pkg/access"
	"floe/pkg/ledger"
)

// said is what a page says after a form did something: a form leads on by a code, never by a text.
var said = map[string]string{"sent": "The command is in the log; the services take it up at once.", "nothing": "Nothing to do: it is so already."}

// refused shows why something was not done.
func (s *server) refused(w http.ResponseWriter, r *http.Request, p *access.Problem) {
	s.show(w, r, p.Status, "result", "Not done", false, p)
}

// act does what a form asks for. What cannot be undone lightly asks for the job's name.
func (s *server) act(w http.ResponseWriter, r *http.Request) {
	verb := r.PostFormValue("verb")
	sure := !slices.Contains([]string{ledger.VerbStop, ledger.VerbRemove, ledger.VerbResync, ledger.VerbSkip}, verb) || r.PostFormValue("confirm") == s.Job
	if !sure {
		s.refused(w, r, &access.Problem{Status: http.StatusConflict, Code: "not-confirmed", Detail: "the job's name was not typed as it is: " + s.Job})
		return
	}
	var sent Sent
	var p *access.Problem
	to := "/"
	switch verb {
	case ledger.VerbRetry:
		to = "/errors"
		sent, p = s.retry(r.Context())
	case ledger.VerbSkip:
		to = "/errors"
		sent, p = s.skip(r.Context(), Left{r.PostFormValue("applier"), r.PostFormValue("place"), r.PostFormValue("reason")})
	case ledger.VerbSet:
		to = "/settings"
		sent, p = s.set(r.Context(), []string{r.PostFormValue("key") + "=" + strings.TrimSpace(r.PostFormValue("value"))})
	case ledger.VerbAdd, ledger.VerbRemove, ledger.VerbResync:
		to = "/tables"
		sent, p = s.selects(r.Context(), verb, strings.FieldsFunc(r.PostFormValue("tables"), func(r rune) bool { return r == '\n' || r == '\r' }))
	default:
		sent, p = s.run(r.Context(), verb, r.PostFormValue("reason"))
	}
	if p != nil {
		s.refused(w, r, p)
		return
	}
	code := "sent"
	if !sent.Sent {
		code = "nothing"
	}
	http.Redirect(w, r, to+"?said="+code, http.StatusSeeOther)
}

func (s *server) checksAgain(w http.ResponseWriter, r *http.Request) {
	if s.Near.Check == nil {
		p := errFar
		s.refused(w, r, &p)
		return
	}
	s.runChecks()
	http.Redirect(w, r, "/checks", http.StatusSeeOther)
}

// login is the page of signing in.
type login struct{ Next, Wrong string }

func (s *server) signInPage(w http.ResponseWriter, r *http.Request) {
	next := access.Within(r.URL.Query().Get("next"))
	if !s.Gate.Asks() {
		http.Redirect(w, r, next, http.StatusSeeOther)
		return
	}
	s.show(w, r, http.StatusOK, "login", "Sign in", false, login{Next: next})
}

func (s *server) signIn(w http.ResponseWriter, r *http.Request) {
	next := access.Within(r.PostFormValue("next"))
	if !s.Gate.Asks() {
		http.Redirect(w, r, next, http.StatusSeeOther)
		return
	}
	if p := s.Gate.Enter(w, r, r.PostFormValue("token")); p != nil {
		s.Log.Warn("somebody did not sign in", "from", r.RemoteAddr, "code", p.Code)
		text := "This token is not known."
		if p.Status == http.StatusTooManyRequests {
			text = "Too many wrong tokens came from this address; wait some minutes."
		}
		s.show(w, r, p.Status, "login", "Sign in", false, login{next, text})
		return
	}
	http.Redirect(w, r, next, http.StatusSeeOther)
}

func (s *server) signOut(w http.ResponseWriter, r *http.Request) {
	s.Gate.Leave(w, r)
	http.Redirect(w, r, access.SignIn, http.StatusSeeOther)
}

// prefer remembers a language or a theme in the browser.
func (s *server) prefer(w http.ResponseWriter, r *http.Request) {
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
