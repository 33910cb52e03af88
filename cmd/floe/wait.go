package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"floe/pkg/control"
	"floe/pkg/event"
	"floe/pkg/guide"
	"floe/pkg/job"
	"floe/pkg/overview"
	"floe/pkg/pg"
	"floe/pkg/status"
)

func (a *app) waitCommand() *cobra.Command {
	var synced bool
	var lsn string
	timeout := 5 * time.Minute
	cmd := &cobra.Command{Use: "wait --synced | --lsn X", Short: "Wait until the target is in sync, or has passed a place in the source's WAL", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if synced == (lsn != "") {
				return exit(codeUsage, errors.New("want --synced or --lsn X"))
			}
			var at event.LSN
			if lsn != "" {
				var err error
				if at, err = event.ParseLSN(lsn); err != nil {
					return exit(codeUsage, err)
				}
			}
			ctx, cancel := context.WithTimeout(cmd.Context(), timeout)
			defer cancel()
			j, err := a.awaitJob(ctx)
			if err != nil {
				return err
			}
			return a.wait(ctx, j, at)
		}}
	cmd.Flags().BoolVar(&synced, "synced", false, "every table is loaded, and what the source had when the command began is applied")
	cmd.Flags().StringVar(&lsn, "lsn", "", "a place in the source's WAL, like 16/B374D848")
	cmd.Flags().DurationVar(&timeout, "timeout", timeout, "give up after this time (exit 8)")
	return cmd
}

// awaitJob finds the job; a `floe dev` that was started a moment ago has yet to write where it is.
func (a *app) awaitJob(ctx context.Context) (*job.Job, error) {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for began := time.Now(); ; {
		j, err := a.resolve(need{log: true})
		if err == nil || a.flags.dataDir == "" || time.Since(began) > startTime {
			return j, err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil, err
		}
	}
}

// startTime is how long a floe dev may take until its data directory says where it is.
const startTime = 5 * time.Second

// wait waits until every applier has passed lsn; 0 is where the source is now, with every table loaded.
func (a *app) wait(ctx context.Context, j *job.Job, lsn event.LSN) error {
	opts, err := options(j)
	if err != nil {
		return err
	}
	w := waiter{app: a, job: j, began: time.Now(), lsn: lsn, synced: lsn == 0}
	if w.synced && !j.Source.IsZero() {
		if w.lsn, err = w.sourceLSN(ctx); err != nil {
			return exit(codeUnreachable, err)
		}
	}
	f, err := overview.Follow(opts, j.Prefix())
	if err != nil {
		return err
	}
	defer f.Close()
	for {
		if err := f.Refresh(ctx); err != nil {
			return w.gaveUp(ctx, f.Now, err)
		}
		if done, err := w.reached(f.Now); done || err != nil {
			return err
		}
	}
}

// waiter is one wait.
type waiter struct {
	app    *app
	job    *job.Job
	began  time.Time
	lsn    event.LSN
	synced bool
}

// reached looks at the last reports. Only those heard since the wait began count: an older one knows
// neither what the source got since, nor that a halt was mended.
func (w *waiter) reached(o *overview.Overview) (bool, error) {
	if h := o.Halted(w.began); h != nil {
		return false, halted(h)
	}
	if w.synced && !o.Settled(w.began) {
		return false, nil
	}
	if w.lsn == 0 { // no way to the source: what capture has received by now
		w.lsn = o.Capture.SourceLSN
		w.began = time.Now()
	}
	return w.lsn != 0 && o.Applied(w.lsn), nil
}

// halted is the error of a job that needs its operator.
func halted(r *status.Report) error {
	text := fmt.Sprintf("%s stopped, %s: %s", r.Role, r.Reason, r.Detail)
	if r.Fix != "" {
		text += "; to mend it: " + r.Fix
	}
	if guide.Of(r.Reason) != nil {
		text += " (floe errors explain " + r.Reason + ")"
	}
	return exit(codeFailed, errors.New(text))
}

func (w *waiter) gaveUp(ctx context.Context, o *overview.Overview, err error) error {
	if !errors.Is(ctx.Err(), context.DeadlineExceeded) {
		if ctx.Err() != nil {
			return exit(codeInterrupted, nil)
		}
		return unreachable(err)
	}
	state, _ := o.State(time.Now())
	if state == string(control.Ready) {
		return exit(codeTimeout, fmt.Errorf("gave up after %s: the job is %s, floe start begins it", time.Since(w.began).Round(time.Second), state))
	}
	at := "nothing was heard of an applier"
	for _, r := range o.Appliers {
		at = "applied up to " + r.AppliedLSN.String()
	}
	return exit(codeTimeout, fmt.Errorf("gave up after %s: the job is %s, %s, wanted %s",
		time.Since(w.began).Round(time.Second), state, at, w.lsn))
}

// sourceLSN is where the source writes next. Just behind a page's header nothing was written yet, and an
// idle source never reports a place beyond the page's start.
func (w *waiter) sourceLSN(ctx context.Context) (event.LSN, error) {
	c, err := w.job.Source.Config()
	if err != nil {
		return 0, err
	}
	conn, err := pg.Connect(ctx, c, pg.Admin)
	if err != nil {
		return 0, fmt.Errorf("ask the source where it is: %w", err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	var text string
	if err := conn.QueryRow(ctx, "SELECT pg_current_wal_insert_lsn()::text").Scan(&text); err != nil {
		return 0, fmt.Errorf("ask the source where it is: %w", err)
	}
	lsn, err := event.ParseLSN(text)
	if err != nil {
		return 0, err
	}
	const page, longHeader = 8192, 40
	if over := lsn % page; over <= longHeader {
		lsn -= over
	}
	return lsn, nil
}
