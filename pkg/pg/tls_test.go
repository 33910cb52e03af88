package pg

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"floe/pkg/pgtest"
)

func TestRemoteHostsProveWhoTheyAreUnlessToldOtherwise(t *testing.T) {
	t.Setenv("PGSSLMODE", "disable") // an environment is not written out
	for text, want := range map[string]struct{ verified, lenient bool }{
		"postgres://u@db.example/d":                             {true, false},
		"postgresql://u@db.example/d?application_name=x":        {true, false},
		"host=db.example user=u":                                {true, false},
		"host=db.example password='sslmode=disable'":            {true, false},
		"postgres://u@10.0.0.1/d":                               {true, false},
		"postgres://u@[2001:db8::1]/d":                          {true, false},
		"postgres://u@localhost,db.example/d":                   {true, false},
		"postgres://u@db.example/d?sslmode=require":             {false, true},
		"postgres://u@db.example/d?sslmode=verify-ca":           {false, true},
		"postgres://u@db.example/d?sslmode=prefer":              {false, true},
		"host=db.example sslmode=disable":                       {false, true},
		"postgres://u@localhost,db.example/d?sslmode=disable":   {false, true},
		"postgres://u@127.0.0.7/d":                              {false, false},
		"postgres://u@[::1]/d":                                  {false, false},
		"postgres://u@localhost/d?sslmode=disable":              {false, false},
		"host=/tmp dbname=d":                                    {false, false},
		"postgres:///d?host=/tmp":                               {false, false},
		"postgres://u@db.example/d?sslmode=verify-full":         {true, false},
		"host=db.example sslmode = verify-full dbname='a b' ":   {true, false},
		"host='db.example' options='-c a=b' sslmode='disable' ": {false, true},
	} {
		out, err := secured(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		c, err := pgconn.ParseConfig(out)
		if err != nil {
			t.Errorf("%s became %s: %v", text, out, err)
			continue
		}
		verified := c.TLSConfig != nil && !c.TLSConfig.InsecureSkipVerify && c.TLSConfig.ServerName != ""
		if verified != want.verified || Lenient(Config{URL: text}) != want.lenient {
			t.Errorf("%s became %s: verified %t, lenient %t", text, out, verified, Lenient(Config{URL: text}))
		}
		if !verified && !want.lenient && c.TLSConfig != nil {
			t.Errorf("%s became %s, which speaks TLS", text, out)
		}
	}
}

// authority signs certificates that a test's server shows.
type authority struct {
	t    *testing.T
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	file string
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{t: t}
	a.cert, a.key = a.sign(&x509.Certificate{Subject: pkix.Name{CommonName: "authority"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}, time.Hour)
	a.file = filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(a.file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.cert.Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	return a
}

func (a *authority) sign(c *x509.Certificate, valid time.Duration) (*x509.Certificate, *ecdsa.PrivateKey) {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	c.SerialNumber = big.NewInt(time.Now().UnixNano())
	c.NotBefore, c.NotAfter = time.Now().Add(-2*time.Hour), time.Now().Add(valid)
	parent, signer := a.cert, a.key
	if parent == nil {
		parent, signer = c, key
	}
	raw, err := x509.CreateCertificate(rand.Reader, c, parent, &key.PublicKey, signer)
	if err != nil {
		a.t.Fatal(err)
	}
	if c, err = x509.ParseCertificate(raw); err != nil {
		a.t.Fatal(err)
	}
	return c, key
}

// show makes the server show a certificate for host from its next connection on.
func (a *authority) show(s *pgtest.Server, host string, valid time.Duration) {
	a.t.Helper()
	cert, key := a.sign(&x509.Certificate{Subject: pkix.Name{CommonName: host}, DNSNames: []string{host}}, valid)
	raw, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		a.t.Fatal(err)
	}
	data := filepath.Join(s.Dir(), "data")
	is, err := os.Stat(data)
	if err != nil {
		a.t.Fatal(err)
	}
	owner := is.Sys().(*syscall.Stat_t)
	for name, block := range map[string]*pem.Block{"server.crt": {Type: "CERTIFICATE", Bytes: cert.Raw}, "server.key": {Type: "PRIVATE KEY", Bytes: raw}} {
		file := filepath.Join(data, name)
		if err := errors.Join(os.WriteFile(file, pem.EncodeToMemory(block), 0o600), os.Chown(file, int(owner.Uid), int(owner.Gid))); err != nil {
			a.t.Fatal(err)
		}
	}
	if err := errors.Join(s.Stop(pgtest.Fast), s.Start(a.t.Context())); err != nil {
		a.t.Fatal(err)
	}
}

func TestServerThatDoesNotProveItselfIsRefused(t *testing.T) {
	t.Parallel()
	s := pgtest.New(t, pgtest.Options{})
	ours, theirs := newAuthority(t), newAuthority(t)
	connect := func(host, mode string) (tls bool, err error) {
		c, err := Connect(t.Context(), Config{URL: fmt.Sprintf("host=%s port=%d user=postgres dbname=postgres sslrootcert=%s %s", host, s.Port(), ours.file, mode)}, Admin)
		if err != nil {
			return false, err
		}
		err = c.QueryRow(t.Context(), `SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()`).Scan(&tls)
		return tls, errors.Join(err, c.Close(t.Context()))
	}
	refused := func(why, host string) {
		t.Helper()
		_, err := connect(host, "sslmode=verify-full")
		var u *UntrustedError
		if !errors.As(err, &u) || !strings.Contains(err.Error(), "sslrootcert") {
			t.Errorf("%s: %v", why, err)
		}
	}
	refused("a server without TLS, or one whose answer somebody changed", "localhost")
	if err := s.Exec(t.Context(), "postgres", `ALTER SYSTEM SET ssl = on`); err != nil {
		t.Fatal(err)
	}
	ours.show(s, "localhost", time.Hour)
	if tls, err := connect("localhost", "sslmode=verify-full"); err != nil || !tls {
		t.Errorf("the right certificate: TLS %t, %v", tls, err)
	}
	if tls, err := connect("localhost", ""); err != nil || tls {
		t.Errorf("a loopback host by default: TLS %t, %v", tls, err)
	}
	refused("another host's certificate", "127.0.0.1")
	ours.show(s, "localhost", -time.Hour)
	refused("an expired certificate", "localhost")
	theirs.show(s, "localhost", time.Hour)
	refused("a certificate of an authority that nobody named", "localhost")
}
