// Package control carries an operator's commands to a job: they are records of <job>.floe.control, which
// has one partition and keeps all of them. Whoever needs to know what was asked for reads the topic from
// its beginning and folds it (wanted.go, pure); nothing else remembers it, so nothing can disagree.
package control

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"os/user"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"floe/pkg/broker"
	"floe/pkg/ledger"
	"floe/schemas"
)

// Send appends a command of whoever runs this process and returns, when the log has it, where it stands.
func Send(ctx context.Context, kafka []kgo.Opt, prefix, verb string, args ...string) (int64, error) {
	return SendBy(ctx, kafka, prefix, Sender(), verb, args...)
}

// SendBy appends a command of somebody that this process knows.
func SendBy(ctx context.Context, kafka []kgo.Opt, prefix, by, verb string, args ...string) (int64, error) {
	client, err := kgo.NewClient(append(kafka[:len(kafka):len(kafka)], broker.Producer()...)...)
	if err != nil {
		return 0, fmt.Errorf("send a command: %w", err)
	}
	defer client.Close()
	topic := broker.Topic{Name: broker.Commands(prefix), Partitions: 1}
	if _, err := broker.EnsureTopics(ctx, kadm.NewClient(client), []broker.Topic{topic}); err != nil {
		return 0, fmt.Errorf("send a command: %w", err)
	}
	c := &ledger.Command{ID: rand.Text(), At: time.Now().UnixMicro(), By: by, Verb: verb, Args: args}
	r := &kgo.Record{Topic: topic.Name, Value: schemas.EncodeCommand(c)}
	if err := client.ProduceSync(ctx, r).FirstErr(); err != nil {
		return 0, fmt.Errorf("send a command: %w", err)
	}
	return r.Offset, nil
}

// Sender is who runs this process, as user@host.
func Sender() string {
	host, _ := os.Hostname()
	if u, err := user.Current(); err == nil {
		return u.Username + "@" + host
	}
	return "?@" + host
}
