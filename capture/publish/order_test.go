package publish

import (
	"log/slog"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"floe/pkg/broker"
	"floe/pkg/ledger"
)

// Records of an epoch that do not stand one behind the other in their partition end it before an entry
// points at them.
func TestARecordBetweenTwoOfOursEndsTheEpoch(t *testing.T) {
	t.Parallel()
	b, err := broker.Embed(broker.EmbeddedConfig{Dir: t.TempDir(), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	client, err := kgo.NewClient(append(broker.Options([]string{b.Addr}), broker.Producer()...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	if _, err := kadm.NewClient(client).CreateTopics(t.Context(), 1, 1, nil, "rows", "ledger"); err != nil {
		t.Fatal(err)
	}
	placed := make(chan int64, 1)
	entry := func(w *Writer) error {
		var spans Spans
		if err := w.Produce(&spans, &Record{Topic: "rows", Value: []byte("row")}); err != nil {
			return err
		}
		return w.Append(&ledger.Entry{Commit: &ledger.Commit{Transactions: 1}}, spans.List(), func(at int64) { placed <- at })
	}
	w := New(t.Context(), client, "ledger", 1, 1)
	t.Cleanup(w.Close)
	for range 2 {
		if err := entry(w); err != nil {
			t.Fatal(err)
		}
		<-placed
	}
	if err := client.ProduceSync(t.Context(), &kgo.Record{Topic: "rows", Value: []byte("of another")}).FirstErr(); err != nil {
		t.Fatal(err)
	}
	if err := entry(w); err != nil {
		t.Fatal(err)
	}
	select {
	case <-w.Done():
	case at := <-placed:
		t.Fatalf("an entry at %d points at what came behind a gap", at)
	}
	if err := w.Err(); !strings.Contains(err.Error(), "record 2 of the epoch is at offset 3, the one before ends at 2") {
		t.Error(err)
	}
}
