// Command versions runs the scenarios, settling and rushing, on servers of other versions:
//
//	go run ./e2e/versions 11 14 18 11:15
//
// An argument is the version of both servers, or source:target. For each it prints what failed, with
// the output, what was skipped, with the reason, and the counts; it ends with code 1 if anything failed.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var servers []servers
	for _, arg := range os.Args[1:] {
		s, err := parse(arg)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
		servers = append(servers, s)
	}
	if len(servers) == 0 {
		fmt.Fprintln(os.Stderr, "usage: versions VERSION|SOURCE:TARGET…")
		os.Exit(2)
	}
	code := 0
	var summary []string
	for _, s := range servers {
		r, err := run(ctx, s)
		if err != nil {
			code = 1
		}
		line := fmt.Sprintf("%-8s %s", s, r)
		if err != nil {
			line += ": " + err.Error()
		}
		fmt.Println(line)
		summary = append(summary, line)
	}
	fmt.Println("\n" + strings.Join(summary, "\n"))
	os.Exit(code)
}

// servers are the versions of one run.
type servers struct{ source, target int }

func (s servers) String() string {
	if s.source == s.target {
		return strconv.Itoa(s.source)
	}
	return fmt.Sprintf("%d to %d", s.source, s.target)
}

func parse(arg string) (servers, error) {
	source, target, crossing := strings.Cut(arg, ":")
	if !crossing {
		target = source
	}
	a, err1 := strconv.Atoi(source)
	b, err2 := strconv.Atoi(target)
	if err := errors.Join(err1, err2); err != nil || min(a, b) < 11 || max(a, b) > 18 {
		return servers{}, fmt.Errorf("%q: a version from 11 to 18 is meant, or source:target", arg)
	}
	return servers{a, b}, nil
}

// result is how one run's scenarios ended, by mode/name.
type result struct {
	passed, failed, skipped []string
	took                    time.Duration
}

func (r result) String() string {
	return fmt.Sprintf("%d passed, %d failed, %d skipped, in %s", len(r.passed), len(r.failed), len(r.skipped), r.took.Round(time.Second))
}

// run runs all scenarios on servers of these versions.
func run(ctx context.Context, s servers) (r result, err error) {
	fmt.Printf("=== PostgreSQL %s\n", s)
	began := time.Now()
	defer func() { r.took = time.Since(began) }()
	cmd := exec.CommandContext(ctx, "go", "test", "-json", "-count=1", "-timeout", "60m", "-run", "^TestScenarios$", "./e2e")
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.Env = append(os.Environ(), "FLOE_E2E=all",
		fmt.Sprint("FLOE_PG_VERSION=", s.source), fmt.Sprint("FLOE_PG_TARGET_VERSION=", s.target))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return r, err
	}
	if err := cmd.Start(); err != nil {
		return r, err
	}
	err = r.read(out)
	if werr := cmd.Wait(); werr != nil {
		err = errors.Join(err, fmt.Errorf("go test: %w", werr))
	}
	if err == nil && len(r.passed) == 0 {
		err = errors.New("no scenario ran")
	}
	return r, err
}

// event is a line of go test -json.
type event struct{ Action, Test, Output string }

// read takes the events and prints what failed or was skipped as it happens.
func (r *result) read(from io.Reader) error {
	output := map[string][]string{}
	lines := bufio.NewScanner(from)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var e event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			continue // what go itself says
		}
		_, name, ok := strings.Cut(e.Test, "/")
		if e.Action == "output" && !strings.HasPrefix(e.Output, "===") {
			output[e.Test] = append(output[e.Test], e.Output)
		}
		_, scenario, scenarios := strings.Cut(name, "/")
		if !ok || !scenarios || e.Action == "output" {
			if e.Action == "fail" && !scenarios { // of no scenario: the runner itself
				fmt.Print(strings.Join(output[e.Test], ""))
			}
			continue
		}
		switch e.Action {
		case "pass":
			r.passed = append(r.passed, name)
		case "fail":
			r.failed = append(r.failed, name)
			fmt.Printf("FAILED  %s\n%s", name, strings.Join(output[e.Test], ""))
		case "skip":
			if !slices.ContainsFunc(r.skipped, func(s string) bool { return strings.HasSuffix(s, "/"+scenario) }) {
				fmt.Printf("skipped %s: %s\n", scenario, reason(output[e.Test]))
			}
			r.skipped = append(r.skipped, name)
		default:
			continue
		}
		delete(output, e.Test)
	}
	return lines.Err()
}

// reason is what a skipped test said: "file.go:78: needs pg:14".
func reason(output []string) string {
	for _, line := range output {
		if _, why, ok := strings.Cut(line, ".go:"); ok {
			_, why, _ = strings.Cut(why, ": ")
			return strings.TrimSpace(why)
		}
	}
	return "without a reason"
}
