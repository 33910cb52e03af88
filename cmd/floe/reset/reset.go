// Package reset takes a job back to before its first start: its slot and publication on the source, its
// topics, and on the target its position and the tables that it made are removed. It is the remedy of
// the halts behind which the log cannot be gone on with.
//
// Prepare changes nothing; what it found is the Plan that the operator agrees to. Run removes from the
// source on to the target. Whatever a crash leaves in between is a halt for a job that is started all
// the same (slot-missing while the ledger is there, topic-reset while the target's position is), never
// a job that goes on; running it again ends what is left.
package reset

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/twmb/franz-go/pkg/kgo"

	"floe/applier/target"
	"floe/pkg/broker"
	"floe/pkg/catalog"
	"floe/pkg/job"
	"floe/pkg/pg"
)

// Config is what a reset needs.
type Config struct {
	Job *job.Job
	// Kafka are the client options of the log; nil for the embedded broker of BrokerDir.
	Kafka     []kgo.Opt
	BrokerDir string
	// Existing says what becomes of the rows in tables that the job uses and did not make.
	Existing Existing
	// Delete ends the job instead: the target's tables stay, with their rows.
	Delete bool
}

// Existing is empty, Keep or Empty.
type Existing string

// Keep leaves the rows: the load does not delete among them, and under on_existing: proceed it does not
// change them either. Empty takes them out, so that the load makes the tables equal.
const (
	Keep  Existing = "keep"
	Empty Existing = "empty"
)

// Plan is what a reset removes and what it leaves.
type Plan struct {
	Job         string   `json:"job"`
	Slots       []string `json:"slots"`
	Publication string   `json:"publication,omitempty"`
	// Recording is what records the source's DDL commands: with the last job its triggers go.
	Recording bool     `json:"recording,omitempty"`
	Topics    []string `json:"topics"`
	BrokerLog string   `json:"broker_log,omitempty"`
	// Rows are the job's in schema floe of the target.
	Rows int `json:"rows"`
	// Drop are the target's tables that the job made, Views its views and foreign tables; Existing those that it uses and did not make;
	// Replaced have the name of one that it made and are another.
	Drop     []string `json:"drop"`
	Views    []View   `json:"views,omitempty"`
	Existing []string `json:"existing"`
	Replaced []string `json:"replaced,omitempty"`
	// Stay are the target's tables that the job made or uses and that stay, with its end.
	Stay []string `json:"stay,omitempty"`
	// Schema is whether schema floe of the target goes, for no other job uses it.
	Schema bool `json:"schema,omitempty"`
	// Heartbeat is the source's table in which the job has rows.
	Heartbeat string `json:"heartbeat,omitempty"`
	// Identities are the source's tables with a replica identity that is not their primary key.
	Identities []string `json:"identities,omitempty"`
}

// View is a relation without rows of its own: Noun is what DROP calls its kind.
type View struct {
	Noun string `json:"kind"`
	Name string `json:"name"`
}

// Nothing reports whether there is nothing to remove.
func (p *Plan) Nothing() bool {
	return len(p.Slots)+len(p.Topics)+p.Rows+len(p.Drop)+len(p.Views) == 0 && !p.Schema && p.Publication == "" && !p.Recording && p.Heartbeat == "" && p.BrokerLog == ""
}

// RunningError is a job that must be stopped first.
type RunningError struct{ What string }

func (e *RunningError) Error() string {
	return "the job runs: " + e.What + "; stop floe first"
}

// UnreachableError is a server that does not answer.
type UnreachableError struct{ Err error }

func (e *UnreachableError) Error() string { return e.Err.Error() }
func (e *UnreachableError) Unwrap() error { return e.Err }

// Reset is one reset. While it is open no applier of the job works.
type Reset struct {
	Plan   Plan
	config Config
	source *pgx.Conn
	target *pgx.Conn
	client *kgo.Client
}

// Prepare finds what there is to remove. It changes nothing.
func Prepare(ctx context.Context, c Config) (_ *Reset, err error) {
	r := &Reset{config: c, Plan: Plan{Job: c.Job.Name}}
	defer func() {
		if err != nil {
			r.Close()
		}
	}()
	if r.source, err = open(ctx, c.Job.Source, "source"); err != nil {
		return nil, err
	}
	if r.target, err = open(ctx, c.Job.Target, "target"); err != nil {
		return nil, err
	}
	if c.Kafka != nil {
		if r.client, err = kgo.NewClient(c.Kafka...); err != nil {
			return nil, fmt.Errorf("connect to Kafka: %w", err)
		}
	}
	for _, look := range []func(context.Context) error{r.lookAtSource, r.lookAtLog, r.lookAtTarget} {
		if err := look(ctx); err != nil {
			return nil, err
		}
	}
	if c.Delete {
		r.keep()
		err = pgx.BeginFunc(ctx, r.target, func(tx pgx.Tx) (err error) {
			r.Plan.Schema, err = target.Alone(ctx, tx, c.Job.Name)
			return err
		})
	}
	return r, err
}

func open(ctx context.Context, e job.Endpoint, side string) (*pgx.Conn, error) {
	c, err := e.Config()
	if err != nil {
		return nil, err
	}
	conn, err := pg.Connect(ctx, c, pg.Admin)
	if err != nil {
		return nil, &UnreachableError{fmt.Errorf("connect to the %s: %w", side, err)}
	}
	return conn, nil
}

// Close ends the connections, and with them the locks.
func (r *Reset) Close() {
	for _, c := range []*pgx.Conn{r.source, r.target} {
		if c != nil {
			_ = c.Close(context.Background())
		}
	}
	if r.client != nil {
		r.client.Close()
	}
}

// UndecidedError asks what becomes of the rows in tables that the job did not make.
type UndecidedError struct{ Tables []string }

func (e *UndecidedError) Error() string {
	return fmt.Sprintf("%d tables of the target were there before the job and hold what it replicated: %s", len(e.Tables), list(e.Tables))
}

// Run removes what Plan lists.
func (r *Reset) Run(ctx context.Context) error {
	if len(r.Plan.Existing) > 0 && r.config.Existing == "" {
		return &UndecidedError{r.Plan.Existing}
	}
	if err := r.dropFromSource(ctx); err != nil {
		return err
	}
	if err := r.dropLog(ctx); err != nil {
		return err
	}
	return r.dropFromTarget(ctx)
}

// keep turns what would be dropped into what stays.
func (r *Reset) keep() {
	p := &r.Plan
	p.Stay = append(append(p.Stay, p.Drop...), p.Existing...)
	for _, v := range p.Views {
		p.Stay = append(p.Stay, v.Name)
	}
	p.Drop, p.Existing, p.Views, p.Replaced = nil, nil, nil, nil
}

func (r *Reset) dropLog(ctx context.Context) error {
	if r.client == nil {
		return broker.Discard(r.config.BrokerDir)
	}
	// The ledger last: while it is there a capture that is started finds its slot gone and stops.
	return DropTopics(ctx, r.client, r.Plan.Topics, broker.Ledger(r.config.Job.Prefix()))
}

// selected are the names on the target of the tables that the job selects.
func (r *Reset) selected(ctx context.Context) ([]string, error) {
	db, err := catalog.ReadSelection(ctx, r.source, catalog.Selection{Tables: r.config.Job.Includes})
	if err != nil {
		return nil, fmt.Errorf("read the source's tables: %w", err)
	}
	var out []string
	for _, t := range db.Tables() {
		if t.PartitionOf == nil {
			out = append(out, r.config.Job.Mapping().Table(t.Name).SQL())
		}
	}
	return out, nil
}
