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
	"floe/pkg/catalog"
	"floe/pkg/ending"
	"floe/pkg/job"
	"floe/pkg/pg"
	"floe/pkg/status"
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
	// Keyless are those of Existing that have rows, of tables without a key, under on_existing: proceed: a load brings all
	// of the source's rows beside them.
	Keyless []string `json:"keyless,omitempty"`
	// Stay are the target's tables that the job made or uses and that stay, with its end.
	Stay []string `json:"stay,omitempty"`
	// Schema is whether schema floe of the target goes, for no other job uses it.
	Schema bool `json:"schema,omitempty"`
	// Heartbeat is the source's table in which the job has rows.
	Heartbeat string `json:"heartbeat,omitempty"`
	// Returned are the source's tables that get back the replica identity that they had before floe gave them another,
	// Identities those that keep one that is not their primary key.
	Returned   []string `json:"returned,omitempty"`
	Identities []string `json:"identities,omitempty"`
}

// View is a relation without rows of its own: Noun is what DROP calls its kind.
type View struct {
	Noun string `json:"kind"`
	Name string `json:"name"`
}

// Nothing reports whether there is nothing to remove.
func (p *Plan) Nothing() bool {
	return len(p.Slots)+len(p.Topics)+p.Rows+len(p.Drop)+len(p.Views) == 0 && !p.Schema && p.Publication == "" && !p.Recording && p.Heartbeat == "" && len(p.Returned) == 0 && p.BrokerLog == ""
}

// RunningError is a job that must be stopped first.
type RunningError struct{ What string }

func (e *RunningError) Error() string {
	return "the job runs: " + e.What + "; stop floe first"
}

// UnreachableError is a server that does not answer.
type UnreachableError = ending.UnreachableError

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
	if err == nil && len(r.Plan.Existing) > 0 && c.Job.Proceed {
		err = r.lookAtKeyless(ctx)
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
		return nil, &UnreachableError{Err: fmt.Errorf("connect to the %s: %w", side, err)}
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
	return fmt.Sprintf("%s of the target, there before the job, with what it replicated: %s", status.Count(len(e.Tables), "table"), list(e.Tables))
}

// DoubledError is rows that were to be kept and that the next load would bring a second time.
type DoubledError struct{ Tables []string }

func (e *DoubledError) Error() string {
	return fmt.Sprintf("--existing keep would have the next load bring every row of %s a second time: without a key nothing tells which rows are there already", list(e.Tables))
}

// Decided is nil if it is known what becomes of the rows in tables that the job did not make, and no row would be
// doubled by that.
func (r *Reset) Decided() error {
	switch {
	case len(r.Plan.Existing) > 0 && r.config.Existing == "":
		return &UndecidedError{r.Plan.Existing}
	case len(r.Plan.Keyless) > 0 && r.config.Existing == Keep:
		return &DoubledError{r.Plan.Keyless}
	}
	return nil
}

// Run removes what Plan lists.
func (r *Reset) Run(ctx context.Context) error {
	if err := r.Decided(); err != nil {
		return err
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

// selected are the names on the target of the tables that the job selects; without key, of those that have none.
func (r *Reset) selected(ctx context.Context) (all, keyless []string, err error) {
	db, err := catalog.ReadSelection(ctx, r.source, catalog.Selection{Tables: r.config.Job.Includes})
	if err != nil {
		return nil, nil, fmt.Errorf("read the source's tables: %w", err)
	}
	for _, t := range db.Tables() {
		if t.PartitionOf != nil {
			continue
		}
		name := r.config.Job.Mapping().Table(t.Name).SQL()
		if all = append(all, name); len(db.Identity(t).Columns) == 0 {
			keyless = append(keyless, name)
		}
	}
	return all, keyless, nil
}
