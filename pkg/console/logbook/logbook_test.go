package logbook

import (
	"log/slog"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"floe/pkg/broker"
	"floe/pkg/ledger"
	"floe/schemas"
)

// Paging leads to the ledger's beginning, past kinds that are not wanted, and names each entry once.
func TestPagesLeadToTheBeginning(t *testing.T) {
	t.Parallel()
	b, err := broker.OpenEmbedded(t.TempDir(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	kafka := broker.Options([]string{b.Addr})
	client, err := kgo.NewClient(kafka...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	if _, err := broker.EnsureTopics(t.Context(), kadm.NewClient(client), broker.Control("j", 1)); err != nil {
		t.Fatal(err)
	}
	// One definition that changed, among those that only tell where a sequence is.
	for _, kind := range []string{ledger.KindSequenceValue, "table", ledger.KindSequenceValue} {
		o, err := schemas.EncodeObject(&ledger.Object{Kind: kind, Schema: "s", Name: "x", Body: "{}"})
		if err != nil {
			t.Fatal(err)
		}
		if err := client.ProduceSync(t.Context(), &kgo.Record{Topic: broker.Objects("j"), Value: o}).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	const n = 500
	for i := range n {
		e := &ledger.Entry{Epoch: 1, N: uint64(i), Mark: &ledger.Mark{End: 1}}
		if i%50 == 7 {
			e.Mark, e.Loaded = nil, &ledger.Loaded{Table: uint32(i), Rows: 9}
		}
		if i%100 == 11 {
			e.Mark, e.Objects = nil, &ledger.Objects{Spans: []ledger.Span{{Topic: broker.Objects("j"), Offset: int64(i / 100 % 3), Count: 1}}}
		}
		text, err := schemas.EncodeEntry(e)
		if err != nil {
			t.Fatal(err)
		}
		client.Produce(t.Context(), &kgo.Record{Topic: broker.Ledger("j"), Value: text}, nil)
	}
	if err := client.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		kinds   []string
		limit   int
		changes bool
		want    int
	}{{nil, 70, false, n}, {[]string{Loaded}, 3, false, n / 50}, {Structure, 1000, false, n/50 + n/100}, {Structure, 1000, true, n/50 + 2}, {[]string{Note}, 10, false, 0}} {
		seen, last, pages := 0, int64(n), 0
		for before := int64(0); ; pages++ {
			p, err := Read(t.Context(), kafka, "j", Query{Kinds: c.kinds, Limit: c.limit, Before: before, Changes: c.changes})
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range p.Entries {
				if e.Offset >= last {
					t.Errorf("%v: %d comes behind %d", c.kinds, e.Offset, last)
				}
				last = e.Offset
				if e.Kind == Objects && (len(e.Objects) != 1 || e.Objects[0].Name != "s.x" || e.More != 0) {
					t.Errorf("%+v", e)
				}
				seen++
			}
			if before = p.Next; before == 0 || pages > n {
				break
			}
		}
		if seen != c.want || pages > n/c.limit+1 {
			t.Errorf("%v: %d entries on %d pages, want %d", c.kinds, seen, pages+1, c.want)
		}
	}
	if _, err := Read(t.Context(), kafka, "nothing", Query{Limit: 1}); err == nil {
		t.Error("a job that there is not has a ledger")
	}
}
