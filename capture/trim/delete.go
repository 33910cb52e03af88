package trim

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"

	"floe/pkg/failpoint"
)

// delete removes the records before the offsets, but never a partition's last one.
func (t *Trimmer) delete(ctx context.Context, upto kadm.Offsets) error {
	topics := slices.Collect(maps.Keys(upto))
	if len(topics) == 0 {
		return nil
	}
	starts, err := t.adm.ListStartOffsets(ctx, topics...)
	if err != nil {
		return fmt.Errorf("look up where topics begin: %w", err)
	}
	ends, err := t.adm.ListEndOffsets(ctx, topics...)
	if err != nil {
		return fmt.Errorf("look up where topics end: %w", err)
	}
	free := kadm.Offsets{}
	upto.Each(func(o kadm.Offset) {
		start, ok1 := starts.Lookup(o.Topic, o.Partition)
		end, ok2 := ends.Lookup(o.Topic, o.Partition)
		if !ok1 || !ok2 || start.Err != nil || end.Err != nil { // a topic that was deleted has nothing to trim
			return
		}
		if at := min(o.At, end.Offset-1); at > start.Offset {
			free.AddOffset(o.Topic, o.Partition, at, -1)
		}
	})
	if len(free) == 0 {
		return nil
	}
	if err := failpoint.Here("trim.before"); err != nil {
		return err
	}
	answers, err := t.adm.DeleteRecords(ctx, free)
	if err != nil {
		return fmt.Errorf("trim the log: %w", err)
	}
	failed := failpoint.Here("trim.after")
	answers.Each(func(r kadm.DeleteRecordsResponse) {
		switch {
		case r.Err == nil, errors.Is(r.Err, kerr.OffsetOutOfRange), errors.Is(r.Err, kerr.UnknownTopicOrPartition):
		default:
			failed = fmt.Errorf("trim topic %s partition %d: %w", r.Topic, r.Partition, r.Err)
		}
	})
	return failed
}
