package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"floe/pkg/broker"
	"floe/pkg/control"
	"floe/pkg/halt"
	"floe/pkg/ident"
	"floe/pkg/job"
	"floe/pkg/ledger"
)

// described is a job file without addresses and passwords: what is replicated, and how.
func described(j *job.Job) string {
	only := *j
	only.Source, only.Target, only.Kafka, only.Registry, only.RegistryTLS, only.Notify = job.Endpoint{Encoding: j.Source.Encoding}, job.Endpoint{}, nil, job.Secret{}, nil, nil
	return string(only.Text())
}

// addressed gives a job that the log describes what each service has of its own: where its servers are, and how one
// gets in.
func addressed(j, file *job.Job) *job.Job {
	encoding := j.Source.Encoding
	j.Name, j.Source, j.Target, j.Kafka, j.Registry, j.RegistryTLS, j.Notify = file.Name, file.Source, file.Target, file.Kafka, file.Registry, file.RegistryTLS, file.Notify
	j.Source.Encoding = encoding
	return j
}

// footing is what a service goes by: a job's file until the job has begun; from then on what the log says that
// the job is, whatever the file says by then.
type footing struct {
	job   *job.Job
	known bool // the log answered
	began bool
	said  bool  // the log says by which file the service runs
	fault error // what the log says of that is not understood
}

// stand asks the log once what the job is, and shows how the file differs from it.
func (s *service) stand(ctx context.Context, j *job.Job, kafka []kgo.Opt) (footing, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	f := footing{job: j}
	var err error
	if f.began, err = control.Begun(ctx, kafka, j.Prefix()); err != nil {
		return f, err
	}
	sent, err := control.Read(ctx, kafka, j.Prefix())
	if halt.As(err) != nil { // the service itself stops at that, and says so
		f.known, f.said = true, true
		return f, nil
	}
	if err != nil {
		return f, err
	}
	text, told := sent.Files[s.key]
	f.known, f.said = true, told && (f.began || text == described(j)) || sent.Run == control.Deleted
	if !f.began || !told {
		return f, nil
	}
	logged, err := job.Parse(s.key, []byte(text))
	if err != nil {
		f.fault = exit(codeConflict, fmt.Errorf("the log describes the job in a way that this floe does not understand; was it begun by a newer one? %w", err))
		return f, nil
	}
	f.job = addressed(logged, j)
	s.shows(j, f.job, &sent.Wanted)
	return f, nil
}

// shows logs how a service's file differs from the job. One that says what commands changed since does not.
func (s *service) shows(file, logged *job.Job, w *control.Wanted) {
	since := *logged
	since.Objects.Include, since.Objects.Exclude = slices.Clone(logged.Objects.Include), slices.Clone(logged.Objects.Exclude)
	follow(&since, w)
	is := described(file)
	if was := described(logged); is != was && is != described(&since) {
		s.app.log.Warn("the job file is not what the log says that the job is; the job goes on by the log", "part", s.name, "differs", strings.Join(changedLines(was, is), "; "),
			"fix", "floe job apply makes the file true, floe job export prints what is")
	}
}

// settle waits for the log if it did not answer yet, and has it say by which file the service runs, unless it
// does: `floe job apply` compares another one with it. A log that does not take it is told at the next start.
// What it returns waits for the end of that.
func (s *service) settle(ctx context.Context, f footing, kafka []kgo.Opt) (j *job.Job, wait func(), err error) {
	for said := false; !f.known; {
		again, err := s.stand(ctx, f.job, kafka)
		switch {
		case ctx.Err() != nil:
			return f.job, func() {}, nil
		case err == nil:
			f = again
			continue // it is known
		case !said:
			said = true
			s.app.log.Warn("the log is waited for", "part", s.name, "err", err)
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
		}
	}
	var telling sync.WaitGroup
	if f.fault != nil {
		return nil, nil, f.fault
	}
	if !f.said {
		telling.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, answerTime)
			defer cancel()
			if err := s.describes(ctx, f.job, kafka); err != nil {
				s.app.log.Warn("the log does not hear by which file the service runs", "part", s.name, "err", err)
			}
		})
	}
	return f.job, telling.Wait, nil
}

func (s *service) describes(ctx context.Context, j *job.Job, kafka []kgo.Opt) error {
	client, err := kgo.NewClient(kafka...)
	if err != nil {
		return err
	}
	defer client.Close()
	if _, err := broker.EnsureTopics(ctx, kadm.NewClient(client), broker.Talk(j.Prefix(), j.Kafka.Replication)); err != nil {
		return err
	}
	_, err = control.SendBy(ctx, kafka, j.Prefix(), control.Sender()+" (floe "+s.name+")", ledger.VerbDescribe, s.key, described(j))
	return err
}

// changedLines are the lines that only one of two files has, as a difference shows them.
func changedLines(was, now string) (out []string) {
	before, after := strings.Split(was, "\n"), strings.Split(now, "\n")
	for _, side := range []struct {
		mark       string
		own, other []string
	}{{"-", before, after}, {"+", after, before}} {
		for _, line := range side.own {
			if !slices.Contains(side.other, line) {
				out = append(out, fmt.Sprintf("%s %s", side.mark, strings.TrimSpace(line)))
			}
		}
	}
	return out
}

// truly is the job as it runs, with a file's own addresses; while its services have not said by which files, it
// is the file. unsaid are tables that commands selected and no file can name.
func truly(file *job.Job, w *control.Wanted) (now *job.Job, unsaid []ident.Name) {
	now, err := running(w)
	if err == nil {
		addressed(now, file)
	} else {
		copied := *file
		now = &copied
	}
	now.Objects.Include, now.Objects.Exclude = slices.Clone(now.Objects.Include), slices.Clone(now.Objects.Exclude)
	return now, follow(now, w)
}

// running is the job as it runs: capture's file and the applier's, each for its own part, with the bounds that
// commands changed since.
func running(w *control.Wanted) (*job.Job, error) {
	of := func(key string) (*job.Job, error) {
		text, ok := w.Files[key]
		if !ok {
			return nil, fmt.Errorf("the log does not say by which file %s runs; start it once more with this floe", key)
		}
		j, err := job.Parse(key, []byte(text))
		if err != nil {
			return nil, fmt.Errorf("the file of %s in the log: %w", key, err)
		}
		return j, nil
	}
	j, err := of("capture")
	if err != nil {
		return nil, err
	}
	a, err := of("applier/main")
	if err != nil {
		return nil, err
	}
	j.Objects.Rules, j.Proceed, j.Apply = a.Objects.Rules, a.Proceed, a.Apply
	j.Init.SkipStructure, j.Init.Unsupported = a.Init.SkipStructure, a.Init.Unsupported
	j.Throttle.ApplyRows, j.Throttle.ApplyMBps = a.Throttle.ApplyRows, a.Throttle.ApplyMBps
	adopt(j, w.Set)
	return j, nil
}
