package capture

import (
	"context"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"floe/capture/load"
	"floe/pkg/broker"
	"floe/pkg/status"
	"floe/schemas"
)

// askers takes up what appliers ask for in their reports (A4): the load reads those keys again. An
// applier asks until the key came, so one ask is taken up once in an epoch, and again by the next epoch,
// which knows of no chunk that the last one did not place.
func (s *session) askers(ctx context.Context) error {
	taken := map[string]int64{}
	for {
		err := s.takeAsks(ctx, taken)
		if ctx.Err() != nil {
			return nil
		}
		s.Log.Warn("what appliers ask for is not read", "err", err)
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
			return nil
		}
	}
}

// takeAsks takes up asks until reading fails.
func (s *session) takeAsks(ctx context.Context, taken map[string]int64) error {
	client, err := s.reports(ctx)
	if err != nil {
		return err
	}
	defer client.Close()
	for {
		f := client.PollFetches(ctx)
		if err := f.Err(); err != nil {
			return fmt.Errorf("read %s: %w", broker.Status(s.Prefix), err)
		}
		for it := f.RecordIter(); !it.Done(); {
			r := it.Next()
			report, err := schemas.DecodeStatus(r.Value)
			if err != nil {
				return fmt.Errorf("%s offset %d: %w", r.Topic, r.Offset, err)
			}
			s.pressed.hears(string(r.Key), report, time.Now())
			for _, a := range report.Asked {
				id := fmt.Sprintf("%s %d %q", r.Key, a.Table, a.Key)
				if at, ok := taken[id]; !ok || at < a.At {
					taken[id] = a.At
					s.ask(a)
				}
			}
		}
	}
}

// reports reads the status topic from where it is kept.
func (s *session) reports(ctx context.Context) (*kgo.Client, error) {
	topic := broker.Status(s.Prefix)
	starts, err := kadm.NewClient(s.client).ListStartOffsets(ctx, topic)
	if err != nil {
		return nil, fmt.Errorf("look up where %s begins: %w", topic, err)
	}
	start, _ := starts.Lookup(topic, 0)
	if start.Err != nil {
		return nil, fmt.Errorf("look up where %s begins: %w", topic, start.Err)
	}
	at := map[string]map[int32]kgo.Offset{topic: {0: kgo.NewOffset().At(start.Offset)}}
	return kgo.NewClient(append(s.Kafka[:len(s.Kafka):len(s.Kafka)], kgo.ConsumePartitions(at))...)
}

// ask has the load read a key again. It may be called beside the stream: a load that begins anew waits
// until whatever was placed by then is visible (H1).
func (s *session) ask(a status.Asked) {
	key := make([][]byte, len(a.Key))
	for i, k := range a.Key {
		key[i] = []byte(k)
	}
	known := false
	s.update(func(st load.States) {
		if known = st.Ask(a.Table, key); known {
			s.loading.Store(true)
		}
	})
	if !known {
		return
	}
	s.Log.Warn("a row is missing on the target and is read again", "table", a.Table)
	select {
	case s.opened <- struct{}{}:
	default:
	}
}
