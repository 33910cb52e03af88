package console

import (
	"bufio"
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"floe/pkg/access"
	"floe/pkg/broker"
	"floe/pkg/event"
	"floe/pkg/ident"
	"floe/pkg/ledger"
	"floe/pkg/status"
	"floe/schemas"
)

// rows places the schema of a table, and rows of it, as capture does.
func (s *site) rows(t *testing.T, texts ...string) {
	t.Helper()
	kind := ident.Name{Schema: "pg_catalog", Name: "text"}
	codec, err := schemas.Compile(&event.Table{Name: ident.Name{Schema: "s", Name: "t"}, OID: 7, Key: []int{0}, Columns: []event.Column{{Name: "id", Attnum: 1, Type: kind, SQL: "text"}, {Name: "v", Attnum: 2, Type: kind, SQL: "text"}}})
	if err != nil {
		t.Fatal(err)
	}
	put := func(topic string, epoch uint32, value []byte) int64 {
		t.Helper()
		h := ledger.Header{Epoch: epoch, CRC: schemas.CRC(value), Length: uint32(len(value)), Commit: 0x30}
		r := &kgo.Record{Topic: topic, Value: value, Headers: []kgo.RecordHeader{{Key: ledger.HeaderKey, Value: schemas.AppendHeader(nil, h)}}}
		if err := s.client.ProduceSync(t.Context(), r).FirstErr(); err != nil {
			t.Fatal(err)
		}
		return r.Offset
	}
	o, err := schemas.EncodeObject(&ledger.Object{Kind: ledger.KindAvro, Schema: "s", Name: "t", ID: 9, Body: codec.ValueSchema()})
	if err != nil {
		t.Fatal(err)
	}
	at := put(broker.Objects("orders"), 1, o)
	for _, e := range []*ledger.Entry{{Epoch: 1, Begin: &ledger.Epoch{Slot: "floe_orders"}}, {Epoch: 1, N: 1, Objects: &ledger.Objects{Spans: []ledger.Span{{Topic: broker.Objects("orders"), Offset: at, Count: 1}}}}} {
		b, err := schemas.EncodeEntry(e)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.client.ProduceSync(t.Context(), &kgo.Record{Topic: broker.Ledger("orders"), Value: b}).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	topic := ident.Topic("orders", ident.Name{Schema: "s", Name: "t"})
	if _, err := broker.EnsureTopics(t.Context(), kadm.NewClient(s.client), []broker.Topic{{Name: topic, Partitions: 1, Replication: 1}}); err != nil {
		t.Fatal(err)
	}
	for _, text := range texts {
		d := event.Datum{Kind: event.Value, Text: []byte(text)}
		v, err := codec.AppendValue(nil, 9, &event.Row{Table: codec.Table(), Op: event.Create, CommitTime: 1, After: []event.Datum{d, d}})
		if err != nil {
			t.Fatal(err)
		}
		put(topic, 1, v)
	}
	for deadline := time.Now().Add(patience); ; {
		if code, _, _ := ask(t, "GET", s.url+"/schemas/ids/9", "", bearer(operates)); code == 200 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("the schema is not known")
		}
	}
}

// stream reads a stream of events until a line has some words.
func (s *site) stream(t *testing.T, path, by, until string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	bearer(by)(r)
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close() //nolint:errcheck
	var all strings.Builder
	for lines := bufio.NewScanner(res.Body); lines.Scan(); {
		all.WriteString(lines.Text() + "\n")
		if strings.Contains(lines.Text(), until) {
			return all.String()
		}
	}
	t.Fatalf("%s ended: %s", path, all.String())
	return ""
}

// Rows are watched by page and stream: an operator chooses what is hidden, a viewer sees no value at all, and
// what a row holds is no markup.
func TestRowsAreWatched(t *testing.T) {
	t.Parallel()
	s := startWith(t, access.Config{OperatorFile: secret(t, operates), ViewerFile: secret(t, views)}, near())
	s.say(t, status.Report{Role: "capture", State: "SYNCING", Tables: []status.Table{{Schema: "s", Name: "t", State: "in sync"}, {Schema: "s", Name: "quiet", State: "in sync"}}})
	s.say(t, status.Report{Role: "applier", State: "SYNCING"})
	s.rows(t, odd, "canary")
	op := bearer(operates)
	for deadline := time.Now().Add(patience); ; {
		if code, _, _ := ask(t, "GET", s.url+"/api/v1/tables/s/t", "", op); code == 200 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the table is not known")
		}
	}
	const api = "/api/v1/tables/s/t/events"
	if got := s.stream(t, api+"?mask=v", operates, "canary"); strings.Count(got, "canary") != 1 || !strings.Contains(got, `{"column":"v","text":"","is":"masked"}`) || !strings.Contains(got, "event: row") {
		t.Errorf("%s", got)
	}
	if got := s.stream(t, api+"?values=none", operates, `"offset":1`); strings.Contains(got, "canary") {
		t.Errorf("%s", got)
	}
	if got := s.stream(t, api, views, `"offset":1`); strings.Contains(got, "canary") || !strings.Contains(got, "masked") {
		t.Errorf("a viewer sees %s", got)
	}
	if _, _, body := ask(t, "GET", s.url+"/events?table=s.t&mask=id", "", op); !strings.Contains(body, "canary") || strings.Count(body, "canary") != 1 || strings.Contains(body, "<img src=x") || !strings.Contains(body, `name="mask" value="id" checked`) || !strings.Contains(body, `data-stream="/api/v1/tables/s/t/events?mask=id"`) {
		t.Errorf("%s", body)
	}
	if _, _, body := ask(t, "GET", s.url+"/events?table=s.t", "", op); strings.Index(body, "canary") > strings.Index(body, "onerror") {
		t.Errorf("the newest is not the first: %s", body)
	}
	if _, _, body := ask(t, "GET", s.url+"/events?table=s.t", "", bearer(views)); strings.Contains(body, "canary") || !strings.Contains(body, "•••") {
		t.Errorf("a viewer sees %s", body)
	}
	if _, _, body := ask(t, "GET", s.url+"/events?table=s.quiet", "", op); !strings.Contains(body, "nothing was written of the table yet") {
		t.Errorf("%s", body)
	}
	for path, want := range map[string]int{"/events?table=floe.ledger": 404, "/events?table=a.b.c": 400, "/api/v1/tables/floe/ledger/events": 404, "/api/v1/tables/s/quiet/events": 409} {
		if code, _, body := ask(t, "GET", s.url+path, "", op); code != want {
			t.Errorf("%s: %d %s", path, code, body)
		}
	}
}

// Who watches rows holds memory: one more is refused, and let in when another has gone.
func TestWatchersOfRowsAreBounded(t *testing.T) {
	t.Parallel()
	s := startWith(t, access.Config{OperatorFile: secret(t, operates)}, near())
	s.say(t, status.Report{Role: "capture", State: "SYNCING", Tables: []status.Table{{Schema: "s", Name: "t", State: "in sync"}}})
	s.say(t, status.Report{Role: "applier", State: "SYNCING"})
	s.rows(t, "x")
	open := func() (int, func()) {
		ctx, cancel := context.WithCancel(t.Context())
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"/api/v1/tables/s/t/events", nil)
		if err != nil {
			t.Fatal(err)
		}
		bearer(operates)(r)
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		return res.StatusCode, func() { cancel(); _ = res.Body.Close() }
	}
	until := func(want int) (leave func()) {
		t.Helper()
		for deadline := time.Now().Add(patience); ; {
			code, leave := open()
			if code == want {
				return leave
			}
			leave()
			if time.Now().After(deadline) {
				t.Fatalf("%d, want %d", code, want)
			}
		}
	}
	leave := []func(){until(200)}
	for range mostTails - 1 {
		leave = append(leave, until(200))
	}
	code, end := open()
	end()
	if code != 503 {
		t.Errorf("one more: %d", code)
	}
	for _, f := range leave {
		f()
	}
	until(200)()
}
