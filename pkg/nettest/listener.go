package nettest

import (
	"net"
	"sync"
)

// Listener is a listener whose connections can be cut.
type Listener struct {
	net.Listener
	mu    sync.Mutex
	conns []net.Conn
}

// Listen is net.Listen.
func Listen(network, address string) (*Listener, error) {
	l, err := net.Listen(network, address)
	return &Listener{Listener: l}, err
}

// Accept keeps the connection in mind.
func (l *Listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	l.mu.Lock()
	defer l.mu.Unlock()
	if err == nil {
		l.conns = append(l.conns, c)
	}
	return c, err
}

// Cut ends every connection that there is.
func (l *Listener) Cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range l.conns {
		_ = c.Close()
	}
	l.conns = nil
}
