// Package status is what the services say of themselves on <job>.floe.status; console and CLI know a
// job by it and by nothing else.
package status

import "floe/pkg/event"

// Report is one service's state at one moment.
type Report struct {
	Role     string // capture, applier
	Instance string // tells two of one role apart
	Host     string
	PID      int64
	At       int64 // microseconds since the Unix epoch, the service's clock
	Job      string

	State  string // as ux: INIT_STRUCTURE, INIT_DATA, CATCHING_UP, SYNCING, BLOCKED, FAILED, …
	Reason string // code beside the state: a halt's, source-unreachable, …
	Detail string
	Fix    string

	Epoch uint32
	// SourceLSN is the end of what the source sent, PlacedLSN of what is in the log, FlushedLSN of
	// what was read back, AppliedLSN of what is true on the target.
	SourceLSN, PlacedLSN, FlushedLSN, AppliedLSN event.LSN
	LedgerOffset                                 int64
	// LatencyUs is how far the target is behind in microseconds: 0 when idle and in sync, -1 unknown.
	LatencyUs int64
	// Transactions, Rows and Bytes count from the service's start.
	Transactions, Rows, Bytes uint64
	Tables                    []Table
}

// Table is one table's state at one service.
type Table struct {
	Schema, Name                         string
	State                                string // waiting, loading, settling, in sync, blocked
	Estimate, Loaded                     uint64 // rows
	Inserts, Updates, Deletes, Truncates uint64
	Error                                string
}
