package pg

import (
	"crypto/tls"
	"errors"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// secured returns the connection string with the TLS mode that holds where it names none: verify-full for
// a host that others can stand between, none for loopback and sockets. libpq's own default takes any
// certificate, and none at all.
func secured(text string) (string, error) {
	address, isURL := strings.CutPrefix(text, "postgres://")
	if !isURL {
		address, isURL = strings.CutPrefix(text, "postgresql://")
	}
	c, err := pgconn.ParseConfig(text)
	if err != nil {
		return "", err
	}
	mode := "disable"
	if Remote(c) {
		mode = "verify-full"
	}
	if !isURL {
		return "sslmode=" + mode + " " + text, nil // what is written behind it counts
	}
	_, query, asked := strings.Cut(address, "?")
	if values, err := url.ParseQuery(query); err != nil || values.Has("sslmode") {
		return text, nil //nolint:nilerr // it was parsed above
	}
	if asked {
		return text + "&sslmode=" + mode, nil
	}
	return text + "?sslmode=" + mode, nil
}

// Remote reports whether one of the hosts is neither loopback nor a Unix socket.
func Remote(c *pgconn.Config) bool {
	if remote(c.Host) {
		return true
	}
	for _, f := range c.Fallbacks {
		if remote(f.Host) {
			return true
		}
	}
	return false
}

func remote(host string) bool {
	if host == "" || host == "localhost" || strings.HasPrefix(host, "/") || strings.HasPrefix(host, "@") {
		return false
	}
	ip, err := netip.ParseAddr(host)
	return err != nil || !ip.Unmap().IsLoopback()
}

// Lenient reports whether a connection to a remote host would take another host's certificate, one that
// nobody vouches for, or none.
func Lenient(c Config) bool {
	text, err := secured(c.URL)
	if err != nil {
		return false
	}
	cfg, err := pgconn.ParseConfig(text)
	if err != nil {
		return false
	}
	attempts := append(cfg.Fallbacks, &pgconn.FallbackConfig{Host: cfg.Host, TLSConfig: cfg.TLSConfig})
	return slices.ContainsFunc(attempts, func(f *pgconn.FallbackConfig) bool {
		return remote(f.Host) && (f.TLSConfig == nil || f.TLSConfig.InsecureSkipVerify)
	})
}

// UntrustedError is a server that was asked to prove who it is and did not.
type UntrustedError struct{ Err error }

func (e *UntrustedError) Error() string { return e.Err.Error() + "; " + e.Fix() }
func (e *UntrustedError) Unwrap() error { return e.Err }

// Fix says what to do.
func (e *UntrustedError) Fix() string {
	return "name the authority that signed the server's certificate (tls.ca, or sslrootcert), and the host as the certificate has it; " +
		"or write out that less is enough (tls.mode, or sslmode: require encrypts without proof, disable does not encrypt)"
}

// untrusted tells errors of TLS from others. That the server has none is known by its text only.
func untrusted(err error) error {
	var certificate *tls.CertificateVerificationError
	if errors.As(err, &certificate) || err != nil && strings.Contains(err.Error(), "server refused TLS connection") {
		return &UntrustedError{err}
	}
	return err
}
