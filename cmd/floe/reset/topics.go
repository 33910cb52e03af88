package reset

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"

	"floe/pkg/broker"
)

// lookAtLog finds the job's topics, the ledger last.
func (r *Reset) lookAtLog(ctx context.Context) error {
	if r.client == nil {
		if log := filepath.Join(r.config.BrokerDir, "log"); exists(log) {
			r.Plan.BrokerLog = log
		}
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	topics, err := kadm.NewClient(r.client).ListTopics(ctx)
	if err != nil {
		return &UnreachableError{fmt.Errorf("list the topics of the log: %w", err)}
	}
	prefix := r.config.Job.Prefix()
	for _, name := range topics.Names() {
		if name != broker.Ledger(prefix) && Owns(prefix, name) {
			r.Plan.Topics = append(r.Plan.Topics, name)
		}
	}
	slices.Sort(r.Plan.Topics)
	if topics.Has(broker.Ledger(prefix)) {
		r.Plan.Topics = append(r.Plan.Topics, broker.Ledger(prefix))
	}
	return nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

var (
	own = []string{"ledger", "objects", "status", "state", "control"}
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

// dropTopics deletes the topics, the ledger last and alone: while it is there a capture that is started
// finds its slot gone and stops.
func (r *Reset) dropTopics(ctx context.Context) error {
	ledger := broker.Ledger(r.config.Job.Prefix())
	var rows, last []string
	for _, name := range r.Plan.Topics {
		if name == ledger {
			last = append(last, name)
		} else {
			rows = append(rows, name)
		}
	}
	for _, names := range [][]string{rows, last} {
		if err := r.deleteTopics(ctx, names); err != nil {
			return err
		}
	}
	return nil
}

// deleteTopics deletes them and waits until the cluster no longer shows them: a capture would take one
// that still seems to be there for its own.
func (r *Reset) deleteTopics(ctx context.Context, names []string) error {
	if len(names) == 0 {
		return nil
	}
	adm := kadm.NewClient(r.client)
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
