package faults

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"floe/e2e/rig"
	"floe/pkg/pgtest/child"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// damage is something that breaks the promise behind floe's back while it is down.
type damage struct {
	name string
	do   func(t *testing.T, b *bench, log *kgo.Client)
	code string   // the halt
	says []string // in its detail or remedy
}

// What would be a silent gap is a named halt with its remedy: floe stays up, says so, exits `wait`
// with 7, and the target is left as it was.
func TestHaltsOnWhatWouldBeAGap(t *testing.T) {
	t.Parallel()
	s := servers(t)
	for _, d := range []damage{
		{"slot_recreated", recreateSlot, "slot-ahead", []string{"somebody advanced or recreated it", "floe job reset"}},
		{"slot_advanced", advanceSlot, "slot-ahead", []string{"somebody advanced or recreated it", "floe job reset"}},
		{"slot_dropped", dropSlot, "slot-missing", []string{"is gone from the source", "floe job reset"}},
		{"publication_dropped", dropPublication, "publication-changed", []string{"is gone from the source"}},
		{"rows_topic_deleted", deleteRows, "topic-reset", []string{"topic", "floe job reset"}},
		{"ledger_deleted", deleteLedger, "topic-reset", []string{"ledger", "floe job reset"}},
		{"ledger_truncated", truncateLedger, "log-gap", []string{"floe job reset"}},
		{"rows_truncated", truncateRows, "log-gap", []string{"rows_truncated.public.t", "floe job reset"}},
		{"rows_recreated", recreateRows, "topic-reset", []string{"rows_recreated.public.t", "floe job reset"}},
		{"ledger_partition", addPartition(".floe.ledger"), "topic-reset", []string{"ledger_partition.floe.ledger has 2 partitions", "floe job reset"}},
		{"foreign_ledger_record", writeToLedger, "foreign-record", []string{"is no ledger entry"}},
	} {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			gap(t, s, d)
		})
	}
}

func gap(t *testing.T, s rig.Servers, d damage) {
	b := newBench(t, s, d.name, nil)
	b.source(t, "CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t SELECT g, 'v' FROM generate_series(1, 500) g", marker)
	addr := b.broker(t)
	b.must(t, b.Start("--broker", addr))
	b.streaming(t)
	b.must(t, b.Stop(t.Context()))
	b.source(t, "UPDATE t SET v = 'while down' WHERE id <= 100")

	log, err := kgo.NewClient(kgo.SeedBrokers(addr))
	b.must(t, err)
	d.do(t, b, log)
	log.Close()
	b.source(t, "DELETE FROM t WHERE id > 400")

	b.must(t, b.Start("--broker", addr))
	why := b.halted(t)
	for _, words := range append(d.says, d.code) {
		if !strings.Contains(why, words) {
			t.Errorf("it does not say %q: %s", words, why)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	r, err := b.Client(ctx, "wait", "--synced", "--timeout", "100s")
	b.must(t, err)
	if r.Code != 7 {
		t.Errorf("wait --synced ended with code %d, want 7: %s%s", r.Code, r.Stdout, r.Stderr)
	}
	if err := b.Ended(); err != nil {
		t.Errorf("floe must stay up: %v", err)
	}
	if got := ask(t, b.pair.TargetURL(), "SELECT count(*), count(*) FILTER (WHERE v = 'while down') FROM public.t"); got != "500|0" && got != "500|100" {
		t.Errorf("the target was changed beyond a halt: %s", got)
	}
}

// halted waits for the job to say why it stands still.
func (b *bench) halted(t *testing.T) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var why string
	var state rig.Status
	err := rig.Until(ctx, func() (bool, error) {
		if err := b.Ended(); err != nil {
			return false, err
		}
		s, err := b.Status(ctx)
		if err != nil {
			return false, nil // the log may not answer yet
		}
		state, why = s, s.Stopped()
		return why != "", nil
	})
	if err != nil {
		t.Fatalf("floe does not halt: %v; it says %+v", err, state)
	}
	return why
}

// broker runs `floe broker` beside the job, so that it stays when the job stops.
func (b *bench) broker(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(b.Dir, "broker")
	p, err := child.Start(child.Command{Path: b.Bin, Args: []string{"broker", "--dir", dir}, Env: []string{"PATH=/usr/bin:/bin"}, Dir: b.Dir,
		Log: filepath.Join(b.Dir, "broker.log"), Orphaned: syscall.SIGKILL})
	b.must(t, err)
	t.Cleanup(func() {
		if err := p.Signal(syscall.SIGKILL); err != nil {
			t.Error(err)
		}
		<-p.Done
	})
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var addr string
	b.must(t, rig.Until(ctx, func() (bool, error) {
		port, err := os.ReadFile(filepath.Join(dir, "port"))
		if err != nil {
			return false, nil
		}
		addr = "127.0.0.1:" + strings.TrimSpace(string(port))
		c, err := net.Dial("tcp", addr)
		if err != nil {
			return false, nil
		}
		return true, c.Close()
	}))
	return addr
}

// slotName waits until the walsender has let go of the slot: a closed connection is noticed a moment later.
func slotName(t *testing.T, b *bench) string {
	const slot = "SELECT %s FROM pg_replication_slots WHERE database = current_database()"
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	b.must(t, rig.Until(ctx, func() (bool, error) {
		return ask(t, b.pair.SourceURL(), fmt.Sprintf(slot, "active::text")) == "false", nil
	}))
	return ask(t, b.pair.SourceURL(), fmt.Sprintf(slot, "slot_name"))
}

func dropSlot(t *testing.T, b *bench, _ *kgo.Client) {
	b.source(t, fmt.Sprintf("SELECT pg_drop_replication_slot('%s')", slotName(t, b)))
}

func recreateSlot(t *testing.T, b *bench, _ *kgo.Client) {
	name := slotName(t, b)
	b.source(t, fmt.Sprintf("SELECT pg_drop_replication_slot('%s')", name),
		fmt.Sprintf("SELECT pg_create_logical_replication_slot('%s', 'pgoutput')", name))
}

func advanceSlot(t *testing.T, b *bench, _ *kgo.Client) {
	b.source(t, fmt.Sprintf("SELECT pg_replication_slot_advance('%s', pg_current_wal_insert_lsn())", slotName(t, b)))
}

func dropPublication(t *testing.T, b *bench, _ *kgo.Client) {
	b.source(t, "DROP PUBLICATION "+ask(t, b.pair.SourceURL(), "SELECT pubname FROM pg_publication"))
}

func deleteTopic(t *testing.T, log *kgo.Client, topic string) {
	t.Helper()
	r, err := kadm.NewClient(log).DeleteTopic(t.Context(), topic)
	if err != nil || r.Err != nil {
		t.Fatal(err, r.Err)
	}
}

func deleteRows(t *testing.T, b *bench, log *kgo.Client) { deleteTopic(t, log, b.name+".public.t") }

// recreateRows leaves a topic of the same name with none of its records.
func recreateRows(t *testing.T, b *bench, log *kgo.Client) {
	deleteRows(t, b, log)
	r, err := kadm.NewClient(log).CreateTopic(t.Context(), 1, 1, nil, b.name+".public.t")
	b.must(t, errors.Join(err, r.Err))
}

func addPartition(topic string) func(*testing.T, *bench, *kgo.Client) {
	return func(t *testing.T, b *bench, log *kgo.Client) {
		r, err := kadm.NewClient(log).CreatePartitions(t.Context(), 1, b.name+topic)
		b.must(t, errors.Join(err, r.Error()))
	}
}

// A partition more of a table's topic is no gap: entries name the partitions of their rows. A job that
// runs and one that starts again go on, and nothing is lost.
func TestAPartitionMoreOfATableIsNoGap(t *testing.T) {
	t.Parallel()
	b := newBench(t, servers(t), "partition_more", nil)
	b.source(t, "CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t SELECT g, 'v' FROM generate_series(1, 500) g", marker)
	addr := b.broker(t)
	log, err := kgo.NewClient(kgo.SeedBrokers(addr))
	b.must(t, err)
	defer log.Close()
	b.must(t, b.Start("--broker", addr))
	b.streaming(t)
	for _, v := range []string{"before", "running", "again"} {
		b.source(t, fmt.Sprintf("UPDATE t SET v = '%s' WHERE id %% 2 = 0", v), "UPDATE t SET id = id + 1000 WHERE id < 10")
		b.caughtUp(t, patience)
		addPartition(".public.t")(t, b, log)
		b.source(t, fmt.Sprintf("UPDATE t SET v = '%s' WHERE id %% 3 = 0; DELETE FROM t WHERE id = (SELECT min(id) FROM t)", v))
		b.caughtUp(t, patience)
		const rows = "SELECT string_agg(t::text, ' ' ORDER BY id) FROM public.t"
		if is, want := ask(t, b.pair.TargetURL(), rows), ask(t, b.pair.SourceURL(), rows); is != want {
			t.Errorf("the target has %s\nthe source %s", is, want)
		}
		b.must(t, b.Stop(t.Context()))
		b.must(t, b.Start("--broker", addr))
	}
}

func deleteLedger(t *testing.T, b *bench, log *kgo.Client) {
	deleteTopic(t, log, b.name+".floe.ledger")
}

// captureAlone runs capture until what the source has now is in the log; the target stays behind.
func captureAlone(t *testing.T, b *bench, addr string) {
	t.Helper()
	p, err := child.Start(child.Command{Path: b.Bin, Args: []string{"capture", "-f", b.JobFile(), "--broker", addr}, Env: []string{"PATH=/usr/bin:/bin"}, Dir: b.Dir,
		Log: filepath.Join(b.Dir, "capture.log"), Orphaned: syscall.SIGKILL})
	b.must(t, err)
	end := ask(t, b.pair.SourceURL(), "SELECT pg_current_wal_insert_lsn()")
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	c, err := rig.ConnectPinned(ctx, b.pair.SourceURL())
	b.must(t, err)
	defer c.Close(context.WithoutCancel(ctx))
	b.must(t, rig.Until(ctx, func() (bool, error) {
		got, err := rig.Text(ctx, c, "SELECT confirmed_flush_lsn >= '"+end+"' FROM pg_replication_slots WHERE database = current_database()")
		return got == "t", err
	}))
	b.must(t, p.Signal(syscall.SIGTERM))
	<-p.Done
}

// truncateRows removes rows that are in the log and not yet on the target.
func truncateRows(t *testing.T, b *bench, log *kgo.Client) {
	captureAlone(t, b, log.OptValue(kgo.SeedBrokers).([]string)[0])
	truncate(t, b, log, b.name+".public.t", 0)
}

// truncateLedger removes all but its last record: the last valid Epoch is lost with the rest.
func truncateLedger(t *testing.T, b *bench, log *kgo.Client) {
	truncate(t, b, log, b.name+".floe.ledger", 1)
}

// truncate removes all records but the last few.
func truncate(t *testing.T, b *bench, log *kgo.Client, topic string, keep int64) {
	t.Helper()
	admin := kadm.NewClient(log)
	ends, err := admin.ListEndOffsets(t.Context(), topic)
	b.must(t, err)
	to := ends.Offsets()
	to.Each(func(o kadm.Offset) {
		to.Add(kadm.Offset{Topic: o.Topic, Partition: o.Partition, At: o.At - keep, LeaderEpoch: -1})
	})
	r, err := admin.DeleteRecords(t.Context(), to)
	b.must(t, err)
	b.must(t, r.Error())
}

func writeToLedger(t *testing.T, b *bench, log *kgo.Client) {
	b.must(t, log.ProduceSync(t.Context(), &kgo.Record{Topic: b.name + ".floe.ledger", Value: []byte("not floe's")}).FirstErr())
}
