package ledger

import "floe/pkg/event"

// Object is one record of <job>.floe.objects: a definition valid from the place of the entry that
// points at it.
type Object struct {
	// Kind is "avro" (a row schema), "sequence-value", or a kind of pkg/catalog.
	Kind   string
	Schema string
	Name   string
	// OID is the source's oid of the object (the table's, for an Avro schema).
	OID uint32
	// ID is the Avro schema's id, in bytes 1 to 4 of every row that bears it; 0 for other kinds.
	ID uint32
	// Body is the schema or the definition, as JSON.
	Body string
}

// Kinds that are not in pkg/catalog.
const (
	KindAvro          = "avro"
	KindSequenceValue = "sequence-value"
)

// SequenceValue is the body of KindSequenceValue.
type SequenceValue struct {
	Last     int64 `json:"last"`
	IsCalled bool  `json:"is_called"`
}

// Header precedes every row record as the Kafka record header "floe.pos", and a record of
// floe.objects likewise.
type Header struct {
	Epoch   uint32
	Ordinal uint64 // counts the records of one epoch in one partition from 0
	Commit  event.LSN
	Seq     uint64
	Part    uint32 // number of this part of a split row, from 0
	Flags   Flags
	CRC     uint32 // CRC32C of the record's value
	Length  uint32 // of the whole row's value, all parts joined
}

// Flags of a Header.
type Flags uint8

// More says that the next record goes on with this row; Companion marks a delete for consumers of
// one partition, counted and not applied.
const (
	More Flags = 1 << iota
	Companion
)

// HeaderKey is the Kafka record header's key.
const HeaderKey = "floe.pos"
