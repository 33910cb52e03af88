// Package proxy is a TCP proxy that hurts: between floe and a server it resets, swallows, cuts behind a
// byte, slows down and slices what passes.
package proxy

import (
	"errors"
	"net"
	"net/url"
	"sync"
	"time"
)

// Mode is what happens to bytes from now on, in both directions.
type Mode int

// The modes. Swallow takes bytes and connections and never answers, as a network does that drops every
// packet; Slice hands on one byte at a time; Slow waits before each piece.
const (
	Pass Mode = iota
	Swallow
	Slice
	Slow
	Refuse // new connections; those that are open pass
)

// Proxy listens on an address of its own for one server.
type Proxy struct {
	server string
	listen net.Listener
	done   sync.WaitGroup

	mu    sync.Mutex
	mode  Mode
	wake  chan struct{} // closed when the mode changes
	open  map[*pair]bool
	left  int64                  // bytes until everything is cut, if cutting
	cut   bool                   // left counts
	watch func(sent []byte) Fate // looks at what clients send
}

// Fate is what a watcher does with what a client sent.
type Fate int

// The fates: Kept is handed on; Lost cuts the connection instead; Unanswered hands it on and cuts when the
// answer comes, so that the server has read and done what was asked.
const (
	Kept Fate = iota
	Lost
	Unanswered
)

// pair is one connection through the proxy.
type pair struct {
	client, server net.Conn
	mute           bool // nothing more goes to the client
}

// Start puts a proxy before a server.
func Start(server string) (*Proxy, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &Proxy{server: server, listen: l, open: map[*pair]bool{}, wake: make(chan struct{})}
	p.done.Go(p.accept)
	return p, nil
}

// Before puts a proxy before the server of a database's URL and returns the URL through it.
func Before(address string) (*Proxy, string, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, "", err
	}
	p, err := Start(u.Host)
	if err != nil {
		return nil, "", err
	}
	u.Host = p.Addr()
	return p, u.String(), nil
}

// Addr is where the proxy listens.
func (p *Proxy) Addr() string { return p.listen.Addr().String() }

// Close ends the proxy with every connection.
func (p *Proxy) Close() error {
	err := p.listen.Close()
	p.Reset()
	p.Set(Pass)
	p.done.Wait()
	return err
}

// Set changes the mode of open connections and of those to come.
func (p *Proxy) Set(m Mode) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mode = m
	close(p.wake)
	p.wake = make(chan struct{})
}

// Reset ends every open connection with an RST on both sides.
func (p *Proxy) Reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.open {
		c.reset()
	}
}

// CutAfter resets everything once n more bytes have passed, in either direction.
func (p *Proxy) CutAfter(n int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.left, p.cut = n, true
}

// Watch lets f decide about what clients send, piece by piece; nil ends it.
func (p *Proxy) Watch(f func(sent []byte) Fate) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.watch = f
}

func (p *Proxy) accept() {
	for {
		c, err := p.listen.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue
		}
		p.done.Go(func() { p.serve(&pair{client: c}) })
	}
}

func (p *Proxy) serve(c *pair) {
	mode, _ := p.state()
	if mode == Refuse {
		c.reset()
		return
	}
	var err error
	if c.server, err = net.Dial("tcp", p.server); err != nil {
		c.reset()
		return
	}
	p.mu.Lock()
	p.open[c] = true
	p.mu.Unlock()
	var both sync.WaitGroup
	both.Go(func() { p.copy(c, c.server, c.client, true) })
	both.Go(func() { p.copy(c, c.client, c.server, false) })
	both.Wait()
	p.mu.Lock()
	delete(p.open, c)
	p.mu.Unlock()
}

func (p *Proxy) state() (Mode, <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.mode, p.wake
}

// copy hands on one direction until either side ends; then both end.
func (p *Proxy) copy(c *pair, to, from net.Conn, sent bool) {
	defer c.close()
	b := make([]byte, 32<<10)
	for {
		n, err := from.Read(b)
		if n > 0 && !p.hand(c, to, b[:n], sent) {
			return
		}
		if err != nil {
			return
		}
	}
}

// hand hands one piece on, as the mode says.
func (p *Proxy) hand(c *pair, to net.Conn, b []byte, sent bool) bool {
	fate := p.judge(c, b, sent)
	if fate == Lost {
		c.reset()
		return false
	}
	for mode, wake := p.state(); mode == Swallow; mode, wake = p.state() {
		<-wake // what was swallowed would have been sent again by TCP
	}
	step := len(b)
	if mode, _ := p.state(); mode == Slice {
		step = 1
	} else if mode == Slow {
		time.Sleep(20 * time.Millisecond) // the proxy's slowness, which no test waits for
	}
	for len(b) > 0 {
		n, cut := p.room(min(step, len(b)))
		if _, err := to.Write(b[:n]); err != nil {
			return false
		}
		if b = b[n:]; cut {
			p.Reset()
			return false
		}
	}
	return true
}

// judge asks the watcher. What comes back after a question that is to stay unanswered is lost.
func (p *Proxy) judge(c *pair, b []byte, sent bool) Fate {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !sent && c.mute {
		return Lost
	}
	if !sent || p.watch == nil {
		return Kept
	}
	fate := p.watch(b)
	c.mute = c.mute || fate == Unanswered
	return fate
}

// room is how many of n bytes may pass, and whether everything is cut behind them.
func (p *Proxy) room(n int) (int, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.cut {
		return n, false
	}
	n = int(min(int64(n), p.left))
	p.left -= int64(n)
	p.cut = p.left > 0
	return n, !p.cut
}

// reset closes with an RST: whatever is on its way is lost.
func (c *pair) reset() {
	for _, conn := range []net.Conn{c.client, c.server} {
		if tcp, ok := conn.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0)
		}
	}
	c.close()
}

func (c *pair) close() {
	_ = c.client.Close()
	if c.server != nil {
		_ = c.server.Close()
	}
}
