package registry

import (
	"context"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sr"

	"floe/pkg/broker"
	"floe/pkg/event"
	"floe/pkg/ident"
	"floe/pkg/ledger"
	"floe/schemas"
)

// scene is a broker with a log that is written as capture does, or as a replaced capture would.
type scene struct {
	t      testing.TB
	broker *broker.Embedded
	client *kgo.Client
	epoch  uint32
	n      uint64
	next   uint64 // ordinal on floe.objects
}

func newScene(t testing.TB) *scene {
	t.Helper()
	b, err := broker.OpenEmbedded(t.TempDir(), logOf(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	s := &scene{t: t, broker: b}
	if s.client, err = kgo.NewClient(append(s.options(), broker.Producer()...)...); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.client.Close)
	return s
}

func (s *scene) options() []kgo.Opt { return broker.Options([]string{s.broker.Addr}) }

type testLog struct{ t testing.TB }

func (l testLog) Write(p []byte) (int, error) {
	l.t.Log(strings.TrimSpace(string(p)))
	return len(p), nil
}

func logOf(t testing.TB) *slog.Logger { return slog.New(slog.NewTextHandler(testLog{t}, nil)) }

// begin makes the topics if there are none, and starts an epoch.
func (s *scene) begin() {
	s.t.Helper()
	if _, err := broker.EnsureTopics(s.t.Context(), kadm.NewClient(s.client), broker.Control("j", 1)); err != nil {
		s.t.Fatal(err)
	}
	s.epoch, s.n, s.next = s.epoch+1, 0, 0
	s.entry(ledger.Entry{Begin: &ledger.Epoch{Nonce: fmt.Sprint(s.epoch)}})
}

func (s *scene) entry(e ledger.Entry) {
	s.t.Helper()
	e.Epoch, e.N = s.epoch, s.n
	s.n++
	b, err := schemas.EncodeEntry(&e)
	if err != nil {
		s.t.Fatal(err)
	}
	s.produce("j.floe.ledger", nil, b)
}

func (s *scene) produce(topic string, header, value []byte) int64 {
	s.t.Helper()
	rec := &kgo.Record{Topic: topic, Value: value}
	if header != nil {
		rec.Headers = []kgo.RecordHeader{{Key: ledger.HeaderKey, Value: header}}
	}
	out, err := s.client.ProduceSync(s.t.Context(), rec).First()
	if err != nil {
		s.t.Fatal(err)
	}
	return out.Offset
}

// put produces objects, each in so many records, and returns the span that points at them.
func (s *scene) put(parts int, objects ...ledger.Object) ledger.Span {
	s.t.Helper()
	span := ledger.Span{Topic: "j.floe.objects", Ordinal: s.next, Offset: -1}
	for i := range objects {
		v, err := schemas.EncodeObject(&objects[i])
		if err != nil {
			s.t.Fatal(err)
		}
		for p := range parts {
			b := v[p*len(v)/parts : (p+1)*len(v)/parts]
			h := ledger.Header{Epoch: s.epoch, Ordinal: s.next, Part: uint32(p), CRC: schemas.CRC(b), Length: uint32(len(v))}
			if p < parts-1 {
				h.Flags = ledger.More
			}
			at := s.produce(span.Topic, schemas.AppendHeader(nil, h), b)
			if span.Offset < 0 {
				span.Offset = at
			}
			s.next, span.Count = s.next+1, span.Count+1
		}
	}
	return span
}

// place puts objects and the entry that makes them valid.
func (s *scene) place(objects ...ledger.Object) {
	s.t.Helper()
	s.entry(ledger.Entry{Objects: &ledger.Objects{Spans: []ledger.Span{s.put(1, objects...)}}})
}

// table is public.<name> with these columns, the first of them its key.
func table(t testing.TB, name string, columns ...string) *schemas.Codec {
	t.Helper()
	shape := &event.Table{Name: ident.Name{Schema: "public", Name: name}, OID: 7, Key: []int{0}}
	for i, c := range columns {
		shape.Columns = append(shape.Columns, event.Column{Name: c, Attnum: int16(i + 1), SQL: "text", Typmod: -1})
	}
	c, err := schemas.Compile(shape)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func value(c *schemas.Codec, id uint32) ledger.Object {
	n := c.Table().Name
	return ledger.Object{Kind: ledger.KindAvro, Schema: n.Schema, Name: n.Name, OID: 7, ID: id, Body: c.ValueSchema()}
}

func key(c *schemas.Codec, id uint32) ledger.Object {
	o := value(c, id)
	o.Kind, o.Body = ledger.KindAvroKey, c.KeySchema()
	return o
}

// serve runs a Server of the log, and returns a client of it and its URL.
func (s *scene) serve() (*sr.Client, string) {
	s.t.Helper()
	server, err := NewServer(s.options(), "j", logOf(s.t))
	if err != nil {
		s.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- server.Run(ctx) }()
	web := httptest.NewServer(server)
	s.t.Cleanup(func() {
		web.Close()
		cancel()
		if err := <-ended; err != nil {
			s.t.Error(err)
		}
	})
	client, err := sr.NewClient(sr.URLs(web.URL))
	if err != nil {
		s.t.Fatal(err)
	}
	return client, web.URL
}
