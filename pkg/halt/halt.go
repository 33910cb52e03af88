// Package halt names the events at which floe stops rather than guess (design.md L5, L6): each with
// the range it affects and the command that mends it.
package halt

import (
	"errors"
	"fmt"
)

// Code is a halt's stable name, as the status shows it.
type Code string

// The halts.
const (
	SlotMissing         Code = "slot-missing"
	SlotAhead           Code = "slot-ahead"
	WALLost             Code = "wal-lost"
	WALUndecodable      Code = "wal-undecodable"
	SourceChanged       Code = "source-changed"
	SourceRewound       Code = "source-rewound"
	PublicationChanged  Code = "publication-changed"
	StructureChanged    Code = "structure-changed"
	TopicReset          Code = "topic-reset"
	LogGap              Code = "log-gap"
	LedgerRewritten     Code = "ledger-rewritten"
	ForeignRecord       Code = "foreign-record"
	SchemaMismatch      Code = "schema-mismatch"
	RegistryRefused     Code = "registry-refused"
	TargetMismatch      Code = "target-mismatch"
	TargetTableExists   Code = "target-table-exists"
	TargetTableMissing  Code = "target-table-missing"
	ConstraintViolation Code = "constraint-violation"
	FilterRefused       Code = "filter-refused"
	TextUndecodable     Code = "text-undecodable"
	DiskFull            Code = "disk-full"
)

// Reset is the remedy of halts behind which the log cannot be gone on with.
const Reset = "stop floe, then `floe job reset`: a new log begins and everything is loaded again"

// Rebuild is the remedy of a changed structure.
const Rebuild = "stop floe, change tables of the target that floe did not make in the same way, then `floe job reset`: it drops those that it made, and the next start makes and loads them anew"

// Error is a halt. What was found, the range it affects, and the remedy in one sentence.
type Error struct {
	Code   Code
	Detail string
	Fix    string
	Err    error // the cause underneath, if any
}

func (e *Error) Error() string {
	s := fmt.Sprintf("%s: %s", e.Code, e.Detail)
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	if e.Fix != "" {
		s += "; to mend it: " + e.Fix
	}
	return s
}

func (e *Error) Unwrap() error { return e.Err }

// New returns a halt; detail is what was found, fix what the operator can do.
func New(code Code, fix, detail string, args ...any) *Error {
	return &Error{Code: code, Fix: fix, Detail: fmt.Sprintf(detail, args...)}
}

// As returns the halt within err, or nil.
func As(err error) *Error {
	var h *Error
	if errors.As(err, &h) {
		return h
	}
	return nil
}
