// Package structure makes the target hold what the source's definitions say: Plan turns them into
// statements, Install runs what must stand before rows come, Finish what waits for loaded tables.
//
// Every Epoch brings all definitions again, so everything here can be run again: each step has a
// stable ID, and what was done is recorded under it in floe.object, in the transaction that did it.
// A step that is recorded as done is never run twice; one that failed is tried again at the next run.
//
// Nothing that only secondary structure needs stops a job: it is reported (Fact) and rows go on. A
// table that cannot be made, or the key that its rows are upserted on, is a halt.
//
// How the applier uses it:
//
//	script := structure.Plan(db, structure.Options{Mapping: m, TargetVersion: v})
//	report, err := structure.Install(ctx, tx, job, applier, script, structure.InstallOptions{…})
//	report, err := structure.Quiet(ctx, tx, job, applier, script, replica)
//	…  in the place of Plan and Install, when definitions may have changed (every Objects and Change):
//	script, report, err := structure.Follow(ctx, tx, job, applier, db, gone, structure.Options{…}, structure.InstallOptions{…})
//	…  at each Loaded{table}, and behind a Follow for what is loaded:
//	report, err := structure.Finish(ctx, tx, job, applier, script.Waiting(table), loaded)
//
// report.Missing names the selected columns that an existing table lacks: they are left out of rows.
// What an operator should see is script.Facts (known before anything is run) and structure.Facts (read
// from floe.object at any time).
//
// # A changed definition
//
// Diff compares the definitions that the target was made by (floe.definition) with those valid now. An
// object keeps its oid as long as the source's server could change it in place, so the target's can too:
// what has another oid is dropped and made. A kind takes part through the steps that Plan gives it:
//
//   - A step that Plan no longer gives is taken back by its Undo. An object that is gone is dropped by its
//     address, and all its steps with it.
//   - A step whose SQL is another one runs its Again, which changes what stands (CREATE OR REPLACE, SET
//     DEFAULT). Without an Again its Undo runs first, and then the step as if it were new; a step without
//     either is the object itself: it is dropped by its address and all its steps are run again.
//   - Tables, types and sequences, which others depend on, are altered in place (diff_*.go).
package structure

import (
	"slices"

	"floe/pkg/dialect"
	"floe/pkg/ident"
)

// Options are what a plan depends on beside the definitions.
type Options struct {
	// Mapping gives the target's names; nil keeps the source's.
	Mapping *ident.Mapping
	// TargetVersion is the target's server_version_num; 0 is the newest known.
	TargetVersion int
	// ForeignKeysLast leaves foreign keys to the cut-over: without the right to set
	// session_replication_role they would fire while tables are between two states (design.md A6).
	ForeignKeysLast bool
	// Target is what the target's server is; the zero value is a plain one. Unsupported says what becomes of
	// objects of kinds that it does not have; empty reports them.
	Target      dialect.Dialect
	Unsupported Policy
}

// Script is all that a target needs, in the order of running.
type Script struct {
	// Before stands before any row: schemas, types, tables with the key that identifies rows.
	Before []Statement
	// After waits for its Tables to be loaded: other constraints and indexes.
	After []Statement
	// CutOver is what could refuse on a copy what the source accepted: checks that call something not
	// immutable (the row they read may be of a later moment). It is made when the target takes over.
	CutOver []Statement
	// Drops and Renames change what stands, before Before: only a Diff has some.
	Drops, Renames []Statement
	// Obsolete are the steps whose records no longer hold, Renumbered the objects (kind/oid) that have
	// another oid. Awaited are steps to be run even if their table was there before floe, Restated those
	// that stay done under another text.
	Obsolete          []string
	Renumbered        map[string]string
	Awaited, Restated []Statement
	gone, fresh       map[string]bool // objects (kind/oid) that went, and steps that are new
	standing          map[string]bool // the statements that would drop what the definitions say
	// Facts are what is known to be left out or different before anything is run.
	Facts []Fact
}

// Statement is one step towards a definition on the target.
type Statement struct {
	// ID is kind/oid/step: the source's oid, so that it is stable across renames.
	ID     string
	Object string // for reports
	SQL    string
	// Table is the source table that the step belongs to, zero for none. Within holds it and the tables
	// that it is a partition of: when one of them stands on the target already, it is used as it is and
	// the step has no object.
	Table  ident.Name
	Within []ident.Name
	// Joins makes the table, a partition, as one of a parent that stood on the target before floe.
	Joins *Joining
	// Creates is the table that the step creates, on the target; zero for other steps. Columns are its
	// columns that rows bear, by both names.
	Creates ident.Name
	Columns []Column
	// Makes is the view or other relation without rows of its own that the step makes, on the target.
	Makes ident.Name
	// Tables are the source tables (roots of partitions) that must be loaded before.
	Tables []ident.Name
	// Optional steps that fail are reported; others are a halt.
	Optional bool
	// Final steps that fail are not tried again: trying costs a scan of the table.
	Final bool
	// Refused says why no SQL could make the object on this version of the target.
	Refused string
	// Undo takes the step back, with the names that it was made with. Again makes what stands into what the
	// step would make; both may be empty (see the package's comment).
	Undo, Again string
	// Alters is the step that made what this statement changes or drops; empty for a step of a plan. Such a
	// statement has no record but of a refusal.
	Alters string
	// Restores is a change whose other way makes what was let go (Relax).
	Restores bool
	// Else are other ways, tried in their order when the server refuses. With Loses the last one empties
	// the table, and is not for one that was there before floe.
	Else  []string
	Loses bool
}

// Joining says how a table becomes a partition of a table that is the target's owner's: as that has it, and
// only if it is partitioned by the same key. Rows go where the owner's partitions put them anyhow.
type Joining struct {
	Source, Parent ident.Name // the parent, on the source and on the target
	Key            string     // that the parent must be partitioned by
	SQL            string
	chosen         bool
}

// Column is a column of a selected table by the source's and the target's name.
type Column struct{ Source, Target string }

// State says what became of a step.
type State string

// The states. Existing objects were there before; Covered steps belong to a table that was; Failed
// ones are tried again, Awaited ones run as soon as they can be; something else stands for Replaced ones; Kept ones failed for good (a foreign key that stays NOT VALID). Disabled is a
// trigger of the target's own, until the cut-over; Relaxed is what floe made and let go until then.
const (
	Created  State = "created"
	Existing State = "existing"
	Covered  State = "covered"
	Failed   State = "failed"
	Kept     State = "kept"
	LeftOut  State = "left out"
	Changed  State = "changed"
	Disabled State = "disabled"
	Awaited  State = "awaited"
	Replaced State = "substituted"
	Relaxed  State = "relaxed"
)

// Fact is something about the target's structure that an operator should know.
type Fact struct {
	ID     string
	Object string
	State  State
	Code   string // SQLSTATE, or a code of floe's own: fk-target-not-selected, mapped-name, …
	Reason string
	// Source is the source's definition of what was left out or refused.
	Source string
}

// Codes of facts that no SQLSTATE names.
const (
	CodeFKUnselected = "fk-target-not-selected"
	CodeMappedName   = "mapped-name"
	CodeVersion      = "target-version"
	CodeCutOver      = "until-cut-over"
	CodeChanged      = "definition-changed"
	CodeDiffers      = "existing-differs"
	CodeMissing      = "column-missing"
	CodeFires        = "fires"
	CodeDropped      = "dropped-on-source"
	CodeAbsent       = "not-copied"
	CodeSubstituted  = "substituted"
)

// Waiting returns the statements of After that wait for this table.
func (s *Script) Waiting(table ident.Name) []Statement {
	var out []Statement
	for _, st := range s.After {
		if slices.Contains(st.Tables, table) {
			out = append(out, st)
		}
	}
	return out
}
