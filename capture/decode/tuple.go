package decode

import (
	"encoding/binary"
	"errors"
	"fmt"

	"floe/pkg/event"
)

// row reads the body of an Insert, Update or Delete: the relation, an old image if there is one, and
// the new image unless it is a Delete.
func (d *Decoder) row(b []byte) error {
	if len(b) < 5 {
		return errShort
	}
	d.msg.RelationID = binary.BigEndian.Uint32(b)
	b = b[4:]
	var err error
	if b[0] == 'K' || b[0] == 'O' {
		if d.msg.Kind == Insert {
			return errors.New("an old image in an insert")
		}
		d.msg.Full = b[0] == 'O'
		if d.old, b, err = tuple(d.old[:0], b[1:]); err != nil {
			return err
		}
		d.msg.Old = d.old
	} else if d.msg.Kind == Delete {
		return errors.New("a delete without an old image")
	}
	if d.msg.Kind != Delete {
		if len(b) == 0 || b[0] != 'N' {
			return errors.New("no new image")
		}
		if d.new, b, err = tuple(d.new[:0], b[1:]); err != nil {
			return err
		}
		d.msg.New = d.new
	}
	if len(b) != 0 {
		return fmt.Errorf("%d bytes are left over", len(b))
	}
	return nil
}

// tuple reads one TupleData into dst and returns what follows it.
func tuple(dst []event.Datum, b []byte) ([]event.Datum, []byte, error) {
	if len(b) < 2 {
		return dst, b, errShort
	}
	n := int(binary.BigEndian.Uint16(b))
	b = b[2:]
	if dst == nil {
		dst = make([]event.Datum, 0, n) // never nil: a table without columns has images too
	}
	for range n {
		if len(b) < 1 {
			return dst, b, errShort
		}
		switch b[0] {
		case 'n':
			dst = append(dst, event.Datum{})
			b = b[1:]
		case 'u':
			dst = append(dst, event.Datum{Kind: event.Unchanged})
			b = b[1:]
		case 't':
			if len(b) < 5 {
				return dst, b, errShort
			}
			size := int(binary.BigEndian.Uint32(b[1:]))
			b = b[5:]
			if size > len(b) {
				return dst, b, errShort
			}
			dst = append(dst, event.Datum{Kind: event.Value, Text: b[:size:size]})
			b = b[size:]
		default:
			return dst, b, fmt.Errorf("a column of unknown format %q", b[0])
		}
	}
	return dst, b, nil
}
