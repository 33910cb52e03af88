package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"floe/cmd/floe/datadir"
	"floe/cmd/floe/reset"
	"floe/pkg/console"
	"floe/pkg/control"
)

// resetConfig is a reset of the job of floe dev.
func (d *dev) resetConfig(existing string) reset.Config {
	c := reset.Config{Job: d.job, Existing: reset.Existing(existing)}
	if d.endpoint.Embedded {
		c.BrokerDir = d.brokerDir()
	} else {
		c.Kafka = d.kafka
	}
	return c
}

// resetPlan is what the console shows of a reset: the services rest, and nothing is changed.
func (d *dev) resetPlan(ctx context.Context) (console.Reset, error) {
	r, err := reset.Prepare(ctx, d.resetConfig(""))
	var running *reset.RunningError
	if errors.As(err, &running) {
		return console.Reset{}, &control.ConflictError{Detail: "the job does not rest: " + running.What, Fix: "floe stop first"}
	} else if err != nil {
		return console.Reset{}, err
	}
	defer r.Close()
	p := &r.Plan
	out := console.Reset{Goes: []console.Placed{}, Stays: []console.Placed{}, Existing: append([]string{}, p.Existing...), Doubled: append([]string{}, p.Keyless...)}
	goes(p, func(place string, names ...string) {
		for _, n := range names {
			out.Goes = append(out.Goes, console.Placed{Place: place, What: n})
		}
	})
	for _, t := range p.Existing {
		out.Stays = append(out.Stays, console.Placed{Place: "target", What: existed(t)})
	}
	for _, t := range p.Replaced {
		out.Stays = append(out.Stays, console.Placed{Place: "target", What: replaced(t)})
	}
	for _, t := range p.Identities {
		out.Stays = append(out.Stays, console.Placed{Place: "source", What: "replica identity of " + t})
	}
	return out, nil
}

// resets keeps that the job is to begin anew: who is killed from now on goes on with that.
func (d *dev) resets(existing string) error {
	kept := d.kept
	kept.Reset = &datadir.Reset{Existing: existing}
	if err := datadir.WriteJob(d.dir, kept); err != nil {
		return err
	}
	d.kept = kept
	return nil
}

// anew resets the job if somebody asked for it, while nothing of it runs. What cannot be removed is told, and the job
// is started as it is: with half of it gone it halts, it does not go on.
func (d *dev) anew(ctx context.Context) error {
	if d.kept.Reset == nil {
		return nil
	}
	console.Rest(d.front, d.gate, d.app.log)
	err := d.reset(ctx)
	if ctx.Err() != nil {
		return nil // a rerun goes on with it
	}
	d.unreset, d.kept.Reset = "", nil
	if err := datadir.WriteJob(d.dir, d.kept); err != nil {
		return err
	}
	if err != nil {
		d.unreset = err.Error()
		d.app.log.Error("the job is not reset as a whole", "job", d.job.Name, "err", err)
		return nil
	}
	fmt.Fprintf(d.app.out, "job %s is reset; everything is loaded again\n", d.job.Name)
	return d.settle() // as its file says by now
}

// reset waits for what ends by itself, as services do that were killed a moment ago, and for databases that do not
// answer yet; what somebody has to mend it tells at once.
func (d *dev) reset(ctx context.Context) error {
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for began := time.Now(); ; {
		err := d.resetOnce(ctx)
		var refused *reset.RefusedError
		if err == nil || errors.As(err, &refused) || time.Since(began) > resetWaits {
			return err
		}
		d.app.log.Warn("the reset is tried again", "job", d.job.Name, "err", err)
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (d *dev) resetOnce(ctx context.Context) error {
	r, err := reset.Prepare(ctx, d.resetConfig(d.kept.Reset.Existing))
	if err != nil {
		return err
	}
	defer r.Close()
	return r.Run(ctx)
}

// resetWaits is how long a reset waits for what is in its way and may go by itself.
const resetWaits = 30 * time.Second
