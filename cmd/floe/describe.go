package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"floe/pkg/broker"
	"floe/pkg/control"
	"floe/pkg/job"
	"floe/pkg/ledger"
)

// described is a job file without addresses and passwords: what is replicated, and how.
func described(j *job.Job) string {
	only := *j
	only.Source, only.Target, only.Kafka, only.Registry, only.RegistryTLS, only.Notify = job.Endpoint{}, job.Endpoint{}, nil, job.Secret{}, nil, nil
	return string(only.Text())
}

// describe says in the log by which file the service runs, unless the log says so already: `floe job apply`
// compares another one with it. The service need not wait for that, and a log that does not take it is told
// at the next start. What it returns waits for its end.
func (s *service) describe(ctx context.Context, j *job.Job, kafka []kgo.Opt) (wait func()) {
	var telling sync.WaitGroup
	telling.Go(func() {
		ctx, cancel := context.WithTimeout(ctx, answerTime)
		defer cancel()
		if err := s.describes(ctx, j, kafka); err != nil {
			s.app.log.Debug("the log does not hear by which file the service runs", "err", err)
		}
	})
	return telling.Wait
}

func (s *service) describes(ctx context.Context, j *job.Job, kafka []kgo.Opt) error {
	sent, err := control.Read(ctx, kafka, j.Prefix())
	if err != nil {
		return err
	}
	now := described(j)
	was, told := sent.Files[s.key]
	if was == now || sent.Run == control.Deleted {
		return nil
	}
	if told {
		s.app.log.Warn("the job file is another than at the last start", "part", s.name, "differs", strings.Join(changedLines(was, now), "; "))
	}
	client, err := kgo.NewClient(kafka...)
	if err != nil {
		return err
	}
	defer client.Close()
	if _, err := broker.EnsureTopics(ctx, kadm.NewClient(client), broker.Talk(j.Prefix(), j.Kafka.Replication)); err != nil {
		return err
	}
	_, err = control.SendBy(ctx, kafka, j.Prefix(), control.Sender()+" (floe "+s.name+")", ledger.VerbDescribe, s.key, now)
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

// running is the job as it runs: capture's file and the applier's, each for its own part, with what commands
// changed since; unsaid are tables that they selected and no file can name.
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
