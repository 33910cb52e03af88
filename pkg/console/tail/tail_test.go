package tail

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"floe/pkg/broker"
	"floe/pkg/event"
	"floe/pkg/ident"
	"floe/pkg/ledger"
	"floe/schemas"
)

const topic = "j.s.t"

// stage is a topic of one table, on a real (embedded) broker.
type stage struct {
	kafka  []kgo.Opt
	client *kgo.Client
	codec  *schemas.Codec
}

func newStage(t *testing.T) *stage {
	t.Helper()
	b, err := broker.OpenEmbedded(t.TempDir(), slog.New(slog.NewTextHandler(t.Output(), nil)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	s := &stage{kafka: broker.Options([]string{b.Addr})}
	if s.client, err = kgo.NewClient(append(s.kafka, kgo.RecordPartitioner(kgo.ManualPartitioner()))...); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.client.Close)
	text := ident.Name{Schema: "pg_catalog", Name: "text"}
	if s.codec, err = schemas.Compile(&event.Table{Name: ident.Name{Schema: "s", Name: "t"}, OID: 7, Key: []int{0},
		Columns: []event.Column{{Name: "id", Attnum: 1, Type: text, SQL: "text"}, {Name: "secret", Attnum: 2, Type: text, SQL: "text"}, {Name: "big", Attnum: 3, Type: text, SQL: "text"}}}); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *stage) schema(id uint32) (string, bool) { return s.codec.ValueSchema(), id == 9 }

func (s *stage) produce(t *testing.T, r *kgo.Record) {
	t.Helper()
	r.Topic = topic
	if err := s.client.ProduceSync(t.Context(), r).FirstErr(); err != nil {
		t.Fatal(err)
	}
}

// record is a row as capture writes it.
func (s *stage) record(t *testing.T, id uint32, row event.Row, change func(*ledger.Header)) *kgo.Record {
	t.Helper()
	row.Table = s.codec.Table()
	v, err := s.codec.AppendValue(nil, id, &row)
	if err != nil {
		t.Fatal(err)
	}
	h := ledger.Header{Epoch: 3, Commit: 0x30, Seq: 5, CRC: schemas.CRC(v), Length: uint32(len(v))}
	if change != nil {
		change(&h)
	}
	return &kgo.Record{Value: v, Headers: []kgo.RecordHeader{{Key: ledger.HeaderKey, Value: schemas.AppendHeader(nil, h)}}}
}

func value(s string) event.Datum { return event.Datum{Kind: event.Value, Text: []byte(s)} }

// read reads until all that was there at the beginning was seen.
func (s *stage) read(t *testing.T, last int64, mask Mask) (out []Event, left int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	x, err := Open(ctx, s.kafka, topic, Range{Last: last}, s.schema, mask)
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	for x.Behind() {
		events, n, err := x.Next(ctx)
		if err != nil {
			t.Fatal(err)
		}
		out, left = append(out, events...), left+n
	}
	return out, left
}

// Whatever stands on the topic is said, in short; masked values are nowhere in it.
func TestEventsAreDecodedMaskedAndCut(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	if _, err := Open(t.Context(), s.kafka, topic, Range{Last: 1}, s.schema, Mask{}); !errors.Is(err, ErrNoTopic) {
		t.Errorf("no topic: %v", err)
	}
	if _, err := broker.EnsureTopics(t.Context(), kadm.NewClient(s.client), []broker.Topic{{Name: topic, Partitions: 2, Replication: 1}}); err != nil {
		t.Fatal(err)
	}
	s.produce(t, &kgo.Record{Value: []byte("junk")})
	s.produce(t, s.record(t, 9, event.Row{Op: event.Create, CommitTime: 1_000_000, After: []event.Datum{value("<b>1"), value("canary"), value(strings.Repeat("é", 1000))}}, nil))
	s.produce(t, s.record(t, 9, event.Row{Op: event.Update, Before: []event.Datum{value("0"), value("canary"), {}}, After: []event.Datum{value("1"), {}, {Kind: event.Unchanged}}}, nil))
	s.produce(t, s.record(t, 9, event.Row{Op: event.Delete, Before: []event.Datum{value("1"), {}, {}}}, func(h *ledger.Header) { h.Flags = ledger.Companion }))
	s.produce(t, s.record(t, 8, event.Row{Op: event.Truncate}, nil))
	s.produce(t, s.record(t, 9, event.Row{Op: event.Truncate}, func(h *ledger.Header) { h.CRC++ }))
	s.produce(t, s.record(t, 9, event.Row{Op: event.Truncate}, func(h *ledger.Header) { h.Flags = ledger.More }))
	got, left := s.read(t, 100, Mask{Columns: map[string]bool{"secret": true}})
	text, err := json.Marshal(got)
	if err != nil || len(got) != 7 || left != 0 {
		t.Fatalf("%v, %d left out: %s", err, left, text)
	}
	if strings.Contains(string(text), "canary") {
		t.Errorf("a masked value is shown: %s", text)
	}
	first, update, gone := got[1], got[2], got[3]
	if first.Op != "c" || first.LSN != "0/30" || first.Seq != 5 || first.Epoch != 3 || first.At.Unix() != 1 || len(first.After) != 3 || first.Before != nil ||
		first.After[0] != (Value{"id", true, "<b>1", ""}) || first.After[1] != (Value{"secret", false, "", "masked"}) || first.After[2] != (Value{"big", false, strings.Repeat("é", 100), "cut"}) {
		t.Errorf("%+v", first)
	}
	if len(update.Before) != 1 || update.Before[0].Text != "0" || update.After[1].Is != "masked" || update.After[2].Is != "unchanged" {
		t.Errorf("%+v", update)
	}
	if gone.Op != "d" || gone.After != nil || len(gone.Before) != 1 || !strings.Contains(gone.Note, "moved") {
		t.Errorf("%+v", gone)
	}
	for i, want := range map[int]string{0: "not floe's", 4: "schema 8 is not known", 5: "damaged", 6: "a part of a row"} {
		if !strings.Contains(got[i].Note, want) || got[i].After != nil {
			t.Errorf("%d: %+v", i, got[i])
		}
	}
	got, _ = s.read(t, 3, Mask{All: true})
	if text, err = json.Marshal(got); err != nil || len(got) != 3 || got[0].Offset != 4 {
		t.Errorf("%v %s", err, text)
	}
	got, _ = s.read(t, 6, Mask{})
	if got[0].After[1].Text != "canary" {
		t.Errorf("%+v", got[0])
	}
}

// A backlog is not shown whole: the last events are, and how many were left out.
func TestABacklogIsLeftOut(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	if _, err := broker.EnsureTopics(t.Context(), kadm.NewClient(s.client), []broker.Topic{{Name: topic, Partitions: 1, Replication: 1}}); err != nil {
		t.Fatal(err)
	}
	const n = 3 * MostEvents
	var all []*kgo.Record
	for range n {
		r := s.record(t, 9, event.Row{Op: event.Create, After: []event.Datum{value("1"), {}, {}}}, nil)
		r.Topic = topic
		all = append(all, r)
	}
	if err := s.client.ProduceSync(t.Context(), all...).FirstErr(); err != nil {
		t.Fatal(err)
	}
	got, left := s.read(t, n, Mask{})
	if len(got)+left != n || left == 0 || got[len(got)-1].Offset != n-1 {
		t.Errorf("%d events, %d left out, the last is %+v", len(got), left, got[len(got)-1])
	}
}
