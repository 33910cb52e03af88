package schemas

import (
	"fmt"

	"floe/pkg/ledger"
)

// EncodeObject returns the bytes of a record of floe.objects.
func EncodeObject(o *ledger.Object) ([]byte, error) {
	w := &writer{append([]byte{}, objectMark...)}
	w.str(o.Kind)
	w.str(o.Schema)
	w.str(o.Name)
	w.long(int64(o.OID))
	w.long(int64(o.ID))
	w.str(o.Body)
	return w.b, nil
}

// DecodeObject reads what EncodeObject wrote, exactly.
func DecodeObject(b []byte) (*ledger.Object, error) {
	r, err := single(b, objectMark, "a definition")
	if err != nil {
		return nil, err
	}
	o := &ledger.Object{Kind: r.str(), Schema: r.str(), Name: r.str(), OID: uint32(r.long()), ID: uint32(r.long()), Body: r.str()}
	if err := r.end(); err != nil {
		return nil, fmt.Errorf("decode a definition: %w", err)
	}
	return o, nil
}
