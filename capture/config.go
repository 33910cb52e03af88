// Package capture is floe's first service: it decodes a source's changes, copies the rows that are
// there already, and writes both as one log to Kafka (docs/design.md). pipeline.go is the loop.
package capture

import (
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kgo"

	"floe/pkg/broker"
	"floe/pkg/charset"
	"floe/pkg/ident"
	"floe/pkg/pg"
	"floe/pkg/registry"
	"floe/pkg/status"
)

// Config is what one capture needs: its source, its log, and what it replicates. It knows nothing of
// the target.
type Config struct {
	// Job is the job's name, [a-z0-9_]{1,40}; the slot and the publication bear it.
	Job    string
	Source pg.Config
	// Place is where the source is, for whoever reads the reports; no credentials.
	Place string
	// Prefix begins the names of the job's topics.
	Prefix string
	// Kafka are the client options of the log: brokers, TLS, SASL.
	Kafka []kgo.Opt
	// Partitions and Replication are for the topics of rows that capture creates.
	Partitions, Replication int
	// RowsKept is how long those topics keep them, 0 as the brokers have it.
	RowsKept time.Duration
	// Registry is where schemas get their ids; nil is floe's own.
	Registry *registry.Remote
	// Includes says which tables are replicated; Everything, that the whole database is, with the
	// objects that no table needs.
	Includes   func(ident.Name) bool
	Everything bool
	// Schemas says of which schemas every object is selected; nil of none.
	Schemas func(string) bool
	// Include and Exclude are what the selection was written as: the source's event triggers publish tables
	// by them. No Include is all.
	Include, Exclude []ident.Pattern
	// Filter is the condition that a table's rows must meet, empty for none; nil filters no table.
	Filter func(ident.Name) string
	// Columns is the list that a table's columns are taken by, nil for all columns; nil lists none.
	Columns func(ident.Name) []string
	// Charset is what the source's texts are in, if its database does not say (SQL_ASCII); nil if it does.
	Charset *charset.Charset
	// DDLOff halts at a change of a table's structure; else changes are followed.
	DDLOff bool
	// KeepIdentity leaves the replica identities of the source as they are.
	KeepIdentity bool
	// AwaitStart has a job that never began wait, in state READY, until start is sent; Checked is in a line
	// what its prechecks came to, Checks all of them, shown meanwhile.
	AwaitStart bool
	Checked    string
	Checks     *status.Checks
	// Standby waits in silence while another capture owns the job, and waits again when one took over.
	Standby bool
	// SkipLoad begins with the changes; the target has the rows already.
	SkipLoad bool
	// ChunkHold is how long the stream stands still for a chunk of the load.
	ChunkHold time.Duration
	// LoadReaders is the number of ranges, of one table or several, that are loaded at once, 0 for one.
	LoadReaders int
	// LoadRows is the number of rows a second that the load reads at most, 0 for no bound.
	LoadRows int
	// LoadMBps is the same in megabytes.
	LoadMBps int
	// HoldLoad has the load rest while limits are passed.
	HoldLoad HoldLoad
	// Heartbeat is the table that heartbeats are written to, HeartbeatEvery so often; 0 writes none, and only
	// reads the source's clock.
	Heartbeat      ident.Name
	HeartbeatEvery time.Duration
	// EpochEvery is how often a running capture places what is valid again, under a new Epoch: the ledger
	// can be trimmed up to one. 0 for daily.
	EpochEvery time.Duration
	// ShutdownGrace is how long a source that shuts down waits for Kafka before capture lets it go.
	ShutdownGrace time.Duration

	// Door knows whether the brokers let this service in; nil if nobody asks.
	Door    *broker.Door
	Log     *slog.Logger
	Metrics prometheus.Registerer
	// Health is told of the state as the log is, nil for nobody.
	Health *status.Health
}

// Group bounds: a Commit entry is closed when it holds this much although the one before is still on
// its way, and a transaction beyond it is placed in parts.
const (
	groupRows  = 20_000
	groupBytes = 8 << 20
)

// ledgerKeep is how long a broker that has no cap keeps ledger entries that every applier has passed:
// as long as rows are kept by default.
const ledgerKeep = 7 * 24 * time.Hour

// chunkBytes bounds a chunk of the load.
const chunkBytes = 24 << 20
