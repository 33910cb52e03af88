package job

import (
	"fmt"
	"slices"
	"strings"
)

// Fault is one thing wrong with a job file, at a place in it.
type Fault struct {
	File         string
	Line, Column int // from 1
	Text         string
	source       string // the line, without what may be secret
	caret        int    // the column as it is shown
}

// Error shows the line with a caret under the place.
func (f *Fault) Error() string {
	s := fmt.Sprintf("%s:%d:%d: %s", f.File, f.Line, f.Column, f.Text)
	if f.source == "" {
		return s
	}
	margin := fmt.Sprintf("%5d | ", f.Line)
	return s + "\n" + margin + f.source + "\n" + strings.Repeat(" ", len(margin)-2) + "| " + strings.Repeat(" ", max(0, f.caret-1)) + "^"
}

// Faults are all faults of one file, in the order of their places.
type Faults []*Fault

func (f Faults) Error() string {
	texts := make([]string, len(f))
	for i := range f {
		texts[i] = f[i].Error()
	}
	return strings.Join(texts, "\n")
}

func (f Faults) sort() {
	slices.SortStableFunc(f, func(a, b *Fault) int {
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		return a.Column - b.Column
	})
}
