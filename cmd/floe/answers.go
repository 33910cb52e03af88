package main

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"floe/pkg/inquiry"
	"floe/pkg/job"
	"floe/pkg/precheck"
)

// answers lets the service answer what a console asks that reaches the log alone. The service need not know:
// one whose log does not answer is asked nothing. What it returns ends that.
func (s *service) answers(ctx context.Context, j *job.Job, kafka []kgo.Opt, side precheck.Side) (end func()) {
	if s.child { // the console of floe dev asks the databases itself
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	var answering sync.WaitGroup
	a := &inquiry.Service{Kafka: kafka, Prefix: j.Prefix(), Key: s.key, Does: func(ctx context.Context, what string, say func(inquiry.Answer)) error {
		if what == inquiry.Tables {
			return tellTables(ctx, j, side, say)
		}
		c := own(j, kafka, side)
		c.Told = func(done, of int) { say(inquiry.Answer{Done: done, Of: of}) }
		r := precheck.Run(ctx, c)
		if ctx.Err() == nil {
			say(inquiry.Answer{Checks: told(r)})
		}
		return ctx.Err()
	}}
	answering.Go(func() {
		for ctx.Err() == nil {
			if err := a.Run(ctx); err != nil {
				s.app.log.Debug("questions are not heard", "part", s.name, "err", err)
			}
			select {
			case <-time.After(answerAgain):
			case <-ctx.Done():
			}
		}
	})
	return func() { cancel(); answering.Wait() }
}

// answerAgain is how long a log that does not answer is left alone.
const answerAgain = 2 * time.Second

// tellTables says which tables the source has; an applier knows none.
func tellTables(ctx context.Context, j *job.Job, side precheck.Side, say func(inquiry.Answer)) error {
	if side != precheck.Source {
		return nil
	}
	all, err := listTables(ctx, j.Source)
	if err != nil {
		return err
	}
	for part := range slices.Chunk(all, inquiry.MostTables) {
		a := inquiry.Answer{}
		for _, t := range part {
			a.Tables = append(a.Tables, inquiry.Table(t))
		}
		say(a)
	}
	return nil
}
