// Package access decides who may ask floe for what over HTTP. A Gate stands before every route: which
// hosts are answered, what each answer bears, who asks, and whether a page elsewhere makes them ask.
//
//   - Without tokens there is nobody to tell apart: everybody who reaches the address is an operator,
//     which is why such an address is this machine's own (cmd/floe).
//   - With tokens a route is answered only to whom its Rule names; one without a Rule to nobody.
//   - Tokens are read anew whenever they are compared, so that a rotated one ends the sessions of the old.
package access

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"slices"
	"strings"
	"time"
)

// Role is who asks.
type Role int

// The roles; each may do what the one before it may.
const (
	Nobody Role = iota
	Viewer
	Operator
)

func (r Role) String() string { return [...]string{"nobody", "viewer", "operator"}[r] }

// Rule is what a route asks for. The zero Rule answers nobody, so that one which was forgotten is seen.
type Rule int

// The rules. Open is for what says nothing of the job: health, signing in, the pages' own files.
const (
	Undeclared Rule = iota
	Open
	View
	Operate
)

// least is the role that a rule asks for.
func (r Rule) least() Role {
	if r == Operate {
		return Operator
	}
	return Viewer
}

// MostBody bounds what a request may bear.
const MostBody = 64 << 10

// LeastToken is the shortest token that is taken: what is that long and random cannot be guessed, so
// that a quick hash of it suffices.
const LeastToken = 20

// Config is a gate.
type Config struct {
	// OperatorFile and ViewerFile hold the tokens; without either everybody is an operator.
	OperatorFile, ViewerFile string
	// Hosts are the names that this address is known by; localhost and addresses always are.
	Hosts []string
	// Cert and Key are the files of a certificate, empty to serve without TLS.
	Cert, Key string
	// Proxied: a proxy before us speaks TLS with the clients.
	Proxied bool
}

// secure reports whether clients come over TLS.
func (c *Config) secure() bool { return c.Cert != "" || c.Proxied }

// Gate stands before routes.
type Gate struct {
	Config
	cross    http.CrossOriginProtection
	sessions sessions
	wrong    wrong
	keeper   keeper
	now      func() time.Time
}

// New returns a gate; tokens that cannot be read or are too short are refused.
func New(c Config) (*Gate, error) {
	g := &Gate{Config: c, now: time.Now, keeper: keeper{cert: c.Cert, key: c.Key}}
	if (c.Cert == "") != (c.Key == "") {
		return nil, errors.New("a certificate and its key come together")
	}
	if c.Cert != "" {
		if _, err := g.keeper.get(nil); err != nil {
			return nil, err
		}
	}
	if c.OperatorFile == "" && c.ViewerFile != "" {
		return nil, errors.New("a viewer's token without an operator's: everybody would only look")
	}
	tokens, err := g.tokens()
	if err != nil {
		return nil, err
	}
	if len(tokens) == 2 && tokens[0].hash == tokens[1].hash {
		return nil, errors.New("operator and viewer have the same token")
	}
	return g, nil
}

// Asks reports whether there are tokens.
func (g *Gate) Asks() bool { return g.OperatorFile != "" }

type token struct {
	role Role
	hash [sha256.Size]byte
}

// tokens reads the tokens that hold now.
func (g *Gate) tokens() ([]token, error) {
	var out []token
	for _, f := range []struct {
		role Role
		path string
	}{{Operator, g.OperatorFile}, {Viewer, g.ViewerFile}} {
		if f.path == "" {
			continue
		}
		text, err := os.ReadFile(f.path)
		if err != nil {
			return nil, fmt.Errorf("read the %s's token: %w", f.role, err)
		}
		secret := strings.TrimRight(string(text), "\r\n")
		if len(secret) < LeastToken {
			return nil, fmt.Errorf("the %s's token in %s has %d characters, %d at least are wanted (openssl rand -base64 32)", f.role, f.path, len(secret), LeastToken)
		}
		out = append(out, token{f.role, sha256.Sum256([]byte(secret))})
	}
	return out, nil
}

// known finds whose token a secret is. All are compared, in the same time whatever differs.
func (g *Gate) known(secret string) (token, bool) {
	tokens, err := g.tokens()
	if err != nil {
		return token{}, false // a token that cannot be read lets nobody in
	}
	hash, found, at := sha256.Sum256([]byte(secret)), 0, 0
	for i, t := range tokens {
		if same := subtle.ConstantTimeCompare(hash[:], t.hash[:]); same == 1 {
			found, at = 1, i
		}
	}
	if found == 0 {
		return token{}, false
	}
	return tokens[at], true
}

// local reports whether a Host header names this machine as its clients know it: a page elsewhere that
// rebinds its own name to our address sends that name.
func (g *Gate) local(hostport string) bool {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = hostport
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	return host == "localhost" || net.ParseIP(strings.Trim(host, "[]")) != nil ||
		slices.ContainsFunc(g.Hosts, func(h string) bool { return strings.EqualFold(h, host) })
}

// origin is where a request comes from, for counting.
func origin(r *http.Request) netip.Prefix { return network(r.RemoteAddr) }

// network is an address, or the network that an IPv6 host chooses its addresses from.
func network(addr string) netip.Prefix {
	at, err := netip.ParseAddrPort(addr)
	if err != nil {
		return netip.Prefix{}
	}
	bits := 32
	if a := at.Addr().Unmap(); a.Is6() {
		bits = 64
	}
	p, _ := at.Addr().Unmap().Prefix(bits) // the bits fit the family
	return p
}
