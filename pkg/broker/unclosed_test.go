package broker

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
)

// What kfake finds in a log whose broker was killed, it finds with the snapshots that were written for it.
func TestKilledLogIsSettled(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	b := open(t, EmbeddedConfig{Dir: dir, LogCap: 1 << 20})
	c := client(t, b.Addr, Producer()...)
	topic(t, c, "t")
	put(t, c, "t", 10, strings.Repeat("x", 20<<10)) // four to a segment
	b.Close()
	b = open(t, EmbeddedConfig{Dir: dir, LogCap: 1 << 20})
	c = client(t, b.Addr, Producer()...)
	stale := read(t, filepath.Join(b.logDir(), "partitions", "t-0", "snapshot.json"))
	put(t, c, "t", 10, strings.Repeat("y", 20<<10))
	if _, err := kadm.NewClient(c).DeleteRecords(t.Context(), kadm.Offsets{"t": {0: {Topic: "t", At: 6}}}); err != nil {
		t.Fatal(err)
	}
	b.Close()
	all := segments(t, b, "t")
	last := filepath.Base(all[len(all)-1])
	for _, end := range []struct {
		name   string
		damage func(dir string) error
		start  int64 // without a snapshot, what was deleted within a segment is there again
		end    int64
	}{
		{"closed", func(string) error { return nil }, 6, 20},
		{"no snapshot", func(dir string) error { return os.Remove(filepath.Join(dir, "snapshot.json")) }, 4, 20},
		{"snapshot of an earlier time", func(dir string) error { return os.WriteFile(filepath.Join(dir, "snapshot.json"), stale, 0o600) }, 4, 20},
		{"snapshot is not JSON", func(dir string) error { return os.WriteFile(filepath.Join(dir, "snapshot.json"), []byte("{"), 0o600) }, 4, 20},
		{"batch cut short", func(dir string) error { return grow(filepath.Join(dir, last), -7) }, 6, 19},
		{"head cut short", func(dir string) error { return grow(filepath.Join(dir, last), 7) }, 6, 20},
		{"zeros behind", func(dir string) error { return grow(filepath.Join(dir, last), 5000) }, 6, 20},
		{"an empty segment behind", func(dir string) error { return os.WriteFile(filepath.Join(dir, "20.dat"), nil, 0o600) }, 6, 20},
		{"only cut batches in a segment behind", func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "20.dat"), read(t, filepath.Join(dir, last))[:100], 0o600)
		}, 6, 20},
	} {
		t.Run(end.name, func(t *testing.T) {
			t.Parallel()
			ours, theirs := t.TempDir(), t.TempDir()
			for _, d := range []string{ours, theirs} {
				if err := os.CopyFS(d, os.DirFS(b.logDir())); err != nil {
					t.Fatal(err)
				}
				if err := end.damage(filepath.Join(d, "partitions", "t-0")); err != nil {
					t.Fatal(err)
				}
			}
			if err := settle(ours); err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(ours, "partitions", "t-0", "snapshot.json")
			settled := read(t, file)
			got, start := contents(t, ours)
			want, _ := contents(t, theirs)
			if !slices.Equal(got[max(0, len(got)-len(want)):], want[max(0, len(want)-len(got)):]) {
				t.Errorf("settled it holds %s, as it was %s", brief(got), brief(want))
			}
			if start != end.start || start+int64(len(got)) != end.end {
				t.Errorf("records from %d, %d of them; want %d to %d", start, len(got), end.start, end.end)
			}
			if end.name == "snapshot is not JSON" {
				return
			}
			var mine, kfakes snapshot
			for b, s := range map[*snapshot][]byte{&mine: settled, &kfakes: read(t, file)} {
				if err := json.Unmarshal(s, b); err != nil {
					t.Fatal(err)
				}
				b.CreatedAt = b.CreatedAt.UTC()
				b.Segments = slices.DeleteFunc(b.Segments, func(s snapshotSegment) bool { return s.Size == 0 })
			}
			if m, k := fmt.Sprint(mine), fmt.Sprint(kfakes); m != k {
				t.Errorf("the snapshot says %s, closed by kfake it says %s", m, k)
			}
		})
	}
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// grow makes a file longer, by zeros, or shorter.
func grow(file string, by int64) error {
	info, err := os.Stat(file)
	if err != nil {
		return err
	}
	return os.Truncate(file, info.Size()+by)
}

// contents are the values of a partition that kfake opened, and its first offset.
func contents(t *testing.T, logDir string) (values []string, start int64) {
	t.Helper()
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.DataDir(logDir))
	if err != nil {
		t.Fatal(err)
	}
	defer cluster.Close()
	c := client(t, cluster.ListenAddrs()[0], kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{"t": {0: kgo.NewOffset().AtStart()}}))
	defer c.Close()
	start, end := bounds(t, c, "t")
	for int64(len(values)) < end-start {
		f := c.PollFetches(t.Context())
		if err := f.Err(); err != nil {
			t.Fatal(err)
		}
		for r := range f.RecordsAll() {
			values = append(values, string(r.Value))
		}
	}
	return values, start
}

func brief(values []string) string {
	var s strings.Builder
	for _, v := range values {
		s.WriteByte(v[0])
	}
	return s.String()
}
