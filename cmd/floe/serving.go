package main

import (
	"errors"
	"fmt"
	"net"

	"github.com/spf13/cobra"

	"floe/pkg/access"
)

// serving is how something is served over HTTP: to this machine alone, or to who has a token.
type serving struct{ config access.Config }

func (s *serving) addFlags(cmd *cobra.Command) {
	f, c := cmd.Flags(), &s.config
	f.StringVar(&c.OperatorFile, "token-file", "", "file that holds the token of who may do everything; without one only this machine is served")
	f.StringVar(&c.ViewerFile, "viewer-token-file", "", "file that holds the token of who may only look")
	f.StringVar(&c.Cert, "tls-cert", "", "certificate to serve with, PEM; read anew when it changes")
	f.StringVar(&c.Key, "tls-key", "", "its key, PEM")
	f.BoolVar(&c.Proxied, "behind-tls-proxy", false, "a proxy before this address speaks TLS: serve other machines without")
	f.StringSliceVar(&c.Hosts, "host", nil, "name by which this address is reached, beside localhost and addresses")
}

// open opens an address. One that other machines reach asks for a token, over TLS.
func (s *serving) open(addr, flag string) (net.Listener, *access.Gate, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, nil, exit(codeUsage, fmt.Errorf("%s %s: want HOST:PORT", flag, addr))
	}
	if host == "" {
		addr = "127.0.0.1" + addr
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) && host != "" {
		if err := s.others(); err != nil {
			return nil, nil, exit(codeUsage, fmt.Errorf("%s %s: %w", flag, addr, err))
		}
	}
	gate, err := access.New(s.config)
	if err != nil {
		return nil, nil, exit(codeUsage, err)
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, nil, exit(codeConflict, fmt.Errorf("%s %s: %w; choose another, :0 for any free one", flag, addr, err))
	}
	return l, gate, nil
}

// others says what an address that other machines reach lacks.
func (s *serving) others() error {
	switch c := &s.config; {
	case c.OperatorFile == "":
		return errors.New("an address other than loopback needs --token-file")
	case c.Cert == "" && !c.Proxied:
		return errors.New("an address other than loopback needs --tls-cert and --tls-key, or --behind-tls-proxy: a token must not travel readable")
	}
	return nil
}

// scheme is how a browser gets there.
func (s *serving) scheme() string {
	if s.config.Cert != "" {
		return "https://"
	}
	return "http://"
}
