package job

import (
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"
)

// Whatever of TLS and SASL a file asks for, the client takes the options together.
func TestKafkaOptionsFitTogether(t *testing.T) {
	t.Parallel()
	for _, rest := range []string{"", ", tls: {}", ", tls: {server_name: x}, sasl: {mechanism: PLAIN, user: u, password: '${FLOE_TEST_NO_SUCH:-p}'}",
		", sasl: {mechanism: SCRAM-SHA-256, user: u, password: '${FLOE_TEST_NO_SUCH:-p}'}", ", sasl: {mechanism: SCRAM-SHA-512, user: u, password: '${FLOE_TEST_NO_SUCH:-p}'}"} {
		opts, err := parse(t, "kafka: {brokers: ['127.0.0.1:1']"+rest+"}\n").Kafka.Options()
		if err != nil {
			t.Fatalf("%s: %v", rest, err)
		}
		client, err := kgo.NewClient(opts...)
		if err != nil {
			t.Errorf("%s: %v", rest, err)
			continue
		}
		client.Close()
	}
}

func TestKafkaOptionsNameWhatIsMissing(t *testing.T) {
	t.Parallel()
	for rest, want := range map[string]string{
		"tls: {ca: /no/such.pem}":                                             "kafka.tls: open /no/such.pem",
		"tls: {cert: /no/such.pem, key: /no/such.key}":                        "kafka.tls: open /no/such.pem",
		"sasl: {mechanism: PLAIN, user: u, password: '${FLOE_TEST_NO_SUCH}'}": "kafka.sasl: environment variable FLOE_TEST_NO_SUCH is not set",
	} {
		_, err := parse(t, "kafka: {brokers: ['127.0.0.1:1'], "+rest+"}\n").Kafka.Options()
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", rest, err)
		}
	}
}

func TestPrefixIsTheNameUnlessGiven(t *testing.T) {
	t.Parallel()
	if p := parse(t, "name: n\n"+minimal).Prefix(); p != "n" {
		t.Errorf("got %s", p)
	}
	j := parse(t, "name: n\nkafka: {brokers: ['a:1'], prefix: p}\n")
	j.UseBrokers([]string{"b:1"})
	if j.Prefix() != "p" || j.Kafka.Brokers[0] != "b:1" {
		t.Errorf("got %s, %v", j.Prefix(), j.Kafka.Brokers)
	}
}

// A password goes readable to no other machine, whoever names the brokers.
func TestPLAINWantsTLSBeyondThisMachine(t *testing.T) {
	t.Parallel()
	j := parse(t, "kafka: {brokers: ['127.0.0.1:1', 'localhost:2', '[::1]:3'], sasl: {mechanism: PLAIN, user: u, password: '${FLOE_TEST_NO_SUCH:-p}'}}\n")
	if _, err := j.Kafka.Options(); err != nil {
		t.Error(err)
	}
	j.UseBrokers([]string{"kafka.example:1"})
	if _, err := j.Kafka.Options(); err == nil || !strings.Contains(err.Error(), "add kafka.tls") {
		t.Errorf("got %v", err)
	}
}
