package history

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Sample is what one snapshot of the target held.
type Sample struct {
	Time time.Time
	// Life tells one run of the target's server from the next: appliers do not wait for its disk, so what
	// was seen before a crash may be applied again after it.
	Life    string
	Commit  LSN     // of floe.checkpoint; 0: nothing but the load was applied
	Settled []bool  // by table: loaded, so that it must fit
	Prints  []Print // of the settled ones
}

// ViolationError is a sample that the promise forbids.
type ViolationError struct {
	Number int // of the sample, from 0
	Sample Sample
	Why    string
}

func (e *ViolationError) Error() string {
	return fmt.Sprintf("sample %d, taken %s with the checkpoint at %s: %s", e.Number, e.Sample.Time.Format("15:04:05.000"), e.Sample.Commit, e.Why)
}

// Judge holds the samples, in the order in which they were taken, against the history. Several prefixes
// may look alike; each sample is taken for the earliest that is not before the one before it, which
// leaves the most room to those behind it. It returns the prefix that the last sample stands for.
func Judge(h *History, samples []Sample) (at int, err error) {
	checkpoint := 0
	var loads arrivals
	for n := range samples {
		s := &samples[n]
		if n > 0 && s.Life != samples[n-1].Life {
			at, checkpoint, loads = 0, 0, arrivals{}
		}
		loads.see(s)
		found := h.find(s, at)
		if found < 0 {
			return at, &ViolationError{n, *s, h.explain(s, at)}
		}
		at = found
		if s.Commit == 0 { // rows came by the load alone, whose place the checkpoint does not tell
			continue
		}
		said, ok := h.At(s.Commit)
		switch {
		case !ok:
			return at, &ViolationError{n, *s, "the checkpoint is behind the source's last commit"}
		case said < checkpoint:
			return at, &ViolationError{n, *s, fmt.Sprintf("the checkpoint went back from prefix %d to %d", checkpoint, said)}
		case !h.Prefixes[said].equals(s) && !h.alone(said, at, &loads):
			return at, &ViolationError{n, *s, fmt.Sprintf("the checkpoint says prefix %d; %s", said, h.explain(s, at))}
		}
		checkpoint = said
	}
	return at, nil
}

// arrivals are the tables whose load has just ended: the checkpoint has not moved since.
//
// What a load's snapshot showed already is left out of the transactions behind it, and one of which nothing is left is in
// no entry. So such a table may be ahead of the checkpoint's commit, by transactions that wrote to it alone, until the
// next one that is placed.
type arrivals struct {
	before []bool // settled in the sample before; nil at first
	fresh  []bool
	commit LSN
}

func (a *arrivals) see(s *Sample) {
	if a.before == nil { // the first to be seen: of a load that goes on
		a.before = make([]bool, len(s.Settled))
		if !slices.Contains(s.Settled, false) {
			a.before = s.Settled
		}
	}
	if a.fresh == nil || s.Commit != a.commit {
		a.fresh = make([]bool, len(s.Settled))
	}
	for i, settled := range s.Settled {
		a.fresh[i] = settled && (a.fresh[i] || !a.before[i])
	}
	a.before, a.commit = s.Settled, s.Commit
}

// alone reports whether what came from one prefix to a later one is in tables that have just arrived and in no other.
func (h *History) alone(from, to int, a *arrivals) bool {
	for i := from + 1; i <= to; i++ {
		for t, fresh := range a.fresh {
			if !fresh && h.Prefixes[i].Prints[t] != h.Prefixes[i-1].Prints[t] {
				return false
			}
		}
	}
	return from < to
}

// Complete says why the sample is not the whole history, judged after all of it was applied.
func Complete(h *History, last *Sample) error {
	for i, settled := range last.Settled {
		if !settled {
			return fmt.Errorf("%s is not loaded at the end", h.Tables[i].Name)
		}
	}
	end := &h.Prefixes[len(h.Prefixes)-1]
	if !end.equals(last) {
		return fmt.Errorf("the last sample is not the source's end: %s", h.explain(last, 0))
	}
	return nil
}

// find is the first prefix from a place on that equals the sample, -1 if there is none.
func (h *History) find(s *Sample, from int) int {
	for i := from; i < len(h.Prefixes); i++ {
		if h.Prefixes[i].equals(s) {
			return i
		}
	}
	return -1
}

func (p *Prefix) equals(s *Sample) bool {
	for i, settled := range s.Settled {
		if settled && p.Prints[i] != s.Prints[i] {
			return false
		}
	}
	return true
}

// explain says what kind of wrong a sample is that equals no prefix from a place on.
func (h *History) explain(s *Sample, from int) string {
	for i := from - 1; i >= 0; i-- {
		if h.Prefixes[i].equals(s) {
			return fmt.Sprintf("it is prefix %d, but prefix %d was there before: the target went back", i, from)
		}
	}
	var b strings.Builder
	b.WriteString("it is no prefix of the source's history")
	for i, settled := range s.Settled {
		if settled {
			fmt.Fprintf(&b, "\n    %s (%s) %s", h.Tables[i].Name, s.Prints[i], h.where(i, s.Prints[i], from))
		}
	}
	return b.String()
}

// where lists the prefixes in which a single table is as in the sample: in a torn transaction each table
// by itself is somewhere, only not at the same place.
func (h *History) where(table int, p Print, from int) string {
	var runs []string
	for i := 0; i < len(h.Prefixes); i++ {
		if h.Prefixes[i].Prints[table] != p {
			continue
		}
		first := i
		for i+1 < len(h.Prefixes) && h.Prefixes[i+1].Prints[table] == p {
			i++
		}
		if i >= from || len(runs) == 0 {
			runs = append(runs, fmt.Sprintf("%d–%d", first, i))
		}
		if len(runs) == 4 {
			break
		}
	}
	if runs == nil {
		return "never was so on the source"
	}
	return "is as in prefixes " + strings.Join(runs, ", ")
}
