package draft

import (
	"strings"
	"testing"

	"floe/pkg/job"
)

func secured() SaidLog {
	return SaidLog{Brokers: "k1:9093, k2:9093", TLS: true, CA: "/etc/floe/ca.pem", Cert: "/etc/floe/me.pem", Key: "/etc/floe/me.key", ServerName: "kafka", Mechanism: "SCRAM-SHA-512", User: "floe", Password: "${KAFKA_PASSWORD}"}
}

// The file says of the log what was described, and a draft that was kept says it again.
func TestTheFileSaysHowOneGetsIntoTheLog(t *testing.T) {
	t.Parallel()
	d := described(t)
	d.Whole = true
	if err := d.TakeLog(secured()); err != nil {
		t.Fatal(err)
	}
	kept, err := d.Kept()
	if err != nil {
		t.Fatal(err)
	}
	again, err := Read(kept)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range []*Draft{d, again} {
		j, err := d.Job()
		if err != nil {
			t.Fatalf("%v in\n%s", err, d.Text())
		}
		k := j.Kafka
		if k == nil || strings.Join(k.Brokers, " ") != "k1:9093 k2:9093" || *k.TLS != (job.ClientTLS{CA: "/etc/floe/ca.pem", Cert: "/etc/floe/me.pem", Key: "/etc/floe/me.key", ServerName: "kafka"}) || k.SASL.Mechanism != "SCRAM-SHA-512" {
			t.Errorf("%+v", k)
		}
		if text := string(d.Text()); !strings.Contains(text, `password: "${KAFKA_PASSWORD}"`) || !strings.Contains(text, "user: floe") {
			t.Errorf("%s", text)
		}
	}
	if b := d.Broker(); b.Name != "orders" || b.Kafka.SASL == nil || !b.Source.IsZero() {
		t.Errorf("%+v", b)
	}
	if err := d.TakeLog(SaidLog{TLS: true}); err != nil || strings.Contains(string(d.Text()), "kafka") {
		t.Errorf("the embedded log is %v\n%s", err, d.Text())
	}
}

// What is not well formed is refused and changes nothing; the password is a reference to one that is
// Kafka's, and what is no reference is not repeated.
func TestThePasswordOfTheLogIsAReference(t *testing.T) {
	t.Parallel()
	d := New(nil)
	if err := d.TakeLog(secured()); err != nil {
		t.Fatal(err)
	}
	for _, ok := range []string{"${FLOE_KAFKA_PASSWORD}", "${file:/run/secrets/kafka}", "${file:/etc/floe/kafka.password}"} {
		s := secured()
		if s.Password = ok; d.TakeLog(s) != nil || d.Log.Reference != ok {
			t.Errorf("%s is refused", ok)
		}
	}
	before := d.Log.Reference
	for _, bad := range []string{"", "canary", "canary${KAFKA_PASSWORD}", "${KAFKA_PASSWORD}canary", "${PATH}", "${FLOE_SOURCE}", "${KAFKA_PASSWORD:-canary}", "${file:/etc/passwd}", "${file:/run/secrets/source}", "${file:/home/kafka}", "${file:/run/secrets/../../etc/kafka}", "${file:/etc/floe/}", "${file:kafka}", "$${KAFKA_PASSWORD}", "${KAFKA}\n"} {
		s := secured()
		s.Password = bad
		if err := d.TakeLog(s); err == nil || strings.Contains(err.Error(), "canary") || d.Log.Reference != before {
			t.Errorf("%q: %v", bad, err)
		}
	}
	for what, change := range map[string]func(*SaidLog){
		"no port": func(s *SaidLog) { s.Brokers = "k1" }, "port": func(s *SaidLog) { s.Brokers = "k1:0" }, "no host": func(s *SaidLog) { s.Brokers = ":9092" }, "lines": func(s *SaidLog) { s.CA = "a\nb" },
		"many": func(s *SaidLog) { s.Brokers = strings.Repeat("k:1,", mostBrokers+1) }, "mechanism": func(s *SaidLog) { s.Mechanism = "GSSAPI" }, "no user": func(s *SaidLog) { s.User = "" },
		"user": func(s *SaidLog) { s.User = "${HOME}" }, "no key": func(s *SaidLog) { s.Key = "" },
	} {
		s := secured()
		change(&s)
		if err := d.TakeLog(s); err == nil || d.Log.List() != "k1:9093, k2:9093" {
			t.Errorf("%s: taken", what)
		}
	}
}
