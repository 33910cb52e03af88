package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kgo"

	"floe/pkg/console/tail"
	"floe/pkg/ident"
	"floe/pkg/job"
	"floe/pkg/registry"
)

func (a *app) tailCommand() *cobra.Command {
	var last int64
	var follow bool
	cmd := &cobra.Command{Use: "tail TABLE", Short: "The last events of a table's topic, as JSON lines; with --follow, those that come", Args: cobra.ExactArgs(1),
		Long: `The last events of a table's topic, decoded, each as a line of JSON; with --follow, those that come too. It shows
what stands on the topic: what a client sent twice, or a capture that was replaced wrote, stands there and is not
applied. Long values are cut, and say so.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			n, err := ident.Parse(args[0])
			if err != nil {
				return exit(codeUsage, err)
			}
			if last < 0 || last > tail.MostEvents {
				return exit(codeUsage, fmt.Errorf("-n: want a number from 0 to %d", tail.MostEvents))
			}
			j, opts, err := a.logOf()
			if err != nil {
				return err
			}
			return a.tail(cmd.Context(), j, opts, n, last, follow)
		}}
	cmd.Flags().Int64VarP(&last, "lines", "n", 10, "how many events of each partition")
	cmd.Flags().BoolVar(&follow, "follow", false, "go on with what comes")
	return cmd
}

func (a *app) tail(ctx context.Context, j *job.Job, kafka []kgo.Opt, n ident.Name, last int64, follow bool) error {
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
		t, err = tail.Open(first, kafka, ident.Topic(j.Prefix(), n), last, schemas.Schema, tail.Mask{})
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
