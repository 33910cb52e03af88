package schemas

import (
	_ "embed"
	"fmt"

	"floe/pkg/ledger"
)

var (
	//go:embed state.avsc
	stateSchema string

	stateMark = fingerprint(stateSchema)
)

// EncodePlace returns the bytes of a record of floe.state.
func EncodePlace(p *ledger.Place) []byte {
	w := &writer{append([]byte{}, stateMark...)}
	w.long(int64(p.Epoch))
	w.str(p.Nonce)
	w.long(p.Offset)
	return w.b
}

// DecodePlace reads what EncodePlace wrote, exactly.
func DecodePlace(b []byte) (*ledger.Place, error) {
	r, err := single(b, stateMark, "a place")
	if err != nil {
		return nil, err
	}
	p := &ledger.Place{Epoch: uint32(r.long()), Nonce: r.str(), Offset: r.long()}
	if err := r.end(); err != nil {
		return nil, fmt.Errorf("decode a place: %w", err)
	}
	return p, nil
}
