package control

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"floe/pkg/broker"
	"floe/pkg/event"
	"floe/pkg/ledger"
	"floe/schemas"
)

// Place is where in a job's log something is to begin: a ledger offset, an LSN of the source, or a time on
// the source's clock.
type Place struct {
	offset int64 // -1 if it is one of the others
	lsn    event.LSN
	at     time.Time
}

// ParsePlace reads one.
func ParsePlace(text string) (p Place, err error) {
	if p.offset, err = strconv.ParseInt(text, 10, 64); err == nil && p.offset >= 0 {
		return p, nil
	}
	p.offset = -1
	if p.lsn, err = event.ParseLSN(text); err == nil && p.lsn != 0 {
		return p, nil
	}
	for _, form := range []string{time.RFC3339, "2006-01-02 15:04:05Z07:00"} {
		if p.at, err = time.Parse(form, text); err == nil {
			return p, nil
		}
	}
	return p, fmt.Errorf("%q: want a ledger offset like 123, an LSN like 0/16B3748, or a time with its zone like 2026-11-30T02:00:00Z", text)
}

// Offset finds the first ledger entry at or behind the place. One that the ledger does not reach back to, or
// that is behind its end, is a ConflictError.
func (p Place) Offset(ctx context.Context, kafka []kgo.Opt, prefix string) (int64, error) {
	topic := broker.Ledger(prefix)
	client, err := kgo.NewClient(kafka...)
	if err != nil {
		return 0, err
	}
	defer client.Close()
	adm := kadm.NewClient(client)
	starts, err := adm.ListStartOffsets(ctx, topic)
	ends, err2 := adm.ListEndOffsets(ctx, topic)
	if err := errors.Join(err, err2); err != nil {
		return 0, err
	}
	first, _ := starts.Lookup(topic, 0)
	end, _ := ends.Lookup(topic, 0)
	if p.offset >= 0 {
		if p.offset < first.Offset {
			return 0, p.gone(first.Offset, "")
		}
		return p.offset, nil
	}
	client.AddConsumePartitions(map[string]map[int32]kgo.Offset{topic: {0: kgo.NewOffset().At(first.Offset)}})
	for known, next := false, first.Offset; next < end.Offset; {
		f := client.PollFetches(ctx)
		if err := errors.Join(ctx.Err(), f.Err()); err != nil {
			return 0, err
		}
		for it := f.RecordIter(); !it.Done(); {
			r := it.Next()
			next = r.Offset + 1
			e, err := schemas.DecodeEntry(r.Value)
			if err != nil {
				return 0, fmt.Errorf("ledger offset %d: %w", r.Offset, err)
			}
			lsn, at := reaches(e)
			switch {
			case lsn == 0 || p.lsn == 0 && at == 0:
			case p.before(lsn, at) && !known:
				return 0, p.gone(first.Offset, fmt.Sprintf(", at %s of the source", lsn))
			case p.before(lsn, at):
				return r.Offset, nil
			default:
				known = true
			}
		}
	}
	return 0, &ConflictError{fmt.Sprintf("nothing in the ledger is behind %s", p), "begin earlier"}
}

func (p Place) gone(first int64, at string) error {
	return &ConflictError{fmt.Sprintf("log-gap: the ledger does not reach back to %s: it begins at offset %d%s", p, first, at), "begin later, or read the table from the source with floe resync"}
}

// reaches is what of the source is placed by an entry: up to where, and when that was.
func reaches(e *ledger.Entry) (event.LSN, int64) {
	switch {
	case e.Commit != nil:
		return e.Commit.Last, e.Commit.Time
	case e.Mark != nil:
		return e.Mark.End, e.Mark.Time
	}
	return 0, 0
}

// before reports whether the place is not behind what an entry reaches.
func (p Place) before(lsn event.LSN, at int64) bool {
	if p.lsn != 0 {
		return lsn >= p.lsn
	}
	return at >= p.at.UnixMicro()
}

func (p Place) String() string {
	switch {
	case p.offset >= 0:
		return fmt.Sprintf("offset %d", p.offset)
	case p.lsn != 0:
		return p.lsn.String()
	}
	return p.at.Format(time.RFC3339)
}
