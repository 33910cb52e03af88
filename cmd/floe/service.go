package main

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"math"
	"net/http"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kgo"
	"golang.org/x/sync/errgroup"

	"floe/cmd/floe/supervise"
	"floe/pkg/access"
	"floe/pkg/broker"
	"floe/pkg/job"
	"floe/pkg/status"
)

// service is a long-running part of floe: what all of them have in common.
type service struct {
	app     *app
	name    string
	key     string // of its reports
	place   string // of its database
	metrics string // address
	serving serving
	health  status.Health
	door    *broker.Door // of its log
	// child: floe dev started it; it ends with its standard input, and says where its metrics are.
	child bool
	// standby: another one owns the job; this one takes over when it is gone.
	standby bool
}

// announcement is what a child writes on its standard output, one line: where its metrics are, where its
// broker listens.
type announcement struct {
	Metrics string `json:"metrics,omitempty"`
	Broker  string `json:"broker,omitempty"`
}

// doors has the clients of a log say when its brokers do not let them in.
func (s *service) doors(kafka []kgo.Opt) []kgo.Opt {
	s.door = &broker.Door{Log: s.app.log.With("part", s.name)}
	return append(kafka[:len(kafka):len(kafka)], s.door.Option())
}

func (s *service) addFlags(cmd *cobra.Command, metrics string) {
	cmd.Flags().StringVar(&s.metrics, "metrics", metrics, "address of /metrics, /healthz and /readyz; off for none")
	s.serving.addFlags(cmd)
	s.addChildFlag(cmd)
}

func (s *service) addStandby(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&s.standby, "standby", false, "wait in silence while another owns the job, and take over when it is gone")
}

func (s *service) addChildFlag(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&s.child, "child", false, "end with standard input")
	_ = cmd.Flags().MarkHidden("child") // it exists
}

// memoryLimit is where garbage is collected sooner than gcPercent says. What a service holds is bounded
// well below. With Go's usual 100 % a load collected several times a second, gave the memory back and
// took it again: a quarter of floe's processor time.
const (
	memoryLimit = 320 << 20
	gcPercent   = 300
)

// boundMemory sets both, unless GOMEMLIMIT or GOGC say something else.
func boundMemory() {
	if debug.SetMemoryLimit(-1) == math.MaxInt64 {
		debug.SetMemoryLimit(memoryLimit)
	}
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
}

// run runs f with metrics beside it until ctx ends, or standard input does for a child.
func (s *service) run(ctx context.Context, f func(context.Context, *prometheus.Registry, *slog.Logger) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	boundMemory()
	reg := prometheus.NewRegistry()
	reg.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	g, ctx := errgroup.WithContext(ctx)
	if s.child {
		s.metrics = "127.0.0.1:0"
		s.orphan(ctx, cancel)
	}
	if s.metrics != "" && s.metrics != "off" {
		if err := s.serveMetrics(ctx, g, reg); err != nil {
			return err
		}
	}
	g.Go(func() error {
		defer cancel()
		return f(ctx, reg, s.app.log.With("part", s.name))
	})
	return g.Wait()
}

// orphan ends a child whose parent is gone, and in the end does not wait for what hangs. Its goroutine
// sits in a read that nothing can interrupt; it ends with the process.
func (s *service) orphan(ctx context.Context, cancel func()) {
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	context.AfterFunc(ctx, func() {
		time.AfterFunc(supervise.Grace, func() { os.Exit(codeInternal) })
	})
}

func (s *service) serveMetrics(ctx context.Context, g *errgroup.Group, reg *prometheus.Registry) error {
	l, gate, err := s.serving.open(s.metrics, "--metrics")
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	routes(mux, gate, reg, s.health.Says)
	g.Go(func() error { return gate.Serve(ctx, l, mux) })
	if s.child {
		return json.NewEncoder(s.app.out).Encode(announcement{Metrics: l.Addr().String()})
	}
	return nil
}

// routes are what every service answers; says tells its state, why it is so, and whether it does its part by itself.
func routes(mux *http.ServeMux, gate *access.Gate, reg *prometheus.Registry, says func() (state, why string, goes bool)) {
	mux.Handle("GET /metrics", gate.Wrap(access.View, false, promhttp.HandlerFor(reg, promhttp.HandlerOpts{})))
	mux.Handle("GET /healthz", gate.Wrap(access.Open, false, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok\n") })))
	mux.Handle("GET /readyz", gate.Wrap(access.Open, false, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		state, why, goes := says()
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		if !goes {
			w.WriteHeader(http.StatusServiceUnavailable)
			if !gate.Asks() { // everybody may know
				state = strings.TrimSpace(state + " " + why)
			}
		}
		_, _ = io.WriteString(w, state+"\n") // the client has gone
	})))
}

// notices logs passwords that references of the job file fall back to.
func notices(j *job.Job, log *slog.Logger) {
	for _, f := range j.Exposed() {
		log.Warn("a reference falls back to a password that stands in the job file: keep ${NAME:-…} for trials, and refer by ${NAME} or ${file:PATH}", "field", f)
	}
}
