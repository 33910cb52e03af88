package pgtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"floe/pkg/pgtest/child"
)

// initialise makes the data folder: C locale, UTF-8, superuser postgres.
func (s *Server) initialise(ctx context.Context) error {
	cmd := exec.CommandContext(ctx, s.programs.path("initdb"), "-D", s.data(), "-U", "postgres",
		"-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
	cmd.Env, cmd.Dir, cmd.SysProcAttr = s.programs.environment(), s.dir, s.account.SysProcAttr()
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	main := filepath.Join(s.data(), "postgresql.conf")
	text, err := os.ReadFile(main)
	if err != nil {
		return err
	}
	return s.write(main, string(text)+"\ninclude 'pgtest.conf'\n")
}

// configure writes what the options ask for; it runs before every start, so that a kept folder
// follows them.
func (s *Server) configure() error {
	if err := s.write(filepath.Join(s.data(), "pgtest.conf"), s.options.config(s.socketDir, s.port)); err != nil {
		return err
	}
	return s.write(filepath.Join(s.data(), "pg_hba.conf"), s.options.hba())
}

func (s *Server) write(path, text string) error {
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		return err
	}
	return s.account.Own(path)
}

// maxSocketDir leaves room for "/.s.PGSQL.65535.lock" in the 107 bytes of a socket's address.
const maxSocketDir = 80

// prepareSocketDir takes the server's folder for the socket, or a short one in /tmp.
func (s *Server) prepareSocketDir() error {
	if len(s.dir) <= maxSocketDir {
		s.socketDir = s.dir
		return nil
	}
	dir, err := os.MkdirTemp("/tmp", folderPrefix+"socket-")
	if err != nil {
		return err
	}
	s.socketDir = dir
	release := s.release
	s.release = func() { os.RemoveAll(dir); release() }
	return s.account.Own(dir)
}

var errPortTaken = errors.New("another program listens on the server's port")

// awaitReady waits until postmaster.pid says that the server takes connections, as pg_ctl does.
func (s *Server) awaitReady(ctx context.Context, p *child.Process, logged int64) error {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !s.saysReady(p.PID) {
		select {
		case <-p.Done:
			text := s.logFrom(logged)
			if strings.Contains(text, "could not create any TCP/IP sockets") {
				return fmt.Errorf("%w %d", errPortTaken, s.port)
			}
			return fmt.Errorf("the server ended while starting (%v):\n%s", p.Err(), text)
		case <-ctx.Done():
			return fmt.Errorf("the server was not ready: %w\n%s", ctx.Err(), s.logFrom(logged))
		case <-tick.C:
		}
	}
	return nil
}

// saysReady reads the state from the eighth line of postmaster.pid.
func (s *Server) saysReady(pid int) bool {
	text, err := os.ReadFile(filepath.Join(s.data(), "postmaster.pid"))
	if err != nil {
		return false
	}
	lines := strings.Split(string(text), "\n")
	return len(lines) > 7 && lines[0] == fmt.Sprint(pid) && strings.TrimSpace(lines[7]) == "ready"
}

func (s *Server) logSize() int64 {
	info, err := os.Stat(s.LogFile())
	if err != nil {
		return 0
	}
	return info.Size()
}

// logFrom is the end of the log, from an earlier size of it, for an error message.
func (s *Server) logFrom(at int64) string {
	text, err := os.ReadFile(s.LogFile())
	if err != nil || int64(len(text)) < at {
		return ""
	}
	return string(text[max(int(at), len(text)-4000):])
}

// ResetWAL runs pg_resetwal on a server that was stopped in order, for tests of what only years bring:
// "-e", "3" makes its transaction ids wide ones.
func (s *Server) ResetWAL(ctx context.Context, args ...string) error {
	cmd := exec.CommandContext(ctx, s.programs.path("pg_resetwal"), append(args, "-D", s.data())...)
	cmd.Env, cmd.Dir, cmd.SysProcAttr = s.programs.environment(), s.dir, s.account.SysProcAttr()
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("pg_resetwal: %w\n%s", err, out)
	}
	return nil
}

// Show has the server speak TLS with the certificate and the key of these files, and starts it anew.
func (s *Server) Show(ctx context.Context, cert, key string) error {
	for name, from := range map[string]string{"server.crt": cert, "server.key": key} {
		text, err := os.ReadFile(from)
		if err == nil {
			err = s.write(filepath.Join(s.data(), name), string(text))
		}
		if err != nil {
			return err
		}
	}
	return errors.Join(s.Exec(ctx, "postgres", "alter system set ssl = on"), s.Stop(Fast), s.Start(ctx))
}
