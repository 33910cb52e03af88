package shim

import (
	"context"
	"errors"
	"io"
	"net"
	"net/url"
	"regexp"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5/pgproto3"

	"floe/pkg/pgtest"
)

// Dressed stands before a server and has it seem to know settings that it does not have, such as
// nls_date_format, which no plain server lets anybody define: sessions may be started with them, and
// current_setting gives what they were started with, else Defaults. The server sees none of it.
type Dressed struct {
	// Defaults are the settings, with the values of a session that asks for nothing.
	Defaults map[string]string
	// EmptyIsNull: '' IS NULL is true.
	EmptyIsNull bool
	// Drops: sessions do not get what they were started with, as behind a proxy that ignores it.
	Drops bool

	server   string
	listener net.Listener
	done     sync.WaitGroup
	mu       sync.Mutex
	sessions []map[string]string
	conns    []net.Conn
}

// Dress begins to listen before the server of a database's URL and gives the URL to use instead.
func Dress(t pgtest.TB, database string, d *Dressed) string {
	t.Helper()
	u, err := url.Parse(database)
	if err != nil {
		t.Fatalf("parse %s: %v", database, err)
	}
	d.server = u.Host
	if d.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatalf("listen: %v", err)
	}
	u.Host = d.listener.Addr().String()
	d.done.Go(d.accept)
	t.Cleanup(func() {
		d.listener.Close()
		d.mu.Lock()
		for _, c := range d.conns {
			c.Close()
		}
		d.mu.Unlock()
		d.done.Wait()
	})
	return u.String()
}

// Sessions are what each session was started with.
func (d *Dressed) Sessions() []map[string]string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.sessions
}

func (d *Dressed) accept() {
	for {
		client, err := d.listener.Accept()
		if err != nil {
			return
		}
		d.done.Go(func() {
			defer client.Close()
			_ = d.serve(client) // its end is the session's
		})
	}
}

func (d *Dressed) serve(client net.Conn) error {
	server, err := (&net.Dialer{}).DialContext(context.Background(), "tcp", d.server)
	if err != nil {
		return err
	}
	defer server.Close()
	d.mu.Lock()
	d.conns = append(d.conns, client, server)
	d.mu.Unlock()
	from, to := pgproto3.NewBackend(client, client), pgproto3.NewFrontend(server, server)
	first, err := from.ReceiveStartupMessage()
	if err != nil {
		return err
	}
	startup, ok := first.(*pgproto3.StartupMessage)
	if !ok {
		return errors.New("only plain sessions")
	}
	values := map[string]string{}
	for name, value := range d.Defaults {
		values[name] = value
		if asked, ok := startup.Parameters[name]; ok {
			if !d.Drops {
				values[name] = asked
			}
		}
	}
	d.mu.Lock()
	d.sessions = append(d.sessions, clone(startup.Parameters))
	d.mu.Unlock()
	for name := range d.Defaults {
		delete(startup.Parameters, name)
	}
	to.Send(startup)
	if err := to.Flush(); err != nil {
		return err
	}
	d.done.Go(func() {
		_, _ = io.Copy(client, server)
		client.Close()
	})
	for {
		m, err := from.Receive()
		if err != nil {
			return err
		}
		switch m := m.(type) {
		case *pgproto3.Query:
			m.String = d.known(m.String, values)
		case *pgproto3.Parse:
			m.Query = d.known(m.Query, values)
		}
		to.Send(m)
		if err := to.Flush(); err != nil {
			return err
		}
	}
}

func clone(m map[string]string) map[string]string {
	out := make(map[string]string, len(m))
	for k, v := range m {
		out[k] = v
	}
	return out
}

var setting = regexp.MustCompile(`(?:pg_catalog\.)?current_setting\('([a-z_.]+)'(?:, true)?\)`)

// known answers for the settings in the server's place.
func (d *Dressed) known(sql string, values map[string]string) string {
	if d.EmptyIsNull {
		sql = strings.ReplaceAll(sql, "'' IS NULL", "true")
	}
	return setting.ReplaceAllStringFunc(sql, func(s string) string {
		if v, ok := values[setting.FindStringSubmatch(s)[1]]; ok {
			return quote(v) + "::pg_catalog.text"
		}
		return s
	})
}
