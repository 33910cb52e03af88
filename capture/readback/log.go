package readback

import (
	"context"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"floe/pkg/halt"
)

// Log is what is read: Kafka, or the memory of a simulation. It is used by one goroutine.
type Log interface {
	// Bounds are the offsets of a partition's first record and behind its last. A topic that is gone is a halt.
	Bounds(ctx context.Context, topic string, partition int32) (start, end int64, err error)
	// Ends are where partitions end, by topic; one that is gone is not among them.
	Ends(ctx context.Context, topics []string) (map[string]map[int32]int64, error)
	// Read waits for records at or behind from and returns some, in order. That the offset is gone is a halt.
	Read(ctx context.Context, topic string, partition int32, from int64) ([]*kgo.Record, error)
	Close()
}

// Kafka is the Log of a broker. It follows one partition at a time; to go back, or to another one, costs
// a new connection.
type Kafka struct {
	opts      []kgo.Opt
	client    *kgo.Client
	topic     string // followed; none at first
	partition int32
	next      int64
}

// Dial returns a Log that connects when it is asked something.
func Dial(opts []kgo.Opt) *Kafka { return &Kafka{opts: opts} }

// Close ends its connections.
func (k *Kafka) Close() {
	if k.client != nil {
		k.client.Close()
		k.client, k.topic = nil, ""
	}
}

func (k *Kafka) connect() (err error) {
	if k.client == nil {
		k.client, err = kgo.NewClient(append(k.opts[:len(k.opts):len(k.opts)], kgo.ConsumeResetOffset(kgo.NoResetOffset()))...)
	}
	return err
}

// Bounds is of Log.
func (k *Kafka) Bounds(ctx context.Context, topic string, partition int32) (start, end int64, err error) {
	if err := k.connect(); err != nil {
		return 0, 0, fmt.Errorf("look up the bounds of %s: %w", topic, err)
	}
	adm := kadm.NewClient(k.client)
	starts, err := adm.ListStartOffsets(ctx, topic)
	if err != nil {
		return 0, 0, fmt.Errorf("look up where %s begins: %w", topic, err)
	}
	ends, err := adm.ListEndOffsets(ctx, topic)
	if err != nil {
		return 0, 0, fmt.Errorf("look up where %s ends: %w", topic, err)
	}
	first, ok := starts.Lookup(topic, partition)
	last, ok2 := ends.Lookup(topic, partition)
	switch err := errors.Join(first.Err, last.Err); {
	case !ok || !ok2 || errors.Is(err, kerr.UnknownTopicOrPartition):
		return 0, 0, halt.New(halt.TopicReset, halt.Reset, "topic %s partition %d is gone", topic, partition)
	case err != nil:
		return 0, 0, fmt.Errorf("look up the bounds of %s: %w", topic, err)
	}
	return first.Offset, last.Offset, nil
}

// Ends is of Log.
func (k *Kafka) Ends(ctx context.Context, topics []string) (map[string]map[int32]int64, error) {
	if err := k.connect(); err != nil {
		return nil, fmt.Errorf("look up the ends of topics: %w", err)
	}
	ends, err := kadm.NewClient(k.client).ListEndOffsets(ctx, topics...)
	if err != nil {
		return nil, fmt.Errorf("look up the ends of topics: %w", err)
	}
	out := map[string]map[int32]int64{}
	ends.Each(func(o kadm.ListedOffset) {
		switch {
		case errors.Is(o.Err, kerr.UnknownTopicOrPartition):
		case o.Err != nil:
			err = fmt.Errorf("look up the end of topic %s: %w", o.Topic, o.Err)
		case out[o.Topic] == nil:
			out[o.Topic] = map[int32]int64{o.Partition: o.Offset}
		default:
			out[o.Topic][o.Partition] = o.Offset
		}
	})
	return out, err
}

// Read is of Log.
func (k *Kafka) Read(ctx context.Context, topic string, partition int32, from int64) ([]*kgo.Record, error) {
	if k.topic != "" && (k.topic != topic || k.partition != partition || k.next != from) {
		k.Close()
	}
	if err := k.connect(); err != nil {
		return nil, fmt.Errorf("read %s: %w", topic, err)
	}
	if k.topic == "" {
		k.client.AddConsumePartitions(map[string]map[int32]kgo.Offset{topic: {partition: kgo.NewOffset().At(from)}})
		k.topic, k.partition, k.next = topic, partition, from
	}
	for {
		fetches := k.client.PollFetches(ctx)
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		for _, e := range fetches.Errors() {
			return nil, lost(topic, from, e.Err)
		}
		if records := fetches.Records(); len(records) > 0 {
			k.next = records[len(records)-1].Offset + 1
			return records, nil
		}
	}
}

// lost turns the client's fatal errors into halts: an offset that is gone is never reset to another.
func lost(topic string, at int64, err error) error {
	var gone *kgo.ErrDataLoss
	if errors.As(err, &gone) {
		return &halt.Error{Code: halt.LogGap, Detail: fmt.Sprintf("%s lost its records from offset %d on", topic, at),
			Fix: fixReset, Err: err}
	}
	return fmt.Errorf("read %s at offset %d: %w", topic, at, err)
}
