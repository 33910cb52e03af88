// Package assemble puts the log together again: it reads the ledger, decides which entries are valid,
// fetches the records that each one points at, checks them one by one, and hands on whole entries with
// their rows in the source's order. It is pure but for the Records it pulls from.
//
// What it hands on is exactly what capture placed. A record that is missing, foreign, damaged or out of
// order ends it with a halt that names the place; it never guesses and never steps over what a valid
// entry points at (design.md L6, A7).
package assemble

import (
	"context"

	"floe/pkg/event"
	"floe/pkg/ledger"
)

// Records gives a topic partition's records in order of offset, each once.
type Records interface {
	// Next waits for the first record of the partition at or behind from that was not given yet. It
	// fails when the partition has ended before it, and when records before it were deleted.
	Next(ctx context.Context, topic string, partition int32, from int64) (Record, error)
	// Ready reports whether Next would give a record of the partition at once.
	Ready(topic string, partition int32) bool
	// Expect says that Next will ask for the partition's records from there on, so that fetching can
	// begin; it means nothing for a partition that was asked for before.
	Expect(topic string, partition int32, from int64)
}

// Record is one record of the log. Header is the value of its floe.pos header, nil without one.
type Record struct {
	Offset int64
	Header []byte
	Value  []byte
}

// Entry is a valid ledger entry with what it points at.
//
//   - Rows are those of a Commit, in the order of the source, or of a Chunk, in the order of its key.
//     They stay where they are: stages keep pointers to them.
//   - Defs are the records of an Objects entry; those within a Commit are its Changes, in the order of
//     the source.
type Entry struct {
	*ledger.Entry
	Offset  int64
	Rows    []event.Row
	Defs    Definitions
	Changes []Change
	// Bytes is the size of the records, Weight about that of the entry in memory.
	Bytes  int
	Weight int64
}

// Definitions are objects that become valid together.
type Definitions struct {
	Objects []ledger.Object
	// Shapes are the table versions that the row schemas among Objects are of, by the schema's id. They go
	// with the entry: the assembler is ahead of whoever asks.
	Shapes map[uint32]*event.Table
}

// Change is what one DDL command of a transaction changed. Rows of the transaction with a lower Seq came
// before it, the others, and all of later transactions, behind it.
type Change struct {
	Commit event.LSN
	Seq    uint64
	Definitions
}
