package cutover

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"floe/applier/assemble"
	"floe/applier/batch"
	"floe/applier/feed"
	"floe/pkg/broker"
	"floe/pkg/event"
	"floe/pkg/ledger"
)

// placed adds to late what the log holds that an applier has not: capture places until it hears that it is to
// rest, an applier rests where it stands, and the slot sends nothing again that was placed. It returns the
// lowest place at which a transaction may be committed that the log does not hold.
func (c *CutOver) placed(ctx context.Context, late *LateError) (event.LSN, error) {
	opts, err := c.job.Kafka.Options()
	if err != nil {
		return 0, err
	}
	places, err := c.places(ctx)
	if err != nil {
		return 0, err
	}
	var end event.LSN
	of := map[string]bool{}
	for _, at := range places {
		r := reading{place: at, prefix: c.job.Prefix(), of: of}
		if err := r.read(ctx, opts); err != nil {
			return 0, fmt.Errorf("look at what the log holds behind applier %s: %w", at.applier, err)
		}
		late.Changes += r.changes
		end = max(end, r.end)
	}
	late.Tables = slices.Sorted(maps.Keys(of))
	return end, nil
}

// place is where an applier stands.
type place struct {
	applier        string
	offset         int64
	epoch          uint32
	n              uint64
	commit, resume event.LSN
}

// reading goes through the ledger behind a place.
type reading struct {
	place
	prefix  string
	log     *assemble.Assembler
	of      map[string]bool // what changes are of
	changes int64
	end     event.LSN
}

func (r *reading) read(ctx context.Context, opts []kgo.Opt) error {
	client, err := kgo.NewClient(opts...)
	if err != nil {
		return err
	}
	defer client.Close()
	topic := broker.Ledger(r.prefix)
	ends, err := kadm.NewClient(client).ListEndOffsets(ctx, topic)
	if err != nil {
		return err
	}
	end, _ := ends.Lookup(topic, 0)
	if end.Err != nil || r.offset < 0 || end.Offset <= r.offset {
		return fmt.Errorf("it stands at ledger offset %d, the ledger ends at %d: %w", r.offset, end.Offset, end.Err)
	}
	records, err := feed.Open(ctx, opts, topic)
	if err != nil {
		return err
	}
	defer records.Close()
	cursor := ledger.Resume(r.epoch, r.n)
	r.log = assemble.New(records, topic, broker.Objects(r.prefix), cursor, r.offset+1)
	r.end = max(r.commit+1, r.resume)
	for at := r.offset; at+1 < end.Offset; {
		var e *ledger.Entry
		if e, at, err = r.log.Read(ctx); err != nil {
			return err
		}
		verdict, err := cursor.Step(at, e)
		if err == nil && verdict == ledger.Valid {
			err = r.take(ctx, e, at)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// take counts what an entry changes on the target. An epoch's beginning repeats what is valid.
func (r *reading) take(ctx context.Context, e *ledger.Entry, at int64) error {
	r.end = max(r.end, e.ResumeAt())
	switch {
	case e.Commit != nil && e.Commit.Last > r.commit:
		r.end = max(r.end, e.Commit.Last+1)
		r.spans(e.Commit.Spans)
	case e.Chunk != nil:
		r.spans(e.Chunk.Spans)
		r.count(1, "a load") // keys of it may be gone
	case e.Loaded != nil:
		r.count(1, "a load")
	case e.Objects != nil && e.N != ledger.BeginObjects:
		full, err := r.log.Resolve(ctx, e, at)
		if err != nil {
			return err
		}
		if batch.Definitions(full) {
			r.count(1, "definitions")
		}
	}
	return nil
}

func (r *reading) spans(spans []ledger.Span) {
	for _, s := range spans {
		r.count(int64(s.Count), strings.TrimPrefix(s.Topic, r.prefix+"."))
	}
}

func (r *reading) count(n int64, of string) {
	r.changes += n
	r.of[of] = true
}
