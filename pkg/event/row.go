package event

import "floe/pkg/ident"

// Op is what a row event did, in Debezium's letters.
type Op byte

// The operations: Create is an INSERT of the stream, Read a row of a load chunk.
const (
	Create   Op = 'c'
	Update   Op = 'u'
	Delete   Op = 'd'
	Read     Op = 'r'
	Truncate Op = 't'
)

func (o Op) String() string { return string(rune(o)) }

// Native is the Avro type that carries a column where that type is exact; Text is PostgreSQL's own
// text form and carries everything else.
type Native uint8

// The native types of design.md §4.
const (
	Text Native = iota
	Bool
	Int    // int2, int4
	Long   // int8
	Float  // float4
	Double // float8
	Bytes  // bytea
	Date   // days since 1970-01-01
	Time   // time without time zone, microseconds
	Timestamp
	TimestampTZ
	UUID
)

// Column is one replicated column of a table version.
type Column struct {
	Name   string
	Attnum int16 // pg_attribute.attnum of the (root) table; stable across renames
	// Type is the type's schema and name as in pg_type ("pg_catalog"."int4"); arrays as _int4.
	Type ident.Name
	// SQL is format_type(atttypid, atttypmod) with an empty search_path: fit for a cast.
	SQL    string
	Typmod int32
	Native Native
}

// Table is one version of a table's shape: the columns that rows carry (generated and dropped ones
// excepted) in attnum order. It is shared between goroutines and never changed after it is built.
//
//   - Key holds indexes into Columns, in the order of the identity index; empty means that the table
//     has no usable key and rows are matched by all columns.
//   - For a partitioned table this is the root; leaves never appear in events.
type Table struct {
	Name    ident.Name
	OID     uint32
	Columns []Column
	Key     []int
}

// Column returns the index of the named column, or -1.
func (t *Table) Column(name string) int {
	for i := range t.Columns {
		if t.Columns[i].Name == name {
			return i
		}
	}
	return -1
}

// Kind says what a Datum is.
type Kind uint8

// The kinds: Unchanged is a large value that the source did not send because it did not change
// (unchanged TOAST); it is never a NULL and never to be written.
const (
	Null Kind = iota
	Value
	Unchanged
)

// Datum is one column's value in PostgreSQL's text form under the pinned settings of design.md §5
// (bytea as \x hex, dates ISO, UTC). Text is nil unless Kind is Value and may alias a buffer of the
// batch that it came with.
type Datum struct {
	Kind Kind
	Text []byte
}

// Row is one change of one table.
//
//   - After is nil for Delete and Truncate. Before is nil unless the source sent an old image: the key
//     columns alone (all other entries Null) or, under REPLICA IDENTITY FULL of a table without a
//     key, all columns.
//   - Before of an Update of a keyed table is nil unless the key's bytes changed.
//   - len(Before) and len(After) are 0 or len(Table.Columns).
type Row struct {
	Table      *Table
	Op         Op
	Pos        Position
	Xid        uint32 // of the source transaction, 0 in chunks
	CommitTime int64  // microseconds since the Unix epoch on the source's clock
	Before     []Datum
	After      []Datum
	// RestartIdentity and Cascade are a TRUNCATE's options; rows of one command share Pos.Seq.
	RestartIdentity bool
	// Leaf is set on a Truncate that emptied one partition of the table only.
	Leaf *Leaf
	// Companion marks a delete that was sent to the old key's partition for consumers of one
	// partition; appliers count it and do not apply it.
	Companion bool
}

// Leaf is one partition of a partitioned table: its name, and the condition that its rows fulfil
// (pg_get_partition_constraintdef) for targets that are partitioned differently.
type Leaf struct {
	Name      ident.Name
	Condition string
}

// Partial reports whether After leaves out a large value that did not change.
func (r *Row) Partial() bool {
	for i := range r.After {
		if r.After[i].Kind == Unchanged {
			return true
		}
	}
	return false
}
