package precheck

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"floe/pkg/broker"
	"floe/pkg/job"
)

// brokerChecks are those of a log on brokers with some settings.
func brokerChecks(t *testing.T, brokers int, config map[string]string, kafka string, registry error) *Report {
	t.Helper()
	c, err := kfake.NewCluster(kfake.NumBrokers(brokers), kfake.BrokerConfigs(config))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return checksOf(t, c, kafka, registry)
}

func checksOf(t *testing.T, c *kfake.Cluster, kafka string, registry error) *Report {
	t.Helper()
	const nowhere = "postgres://u@127.0.0.1:1/x"
	j, err := job.Parse("job.yaml", fmt.Appendf(nil, "name: orders\nsource: {url: %q}\ntarget: {url: %q}\nkafka: {brokers: [%q]%s}\n", nowhere, nowhere, c.ListenAddrs()[0], kafka))
	if err != nil {
		t.Fatal(err)
	}
	return Run(t.Context(), Config{Job: j, Kafka: broker.Options(c.ListenAddrs()), Place: "kafka",
		Registry: func(context.Context) error { return registry }})
}

// Topics that floe made are as they should be, the one of reports included, which it lets expire; one that was
// made otherwise is told of.
func TestFloesOwnTopicsMayExpire(t *testing.T) {
	t.Parallel()
	c, err := kfake.NewCluster(kfake.NumBrokers(1))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	client, err := kgo.NewClient(broker.Options(c.ListenAddrs())...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	if _, err := broker.EnsureTopics(t.Context(), kadm.NewClient(client), broker.Control("orders", 1)); err != nil {
		t.Fatal(err)
	}
	if r := checksOf(t, c, "", nil); at(r, provoked{code: "B-RETENTION", severity: OK}) == nil {
		t.Errorf("%+v", r.Checks)
	}
	day := "86400000"
	if _, err := kadm.NewClient(client).AlterTopicConfigs(t.Context(), []kadm.AlterConfig{{Name: "retention.ms", Value: &day}}, broker.Commands("orders")); err != nil {
		t.Fatal(err)
	}
	if c := at(checksOf(t, c, "", nil), provoked{code: "B-RETENTION", severity: Warn}); c == nil || !strings.Contains(c.Fix, broker.Commands("orders")) {
		t.Errorf("commands that expire: %+v", c)
	}
}

// What a broker is set to that would lose the log is told of; the same broker set right is not.
func TestBrokerThatWouldLoseTheLog(t *testing.T) {
	t.Parallel()
	r := brokerChecks(t, 3, map[string]string{"message.max.bytes": "65536", "log.retention.ms": "60000", "min.insync.replicas": "1"}, ", replication: 1", errors.New("no answer"))
	for _, code := range []string{"B-MAX-MESSAGE", "B-RETENTION", "B-DURABILITY", "R-CONN"} {
		if c := at(r, provoked{code: code, severity: Warn}); c == nil || c.Fix == "" {
			t.Errorf("%s is not told of", code)
		}
	}
	r = brokerChecks(t, 3, map[string]string{"message.max.bytes": "1048588", "log.retention.ms": "604800000", "min.insync.replicas": "2"}, ", replication: 3", nil)
	for _, code := range []string{"B-CONN", "B-TOPIC-PRIV", "B-MAX-MESSAGE", "B-RETENTION", "B-DURABILITY", "R-CONN"} {
		if at(r, provoked{code: code, severity: OK}) == nil {
			t.Errorf("%s is not ok: %+v", code, r.Checks)
		}
	}
	r = brokerChecks(t, 1, nil, ", replication: 5", nil)
	if c := at(r, provoked{code: "B-TOPIC-PRIV", severity: Fail}); c == nil || !strings.Contains(c.Fix, "kafka.replication") {
		t.Errorf("more replicas than brokers: %+v", c)
	}
}
