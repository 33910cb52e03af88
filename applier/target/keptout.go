package target

import "fmt"

// KeptOutError is rows that a statement writes whatever was there, and that the target did not count: a trigger
// of its own returned NULL for them, or a rule did something else. They would be missing without a word.
type KeptOutError struct{ Rows, Took int }

func (e *KeptOutError) Error() string {
	return fmt.Sprintf("it took %d of %d rows: a trigger or a rule of the target's own kept the others out", e.Took, e.Rows)
}

// Fix is what the operator can do.
func (*KeptOutError) Fix() string {
	return "have the target's own trigger or rule not fire on replicated rows (ALTER TABLE … ENABLE TRIGGER …, instead of ENABLE ALWAYS or REPLICA), or let it return the row; floe then goes on by itself"
}

// kept reports whether rows of the work were kept out.
func (w *Work) kept() error {
	if w.Statement.Each && w.Touched != int64(w.Rows) {
		return &KeptOutError{w.Rows, int(w.Touched)}
	}
	return nil
}
