package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/twmb/franz-go/pkg/kgo"

	"floe/cmd/floe/datadir"
	"floe/pkg/job"
)

// need is what a command must know of the job.
type need struct{ source, target, log bool }

// resolve finds the job: by its data directory, its file, or its name and broker. Flags and FLOE_*
// stand above what is found.
func (a *app) resolve(n need) (*job.Job, error) {
	j, err := a.find()
	if err != nil {
		return nil, err
	}
	if a.flags.source != "" {
		j.Source = job.Endpoint{URL: job.Reference(a.flags.source), Encoding: j.Source.Encoding}
	}
	if a.flags.target != "" {
		j.Target = job.Endpoint{URL: job.Reference(a.flags.target)}
	}
	if a.flags.job != "" {
		j.Name = a.flags.job
	}
	if len(a.flags.brokers) > 0 {
		j.UseBrokers(a.flags.brokers)
	}
	if j.Name == "" {
		return nil, exit(codeUsage, errors.New("the job has no name: add name: to the job file, or --job"))
	}
	if err := job.CheckName(j.Name); err != nil {
		return nil, exit(codeUsage, err)
	}
	if n.log && j.Kafka == nil {
		a.findRunning(j)
	}
	return j, n.check(j)
}

func (n need) check(j *job.Job) error {
	switch {
	case n.log && j.Kafka == nil:
		return exit(codeUsage, errors.New("the job's log is not known: add kafka: to the job file, or --broker HOST:PORT, or the --data-dir of a running floe dev"))
	case n.source && j.Source.IsZero():
		return exit(codeUsage, errors.New("the source is not known: add source: to the job file, or --source URL"))
	case n.target && j.Target.IsZero():
		return exit(codeUsage, errors.New("the target is not known: add target: to the job file, or --target URL"))
	}
	return nil
}

func (a *app) find() (*job.Job, error) {
	switch {
	case a.flags.dataDir != "":
		j, err := datadir.Load(a.flags.dataDir)
		if errors.Is(err, os.ErrNotExist) {
			return nil, exit(codeConflict, fmt.Errorf("%s holds no job of floe dev: %w", a.flags.dataDir, err))
		}
		if err != nil || a.flags.file == "" {
			return j, err
		}
		return a.within(j)
	case a.flags.file != "":
		return a.fromFile()
	case a.flags.job != "":
		return job.FromURLs("", ""), nil
	}
	return nil, exit(codeUsage, errors.New("which job? Name its file (-f job.yaml), the --data-dir of floe dev, or --job and --broker"))
}

func (a *app) fromFile() (*job.Job, error) {
	j, err := job.Load(a.flags.file)
	if errors.Is(err, os.ErrNotExist) {
		return nil, exit(codeUsage, err)
	}
	return j, err
}

// within is the file's job on the log of the folder that keeps it.
func (a *app) within(kept *job.Job) (*job.Job, error) {
	j, err := a.fromFile()
	if err != nil {
		return nil, err
	}
	if j.Name == "" {
		j.Name = kept.Name
	}
	if j.Name != kept.Name {
		return nil, exit(codeConflict, fmt.Errorf("%s holds the job %s, and %s is of job %s; name one of both", a.flags.dataDir, kept.Name, a.flags.file, j.Name))
	}
	e, err := datadir.ReadEndpoint(a.flags.dataDir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	e.Use(j)
	return j, nil
}

// findRunning looks where floe dev keeps the job if nothing else is said.
func (a *app) findRunning(j *job.Job) {
	dir, err := datadir.Default(j.Name)
	if err != nil {
		return
	}
	if e, err := datadir.ReadEndpoint(dir); err == nil {
		e.Use(j)
	}
}

// logOf finds the job, and how clients of its log are set up.
func (a *app) logOf() (*job.Job, []kgo.Opt, error) {
	j, err := a.resolve(need{log: true})
	if err != nil {
		return nil, nil, err
	}
	opts, err := options(j)
	return j, opts, err
}

// options are the client options of the job's log.
func options(j *job.Job) ([]kgo.Opt, error) {
	opts, err := j.Kafka.Options()
	if err != nil {
		return nil, exit(codeUsage, err)
	}
	return opts, nil
}
