// Package status is what the services say of themselves on <job>.floe.status; console and CLI know a
// job by it and by nothing else.
package status

import (
	"strings"
	"time"

	"floe/pkg/event"
)

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
	// LedgerOffset is the last ledger entry that an applier knows to be flushed on its target, -1 before
	// it knows: the log is needed from the next one on.
	LedgerOffset int64
	// LatencyUs is how far the target is behind in microseconds: 0 when idle and in sync, -1 unknown. From
	// capture it is how long the source was not heard, or its stream has not come to where it was, 0 while
	// neither counts.
	LatencyUs int64
	// Transactions, Rows and Bytes count from the service's start.
	Transactions, Rows, Bytes uint64
	Tables                    []Table
	// Structure is what of the target's structure is not as the source's; nil if this report does not say.
	Structure *Structure
	// Obeyed is where floe.control goes on behind the commands that the service has taken up.
	Obeyed int64
	// SourceClock is on the source's clock, in microseconds since the Unix epoch, 0 unknown: from capture what
	// it showed at At, from an applier when what it applied last was committed.
	SourceClock int64
	// Blocked is the transaction that the target refuses, nil if it refuses none.
	Blocked *Blocked
	// Place is where the service's database is, host:port/name without credentials.
	Place string
	// Checks are the prechecks of a job that never began; nil if this report does not say.
	Checks *Checks
	// SlotLimit is the WAL in bytes that the source keeps for capture's slot at most, 0 without a limit or unknown.
	SlotLimit int64
	// Hops are how long the last change took on the part of the way that the service sees.
	Hops Hops
	// Asked are rows that an applier asks capture to read again, MostAsked at a time, until they came.
	Asked []Asked
}

// Hops are the parts of a change's way, in microseconds: until the source sent it, and until it was in the
// log, are capture's; until it was on the target is an applier's. 0 is at once, or not seen.
type Hops struct{ SourceUs, KafkaUs, TargetUs int64 }

// Blocked is a transaction that the target refuses. Epoch and Commit name it: `floe errors skip` leaves out
// this one and no other.
type Blocked struct {
	Epoch          uint32
	Commit         event.LSN
	Seq            uint64 // of the change that was refused
	Table, Op, Key string
	SQLState       string
	Message        string
	Lasting        string // why it cannot be skipped, empty if it can
}

// Removed is the detail of a service that removed what a deleted job had on its side.
func Removed(what []string) string {
	if len(what) == 0 {
		return "nothing was left to remove"
	}
	return "removed: " + strings.Join(what, ", ")
}

// MostFacts bounds what a report says of the structure; all of it is in floe.object on the target.
const MostFacts = 200

// FactsEvery is how often reports bear what they said of the structure before.
const FactsEvery = 10 * time.Second

// Structure is what an operator should know of the target's objects: the first of Total facts.
type Structure struct {
	Total int
	Facts []Fact
}

// Fact is one object that was left out, refused or made otherwise. Source is how it was to be made.
type Fact struct{ Object, State, Code, Reason, Source string }

// Checks are a service's own prechecks, by which a job that waits for its start is judged. At is
// microseconds since the Unix epoch, Result passed, warnings or failed.
type Checks struct {
	At     int64
	Result string
	Found  []Check
}

// Check is one of them, as package precheck has it; MS is how long it took.
type Check struct {
	Code, Severity, Object, Text, Cause, Fix, FixSQL string
	MS                                               int64
}

// Asked is the key of a row that is not on the target though a change says that it is: its other values
// are nowhere in the log any more (A4). At is the ledger offset that the applier stood at: the same key
// is asked for again only if it is missed again.
type Asked struct {
	Table uint32 // oid of the source's table
	Key   []string
	At    int64
}

// MostAsked bounds the rows asked for in one report.
const MostAsked = 200

// Table is one table's state at one service.
type Table struct {
	Schema, Name                         string
	State                                string // waiting, loading, settling, in sync, blocked
	Estimate, Loaded                     uint64 // rows
	Inserts, Updates, Deletes, Truncates uint64
	Error                                string
}
