package demo

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"floe/cmd/floe/datadir"
	"floe/pkg/ident"
	"floe/pkg/pgtest"
	"floe/pkg/pgtest/child"
)

const database = "shop"

func inShop(n ident.Name) bool { return n.Schema == "shop" }

// stage is what the demo runs on: two servers, `floe dev`, and a folder for its files.
type stage struct {
	say            func(string, ...any)
	dir            string
	source, target *pgtest.Server
	floe           *child.Process
}

func openStage(ctx context.Context, say func(string, ...any)) (*stage, error) {
	s := &stage{say: say}
	var err error
	if s.dir, err = os.MkdirTemp("", "floe-demo-"); err != nil {
		return nil, err
	}
	// The first start alone may have to fetch the servers' programs.
	if s.source, err = s.server(ctx); err == nil {
		s.target, err = s.server(ctx)
	}
	if err != nil {
		s.Close(false)
		return nil, err
	}
	say("source %s   target %s   PostgreSQL %d", s.source.URL(database), s.target.URL(database), s.source.Version())
	return s, nil
}

func (s *stage) server(ctx context.Context) (*pgtest.Server, error) {
	server, err := pgtest.Start(ctx, pgtest.Options{})
	if err != nil {
		return nil, err
	}
	return server, server.CreateDatabase(ctx, database, "")
}

// Fill makes the source's tables.
func (s *stage) Fill(ctx context.Context) error {
	if err := s.source.Exec(ctx, database, schema); err != nil {
		return fmt.Errorf("fill the source: %w", err)
	}
	s.say("source filled: 6 tables, 200,000 rows; the target is empty")
	return nil
}

// StartFloe starts `floe dev` with a job file as a user would write it.
func (s *stage) StartFloe(binary, listen string) error {
	file := fmt.Sprintf("name: demo\nsource: {url: %q}\ntarget: {url: %q}\nobjects: {include: [shop]}\n",
		s.source.URL(database), s.target.URL(database))
	path := filepath.Join(s.dir, "job.yaml")
	if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
		return err
	}
	var env []string
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "FLOE_") { // they would stand above the job file
			env = append(env, v)
		}
	}
	args := []string{"dev", "-f", path, "--data-dir", s.dataDir()}
	if listen != "" {
		args = append(args, "--listen", listen)
	}
	var err error
	s.floe, err = child.Start(child.Command{
		Path: binary, Args: args,
		Env: env, Dir: s.dir, Log: s.logFile(), Orphaned: syscall.SIGTERM,
	})
	return err
}

func (s *stage) dataDir() string { return filepath.Join(s.dir, "data") }
func (s *stage) logFile() string { return filepath.Join(s.dir, "floe.log") }

// Endpoint waits until floe says where its parts are.
func (s *stage) Endpoint(ctx context.Context) (datadir.Endpoint, error) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		e, err := datadir.ReadEndpoint(s.dataDir())
		if err == nil && len(e.Brokers) > 0 || err != nil && !errors.Is(err, os.ErrNotExist) {
			return e, err
		}
		select {
		case <-s.floe.Done:
			return e, s.floeEnded()
		case <-ctx.Done():
			return e, ctx.Err()
		case <-tick.C:
		}
	}
}

// Console is the address to open in a browser.
func (s *stage) Console() string {
	e, err := datadir.ReadEndpoint(s.dataDir())
	if err != nil {
		return "(unknown)"
	}
	return e.Console
}

func (s *stage) floeEnded() error {
	return fmt.Errorf("floe dev ended by itself (%v)", s.floe.Err())
}

// Close ends everything. After a failure floe's log stays, and its end is shown.
func (s *stage) Close(failed bool) {
	if s.floe != nil {
		s.endFloe()
	}
	var servers errgroup.Group
	for _, server := range []*pgtest.Server{s.source, s.target} {
		if server != nil {
			servers.Go(server.Close)
		}
	}
	if err := servers.Wait(); err != nil {
		s.say("end the servers: %v", err)
	}
	if failed {
		s.say("the log of floe dev is %s; its end:\n%s", s.logFile(), s.logEnd())
		return
	}
	os.RemoveAll(s.dir)
}

func (s *stage) endFloe() {
	if err := s.floe.Signal(syscall.SIGTERM); err != nil {
		s.say("%v", err)
	}
	select {
	case <-s.floe.Done:
		return
	case <-time.After(20 * time.Second):
	}
	s.say("floe dev did not end within 20 s of SIGTERM and is killed")
	if err := s.floe.Signal(syscall.SIGKILL); err != nil {
		s.say("%v", err)
	}
	<-s.floe.Done
}

func (s *stage) logEnd() string {
	text, err := os.ReadFile(s.logFile())
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.Join(lines[max(0, len(lines)-15):], "\n")
}
