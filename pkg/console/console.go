// Package console is a job's face for people and programs: pages, the same as JSON (api.go), the
// commands that `floe` has, the schemas of its rows, health for whoever restarts things, and metrics.
//
//   - It is a client of the log: it needs neither server, and what it shows it can show again after a
//     restart, but for the history of latency and throughput, which it keeps in bounded memory.
//   - What needs the databases (prechecks, the plan) is handed to it by whoever may (floe dev).
//   - Every route stands in one table with who may ask it (routes.go); package access holds that.
package console

import (
	"context"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kgo"
	"golang.org/x/sync/errgroup"

	"floe/pkg/access"
	"floe/pkg/ident"
	"floe/pkg/job"
	"floe/pkg/precheck"
	"floe/pkg/registry"
	"floe/pkg/verify"
)

// Config is one console.
type Config struct {
	Job, Prefix string
	Kafka       []kgo.Opt
	// Front is where it answers.
	Front *Front
	// Gate decides who may ask for what.
	Gate *access.Gate
	// Gather are further metrics to serve on the same address.
	Gather prometheus.Gatherer
	// Near is what only a console beside the job's databases can do.
	Near Near
	Log  *slog.Logger
}

// Near is what needs the job file or the databases; what is nil cannot be done here.
type Near struct {
	// Source and Target are where they are, without credentials.
	Source, Target string
	// Kafka is the log as a job file has it: a new job's is the same.
	Kafka *job.Kafka
	// File is the job file as it is true now, passwords as references.
	File func(context.Context) ([]byte, error)
	// Check runs the prechecks; told is told how far they are.
	Check func(ctx context.Context, told func(done, of int)) (*precheck.Report, error)
	// Plan says what the job makes, loads and leaves out.
	Plan func(context.Context) (string, error)
	// Verify compares tables, as SQL names or patterns, none for all; told is told of each as it is done.
	Verify func(ctx context.Context, tables []string, told func(t *verify.Table, done, of int)) error
	// Alone: once the job is deleted there is nothing to be shown here, and Serve returns ErrDeleted. Discards: whoever
	// called it discards the log then as a whole, so that its topics are not deleted one by one.
	Alone, Discards bool
	// Apply makes a job file true of the running job, or only says what differs. Somebody asks for it. A file that is
	// none is a job.Faults, one that the job cannot become a control.ConflictError.
	Apply func(ctx context.Context, file []byte, dry bool, by string) (Applied, error)
	// CutOver has the target take over; step is told of each step. Somebody asks for it.
	CutOver func(ctx context.Context, by string, step func(string)) (TakenOver, error)
	// ResetPlan lists what a reset of the job removes; a job that cannot be reset now is a control.ConflictError.
	ResetPlan func(context.Context) (Reset, error)
	// Reset keeps that the job is to be reset. Serve returns ErrReset then; whoever called it does it, and ResetError is
	// why that did not come to its end.
	Reset      func(existing string) error
	ResetError string
	// Present refuses tables that the source does not have.
	Present func(context.Context, []ident.Name) error
}

// Serve shows the job where c.Front is, until ctx ends.
func Serve(ctx context.Context, c Config) error {
	schemas, err := registry.NewServer(c.Kafka, c.Prefix, c.Log)
	if err != nil {
		return err
	}
	s := newServer(c, schemas)
	g, ctx := errgroup.WithContext(ctx)
	s.life = ctx
	g.Go(func() error { s.warm(ctx); return nil })
	g.Go(func() error { s.watch.follow(ctx); return nil })
	g.Go(func() error { s.board.follow(ctx); return nil })
	g.Go(func() error { return schemas.Run(ctx) })
	g.Go(func() error {
		select {
		case why := <-s.gone:
			if c.Near.Alone {
				return why
			}
		case <-ctx.Done():
		}
		return nil
	})
	c.Front.Show(s.face.handle(s.routes()))
	err = g.Wait()
	s.endChecks()
	s.endDeletions()
	s.handover.running.Wait()
	s.compared.end()
	s.planned.end()
	return err
}

// warm parses the pages once the log was read, so that who asks first does not wait for it, and what starts
// beside this does neither.
func (s *server) warm(ctx context.Context) {
	select {
	case <-s.watch.changed():
		drawn()
	case <-ctx.Done():
	}
}

// answerTime bounds what a request may ask of the log.
const answerTime = 10 * time.Second
