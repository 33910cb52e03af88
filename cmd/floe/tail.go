package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kgo"

	"floe/pkg/console/tail"
	"floe/pkg/ident"
	"floe/pkg/job"
	"floe/pkg/registry"
)

func (a *app) tailCommand() *cobra.Command {
	var lines int64
	var from string
	var follow bool
	cmd := &cobra.Command{Use: "tail TABLE", Short: "The last events of a table's topic, as JSON lines; with --follow, those that come", Args: cobra.ExactArgs(1),
		Long: `The last events of a table's topic, decoded, each as a line of JSON; with --from, those from a place on; with --follow,
those that come too. It shows
what stands on the topic: what a client sent twice, or a capture that was replaced wrote, stands there and is not
applied. Long values are cut, and say so.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			n, err := ident.Parse(args[0])
			if err != nil {
				return exit(codeUsage, err)
			}
			of, err := tailed(lines, cmd.Flags().Changed("lines"), from, follow)
			if err != nil {
				return exit(codeUsage, err)
			}
			j, opts, err := a.logOf()
			if err != nil {
				return err
			}
			return a.tail(cmd.Context(), j, opts, n, of, follow)
		}}
	cmd.Flags().Int64VarP(&lines, "lines", "n", 10, "how many events of each partition; with --from, all unless it is given")
	cmd.Flags().StringVar(&from, "from", "", "offset within each partition, or time at which the log got the event (RFC 3339)")
	cmd.Flags().BoolVar(&follow, "follow", false, "go on with what comes")
	return cmd
}

// tailed is the range that the flags mean.
func tailed(lines int64, counted bool, from string, follow bool) (tail.Range, error) {
	switch {
	case from == "" && (lines < 0 || lines > tail.MostEvents):
		return tail.Range{}, fmt.Errorf("-n: want a number from 0 to %d, or --from for more", tail.MostEvents)
	case from == "":
		return tail.Range{Last: lines}, nil
	case counted && (lines < 1 || follow):
		return tail.Range{}, errors.New("-n: with --from want a number from 1 on, and no --follow")
	}
	of := tail.Range{Whole: true}
	if counted {
		of.Most = lines
	}
	if offset, err := strconv.ParseInt(from, 10, 64); err == nil && offset >= 0 {
		of.From = &offset
		return of, nil
	}
	at, err := time.Parse(time.RFC3339, from)
	if err != nil {
		return of, fmt.Errorf("--from %s: want an offset such as 1200, or a time such as 2026-01-31T23:59:00Z", from)
	}
	of.Time = at
	return of, nil
}

func (a *app) tail(ctx context.Context, j *job.Job, kafka []kgo.Opt, n ident.Name, of tail.Range, follow bool) error {
	schemas, err := registry.NewServer(kafka, j.Prefix(), a.log)
	if err != nil {
		return err
	}
	var reading sync.WaitGroup
	defer reading.Wait()
	within, cancel := context.WithCancel(ctx)
	defer cancel()
	reading.Go(func() { _ = schemas.Run(within) }) // it ends with its context alone
	first, done := context.WithTimeout(ctx, answerTime)
	err = schemas.CatchUp(first)
	var t *tail.Tail
	if err == nil {
		t, err = tail.Open(first, kafka, ident.Topic(j.Prefix(), n), of, schemas.Schema, tail.Mask{})
	}
	done()
	switch {
	case errors.Is(err, tail.ErrNoTopic):
		return exit(codeConflict, fmt.Errorf("%s: %w", n, err))
	case err != nil:
		return unreachable(err)
	}
	defer t.Close()
	lines := json.NewEncoder(a.out)
	for t.Behind() || follow {
		events, left, err := t.Next(ctx)
		if err != nil {
			return ended(ctx, err)
		}
		if left > 0 {
			a.log.Warn("events came faster than they are shown", "left_out", left)
		}
		for i := range events {
			if err := lines.Encode(&events[i]); err != nil {
				return err
			}
		}
	}
	return nil
}
