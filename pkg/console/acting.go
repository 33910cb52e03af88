package console

import (
	"net/http"
	"slices"
	"strings"

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
	sure := !slices.Contains([]string{ledger.VerbStop, ledger.VerbRemove, ledger.VerbResync, ledger.VerbReplay, ledger.VerbSkip}, verb) || r.PostFormValue("confirm") == s.Job
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
		sent, p = s.selects(r.Context(), verb, lines(r.PostFormValue("tables")))
	case ledger.VerbReplay:
		to = "/tables"
		sent, p = s.replay(r.Context(), Replayed{strings.TrimSpace(r.PostFormValue("from")), lines(r.PostFormValue("tables"))})
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

// checksAgain runs the prechecks of the console's job, or takes a warning as known.
func (s *server) checksAgain(w http.ResponseWriter, r *http.Request) {
	if p := s.checked(r, s.Prefix, s.watch); p != nil {
		s.refused(w, r, p)
		return
	}
	http.Redirect(w, r, "/checks", http.StatusSeeOther)
}

// checksOfAgain does it with another job of the log.
func (s *server) checksOfAgain(w http.ResponseWriter, r *http.Request) {
	f, p := s.find(r.Context(), r.PathValue("name"))
	if p == nil {
		p = s.checked(r, f.prefix, f.watch)
	}
	if p != nil {
		s.refused(w, r, p)
		return
	}
	http.Redirect(w, r, "/jobs/"+pathEscape(f.prefix), http.StatusSeeOther)
}

// checked does what a form of prechecks asks for.
func (s *server) checked(r *http.Request, prefix string, w *watch) *access.Problem {
	if r.PostFormValue("do") == "ignore" {
		return s.checksOf(prefix, w.now()).ignore(Known{r.PostFormValue("code"), r.PostFormValue("reason")})
	}
	s.checkAgain(r.Context(), prefix, w)
	return nil
}
