package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"floe/pkg/control"
	"floe/pkg/ident"
	"floe/pkg/ledger"
	"floe/pkg/overview"
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
			place, err := control.ParsePlace(from)
			if err != nil {
				return exit(codeUsage, fmt.Errorf("--from %w", err))
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
			offset, err := place.Offset(ctx, c.kafka, c.job.Prefix())
			if conflict := (*control.ConflictError)(nil); errors.As(err, &conflict) {
				return exit(codeConflict, conflict)
			}
			if err != nil {
				return unreachable(err)
			}
			return c.replay(ctx, names, offset)
		}}
	cmd.Flags().StringVar(&from, "from", "", "ledger offset, LSN or time of the source (RFC 3339)")
	_ = cmd.MarkFlagRequired("from") // it exists
	cmd.Flags().DurationVar(&timeout, "timeout", 5*time.Minute, "how long to wait until the appliers have taken it up (exit 8)")
	return cmd
}

// replay sends the command, and waits until every applier has said what became of it.
func (c *commander) replay(ctx context.Context, names []ident.Name, from int64) error {
	k := control.NewReplay(from, names)
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
