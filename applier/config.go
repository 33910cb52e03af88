// Package applier is floe's second service: it reads a job's log and makes it true on a target, in
// order, exactly once (docs/design.md). pipeline.go is the loop.
package applier

import (
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kgo"

	"floe/applier/structure"
	"floe/pkg/broker"
	"floe/pkg/ident"
	"floe/pkg/pg"
	"floe/pkg/status"
)

// Config is what one applier needs: its target and the log. It knows nothing of the source.
type Config struct {
	// Job is the job's name; Name tells several appliers of one log apart, "main" by default.
	Job, Name string
	Target    pg.Config
	// Place is where the target is, for whoever reads the reports; no credentials.
	Place string
	// Prefix begins the names of the job's topics.
	Prefix string
	// Kafka are the client options of the log: brokers, TLS, SASL.
	Kafka []kgo.Opt
	// Mapping gives the target's names of schemas, tables and columns; nil keeps the source's.
	Mapping *ident.Mapping
	// Proceed is on_existing: proceed; tables that the target has already are loaded into, and the
	// load keeps the target's rows. Otherwise such a table is a halt.
	Proceed bool
	// AwaitStart has a job that never began wait, in state READY, until start is sent; Checked is in a line
	// what its prechecks came to, Checks all of them, shown meanwhile.
	AwaitStart bool
	Checked    string
	Checks     *status.Checks
	// Standby waits in silence while another applier owns the job, and waits again when one took over.
	Standby bool
	// SkipStructure creates nothing: the tables are there.
	SkipStructure bool
	// Unsupported says what becomes of objects of kinds that the target does not have; empty reports them.
	Unsupported structure.Policy
	// BatchRows bounds the rows of one target transaction. More rows amortise the commit; every row of
	// a batch becomes visible only at its end, so more rows also cost latency.
	BatchRows int
	// BatchWait is how long a batch that is not full waits for more while there is a backlog; 0 applies
	// what is there.
	BatchWait time.Duration

	// Rows and MBps bound what is applied of changes in a second, in rows and in megabytes; 0 is without bound.
	Rows, MBps int

	path []string // schemas that functions of the target need in their search_path

	// Door knows whether the brokers let this service in; nil if nobody asks.
	Door    *broker.Door
	Log     *slog.Logger
	Metrics prometheus.Registerer
	// Health is told of the state as the log is, nil for nobody.
	Health *status.Health
}
