package rig

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"floe/pkg/pgtest/child"
)

// Service is one of floe's services, run by itself as an operator would.
type Service struct {
	*child.Process
	LogFile string
}

// Service starts one in the job's folder under a name of its own, with its own log; it ends with this
// process.
func (f *Floe) Service(name string, args ...string) (*Service, error) {
	s := &Service{LogFile: filepath.Join(f.Dir, name+".log")}
	p, err := child.Start(child.Command{Path: f.Bin, Args: args, Env: append(environment(), f.Env...), Dir: f.Dir, Log: s.LogFile, Orphaned: syscall.SIGKILL})
	s.Process = p
	return s, err
}

// Capture and Applier start those services with the job's file and brokers.
func (f *Floe) Capture(name, broker string, more ...string) (*Service, error) {
	return f.Service(name, append([]string{"capture", "-f", f.JobFile(), "--broker", broker, "--metrics", "off"}, more...)...)
}

// Applier is like Capture.
func (f *Floe) Applier(name, broker string, more ...string) (*Service, error) {
	return f.Service(name, append([]string{"applier", "-f", f.JobFile(), "--broker", broker, "--metrics", "off"}, more...)...)
}

// Broker starts the embedded broker alone and waits until it answers.
func (f *Floe) Broker(ctx context.Context) (*Service, string, error) {
	dir := filepath.Join(f.Dir, "broker")
	s, err := f.Service("broker", "broker", "--dir", dir)
	if err != nil {
		return nil, "", err
	}
	var address string
	err = Until(ctx, func() (bool, error) {
		port, err := os.ReadFile(filepath.Join(dir, "port"))
		if err != nil {
			return false, nil
		}
		n, err := strconv.Atoi(strings.TrimSpace(string(port)))
		address = "127.0.0.1:" + strconv.Itoa(n)
		return err == nil && strings.Contains(s.Log(), "addr="+address), nil
	})
	return s, address, err
}

// Log is all that the service wrote.
func (s *Service) Log() string {
	text, err := os.ReadFile(s.LogFile)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// Says waits until the service's log holds the words.
func (s *Service) Says(ctx context.Context, words string) error {
	return Until(ctx, func() (bool, error) { return strings.Contains(s.Log(), words), nil })
}

// Kill is kill -9; it returns when the process is gone.
func (s *Service) Kill() error {
	err := s.Signal(syscall.SIGKILL)
	<-s.Done
	return err
}
