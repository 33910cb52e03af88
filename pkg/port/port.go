// Package port chooses TCP ports for servers that are down for a while and come back.
package port

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
)

// first and count are the ports that are chosen from: below the range from which the kernel takes those of
// outgoing connections (32768 and above, as Linux has it).
const (
	first = 20000
	count = 11987 // a prime: every step leads through all of them
)

// The ports of a process follow each other from a random one by random steps, so that it gives none twice:
// who was given one may not listen yet.
var (
	start = rand.Uint32N(count)
	step  = 1 + rand.Uint32N(count-1)
	given atomic.Uint32
)

// Free finds a port of 127.0.0.1 that nobody listens on, and that Free gave neither to this process before nor
// to another that still runs: a server that is down for a while must find its port still free.
func Free() (int, error) {
	for range 100 {
		n := uint64(given.Add(1))
		port := first + int((uint64(start)+n*uint64(step))%count)
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			continue
		}
		if err := l.Close(); err != nil {
			return 0, err
		}
		if reserve(port) {
			return port, nil
		}
	}
	return 0, errors.New("no free TCP port on 127.0.0.1 between 20000 and 32000")
}

// reserved are this process's ports, held until it ends.
var reserved struct {
	sync.Mutex
	by []net.Listener
}

// reserve keeps a port from the other processes that choose one here, until this one ends; it is false if one of
// them has it. What is held is an abstract socket with the port's number, which only Linux has (unix(7)) and which,
// as ports do, belongs to the network's namespace. Elsewhere nothing is held, and two processes seldom meet.
func reserve(port int) bool {
	if runtime.GOOS != "linux" {
		return true
	}
	l, err := net.Listen("unix", fmt.Sprintf("@floe-port-%d", port))
	if err != nil {
		return false
	}
	reserved.Lock()
	defer reserved.Unlock()
	reserved.by = append(reserved.by, l) // the collector closes what nobody holds
	return true
}
