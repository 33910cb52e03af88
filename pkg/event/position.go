// Package event holds the types that every part of floe shares: where a change stands in the
// source's history, the shape of a table, and a row. It is read from top to bottom; it depends on
// pkg/ident only and does no I/O.
package event

import (
	"fmt"
	"strconv"
	"strings"
)

// LSN is a place in the source's write-ahead log, as PostgreSQL's pg_lsn.
type LSN uint64

// ParseLSN reads PostgreSQL's text form, two hexadecimal halves joined by a slash.
func ParseLSN(s string) (LSN, error) {
	hi, lo, ok := strings.Cut(s, "/")
	if !ok {
		return 0, fmt.Errorf("parse LSN %q: want the form 16/B374D848", s)
	}
	h, err := strconv.ParseUint(hi, 16, 32)
	if err != nil {
		return 0, fmt.Errorf("parse LSN %q: want the form 16/B374D848", s)
	}
	l, err := strconv.ParseUint(lo, 16, 32)
	if err != nil {
		return 0, fmt.Errorf("parse LSN %q: want the form 16/B374D848", s)
	}
	return LSN(h<<32 | l), nil
}

// String is PostgreSQL's text form, e.g. 16/B374D848.
func (l LSN) String() string { return fmt.Sprintf("%X/%X", uint32(l>>32), uint32(l)) }

// Position orders the changes of one job: Epoch is the capture run that placed the change, Commit
// the LSN of its transaction's commit record (0 for rows of a load chunk), Seq the change's number
// within its transaction, counted before any filtering. Commit and Seq depend on the WAL only, so a
// second capture of the same WAL gives the same ones.
type Position struct {
	Epoch  uint32
	Commit LSN
	Seq    uint64
}

// Before reports whether p stands before q in the source's history; epochs do not matter for it.
func (p Position) Before(q Position) bool {
	return p.Commit < q.Commit || p.Commit == q.Commit && p.Seq < q.Seq
}

func (p Position) String() string { return fmt.Sprintf("%s#%d", p.Commit, p.Seq) }

// ParsePosition reads a Position's text, and that of a Commit alone, which is the whole transaction. The
// text has no epoch.
func ParsePosition(s string) (p Position, whole bool, err error) {
	commit, seq, one := strings.Cut(s, "#")
	if p.Commit, err = ParseLSN(commit); err != nil || !one {
		return p, !one, err
	}
	if p.Seq, err = strconv.ParseUint(seq, 10, 64); err != nil {
		return p, false, fmt.Errorf("parse position %q: want the form 16/B374D848#4", s)
	}
	return p, false, nil
}
