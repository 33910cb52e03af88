package access

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"sync"
	"time"
)

// MostConnections bounds what clients can make us hold open, and MostOfOne those of them that come from one
// address, so that nobody takes all. This machine's own are not told apart: a proxy may stand for everybody.
const (
	MostConnections = 512
	MostOfOne       = 128
)

// Serve serves until ctx ends, over TLS where the gate has a certificate, in bounded time for each request
// and with bounded connections. A handler that answers for longer (a stream) moves its deadline itself.
func (g *Gate) Serve(ctx context.Context, l net.Listener, h http.Handler) error {
	l = &bounded{Listener: l, proxied: g.Proxied, from: map[netip.Prefix]int{}}
	if g.Cert != "" {
		l = tls.NewListener(l, &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: g.keeper.get, NextProtos: []string{"http/1.1"}})
	}
	s := &http.Server{Handler: g.Guard(h), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second,
		WriteTimeout: 30 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 64 << 10, BaseContext: func(net.Listener) context.Context { return ctx }}
	ended := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() { ended <- s.Close() })
	err := s.Serve(l)
	if !errors.Is(err, http.ErrServerClosed) {
		stop()
		return err
	}
	return <-ended
}

// bounded accepts no further connection while as many are open as may be, of all or of one address; the kernel
// keeps who waits.
type bounded struct {
	net.Listener
	proxied bool // all come from the proxy's address

	mu   sync.Mutex
	open int
	from map[netip.Prefix]int
}

func (b *bounded) Accept() (net.Conn, error) {
	c, err := b.Listener.Accept()
	if err != nil {
		return nil, err
	}
	from := network(c.RemoteAddr().String())
	if !b.enter(from) {
		_ = c.Close() // better a refusal at once than a client that waits in vain
		return &closed{c}, nil
	}
	return &counted{Conn: c, done: sync.OnceFunc(func() { b.leave(from) })}, nil
}

func (b *bounded) enter(from netip.Prefix) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	one := b.from[from] < MostOfOne || b.proxied || !from.IsValid() || from.Addr().IsLoopback()
	if b.open == MostConnections || !one {
		return false
	}
	b.open++
	b.from[from]++
	return true
}

func (b *bounded) leave(from netip.Prefix) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.open--
	if b.from[from]--; b.from[from] == 0 {
		delete(b.from, from)
	}
}

type counted struct {
	net.Conn
	done func()
}

func (c *counted) Close() error {
	c.done()
	return c.Conn.Close()
}

// closed is a connection that was refused: the server reads from it and finds that.
type closed struct{ net.Conn }

// keeper holds a certificate. Its files are read anew when they change, so that a renewed one needs no
// restart; one that cannot be read leaves the last in place.
type keeper struct {
	cert, key string

	mu   sync.Mutex
	last *tls.Certificate
	at   time.Time
}

func (k *keeper) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	f, err := os.Stat(k.cert)
	if err == nil && k.last != nil && f.ModTime().Equal(k.at) {
		return k.last, nil
	}
	if err == nil {
		var c tls.Certificate
		if c, err = tls.LoadX509KeyPair(k.cert, k.key); err == nil {
			k.last, k.at = &c, f.ModTime()
		}
	}
	if k.last != nil {
		return k.last, nil
	}
	return nil, fmt.Errorf("read the certificate %s: %w", k.cert, err)
}
