package e2e

import (
	"context"

	"floe/e2e/rig"
	"floe/e2e/scenario"
)

// engine keeps a target a copy of a source. There are two: floe, and PostgreSQL's own logical
// replication (FLOE_E2E_PEER=native), against which the runner itself is judged.
type engine interface {
	// start begins a job and returns at once: the start may be blocked by transactions that the
	// scenario ends later.
	start(ctx context.Context, t task) (run, error)
	// found returns nil if the checks before the start report the behaviour's code for the object.
	found(ctx context.Context, t task, code, object string) error
}

// task is one scenario's job.
type task struct {
	*scenario.Scenario
	pair   rig.Pair
	job    string // its name, of the servers' slots too
	dir    string // for files and logs
	marker string // the runner's own table, as SQL; it is in every job
}

// run is a started job.
type run interface {
	// synced blocks until the engine itself says that every table is loaded and streams.
	synced(ctx context.Context) error
	// ended returns nil while the engine runs, then an error that says how it ended.
	ended() error
	// refused tells whether the engine ended because it refused to begin.
	refused() bool
	// stopped says why the job stands still; empty if it does not.
	stopped(ctx context.Context) (string, error)
	// command gives an operator's command.
	command(ctx context.Context, a scenario.Action) error
	// stop ends the job; what it made on the servers goes with the databases.
	stop(ctx context.Context) error
	// tail is the end of the engine's log.
	tail() string
}
