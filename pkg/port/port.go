// Package port chooses TCP ports for servers that are down for a while and come back.
package port

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
)

// Free finds a port of 127.0.0.1 that nobody listens on, below the range from which the kernel takes the
// ports of outgoing connections (32768 and above, as Linux has it): a server that is down for a while must
// find its port still free.
func Free() (int, error) {
	for range 100 {
		port := 20000 + rand.IntN(12000)
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			continue
		}
		return port, l.Close()
	}
	return 0, errors.New("no free TCP port on 127.0.0.1 between 20000 and 32000")
}
