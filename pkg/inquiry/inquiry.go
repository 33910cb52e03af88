// Package inquiry lets who has a job's log and no database ask its services what they see of theirs: what
// their prechecks find, and which tables there are.
//
//   - A question is a command of <job>.floe.control: whoever may send one may send any, and it stays for the
//     audit. A service that does not know it, or is not there, does not answer; nothing else comes of it.
//   - Answers stand on <job>.floe.answers, which is made when the first is asked for. They are large, so they
//     are not kept with the commands, and nothing of the job hangs on them: a broker may let them expire.
//   - A service answers of its own database, with its own rights: a question names no address.
package inquiry

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"floe/pkg/broker"
	"floe/pkg/control"
	"floe/pkg/ledger"
	"floe/pkg/status"
	"floe/schemas"
)

// What is asked for.
const (
	Checks = "checks" // the prechecks of the service's own side
	Tables = "tables" // the source's tables, which capture knows
)

// Answer is a part of what a service says.
type Answer struct {
	By       string // the key of its reports
	Instance string // tells two of one key apart: one that waits as a standby hears the question too
	// Done of Of checks have a finding.
	Done, Of int
	Checks   *status.Checks
	Tables   []Table
	// Fault is why there is nothing more.
	Fault string
	End   bool // nothing more comes
}

// Table is one of the source's; Rows is the server's estimate, below 0 if it has none.
type Table struct {
	Schema, Name string
	Rows         int64
}

// MostTables bounds the tables of one part: it has to fit into a record.
const MostTables = 1000

// verbAnswer marks a part of an answer; its id is the question's.
const verbAnswer = "answer"

func topic(prefix string) broker.Topic {
	return broker.Topic{Name: broker.Answers(prefix), Partitions: 1, Rows: true} // it may expire
}

// Ask asks a job's services and hands on what they say, until heard wants no more or ctx ends.
func Ask(ctx context.Context, kafka []kgo.Opt, prefix, by, what string, heard func(Answer) (more bool)) error {
	client, err := kgo.NewClient(kafka...)
	if err != nil {
		return fmt.Errorf("ask the services: %w", err)
	}
	defer client.Close()
	adm, t := kadm.NewClient(client), topic(prefix)
	if _, err := broker.EnsureTopics(ctx, adm, []broker.Topic{t}); err != nil {
		return fmt.Errorf("ask the services: %w", err)
	}
	end, err := endOf(ctx, adm, t.Name)
	if err != nil {
		return fmt.Errorf("ask the services: %w", err)
	}
	client.AddConsumePartitions(map[string]map[int32]kgo.Offset{t.Name: {0: kgo.NewOffset().At(end)}})
	id := rand.Text()
	if _, err := control.SendBy(ctx, kafka, prefix, by, ledger.VerbAsk, id, what); err != nil {
		return err
	}
	for {
		f := client.PollFetches(ctx)
		if err := ctx.Err(); err != nil {
			return err
		}
		for _, e := range f.Errors() {
			return fmt.Errorf("read %s: %w", e.Topic, e.Err)
		}
		for r := range f.RecordsAll() {
			if a, ok := read(r.Value, id); ok && !heard(a) {
				return nil
			}
		}
	}
}

// endOf is where the topic goes on. One that was just made may not be known everywhere.
func endOf(ctx context.Context, adm *kadm.Client, topic string) (int64, error) {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		ends, err := adm.ListEndOffsets(ctx, topic)
		if err == nil {
			err = ends.Error()
		}
		if end, ok := ends.Lookup(topic, 0); err == nil && ok {
			return end.Offset, nil
		}
		if !errors.Is(err, kerr.UnknownTopicOrPartition) {
			return 0, err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
}

// read is the answer to a question; what another asked, and what is none, is no matter.
func read(value []byte, id string) (a Answer, ok bool) {
	c, err := schemas.DecodeCommand(value)
	if err != nil || c.Verb != verbAnswer || c.ID != id || json.Unmarshal([]byte(c.Arg(0)), &a) != nil {
		return a, false
	}
	a.By = c.By
	return a, true
}

// Service answers for one service. Does is called with what was asked for, and may say several parts; the
// end is said when it returns.
type Service struct {
	Kafka       []kgo.Opt
	Prefix, Key string
	Does        func(ctx context.Context, what string, say func(Answer)) error
}

// Bounds of answering.
const (
	answerTime  = time.Minute
	mostPending = 4 // questions that came while one was answered; older ones were given up
)

// Run answers until ctx ends, or the log does not.
func (s *Service) Run(ctx context.Context) error {
	sent, err := control.Read(ctx, s.Kafka, s.Prefix)
	if err != nil {
		return err
	}
	client, err := kgo.NewClient(append(s.Kafka[:len(s.Kafka):len(s.Kafka)], broker.Producer()...)...)
	if err != nil {
		return fmt.Errorf("answer questions: %w", err)
	}
	defer client.Close()
	instance, known := rand.Text(), len(sent.Commands()) // what was asked of those before is over
	return sent.Follow(ctx, func(w control.Wanted) error {
		if w.Run == control.Deleted {
			return nil // whoever still wrote to its log would make it again
		}
		var asked []ledger.Command
		for _, c := range sent.Commands()[known:] {
			if c.Verb == ledger.VerbAsk {
				asked = append(asked, c)
			}
		}
		known = len(sent.Commands())
		for _, c := range asked[max(0, len(asked)-mostPending):] {
			if err := s.answer(ctx, client, instance, c.Arg(0), c.Arg(1)); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *Service) answer(ctx context.Context, client *kgo.Client, instance, id, what string) error {
	if what != Checks && what != Tables {
		return nil // a newer console's
	}
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	t := topic(s.Prefix)
	if _, err := broker.EnsureTopics(ctx, kadm.NewClient(client), []broker.Topic{t}); err != nil {
		return fmt.Errorf("answer questions: %w", err)
	}
	say := func(a Answer) {
		a.Instance = instance
		text, err := json.Marshal(a)
		if err != nil {
			return // it is made of texts and numbers
		}
		c := &ledger.Command{ID: id, At: time.Now().UnixMicro(), By: s.Key, Verb: verbAnswer, Args: []string{string(text)}}
		client.TryProduce(ctx, &kgo.Record{Topic: t.Name, Value: schemas.EncodeCommand(c)}, nil)
	}
	last := Answer{End: true}
	if err := s.Does(ctx, what, say); err != nil {
		last.Fault = err.Error()
	}
	say(last)
	if err := client.Flush(ctx); err != nil {
		return fmt.Errorf("answer questions: %w", err)
	}
	return nil
}
