package main

import (
	"context"
	"log/slog"
	"time"

	"floe/capture/load"
	"floe/capture/past"
	"floe/capture/readback"
	"floe/pkg/catalog"
	"floe/pkg/job"
)

// definedTime is how long the log's definitions are waited for.
const definedTime = 30 * time.Second

// defined are the definitions that the job's log holds, by which a table keeps its row filter and its list of columns
// whatever it is called now. It is nil if the job has neither, or its log is not known or has not begun.
func (a *app) defined(ctx context.Context, j *job.Job) []catalog.Definition {
	if j.Kafka == nil || len(j.Objects.Filters)+len(j.Objects.Columns) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, definedTime)
	defer cancel()
	p, err := a.past(ctx, j)
	if err != nil {
		a.log.Warn("the log does not say which tables have the job's filters and lists: the names of today are gone by", "err", err)
		return nil
	}
	if p.Defined == nil {
		return nil
	}
	return p.Defined.List()
}

// past reads the job's log to its end.
func (a *app) past(ctx context.Context, j *job.Job) (*past.Past, error) {
	opts, err := options(j)
	if err != nil {
		return nil, err
	}
	log := past.Job{Open: func() readback.Log { return readback.Dial(opts) }, Prefix: j.Prefix(), Log: slog.New(slog.DiscardHandler)}
	r, p, err := log.Read(ctx, load.States{})
	if err != nil {
		return nil, err
	}
	r.Close()
	p.Close()
	return p, nil
}
