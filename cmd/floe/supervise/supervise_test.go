package supervise

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// TestMain makes this test binary its own child: as SUPERVISED says it ends at once, or with its input,
// or never by itself.
func TestMain(m *testing.M) {
	switch mode := os.Getenv("SUPERVISED"); {
	case mode == "":
		os.Exit(m.Run())
	case mode == "stay":
		_, _ = os.Stdout.WriteString("up\n")
		_, _ = io.Copy(io.Discard, os.Stdin)
	default:
		code, _ := strconv.Atoi(mode)
		os.Exit(code)
	}
}

func child(t *testing.T, mode string) *Process {
	return &Process{Name: "child", Path: os.Args[0], Env: []string{"SUPERVISED=" + mode}, Stderr: os.Stderr,
		Log: slog.New(slog.NewTextHandler(t.Output(), nil)), Final: func(code int) bool { return code == 9 }}
}

// A child killed with -9 is there again, and ends when its supervisor is told to.
func TestKilledChildIsStartedAgain(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	p := child(t, "stay")
	pids, ups := make(chan int, 10), make(chan string, 10)
	p.Started = func(pid int) { pids <- pid }
	p.Line = func(line []byte) { ups <- string(line) }
	done := make(chan error, 1)
	go func() { done <- p.Run(ctx) }()
	var last int
	for range 3 {
		last = <-pids
		if up := <-ups; up != "up" {
			t.Errorf("the child wrote %q", up)
		}
		if err := syscall.Kill(last, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
	}
	last = <-pids
	<-ups
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if err := syscall.Kill(last, 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("the child outlived Run: %v", err)
	}
}

func TestFinalCodeIsNotTriedAgain(t *testing.T) {
	t.Parallel()
	var ended *EndedError
	if err := child(t, "9").Run(t.Context()); !errors.As(err, &ended) || ended.Code != 9 {
		t.Errorf("got %v", err)
	}
}

// The child's input is a pipe that only the supervisor holds: it ends although nobody told it to.
func TestChildEndsWithItsInput(t *testing.T) {
	t.Parallel()
	cmd := exec.Command(os.Args[0])
	cmd.Env = []string{"SUPERVISED=stay"}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

func TestLinesAreHandedOnWhole(t *testing.T) {
	t.Parallel()
	var got []string
	l := &lines{take: func(b []byte) { got = append(got, string(b)) }}
	for _, s := range []string{"a", "b\nc\n", "", "d\ne"} {
		if n, err := l.Write([]byte(s)); n != len(s) || err != nil {
			t.Fatal(n, err)
		}
	}
	if strings.Join(got, "|") != "ab|c|d" {
		t.Errorf("got %q", got)
	}
	_, _ = l.Write(make([]byte, 2*maxLine))
	if len(l.rest) != 0 {
		t.Error("a line without an end is kept for ever")
	}
}
