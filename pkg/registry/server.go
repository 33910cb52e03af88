// Package registry is where consumers of a job's topics find the schemas of rows and keys.
//
// Every schema that a row bears is in the log, on floe.objects; the applier takes them from there and
// asks no registry. For everyone else there are two ways: Server reads the log and speaks the reading
// half of Confluent's Schema Registry API; Remote gives the schemas to a registry elsewhere, whose ids
// capture then uses. Neither ever touches a topic _schemas.
//
// What a Server says is what valid ledger entries point at, nothing else. An id that it once knew it
// knows without the log; before it denies an id it reads the log to its end.
package registry

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"floe/pkg/broker"
	"floe/pkg/ledger"
)

// Server serves the schemas of one job. Run must run for it to know any.
type Server struct {
	kafka   []kgo.Opt
	prefix  string
	log     *slog.Logger
	client  *kgo.Client // asks where the ledger ends
	handler http.Handler

	mu    sync.Mutex
	known *index
	at    int64         // ledger offset up to which known holds everything
	lost  error         // why known does not follow the log
	whole bool          // the log was read to its end once
	moved chan struct{} // closed when at or lost changes
}

// NewServer makes a Server of the job whose topics begin with prefix. It connects when it is used.
func NewServer(kafka []kgo.Opt, prefix string, log *slog.Logger) (*Server, error) {
	client, err := kgo.NewClient(kafka...)
	if err != nil {
		return nil, fmt.Errorf("open the log: %w", err)
	}
	s := &Server{kafka: kafka, prefix: prefix, log: log, client: client, known: newIndex(prefix), moved: make(chan struct{})}
	s.handler = s.routes()
	return s, nil
}

// ServeHTTP answers as a registry.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Run follows the log until ctx ends. When it loses the log it begins anew; what it knew stays known
// until it has read that much again.
func (s *Server) Run(ctx context.Context) error {
	defer s.client.Close()
	for told := ""; ; {
		err := s.follow(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if text := err.Error(); text != told && !errors.Is(err, errNoLog) {
			s.log.Warn("the registry does not follow the log", "err", err)
			told = text
		}
		s.change(func() { s.lost = err })
		select {
		case <-time.After(500 * time.Millisecond):
		case <-ctx.Done():
			return nil
		}
	}
}

func (s *Server) follow(ctx context.Context) error {
	r, err := openLog(ctx, s.kafka, s.prefix)
	if err != nil {
		return err
	}
	defer r.close()
	end, err := endOf(ctx, r.client, r.ledger)
	if err != nil {
		return err
	}
	read := newIndex(s.prefix)
	for {
		if r.at() >= end {
			s.change(func() { s.known, s.at, s.lost, s.whole = read, r.at(), nil, true })
		}
		var found []*ledger.Object
		if err := r.poll(ctx, func(o *ledger.Object) error { found = append(found, o); return nil }); err != nil {
			return err
		}
		s.mu.Lock() // read may be known already
		for _, o := range found {
			err = errors.Join(err, read.add(o))
		}
		s.mu.Unlock()
		if err != nil {
			return err
		}
	}
}

// Follows reports whether the log was read, and goes on being read; why says what is in the way.
func (s *Server) Follows() (why string, yes bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.lost != nil:
		return s.lost.Error(), false
	case !s.whole:
		return "the log was not read to its end yet", false
	}
	return "", true
}

// CatchUp waits until everything is known that is in the log by now.
func (s *Server) CatchUp(ctx context.Context) error { return s.catchUp(ctx) }

// Schema is the schema that an id stands for, as far as the log was read.
func (s *Server) Schema(id uint32) (text string, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if known := s.known.ids[id]; len(known) > 0 {
		return known[0].text, true
	}
	return "", false
}

// Latest is the schema that a subject has now.
func (s *Server) Latest(subject string) (text string, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if v := last(s.known.subjects[subject]); v != nil {
		return v.text, true
	}
	return "", false
}

// change changes what is shared, and wakes whoever waits for it.
func (s *Server) change(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
	close(s.moved)
	s.moved = make(chan struct{})
}

// patience is how long a request waits for the log.
const patience = 5 * time.Second

// catchUp waits until everything is known that the log holds now.
func (s *Server) catchUp(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	end, err := endOf(ctx, s.client, broker.Ledger(s.prefix))
	if errors.Is(err, errNoLog) {
		return nil
	}
	if err != nil {
		return err
	}
	for {
		s.mu.Lock()
		at, lost, moved := s.at, s.lost, s.moved
		s.mu.Unlock()
		if at >= end {
			return nil
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("it is read up to offset %d of %d", at, end), lost)
		}
	}
}

// look gives f what is known. If f finds nothing, it looks again when the log was read to its end.
func look[T any](ctx context.Context, s *Server, f func(*index) (T, error)) (T, error) {
	s.mu.Lock()
	v, err := f(s.known)
	s.mu.Unlock()
	if err == nil {
		return v, nil
	}
	return lookFresh(ctx, s, f)
}

// lookFresh gives f what the log holds now.
func lookFresh[T any](ctx context.Context, s *Server, f func(*index) (T, error)) (T, error) {
	if err := s.catchUp(ctx); err != nil {
		var none T
		return none, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return f(s.known)
}
