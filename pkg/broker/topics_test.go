package broker

import (
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Topics of rows have the retention that was asked for, or none of their own; the job's own never expire,
// but the reports' do.
func TestTopicsOfRowsKeepThemAsAsked(t *testing.T) {
	t.Parallel()
	c, err := kfake.NewCluster(kfake.NumBrokers(1))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	client, err := kgo.NewClient(Options(c.ListenAddrs())...)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	adm := kadm.NewClient(client)
	topics := append(Control("p", 1), Topic{Name: "p.a", Partitions: 1, Rows: true, Kept: 7 * 24 * time.Hour}, Topic{Name: "p.b", Partitions: 1, Rows: true})
	if _, err := EnsureTopics(t.Context(), adm, topics); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"p.a": "604800000", "p.b": "", Ledger("p"): "-1", Commands("p"): "-1", Status("p"): "86400000"} {
		found, err := adm.DescribeTopicConfigs(t.Context(), name)
		if err != nil || len(found) != 1 {
			t.Fatalf("%v, %v", found, err)
		}
		got := ""
		for _, c := range found[0].Configs {
			if c.Key == "retention.ms" && c.Source.String() == "DYNAMIC_TOPIC_CONFIG" {
				got = c.MaybeValue()
			}
		}
		if got != want {
			t.Errorf("%s keeps %q, want %q", name, got, want)
		}
	}
}
