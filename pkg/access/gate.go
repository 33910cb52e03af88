package access

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// policy lets a page load nothing but this address's own files, and no script or style within it.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// Guard stands before all routes: it sets what every answer bears, and refuses names that are not this
// host's, requests that a page elsewhere made, and bodies beyond MostBody.
func (g *Gate) Guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		if g.secure() {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		if !g.local(r.Host) {
			Problem{Status: http.StatusMisdirectedRequest, Code: "host-unknown", Detail: "floe answers here to localhost, to addresses, and to the names it was given (--host)"}.Write(w)
			return
		}
		if err := g.cross.Check(r); err != nil {
			Problem{Status: http.StatusForbidden, Code: "cross-origin", Detail: "a page of another site made this request"}.Write(w)
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, MostBody)
		next.ServeHTTP(w, r)
	})
}

// Wrap answers a route by its rule. A page that is asked for without a session leads to SignIn.
func (g *Gate) Wrap(rule Rule, page bool, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if rule == Undeclared {
			Problem{Status: http.StatusForbidden, Code: "no-rule", Detail: "nobody may ask this"}.Write(w)
			return
		}
		role := Operator
		if g.Asks() {
			var p *Problem
			if role, p = g.who(w, r); p != nil && rule != Open {
				p.Write(w)
				return
			}
		}
		switch {
		case rule == Open || role >= rule.least():
			next.ServeHTTP(w, r.WithContext(with(r.Context(), role)))
		case role == Nobody && page && r.Method == http.MethodGet:
			http.Redirect(w, r, SignIn+"?next="+url.QueryEscape(r.URL.RequestURI()), http.StatusSeeOther)
		case role == Nobody:
			w.Header().Add("WWW-Authenticate", "Bearer")
			Problem{Status: http.StatusUnauthorized, Code: "token-wanted", Detail: "who asks?", Hint: "Authorization: Bearer TOKEN, or the token as the password of basic authentication"}.Write(w)
		default:
			Problem{Status: http.StatusForbidden, Code: "viewer", Detail: "a viewer may look and not change", Hint: "use the operator's token"}.Write(w)
		}
	})
}

// who finds the role of a request by its header, or its session. Wrong tokens are counted; who sent too
// many is answered nothing more for a while, right or wrong.
func (g *Gate) who(w http.ResponseWriter, r *http.Request) (Role, *Problem) {
	secret, sent := presented(r)
	if !sent {
		return g.session(r), nil
	}
	role, p := g.try(w, r, secret)
	if p == nil && role == Nobody {
		w.Header().Add("WWW-Authenticate", "Bearer")
		p = &Problem{Status: http.StatusUnauthorized, Code: "token-wrong", Detail: "this token is not known"}
	}
	return role, p
}

// try compares a token, as often as wrong ones allow.
func (g *Gate) try(w http.ResponseWriter, r *http.Request, secret string) (Role, *Problem) {
	from := origin(r)
	if wait := g.wrong.wait(from, g.now()); wait > 0 {
		seconds := int(wait.Seconds()) + 1
		w.Header().Set("Retry-After", strconv.Itoa(seconds))
		return Nobody, &Problem{Status: http.StatusTooManyRequests, Code: "too-many-wrong", Detail: "too many wrong tokens came from this address", Hint: "wait " + strconv.Itoa(seconds) + " s"}
	}
	t, ok := g.known(secret)
	if !ok {
		g.wrong.count(from, g.now())
		return Nobody, nil
	}
	return t.role, nil
}

// presented is the token of a request's header: a bearer's, or a password with any user.
func presented(r *http.Request) (string, bool) {
	h := r.Header.Get("Authorization")
	if scheme, rest, ok := strings.Cut(h, " "); ok && strings.EqualFold(scheme, "Bearer") {
		return strings.TrimSpace(rest), true
	}
	if _, password, ok := r.BasicAuth(); ok {
		return password, true
	}
	return "", h != ""
}
