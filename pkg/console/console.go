// Package console serves what the log says of a job: a plain page, the same as JSON, the schemas of its
// rows, health for whoever restarts things, and metrics. It only reads; it needs the log and neither server.
package console

import (
	"context"
	"encoding/json"
	"errors"
	"html/template"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	_ "embed"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/twmb/franz-go/pkg/kgo"
	"golang.org/x/sync/errgroup"

	"floe/pkg/overview"
	"floe/pkg/registry"
)

//go:embed page.html
var pageText string

var page = template.Must(template.New("page").Parse(pageText))

// Config is one console.
type Config struct {
	Job, Prefix string
	Kafka       []kgo.Opt
	Listener    net.Listener
	// Gather are further metrics to serve on the same address.
	Gather prometheus.Gatherer
	Log    *slog.Logger
}

// server shares the last overview between the follower, which alone changes it, and the pages.
type server struct {
	Config
	schemas http.Handler

	mu   sync.Mutex
	last overview.Summary
	lost error // why nothing is read from the log
	// taken is when last was.
	taken time.Time
}

// Serve serves until ctx ends.
func Serve(ctx context.Context, c Config) error {
	schemas, err := registry.NewServer(c.Kafka, c.Prefix, c.Log)
	if err != nil {
		return err
	}
	s := &server{Config: c, schemas: schemas, last: overview.New().Summary(c.Job, time.Now())}
	h := &http.Server{Handler: s.routes(), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second,
		WriteTimeout: 30 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 64 << 10}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { s.follow(ctx); return nil })
	g.Go(func() error { return schemas.Run(ctx) })
	g.Go(func() error {
		if err := h.Serve(c.Listener); !errors.Is(err, http.ErrServerClosed) {
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

// follow reads the log anew, with a pause, whenever it is lost.
func (s *server) follow(ctx context.Context) {
	for ctx.Err() == nil {
		err := s.read(ctx)
		s.mu.Lock()
		s.lost = err
		s.mu.Unlock()
		select {
		case <-time.After(500 * time.Millisecond):
		case <-ctx.Done():
		}
	}
}

func (s *server) read(ctx context.Context) error {
	f, err := overview.Follow(s.Kafka, s.Prefix)
	if err != nil {
		return err
	}
	defer f.Close()
	for {
		if err := f.Refresh(ctx); err != nil {
			return err
		}
		s.mu.Lock()
		s.last, s.lost = f.Now.Summary(s.Job, time.Now()), nil
		s.taken = time.Now()
		s.mu.Unlock()
	}
}

func (s *server) routes() http.Handler {
	reg := prometheus.NewRegistry()
	reg.MustRegister(&states{s})
	gather := prometheus.Gatherers{reg}
	if s.Gather != nil {
		gather = append(gather, s.Gather)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.page)
	mux.HandleFunc("GET /api/v1/status", s.status)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { text(w, http.StatusOK, "ok") })
	mux.HandleFunc("GET /readyz", s.ready)
	mux.Handle("GET /metrics", promhttp.HandlerFor(gather, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError, ErrorLog: slog.NewLogLogger(s.Log.Handler(), slog.LevelWarn)}))
	for _, path := range registry.Paths {
		mux.Handle(path, s.schemas)
	}
	return Guard(mux)
}

// Guard sets what every answer bears, and refuses names that are not this host's: a page elsewhere
// could otherwise read a console on loopback by rebinding its own name.
func Guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		if !local(r.Host) {
			text(w, http.StatusMisdirectedRequest, "this console answers to localhost and addresses, not to "+r.Host)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func local(hostport string) bool {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = hostport
	}
	return host == "localhost" || net.ParseIP(strings.Trim(host, "[]")) != nil
}

// now is the last overview; one that nothing was added to for long says so by its state.
func (s *server) now() (overview.Summary, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sum := s.last
	if age := time.Since(s.taken); !s.taken.IsZero() && age > overview.Stale {
		sum.State, sum.LatencySeconds = "NOT RUNNING", nil
	}
	return sum, s.lost
}

func (s *server) page(w http.ResponseWriter, _ *http.Request) {
	sum, lost := s.now()
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if err := page.Execute(w, view{sum, lost, time.Now().UTC().Format(time.TimeOnly)}); err != nil {
		s.Log.Debug("page was not sent", "err", err)
	}
}

// view is what the page shows.
type view struct {
	overview.Summary
	Lost error
	At   string
}

// Latency is the latency with its unit.
func (v view) Latency() string {
	if v.LatencySeconds == nil {
		return "unknown"
	}
	return time.Duration(*v.LatencySeconds * float64(time.Second)).Round(time.Millisecond).String()
}

func (s *server) status(w http.ResponseWriter, _ *http.Request) {
	sum, _ := s.now()
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(sum); err != nil {
		s.Log.Debug("status was not sent", "err", err)
	}
}

// ready says whether the job goes on by itself.
func (s *server) ready(w http.ResponseWriter, _ *http.Request) {
	sum, lost := s.now()
	switch sum.State {
	case "SYNCING", "CATCHING_UP", "INIT_DATA", "INIT_STRUCTURE":
		if lost == nil {
			text(w, http.StatusOK, sum.State)
			return
		}
	}
	why := sum.State + " " + sum.Reason + " " + sum.Detail
	if lost != nil {
		why += " " + lost.Error()
	}
	text(w, http.StatusServiceUnavailable, strings.TrimSpace(why))
}

func text(w http.ResponseWriter, code int, s string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(code)
	_, _ = w.Write([]byte(s + "\n")) // the client has gone
}
