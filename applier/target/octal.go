package target

import "floe/pkg/event"

// MisreadError is a value that the target would take for another one without a word.
type MisreadError struct{ Value string }

func (e *MisreadError) Error() string {
	return `a "char" above 127, spelled ` + e.Value + `, would become a backslash: this target is older than 15 and does not know the spelling`
}

// Fix is what the operator can do.
func (*MisreadError) Fix() string {
	return "change the column's type on the target to text, where the value stays as it is spelled, and floe goes on by itself; or copy to a target of version 15 or later"
}

// legible looks whether the target reads the work's values as they are meant.
func (w *Work) legible() error {
	if len(w.Octal) == 0 {
		return nil
	}
	for _, of := range []func(int) []event.Datum{w.Old, w.New} {
		for i := 0; of != nil && i < w.Rows; i++ {
			if err := legible(w.Octal, of(i)); err != nil {
				return err
			}
		}
	}
	return nil
}

// legible looks for a backslash and the octal digits of a byte above 127, as it stands alone and within
// arrays and composites, where backslashes are doubled.
func legible(columns []int, image []event.Datum) error {
	for _, c := range columns {
		if c >= len(image) || image[c].Kind != event.Value {
			continue
		}
		text := image[c].Text
		for i := 0; i+3 < len(text); i++ {
			if text[i] == '\\' && (text[i+1] == '2' || text[i+1] == '3') && octal(text[i+2]) && octal(text[i+3]) {
				return &MisreadError{string(text[i : i+4])}
			}
		}
	}
	return nil
}

func octal(c byte) bool { return c >= '0' && c <= '7' }
