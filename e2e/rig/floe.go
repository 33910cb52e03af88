package rig

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"floe/pkg/broker"
	"floe/pkg/pgtest/child"
)

// Floe is one job under `floe dev`: a folder with the job file, the log and the data directory, and
// the process while it runs.
type Floe struct {
	Bin, Dir string
	// Env is what the process finds in its environment besides the usual.
	Env     []string
	process *child.Process
}

// NewFloe writes the job file into the folder.
func NewFloe(bin, dir string, job Job) (*Floe, error) {
	f := &Floe{Bin: bin, Dir: dir}
	return f, job.Write(f.JobFile())
}

// NewEmptyFloe has no job file: its console makes one.
func NewEmptyFloe(bin, dir string) *Floe { return &Floe{Bin: bin, Dir: dir} }

// JobFile, Data and LogFile are where the job's parts are kept.
func (f *Floe) JobFile() string { return filepath.Join(f.Dir, "job.yaml") }

// Data is the data directory.
func (f *Floe) Data() string { return filepath.Join(f.Dir, "data") }

// LogFile holds what floe wrote on standard output and error.
func (f *Floe) LogFile() string { return filepath.Join(f.Dir, "floe.log") }

// Start runs `floe dev`; the process ends with this one.
func (f *Floe) Start(args ...string) error {
	all := append([]string{"dev", "--data-dir", f.Data(), "--listen", "127.0.0.1:0"}, args...)
	if _, err := os.Stat(f.JobFile()); err == nil {
		all = append(all, "-f", f.JobFile())
	}
	if with := os.Getenv("FLOE_E2E_BROKER"); with != "" { // e2e/kafka/with
		all = append(all, "--broker", with)
	} else if _, err := broker.Address(filepath.Join(f.Data(), "broker")); err != nil { // this process's own: it is down at times
		return err
	}
	p, err := child.Start(child.Command{Path: f.Bin, Args: all, Env: append(environment(), f.Env...), Dir: f.Dir, Log: f.LogFile(), Orphaned: syscall.SIGTERM})
	f.process = p
	return err
}

func environment() []string {
	return []string{"PATH=/usr/bin:/bin", "HOME=/nonexistent", "LANG=C.UTF-8", "TMPDIR=" + os.TempDir()}
}

// ExitError is a floe that ended.
type ExitError struct {
	Code int
	Tail string
}

func (e *ExitError) Error() string {
	return fmt.Sprintf("floe ended with code %d:\n%s", e.Code, e.Tail)
}

// Ended returns nil while floe runs, then an *ExitError.
func (f *Floe) Ended() error {
	if !f.process.Ended() {
		return nil
	}
	code := 0
	var exit *exec.ExitError
	if err := f.process.Err(); errors.As(err, &exit) {
		code = exit.ExitCode()
	} else if err != nil {
		return err
	}
	return &ExitError{code, f.Tail(3000)}
}

// Wait waits for floe to end by itself and returns its exit code.
func (f *Floe) Wait(ctx context.Context) (int, error) {
	select {
	case <-ctx.Done():
		return 0, fmt.Errorf("floe does not end: %w\n%s", ctx.Err(), f.Tail(3000))
	case <-f.process.Done:
	}
	var exit *ExitError
	if errors.As(f.Ended(), &exit) {
		return exit.Code, nil
	}
	return 0, f.process.Err()
}

// stopPatience is how long floe may take to end, on a machine that may be busy.
const stopPatience = time.Minute

// Stop asks floe to end, and kills its process group when it does not in time, which is an error.
func (f *Floe) Stop(ctx context.Context) error {
	if f.process == nil || f.process.Ended() {
		return nil
	}
	if err := f.process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, stopPatience)
	defer cancel()
	select {
	case <-f.process.Done:
		return nil
	case <-ctx.Done():
	}
	err := syscall.Kill(-f.process.PID, syscall.SIGKILL)
	<-f.process.Done
	return errors.Join(fmt.Errorf("floe did not end within %s of SIGTERM:\n%s", stopPatience, f.Tail(2000)), err)
}

// KillAll is kill -9 of the supervisor: its children must follow by themselves.
func (f *Floe) KillAll() error {
	err := f.process.Signal(syscall.SIGKILL)
	<-f.process.Done
	return err
}

// PID of one role of the running job: broker, capture, applier; 0 if it is not known (yet).
func (f *Floe) PID(role string) int {
	var endpoint struct {
		PIDs map[string]int `json:"pids"`
	}
	text, err := os.ReadFile(filepath.Join(f.Data(), "endpoint.json"))
	if err != nil || json.Unmarshal(text, &endpoint) != nil {
		return 0
	}
	return endpoint.PIDs[role]
}

// Brokers are the addresses of the log's brokers.
func (f *Floe) Brokers() ([]string, error) {
	var endpoint struct {
		Brokers []string `json:"brokers"`
	}
	text, err := os.ReadFile(filepath.Join(f.Data(), "endpoint.json"))
	if err != nil {
		return nil, err
	}
	return endpoint.Brokers, json.Unmarshal(text, &endpoint)
}

// Result is how a command of the binary ended.
type Result struct {
	Code           int
	Stdout, Stderr string
}

// Run runs the binary once, in the job's folder.
func (f *Floe) Run(ctx context.Context, args ...string) (Result, error) {
	cmd := exec.CommandContext(ctx, f.Bin, args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr, cmd.Env, cmd.Dir = &out, &errs, environment(), f.Dir
	err := cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() >= 0 {
		return Result{exit.ExitCode(), out.String(), errs.String()}, nil
	}
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	return Result{0, out.String(), errs.String()}, err
}

// Client runs a client command on the job's data directory.
func (f *Floe) Client(ctx context.Context, args ...string) (Result, error) {
	return f.Run(ctx, append(args, "--data-dir", f.Data())...)
}

// Console is its address, empty if it is not known (yet).
func (f *Floe) Console() string {
	var e struct{ Console string }
	text, err := os.ReadFile(filepath.Join(f.Data(), "endpoint.json"))
	if err != nil || json.Unmarshal(text, &e) != nil {
		return ""
	}
	return e.Console
}

// Synced waits until floe says that all is loaded and applied.
func (f *Floe) Synced(ctx context.Context, timeout time.Duration) error {
	// A client finds the job once floe dev has written where it is.
	err := Until(ctx, func() (bool, error) { return f.PID("dev") != 0, f.Ended() })
	if err != nil {
		return err
	}
	r, err := f.Client(ctx, "wait", "--synced", "--timeout", timeout.String())
	if err != nil {
		return err
	}
	if r.Code != 0 {
		return fmt.Errorf("floe wait --synced ended with code %d: %s%s", r.Code, r.Stdout, r.Stderr)
	}
	return nil
}

// Status is what the tests read of `floe status -o json`.
type Status struct {
	State, Reason, Detail, Fix string
	Services                   []struct {
		Role, State, Reason, Detail, Fix string
		PID                              int
	}
}

// Status asks floe how the job is.
func (f *Floe) Status(ctx context.Context) (Status, error) {
	var s Status
	r, err := f.Client(ctx, "status", "-o", "json")
	if err != nil {
		return s, err
	}
	if r.Code != 0 {
		return s, fmt.Errorf("floe status ended with code %d: %s%s", r.Code, r.Stdout, r.Stderr)
	}
	return s, json.Unmarshal([]byte(r.Stdout), &s)
}

// Stopped says why the job stands still: state, code, detail and remedy; empty if it does not.
func (s Status) Stopped() string {
	if s.State != "BLOCKED" && s.State != "FAILED" {
		return ""
	}
	return strings.Join([]string{s.State, s.Reason, s.Detail, s.Fix}, " | ")
}

// Tail is the end of what floe wrote.
func (f *Floe) Tail(n int) string {
	text, err := os.ReadFile(f.LogFile())
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-n):])
}
