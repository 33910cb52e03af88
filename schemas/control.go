package schemas

import (
	_ "embed"
	"fmt"

	"floe/pkg/ledger"
)

var (
	//go:embed control.avsc
	controlSchema string

	controlMark = fingerprint(controlSchema)
)

// EncodeCommand returns the bytes of a record of floe.control.
func EncodeCommand(c *ledger.Command) []byte {
	w := &writer{append([]byte{}, controlMark...)}
	w.str(c.ID)
	w.long(c.At)
	w.str(c.By)
	w.str(c.Verb)
	blocks(w, c.Args, w.str)
	return w.b
}

// DecodeCommand reads what EncodeCommand wrote, exactly.
func DecodeCommand(b []byte) (*ledger.Command, error) {
	r, err := single(b, controlMark, "a command")
	if err != nil {
		return nil, err
	}
	c := &ledger.Command{ID: r.str(), At: r.long(), By: r.str(), Verb: r.str()}
	r.array(func() { c.Args = append(c.Args, r.str()) })
	if err := r.end(); err != nil {
		return nil, fmt.Errorf("decode a command: %w", err)
	}
	return c, nil
}
