// Package broker knows Kafka: how clients are set up, which topics a job has, and the broker that is
// embedded in `floe dev` for trials.
package broker

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"

	"floe/pkg/halt"
)

// Ledger, Objects, Status, State and Commands name a job's own topics. No table's topic can be one of them: schema floe
// is never replicated.
func Ledger(prefix string) string  { return prefix + ".floe.ledger" }
func Objects(prefix string) string { return prefix + ".floe.objects" }
func Status(prefix string) string  { return prefix + ".floe.status" }
func State(prefix string) string   { return prefix + ".floe.state" }

// Commands is the topic of an operator's commands.
func Commands(prefix string) string { return prefix + ".floe.control" }

// Answers is the topic of what services answer to questions, made when somebody asks one (package inquiry).
func Answers(prefix string) string { return prefix + ".floe.answers" }

// LogCapKey is the broker configuration in which the embedded broker says how many bytes of log it is
// to hold; no other broker has it.
const LogCapKey = "floe.log.cap.bytes"

// Topic is one to be made.
type Topic struct {
	Name        string
	Partitions  int32
	Replication int
	// Rows: a topic of rows, which the broker's defaults may expire; the job's own never do.
	Rows bool
	// Kept is how long a topic of rows keeps them, 0 by those defaults.
	Kept time.Duration
}

// Control are the job's own topics.
func Control(prefix string, replication int) []Topic {
	var out []Topic
	for _, name := range []string{Ledger(prefix), Objects(prefix), Status(prefix), State(prefix), Commands(prefix)} {
		out = append(out, Topic{Name: name, Partitions: 1, Replication: replication})
	}
	return out
}

// Talk are those of them by which a job is seen and commanded, all that there is before it begins.
func Talk(prefix string, replication int) []Topic {
	return []Topic{{Name: Status(prefix), Partitions: 1, Replication: replication}, {Name: Commands(prefix), Partitions: 1, Replication: replication}}
}

// EnsureTopics makes the topics that do not exist and returns the ids of all. It never changes one that
// exists; a number of partitions other than asked for is a halt: what stands in a second one has no place in
// the order.
func EnsureTopics(ctx context.Context, adm *kadm.Client, topics []Topic) (map[string]kadm.TopicID, error) {
	names := make([]string, len(topics))
	for i, t := range topics {
		names[i] = t.Name
	}
	if len(names) == 0 {
		return nil, nil
	}
	have, err := adm.ListTopics(ctx, names...)
	if err != nil {
		return nil, fmt.Errorf("list topics: %w", err)
	}
	ids := make(map[string]kadm.TopicID, len(topics))
	for _, t := range topics {
		if d, ok := have[t.Name]; ok && d.Err == nil {
			if int32(len(d.Partitions)) != t.Partitions {
				return nil, Repartitioned(t.Name, len(d.Partitions), t.Partitions)
			}
			ids[t.Name] = d.ID
			continue
		}
		if ids[t.Name], err = create(ctx, adm, t); err != nil {
			return nil, err
		}
	}
	return ids, nil
}

// Repartitioned is the halt of a topic that has other partitions than it was made with.
func Repartitioned(topic string, has int, made int32) error {
	return halt.New(halt.TopicReset, halt.Reset, "topic %s has %d partitions, floe makes it with %d: somebody added some, which Kafka cannot take back", topic, has, made)
}

// create makes one topic and returns its id.
func create(ctx context.Context, adm *kadm.Client, t Topic) (kadm.TopicID, error) {
	var config map[string]*string
	if !t.Rows {
		forever := "-1"
		config = map[string]*string{"retention.ms": &forever, "retention.bytes": &forever}
	}
	if t.Rows && t.Kept > 0 {
		kept := strconv.FormatInt(t.Kept.Milliseconds(), 10)
		config = map[string]*string{"retention.ms": &kept}
	}
	if strings.HasSuffix(t.Name, ".floe.status") { // who looks wants to know how it is, and yesterday's reports are many
		day, segment := "86400000", "3600000"
		config["retention.ms"], config["segment.ms"] = &day, &segment
	}
	replication := int16(t.Replication)
	if replication == 0 {
		replication = -1
	}
	r, err := adm.CreateTopic(ctx, t.Partitions, replication, config, t.Name)
	switch {
	case errors.Is(err, kerr.TopicAlreadyExists), err == nil && r.ID == kadm.TopicID{}: // brokers before 2.8 say no id
		return idOf(ctx, adm, t.Name)
	case err != nil:
		return kadm.TopicID{}, fmt.Errorf("create topic %s: %w", t.Name, errors.Join(err, messageOf(r)))
	}
	return r.ID, nil
}

func messageOf(r kadm.CreateTopicResponse) error {
	if r.ErrMessage == "" {
		return nil
	}
	return errors.New(r.ErrMessage)
}

// idOf waits until the cluster shows the topic: one that was just made may not be known everywhere.
func idOf(ctx context.Context, adm *kadm.Client, name string) (kadm.TopicID, error) {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		have, err := adm.ListTopics(ctx, name)
		if err != nil {
			return kadm.TopicID{}, fmt.Errorf("list topics: %w", err)
		}
		if d, ok := have[name]; ok && d.Err == nil && len(d.Partitions) > 0 {
			return d.ID, nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return kadm.TopicID{}, ctx.Err()
		}
	}
}
