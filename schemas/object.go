package schemas

import (
	"fmt"

	"floe/pkg/event"
	"floe/pkg/ledger"
	"floe/pkg/status"
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

// EncodeStatus returns the bytes of a record of floe.status.
func EncodeStatus(s *status.Report) ([]byte, error) {
	w := &writer{append([]byte{}, statusMark...)}
	for _, v := range []string{s.Role, s.Instance, s.Host} {
		w.str(v)
	}
	w.long(s.PID)
	w.long(s.At)
	for _, v := range []string{s.Job, s.State, s.Reason, s.Detail, s.Fix} {
		w.str(v)
	}
	for _, v := range []int64{int64(s.Epoch), int64(s.SourceLSN), int64(s.PlacedLSN), int64(s.FlushedLSN), int64(s.AppliedLSN),
		s.LedgerOffset, s.LatencyUs, int64(s.Transactions), int64(s.Rows), int64(s.Bytes)} {
		w.long(v)
	}
	blocks(w, s.Tables, func(t status.Table) {
		w.str(t.Schema)
		w.str(t.Name)
		w.str(t.State)
		for _, v := range []uint64{t.Estimate, t.Loaded, t.Inserts, t.Updates, t.Deletes, t.Truncates} {
			w.long(int64(v))
		}
		w.str(t.Error)
	})
	return w.b, nil
}

// DecodeStatus reads what EncodeStatus wrote, exactly.
func DecodeStatus(b []byte) (*status.Report, error) {
	r, err := single(b, statusMark, "a status report")
	if err != nil {
		return nil, err
	}
	s := &status.Report{Role: r.str(), Instance: r.str(), Host: r.str(), PID: r.long(), At: r.long(),
		Job: r.str(), State: r.str(), Reason: r.str(), Detail: r.str(), Fix: r.str(),
		Epoch: uint32(r.long()), SourceLSN: event.LSN(r.long()), PlacedLSN: event.LSN(r.long()), FlushedLSN: event.LSN(r.long()),
		AppliedLSN: event.LSN(r.long()), LedgerOffset: r.long(), LatencyUs: r.long(),
		Transactions: uint64(r.long()), Rows: uint64(r.long()), Bytes: uint64(r.long())}
	r.array(func() {
		s.Tables = append(s.Tables, status.Table{Schema: r.str(), Name: r.str(), State: r.str(), Estimate: uint64(r.long()),
			Loaded: uint64(r.long()), Inserts: uint64(r.long()), Updates: uint64(r.long()), Deletes: uint64(r.long()),
			Truncates: uint64(r.long()), Error: r.str()})
	})
	if err := r.end(); err != nil {
		return nil, fmt.Errorf("decode a status report: %w", err)
	}
	return s, nil
}
