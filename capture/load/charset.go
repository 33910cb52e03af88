package load

import (
	"fmt"

	"floe/capture/route"
	"floe/pkg/event"
)

// decode makes text of a row as the source has it.
func (t *version) decode(row []event.Datum) error {
	if t.charset == nil {
		return nil
	}
	return route.Decode(t.charset, t.Shape, row)
}

// decoded is one value of column i, as text.
func (t *version) decoded(i int, value []byte) ([]byte, error) {
	if t.charset == nil {
		return value, nil
	}
	text, err := t.charset.Decode(value, route.Plain(&t.Shape.Columns[i]))
	if err != nil {
		return nil, fmt.Errorf("a key of %s: %w", t.Shape.Name, err)
	}
	return text, nil
}

// encoded is a key as the source has it: decoding saw to it that it comes back.
func (t *version) encoded(key []byte) []byte {
	if t.charset == nil {
		return key
	}
	if b, err := t.charset.Encode(key); err == nil {
		return b
	}
	return key
}
