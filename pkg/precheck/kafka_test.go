package precheck

import (
	"context"
	"errors"
	"fmt"
	"regexp"
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
	found := at(checksOf(t, c, "", nil), provoked{code: "B-RETENTION", severity: Warn})
	if found == nil {
		t.Fatal("commands that expire are not told of")
	}
	m := regexp.MustCompile(`^kafka-configs --alter --topic (\S+) --add-config (\S+)=(\S+)$`).FindStringSubmatch(found.Fix)
	if m == nil || m[1] != broker.Commands("orders") {
		t.Fatalf("commands that expire: %s", found.Fix)
	}
	if _, err := kadm.NewClient(client).AlterTopicConfigs(t.Context(), []kadm.AlterConfig{{Name: m[2], Value: &m[3]}}, m[1]); err != nil {
		t.Fatal(err)
	}
	if r := checksOf(t, c, "", nil); at(r, provoked{code: "B-RETENTION", severity: OK}) == nil {
		t.Errorf("after %s: %+v", found.Fix, r.Checks)
	}
}

// What a broker is set to that would lose the log is told of; set as is then said it is not.
func TestBrokerThatWouldLoseTheLog(t *testing.T) {
	t.Parallel()
	set := map[string]string{"message.max.bytes": "65536", "log.retention.ms": "60000", "min.insync.replicas": "1", "unclean.leader.election.enable": "true"}
	r := brokerChecks(t, 3, set, ", replication: 1", errors.New("no answer"))
	fix := func(code string, form string) string {
		t.Helper()
		c := at(r, provoked{code: code, severity: Warn})
		if c == nil {
			c = at(r, provoked{code: code, severity: Fail})
		}
		if c == nil {
			t.Fatalf("%s is not told of", code)
		}
		m := regexp.MustCompile(form).FindStringSubmatch(c.Fix)
		if m == nil {
			t.Fatalf("%s says %q, not %s", code, c.Fix, form)
		}
		return m[len(m)-1]
	}
	fix("R-CONN", "check registry.url")
	set["message.max.bytes"] = fix("B-MAX-MESSAGE", `^set message.max.bytes to at least (\d+) on the brokers$`)
	fix("B-RETENTION", "raise log.retention.ms")
	set["log.retention.ms"] = "604800000"
	set["unclean.leader.election.enable"] = fix("B-DURABILITY", `^set unclean.leader.election.enable=(\S+) on the brokers$`)
	r = brokerChecks(t, 3, set, ", replication: 1", nil)
	replication := ", " + fix("B-DURABILITY", `^set kafka\.(replication: \d) in the job file$`)
	r = brokerChecks(t, 3, set, replication, nil)
	set["min.insync.replicas"] = fix("B-DURABILITY", `^set min.insync.replicas=(\d) on the brokers$`)
	r = brokerChecks(t, 3, set, replication, nil)
	for _, code := range []string{"B-CONN", "B-TOPIC-PRIV", "B-MAX-MESSAGE", "B-RETENTION", "B-DURABILITY", "R-CONN"} {
		if at(r, provoked{code: code, severity: OK}) == nil {
			t.Errorf("%s is not ok: %+v", code, r.Checks)
		}
	}
	r = brokerChecks(t, 1, nil, ", replication: 5", nil)
	fix("B-TOPIC-PRIV", "lower kafka.replication")
	if r = brokerChecks(t, 1, nil, ", replication: 1", nil); at(r, provoked{code: "B-TOPIC-PRIV", severity: OK}) == nil {
		t.Errorf("with less replication: %+v", r.Checks)
	}
	j, err := job.Parse("job.yaml", []byte("name: orders\nsource: {url: 'postgres://u@127.0.0.1:1/x'}\ntarget: {url: 'postgres://u@127.0.0.1:1/x'}\n"))
	if err != nil {
		t.Fatal(err)
	}
	r = Run(t.Context(), Config{Job: j, Kafka: broker.Options([]string{"127.0.0.1:1"}), Place: "127.0.0.1:1"})
	fix("B-CONN", "check kafka.brokers")
}
