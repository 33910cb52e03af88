// Package ledger is the order of a job's log: the entries of <job>.floe.ledger, the header that each
// row record bears, and the rule that decides which entries are valid. It is pure; encoding is in
// package schemas, and both services read the same Cursor.
package ledger

import "floe/pkg/event"

// Entry is one record of the ledger. Exactly one of the pointers is set.
//
//   - Epoch is the capture run that wrote it, N its number within that run; its Epoch entry is 0.
//   - An entry is produced only after every record it points at is acknowledged (L1).
type Entry struct {
	Epoch uint32
	N     uint64
	// At is when capture wrote the entry, microseconds since the Unix epoch on capture's clock.
	At int64

	Begin     *Epoch
	Commit    *Commit
	Objects   *Objects
	Selection *Selection
	Chunk     *Chunk
	Loaded    *Loaded
	Mark      *Mark
	Digest    *Digest
	Note      *Note
}

// The numbers of the entries that begin an epoch: where to resume (a Mark), the Selection, and Objects
// with every definition, schema and load. Behind the third, nothing before the Epoch is needed.
const (
	BeginMark = iota + 1
	BeginSelection
	BeginObjects
)

// Epoch is a start of capture. It voids entries of lower epochs that come after it.
type Epoch struct {
	Nonce     string
	SystemID  string
	Timeline  int32
	Slot      string
	Selection string // hash of the selected objects
}

// Span is Count consecutive ordinals, of the entry's epoch, in one partition. Offset is where the
// first of them was acknowledged; records of lower ordinals or lower epochs found there are stepped
// over, anything else that does not fit is a halt.
type Span struct {
	Topic     string
	Partition int32
	Offset    int64
	Ordinal   uint64
	Count     uint64
}

// Commit is a run of consecutive whole source transactions, or one part of a big one.
type Commit struct {
	Transactions int
	// Part is 0 for whole transactions, else the number of this part from 1; Final ends the parts.
	Part  int
	Final bool
	// First and Last are the commit LSNs of the first and the last transaction in it.
	First, Last event.LSN
	// End is the resume LSN behind it, 0 on a part that is not Final.
	End event.LSN
	// Time is the last commit's time, microseconds since the Unix epoch, source clock.
	Time  int64
	Spans []Span
	// Moved are the new keys of partial key-changing updates of unsettled tables (H3).
	Moved []Moved
	// Many are tables of which more keys moved than are listed: their ranges are read again.
	Many []uint32
}

// Moved is a key whose row must be read again before its table is settled; Table is the oid of the
// source table, Key the values of its identity columns in text form.
type Moved struct {
	Table uint32
	Key   [][]byte
}

// Objects are definitions that are valid from this place on; the records are on floe.objects.
type Objects struct{ Spans []Span }

// Selection lists what the job replicates, as schema-qualified names in SQL form.
type Selection struct{ Tables []string }

// ChunkMode says how a chunk meets rows that the target has.
type ChunkMode string

// Insert is an upsert on the key (or, under on_existing: proceed, keeps the target's row); Replace
// also deletes the target's keys of the range that are not in the chunk. Later are changes of a table
// without a key that came while it was read; they stand behind its rows and before its last range (H5).
const (
	Insert  ChunkMode = "insert"
	Replace ChunkMode = "replace"
	Later   ChunkMode = "later"
)

// Chunk is the rows of one range of a table's key, read under one snapshot while the stream was held.
type Chunk struct {
	Load  uint64 // number of the load within the job
	Table uint32 // source oid
	Mode  ChunkMode
	// After (exclusive) and Through (inclusive) bound the range; nil is without bound.
	After, Through [][]byte
	// Splits divide the open range that the chunk begins, in its order and before the chunk is taken from
	// it: the parts are read at once.
	Splits [][][]byte
	// Keys, instead of a range, are keys that were read again (H3); rows absent from the spans are
	// gone from the source.
	Keys     [][][]byte
	Snapshot string // of pg_current_snapshot()
	Until    event.LSN
	Rows     uint64
	Spans    []Span
}

// Range is a range of a table's key: After is exclusive, Through inclusive, nil without bound.
type Range struct {
	After   [][]byte `json:"after"`
	Through [][]byte `json:"through"`
}

// Loaded says that a load is settled and complete: what waits for the rows (indexes, foreign keys)
// may follow.
type Loaded struct {
	Load  uint64
	Table uint32
	Rows  uint64
}

// Mark is the source's clock and LSN; it moves the resume point of an idle source.
type Mark struct {
	End  event.LSN
	Time int64
}

// Digest is the row count and hash of a key range at exactly this place.
type Digest struct {
	Table uint32
	Rows  uint64
	Hash  string
}

// Note is an operator's command taken up at this place.
type Note struct{ ID, Text string }

// ResumeAt returns the LSN from which a capture may resume behind this entry, or 0.
func (e *Entry) ResumeAt() event.LSN {
	switch {
	case e.Commit != nil:
		return e.Commit.End
	case e.Mark != nil:
		return e.Mark.End
	}
	return 0
}

// Spans returns every span that the entry points at.
func (e *Entry) Spans() []Span {
	switch {
	case e.Commit != nil:
		return e.Commit.Spans
	case e.Objects != nil:
		return e.Objects.Spans
	case e.Chunk != nil:
		return e.Chunk.Spans
	}
	return nil
}

// SetSpans sets the spans of an entry that has some.
func (e *Entry) SetSpans(spans []Span) {
	switch {
	case e.Commit != nil:
		e.Commit.Spans = spans
	case e.Objects != nil:
		e.Objects.Spans = spans
	case e.Chunk != nil:
		e.Chunk.Spans = spans
	}
}
