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
}

// NewEncoder returns an Encoder; it is not safe for concurrent use.
func NewEncoder() *Encoder { return &Encoder{} }

const blockBytes = 256 << 10

// Record encodes one row. The result holds until the next call, its Key and Value beyond.
func (e *Encoder) Record(t *Table, row *event.Row) (*publish.Record, error) {
	if cap(e.block)-len(e.block) < 4<<10 {
		e.block = make([]byte, 0, blockBytes)
	}
	e.rec = publish.Record{Topic: t.Topic}
	var err error
	if len(t.Shape.Key) > 0 && row.Op != event.Truncate {
		start := len(e.block)
		if e.block, err = t.Codec.AppendKey(e.block, t.SchemaID, Key(row)); err != nil {
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
	return &e.rec, nil
}
