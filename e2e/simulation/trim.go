package simulation

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/twmb/franz-go/pkg/kadm"

	"floe/capture/trim"
	names "floe/pkg/broker"
)

// trimmer is the trimming that a capture does beside its stream, in rounds.
type trimmer struct {
	positions *trim.Positions
	entries   *trim.Entries
}

// trimmed deletes what every applier has flushed. What goes wrong is tried again, with what the log then holds.
func (c *capture) trimmed(ctx context.Context) error {
	err := c.trimRound(ctx)
	if err != nil && !errors.Is(err, errKilled) {
		c.trim, err = nil, nil
	}
	return err
}

func (c *capture) trimRound(ctx context.Context) (err error) {
	log := newReader(c.task, c.w.broker)
	log.turns = 50 // the stream does not wait for it: in a capture it is beside it
	if c.trim == nil {
		c.trim = &trimmer{}
		if c.trim.positions, err = trim.OpenPositions(ctx, log, names.Status(prefix)); err != nil {
			return err
		}
	}
	t := c.trim
	if err := t.positions.Read(ctx); err != nil {
		return err
	}
	applied, _ := t.positions.Least()
	if applied < 0 {
		return nil
	}
	if t.entries == nil {
		if t.entries, err = trim.OpenEntries(ctx, log, prefix); err != nil {
			return err
		}
	}
	moved, err := t.entries.Pass(ctx, applied, func(int64) bool { return true })
	if err != nil || !moved {
		return err
	}
	var free []kadm.Offset
	t.entries.Free(c.w.rng.IntN(4) > 0).Each(func(o kadm.Offset) { free = append(free, o) })
	slices.SortFunc(free, func(a, b kadm.Offset) int {
		return cmp.Or(cmp.Compare(a.Topic, b.Topic), cmp.Compare(a.Partition, b.Partition))
	})
	for _, o := range free {
		if p := c.w.broker.part(o.Topic, o.Partition); p != nil {
			p.cut(o.At)
			c.w.note("trim", c.w.broker.number(o.Topic), int64(o.Partition), o.At)
		}
	}
	return nil
}
