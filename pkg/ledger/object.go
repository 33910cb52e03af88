package ledger

import "floe/pkg/event"

// Object is one record of <job>.floe.objects: a definition valid from the place of the entry that
// points at it.
type Object struct {
	// Kind is "avro" (a row schema), "avro-key" (its key's), "sequence-value", or a kind of pkg/catalog.
	Kind   string
	Schema string
	Name   string
	// OID is the source's oid of the object (the table's, for an Avro schema).
	OID uint32
	// ID is the Avro schema's id, in bytes 1 to 4 of every value or key that bears it; 0 for other
	// kinds. A job's log never gives one id to two schemas.
	ID uint32
	// Body is the schema or the definition, as JSON; Gone or Left of an object that is not valid any more.
	Body string
}

// Bodies of objects that are not valid behind their place: one was dropped, the other is still there, but
// the selection has it no longer.
const (
	Gone = ""
	Left = "left"
)

// Kinds that are not in pkg/catalog.
const (
	KindAvro          = "avro"
	KindAvroKey       = "avro-key"
	KindSequenceValue = "sequence-value"
	KindLoad          = "load"
)

// LoadBits are those of a load's number that count the loads of a table since it came into the job; the others tell
// apart that it left and came back.
const LoadBits = 16

// LoadState is the body of KindLoad: how far the load of the table OID has come at an Epoch, so that
// nobody needs the entries before it.
type LoadState struct {
	Load     uint64     `json:"load"`
	Open     []Range    `json:"open"` // the ranges that are not read
	Complete bool       `json:"complete,omitempty"`
	Loaded   bool       `json:"loaded,omitempty"`
	Rows     uint64     `json:"rows"`
	Until    event.LSN  `json:"until"`
	Snapshot string     `json:"snapshot,omitempty"`
	Waiting  [][][]byte `json:"waiting,omitempty"` // keys to be read again (H3)
	Replace  bool       `json:"replace,omitempty"` // its chunks also delete what they do not hold
	Asked    bool       `json:"asked,omitempty"`   // an operator asked for it: the target is to be as the source is
	// Heeded is how many commands of floe.control had been taken up when the load began: a resync among
	// them is not taken up again.
	Heeded int `json:"heeded,omitempty"`
	Filed
}

// Filed is by what a later session finds that a table was written anew and nobody told.
type Filed struct {
	// Files are those of the relations whose rows are the table's, by oid, as they were when that was last looked at,
	// Since the oldest transaction that was not over then.
	Files map[uint32]uint32 `json:"files,omitempty"`
	Since uint64            `json:"since,omitempty"`
	// Triggers are the row versions that the source's event triggers had: others say that somebody switched them off
	// meanwhile.
	Triggers string `json:"triggers,omitempty"`
}

// Place is a record of <job>.floe.state: a valid Epoch with everything valid placed behind it, from
// where the ledger can be read. It only saves time: what it says is looked up in the ledger.
type Place struct {
	Epoch  uint32
	Nonce  string
	Offset int64
}

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
