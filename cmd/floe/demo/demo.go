// Package demo shows floe at work on one machine with nothing prepared: two PostgreSQL servers, a
// shop that is busy all the time, `floe dev` between them, an applier killed with -9, and a
// comparison of both sides at the end. It knows floe from outside, as a user does: it runs the binary
// and reads the job's status; it fails if the copy ever shows what the source never was.
package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"floe/pkg/pg"
	"floe/pkg/verify"
)

// Options says how to show it.
type Options struct {
	// Floe is the binary whose `dev` is run, Listen the console's address.
	Floe, Listen string
	// Once ends the demo when both sides were found equal.
	Once bool
	Out  io.Writer
}

// demo is one run.
type demo struct {
	Options
	began   time.Time
	stage   *stage
	traffic *traffic
}

// after how much of calm replication the applier is killed, and how long the traffic goes on then.
const (
	beforeKill = 4 * time.Second
	afterKill  = 5 * time.Second
)

// Run runs the demo until it has shown everything (Once), the context ends, or something is wrong.
func Run(ctx context.Context, o Options) (err error) {
	d := &demo{Options: o, began: time.Now()}
	d.say("two PostgreSQL servers, a shop of six tables and 200,000 rows, floe between them")
	d.stage, err = openStage(ctx, d.say)
	if err != nil {
		return err
	}
	defer func() { d.stage.Close(err != nil && ctx.Err() == nil) }()
	if err := d.stage.Fill(ctx); err != nil {
		return err
	}
	d.traffic = newTraffic(d.stage.source.URL(database))
	d.traffic.Start(ctx)
	defer d.traffic.Stop()
	d.say("traffic on the source: transfers, orders, documents, events, about 250 transactions/s; it goes on through the load")
	if err := d.stage.StartFloe(o.Floe, o.Listen); err != nil {
		return err
	}
	if err := d.show(ctx); err != nil || o.Once {
		return d.unlessInterrupted(ctx, err)
	}
	d.say("the traffic goes on; console %s; Ctrl-C ends the demo", d.stage.Console())
	return d.unlessInterrupted(ctx, d.watchOn(ctx))
}

// unlessInterrupted: an end that was asked for by Ctrl-C is no error, unless it came before Once was done.
func (d *demo) unlessInterrupted(ctx context.Context, err error) error {
	if ctx.Err() != nil && !d.Once {
		return nil
	}
	return err
}

// show is the story: load under traffic, changes, a kill, catching up, comparing.
func (d *demo) show(ctx context.Context) error {
	w, err := newWatch(ctx, d)
	if err != nil {
		return err
	}
	defer w.Close()
	if err := w.Until(ctx, "load", w.synced); err != nil {
		return err
	}
	d.say("the load is complete; every look at the target must now find whole transactions")
	if err := w.For(ctx, beforeKill); err != nil {
		return err
	}
	if err := w.killApplier(ctx); err != nil {
		return err
	}
	if err := w.For(ctx, afterKill); err != nil {
		return err
	}
	d.traffic.Stop()
	d.say("traffic stopped after %d transactions", d.traffic.done.Load())
	if err := w.catchUp(ctx); err != nil {
		return err
	}
	if err := d.compare(ctx, w.books.looks); err != nil {
		return err
	}
	if !d.Once {
		d.traffic.Start(ctx)
	}
	return nil
}

// compare holds every column of every row against the source.
func (d *demo) compare(ctx context.Context, looks int) error {
	began := time.Now()
	result, err := verify.Run(ctx, verify.Config{
		Source: pg.Config{URL: d.stage.source.URL(database)}, Target: pg.Config{URL: d.stage.target.URL(database)},
		Includes: inShop,
	})
	if err != nil {
		return err
	}
	if !result.Equal() || len(result.Tables) == 0 {
		return fmt.Errorf("%w:\n%s", ErrDiffers, result)
	}
	d.say("EQUAL: %d tables, %d rows, every column, compared in %s; the books balanced in %d of %d looks at the target",
		len(result.Tables), result.Rows(), time.Since(began).Round(10*time.Millisecond), looks, looks)
	return nil
}

// ErrDiffers is a target that is not equal to its source.
var ErrDiffers = errors.New("source and target differ")

// watchOn keeps looking until the demo is ended.
func (d *demo) watchOn(ctx context.Context) error {
	w, err := newWatch(ctx, d)
	if err != nil {
		return err
	}
	defer w.Close()
	w.audited, w.every = true, 5*time.Second
	return w.Until(ctx, "", func() bool { return false })
}

func (d *demo) say(format string, args ...any) {
	out := d.Out
	if out == nil {
		out = os.Stdout
	}
	fmt.Fprintf(out, "%5.1f s  %s\n", time.Since(d.began).Seconds(), fmt.Sprintf(format, args...))
}
