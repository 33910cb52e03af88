package trim

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"floe/pkg/broker"
	"floe/pkg/ledger"
	"floe/pkg/pg"
	"floe/pkg/pgtest"
	"floe/schemas"
)

const table = "create table t (id int primary key, v text)"

// slack is what the log may exceed its cap by: the end of a transaction, and reports.
const slack = 1 << 20

// A log keeps little of what is applied and loses nothing else; a broker and services that are killed in the middle of
// it go on, and the target is the source.
func TestTrimmedLogGoesOnExactly(t *testing.T) {
	t.Parallel()
	l := newLine(t, 4<<20, table, "insert into t select n, 'loaded' from generate_series(-500, -1) n")
	stopCapture, stopApplier := l.capture(), l.applier("main", l.target)
	l.wantEqual(l.target)
	l.write(0, 12)
	l.wantEqual(l.target)
	// All is applied; how much of it is trimmed already is a matter of a moment. Reports are kept by number: a
	// slow run has more of them.
	reports := broker.Status("j")
	l.await(time.Minute, "trimmed log", func() bool { return l.size(reports) <= l.limit/2 },
		func() string { return fmt.Sprintf("it is %d bytes, %d without reports", l.size(), l.size(reports)) })
	if start, end := l.bounds("j.public.t"); start == 0 || start == end {
		t.Errorf("of %d rows those before %d are gone", end, start)
	}
	for round := range 3 {
		first := (round + 1) * 100_000
		l.exec("update t set v = v || 'u' where id < 0", "delete from t where id % 7 = 0")
		l.write(first, 5)
		l.kill()
		stopped := make(chan struct{})
		go func() { defer close(stopped); stopCapture(); stopApplier() }()
		l.embed()
		<-stopped
		l.exec("update t set v = 'after' where id % 5 = 0")
		stopCapture, stopApplier = l.capture(), l.applier("main", l.target)
		l.wantEqual(l.target)
	}
}

// Small transactions make a ledger that outgrows the cap; a new Epoch lets it be trimmed.
func TestLedgerIsTrimmedUpToAnEpoch(t *testing.T) {
	t.Parallel()
	l := newLine(t, 1<<20, table)
	l.capture()
	l.applier("main", l.target)
	l.exec("insert into t values (1, 'a')")
	l.wantEqual(l.target)
	conn, err := pgx.Connect(t.Context(), l.source)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background()) //nolint:errcheck
	n := 0
	l.await(2*time.Minute, "trimmed ledger", func() bool {
		for range 300 {
			n++
			if _, err := conn.Exec(t.Context(), fmt.Sprintf("update t set v = '%d'", n)); err != nil {
				t.Fatal(err)
			}
		}
		start, _ := l.bounds(broker.Ledger("j"))
		return start > 0
	}, func() string { return fmt.Sprintf("the log is %d bytes after %d transactions", l.size(), n) })
	l.wantEqual(l.target)
	if start, _ := l.bounds(broker.Objects("j")); start == 0 {
		t.Error("floe.objects keeps what no kept entry points at")
	}
	// Another target cannot be filled from what is left, and says so.
	other := pgtest.NewDB(t, pgtest.Shared(t))
	l.applier("other", other)
	if r := l.wantStatus("applier/other", "log-gap"); !strings.Contains(r.Detail, "public.t") || r.Fix == "" {
		t.Errorf("it halts with %s (fix: %s)", r.Detail, r.Fix)
	}
}

// What is not applied is kept whatever the cap: capture waits, between two transactions.
func TestNothingUnappliedIsTrimmed(t *testing.T) {
	t.Parallel()
	l := newLine(t, 2<<20, table, "insert into t values (-1, 'loaded')")
	l.capture()
	stop := l.applier("main", l.target)
	l.wantEqual(l.target)
	stop()
	_, applied := l.bounds("j.public.t")
	ledgerStart, _ := l.bounds(broker.Ledger("j"))
	l.write(0, 8)
	r := l.wantStatus("capture", "log-full")
	if !strings.Contains(r.Detail, "applier/main") || r.Fix == "" {
		t.Errorf("capture says %s (fix: %s)", r.Detail, r.Fix)
	}
	_, end := l.bounds("j.public.t")
	l.write(100_000, 2) // committed while capture waits
	start, now := l.bounds("j.public.t")
	if start > applied {
		t.Errorf("rows before offset %d are gone, the applier has those before %d", start, applied)
	}
	if is, _ := l.bounds(broker.Ledger("j")); is != ledgerStart {
		t.Errorf("the ledger begins at %d, was %d", is, ledgerStart)
	}
	if now != end || now-applied >= 8000 {
		t.Errorf("capture went on from %d to %d while the log was full", end, now)
	}
	if size := l.size(); size > l.limit+slack {
		t.Errorf("the log is %d bytes", size)
	}
	l.applier("main", l.target)
	l.wantEqual(l.target)
}

// One transaction above the cap is placed to its end: an applier in the middle of it could not go on.
func TestCaptureNeverPausesInsideATransaction(t *testing.T) {
	t.Parallel()
	l := newLine(t, 1<<20, table)
	l.capture()
	l.applier("main", l.target)
	l.exec("insert into t select n, repeat(md5(n::text), 30) from generate_series(1, 40000) n")
	l.wantEqual(l.target)
	l.exec("update t set v = 'small'")
	l.wantEqual(l.target)
}

// An applier that was away while its place was deleted says what is missing, and applies nothing.
func TestApplierBehindTheLogHalts(t *testing.T) {
	t.Parallel()
	l := newLine(t, 64<<20, table, "insert into t values (-1, 'loaded')")
	l.capture()
	stop := l.applier("main", l.target)
	l.wantEqual(l.target)
	stop()
	was, err := l.query(l.target, digest)
	if err != nil {
		t.Fatal(err)
	}
	l.write(0, 1)
	l.await(time.Minute, "placed rows", func() bool { _, end := l.bounds("j.public.t"); return end >= 1001 }, func() string { return "" })
	_, end := l.bounds(broker.Ledger("j"))
	upto := kadm.Offsets{}
	upto.AddOffset(broker.Ledger("j"), 0, end-1, -1)
	if _, err := kadm.NewClient(l.admin).DeleteRecords(t.Context(), upto); err != nil {
		t.Fatal(err)
	}
	l.applier("main", l.target)
	if r := l.wantStatus("applier/main", "log-gap"); r.State != "FAILED" || r.Fix == "" {
		t.Errorf("it is %s (fix: %s)", r.State, r.Fix)
	}
	if is, err := l.query(l.target, digest); err != nil || is != was {
		t.Errorf("the target holds %s (%v), was %s", is, err, was)
	}
}

// floe.state saves time and is never believed.
func TestLiesInFloeStateAreIgnored(t *testing.T) {
	t.Parallel()
	l := newLine(t, 64<<20, table, "insert into t select n, 'loaded' from generate_series(1, 3000) n")
	l.applier("main", l.target)
	stop := l.capture()
	l.wantEqual(l.target)
	stop()
	for round, lie := range []func(true ledger.Place) []byte{
		func(ledger.Place) []byte { return []byte("no record of ours") },
		func(is ledger.Place) []byte { is.Epoch += 7; return schemas.EncodePlace(&is) },
		func(is ledger.Place) []byte { is.Nonce = "another"; return schemas.EncodePlace(&is) },
		func(is ledger.Place) []byte { is.Epoch++; is.Offset++; return schemas.EncodePlace(&is) },
		func(is ledger.Place) []byte { is.Epoch++; is.Offset = 1 << 40; return schemas.EncodePlace(&is) },
		func(is ledger.Place) []byte { is.Epoch, is.Offset = 1, 0; return schemas.EncodePlace(&is) },
	} {
		rec := &kgo.Record{Topic: broker.State("j"), Value: lie(l.place())}
		if err := l.admin.ProduceSync(t.Context(), rec).FirstErr(); err != nil {
			t.Fatal(err)
		}
		stop := l.capture()
		l.exec(fmt.Sprintf("insert into t values (%d, 'round')", -1-round), fmt.Sprintf("update t set v = v || '%d' where id %% 3 = 0", round))
		l.wantEqual(l.target)
		stop()
	}
	if loads, err := l.query(l.target, "select string_agg(load || ' ' || rows || ' ' || loaded, ',') from floe.load"); err != nil || loads != "1 3000 true" {
		t.Errorf("the table was loaded as %s (%v)", loads, err)
	}
}

// place is the last true record of floe.state.
func (l *line) place() ledger.Place {
	l.t.Helper()
	topic := broker.State("j")
	start, end := l.bounds(topic)
	c, err := kgo.NewClient(append(l.kafka[:len(l.kafka):len(l.kafka)], kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: {0: kgo.NewOffset().At(start)}}))...)
	if err != nil {
		l.t.Fatal(err)
	}
	defer c.Close()
	var last *ledger.Place
	for next := start; next < end; {
		for r := range c.PollFetches(l.t.Context()).RecordsAll() {
			next = r.Offset + 1
			if p, err := schemas.DecodePlace(r.Value); err == nil {
				last = p
			}
		}
	}
	if last == nil {
		l.t.Fatal("capture named no place")
	}
	return *last
}

// Epochs that follow each other closely, through a load and under writers, change nothing of what the
// target becomes.
func TestEpochsMayEndAnyTime(t *testing.T) {
	t.Parallel()
	l := newLine(t, 64<<20, table, "create table k (id int, v text)", "insert into k values (1, 'no key')",
		"insert into t select n, repeat('x', 300) from generate_series(1, 60000) n")
	l.config.EpochEvery, l.config.LoadRows = 400*time.Millisecond, 20_000
	stop := l.capture()
	l.applier("main", l.target)
	conn, err := pg.Connect(t.Context(), l.config.Source, pg.Read)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background()) //nolint:errcheck
	named := func() int64 {                // places: one for each epoch that began whole
		_, end := l.bounds(broker.State("j"))
		return end
	}
	late := time.Now().Add(3 * time.Minute)
	for n := 0; n < 150 || named() < 6; n++ {
		if time.Now().After(late) {
			t.Fatalf("there were only %d epochs", named())
		}
		l.exec(fmt.Sprintf("update t set id = -id, v = v || 'm' where id between %d and %d", n*50+1, n*50+20),
			fmt.Sprintf("insert into k values (%d, 'n')", n), fmt.Sprintf("delete from t where id = %d", n*50+40))
	}
	stop() // on a busy machine an epoch of 400 ms may end before its load has begun
	l.config.EpochEvery = 0
	l.capture()
	l.wantEqual(l.target)
	const bag = "select count(*) || ' ' || md5(string_agg(k::text, ',' order by k::text)) from public.k"
	want, err := l.query(l.source, bag)
	if err != nil {
		t.Fatal(err)
	}
	var is string
	l.await(time.Minute, "equal k", func() bool { is, err = l.query(l.target, bag); return err == nil && is == want }, func() string { return is + " instead of " + want })
}
