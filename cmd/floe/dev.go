package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kgo"

	"floe/cmd/floe/datadir"
	"floe/pkg/access"
	"floe/pkg/broker"
	"floe/pkg/console"
	"floe/pkg/job"
)

func (a *app) devCommand() *cobra.Command {
	d := &dev{app: a, logCap: broker.DefaultLogCap}
	cmd := &cobra.Command{Use: "dev [--source URL --target URL | -f job.yaml]", Short: "Everything in one process tree; Ctrl-C stops, a rerun resumes", Args: cobra.NoArgs,
		Long: `Everything in one process tree: an embedded broker (or --broker), capture, applier and console.
Ctrl-C stops, a rerun resumes. Without a job its console leads to one, step by step.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, cancel := context.WithCancelCause(cmd.Context())
			defer cancel(nil)
			d.broken = cancel
			if err := d.prepare(ctx); errors.Is(err, errDone) { // before there was a job
				return d.front.Close()
			} else if err != nil {
				return err
			}
			defer d.lock.Close() //nolint:errcheck // it ends with the process at the latest
			return errors.Join(d.runs(ctx), d.front.Close())
		}}
	cmd.Flags().StringVar(&d.listen, "listen", "", "address of console, JSON and metrics (default 127.0.0.1:8088, or any free one)")
	cmd.Flags().BoolVar(&d.onceOnly, "once", false, "exit when in sync and verified")
	cmd.Flags().Var(&d.logCap, "log-cap", logCapUsage)
	d.serving.addFlags(cmd)
	d.offerDemo(cmd)
	return cmd
}

// dev is a job with everything it needs on this machine.
type dev struct {
	app      *app
	listen   string
	onceOnly bool
	logCap   job.Size

	dir      string
	lock     *os.File
	job      *job.Job
	kept     datadir.Job
	endpoint datadir.Endpoint
	kafka    []kgo.Opt
	front    *console.Front
	address  string
	broken   func(error) // ends all if the console's address does not work
	gone     string      // the name of the job that was deleted last
	unreset  string      // why the last reset that the console was asked for did not come to its end
	serving  serving
	gate     *access.Gate
}

// prepare settles what the job is and where its parts answer, and takes the data directory.
func (d *dev) prepare(ctx context.Context) error {
	if err := d.describe(); err != nil {
		return err
	}
	var err error
	if d.lock, err = datadir.Lock(d.dir); err != nil {
		return err
	}
	if err = d.make(ctx); err == nil {
		err = d.settle()
	}
	if err != nil {
		if d.front != nil {
			err = errors.Join(err, d.front.Close())
		}
		_ = d.lock.Close()
	}
	return err
}

// runs runs the job, the same one behind a reset, and one that the console leads to behind its end.
func (d *dev) runs(ctx context.Context) error {
	for {
		if err := d.anew(ctx); err != nil || ctx.Err() != nil {
			return err
		}
		switch err := d.run(ctx); {
		case errors.Is(err, console.ErrReset):
			continue
		case !errors.Is(err, console.ErrDeleted):
			return err
		case d.onceOnly:
			return exit(codeConflict, err)
		}
		if err := d.make(ctx); errors.Is(err, errDone) {
			return nil
		} else if err != nil {
			return err
		}
		if err := d.settle(); err != nil {
			return err
		}
	}
}

func (d *dev) settle() error {
	if err := d.keep(); err != nil {
		return err
	}
	if err := d.chooseLog(); err != nil {
		return err
	}
	var err error
	if d.kafka, err = options(d.job); err != nil {
		return err
	}
	if err := d.open(); err != nil {
		return err
	}
	d.endpoint.Job, d.endpoint.Console = d.job.Name, d.address
	d.endpoint.PIDs = map[string]int{"dev": os.Getpid()}
	return datadir.WriteEndpoint(d.dir, d.endpoint)
}

// describe reads the job's file or URLs, and finds the folder that they imply.
func (d *dev) describe() error {
	f := &d.app.flags
	switch {
	case f.file != "" && (f.source != "" || f.target != ""):
		return exit(codeUsage, errors.New("want -f or --source and --target, not both"))
	case f.file != "":
		path, err := filepath.Abs(f.file)
		if err != nil {
			return err
		}
		d.kept.File = path
	case f.source != "" && f.target != "":
		d.kept.Source, d.kept.Target = f.source, f.target
	case f.source != "" || f.target != "" || d.onceOnly && f.dataDir == "":
		return exit(codeUsage, errors.New("which databases? --source URL and --target URL, or -f job.yaml, or the --data-dir of an earlier floe dev"))
	}
	d.dir = f.dataDir
	switch {
	case d.dir != "":
	case d.kept == datadir.Job{}: // its console leads to a job, or it is here from an earlier time
		var err error
		if d.dir, err = datadir.Default(unnamed); err != nil {
			return exit(codeUsage, err)
		}
	default:
		j, err := d.kept.Job()
		if err != nil {
			return fileFault(err)
		}
		name, err := d.nameOf(j)
		if err != nil {
			return err
		}
		if d.dir, err = datadir.Default(name); err != nil {
			return exit(codeUsage, err)
		}
	}
	var err error
	d.dir, err = filepath.Abs(d.dir)
	return err
}

// keep joins what was said now with what the folder holds, and writes it there.
func (d *dev) keep() error {
	old, err := datadir.ReadJob(d.dir)
	switch {
	case errors.Is(err, os.ErrNotExist):
		if d.kept.File == "" && d.kept.Source == "" {
			return exit(codeConflict, fmt.Errorf("%s holds no job; say --source and --target, or -f", d.dir))
		}
	case err != nil:
		return err
	case d.kept.File == "" && d.kept.Source == "":
		d.kept = old
	}
	d.kept.Started, d.kept.Name, d.kept.Reset = d.kept.Started || old.Started, old.Name, old.Reset
	if d.job, err = d.kept.Job(); err != nil {
		return fileFault(err)
	}
	if d.job.Name, err = d.nameOf(d.job); err != nil {
		return err
	}
	if old.Name != "" && d.job.Name != old.Name {
		return exit(codeConflict, fmt.Errorf("%s holds the job %s, not %s; name another --data-dir", d.dir, old.Name, d.job.Name))
	}
	d.kept.Name = d.job.Name
	if err := (need{source: true, target: true}).check(d.job); err != nil {
		return err
	}
	return datadir.WriteJob(d.dir, d.kept)
}

// nameOf is the job's name: given, or made of the source database's and what tells this job apart.
func (d *dev) nameOf(j *job.Job) (string, error) {
	switch {
	case d.app.flags.job != "":
		if err := job.CheckName(d.app.flags.job); err != nil {
			return "", exit(codeUsage, err)
		}
		return d.app.flags.job, nil
	case j.Name != "":
		return j.Name, nil
	}
	source, err := j.Source.Config()
	if err != nil {
		return "", exit(codeUsage, err)
	}
	target, err := j.Target.Config()
	if err != nil {
		return "", exit(codeUsage, err)
	}
	parsed, err := pgconn.ParseConfig(source.URL)
	if err != nil {
		return "", exit(codeUsage, fmt.Errorf("--source: %w", err))
	}
	dir := d.app.flags.dataDir
	if dir != "" { // two folders are two jobs, of the same databases too
		if dir, err = filepath.Abs(dir); err != nil {
			return "", err
		}
	}
	return job.GenerateName(parsed.Database, job.Place(source), job.Place(target), dir), nil
}

// chooseLog takes the brokers that were named, else the job file's, else embeds one.
func (d *dev) chooseLog() error {
	b := d.app.flags.brokers
	switch {
	case len(b) > 0 && !(len(b) == 1 && b[0] == "embedded"):
		d.endpoint.Brokers = b
	case len(b) == 0 && d.job.Kafka != nil:
	default:
		addr, err := broker.Address(d.brokerDir())
		if err != nil {
			return err
		}
		d.endpoint.Brokers, d.endpoint.Embedded = []string{addr}, true
	}
	d.endpoint.Use(d.job)
	return nil
}

func (d *dev) brokerDir() string { return filepath.Join(d.dir, "broker") }

// open opens the console's address, unless it is open.
func (d *dev) open() error {
	if d.front != nil {
		return nil
	}
	at := d.listen
	if at == "" {
		at = "127.0.0.1:8088"
	}
	l, gate, err := d.serving.open(at, "--listen")
	if err != nil && d.listen == "" {
		l, gate, err = d.serving.open("127.0.0.1:0", "--listen")
	}
	if err != nil {
		return err
	}
	d.gate, d.front, d.address = gate, console.Open(l, gate, d.broken), d.serving.scheme()+l.Addr().String()
	return nil
}

// precheck runs before the first start only: later the job shows what is wrong, and goes on when it is
// mended.
func (d *dev) precheck(ctx context.Context) error {
	if d.kept.Started {
		return nil
	}
	kafka := d.kafka
	if d.endpoint.Embedded {
		kafka = nil
	}
	if err := d.app.check(ctx, d.job, kafka, checking{embedded: d.endpoint.Embedded}); err != nil {
		return err
	}
	d.kept.Started = true
	return datadir.WriteJob(d.dir, d.kept)
}

func fileFault(err error) error {
	var path *os.PathError
	if errors.As(err, &path) {
		return exit(codeUsage, err)
	}
	return err
}

// childEnv is our environment without what would stand above the data directory's job.
func childEnv(env []string) []string {
	var out []string
	for _, e := range env {
		name, _, _ := strings.Cut(e, "=")
		switch name {
		case "FLOE_SOURCE", "FLOE_TARGET", "FLOE_FILE", "FLOE_DATA_DIR", "FLOE_JOB", "FLOE_BROKER", "FLOE_METRICS", "FLOE_NAME", "FLOE_DIR", "FLOE_LISTEN",
			"FLOE_TOKEN_FILE", "FLOE_VIEWER_TOKEN_FILE", "FLOE_TLS_CERT", "FLOE_TLS_KEY", "FLOE_BEHIND_TLS_PROXY", "FLOE_HOST":
			continue
		}
		out = append(out, e)
	}
	return out
}
