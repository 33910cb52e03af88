package main

import (
	"context"

	"github.com/twmb/franz-go/pkg/kgo"

	"floe/pkg/job"
	"floe/pkg/notify"
)

// notify tells the job file's URLs of changes of the job's state, until ctx ends.
func (a *app) notify(ctx context.Context, j *job.Job, kafka []kgo.Opt) {
	c := notify.Config{Job: j.Name, Prefix: j.Prefix(), Kafka: kafka, Log: a.log}
	for _, h := range j.Notify {
		c.Hooks = append(c.Hooks, notify.Hook{URL: h.URL.Resolve, States: h.States})
	}
	notify.Run(ctx, c)
}
