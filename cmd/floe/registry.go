package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"floe/pkg/console"
	"floe/pkg/job"
	"floe/pkg/registry"
)

func (a *app) registryCommand() *cobra.Command {
	addr := "127.0.0.1:8081"
	cmd := &cobra.Command{Use: "registry", Short: "The schemas of a job's rows, by Confluent's API (needs Kafka alone)", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			j, err := a.resolve(need{log: true})
			if err != nil {
				return err
			}
			return a.serveRegistry(cmd.Context(), j, addr)
		}}
	cmd.Flags().StringVar(&addr, "listen", addr, "address")
	return cmd
}

func (a *app) serveRegistry(ctx context.Context, j *job.Job, addr string) error {
	opts, err := options(j)
	if err != nil {
		return err
	}
	l, err := listen(addr, "--listen")
	if err != nil {
		return err
	}
	s, err := registry.NewServer(opts, j.Prefix(), a.log)
	if err != nil {
		return err
	}
	h := &http.Server{Handler: console.Guard(s), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second,
		WriteTimeout: 30 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 64 << 10}
	a.log.Info("schema registry", "url", "http://"+l.Addr().String(), "job", j.Name)
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return s.Run(ctx) })
	g.Go(func() error {
		if err := h.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	g.Go(func() error {
		<-ctx.Done()
		return h.Close()
	})
	return g.Wait()
}

// remoteRegistry is the registry that the job file names, nil if it names none.
func remoteRegistry(j *job.Job) (*registry.Remote, error) {
	if j.Registry.IsZero() {
		return nil, nil
	}
	url, err := j.Registry.Resolve()
	if err != nil {
		return nil, exit(codeUsage, err)
	}
	var secure *tls.Config
	if j.RegistryTLS != nil {
		if secure, err = j.RegistryTLS.Config(); err != nil {
			return nil, exit(codeUsage, fmt.Errorf("registry.tls: %w", err))
		}
	}
	r, err := registry.NewRemote(url, secure)
	if err != nil {
		return nil, exit(codeUsage, err)
	}
	return r, nil
}
