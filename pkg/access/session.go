package access

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// SignIn and SignOut are the paths of the pages that begin and end a session.
const (
	SignIn  = "/login"
	SignOut = "/logout"
)

// Sessions end when nobody used them for long, after a day's work, and when their token does.
const (
	idle     = 30 * time.Minute
	absolute = 12 * time.Hour
	// mostSessions bounds what signing in over and over can make us hold.
	mostSessions = 1000
)

// sessions are the browsers that signed in, by the hash of what their cookie holds: they die with the
// process.
type sessions struct {
	mu   sync.Mutex
	open map[[sha256.Size]byte]*session
}

type session struct {
	token      token
	made, used time.Time
}

func (s *session) over(now time.Time) bool {
	return now.Sub(s.used) > idle || now.Sub(s.made) > absolute
}

// begin makes a session and returns what its cookie holds: 130 random bits.
func (s *sessions) begin(t token, now time.Time) string {
	id := rand.Text()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open == nil {
		s.open = map[[sha256.Size]byte]*session{}
	}
	for k, x := range s.open {
		if x.over(now) {
			delete(s.open, k)
		}
	}
	for k := range s.open {
		if len(s.open) < mostSessions {
			break
		}
		delete(s.open, k)
	}
	s.open[sha256.Sum256([]byte(id))] = &session{t, now, now}
	return id
}

func (s *sessions) find(id string, now time.Time) (token, bool) {
	key := sha256.Sum256([]byte(id))
	s.mu.Lock()
	defer s.mu.Unlock()
	x, ok := s.open[key]
	if !ok {
		return token{}, false
	}
	if x.over(now) {
		delete(s.open, key)
		return token{}, false
	}
	x.used = now
	return x.token, true
}

func (s *sessions) end(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, sha256.Sum256([]byte(id)))
}

// session is the role of a request's session, as long as its token is one that holds now.
func (g *Gate) session(r *http.Request) Role {
	c, err := r.Cookie(g.cookie())
	if err != nil {
		return Nobody
	}
	t, ok := g.sessions.find(c.Value, g.now())
	if !ok {
		return Nobody
	}
	tokens, err := g.tokens()
	if err != nil {
		return Nobody
	}
	for _, x := range tokens {
		if x == t {
			return t.role
		}
	}
	return Nobody
}

// cookie is the session's name: with __Host- browsers take it over TLS from this very host alone.
func (g *Gate) cookie() string {
	if g.secure() {
		return "__Host-floe"
	}
	return "floe"
}

// Enter begins a session with a token, and says why not.
func (g *Gate) Enter(w http.ResponseWriter, r *http.Request, secret string) *Problem {
	role, p := g.try(w, r, secret)
	if p != nil {
		return p
	}
	if role == Nobody {
		return &Problem{Status: http.StatusUnauthorized, Code: "token-wrong", Detail: "this token is not known"}
	}
	t, _ := g.known(secret) // it was a moment ago; the empty token of one that went opens nothing
	g.set(w, g.sessions.begin(t, g.now()), 0)
	return nil
}

// Leave ends a request's session.
func (g *Gate) Leave(w http.ResponseWriter, r *http.Request) {
	if c, err := r.Cookie(g.cookie()); err == nil {
		g.sessions.end(c.Value)
	}
	g.set(w, "", -1)
}

func (g *Gate) set(w http.ResponseWriter, value string, age int) {
	http.SetCookie(w, &http.Cookie{Name: g.cookie(), Value: value, Path: "/", MaxAge: age, HttpOnly: true, Secure: g.secure(), SameSite: http.SameSiteStrictMode})
}

// Within is the path of this address that a text asks for, / if it leads elsewhere.
func Within(next string) string {
	u, err := url.Parse(next)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || !strings.HasPrefix(u.Path, "/") || strings.HasPrefix(next, "//") || strings.ContainsAny(next, "\\\r\n\t") {
		return "/"
	}
	return next
}

type roleKey struct{}

func with(ctx context.Context, r Role) context.Context { return context.WithValue(ctx, roleKey{}, r) }

// Of is the role that a request was let in with.
func Of(ctx context.Context) Role {
	r, _ := ctx.Value(roleKey{}).(Role)
	return r
}
