package access

import (
	"net"
	"net/netip"
	"testing"
)

// calls are connections as they come, each from an address.
type calls struct {
	net.Listener
	from chan string
}

type call struct {
	net.Conn
	at net.Addr
}

func (c *call) RemoteAddr() net.Addr { return c.at }
func (c *call) Close() error         { return nil }

func (c *calls) Accept() (net.Conn, error) {
	return &call{at: net.TCPAddrFromAddrPort(netip.MustParseAddrPort(<-c.from))}, nil
}

// Nobody takes all connections: one address has its share, and others get in while it has; what is closed is free
// again. This machine's own, and those of a proxy, are bounded together alone.
func TestNobodyTakesAllConnections(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, from, again, other string
		proxied                  bool
		most                     int
	}{
		{"an address", "10.0.0.1:1", "10.0.0.1:2", "10.0.0.2:1", false, MostOfOne},
		{"the network of an IPv6 host", "[2001:db8::1]:1", "[2001:db8::2]:1", "[2001:db8:1::1]:1", false, MostOfOne},
		{"an IPv4 address written as IPv6", "[::ffff:10.0.0.1]:1", "10.0.0.1:2", "10.0.0.2:1", false, MostOfOne},
		{"this machine", "127.0.0.1:1", "127.0.0.1:2", "10.0.0.2:1", false, MostConnections},
		{"a proxy", "10.0.0.1:1", "10.0.0.1:2", "10.0.0.2:1", true, MostConnections},
	} {
		in := &calls{from: make(chan string, 1)}
		b := &bounded{Listener: in, proxied: c.proxied, from: map[netip.Prefix]int{}}
		enters := func(from string) *counted {
			t.Helper()
			in.from <- from
			conn, err := b.Accept()
			if err != nil {
				t.Fatal(err)
			}
			x, _ := conn.(*counted)
			return x
		}
		var open []*counted
		for range c.most {
			x := enters(c.from)
			if x == nil {
				t.Fatalf("%s: refused after %d", c.name, len(open))
			}
			open = append(open, x)
		}
		if enters(c.again) != nil {
			t.Errorf("%s has more than %d", c.name, c.most)
		}
		other := enters(c.other)
		if (other != nil) != (c.most < MostConnections) {
			t.Errorf("while %s has %d, another one: %v", c.name, c.most, other != nil)
		}
		for range 2 { // who closes twice frees one
			_ = open[0].Close()
		}
		if enters(c.again) == nil || enters(c.again) != nil {
			t.Errorf("%s: what was closed is not free again, once", c.name)
		}
		for _, x := range append(open, other) {
			if x != nil {
				_ = x.Close()
			}
		}
		if b.open != 1 || len(b.from) != 1 {
			t.Errorf("%s: %d are open, of %d addresses", c.name, b.open, len(b.from))
		}
	}
}
