package publish

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"floe/pkg/broker"
	"floe/pkg/ledger"
	"floe/schemas"
)

// log is a broker with a writer of epoch 1 on it.
type log struct {
	t      testing.TB
	broker *broker.Embedded
	wire   *wire
	client *kgo.Client
	writer *Writer
}

func newLog(t testing.TB) *log {
	t.Helper()
	b, err := broker.OpenEmbedded(t.TempDir(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	l := &log{t: t, broker: b, wire: &wire{}}
	l.client = client(t, b.Addr, append(broker.Producer(), broker.Dialer(l.wire))...)
	topics := append(broker.Control("j", 1), broker.Topic{Name: "t", Partitions: 2, Replication: 1}, broker.Topic{Name: "u", Partitions: 1, Replication: 1})
	if _, err := broker.EnsureTopics(t.Context(), kadm.NewClient(l.client), topics); err != nil {
		t.Fatal(err)
	}
	l.writer = New(context.Background(), l.client, broker.Ledger("j"), 1, 1)
	t.Cleanup(l.writer.Close)
	return l
}

func client(t testing.TB, addr string, opts ...kgo.Opt) *kgo.Client {
	t.Helper()
	c, err := kgo.NewClient(append(broker.Options([]string{addr}), opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// produce gives the writer a row of n bytes.
func (l *log) produce(spans *Spans, topic string, partition int32, n int) {
	l.t.Helper()
	rec := &Record{Topic: topic, Partition: partition, Key: []byte("k"), Value: bytes.Repeat([]byte{byte(n)}, n), Header: ledger.Header{Commit: 7, Seq: 1}}
	if err := l.writer.Produce(spans, rec); err != nil {
		l.t.Fatal(err)
	}
}

func (l *log) append(spans *Spans) {
	l.t.Helper()
	if err := l.writer.Append(&ledger.Entry{Commit: &ledger.Commit{Transactions: 1}}, spans.List(), nil); err != nil {
		l.t.Fatal(err)
	}
}

// settled waits until nothing is on its way.
func (l *log) settled() {
	l.t.Helper()
	if err := l.writer.Below(l.t.Context(), 1); err != nil {
		l.t.Fatal(err)
	}
}

// read is one partition from an offset to its end.
func (l *log) read(topic string, partition int32, from int64) (out []*kgo.Record) {
	l.t.Helper()
	c := client(l.t, l.broker.Addr, kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: {partition: kgo.NewOffset().At(from)}}))
	ends, err := kadm.NewClient(c).ListEndOffsets(l.t.Context(), topic)
	if err != nil {
		l.t.Fatal(err)
	}
	end, _ := ends.Lookup(topic, partition)
	for at := from; at < end.Offset; {
		for r := range c.PollFetches(l.t.Context()).RecordsAll() {
			out, at = append(out, r), r.Offset+1
		}
	}
	return out
}

func (l *log) entries() (out []*ledger.Entry) {
	l.t.Helper()
	for _, r := range l.read(broker.Ledger("j"), 0, 0) {
		e, err := schemas.DecodeEntry(r.Value)
		if err != nil {
			l.t.Fatal(err)
		}
		out = append(out, e)
	}
	return out
}

// An entry points at exactly the rows that were produced for it, in each partition, and stands behind
// them: its spans are acknowledged offsets with ordinals that go on without a gap.
func TestEntriesPointAtTheirRows(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	next := map[place]uint64{}
	want := []map[place]uint64{}
	for i := range 50 {
		var spans Spans
		rows := map[place]uint64{}
		for range 1 + i%7 {
			at := place{"t", int32(i % 2)}
			if i%3 == 0 {
				at = place{"u", 0}
			}
			l.produce(&spans, at.topic, at.partition, 10+i)
			rows[at]++
		}
		l.append(&spans)
		want = append(want, rows)
	}
	l.settled()
	entries := l.entries()
	if len(entries) != 50 {
		t.Fatalf("%d entries", len(entries))
	}
	for i, e := range entries {
		if e.N != uint64(i+1) || e.Epoch != 1 {
			t.Errorf("entry %d is number %d of epoch %d", i, e.N, e.Epoch)
		}
		for _, s := range e.Commit.Spans {
			at := place{s.Topic, s.Partition}
			if s.Ordinal != next[at] || s.Count != want[i][at] {
				t.Errorf("entry %d: ordinals %d+%d of %v, want %d+%d", i, s.Ordinal, s.Count, at, next[at], want[i][at])
			}
			next[at] += s.Count
			h, err := schemas.ParseHeader(l.read(s.Topic, s.Partition, s.Offset)[0].Headers[0].Value)
			if err != nil || h.Ordinal != s.Ordinal {
				t.Errorf("entry %d: offset %d of %v bears ordinal %d (%v)", i, s.Offset, at, h.Ordinal, err)
			}
		}
		if len(e.Commit.Spans) != len(want[i]) {
			t.Errorf("entry %d has %d spans, want %d", i, len(e.Commit.Spans), len(want[i]))
		}
	}
}

// A row above what a record may hold is consecutive records that join to it.
func TestLargeRowIsSplitAndJoins(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	var spans Spans
	l.produce(&spans, "t", 0, 3*maxPart+1)
	l.produce(&spans, "t", 0, 5)
	l.append(&spans)
	l.settled()
	records := l.read("t", 0, 0)
	if len(records) != 5 {
		t.Fatalf("%d records", len(records))
	}
	n := 0
	for i, r := range records[:4] {
		h, err := schemas.ParseHeader(r.Headers[0].Value)
		if err != nil {
			t.Fatal(err)
		}
		n += len(r.Value)
		if more := h.Flags&ledger.More != 0; more != (i < 3) || h.Part != uint32(i) || h.Length != 3*maxPart+1 || h.CRC != schemas.CRC(r.Value) {
			t.Errorf("part %d: %+v", i, h)
		}
	}
	if n != 3*maxPart+1 {
		t.Errorf("the parts have %d bytes", n)
	}
	if e := l.entries()[0].Commit; len(e.Spans) != 1 || e.Spans[0].Count != 5 {
		t.Errorf("the entry points at %+v", e.Spans)
	}
}

// Who ends the writer while the broker is away does not wait for it. What was sent may or may not be in
// the log then; the entry behind it is not.
func TestCloseDoesNotWaitForADeadBroker(t *testing.T) {
	t.Parallel()
	for name, rows := range map[string]int{"an entry is sent": 0, "rows are sent": 10} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLog(t)
			var spans Spans
			l.produce(&spans, "t", 0, 10)
			l.append(&spans)
			l.settled()
			sent := l.wire.cut()
			var more Spans
			for range rows {
				l.produce(&more, "t", 0, 10)
			}
			l.append(&more)
			l.append(&Spans{})
			<-sent
			within(t, "Close", l.writer.Close)
			within(t, "the client's Close", l.client.Close)
			if err := l.writer.Produce(&more, &Record{Topic: "t"}); !errors.Is(err, context.Canceled) {
				t.Errorf("Produce behind the end: %v", err)
			}
			if n := len(l.entries()); n != 1 {
				t.Errorf("the ledger has %d entries", n)
			}
		})
	}
}

// wire is the way to a broker that can be cut: what is sent then goes nowhere, its connection ends, and
// there is no other. Produce requests in that state must not be given up by a client (they may have
// arrived), so it waits.
type wire struct {
	mu   sync.Mutex
	sent chan struct{} // closed at the first write behind the cut
}

func (w *wire) cut() <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sent = make(chan struct{})
	return w.sent
}

func (w *wire) isCut() chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.sent
}

func (w *wire) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	if w.isCut() != nil {
		return nil, syscall.ECONNREFUSED
	}
	c, err := (&net.Dialer{}).DialContext(ctx, network, addr)
	return &wireConn{Conn: c, wire: w}, err
}

type wireConn struct {
	net.Conn
	wire *wire
	once sync.Once
}

func (c *wireConn) Write(b []byte) (int, error) {
	sent := c.wire.isCut()
	if sent == nil {
		return c.Conn.Write(b)
	}
	c.once.Do(func() {
		_ = c.Conn.Close()
		select {
		case <-sent:
		default:
			close(sent)
		}
	})
	return len(b), nil
}

// within fails if f waits for what does not come.
func within(t *testing.T, what string, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() { defer close(done); f() }()
	select {
	case <-done:
	case <-time.After(time.Minute):
		t.Fatalf("%s takes more than a minute", what)
	}
}

// A large record is not made while much is unacknowledged, and who waits for that gets its turn when it
// is acknowledged, held back records included. Nothing keeps an acknowledged record's bytes.
func TestLargeRecordsWaitForRoom(t *testing.T) {
	t.Parallel()
	l := newLog(t)
	var spans Spans
	l.produce(&spans, "t", 0, 10) // too little to be handed on by itself
	if err := l.writer.Room(roomBytes); err != nil {
		t.Fatal(err)
	}
	if n := l.writer.unacked.Load(); n != 0 {
		t.Errorf("there is room beside %d bytes", n)
	}
	second := make(chan error, 1)
	go func() { second <- l.writer.Room(roomBytes) }()
	rec := &Record{Topic: "t", Value: make([]byte, roomBytes), Room: roomBytes}
	select {
	case <-second:
		t.Error("two have room for one")
	case <-time.After(50 * time.Millisecond):
	}
	if err := l.writer.Produce(&spans, rec); err != nil {
		t.Fatal(err)
	}
	if err := <-second; err != nil {
		t.Fatal(err)
	}
	if n := l.writer.unacked.Load(); n != 0 || rec.Value != nil {
		t.Errorf("there is room beside %d bytes, the caller's value %d", n, len(rec.Value))
	}
	waits := make(chan error, 1)
	go func() { waits <- l.writer.Room(1) }() // the second never produces
	within(t, "Close", l.writer.Close)
	if err := <-waits; !errors.Is(err, context.Canceled) {
		t.Errorf("room behind the end: %v", err)
	}
}
