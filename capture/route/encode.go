package route

import (
	"floe/capture/publish"
	"floe/pkg/event"
)

// Encoder makes records of rows. It packs them into blocks, because one allocation per record would
// be dear; a record's bytes are its own and stay until nobody holds them.
type Encoder struct {
	block []byte
	rec   publish.Record
	room  func(bytes int) error
}

// NewEncoder returns an Encoder; it is not safe for concurrent use. It asks for room, if set, before it
// makes a large record.
func NewEncoder(room func(bytes int) error) *Encoder { return &Encoder{room: room} }

// Small records share blocks; a large one waits for room and has a block of its own.
const (
	blockBytes  = 256 << 10
	largeRecord = 1 << 20
)

// Record encodes one row. The result holds until the next call, its Key and Value beyond.
func (e *Encoder) Record(t *Table, row *event.Row) (*publish.Record, error) {
	// A block that grew would be copied, and small records behind a large one would keep all of it.
	need := size(t, row)
	e.rec = publish.Record{Topic: t.Topic}
	if need >= largeRecord && e.room != nil {
		if err := e.room(need); err != nil {
			return nil, err
		}
		e.rec.Room = need
	}
	if cap(e.block)-len(e.block) < need {
		e.block = make([]byte, 0, max(blockBytes, need))
	}
	var err error
	if len(t.Shape.Key) > 0 && row.Op != event.Truncate {
		start := len(e.block)
		if e.block, err = t.Codec.AppendKey(e.block, t.KeyID, Key(row)); err != nil {
			return nil, err
		}
		e.rec.Key = e.block[start:len(e.block):len(e.block)]
		e.rec.Partition = t.Partition(e.rec.Key)
	}
	start := len(e.block)
	if e.block, err = t.Codec.AppendValue(e.block, t.SchemaID, row); err != nil {
		return nil, err
	}
	e.rec.Value = e.block[start:len(e.block):len(e.block)]
	if need >= largeRecord {
		e.block = nil // it lives as long as its record
	}
	return &e.rec, nil
}

// size is about what the row's record takes, seldom less.
func size(t *Table, row *event.Row) int {
	n := 4 << 10
	for _, image := range [][]event.Datum{row.Before, row.After} {
		for i := range image {
			if l := len(image[i].Text); t.Shape.Columns[i].Native == event.Bytes {
				n += l / 2 // hexadecimal
			} else {
				n += l
			}
		}
	}
	return n
}

// Partition is where the row's record goes.
func (e *Encoder) Partition(t *Table, row *event.Row) (int32, error) {
	key, err := t.Codec.AppendKey(nil, t.KeyID, Key(row))
	return t.Partition(key), err
}
