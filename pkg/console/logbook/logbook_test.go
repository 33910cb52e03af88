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
	const n = 500
	for i := range n {
		e := &ledger.Entry{Epoch: 1, N: uint64(i), Mark: &ledger.Mark{End: 1}}
		if i%50 == 7 {
			e.Mark, e.Loaded = nil, &ledger.Loaded{Table: uint32(i), Rows: 9}
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
		kinds []string
		limit int
		want  int
	}{{nil, 70, n}, {[]string{Loaded}, 3, n / 50}, {Structure, 1000, n / 50}, {[]string{Note}, 10, 0}} {
		seen, last, pages := 0, int64(n), 0
		for before := int64(0); ; pages++ {
			p, err := Read(t.Context(), kafka, "j", Query{Kinds: c.kinds, Limit: c.limit, Before: before})
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range p.Entries {
				if e.Offset >= last {
					t.Errorf("%v: %d comes behind %d", c.kinds, e.Offset, last)
				}
				last = e.Offset
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
