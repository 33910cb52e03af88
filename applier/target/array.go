package target

import (
	"encoding/binary"

	"floe/pkg/event"
)

const textOID = 25

// appendArray appends the binary form of a one-dimensional text[] (PostgreSQL source, array_recv:
// dimensions, has-null flag, element type, then size and lower bound, then each element's length and
// bytes). datum gives element i.
func appendArray(dst []byte, n int, datum func(i int) *event.Datum) []byte {
	hasNull := len(dst) + 7
	dst = appendArrayHead(dst, n, false)
	for i := range n {
		d := datum(i)
		if d == nil || d.Kind != event.Value {
			dst[hasNull] = 1
			dst = binary.BigEndian.AppendUint32(dst, 0xffffffff)
			continue
		}
		dst = binary.BigEndian.AppendUint32(dst, uint32(len(d.Text)))
		dst = append(dst, d.Text...)
	}
	return dst
}

// arrayHead is the size of what precedes the elements of an array that has some.
const arrayHead = 20

func appendArrayHead(dst []byte, n int, nulls bool) []byte {
	if n == 0 {
		dst = binary.BigEndian.AppendUint32(dst, 0)
		dst = binary.BigEndian.AppendUint32(dst, 0)
		return binary.BigEndian.AppendUint32(dst, textOID)
	}
	dst = binary.BigEndian.AppendUint32(dst, 1)
	dst = append(dst, 0, 0, 0, 0)
	if nulls {
		dst[len(dst)-1] = 1
	}
	dst = binary.BigEndian.AppendUint32(dst, textOID)
	dst = binary.BigEndian.AppendUint32(dst, uint32(n))
	return binary.BigEndian.AppendUint32(dst, 1)
}

// appendEscaped appends text as COPY's text format spells it.
func appendEscaped(dst, text []byte) []byte {
	start := 0
	for i, c := range text {
		var e byte
		switch c {
		case '\\':
			e = '\\'
		case '\n':
			e = 'n'
		case '\r':
			e = 'r'
		case '\t':
			e = 't'
		default:
			continue
		}
		dst = append(append(dst, text[start:i]...), '\\', e)
		start = i + 1
	}
	return append(dst, text[start:]...)
}
