package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"floe/cmd/floe/datadir"
	"floe/cmd/floe/supervise"
	"floe/pkg/broker"
	"floe/pkg/console"
	"floe/pkg/overview"
)

// run starts everything and keeps it running until ctx ends: each part waits by itself for what it needs
// of the others, and the services once for the broker, lest they complain of what only takes a moment.
// The broker ends last.
func (d *dev) run(ctx context.Context) error {
	if err := d.precheck(ctx); err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	fmt.Fprintf(d.app.out, "floe dev: job %s, console %s, data in %s; Ctrl-C stops, a rerun resumes\n", d.job.Name, d.endpoint.Console, d.dir)
	t := &tree{dev: d, self: self, metrics: &childMetrics{client: http.Client{Timeout: 2 * time.Second}, addr: map[string]string{}}, broker: make(chan struct{})}
	brokers, stopBrokers := context.WithCancel(context.WithoutCancel(ctx))
	defer stopBrokers()
	services, cancel := context.WithCancel(ctx)
	defer cancel()
	var below errgroup.Group
	if d.endpoint.Embedded {
		below.Go(func() error {
			defer cancel() // without a log nothing goes on
			return t.child("broker", "--dir", d.brokerDir(), "--log-cap", d.logCap.String()).Run(brokers)
		})
	} else {
		close(t.broker)
	}
	g, services := errgroup.WithContext(services)
	after := func(f func() error) { // the broker, once
		g.Go(func() error {
			select {
			case <-t.broker:
				return f()
			case <-services.Done():
				return nil
			}
		})
	}
	for _, name := range []string{"capture", "applier"} {
		after(func() error { return t.child(name, "--data-dir", d.dir).Run(services) })
	}
	after(func() error {
		return console.Serve(services, console.Config{Job: d.job.Name, Prefix: d.job.Prefix(), Kafka: d.kafka,
			Front: d.front, Gate: d.gate, Gather: t.metrics, Near: d.near(), Log: d.app.log})
	})
	g.Go(func() error { return d.tell(services) })
	after(func() error {
		d.app.notify(services, d.job, d.kafka)
		return nil
	})
	if d.onceOnly {
		g.Go(func() error { return d.once(services) })
	}
	err = g.Wait()
	stopBrokers()
	err = errors.Join(err, below.Wait())
	switch {
	case errors.Is(err, errDone):
		return nil
	case errors.Is(err, console.ErrDeleted):
		return d.forget()
	}
	return err
}

// forget has the folder hold no job any more: what the job had on both sides is gone, and now its log.
func (d *dev) forget() error {
	fmt.Fprintf(d.app.out, "job %s is deleted\n", d.job.Name)
	if d.endpoint.Embedded {
		if err := broker.Discard(d.brokerDir()); err != nil {
			return err
		}
	}
	if err := datadir.RemoveJob(d.dir); err != nil {
		return err
	}
	d.gone, d.kept, d.job, d.endpoint = d.job.Name, datadir.Job{}, nil, datadir.Endpoint{}
	return console.ErrDeleted
}

// errDone ends a tree that has reached what it was started for.
var errDone = errors.New("done")

// once ends the tree when the target is in sync and equal.
func (d *dev) once(ctx context.Context) error {
	if err := d.app.wait(ctx, d.job, 0); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	j, selection := d.app.truth(ctx, d.job)
	if _, err := d.app.verify(ctx, j, selection); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	return errDone
}

// tell prints the job's state whenever it changes.
func (d *dev) tell(ctx context.Context) error {
	f, err := overview.Follow(d.kafka, d.job.Prefix())
	if err != nil {
		return err
	}
	defer func() { f.Close() }()
	var last string
	for ctx.Err() == nil {
		if err := f.Refresh(ctx); err != nil {
			f.Close() // a broker that began anew has a topic of its own
			select {
			case <-time.After(500 * time.Millisecond):
			case <-ctx.Done():
				return nil
			}
			if f, err = overview.Follow(d.kafka, d.job.Prefix()); err != nil {
				return err
			}
			continue
		}
		now := time.Now()
		s := f.Now.Summary(d.job.Name, now)
		line := s.State
		if s.Reason != "" {
			line += "  " + s.Reason + ": " + s.Detail
		}
		if s.Reason != "" && s.Fix != "" {
			line += "; to mend it: " + s.Fix
		}
		// What the services of an earlier run said last is no news.
		if line != last && (last != "" || s.State != "NOT RUNNING") {
			fmt.Fprintf(d.app.out, "%s  %s\n", now.Format(time.TimeOnly), line)
			last = line
		}
	}
	return nil
}

// tree is the running children.
type tree struct {
	*dev
	self    string
	metrics *childMetrics
	mu      sync.Mutex    // endpoint.json is written by whoever starts a child
	broker  chan struct{} // closed when the broker has listened once
	up      sync.Once
}

// child describes one of them: this binary, told nothing that is secret.
func (t *tree) child(name string, args ...string) *supervise.Process {
	args = append(append([]string{name, "--child"}, args...), t.app.flags.logFlags()...)
	return &supervise.Process{Name: name, Path: t.self, Args: args, Env: childEnv(os.Environ()), Stderr: os.Stderr, Log: t.app.log,
		Started: func(pid int) { t.started(name, pid) },
		Line: func(line []byte) {
			var a announcement
			if json.Unmarshal(line, &a) != nil {
				return
			}
			if a.Metrics != "" {
				t.metrics.set(name, a.Metrics)
			}
			if a.Broker != "" {
				t.up.Do(func() { close(t.broker) })
			}
		},
		Final: func(code int) bool { return code == codeUsage || code == codeConflict }}
}

func (t *tree) started(name string, pid int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.endpoint.PIDs = maps.Clone(t.endpoint.PIDs)
	t.endpoint.PIDs[name] = pid
	if err := datadir.WriteEndpoint(t.dir, t.endpoint); err != nil {
		t.app.log.Warn("endpoint.json is not written", "err", err)
	}
}
