package precheck

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"floe/pkg/broker"
)

func (r *run) broker(ctx context.Context) {
	if r.Embedded {
		r.begin()
		r.note("B-EMBEDDED", "for production name a Kafka in kafka.brokers", "the log is the broker within floe dev, which is for trials, demos and tests")
	}
	if r.Kafka == nil {
		return
	}
	r.begin()
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	client, err := kgo.NewClient(r.Kafka...)
	if err == nil {
		defer client.Close()
		err = client.Ping(ctx)
	}
	if err != nil {
		r.add(Check{Code: "B-CONN", Severity: Fail, Text: "Kafka at " + r.Place + " does not answer", Cause: err.Error(),
			Fix: "check kafka.brokers, TLS and SASL, and that the brokers' advertised names can be reached from here"})
		for _, c := range []string{"B-TOPIC-PRIV", "B-MAX-MESSAGE", "B-RETENTION", "B-DURABILITY"} {
			r.skip(c, "B-CONN")
		}
		return
	}
	r.ok("B-CONN", "connect to Kafka at %s", r.Place)
	k := &log{run: r, adm: kadm.NewClient(client), topics: broker.Control(r.Job.Prefix(), r.replication())}
	k.rights(ctx)
	k.config(ctx)
}

func (r *run) replication() int {
	if r.Job.Kafka == nil {
		return 0
	}
	return r.Job.Kafka.Replication
}

// log checks the job's log.
type log struct {
	*run
	adm    *kadm.Client
	topics []broker.Topic
}

// rights asks the broker whether it would make the job's topics; topics that are there must be writable,
// which nothing but writing shows.
func (l *log) rights(ctx context.Context) {
	var names []string
	for _, t := range l.topics {
		names = append(names, t.Name)
	}
	factor := int16(-1)
	if n := l.replication(); n > 0 {
		factor = int16(n)
	}
	probe := l.Job.Prefix() + ".floe.precheck"
	made, err := l.adm.ValidateCreateTopics(ctx, 1, factor, nil, probe)
	if err == nil {
		err = made[probe].Err
	}
	if err == nil {
		_, err = l.adm.ListTopics(ctx, names...)
	}
	if err != nil {
		l.add(Check{Code: "B-TOPIC-PRIV", Severity: Fail, Object: probe, Text: fmt.Sprintf("Kafka would not make topics %s.*", l.Job.Prefix()), Cause: err.Error(),
			Fix: fmt.Sprintf("allow CREATE, DESCRIBE, DESCRIBE_CONFIGS, READ, WRITE and DELETE on topics with the prefix %s. (kafka-acls --add --resource-pattern-type prefixed --topic %s. …); if the cause is the replication factor, lower kafka.replication",
				l.Job.Prefix(), l.Job.Prefix())})
		return
	}
	l.ok("B-TOPIC-PRIV", "topics %s.* may be made", l.Job.Prefix())
}

// config reads one broker's settings, which are the topics' defaults, and those of topics that are there.
func (l *log) config(ctx context.Context) {
	brokers, err := l.adm.ListBrokers(ctx)
	if err != nil || len(brokers) == 0 {
		l.unread("B-MAX-MESSAGE", fmt.Errorf("list brokers: %w", err))
		return
	}
	all, err := l.adm.DescribeBrokerConfigs(ctx, brokers[0].NodeID)
	if err != nil || len(all) == 0 || all[0].Err != nil {
		if err == nil && len(all) > 0 {
			err = all[0].Err
		}
		l.add(Check{Code: "B-MAX-MESSAGE", Severity: Warn, Text: "the broker's settings cannot be read", Cause: fmt.Sprint(err), Fix: "allow DESCRIBE_CONFIGS on the cluster, or check message.max.bytes, log.retention.* and min.insync.replicas by hand"})
		return
	}
	set := map[string]string{}
	for _, c := range all[0].Configs {
		set[c.Key] = c.MaybeValue()
	}
	l.maxMessage(set)
	l.retention(ctx, set)
	l.durability(len(brokers), set)
}

// floeBatch is the largest batch that floe sends.
const floeBatch = 1_000_000

func (l *log) maxMessage(set map[string]string) {
	n, err := strconv.ParseInt(set["message.max.bytes"], 10, 64)
	switch {
	case err == nil && n < floeBatch:
		l.warn("B-MAX-MESSAGE", fmt.Sprintf("set message.max.bytes to at least %d on the brokers", floeBatch+50_000), "message.max.bytes is %d: batches of %d bytes are refused, and capture stops", n, floeBatch)
	default:
		l.ok("B-MAX-MESSAGE", "message.max.bytes is %s; larger rows are sent in parts", orDefault(set["message.max.bytes"]))
	}
}

// shortest is the retention below which an applier that is away for a night loses its place.
const shortest = 24 * time.Hour

// retention of rows: those of the job's own topics floe sets itself when it makes them.
func (l *log) retention(ctx context.Context, set map[string]string) {
	var wrong []string
	var names []string
	for _, t := range l.topics {
		if t.Name != broker.Status(l.Job.Prefix()) { // which floe itself lets expire
			names = append(names, t.Name)
		}
	}
	if own, err := l.adm.DescribeTopicConfigs(ctx, names...); err == nil {
		for _, t := range own {
			for _, c := range t.Configs {
				v := c.MaybeValue()
				if (c.Key == "retention.ms" || c.Key == "retention.bytes") && v != "" && v != "-1" {
					wrong = append(wrong, fmt.Sprintf("kafka-configs --alter --topic %s --add-config %s=-1", t.Name, c.Key))
				}
				if c.Key == "cleanup.policy" && strings.Contains(v, "compact") {
					wrong = append(wrong, fmt.Sprintf("kafka-configs --alter --topic %s --add-config cleanup.policy=delete", t.Name))
				}
			}
		}
	}
	ms, err := strconv.ParseInt(set["log.retention.ms"], 10, 64)
	if hours, e := strconv.ParseInt(set["log.retention.hours"], 10, 64); err != nil && e == nil {
		ms, err = hours*3_600_000, nil
	}
	kept := time.Duration(ms) * time.Millisecond
	raise := "raise log.retention.ms on the brokers"
	if k := l.Job.Kafka; k != nil && k.RowsKept > 0 {
		kept, ms, err, raise = k.RowsKept, k.RowsKept.Milliseconds(), nil, "raise kafka.retention.rows in the job file"
	}
	switch {
	case len(wrong) > 0:
		l.warn("B-RETENTION", strings.Join(wrong, "; "), "topics of the job itself expire or are compacted: an applier that is away loses its place")
	case err == nil && ms >= 0 && kept < shortest:
		l.warn("B-RETENTION", raise, "rows are kept for %s: an applier that is away for longer loses its place", kept)
	case err == nil && ms >= 0:
		l.ok("B-RETENTION", "rows are kept for %s", kept)
	default:
		l.ok("B-RETENTION", "rows are kept without limit of time")
	}
}

func (l *log) durability(brokers int, set map[string]string) {
	factor := l.replication()
	if factor == 0 {
		factor, _ = strconv.Atoi(set["default.replication.factor"])
	}
	insync, _ := strconv.Atoi(set["min.insync.replicas"])
	switch {
	case set["unclean.leader.election.enable"] == "true":
		l.warn("B-DURABILITY", "set unclean.leader.election.enable=false on the brokers", "unclean leader elections are allowed: acknowledged records can be lost; floe then stops")
	case brokers > 1 && factor < 2:
		l.warn("B-DURABILITY", "set kafka.replication: 3 in the job file", "topics get one replica although there are %d brokers: a lost disk is a lost log", brokers)
	case brokers > 1 && insync < 2:
		l.warn("B-DURABILITY", "set min.insync.replicas=2 on the brokers", "min.insync.replicas is %d: a record can be acknowledged that one broker alone has", insync)
	case brokers == 1:
		l.note("B-DURABILITY", "for production use at least three", "the log is on one broker: its disk is the only copy")
	default:
		l.ok("B-DURABILITY", "%d replicas, %d of them acknowledge", factor, insync)
	}
}

func orDefault(s string) string {
	if s == "" {
		return "the default"
	}
	return s
}

func (r *run) registry(ctx context.Context) {
	if r.Registry == nil {
		return
	}
	r.begin()
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if err := r.Registry(ctx); err != nil {
		r.add(Check{Code: "R-CONN", Severity: Warn, Text: "the schema registry does not answer", Cause: err.Error(), Fix: "check registry.url and its user; capture waits for it before it writes rows"})
		return
	}
	r.ok("R-CONN", "the schema registry answers")
}
