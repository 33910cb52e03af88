package precheck

import (
	"context"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// Host is what the checks ask of this machine.
type Host struct {
	// Ahead is how far its clock is ahead of the true one; 0 unless a test says otherwise.
	Ahead time.Duration
	// Load is the number of processes that want a processor, of CPUs processors.
	Load float64
	CPUs int
	// Files is how many files a process may open, Memory how many bytes it may take; 0 is no limit.
	Files, Memory uint64
	// TargetFree is the space that is free where the target keeps its data; 0 is unknown.
	TargetFree uint64
}

func measure() *Host {
	h := &Host{CPUs: runtime.NumCPU()}
	if text, err := os.ReadFile("/proc/loadavg"); err == nil {
		first, _, _ := strings.Cut(string(text), " ")
		h.Load, _ = strconv.ParseFloat(first, 64)
	}
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) == nil {
		h.Files = limit.Max
	}
	if text, err := os.ReadFile("/sys/fs/cgroup/memory.max"); err == nil {
		h.Memory, _ = strconv.ParseUint(strings.TrimSpace(string(text)), 10, 64) // "max" is 0
	}
	return h
}

// What a service needs of its machine.
const (
	needFiles  = 1024
	needMemory = 400 << 20
	clockOff   = 5 * time.Second
)

func (r *run) host(ctx context.Context) {
	h := r.Host
	if h == nil {
		h = measure()
	}
	r.begin()
	r.clock(ctx, h)
	if h.CPUs > 0 && h.Load > 2*float64(h.CPUs) {
		r.note("H-LOAD", "let other work end, or take a machine with more processors", "this machine has %d processors and %.1f processes that want one", h.CPUs, h.Load)
	} else {
		r.ok("H-LOAD", "this machine has %d processors, %.1f processes want one", h.CPUs, h.Load)
	}
	switch {
	case h.Files > 0 && h.Files < needFiles:
		r.warn("H-LIMITS", "ulimit -n 65536, or LimitNOFILE=65536 in the service's unit", "a process may open %d files here; floe wants %d", h.Files, needFiles)
	case h.Memory > 0 && h.Memory < needMemory:
		r.warn("H-LIMITS", "give each service at least 400 MiB", "a process may take %s of memory here; a service takes up to 400 MiB", size(h.Memory))
	default:
		r.ok("H-LIMITS", "files and memory suffice")
	}
}

// clock compares this machine's with the servers': nothing that floe decides depends on them, but what it
// reports does.
func (r *run) clock(ctx context.Context, h *Host) {
	for i, conn := range []*pgx.Conn{r.src, r.dst} {
		side := []string{"source", "target"}[i]
		if conn == nil {
			continue
		}
		asked := time.Now()
		var theirs time.Time
		if err := conn.QueryRow(ctx, "SELECT clock_timestamp()").Scan(&theirs); err != nil {
			r.unread("H-CLOCK", err)
			return
		}
		off := asked.Add(time.Since(asked) / 2).Add(h.Ahead).Sub(theirs)
		if off.Abs() > clockOff {
			r.warn("H-CLOCK", "keep both clocks by NTP", "this machine's clock and the %s's are %s apart: times in status and logs will not fit together; latencies are taken by the source's clock alone",
				side, off.Abs().Round(time.Second))
			return
		}
	}
	r.ok("H-CLOCK", "the clocks agree")
}
