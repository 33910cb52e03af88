package broker

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// childDir makes this test binary a broker on a folder, to be killed.
const childDir = "FLOE_TEST_BROKER"

func TestMain(m *testing.M) {
	dir := os.Getenv(childDir)
	if dir == "" {
		os.Exit(m.Run())
	}
	b, err := OpenEmbedded(dir, slog.New(slog.DiscardHandler))
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(b.Addr)
	_, _ = io.Copy(io.Discard, os.Stdin) // ends with the test at the latest
}

// child starts a broker of its own process and returns when it listens.
func child(t *testing.T, dir string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), childDir+"="+dir)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = in.Close(); _ = cmd.Process.Kill(); _ = cmd.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || !strings.HasPrefix(line, "127.0.0.1:") {
		t.Fatalf("the broker says %q (%v)", line, err)
	}
	return cmd
}

func open(t *testing.T, c EmbeddedConfig) *Embedded {
	t.Helper()
	c.Log = slog.New(slog.DiscardHandler)
	b, err := Embed(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}

func client(t *testing.T, addr string, opts ...kgo.Opt) *kgo.Client {
	t.Helper()
	c, err := kgo.NewClient(append(Options([]string{addr}), opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func topic(t *testing.T, c *kgo.Client, name string) {
	t.Helper()
	if _, err := EnsureTopics(t.Context(), kadm.NewClient(c), []Topic{{Name: name, Partitions: 1, Replication: 1}}); err != nil {
		t.Fatal(err)
	}
}

func put(t *testing.T, c *kgo.Client, topic string, n int, value string) {
	t.Helper()
	for range n {
		if err := c.ProduceSync(t.Context(), &kgo.Record{Topic: topic, Value: []byte(value)}).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
}

func bounds(t *testing.T, c *kgo.Client, topic string) (start, end int64) {
	t.Helper()
	adm := kadm.NewClient(c)
	starts, err := adm.ListStartOffsets(t.Context(), topic)
	if err != nil {
		t.Fatal(err)
	}
	ends, err := adm.ListEndOffsets(t.Context(), topic)
	if err != nil {
		t.Fatal(err)
	}
	s, _ := starts.Lookup(topic, 0)
	e, _ := ends.Lookup(topic, 0)
	if err := errors.Join(s.Err, e.Err); err != nil {
		t.Fatal(err)
	}
	return s.Offset, e.Offset
}

// segments are the partition's files, oldest first.
func segments(t *testing.T, b *Embedded, topic string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(b.logDir(), "partitions", topic+"-0", "*.dat"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no segments of %s: %v", topic, err)
	}
	slices.SortFunc(files, func(a, b string) int {
		if len(a) != len(b) {
			return len(a) - len(b)
		}
		return strings.Compare(a, b)
	})
	return files
}

// A log that lost its last records is not gone on with: appliers and the slot may be past them.
func TestShortenedLogIsRefused(t *testing.T) {
	t.Parallel()
	for _, damage := range []string{"none", "cut", "segment gone", "zeroed"} {
		t.Run(damage, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			b := open(t, EmbeddedConfig{Dir: dir, LogCap: 1 << 20})
			c := client(t, b.Addr)
			topic(t, c, "t")
			put(t, c, "t", 8, strings.Repeat("x", 20<<10))
			_, end := bounds(t, c, "t")
			b.Close()
			files := segments(t, b, "t")
			last := files[len(files)-1]
			info, err := os.Stat(last)
			if err != nil {
				t.Fatal(err)
			}
			switch damage {
			case "cut":
				err = os.Truncate(last, info.Size()-1)
			case "segment gone":
				err = os.Remove(last)
			case "zeroed": // what a file system leaves of a file whose size came to the disk before its bytes
				err = os.WriteFile(last, make([]byte, info.Size()), 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
			again, err := OpenEmbedded(dir, slog.New(slog.DiscardHandler))
			if damage == "none" {
				if err != nil {
					t.Fatal(err)
				}
				defer again.Close()
				if _, is := bounds(t, client(t, again.Addr), "t"); is != end {
					t.Errorf("ends at %d, was %d", is, end)
				}
				return
			}
			if err == nil {
				again.Close()
				t.Fatal("the broker took a log that was shortened")
			}
			for _, want := range []string{"topic t partition 0", fmt.Sprintf("records up to %d", end), dir, "floe job reset"} {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q does not say %q", err, want)
				}
			}
			if again, err = OpenEmbedded(dir, slog.New(slog.DiscardHandler)); err == nil {
				again.Close()
				t.Error("asked again, the broker took it")
			}
		})
	}
}

// What was acknowledged is there after kill -9, whatever was on its way.
func TestAcknowledgedRecordsSurviveKill(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var acked [][]byte
	for round := range 3 {
		cmd := child(t, dir)
		addr, err := Address(dir)
		if err != nil {
			t.Fatal(err)
		}
		c := client(t, addr, Producer()...)
		topic(t, c, "t")
		ctx, cancel := context.WithCancel(t.Context())
		for sent := 0; ctx.Err() == nil; sent++ { // a few at a time, so that some are on their way when it dies
			var batch []*kgo.Record
			for i := range 20 {
				batch = append(batch, &kgo.Record{Topic: "t", Value: fmt.Appendf(nil, "%d/%d/%d", round, sent, i)})
			}
			if sent == 100 {
				time.AfterFunc(time.Millisecond, func() { _ = cmd.Process.Kill(); cancel(); c.Close() }) // a client that does not know waits for its broker
			}
			for _, r := range c.ProduceSync(ctx, batch...) {
				if r.Err == nil {
					acked = append(acked, r.Record.Value)
				}
			}
		}
		cancel()
		_ = cmd.Wait()
	}
	if len(acked) < 3*2000 {
		t.Fatalf("only %d records were acknowledged", len(acked))
	}
	cmd := child(t, dir)
	defer cmd.Process.Kill() //nolint:errcheck
	addr, err := Address(dir)
	if err != nil {
		t.Fatal(err)
	}
	c := client(t, addr, kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{"t": {0: kgo.NewOffset().At(0)}}))
	_, end := bounds(t, c, "t")
	there := map[string]bool{}
	for next := int64(0); next < end; {
		for r := range c.PollFetches(t.Context()).RecordsAll() {
			there[string(r.Value)] = true
			next = r.Offset + 1
		}
	}
	for _, v := range acked {
		if !there[string(v)] {
			t.Fatalf("record %s of %d acknowledged ones is gone", v, len(acked))
		}
	}
}

// A partition that was trimmed to its last record knows where it ends after a kill and after a stop.
func TestTrimmedPartitionKeepsItsEnd(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cmd := child(t, dir)
	addr, err := Address(dir)
	if err != nil {
		t.Fatal(err)
	}
	c := client(t, addr)
	topic(t, c, "t")
	put(t, c, "t", 20, "x")
	if _, err := kadm.NewClient(c).DeleteRecords(t.Context(), kadm.Offsets{"t": {0: {Topic: "t", At: 19}}}); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	for range 2 {
		b := open(t, EmbeddedConfig{Dir: dir})
		if _, end := bounds(t, client(t, b.Addr), "t"); end != 20 {
			t.Errorf("the partition ends at %d", end)
		}
		b.Close()
	}
}

// While the disk is almost full no record is taken but reports, and what was refused is refused for good.
func TestAlmostFullDiskRefusesRecords(t *testing.T) {
	t.Parallel()
	var free atomic.Int64
	free.Store(50)
	b := open(t, EmbeddedConfig{Dir: t.TempDir(), Free: func(string) (float64, error) { return float64(free.Load()) / 100, nil }})
	c := client(t, b.Addr, Producer()...)
	topic(t, c, "j.public.t")
	topic(t, c, Status("j"))
	put(t, c, "j.public.t", 1, "x")
	free.Store(4)
	refused := func() bool {
		err := c.ProduceSync(t.Context(), &kgo.Record{Topic: "j.public.t", Value: []byte("x")}).FirstErr()
		if err != nil && !errors.Is(err, kerr.PolicyViolation) {
			t.Fatal(err)
		}
		return err != nil
	}
	await(t, "a refusal", refused)
	if err := c.ProduceSync(t.Context(), &kgo.Record{Topic: Status("j"), Value: []byte("x")}).FirstErr(); err != nil {
		t.Errorf("a report is refused: %v", err)
	}
	_, end := bounds(t, c, "j.public.t")
	free.Store(6)
	await(t, "an acceptance", func() bool { return !refused() })
	if _, now := bounds(t, c, "j.public.t"); now != end+1 {
		t.Errorf("the topic grew from %d to %d by one record", end, now)
	}
}

func await(t *testing.T, what string, yes func() bool) {
	t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(3 * time.Minute); !yes(); {
		if time.Now().After(deadline) {
			t.Fatalf("there is no %s", what)
		}
		<-tick.C
	}
}

// Two brokers on one folder would write over each other.
func TestFolderIsTakenOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	open(t, EmbeddedConfig{Dir: dir})
	_, err := OpenEmbedded(dir, slog.New(slog.DiscardHandler))
	if err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("a second broker: %v", err)
	}
}

// The journal is replaced as a whole: a half-written one is refused, not taken for an empty one.
func TestTornJournalIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	b := open(t, EmbeddedConfig{Dir: dir})
	topic(t, client(t, b.Addr), "t")
	b.Close()
	file := filepath.Join(dir, "ends.json")
	was, err := os.ReadFile(file)
	if err != nil || !bytes.Contains(was, []byte(`"t"`)) {
		t.Fatalf("the journal says %s (%v)", was, err)
	}
	if err := os.WriteFile(file, was[:len(was)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenEmbedded(dir, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("a torn journal: %v", err)
	}
}
