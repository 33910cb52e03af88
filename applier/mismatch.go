package applier

import (
	"context"
	"fmt"
	"strings"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"floe/pkg/broker"
	"floe/pkg/halt"
	"floe/schemas"
)

const fixMismatch = "point the job at the right target; or " + fixReset

// recognise halts if the target is another job's: it knows nothing of this one, although the log says that
// this applier has applied entries which it still holds. A target that no job has filled is only new.
func (s *session) recognise(ctx context.Context) error {
	mine, others, err := s.db.Whose(ctx, s.owner)
	if err != nil || mine || len(others) == 0 {
		return err
	}
	client, err := kgo.NewClient(s.Kafka...)
	if err != nil {
		return fmt.Errorf("connect to Kafka: %w", err)
	}
	defer client.Close()
	applied, err := lastApplied(ctx, s.Kafka, s.Prefix, s.Name)
	if err != nil || applied < 0 {
		return err
	}
	ledger := broker.Ledger(s.Prefix)
	ends, err := kadm.NewClient(client).ListEndOffsets(ctx, ledger)
	if err != nil {
		return fmt.Errorf("look up where %s ends: %w", ledger, err)
	}
	if end, ok := ends.Lookup(ledger, 0); !ok || end.Err != nil || end.Offset <= applied {
		return end.Err // the ledger is another one: that has its own halt
	}
	return halt.New(halt.TargetMismatch, fixMismatch, "applier %s has applied the log up to ledger offset %d, and this is not the target where it did: it knows nothing of the job, but of %s",
		s.Name, applied, strings.Join(others, ", "))
}

// lastApplied is the last ledger offset that an applier reported to be flushed on its target, -1 if it
// never did.
func lastApplied(ctx context.Context, kafka []kgo.Opt, prefix, name string) (int64, error) {
	topic := broker.Status(prefix)
	at := map[string]map[int32]kgo.Offset{topic: {0: kgo.NewOffset().AtStart()}}
	client, err := kgo.NewClient(append(kafka[:len(kafka):len(kafka)], kgo.ConsumePartitions(at))...)
	if err != nil {
		return -1, fmt.Errorf("connect to Kafka: %w", err)
	}
	defer client.Close()
	adm := kadm.NewClient(client)
	ends, err := adm.ListEndOffsets(ctx, topic)
	if err != nil {
		return -1, fmt.Errorf("look up where %s ends: %w", topic, err)
	}
	starts, err := adm.ListStartOffsets(ctx, topic)
	if err != nil {
		return -1, fmt.Errorf("look up where %s begins: %w", topic, err)
	}
	end, _ := ends.Lookup(topic, 0)
	start, _ := starts.Lookup(topic, 0)
	if end.Err != nil || end.Offset <= start.Offset {
		return -1, end.Err
	}
	applied := int64(-1)
	for next := start.Offset; next < end.Offset; {
		f := client.PollFetches(ctx)
		if err := ctx.Err(); err != nil {
			return -1, err
		}
		for _, e := range f.Errors() {
			return -1, fmt.Errorf("read %s: %w", topic, e.Err)
		}
		for r := range f.RecordsAll() {
			next = r.Offset + 1
			if string(r.Key) != "applier/"+name {
				continue
			}
			report, err := schemas.DecodeStatus(r.Value)
			if err != nil {
				return -1, fmt.Errorf("%s at offset %d: %w", topic, r.Offset, err)
			}
			if report.LedgerOffset >= 0 {
				applied = report.LedgerOffset
			}
		}
	}
	return applied, nil
}
