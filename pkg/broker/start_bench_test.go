package broker

import (
	"bytes"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"syscall"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// A broker reads all that it kept before it answers: that is the pipeline's time to restart. The log is
// of the default cap, as it is when nothing of it is applied. Killed, a broker left no snapshots of its
// partitions.
func BenchmarkStart(b *testing.B) {
	limit := debug.SetMemoryLimit(320 << 20) // as the service has it
	defer debug.SetMemoryLimit(limit)
	for _, partitions := range []int32{1, 16} {
		dir := b.TempDir()
		fill(b, dir, partitions)
		for _, killed := range []bool{false, true} {
			b.Run(fmt.Sprintf("partitions=%d/killed=%v", partitions, killed), func(b *testing.B) {
				for b.Loop() {
					b.StopTimer()
					if killed {
						forget(b, dir)
					}
					b.StartTimer()
					used := cpu()
					e, err := OpenEmbedded(dir, slog.New(slog.DiscardHandler))
					if err != nil {
						b.Fatal(err)
					}
					b.StopTimer()
					b.ReportMetric((cpu() - used).Seconds(), "cpu-s")
					e.Close()
					b.StartTimer()
				}
			})
		}
	}
}

func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// forget removes what a broker writes when it is closed.
func forget(b *testing.B, dir string) {
	b.Helper()
	if err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Name() == "snapshot.json" {
			err = os.Remove(path)
		}
		return err
	}); err != nil {
		b.Fatal(err)
	}
}

func fill(b *testing.B, dir string, partitions int32) {
	b.Helper()
	e, err := OpenEmbedded(dir, slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	defer e.Close()
	c, err := kgo.NewClient(append(Options([]string{e.Addr}), Producer()...)...)
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	topics := []Topic{{Name: "t", Partitions: partitions, Replication: 1}}
	if _, err := EnsureTopics(b.Context(), kadm.NewClient(c), topics); err != nil {
		b.Fatal(err)
	}
	value := bytes.Repeat([]byte("x"), 16<<10)
	for i := range DefaultLogCap / len(value) {
		c.Produce(b.Context(), &kgo.Record{Topic: "t", Partition: int32(i) % partitions, Value: value}, nil)
	}
	if err := c.Flush(b.Context()); err != nil {
		b.Fatal(err)
	}
}
