package capture

import (
	"context"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"

	"floe/capture/source"
	"floe/pkg/broker"
	"floe/pkg/control"
	"floe/pkg/overview"
	"floe/pkg/pg"
	"floe/pkg/status"
)

// rest waits until the job is to run, and returns what was commanded by then.
func rest(ctx context.Context, c *Config, report *reporter) (*control.Sent, error) {
	sent, err := control.Read(ctx, c.Kafka, c.Prefix)
	for err == nil && (c.AwaitStart || sent.Run != control.Running) {
		switch {
		case sent.Run == control.Deleted:
			err = remove(ctx, c, report, sent)
		case sent.Run != control.Running:
			err = paused(ctx, c, report, sent)
		default:
			if err = ready(ctx, c, report, sent); err == nil && sent.Run == control.Running {
				c.AwaitStart = false // once is enough: what becomes of the log later is no new job
			}
		}
	}
	return sent, err
}

// remove takes what the job has on the source, says so once, and then does nothing more: the log goes next,
// and whoever still wrote to it would make it again.
func remove(ctx context.Context, c *Config, report *reporter, sent *control.Sent) error {
	conn, err := pg.Connect(ctx, c.Source, pg.Admin)
	if err != nil {
		return fmt.Errorf("connect to the source: %w", err)
	}
	removed, err := source.Remove(ctx, conn, c.Job, c.Heartbeat)
	conn.Close(context.WithoutCancel(ctx)) //nolint:errcheck
	if err != nil {
		return err
	}
	c.Log.Info("the job is deleted; this service has nothing more to do", "who", sent.Who(), "removed", removed)
	if err := report.ends(ctx, sent.Wanted, removed); err != nil {
		return err
	}
	<-ctx.Done()
	return ctx.Err()
}

// ready waits for the start of a job that never began. All that is made meanwhile are the two topics by
// which it is seen and started.
func ready(ctx context.Context, c *Config, report *reporter, sent *control.Sent) error {
	if _, err := broker.EnsureTopics(ctx, kadm.NewClient(report.client), broker.Talk(c.Prefix, c.Replication)); err != nil {
		return err
	}
	partner, err := overview.OpenPartner(c.Kafka, c.Prefix, "capture")
	if err != nil {
		return err
	}
	defer partner.Close()
	waits := false
	err = sent.AwaitStart(ctx, status.Every, partner.Lacks, func(w control.Wanted, lacks string) {
		if !waits {
			report.silent(false) // nobody owns a job that never began
			c.Log.Info("the job is ready; it begins with floe start", "checked", c.Checked)
			waits = true
		}
		report.ready(w, lacks)
	})
	if waits {
		report.silent(c.Standby)
	}
	if err == nil && waits && sent.Run == control.Running {
		goesOn(c, report, sent)
	}
	return err
}

func goesOn(c *Config, report *reporter, sent *control.Sent) {
	c.Log.Info("capture goes on", "who", sent.Who())
	report.send(func(s *status.Report) { s.State, s.Obeyed, s.Checks = "STARTING", sent.Next, nil })
}

// paused waits while the job is paused or stopped. Nothing is held meanwhile: no slot, and of the source one
// connection during a pause, which looks at what it keeps.
func paused(ctx context.Context, c *Config, report *reporter, sent *control.Sent) error {
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
			watchSlot(look, *c, report, kept)
		}
	}()
	keeps := "; the source keeps its WAL from there on"
	err := sent.Rest(ctx, status.Every, func(w control.Wanted) {
		select {
		case s, ok := <-kept:
			if ok {
				keeps = s
			}
		default:
		}
		report.rests(w, keeps)
	})
	if err == nil && sent.Run == control.Running {
		goesOn(c, report, sent)
	}
	return err
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
