package broker

import (
	"net"
	"sync"
)

// gate is a listener that takes no connection before it is opened: nobody may write to a log that was
// not checked yet.
type gate struct {
	net.Listener
	opened, closed chan struct{}
	close          sync.Once
}

func newGate(network, address string) (*gate, error) {
	l, err := net.Listen(network, address)
	if err != nil {
		return nil, err
	}
	return &gate{Listener: l, opened: make(chan struct{}), closed: make(chan struct{})}, nil
}

// Accept waits for open, then for a connection.
func (g *gate) Accept() (net.Conn, error) {
	select {
	case <-g.opened:
		return g.Listener.Accept()
	case <-g.closed:
		return nil, net.ErrClosed
	}
}

// Close ends the waiting too.
func (g *gate) Close() error {
	g.close.Do(func() { close(g.closed) })
	return g.Listener.Close()
}
