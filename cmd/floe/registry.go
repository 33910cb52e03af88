package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"floe/pkg/access"
	"floe/pkg/job"
	"floe/pkg/registry"
)

func (a *app) registryCommand() *cobra.Command {
	addr := "127.0.0.1:8081"
	var how serving
	cmd := &cobra.Command{Use: "registry", Short: "The schemas of a job's rows, by Confluent's API (needs Kafka alone)", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			j, err := a.resolve(need{log: true})
			if err != nil {
				return err
			}
			return a.serveRegistry(cmd.Context(), j, addr, &how)
		}}
	cmd.Flags().StringVar(&addr, "listen", addr, "address")
	how.addFlags(cmd)
	return cmd
}

func (a *app) serveRegistry(ctx context.Context, j *job.Job, addr string, how *serving) error {
	opts, err := options(j)
	if err != nil {
		return err
	}
	l, gate, err := how.open(addr, "--listen")
	if err != nil {
		return err
	}
	reg := prometheus.NewRegistry()
	reg.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	s, err := registry.NewServer(append(opts, kafkaMetrics(reg, j.Name)), j.Prefix(), a.log)
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	routes(mux, gate, reg, func() (state, why string, goes bool) {
		if why, goes = s.Follows(); goes {
			return "FOLLOWING", "", true
		}
		return "WAITING", why, false
	})
	mux.Handle("/", gate.Wrap(access.View, false, s))
	a.log.Info("schema registry", "url", how.scheme()+l.Addr().String(), "job", j.Name)
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return s.Run(ctx) })
	g.Go(func() error { return gate.Serve(ctx, l, mux) })
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
	r.Anew(j.Registry.Resolve)
	return r, nil
}
