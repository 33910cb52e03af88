package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"floe/pkg/broker"
	"floe/pkg/control"
	"floe/pkg/event"
	"floe/pkg/ident"
	"floe/pkg/ledger"
	"floe/pkg/overview"
	"floe/schemas"
)

func (a *app) replayCommand() *cobra.Command {
	var from string
	var timeout time.Duration
	cmd := &cobra.Command{Use: "replay [TABLE...] --from PLACE", Short: "Write to the target again what the log says that rows became since a place",
		Long: `Write to the target again what the log says that rows became since a place: each row that changed since
then is made what its last change left, in one transaction; rows that did not change are not looked at. The source is
not asked. For a target on which somebody changed rows by hand.

PLACE is a ledger offset (123), an LSN of the source (0/16B3748), or a time on the source's clock
(2026-11-30T02:00:00Z). Without a table all are meant. What the log does not say for sure is refused, with its
reason: tables without a key, a range that holds a load of the table or a change of definitions, and one of which
the log does not hold everything any more. floe resync reads a table from the source instead.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, cancel := context.WithTimeout(cmd.Context(), timeout)
			defer cancel()
			place, err := parseFrom(from)
			if err != nil {
				return exit(codeUsage, err)
			}
			c, err := a.commander(ctx)
			if err != nil {
				return err
			}
			if c.sent.Next == 0 && !c.known(ctx) {
				return c.unknown()
			}
			names, err := c.replicated(ctx, args)
			if err != nil {
				return err
			}
			offset, err := c.offset(ctx, place)
			if err != nil {
				return err
			}
			return c.replay(ctx, names, offset)
		}}
	cmd.Flags().StringVar(&from, "from", "", "ledger offset, LSN or time of the source (RFC 3339)")
	_ = cmd.MarkFlagRequired("from") // it exists
	cmd.Flags().DurationVar(&timeout, "timeout", 5*time.Minute, "how long to wait until the appliers have taken it up (exit 8)")
	return cmd
}

// from is one of three.
type fromPlace struct {
	offset int64
	lsn    event.LSN
	at     time.Time
}

func parseFrom(text string) (p fromPlace, err error) {
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
	return p, fmt.Errorf("--from %q: want a ledger offset like 123, an LSN like 0/16B3748, or a time with its zone like 2026-11-30T02:00:00Z", text)
}

// offset finds the first ledger entry at or behind a place, and refuses one that the ledger does not reach back to.
func (c *commander) offset(ctx context.Context, p fromPlace) (int64, error) {
	topic := broker.Ledger(c.job.Prefix())
	client, err := kgo.NewClient(c.kafka...)
	if err != nil {
		return 0, err
	}
	defer client.Close()
	adm := kadm.NewClient(client)
	starts, err := adm.ListStartOffsets(ctx, topic)
	ends, err2 := adm.ListEndOffsets(ctx, topic)
	if err := errors.Join(err, err2); err != nil {
		return 0, unreachable(err)
	}
	first, _ := starts.Lookup(topic, 0)
	end, _ := ends.Lookup(topic, 0)
	gone := func(what string) error {
		return exit(codeConflict, fmt.Errorf("log-gap: the ledger does not reach back to %s: it begins at offset %d%s; begin later, or read the table from the source with floe resync", p, first.Offset, what))
	}
	if p.offset >= 0 {
		if p.offset < first.Offset {
			return 0, gone("")
		}
		return p.offset, nil
	}
	client.AddConsumePartitions(map[string]map[int32]kgo.Offset{topic: {0: kgo.NewOffset().At(first.Offset)}})
	for known, next := false, first.Offset; next < end.Offset; {
		f := client.PollFetches(ctx)
		if err := errors.Join(ctx.Err(), f.Err()); err != nil {
			return 0, unreachable(err)
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
				return 0, gone(fmt.Sprintf(", at %s of the source", lsn))
			case p.before(lsn, at):
				return r.Offset, nil
			default:
				known = true
			}
		}
	}
	return 0, exit(codeConflict, fmt.Errorf("nothing in the ledger is behind %s", p))
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
func (p fromPlace) before(lsn event.LSN, at int64) bool {
	if p.lsn != 0 {
		return lsn >= p.lsn
	}
	return at >= p.at.UnixMicro()
}

func (p fromPlace) String() string {
	switch {
	case p.offset >= 0:
		return fmt.Sprintf("offset %d", p.offset)
	case p.lsn != 0:
		return p.lsn.String()
	}
	return p.at.Format(time.RFC3339)
}

// replay sends the command, and waits until every applier has said what became of it.
func (c *commander) replay(ctx context.Context, names []ident.Name, from int64) error {
	k := control.Replay{ID: strconv.FormatInt(time.Now().UnixNano(), 36), From: from, Tables: names}
	if _, err := c.send(ctx, ledger.VerbReplay, k.Args()...); err != nil {
		return err
	}
	var said []string
	err := c.watch(ctx, "take up the replay", func(o *overview.Overview) (bool, error) {
		said = said[:0]
		for _, r := range o.Appliers {
			if !strings.HasPrefix(r.Detail, "replay "+k.ID) {
				return false, nil
			}
			said = append(said, r.Detail)
		}
		return len(said) > 0, nil
	})
	if err != nil {
		return err
	}
	for _, text := range said {
		if strings.HasPrefix(text, "replay "+k.ID+" refused") {
			return exit(codeConflict, errors.New(text))
		}
		if err := c.say("%s\n", text); err != nil {
			return err
		}
	}
	return nil
}
