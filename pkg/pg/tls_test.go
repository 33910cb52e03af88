package pg

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"floe/pkg/nettest"
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

func TestServerThatDoesNotProveItselfIsRefused(t *testing.T) {
	t.Parallel()
	s := pgtest.New(t, pgtest.Options{})
	ours, theirs := nettest.NewAuthority(t), nettest.NewAuthority(t)
	show := func(by *nettest.Authority, valid time.Duration) {
		t.Helper()
		by.Sign("server", valid, "localhost")
		if err := s.Show(t.Context(), by.Path("server.pem"), by.Path("server.key")); err != nil {
			t.Fatal(err)
		}
	}
	connect := func(host, mode string) (tls bool, err error) {
		config := Config{URL: fmt.Sprintf("host=%s port=%d user=postgres dbname=postgres sslrootcert=%s %s", host, s.Port(), ours.CA(), mode)}
		stream, refused := ConnectReplication(t.Context(), config)
		c, err := Connect(t.Context(), config, Admin)
		if (err == nil) != (refused == nil) {
			t.Errorf("%s %s: a session: %v, the stream: %v", host, mode, err, refused)
		}
		if refused == nil {
			defer stream.Close(context.Background()) //nolint:errcheck
		}
		if err != nil {
			var u *UntrustedError
			if !errors.As(refused, &u) {
				t.Errorf("%s %s: the stream: %v", host, mode, refused)
			}
			return false, err
		}
		var streamed bool
		err = c.QueryRow(t.Context(), `SELECT ssl, (SELECT ssl FROM pg_stat_ssl WHERE pid = $1) FROM pg_stat_ssl WHERE pid = pg_backend_pid()`, stream.PID()).Scan(&tls, &streamed)
		if streamed != tls {
			t.Errorf("%s %s: TLS %t of a session, %t of the stream", host, mode, tls, streamed)
		}
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
	show(ours, time.Hour)
	if tls, err := connect("localhost", "sslmode=verify-full"); err != nil || !tls {
		t.Errorf("the right certificate: TLS %t, %v", tls, err)
	}
	if tls, err := connect("localhost", ""); err != nil || tls {
		t.Errorf("a loopback host by default: TLS %t, %v", tls, err)
	}
	refused("another host's certificate", "127.0.0.1")
	show(ours, -time.Hour)
	refused("an expired certificate", "localhost")
	show(theirs, time.Hour)
	refused("a certificate of an authority that nobody named", "localhost")
}
