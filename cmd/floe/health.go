package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/spf13/cobra"
)

// wellKnown are where the services answer if nothing else is said; a container runs one of them.
var wellKnown = []string{"http://127.0.0.1:9188/healthz", "http://127.0.0.1:9189/healthz", "http://127.0.0.1:8088/healthz", "https://127.0.0.1:8443/healthz"}

func (a *app) healthCommand() *cobra.Command {
	var within time.Duration
	cmd := &cobra.Command{Use: "health [URL...]", Short: "Ask a service whether it answers, for images without a shell (exit 5 if none does)",
		Long: `Ask a service's /healthz, or another URL of it, whether it answers. Without a URL the services' own
addresses of this machine are asked, and one that answers suffices.
/readyz of a console says whether the job goes on by itself.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				args = wellKnown
			}
			var all error
			for _, at := range args {
				err := healthy(cmd.Context(), at, within)
				if err == nil {
					return nil
				}
				all = errors.Join(all, err)
			}
			return exit(codeUnreachable, all)
		}}
	cmd.Flags().DurationVar(&within, "timeout", 3*time.Second, "how long to wait for an answer")
	return cmd
}

func healthy(ctx context.Context, at string, within time.Duration) error {
	u, err := url.Parse(at)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return exit(codeUsage, fmt.Errorf("%s: want http://HOST:PORT/PATH", at))
	}
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		return exit(codeUsage, err)
	}
	// On this machine a certificate proves nothing: it bears the name that others know. Nothing secret is sent.
	client := http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: net.ParseIP(u.Hostname()).IsLoopback(), MinVersion: tls.VersionTLS12}}} //nolint:gosec // see above
	res, err := client.Do(r)
	if err != nil {
		return err
	}
	defer res.Body.Close() //nolint:errcheck
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", at, res.Status)
	}
	return nil
}
