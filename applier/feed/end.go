package feed

import (
	"context"
	"errors"

	"github.com/twmb/franz-go/pkg/kerr"

	"floe/pkg/halt"
)

const fixReset = halt.Reset

// gone reports errors by which a broker says that an offset or a topic is not there.
func gone(err error) bool {
	return errors.Is(err, kerr.OffsetOutOfRange) || errors.Is(err, kerr.UnknownTopicID) || errors.Is(err, kerr.InconsistentTopicID)
}

// ended halts if the partition cannot have the record at or behind from: the log's ends are asked for
// after the entry that needs it was read, and rows are acknowledged before their entry. The ledger
// itself ends where nothing happens. An unreachable broker is waited for.
func (f *Feed) ended(ctx context.Context, at place, from int64) error {
	ends, err := f.admin.ListEndOffsets(ctx, at.topic)
	if err != nil {
		return nil //nolint:nilerr // asked again a moment later
	}
	end, ok := ends.Lookup(at.topic, at.partition)
	if !ok || errors.Is(end.Err, kerr.UnknownTopicOrPartition) {
		return halt.New(halt.TopicReset, fixReset, "topic %s partition %d is gone", at.topic, at.partition)
	}
	starts, err := f.admin.ListStartOffsets(ctx, at.topic)
	if err != nil {
		return nil //nolint:nilerr
	}
	start, ok := starts.Lookup(at.topic, at.partition)
	if !ok || start.Err != nil || end.Err != nil {
		return nil
	}
	bounds := Bounds{Topic: at.topic, Partition: at.partition, Start: start.Offset, End: end.Offset}
	return bounds.Lacks(from, f.ledger != at.topic && f.drained(at, end.Offset))
}

// drained reports whether all of the partition was fetched and taken.
func (f *Feed) drained(at place, end int64) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	p := f.parts[at]
	return len(p.queue) == 0 && p.next >= end
}

// Bounds are what a partition holds.
type Bounds struct {
	Topic      string
	Partition  int32
	Start, End int64
}

// Lacks halts if the partition cannot have the record at or behind from. drained: it was read to its end and
// the record was not there. Only rows are known to be there; the next ledger entry may be written any time.
func (b Bounds) Lacks(from int64, drained bool) error {
	switch {
	case b.Start > from:
		return halt.New(halt.LogGap, fixReset, "%s partition %d begins at offset %d, behind offset %d that is needed", b.Topic, b.Partition, b.Start, from)
	case b.End < from:
		return halt.New(halt.LogGap, fixReset, "%s partition %d ends at offset %d, before offset %d that is needed", b.Topic, b.Partition, b.End, from)
	case drained:
		return halt.New(halt.LogGap, fixReset, "%s partition %d ends at offset %d without a record that the ledger points at", b.Topic, b.Partition, b.End)
	}
	return nil
}
