package ending

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"floe/pkg/broker"
)

// UnreachableError is a log that does not answer.
type UnreachableError struct{ Err error }

func (e *UnreachableError) Error() string { return e.Err.Error() }
func (e *UnreachableError) Unwrap() error { return e.Err }

// Topics are a job's, the ledger last.
func Topics(ctx context.Context, client *kgo.Client, prefix string) (names []string, err error) {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	topics, err := kadm.NewClient(client).ListTopics(ctx)
	if err != nil {
		return nil, &UnreachableError{fmt.Errorf("list the topics of the log: %w", err)}
	}
	for _, name := range topics.Names() {
		if name != broker.Ledger(prefix) && Owns(prefix, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	if topics.Has(broker.Ledger(prefix)) {
		names = append(names, broker.Ledger(prefix))
	}
	return names, nil
}

var (
	own = []string{"ledger", "objects", "status", "state", "control", "answers"}
	// long is the end of a name that was cut to Kafka's limit (package ident).
	long = regexp.MustCompile(`^[A-Za-z0-9_.]+-[0-9a-f]{32}$`)
)

// Owns reports whether a topic is a job's: floe's own, or <prefix>.<schema>.<table>. Escaped names hold
// no dots, so topics of a longer prefix do not fit.
func Owns(prefix, topic string) bool {
	rest, ok := strings.CutPrefix(topic, prefix+".")
	if !ok {
		return false
	}
	schema, table, ok := strings.Cut(rest, ".")
	if schema == "floe" {
		return slices.Contains(own, table)
	}
	if len(topic) == 249 && long.MatchString(rest) {
		return strings.Count(rest, ".") <= 1
	}
	return ok && schema != "" && table != "" && !strings.ContainsAny(rest[len(schema)+1:], ".-") && !strings.Contains(schema, "-")
}

// DropTopics deletes a job's topics, the last ones one by one behind all others.
func DropTopics(ctx context.Context, client *kgo.Client, names []string, last ...string) error {
	rest := slices.DeleteFunc(slices.Clone(names), func(n string) bool { return slices.Contains(last, n) })
	if err := deleteTopics(ctx, client, rest); err != nil {
		return err
	}
	for _, n := range last {
		if !slices.Contains(names, n) {
			continue
		}
		if err := deleteTopics(ctx, client, []string{n}); err != nil {
			return err
		}
	}
	return nil
}

// deleteTopics deletes them and waits until the cluster no longer shows them: a capture would take one
// that still seems to be there for its own.
func deleteTopics(ctx context.Context, client *kgo.Client, names []string) error {
	if len(names) == 0 {
		return nil
	}
	adm := kadm.NewClient(client)
	was, err := adm.ListTopics(ctx, names...)
	if err != nil {
		return &UnreachableError{fmt.Errorf("list the topics of the log: %w", err)}
	}
	answers, err := adm.DeleteTopics(ctx, names...)
	if err != nil {
		return &UnreachableError{fmt.Errorf("delete topics: %w", err)}
	}
	for _, a := range answers.Sorted() {
		if a.Err != nil && !errors.Is(a.Err, kerr.UnknownTopicOrPartition) {
			return fmt.Errorf("delete topic %s: %w", a.Topic, a.Err)
		}
	}
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		now, err := adm.ListTopics(ctx, names...)
		if err != nil {
			return &UnreachableError{fmt.Errorf("list the topics of the log: %w", err)}
		}
		if !slices.ContainsFunc(names, func(n string) bool { return now.Has(n) && now[n].ID == was[n].ID }) {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
