// Package schemas is the wire contract: how rows, ledger entries and definitions look as bytes. Rows
// are Avro in Confluent's wire format, for floe and for everyone else; records of floe.* topics are
// Avro single-object encoded. Decoding is strict: what is not exactly a value of its schema is an
// error, never a guess.
package schemas

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"

	"floe/pkg/event"
	"floe/pkg/ledger"
)

// writer appends Avro's binary encoding (Apache Avro specification, "Binary Encoding").
type writer struct{ b []byte }

func (w *writer) long(v int64)   { w.b = binary.AppendVarint(w.b, v) }
func (w *writer) count(v int)    { w.long(int64(v)) }
func (w *writer) str(s string)   { w.long(int64(len(s))); w.b = append(w.b, s...) }
func (w *writer) bytes(s []byte) { w.long(int64(len(s))); w.b = append(w.b, s...) }
func (w *writer) bool(v bool) {
	if v {
		w.b = append(w.b, 1)
	} else {
		w.b = append(w.b, 0)
	}
}
func (w *writer) float(v float32) {
	w.b = binary.LittleEndian.AppendUint32(w.b, math.Float32bits(v))
}
func (w *writer) double(v float64) {
	w.b = binary.LittleEndian.AppendUint64(w.b, math.Float64bits(v))
}

var errTruncated = errors.New("it ends too early")

// reader takes Avro's binary encoding apart. The first error stays; values after it are zero.
type reader struct {
	b   []byte
	err error
}

func (r *reader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
	r.b = nil
}

func (r *reader) long() int64 {
	v, n := binary.Varint(r.b)
	if n <= 0 {
		r.fail(errTruncated)
		return 0
	}
	r.b = r.b[n:]
	return v
}

// bytes aliases the input.
func (r *reader) bytes() []byte {
	n := r.long()
	if n < 0 || n > int64(len(r.b)) {
		r.fail(errTruncated)
		return nil
	}
	v := r.b[:n:n]
	r.b = r.b[n:]
	return v
}

func (r *reader) str() string { return string(r.bytes()) }

func (r *reader) fixed(n int) []byte {
	if len(r.b) < n {
		r.fail(errTruncated)
		return make([]byte, n)
	}
	v := r.b[:n]
	r.b = r.b[n:]
	return v
}

func (r *reader) float() float64 {
	return float64(math.Float32frombits(binary.LittleEndian.Uint32(r.fixed(4))))
}

func (r *reader) double() float64 {
	return math.Float64frombits(binary.LittleEndian.Uint64(r.fixed(8)))
}

func (r *reader) bool() bool {
	switch r.fixed(1)[0] {
	case 0:
		return false
	case 1:
		return true
	}
	r.fail(errors.New("a boolean that is neither 0 nor 1"))
	return false
}

// index reads which branch of a union of n follows.
func (r *reader) index(n int64) int64 {
	v := r.long()
	if v < 0 || v >= n {
		r.fail(fmt.Errorf("branch %d of a union of %d", v, n))
		return 0
	}
	return v
}

// array reads blocks until the empty one, calling each for every item.
func (r *reader) array(each func()) {
	for r.err == nil {
		n := r.long()
		if n < 0 { // a negative count is followed by the block's size in bytes
			n = -n
			r.long()
		}
		if n == 0 {
			return
		}
		if n > int64(len(r.b)) { // no item of our schemas is empty
			r.fail(errTruncated)
			return
		}
		for ; n > 0 && r.err == nil; n-- {
			each()
		}
	}
}

func (r *reader) end() error {
	if r.err == nil && len(r.b) != 0 {
		r.err = fmt.Errorf("%d bytes are left over", len(r.b))
	}
	return r.err
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// CRC is the CRC-32C (Castagnoli) of a record's value.
func CRC(value []byte) uint32 { return crc32.Checksum(value, castagnoli) }

// headerFormat is the log format's version; headerSize its length in bytes.
const (
	headerFormat = 1
	headerSize   = 1 + 4 + 8 + 8 + 8 + 4 + 1 + 4 + 4
)

// AppendHeader appends h as the record header floe.pos: format byte, then the fields, big-endian.
func AppendHeader(dst []byte, h ledger.Header) []byte {
	dst = append(dst, headerFormat)
	dst = binary.BigEndian.AppendUint32(dst, h.Epoch)
	dst = binary.BigEndian.AppendUint64(dst, h.Ordinal)
	dst = binary.BigEndian.AppendUint64(dst, uint64(h.Commit))
	dst = binary.BigEndian.AppendUint64(dst, h.Seq)
	dst = binary.BigEndian.AppendUint32(dst, h.Part)
	dst = append(dst, byte(h.Flags))
	dst = binary.BigEndian.AppendUint32(dst, h.CRC)
	return binary.BigEndian.AppendUint32(dst, h.Length)
}

// ParseHeader reads what AppendHeader wrote, exactly.
func ParseHeader(b []byte) (ledger.Header, error) {
	if len(b) != headerSize {
		return ledger.Header{}, fmt.Errorf("a position header of %d bytes instead of %d", len(b), headerSize)
	}
	if b[0] != headerFormat {
		return ledger.Header{}, fmt.Errorf("a position header of format %d; this floe reads format %d", b[0], headerFormat)
	}
	return ledger.Header{
		Epoch: binary.BigEndian.Uint32(b[1:]), Ordinal: binary.BigEndian.Uint64(b[5:]),
		Commit: event.LSN(binary.BigEndian.Uint64(b[13:])), Seq: binary.BigEndian.Uint64(b[21:]),
		Part: binary.BigEndian.Uint32(b[29:]), Flags: ledger.Flags(b[33]),
		CRC: binary.BigEndian.Uint32(b[34:]), Length: binary.BigEndian.Uint32(b[38:]),
	}, nil
}
