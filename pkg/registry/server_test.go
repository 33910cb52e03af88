package registry

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/sr"

	"floe/pkg/broker"
	"floe/pkg/ledger"
)

// must fails the test at an error.
func must[T any](v T, err error) func(t *testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// What capture places is what a client of Confluent's registry finds, by id, by subject and by text.
func TestClientsFindEverySchema(t *testing.T) {
	t.Parallel()
	s, ctx := newScene(t), t.Context()
	a, b := table(t, "a", "id", "v"), table(t, "b", "id")
	s.begin()
	s.place(value(a, 65537), key(a, 65538), ledger.Object{Kind: ledger.KindSequenceValue, Name: "s", Body: "{}"}, value(b, 65539))
	c, _ := s.serve()
	if diff := cmp.Diff([]string{"j.public.a-key", "j.public.a-value", "j.public.b-value"}, must(c.Subjects(ctx))(t)); diff != "" {
		t.Error(diff)
	}
	if got := must(c.SubjectVersions(ctx, "j.public.a-value"))(t); !slices.Equal(got, []int{1}) {
		t.Errorf("versions %v", got)
	}
	want := sr.SubjectSchema{Subject: "j.public.a-key", Version: 1, ID: 65538, Schema: sr.Schema{Schema: a.KeySchema()}}
	for _, version := range []int{1, -1} {
		if diff := cmp.Diff(want, must(c.SchemaByVersion(ctx, want.Subject, version))(t)); diff != "" {
			t.Error(diff)
		}
		if got := must(c.SchemaTextByVersion(ctx, want.Subject, version))(t); got != a.KeySchema() {
			t.Error(got)
		}
	}
	if got := must(c.SchemaByID(ctx, 65537))(t); got.Schema != a.ValueSchema() {
		t.Error(got)
	}
	if got := must(c.SchemaTextByID(ctx, 65539))(t); got != b.ValueSchema() {
		t.Error(got)
	}
	if diff := cmp.Diff([]sr.SubjectSchema{want}, must(c.SchemaUsagesByID(ctx, 65538))(t)); diff != "" {
		t.Error(diff)
	}
	if got := must(c.SubjectsByID(ctx, 65539))(t); !slices.Equal(got, []string{"j.public.b-value"}) {
		t.Error(got)
	}
	if diff := cmp.Diff(want, must(c.LookupSchema(ctx, want.Subject, want.Schema))(t)); diff != "" {
		t.Error(diff)
	}
	if got := must(c.AllSchemas(ctx))(t); len(got) != 3 {
		t.Errorf("all: %v", got)
	}
	if got := must(c.SupportedTypes(ctx))(t); !slices.Equal(got, []sr.SchemaType{sr.TypeAvro}) {
		t.Error(got)
	}
	for _, m := range c.Mode(ctx, "", want.Subject) {
		if m.Err != nil || m.Mode != sr.ModeReadOnly {
			t.Error(m)
		}
	}
	for _, l := range c.Compatibility(ctx, "", want.Subject) {
		if l.Err != nil || l.Level != sr.CompatNone {
			t.Error(l)
		}
	}
}

// An id stays what it is for as long as the log holds a record that bears it; each epoch gives new ones.
func TestAnEpochsIDsAreAnotherNameOfTheSameVersion(t *testing.T) {
	t.Parallel()
	s, ctx := newScene(t), t.Context()
	first, second := table(t, "a", "id"), table(t, "a", "id", "more")
	const subject = "j.public.a-value"
	for i, c := range []struct {
		id    uint32
		of    int // version
		codec string
	}{{101, 1, first.ValueSchema()}, {102, 1, first.ValueSchema()}, {103, 2, second.ValueSchema()}, {104, 3, first.ValueSchema()}} {
		s.begin()
		o := value(first, c.id)
		o.Body = c.codec
		s.place(o)
		client, _ := s.serve()
		if got := must(client.SchemaByVersion(ctx, subject, -1))(t); got.ID != int(c.id) || got.Version != c.of || got.Schema.Schema != c.codec {
			t.Errorf("epoch %d: latest is version %d, id %d", i+1, got.Version, got.ID)
		}
		if got := must(client.LookupSchema(ctx, subject, sr.Schema{Schema: c.codec}))(t); got.ID != int(c.id) {
			t.Errorf("epoch %d: the schema is found as %d", i+1, got.ID)
		}
	}
	client, _ := s.serve()
	for id, want := range map[int]string{101: first.ValueSchema(), 102: first.ValueSchema(), 103: second.ValueSchema(), 104: first.ValueSchema()} {
		if got := must(client.SchemaByID(ctx, id))(t); got.Schema != want {
			t.Errorf("id %d is %s", id, got.Schema)
		}
	}
	if got := must(client.SubjectVersions(ctx, subject))(t); !slices.Equal(got, []int{1, 2, 3}) {
		t.Error(got)
	}
}

// Records that no valid entry points at are not in the log, whoever wrote them.
func TestOnlyWhatAValidEntryPointsAtCounts(t *testing.T) {
	t.Parallel()
	s, ctx := newScene(t), t.Context()
	c := table(t, "a", "id")
	s.begin()
	old := *s
	s.put(1, value(table(t, "unpointed", "id"), 7)) // acknowledged; the capture ended before the entry
	s.begin()
	s.place(value(table(t, "b", "id"), 8))
	s.next = 0
	s.put(1, value(table(t, "retried", "id"), 12)) // the batch again
	s.next = 1
	s.place(value(c, 9))
	old.next = 1
	old.place(value(table(t, "void", "id"), 10)) // a replaced capture goes on for a while
	span := s.put(3, key(c, 11))                 // a definition above the broker's limit
	s.entry(ledger.Entry{Commit: &ledger.Commit{Transactions: 1, Spans: []ledger.Span{{Topic: "j.public.a", Count: 1}, span}}})
	client, _ := s.serve()
	got := must(client.Subjects(ctx))(t)
	if !slices.Equal(got, []string{"j.public.a-key", "j.public.a-value", "j.public.b-value"}) {
		t.Error(got)
	}
}

// A consumer that meets a new id in a row need not wait for the registry to hear of it.
func TestASchemaIsFoundAsSoonAsItIsPlaced(t *testing.T) {
	t.Parallel()
	s, ctx := newScene(t), t.Context()
	client, _ := s.serve()
	if got := must(client.Subjects(ctx))(t); len(got) != 0 {
		t.Errorf("without a log: %v", got)
	}
	if _, err := client.SchemaByID(ctx, 1); codeOf(err) != 40403 {
		t.Errorf("without a log: %v", err)
	}
	s.begin()
	for id := range uint32(20) {
		c := table(t, "t"+string(rune('a'+id)), "id")
		s.place(value(c, id+1))
		if got, err := client.SchemaByID(ctx, int(id+1)); err != nil || got.Schema != c.ValueSchema() {
			t.Fatalf("id %d: %v %v", id+1, got, err)
		}
	}
}

func codeOf(err error) int {
	var answer *sr.ResponseError
	if errors.As(err, &answer) {
		return answer.ErrorCode
	}
	return 0
}

// Errors have the status, the type and the codes that Confluent's clients act on.
func TestErrorsSpeakAsConfluents(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	c := table(t, "a", "id")
	s.begin()
	s.place(value(c, 5))
	_, url := s.serve()
	body := func(schema string) string {
		b, _ := json.Marshal(map[string]string{"schema": schema})
		return string(b)
	}
	const other = `{"type":"record","name":"other","fields":[]}`
	for _, r := range []struct {
		method, path, body string
		status, code       int
	}{
		{"GET", "/subjects/no/versions", "", 404, 40401},
		{"GET", "/subjects/no/versions/1", "", 404, 40401},
		{"GET", "/subjects/j.public.a-value/versions/2", "", 404, 40402},
		{"GET", "/subjects/j.public.a-value/versions/0", "", 422, 42202},
		{"GET", "/subjects/j.public.a-value/versions/last", "", 422, 42202},
		{"GET", "/subjects/j.public.a-value/versions/2147483648/schema", "", 422, 42202},
		{"GET", "/schemas/ids/6", "", 404, 40403},
		{"GET", "/schemas/ids/4294967301", "", 404, 40403},
		{"GET", "/schemas/ids/-1", "", 404, 40403},
		{"GET", "/schemas/ids/6/versions", "", 404, 40403},
		{"GET", "/config/no", "", 404, 40401},
		{"GET", "/nothing", "", 404, 404},
		{"POST", "/subjects/no", body(c.ValueSchema()), 404, 40401},
		{"POST", "/subjects/j.public.a-value", body(other), 404, 40403},
		{"POST", "/subjects/j.public.a-value", "{", 422, 42201},
		{"POST", "/subjects/j.public.a-value/versions", body("{"), 422, 42201},
		{"POST", "/subjects/j.public.a-value/versions", body(other), 422, 42205},
		{"POST", "/subjects/new-value/versions", body(c.ValueSchema()), 422, 42205},
		{"POST", "/compatibility/subjects/a/versions/1", body(other), 404, 404},
		{"PUT", "/config", `{"compatibility":"FULL"}`, 422, 42205},
		{"DELETE", "/subjects/j.public.a-value", "", 422, 42205},
	} {
		req := must(http.NewRequestWithContext(t.Context(), r.method, url+r.path, strings.NewReader(r.body)))(t)
		res := must(http.DefaultClient.Do(req))(t)
		raw := must(io.ReadAll(res.Body))(t)
		_ = res.Body.Close()
		var is errorBody
		if err := json.Unmarshal(raw, &is); err != nil || res.StatusCode != r.status || is.Code != r.code || is.Message == "" || res.Header.Get("Content-Type") != contentType {
			t.Errorf("%s %s: %d %s %s", r.method, r.path, res.StatusCode, res.Header.Get("Content-Type"), raw)
		}
	}
}

// Producers ask for the id of what they write; that is no registration.
func TestAKnownSchemaIsRegisteredAlready(t *testing.T) {
	t.Parallel()
	s, ctx := newScene(t), t.Context()
	c := table(t, "a", "id", "v")
	s.begin()
	s.place(value(c, 5))
	client, _ := s.serve()
	var any any
	if err := json.Unmarshal([]byte(c.ValueSchema()), &any); err != nil {
		t.Fatal(err)
	}
	spaced := must(json.MarshalIndent(any, "", "  "))(t)
	for _, text := range []string{c.ValueSchema(), string(spaced)} {
		if got := must(client.RegisterSchema(ctx, "j.public.a-value", sr.Schema{Schema: text}, -1, -1))(t); got != 5 {
			t.Errorf("id %d", got)
		}
	}
}

// What is known does not need the log; what is not known is not denied without it.
func TestKnownIDsOutliveTheBroker(t *testing.T) {
	t.Parallel()
	s, ctx := newScene(t), t.Context()
	c := table(t, "a", "id")
	s.begin()
	s.place(value(c, 5))
	client, _ := s.serve()
	must(client.SchemaByID(ctx, 5))(t)
	s.client.Close()
	s.broker.Close()
	if got := must(client.SchemaByID(ctx, 5))(t); got.Schema != c.ValueSchema() {
		t.Error(got)
	}
	patient := must(sr.NewClient(append(client.Opts(), sr.HTTPClient(&http.Client{Timeout: 2 * patience}))...))(t)
	if _, err := patient.SchemaByID(ctx, 6); codeOf(err) != 50001 {
		t.Errorf("an id that may exist: %v", err)
	}
}

// A log that gives one id to two schemas is damaged; the first stays what it is, no one hears of the other.
func TestAnIDOfTwoSchemasIsRefused(t *testing.T) {
	t.Parallel()
	x := newIndex("j")
	a, b := value(table(t, "a", "id"), 5), value(table(t, "b", "id"), 5)
	if err := x.add(&a); err != nil {
		t.Fatal(err)
	}
	if err := x.add(&b); err == nil || !strings.Contains(err.Error(), "id 5 stands for two schemas, of j.public.a-value and of j.public.b-value") {
		t.Errorf("%v", err)
	}
	if x.ids[5][0].text != a.Body || len(x.subjects) != 1 {
		t.Error("the second one is known")
	}
}

// A registry follows a log once it has read it to its end, and not while there is none.
func TestARegistrySaysWhetherItFollows(t *testing.T) {
	t.Parallel()
	b, err := broker.OpenEmbedded(t.TempDir(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	s, err := NewServer(broker.Options([]string{b.Addr}), "orders", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if why, yes := s.Follows(); yes || why == "" {
		t.Errorf("before it has read: %t %s", yes, why)
	}
	s.mu.Lock()
	moved := s.moved
	s.mu.Unlock()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	<-moved
	if why, yes := s.Follows(); yes || !strings.HasSuffix(why, errNoLog.Error()) {
		t.Errorf("without a log: %t %s", yes, why)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
