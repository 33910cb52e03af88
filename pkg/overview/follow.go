package overview

import (
	"context"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"floe/pkg/broker"
	"floe/schemas"
)

// behind is how many records before its end a status topic is read from: enough to meet the last report
// of each service, however many reports a busy one wrote since. Reading it whole would take long.
const behind = 400

// Follower reads a job's reports as they come.
type Follower struct {
	client *kgo.Client
	topic  string
	at     map[int32]int64
	begun  bool
	Now    *Overview
}

// Follow opens the status topic of a log. It connects when it is first read.
func Follow(kafka []kgo.Opt, prefix string) (*Follower, error) {
	// Reports come four times a second at most; asking more often only costs.
	client, err := kgo.NewClient(append(kafka[:len(kafka):len(kafka)], kgo.FetchMaxWait(time.Second))...)
	if err != nil {
		return nil, fmt.Errorf("open the log: %w", err)
	}
	return &Follower{client: client, topic: broker.Status(prefix), Now: New()}, nil
}

// Close ends the client.
func (f *Follower) Close() { f.client.Close() }

// Heard reports whether the log has a topic of reports: a job that never ran has none. It asks once that the
// brokers answer.
func (f *Follower) Heard(ctx context.Context) (bool, error) {
	topics, err := kadm.NewClient(f.client).ListTopics(ctx, f.topic)
	if err != nil {
		return false, fmt.Errorf("look for the job's status in topic %s: %w", f.topic, err)
	}
	return topics.Has(f.topic), nil
}

// Refresh reads until something new was taken; the first time, until all that is there was.
func (f *Follower) Refresh(ctx context.Context) error {
	if !f.begun {
		return f.begin(ctx)
	}
	return f.poll(ctx)
}

// begin waits for the topic and reads its tail up to the end that it has now.
func (f *Follower) begin(ctx context.Context) error {
	adm := kadm.NewClient(f.client)
	end, start, err := f.bounds(ctx, adm)
	if err != nil {
		return err
	}
	from := max(start, end-behind)
	f.client.AddConsumePartitions(map[string]map[int32]kgo.Offset{f.topic: {0: kgo.NewOffset().At(from)}})
	f.at = map[int32]int64{0: from}
	for f.at[0] < end {
		if err := f.poll(ctx); err != nil {
			return err
		}
	}
	f.begun = true
	return nil
}

// bounds asks where the topic begins and ends, until there is one: a new job makes it soon.
func (f *Follower) bounds(ctx context.Context, adm *kadm.Client) (end, start int64, err error) {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	var why error
	for {
		ends, err := adm.ListEndOffsets(ctx, f.topic)
		starts, err2 := adm.ListStartOffsets(ctx, f.topic)
		e, ok1 := ends.Lookup(f.topic, 0)
		s, ok2 := starts.Lookup(f.topic, 0)
		if err == nil && err2 == nil && ok1 && ok2 && e.Err == nil && s.Err == nil {
			return e.Offset, s.Offset, nil
		}
		if broker.Refused(err) { // asking again says the same, until somebody acts
			return 0, 0, fmt.Errorf("look for the job's status in topic %s: %w", f.topic, err)
		}
		if ctx.Err() == nil && err != nil { // what the brokers said last
			why = err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			if why == nil {
				return 0, 0, fmt.Errorf("no status of the job in topic %s: %w", f.topic, ctx.Err())
			}
			return 0, 0, fmt.Errorf("no status of the job in topic %s: %w: %w", f.topic, ctx.Err(), why)
		}
	}
}

func (f *Follower) poll(ctx context.Context) error {
	fetches := f.client.PollFetches(ctx)
	if err := ctx.Err(); err != nil {
		return err
	}
	for _, e := range fetches.Errors() {
		return fmt.Errorf("read %s: %w", e.Topic, e.Err)
	}
	now := time.Now()
	for r := range fetches.RecordsAll() {
		f.at[r.Partition] = r.Offset + 1
		report, err := schemas.DecodeStatus(r.Value)
		if err != nil {
			return fmt.Errorf("%s at offset %d: %w", r.Topic, r.Offset, err)
		}
		at := now
		if written := time.UnixMicro(report.At); !f.begun && written.Before(now) {
			at = written
		}
		f.Now.Take(string(r.Key), report, at)
	}
	return nil
}
