// Package capture is floe's first service: it decodes a source's changes, copies the rows that are
// there already, and writes both as one log to Kafka (docs/design.md). pipeline.go is the loop.
package capture

import (
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kgo"

	"floe/pkg/ident"
	"floe/pkg/pg"
)

// Config is what one capture needs: its source, its log, and what it replicates. It knows nothing of
// the target.
type Config struct {
	// Job is the job's name, [a-z0-9_]{1,40}; the slot and the publication bear it.
	Job    string
	Source pg.Config
	// Prefix begins the names of the job's topics.
	Prefix string
	// Kafka are the client options of the log: brokers, TLS, SASL.
	Kafka []kgo.Opt
	// Partitions and Replication are for the topics of rows that capture creates.
	Partitions, Replication int
	// Includes says which tables are replicated; Everything, that the whole database is, with the
	// objects that no table needs.
	Includes   func(ident.Name) bool
	Everything bool
	// KeepIdentity leaves the replica identities of the source as they are.
	KeepIdentity bool
	// SkipLoad begins with the changes; the target has the rows already.
	SkipLoad bool
	// ChunkHold is how long the stream stands still for a chunk of the load.
	ChunkHold time.Duration
	// LoadRows is the number of rows a second that the load reads at most, 0 for no bound.
	LoadRows int
	// ShutdownGrace is how long a source that shuts down waits for Kafka before capture lets it go.
	ShutdownGrace time.Duration

	Log     *slog.Logger
	Metrics prometheus.Registerer
}

// Group bounds: a Commit entry is closed when it holds this much although the one before is still on
// its way, and a transaction beyond it is placed in parts.
const (
	groupRows  = 20_000
	groupBytes = 8 << 20
)

// chunkBytes bounds a chunk of the load.
const chunkBytes = 24 << 20
