package port

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// The other process of TestNoPortIsGivenToTwoProcesses is this program, too: it says its port and waits.
func TestMain(m *testing.M) {
	if os.Getenv("FLOE_TEST_PORT") == "" {
		os.Exit(m.Run())
	}
	p, err := Free()
	if err != nil {
		panic(err)
	}
	fmt.Println(p)
	_, _ = bufio.NewReader(os.Stdin).ReadString('\n') // until it is killed
}

// Whoever asks at the same time is given another one, though nobody listens yet.
func TestNoPortIsGivenTwice(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var all sync.WaitGroup
	given := map[int]bool{}
	for range 20 {
		all.Go(func() {
			for range 50 {
				p, err := Free()
				mu.Lock()
				if err != nil || given[p] || p < 20000 || p >= 32000 {
					t.Errorf("port %d (%v), given before: %t", p, err, given[p])
				}
				given[p] = true
				mu.Unlock()
			}
		})
	}
	all.Wait()
}

// A port that another process was given is its own while it runs, though nobody listens on it; then it is free.
func TestNoPortIsGivenToTwoProcesses(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("a port is held by an abstract socket, which only Linux has")
	}
	other := exec.Command(os.Args[0])
	other.Env = append(os.Environ(), "FLOE_TEST_PORT=1")
	in, err := other.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := other.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	its, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		t.Fatal(err)
	}
	if reserve(its) {
		t.Errorf("port %d is another process's", its)
	}
	if err := other.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = other.Wait() // it was killed
	if !reserve(its) {
		t.Errorf("port %d stays another's, which has ended", its)
	}
}
