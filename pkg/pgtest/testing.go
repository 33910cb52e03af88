package pgtest

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// TB is what these functions need of *testing.T, *testing.B and *testing.F.
type TB interface {
	Helper()
	Fatalf(format string, args ...any)
	Errorf(format string, args ...any)
	Cleanup(func())
}

// shared is the one server of a test process. Starting one takes a second, a database on it 50 ms.
var shared struct {
	sync.Mutex
	server *Server
	err    error
}

// Shared is the test process's server, started by the first test that asks and stopped by Main.
// FLOE_PG_VERSION chooses another version than the machine's.
func Shared(t TB) *Server {
	t.Helper()
	shared.Lock()
	defer shared.Unlock()
	if shared.server == nil && shared.err == nil {
		shared.server, shared.err = startShared()
	}
	if shared.err != nil {
		t.Fatalf("shared server: %v", shared.err)
	}
	return shared.server
}

func startShared() (*Server, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	o := Options{inMemory: true}
	if text := os.Getenv("FLOE_PG_VERSION"); text != "" {
		version, err := strconv.Atoi(text)
		if err != nil {
			return nil, fmt.Errorf("FLOE_PG_VERSION is %q, a major version such as 14 is meant", text)
		}
		o.Version = version
	}
	return Start(ctx, o)
}

// Main runs the tests of a package and ends the shared server: func TestMain(m *testing.M) {
// pgtest.Main(m) }. A package that leaves it out leaves a folder behind, which the next start
// removes, but no server.
func Main(m interface{ Run() int }) {
	code := m.Run()
	shared.Lock()
	defer shared.Unlock()
	if shared.server != nil {
		if err := shared.server.Close(); err != nil {
			fmt.Fprintln(os.Stderr, "shared server:", err)
			code = max(code, 1)
		}
	}
	os.Exit(code)
}

// New starts a server of the test's own, which ends with the test.
func New(t TB, o Options) *Server {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	o.inMemory = true
	s, err := Start(ctx, o)
	if err != nil {
		t.Fatalf("start server: %v", err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("stop server: %v", err)
		}
	})
	return s
}

var databases atomic.Int64

// NewDB makes a database, runs the SQL in it and returns its URL. The database is dropped when the
// test ends, with its sessions and slots.
func NewDB(t TB, s *Server, sql ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	name := fmt.Sprintf("test_%d_%d", os.Getpid(), databases.Add(1))
	if err := s.CreateDatabase(ctx, name, ""); err != nil {
		t.Fatalf("create database: %v", err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := s.DropDatabase(ctx, name); err != nil {
			t.Errorf("drop database: %v", err)
		}
	})
	if err := s.Exec(ctx, name, sql...); err != nil {
		t.Fatalf("set up database: %v", err)
	}
	return s.URL(name)
}
