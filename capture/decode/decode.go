// Package decode reads the messages of PostgreSQL's logical decoding plugin pgoutput, protocol
// version 1, values in text form. It is pure: bytes in, a Message out.
//
// Sources: PostgreSQL documentation, "Logical Replication Message Formats" (protocol-logicalrep-message-formats).
// The rare messages go through pglogrepl; rows, which are nearly all of the bytes, are read here
// without an allocation per column.
package decode

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/jackc/pglogrepl"

	"floe/pkg/event"
)

// Kind is a message's type byte.
type Kind byte

// The kinds of protocol version 1; Other covers those that carry nothing for a copy (origins,
// logical messages).
const (
	Begin    Kind = 'B'
	Commit   Kind = 'C'
	Relation Kind = 'R'
	Type     Kind = 'Y'
	Insert   Kind = 'I'
	Update   Kind = 'U'
	Delete   Kind = 'D'
	Truncate Kind = 'T'
	Other    Kind = 'O'
)

// Message is one decoded message. Which fields are set depends on Kind.
//
//   - Old and New alias the decoded bytes and the Decoder; they hold until the next call.
//   - Old is nil unless the server sent an old image; Full says that it has all columns (REPLICA
//     IDENTITY FULL), otherwise only identity columns are set and the rest is Null.
type Message struct {
	Kind Kind

	Xid       uint32    // Begin
	CommitLSN event.LSN // Begin, Commit: of the commit record
	EndLSN    event.LSN // Commit: behind the commit record
	Time      int64     // Begin, Commit: microseconds since the Unix epoch

	RelationID uint32 // Insert, Update, Delete
	Old, New   []event.Datum
	Full       bool

	Relations       []uint32 // Truncate
	Cascade         bool
	RestartIdentity bool

	Shape    *pglogrepl.RelationMessage // Relation
	TypeName *pglogrepl.TypeMessage     // Type
}

// Decoder turns one session's messages into Message values. It keeps buffers only, no state of the
// stream, so any message can be decoded at any time.
type Decoder struct {
	msg      Message
	old, new []event.Datum
}

var errShort = errors.New("the message ends too early")

// postgresEpoch is 2000-01-01 in microseconds of the Unix epoch.
const postgresEpoch = 946684800 * 1_000_000

// Decode reads one message, which must end exactly with data. The result holds until the next call.
func (d *Decoder) Decode(data []byte) (*Message, error) {
	if len(data) == 0 {
		return nil, fmt.Errorf("decode pgoutput: an empty message")
	}
	d.msg = Message{Kind: Kind(data[0])}
	body := data[1:]
	var err error
	switch d.msg.Kind {
	case Begin:
		err = d.begin(body)
	case Commit:
		err = d.commit(body)
	case Insert, Update, Delete:
		err = d.row(body)
	case Truncate:
		err = d.truncate(body)
	case Relation, Type:
		err = d.describe(data)
	case Other, 'M':
		d.msg.Kind = Other
	default:
		err = errors.New("an unknown message type")
	}
	if err != nil {
		return nil, fmt.Errorf("decode pgoutput message %q: %w", data[0], err)
	}
	return &d.msg, nil
}

func (d *Decoder) begin(b []byte) error {
	if len(b) != 20 {
		return errShort
	}
	d.msg.CommitLSN = event.LSN(binary.BigEndian.Uint64(b))
	d.msg.Time = int64(binary.BigEndian.Uint64(b[8:])) + postgresEpoch
	d.msg.Xid = binary.BigEndian.Uint32(b[16:])
	return nil
}

func (d *Decoder) commit(b []byte) error {
	if len(b) != 25 {
		return errShort
	}
	d.msg.CommitLSN = event.LSN(binary.BigEndian.Uint64(b[1:]))
	d.msg.EndLSN = event.LSN(binary.BigEndian.Uint64(b[9:]))
	d.msg.Time = int64(binary.BigEndian.Uint64(b[17:])) + postgresEpoch
	return nil
}

func (d *Decoder) truncate(b []byte) error {
	if len(b) < 5 {
		return errShort
	}
	n := int(binary.BigEndian.Uint32(b))
	d.msg.Cascade = b[4]&1 != 0
	d.msg.RestartIdentity = b[4]&2 != 0
	b = b[5:]
	if n < 0 || len(b) != 4*n {
		return errShort
	}
	d.msg.Relations = make([]uint32, n)
	for i := range d.msg.Relations {
		d.msg.Relations[i] = binary.BigEndian.Uint32(b[4*i:])
	}
	return nil
}

// describe reads the two messages that name a relation and a type.
func (d *Decoder) describe(data []byte) (err error) {
	defer func() { // pglogrepl indexes without looking at the length of a malformed message
		if r := recover(); r != nil {
			err = fmt.Errorf("malformed: %v", r)
		}
	}()
	m, err := pglogrepl.Parse(data)
	if err != nil {
		return err
	}
	switch m := m.(type) {
	case *pglogrepl.RelationMessage:
		d.msg.Shape = m
	case *pglogrepl.TypeMessage:
		d.msg.TypeName = m
	}
	return nil
}
