package pgtest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"floe/pkg/pgtest/child"
	"floe/pkg/port"
)

// Server is one PostgreSQL server.
//
//   - Its port stays the same over Stop and Start, so that clients find it again.
//   - At most one process of it runs.
type Server struct {
	options   Options
	programs  programs
	account   *child.Account
	dir       string // holds data/, log, and the socket unless its path is too long for one
	socketDir string
	port      int
	release   func() // gives up the folder; removes it if it is a temporary one

	mu      sync.Mutex
	process *child.Process
}

// Start makes a server and starts it. A folder that holds one already is started as it is, with
// these options. The context bounds the start, not the server's life: Close ends that.
func Start(ctx context.Context, o Options) (*Server, error) {
	account, err := child.Unprivileged("postgres", "nobody")
	if err != nil {
		return nil, err
	}
	found, err := find(ctx, o.Version)
	if err != nil {
		return nil, err
	}
	dir, release, err := takeFolder(o, account)
	if err != nil {
		return nil, err
	}
	s := &Server{options: o, programs: found, account: account, dir: dir, release: release}
	if err := s.begin(ctx); err != nil {
		s.Close()
		return nil, fmt.Errorf("PostgreSQL %d in %s: %w", found.major, dir, err)
	}
	return s, nil
}

func (s *Server) begin(ctx context.Context) error {
	if err := s.prepareSocketDir(); err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(s.data(), "PG_VERSION")); errors.Is(err, os.ErrNotExist) {
		if err := s.initialise(ctx); err != nil {
			return err
		}
	}
	// Another program may take the port between our look and the server's: then another port.
	var err error
	for range 3 {
		if s.port, err = port.Free(); err != nil {
			return err
		}
		if err = s.Start(ctx); !errors.Is(err, errPortTaken) {
			return err
		}
	}
	return err
}

// Start starts a stopped server on its port and returns once it takes connections.
func (s *Server) Start(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process != nil && !s.process.Ended() {
		return errors.New("the server runs already")
	}
	if err := s.configure(); err != nil {
		return err
	}
	// A file left by a killed server would say "ready" for it.
	if err := os.Remove(filepath.Join(s.data(), "postmaster.pid")); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	logged := s.logSize()
	process, err := child.Start(child.Command{
		Path: s.programs.path("postgres"), Args: []string{"-D", s.data()},
		Env: s.programs.environment(), Dir: s.dir, Log: s.LogFile(),
		User: s.account, Orphaned: syscall.SIGQUIT,
	})
	if err != nil {
		return err
	}
	s.process = process
	return s.awaitReady(ctx, process, logged)
}

// Mode is how a server is stopped.
type Mode syscall.Signal

// Fast disconnects everybody, waits for the walsenders to send what there is, and writes a
// checkpoint. Immediate does none of that: the next start recovers from the WAL.
const (
	Fast      = Mode(syscall.SIGINT)
	Immediate = Mode(syscall.SIGQUIT)
)

// stopPatience is how long a stop may take. A fast stop waits for its walsenders' clients, and a
// client that never answers would hold it for ever.
const stopPatience = 2 * time.Minute

// Stop stops the server and waits until it has ended. A stopped one stays stopped.
func (s *Server) Stop(mode Mode) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.process
	if p == nil {
		return nil
	}
	if err := p.Signal(syscall.Signal(mode)); err != nil {
		return err
	}
	select {
	case <-p.Done:
		return nil
	case <-time.After(stopPatience):
	}
	if err := p.Signal(syscall.SIGQUIT); err != nil {
		return err
	}
	<-p.Done
	return fmt.Errorf("the server in %s did not stop within %s and was ended at once", s.dir, stopPatience)
}

// Close ends the server at once and removes its folder, if it is a temporary one.
func (s *Server) Close() error {
	err := s.Stop(Immediate)
	s.release()
	return err
}

// URL is the database's address over TCP, for the superuser.
func (s *Server) URL(database string) string {
	u := url.URL{
		Scheme: "postgres", User: url.User("postgres"), Host: fmt.Sprintf("127.0.0.1:%d", s.port),
		Path: "/" + database, RawQuery: "sslmode=disable",
	}
	return u.String()
}

// SocketURL is the database's address over the Unix socket.
func (s *Server) SocketURL(database string) string {
	q := url.Values{"host": {s.socketDir}, "port": {fmt.Sprint(s.port)}, "user": {"postgres"}}
	u := url.URL{Scheme: "postgres", Path: "/" + database, RawQuery: q.Encode()}
	return u.String()
}

// Port is the TCP port on 127.0.0.1.
func (s *Server) Port() int { return s.port }

// Version is the server's major version.
func (s *Server) Version() int { return s.programs.major }

// Dir is the folder that holds the server.
func (s *Server) Dir() string { return s.dir }

// LogFile is where the server logs.
func (s *Server) LogFile() string { return filepath.Join(s.dir, "log") }

// Program is the path of one of the server's own programs (psql, pgbench, pg_dump). Where the
// server came from Maven there are only initdb, pg_ctl and postgres.
func (s *Server) Program(name string) string { return s.programs.path(name) }

// PID is the process id of the postmaster, 0 if it never ran.
func (s *Server) PID() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process == nil {
		return 0
	}
	return s.process.PID
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }
