package schemas

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"

	"floe/pkg/event"
	"floe/pkg/status"
)

//go:embed status.avsc
var statusSchema string

// statusForm is one of the forms of a report, each the last one's with further fields: a report takes the first that has
// what it says, so that who knows fewer reads most of them. In status.avsc are the last one's.
type statusForm int

const (
	bare    statusForm = iota
	full               // also what is not on the target as on the source, and what is asked for
	told               // of a job that commands were sent to, or that needs one
	clocked            // says when, on the source's clock
	placed             // where, and what prechecks found
	limited            // how much WAL a slot may keep
	split              // how long changes take on each part of the way
)

// statusForms are the names of the forms' records, and the last field of each.
var statusForms = [...]struct{ name, last string }{
	bare: {"Report", "tables"}, full: {"FullReport", "asked"}, told: {"ToldReport", "blocked"}, clocked: {"ClockedReport", "source_clock"},
	placed: {"PlacedReport", "checks"}, limited: {"LimitedReport", "slot_limit"}, split: {"SplitReport", "target_us"},
}

var statusMarks = func() (out [len(statusForms)][]byte) {
	for f := range statusForms {
		out[f] = fingerprint(statusForm(f).schema())
	}
	return out
}()

// schema is the form's Avro schema: status.avsc up to the form's last field.
func (f statusForm) schema() string {
	var record struct {
		Type      string            `json:"type"`
		Name      string            `json:"name"`
		Namespace string            `json:"namespace"`
		Fields    []json.RawMessage `json:"fields"`
	}
	if err := json.Unmarshal([]byte(statusSchema), &record); err != nil {
		panic(fmt.Sprintf("status.avsc: %v", err)) // the schema is part of the program
	}
	record.Name = statusForms[f].name
	for i, text := range record.Fields {
		var field struct{ Name string }
		if err := json.Unmarshal(text, &field); err != nil {
			panic(fmt.Sprintf("status.avsc: %v", err))
		}
		if field.Name == statusForms[f].last {
			record.Fields = record.Fields[:i+1]
			break
		}
	}
	text, err := json.Marshal(record)
	if err != nil {
		panic(fmt.Sprintf("status.avsc: %v", err))
	}
	return string(text)
}

// formOf is the first form that has all that a report says.
func formOf(s *status.Report) statusForm {
	switch {
	case s.Hops != (status.Hops{}):
		return split
	case s.SlotLimit > 0:
		return limited
	case s.Place != "" || s.Checks != nil:
		return placed
	case s.SourceClock != 0:
		return clocked
	case s.Obeyed > 0 || s.Blocked != nil: // a job that runs by itself has no need of commands
		return told
	case s.Structure != nil || len(s.Asked) > 0:
		return full
	}
	return bare
}

// EncodeStatus returns the bytes of a record of floe.status.
func EncodeStatus(s *status.Report) ([]byte, error) {
	form := formOf(s)
	w := &writer{append([]byte{}, statusMarks[form]...)}
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
	if form >= full {
		facts(w, s.Structure)
		blocks(w, s.Asked, func(a status.Asked) {
			w.long(int64(a.Table))
			blocks(w, a.Key, w.str)
			w.long(a.At)
		})
	}
	if form >= told {
		w.long(s.Obeyed)
		var some []*status.Blocked
		if s.Blocked != nil {
			some = append(some, s.Blocked)
		}
		blocks(w, some, func(b *status.Blocked) { blocked(w, b) })
	}
	if form >= clocked {
		w.long(s.SourceClock)
	}
	if form >= placed {
		w.str(s.Place)
		var some []*status.Checks
		if s.Checks != nil {
			some = append(some, s.Checks)
		}
		blocks(w, some, func(c *status.Checks) { checks(w, c) })
	}
	if form >= limited {
		w.long(s.SlotLimit)
	}
	if form >= split {
		for _, v := range []int64{s.Hops.SourceUs, s.Hops.KafkaUs, s.Hops.TargetUs} {
			w.long(v)
		}
	}
	return w.b, nil
}

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

func blocked(w *writer, b *status.Blocked) {
	w.long(int64(b.Epoch))
	w.long(int64(b.Commit))
	w.long(int64(b.Seq))
	for _, v := range []string{b.Table, b.Op, b.Key, b.SQLState, b.Message, b.Lasting} {
		w.str(v)
	}
}

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
	form := bare
	for f, mark := range statusMarks {
		if bytes.HasPrefix(b, mark) {
			form = statusForm(f)
		}
	}
	r, err := single(b, statusMarks[form], "a status report")
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
	if form >= full {
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
	if form >= told {
		s.Obeyed = r.long()
		r.array(func() {
			if s.Blocked != nil {
				r.fail(errors.New("two transactions that block"))
			}
			s.Blocked = readBlocked(r)
		})
	}
	if form >= clocked {
		s.SourceClock = r.long()
	}
	if form >= placed {
		s.Place = r.str()
		r.array(func() {
			if s.Checks != nil {
				r.fail(errors.New("two runs of prechecks"))
			}
			s.Checks = readChecks(r)
		})
	}
	if form >= limited {
		if s.SlotLimit = r.long(); s.SlotLimit < 0 {
			r.fail(errors.New("a limit that is none"))
		}
	}
	if form >= split {
		s.Hops = status.Hops{SourceUs: r.long(), KafkaUs: r.long(), TargetUs: r.long()}
	}
	if err := r.end(); err != nil {
		return nil, fmt.Errorf("decode a status report: %w", err)
	}
	if formOf(s) != form {
		return nil, fmt.Errorf("decode a status report: it is a %s, and says no more than a %s", statusForms[form].name, statusForms[formOf(s)].name)
	}
	return s, nil
}

func readChecks(r *reader) *status.Checks {
	c := &status.Checks{At: r.long(), Result: r.str()}
	r.array(func() {
		c.Found = append(c.Found, status.Check{Code: r.str(), Severity: r.str(), Object: r.str(), Text: r.str(), Cause: r.str(), Fix: r.str(), FixSQL: r.str(), MS: r.long()})
	})
	return c
}

func readBlocked(r *reader) *status.Blocked {
	return &status.Blocked{Epoch: uint32(r.long()), Commit: event.LSN(r.long()), Seq: uint64(r.long()),
		Table: r.str(), Op: r.str(), Key: r.str(), SQLState: r.str(), Message: r.str(), Lasting: r.str()}
}
