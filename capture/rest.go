package capture

import (
	"context"
	"fmt"
	"time"

	"floe/pkg/control"
	"floe/pkg/pg"
	"floe/pkg/status"
)

// rest waits while the job is paused or stopped, and returns what was commanded by then. Nothing is held
// meanwhile: no slot, and of the source one connection during a pause, which looks at what it keeps.
func rest(ctx context.Context, c Config, report *reporter) (*control.Sent, error) {
	sent, err := control.Read(ctx, c.Kafka, c.Prefix)
	if err != nil || sent.Run == control.Running {
		return sent, err
	}
	c.Log.Info("capture rests", "state", string(sent.Run), "who", sent.Who())
	look, cancel := context.WithCancel(ctx)
	kept := make(chan string)
	defer func() {
		cancel()
		for range kept { // until it is closed
		}
	}()
	go func() {
		defer close(kept)
		if sent.Run == control.Paused {
			watchSlot(look, c, report, kept)
		}
	}()
	keeps := "; the source keeps its WAL from there on"
	err = sent.Rest(ctx, status.Every, func(w control.Wanted) {
		select {
		case s, ok := <-kept:
			if ok {
				keeps = s
			}
		default:
		}
		report.rests(w, keeps)
	})
	if err == nil {
		c.Log.Info("capture goes on", "who", sent.Who())
		report.send(func(s *status.Report) { s.State, s.Obeyed = "STARTING", sent.Next })
	}
	return sent, err
}

// watchSlot says how much WAL the source keeps for the job, until ctx ends. A source that does not answer
// is nothing to a job that rests.
func watchSlot(ctx context.Context, c Config, report *reporter, say chan<- string) {
	tick := time.NewTicker(observeEvery)
	defer tick.Stop()
	for {
		if s, err := slotKeeps(ctx, c, report); err == nil {
			select {
			case say <- s:
			case <-ctx.Done():
				return
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// slotKeeps looks once, with a connection of its own: a job may rest for weeks.
func slotKeeps(ctx context.Context, c Config, report *reporter) (string, error) {
	conn, err := pg.Connect(ctx, c.Source, pg.Read)
	if err != nil {
		return "", err
	}
	defer conn.Close(context.WithoutCancel(ctx)) //nolint:errcheck
	kept, limit, err := retained(ctx, conn, c.Job, false)
	if err != nil {
		return "", err
	}
	report.metrics.retained.Set(float64(kept))
	report.metrics.limit.Store(limit)
	text := fmt.Sprintf("; the source keeps %d MB of WAL for it", kept/1e6)
	if limit >= 0 {
		text += fmt.Sprintf(", and gives up at %d MB", limit/1e6)
	}
	return text, nil
}
