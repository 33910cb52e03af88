package control

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"floe/pkg/broker"
)

// Ready is the state of a job that waits for its first start. No command leads to it: that a job never
// began is what its ledger says (Begun).
const Ready Run = "READY"

// Begun reports whether a job has begun: its ledger has entries. It is asked and not remembered, so one that
// an older floe runs, or that `floe dev` began, has begun too.
func Begun(ctx context.Context, kafka []kgo.Opt, prefix string) (bool, error) {
	client, err := kgo.NewClient(kafka...)
	if err != nil {
		return false, fmt.Errorf("look whether the job has begun: %w", err)
	}
	defer client.Close()
	end, err := endOf(ctx, client, broker.Ledger(prefix))
	return end > 0, err
}

// endOf is where a topic of one partition goes on, 0 if it is not there.
func endOf(ctx context.Context, client *kgo.Client, topic string) (int64, error) {
	ends, err := kadm.NewClient(client).ListEndOffsets(ctx, topic)
	if err != nil {
		return 0, fmt.Errorf("look where %s ends: %w", topic, err)
	}
	end, ok := ends.Lookup(topic, 0)
	if !ok || errors.Is(end.Err, kerr.UnknownTopicOrPartition) {
		return 0, nil
	}
	if end.Err != nil {
		return 0, fmt.Errorf("look where %s ends: %w", topic, end.Err)
	}
	return end.Offset, nil
}

// lookEvery is how often a job that is ready is looked at.
const lookEvery = 500 * time.Millisecond

// Partner says what the job still needs of the other side's service before it begins, empty for nothing.
type Partner func(context.Context) (lacks string, err error)

// AwaitStart returns when the job may begin: start was sent and the other side's prechecks have passed, it has
// begun by itself, or, with a Run that says so, when it is to rest. Meanwhile say is called every so often, with
// what a job that was started lacks. Topics are asked for by name, not followed: those of a job that is reset
// meanwhile are others.
func (s *Sent) AwaitStart(ctx context.Context, every time.Duration, partner Partner, say func(w Wanted, lacks string)) error {
	if s.Run != Running {
		return nil
	}
	client, err := kgo.NewClient(s.kafka...)
	if err != nil {
		return fmt.Errorf("wait for the start: %w", err)
	}
	defer client.Close()
	tick := time.NewTicker(every)
	defer tick.Stop()
	var looked time.Time
	lacks := ""
	for {
		if time.Since(looked) >= lookEvery {
			looked = time.Now()
			may, err := s.may(ctx, client)
			if err == nil && s.Started && !may {
				lacks, err = partner(ctx)
				may = lacks == ""
			}
			if may || err != nil {
				return err
			}
		}
		w := s.Wanted
		w.Run = Ready
		say(w, lacks)
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// may looks once whether the job has begun, or is to rest, and takes up what was commanded.
func (s *Sent) may(ctx context.Context, client *kgo.Client) (bool, error) {
	ledger, err := endOf(ctx, client, broker.Ledger(s.prefix))
	if err != nil {
		return false, err
	}
	end, err := endOf(ctx, client, s.topic)
	if err != nil {
		return false, err
	}
	if end != s.next {
		again, err := Read(ctx, s.kafka, s.prefix)
		if err != nil {
			return false, err
		}
		*s = *again
	}
	return ledger > 0 || s.Run != Running, nil
}
