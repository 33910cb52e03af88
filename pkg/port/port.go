// Package port chooses TCP ports for servers that are down for a while and come back.
package port

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"sync/atomic"
)

// first and count are the ports that are chosen from: below the range from which the kernel takes those of
// outgoing connections (32768 and above, as Linux has it).
const (
	first = 20000
	count = 11987 // a prime: every step leads through all of them
)

// The ports of a process follow each other from a random one by random steps, so that it gives none twice:
// who was given one may not listen yet. Two processes seldom meet.
var (
	start = rand.Uint32N(count)
	step  = 1 + rand.Uint32N(count-1)
	given atomic.Uint32
)

// Free finds a port of 127.0.0.1 that nobody listens on, and that this process was not given before: a server
// that is down for a while must find its port still free.
func Free() (int, error) {
	for range 100 {
		n := uint64(given.Add(1))
		port := first + int((uint64(start)+n*uint64(step))%count)
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			continue
		}
		return port, l.Close()
	}
	return 0, errors.New("no free TCP port on 127.0.0.1 between 20000 and 32000")
}
