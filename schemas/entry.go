package schemas

import (
	_ "embed"
	"encoding/binary"
	"fmt"

	"github.com/hamba/avro/v2"

	"floe/pkg/event"
	"floe/pkg/ledger"
)

// The schemas of records on floe.* topics.
var (
	//go:embed ledger.avsc
	ledgerSchema string
	//go:embed object.avsc
	objectSchema string

	ledgerMark = fingerprint(ledgerSchema)
	objectMark = fingerprint(objectSchema)
)

// fingerprint is the prefix of Avro's single-object encoding: C3 01 and the schema's CRC-64-AVRO.
func fingerprint(schema string) []byte {
	sum, err := avro.MustParse(schema).FingerprintUsing(avro.CRC64Avro)
	if err != nil || len(sum) != 8 {
		panic(fmt.Sprintf("fingerprint of an embedded schema: %v", err)) // the schema is part of the program
	}
	mark := []byte{0xc3, 0x01}
	return binary.LittleEndian.AppendUint64(mark, binary.BigEndian.Uint64(sum))
}

// single checks the prefix and returns a reader of what follows.
func single(b, mark []byte, what string) (*reader, error) {
	if len(b) < len(mark) || b[0] != 0xc3 || b[1] != 1 {
		return nil, fmt.Errorf("decode %s: it is not in Avro's single-object encoding", what)
	}
	if string(b[:len(mark)]) != string(mark) {
		return nil, fmt.Errorf("decode %s: schema %x is unknown; this floe reads log format %d", what, b[2:len(mark)], headerFormat)
	}
	return &reader{b: b[len(mark):]}, nil
}

// body numbers the union of the entry's bodies in ledger.avsc.
const (
	bodyBegin = iota
	bodyCommit
	bodyObjects
	bodySelection
	bodyChunk
	bodyLoaded
	bodyMark
	bodyDigest
	bodyNote
	bodies
)

// EncodeEntry returns a ledger entry's bytes.
func EncodeEntry(e *ledger.Entry) ([]byte, error) {
	w := &writer{append([]byte{}, ledgerMark...)}
	w.long(int64(e.Epoch))
	w.long(int64(e.N))
	w.long(e.At)
	switch {
	case e.Begin != nil:
		w.long(bodyBegin)
		w.str(e.Begin.Nonce)
		w.str(e.Begin.SystemID)
		w.long(int64(e.Begin.Timeline))
		w.str(e.Begin.Slot)
		w.str(e.Begin.Selection)
	case e.Commit != nil:
		w.long(bodyCommit)
		w.commit(e.Commit)
	case e.Objects != nil:
		w.long(bodyObjects)
		w.spans(e.Objects.Spans)
	case e.Selection != nil:
		w.long(bodySelection)
		blocks(w, e.Selection.Tables, w.str)
	case e.Chunk != nil:
		w.long(bodyChunk)
		w.chunk(e.Chunk)
	case e.Loaded != nil:
		w.long(bodyLoaded)
		w.long(int64(e.Loaded.Load))
		w.long(int64(e.Loaded.Table))
		w.long(int64(e.Loaded.Rows))
	case e.Mark != nil:
		w.long(bodyMark)
		w.long(int64(e.Mark.End))
		w.long(e.Mark.Time)
	case e.Digest != nil:
		w.long(bodyDigest)
		w.long(int64(e.Digest.Table))
		w.long(int64(e.Digest.Rows))
		w.str(e.Digest.Hash)
	case e.Note != nil:
		w.long(bodyNote)
		w.str(e.Note.ID)
		w.str(e.Note.Text)
	default:
		return nil, fmt.Errorf("encode ledger entry %d of epoch %d: it has no body", e.N, e.Epoch)
	}
	return w.b, nil
}

// DecodeEntry reads what EncodeEntry wrote, exactly.
func DecodeEntry(b []byte) (*ledger.Entry, error) {
	r, err := single(b, ledgerMark, "a ledger entry")
	if err != nil {
		return nil, err
	}
	e := &ledger.Entry{Epoch: uint32(r.long()), N: uint64(r.long()), At: r.long()}
	switch r.index(bodies) {
	case bodyBegin:
		e.Begin = &ledger.Epoch{Nonce: r.str(), SystemID: r.str(), Timeline: int32(r.long()), Slot: r.str(), Selection: r.str()}
	case bodyCommit:
		e.Commit = r.commit()
	case bodyObjects:
		e.Objects = &ledger.Objects{Spans: r.spans()}
	case bodySelection:
		e.Selection = &ledger.Selection{}
		r.array(func() { e.Selection.Tables = append(e.Selection.Tables, r.str()) })
	case bodyChunk:
		e.Chunk = r.chunk()
	case bodyLoaded:
		e.Loaded = &ledger.Loaded{Load: uint64(r.long()), Table: uint32(r.long()), Rows: uint64(r.long())}
	case bodyMark:
		e.Mark = &ledger.Mark{End: event.LSN(r.long()), Time: r.long()}
	case bodyDigest:
		e.Digest = &ledger.Digest{Table: uint32(r.long()), Rows: uint64(r.long()), Hash: r.str()}
	case bodyNote:
		e.Note = &ledger.Note{ID: r.str(), Text: r.str()}
	}
	if err := r.end(); err != nil {
		return nil, fmt.Errorf("decode a ledger entry: %w", err)
	}
	return e, nil
}

// blocks writes an array as one block.
func blocks[T any](w *writer, items []T, each func(T)) {
	if len(items) > 0 {
		w.count(len(items))
		for _, i := range items {
			each(i)
		}
	}
	w.long(0)
}

func (w *writer) spans(spans []ledger.Span) {
	blocks(w, spans, func(s ledger.Span) {
		w.str(s.Topic)
		w.long(int64(s.Partition))
		w.long(s.Offset)
		w.long(int64(s.Ordinal))
		w.long(int64(s.Count))
	})
}

func (r *reader) spans() (out []ledger.Span) {
	r.array(func() {
		out = append(out, ledger.Span{Topic: r.str(), Partition: int32(r.long()), Offset: r.long(), Ordinal: uint64(r.long()), Count: uint64(r.long())})
	})
	return out
}

func (w *writer) commit(c *ledger.Commit) {
	w.count(c.Transactions)
	w.count(c.Part)
	w.bool(c.Final)
	w.long(int64(c.First))
	w.long(int64(c.Last))
	w.long(int64(c.End))
	w.long(c.Time)
	w.spans(c.Spans)
	blocks(w, c.Moved, func(m ledger.Moved) {
		w.long(int64(m.Table))
		w.key(m.Key)
	})
	blocks(w, c.Many, func(table uint32) { w.long(int64(table)) })
}

func (r *reader) commit() *ledger.Commit {
	c := &ledger.Commit{Transactions: int(r.long()), Part: int(r.long()), Final: r.bool(), First: event.LSN(r.long()),
		Last: event.LSN(r.long()), End: event.LSN(r.long()), Time: r.long(), Spans: r.spans()}
	r.array(func() { c.Moved = append(c.Moved, ledger.Moved{Table: uint32(r.long()), Key: r.key()}) })
	r.array(func() { c.Many = append(c.Many, uint32(r.long())) })
	return c
}

// key writes the parts of a key; a part that is nil is NULL.
func (w *writer) key(key [][]byte) {
	blocks(w, key, func(part []byte) {
		if part == nil {
			w.long(0)
			return
		}
		w.long(1)
		w.bytes(part)
	})
}

func (r *reader) key() [][]byte {
	key := [][]byte{}
	r.array(func() {
		if r.index(2) == 0 {
			key = append(key, nil)
			return
		}
		key = append(key, append([]byte{}, r.bytes()...))
	})
	return key
}

// bound writes a range's end; nil is no bound.
func (w *writer) bound(key [][]byte) {
	if key == nil {
		w.long(0)
		return
	}
	w.long(1)
	w.key(key)
}

func (r *reader) bound() [][]byte {
	if r.index(2) == 0 {
		return nil
	}
	return r.key()
}

func (w *writer) chunk(c *ledger.Chunk) {
	w.long(int64(c.Load))
	w.long(int64(c.Table))
	w.str(string(c.Mode))
	w.bound(c.After)
	w.bound(c.Through)
	w.bool(c.Keys != nil)
	blocks(w, c.Keys, w.key)
	blocks(w, c.Splits, w.key)
	w.str(c.Snapshot)
	w.long(int64(c.Until))
	w.long(int64(c.Rows))
	w.spans(c.Spans)
}

func (r *reader) chunk() *ledger.Chunk {
	c := &ledger.Chunk{Load: uint64(r.long()), Table: uint32(r.long()), Mode: ledger.ChunkMode(r.str()), After: r.bound(), Through: r.bound()}
	if r.bool() {
		c.Keys = [][][]byte{}
	}
	r.array(func() { c.Keys = append(c.Keys, r.key()) })
	r.array(func() { c.Splits = append(c.Splits, r.key()) })
	c.Snapshot, c.Until, c.Rows, c.Spans = r.str(), event.LSN(r.long()), uint64(r.long()), r.spans()
	return c
}
