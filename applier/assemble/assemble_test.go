package assemble

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"floe/pkg/event"
	"floe/pkg/halt"
	"floe/pkg/ident"
	"floe/pkg/ledger"
	"floe/schemas"
)

// memory is a log in memory: the second implementation of Records.
type memory struct {
	topics map[string][]Record
	taken  map[string]int
}

var errEnd = errors.New("the log ends here")

func (m *memory) Next(_ context.Context, topic string, _ int32, from int64) (Record, error) {
	for i := m.taken[topic]; i < len(m.topics[topic]); i++ {
		m.taken[topic] = i + 1
		if m.topics[topic][i].Offset >= from {
			return m.topics[topic][i], nil
		}
	}
	return Record{}, errEnd
}

func (m *memory) Ready(topic string, _ int32) bool { return m.taken[topic] < len(m.topics[topic]) }
func (m *memory) Expect(string, int32, int64)      {}

// scene writes a log as capture does, and as a replaced capture or a retrying client would.
type scene struct {
	t     testing.TB
	log   *memory
	codec map[string]*schemas.Codec
	id    map[string]uint32
}

func newScene(t testing.TB, tables ...string) *scene {
	s := &scene{t: t, log: &memory{topics: map[string][]Record{}, taken: map[string]int{}}, codec: map[string]*schemas.Codec{}, id: map[string]uint32{}}
	for i, name := range tables {
		shape := &event.Table{Name: ident.Name{Schema: "public", Name: name}, OID: uint32(i + 1), Key: []int{0},
			Columns: []event.Column{{Name: "id", Attnum: 1, Native: event.Int}, {Name: "v", Attnum: 2}}}
		c, err := schemas.Compile(shape)
		if err != nil {
			t.Fatal(err)
		}
		s.codec[name], s.id[name] = c, uint32(i+1)
	}
	return s
}

func (s *scene) put(topic string, header, value []byte) int64 {
	offset := int64(len(s.log.topics[topic]))
	s.log.topics[topic] = append(s.log.topics[topic], Record{Offset: offset, Header: header, Value: value})
	return offset
}

// row is one record of a table: its value under the given ordinal.
func (s *scene) row(table string, epoch uint32, ordinal uint64, commit event.LSN, seq uint64, id string) int64 {
	v := s.value(table, commit, seq, id)
	h := ledger.Header{Epoch: epoch, Ordinal: ordinal, Commit: commit, Seq: seq, CRC: schemas.CRC(v), Length: uint32(len(v))}
	return s.put(table, schemas.AppendHeader(nil, h), v)
}

func (s *scene) value(table string, commit event.LSN, seq uint64, id string) []byte {
	r := event.Row{Table: s.codec[table].Table(), Op: event.Create, Pos: event.Position{Commit: commit, Seq: seq},
		After: []event.Datum{{Kind: event.Value, Text: []byte(id)}, {Kind: event.Value, Text: []byte(strings.Repeat("x", 100))}}}
	for len(r.After) < len(r.Table.Columns) {
		r.After = append(r.After, event.Datum{})
	}
	v, err := s.codec[table].AppendValue(nil, s.id[table], &r)
	if err != nil {
		s.t.Fatal(err)
	}
	return v
}

func (s *scene) entry(e *ledger.Entry) {
	b, err := schemas.EncodeEntry(e)
	if err != nil {
		s.t.Fatal(err)
	}
	s.put("ledger", nil, b)
}

// begin writes an epoch and, in it, the schemas of all tables.
func (s *scene) begin(epoch uint32) {
	s.entry(&ledger.Entry{Epoch: epoch, Begin: &ledger.Epoch{Nonce: fmt.Sprint(epoch)}})
	first, n := int64(-1), uint64(0)
	for name, c := range s.codec {
		v, err := schemas.EncodeObject(&ledger.Object{Kind: ledger.KindAvro, Name: name, ID: s.id[name], Body: c.ValueSchema()})
		if err != nil {
			s.t.Fatal(err)
		}
		h := ledger.Header{Epoch: epoch, Ordinal: n, CRC: schemas.CRC(v), Length: uint32(len(v))}
		if at := s.put("objects", schemas.AppendHeader(nil, h), v); first < 0 {
			first = at
		}
		n++
	}
	s.entry(&ledger.Entry{Epoch: epoch, N: 1, Objects: &ledger.Objects{Spans: []ledger.Span{{Topic: "objects", Offset: first, Count: n}}}})
}

func (s *scene) commit(epoch uint32, n uint64, spans ...ledger.Span) {
	s.entry(&ledger.Entry{Epoch: epoch, N: n, Commit: &ledger.Commit{Transactions: 1, Spans: spans}})
}

// read gives the ids of all commits' rows, entry by entry, and what ended the reading.
func (s *scene) read() (string, error) {
	a := New(s.log, "ledger", "objects", ledger.NewCursor(), 0)
	var out []string
	for {
		e, err := a.Next(s.t.Context())
		if err != nil {
			return strings.Join(out, " | "), err
		}
		if e.Commit == nil {
			continue
		}
		var ids []string
		for i := range e.Rows {
			ids = append(ids, string(e.Rows[i].After[0].Text))
		}
		out = append(out, strings.Join(ids, " "))
	}
}

func (s *scene) want(rows string) {
	s.t.Helper()
	got, err := s.read()
	if got != rows || !errors.Is(err, errEnd) {
		s.t.Fatalf("read %q (%v), want %q", got, err, rows)
	}
}

func (s *scene) wantHalt(rows string, code halt.Code) {
	s.t.Helper()
	got, err := s.read()
	if h := halt.As(err); got != rows || h == nil || h.Code != code {
		s.t.Fatalf("read %q and ended with %v, want %q and halt %s", got, err, rows, code)
	}
}

func TestRowsOfSeveralTopicsComeInTheSourcesOrder(t *testing.T) {
	t.Parallel()
	s := newScene(t, "a", "b")
	s.begin(1)
	s.row("a", 1, 0, 10, 1, "2")
	s.row("a", 1, 1, 20, 0, "3")
	s.row("b", 1, 0, 10, 0, "1")
	s.row("b", 1, 1, 20, 1, "4")
	s.commit(1, 2, ledger.Span{Topic: "a", Count: 2}, ledger.Span{Topic: "b", Count: 2})
	s.want("1 2 3 4")
}

func TestRetriedAndVoidRecordsAreSteppedOver(t *testing.T) {
	t.Parallel()
	s := newScene(t, "a")
	s.begin(1)
	s.row("a", 1, 0, 10, 0, "1")
	s.commit(1, 2, ledger.Span{Topic: "a", Count: 1})
	s.row("a", 1, 0, 10, 0, "1") // sent twice
	s.row("a", 1, 1, 20, 0, "2")
	s.commit(1, 3, ledger.Span{Topic: "a", Offset: 1, Ordinal: 1, Count: 1})
	s.commit(1, 3, ledger.Span{Topic: "a", Offset: 1, Ordinal: 1, Count: 1}) // an entry sent twice
	s.begin(2)
	s.row("a", 1, 2, 30, 0, "lost") // of a replaced capture, late
	s.row("a", 2, 0, 30, 0, "3")
	s.commit(1, 4, ledger.Span{Topic: "a", Offset: 3, Ordinal: 2, Count: 1}) // its entry: void
	s.commit(2, 2, ledger.Span{Topic: "a", Offset: 3, Count: 1})
	s.want("1 | 2 | 3")
}

func TestWhatDoesNotFitHalts(t *testing.T) {
	t.Parallel()
	span := ledger.Span{Topic: "a", Count: 2}
	for name, c := range map[string]struct {
		write func(*scene)
		code  halt.Code
	}{
		"a missing record": {func(s *scene) { s.row("a", 1, 0, 10, 0, "1"); s.row("a", 1, 2, 10, 2, "3") }, halt.LogGap},
		"a higher epoch":   {func(s *scene) { s.row("a", 1, 0, 10, 0, "1"); s.row("a", 2, 1, 10, 1, "2") }, halt.LogGap},
		"no header":        {func(s *scene) { s.row("a", 1, 0, 10, 0, "1"); s.put("a", nil, []byte("junk")) }, halt.ForeignRecord},
		"a changed byte": {func(s *scene) {
			s.row("a", 1, 0, 10, 0, "1")
			s.row("a", 1, 1, 10, 1, "2")
			s.log.topics["a"][1].Value[9] ^= 1
		}, halt.ForeignRecord},
		"a header of other rows": {func(s *scene) { s.row("a", 1, 0, 10, 0, "1"); s.swapHeader(11) }, halt.ForeignRecord},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t, "a")
			s.begin(1)
			c.write(s)
			s.commit(1, 2, span)
			s.wantHalt("", c.code)
		})
	}
}

// swapHeader writes a row whose header is right but for its place in the source.
func (s *scene) swapHeader(commit event.LSN) {
	v := s.value("a", commit, 1, "2")
	s.put("a", schemas.AppendHeader(nil, ledger.Header{Epoch: 1, Ordinal: 1, Commit: 10, Seq: 1, CRC: schemas.CRC(v), Length: uint32(len(v))}), v)
}

func TestMissingEntriesHalt(t *testing.T) {
	t.Parallel()
	s := newScene(t, "a")
	s.begin(1)
	s.commit(1, 3)
	s.wantHalt("", halt.LogGap)
	s = newScene(t, "a")
	s.put("ledger", nil, []byte("junk"))
	s.wantHalt("", halt.ForeignRecord)
}

func TestSplitRowsAreJoined(t *testing.T) {
	t.Parallel()
	for cut, ok := range map[string]bool{"in order": true, "without its end": false, "out of order": false} {
		s := newScene(t, "a")
		s.begin(1)
		v := s.value("a", 10, 0, "7")
		part := func(ordinal uint64, n uint32, more ledger.Flags, b []byte) {
			h := ledger.Header{Epoch: 1, Ordinal: ordinal, Commit: 10, Part: n, Flags: more, CRC: schemas.CRC(b), Length: uint32(len(v))}
			s.put("a", schemas.AppendHeader(nil, h), b)
		}
		part(0, 0, ledger.More, v[:50])
		switch cut {
		case "in order":
			part(1, 1, ledger.More, v[50:90])
			part(2, 2, 0, v[90:])
		case "without its end":
			part(1, 1, ledger.More, v[50:90])
			part(2, 2, ledger.More, v[90:])
		case "out of order":
			part(1, 2, ledger.More, v[50:90])
			part(2, 1, 0, v[90:])
		}
		s.commit(1, 2, ledger.Span{Topic: "a", Count: 3})
		if ok {
			s.want("7")
		} else {
			s.wantHalt("", halt.ForeignRecord)
		}
	}
}

func TestUnfinishedBigTransactionIsVoidedByTheNextEpoch(t *testing.T) {
	t.Parallel()
	s := newScene(t, "a")
	s.begin(1)
	s.row("a", 1, 0, 10, 0, "1")
	s.entry(&ledger.Entry{Epoch: 1, N: 2, Commit: &ledger.Commit{Part: 1, Spans: []ledger.Span{{Topic: "a", Count: 1}}}})
	s.begin(2)
	s.row("a", 1, 1, 10, 1, "2")
	s.entry(&ledger.Entry{Epoch: 1, N: 3, Commit: &ledger.Commit{Part: 2, Final: true, Spans: []ledger.Span{{Topic: "a", Offset: 1, Ordinal: 1, Count: 1}}}})
	s.want("1")
}

// A registry that was reset gives an id of the log to another schema: rows would be read by the wrong one.
func TestAnIDOfTwoSchemasHalts(t *testing.T) {
	t.Parallel()
	s := newScene(t, "a")
	s.begin(1)
	s.row("a", 1, 0, 10, 0, "1")
	s.commit(1, 2, ledger.Span{Topic: "a", Count: 1})
	s.begin(2) // the same again is no conflict
	s.row("a", 2, 0, 20, 0, "2")
	s.commit(2, 2, ledger.Span{Topic: "a", Offset: 1, Count: 1})
	s.codec["a"] = newScene(t, "other").codec["other"]
	s.begin(3)
	s.row("a", 3, 0, 30, 0, "3")
	s.commit(3, 2, ledger.Span{Topic: "a", Offset: 2, Count: 1})
	s.wantHalt("1 | 2", halt.SchemaMismatch)
}
