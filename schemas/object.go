package schemas

import (
	"bytes"
	"errors"
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
	apart := s.Hops != (status.Hops{})
	mark, fully, tell, place := statusMark, full(s), told(s), placed(s) || s.SlotLimit > 0 || apart
	switch {
	case apart:
		mark, fully, tell = splitMark, true, true
	case s.SlotLimit > 0:
		mark, fully, tell = limitedMark, true, true
	case place:
		mark, fully, tell = placedMark, true, true
	case s.SourceClock != 0:
		mark, fully, tell = clockedMark, true, true
	case tell:
		mark, fully = toldMark, true
	case fully:
		mark = fullMark
	}
	w := &writer{append([]byte{}, mark...)}
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
	if fully {
		facts(w, s.Structure)
		blocks(w, s.Asked, func(a status.Asked) {
			w.long(int64(a.Table))
			blocks(w, a.Key, w.str)
			w.long(a.At)
		})
	}
	if tell {
		w.long(s.Obeyed)
		var some []*status.Blocked
		if s.Blocked != nil {
			some = append(some, s.Blocked)
		}
		blocks(w, some, func(b *status.Blocked) { blocked(w, b) })
	}
	if place || s.SourceClock != 0 {
		w.long(s.SourceClock)
	}
	if place {
		w.str(s.Place)
		var some []*status.Checks
		if s.Checks != nil {
			some = append(some, s.Checks)
		}
		blocks(w, some, func(c *status.Checks) { checks(w, c) })
	}
	if s.SlotLimit > 0 || apart {
		w.long(s.SlotLimit)
	}
	if apart {
		for _, v := range []int64{s.Hops.SourceUs, s.Hops.KafkaUs, s.Hops.TargetUs} {
			w.long(v)
		}
	}
	return w.b, nil
}

// placed reports whether the report says where its database is, or what was found before the job began.
func placed(s *status.Report) bool { return s.Place != "" || s.Checks != nil }

func checks(w *writer, c *status.Checks) {
	w.long(c.At)
	w.str(c.Result)
	blocks(w, c.Found, func(x status.Check) {
		for _, v := range []string{x.Code, x.Severity, x.Object, x.Text, x.Cause, x.Fix, x.FixSQL} {
			w.str(v)
		}
		w.long(x.MS)
	})
}

func readChecks(r *reader) *status.Checks {
	c := &status.Checks{At: r.long(), Result: r.str()}
	r.array(func() {
		c.Found = append(c.Found, status.Check{Code: r.str(), Severity: r.str(), Object: r.str(), Text: r.str(), Cause: r.str(), Fix: r.str(), FixSQL: r.str(), MS: r.long()})
	})
	return c
}

// told reports whether commands were sent, or are to be: a job that runs by itself has no need of them.
func told(s *status.Report) bool { return s.Obeyed > 0 || s.Blocked != nil }

func blocked(w *writer, b *status.Blocked) {
	w.long(int64(b.Epoch))
	w.long(int64(b.Commit))
	w.long(int64(b.Seq))
	for _, v := range []string{b.Table, b.Op, b.Key, b.SQLState, b.Message, b.Lasting} {
		w.str(v)
	}
}

func readBlocked(r *reader) *status.Blocked {
	return &status.Blocked{Epoch: uint32(r.long()), Commit: event.LSN(r.long()), Seq: uint64(r.long()),
		Table: r.str(), Op: r.str(), Key: r.str(), SQLState: r.str(), Message: r.str(), Lasting: r.str()}
}

// full reports whether the report says what few do.
func full(s *status.Report) bool { return s.Structure != nil || len(s.Asked) > 0 }

func facts(w *writer, s *status.Structure) {
	if s == nil {
		w.long(-1)
		w.long(0)
		return
	}
	w.long(int64(s.Total))
	blocks(w, s.Facts, func(f status.Fact) {
		for _, v := range []string{f.Object, f.State, f.Code, f.Reason, f.Source} {
			w.str(v)
		}
	})
}

// DecodeStatus reads what EncodeStatus wrote, exactly.
func DecodeStatus(b []byte) (*status.Report, error) {
	apart := bytes.HasPrefix(b, splitMark)
	limited := apart || bytes.HasPrefix(b, limitedMark)
	place := limited || bytes.HasPrefix(b, placedMark)
	clocked := place || bytes.HasPrefix(b, clockedMark)
	told := clocked || bytes.HasPrefix(b, toldMark)
	full := told || bytes.HasPrefix(b, fullMark)
	mark := statusMark
	switch {
	case apart:
		mark = splitMark
	case limited:
		mark = limitedMark
	case place:
		mark = placedMark
	case clocked:
		mark = clockedMark
	case told:
		mark = toldMark
	case full:
		mark = fullMark
	}
	r, err := single(b, mark, "a status report")
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
	if full {
		if total := r.long(); total >= 0 {
			s.Structure = &status.Structure{Total: int(total)}
		}
		r.array(func() {
			f := status.Fact{Object: r.str(), State: r.str(), Code: r.str(), Reason: r.str(), Source: r.str()}
			if s.Structure == nil {
				r.fail(errors.New("facts in a report that says nothing of the structure"))
				return
			}
			s.Structure.Facts = append(s.Structure.Facts, f)
		})
		r.array(func() {
			a := status.Asked{Table: uint32(r.long())}
			r.array(func() { a.Key = append(a.Key, r.str()) })
			a.At = r.long()
			s.Asked = append(s.Asked, a)
		})
	}
	if told {
		s.Obeyed = r.long()
		r.array(func() {
			if s.Blocked != nil {
				r.fail(errors.New("two transactions that block"))
			}
			s.Blocked = readBlocked(r)
		})
	}
	if clocked {
		if s.SourceClock = r.long(); s.SourceClock == 0 && !place {
			r.fail(errors.New("a clock that is not known"))
		}
	}
	if place {
		s.Place = r.str()
		r.array(func() {
			if s.Checks != nil {
				r.fail(errors.New("two runs of prechecks"))
			}
			s.Checks = readChecks(r)
		})
		if limited {
			if s.SlotLimit = r.long(); s.SlotLimit < 0 || s.SlotLimit == 0 && !apart {
				r.fail(errors.New("a limit that is none"))
			}
			if apart {
				if s.Hops = (status.Hops{SourceUs: r.long(), KafkaUs: r.long(), TargetUs: r.long()}); s.Hops == (status.Hops{}) {
					r.fail(errors.New("a way that takes no time"))
				}
			}
		} else if !placed(s) {
			r.fail(errors.New("a place that is not known"))
		}
	}
	if err := r.end(); err != nil {
		return nil, fmt.Errorf("decode a status report: %w", err)
	}
	return s, nil
}
