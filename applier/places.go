package applier

import (
	"floe/pkg/catalog"
)

// places are the ledger entries that what is valid here was defined by, in order. The checkpoint names
// them, so that a start reads them and no others again. An entry all of whose definitions were replaced
// is not among them, or a day of DDL would make every checkpoint long.
type places []place

// place is one entry with the objects that it defines, or drops.
type place struct {
	offset int64
	defs   map[catalog.Ref]bool // true: defined, false: dropped; refs without names
}

// with adds a change that stands at a ledger offset, behind all others or in the last of them.
func (p places) with(offset int64, c *change) places {
	out := append(places{}, p...)
	last := place{offset: offset, defs: map[catalog.Ref]bool{}}
	if n := len(out); n > 0 && out[n-1].offset == offset {
		for r, is := range out[n-1].defs {
			last.defs[r] = is
		}
		out = out[:n-1]
	}
	for _, d := range c.now {
		last.defs[unnamed(d.Ref())] = true
	}
	for _, refs := range [][]catalog.Ref{c.gone, c.left} {
		for _, r := range refs {
			last.defs[unnamed(r)] = false
			if r.Kind == catalog.KindTable {
				last.defs[shapeRef(r.OID)] = false
			}
		}
	}
	for oid := range c.shapes {
		last.defs[shapeRef(oid)] = true
	}
	return append(out, last).needed()
}

func unnamed(r catalog.Ref) catalog.Ref { return catalog.Ref{Kind: r.Kind, OID: r.OID} }

// shapeRef stands for the row schema of a table.
func shapeRef(oid uint32) catalog.Ref { return catalog.Ref{OID: oid} }

// needed leaves out entries of which nothing is valid. That something was dropped must be known as long
// as an earlier entry that defines it is read.
func (p places) needed() places {
	final := map[catalog.Ref]int{} // which entry says the last of an object
	for i := range p {
		for r := range p[i].defs {
			final[r] = i
		}
	}
	there := map[catalog.Ref]bool{} // what the entries before it define
	var out places
	for i := range p {
		keep := false
		for r, is := range p[i].defs {
			keep = keep || final[r] == i && (is || there[r])
		}
		if !keep {
			continue
		}
		out = append(out, p[i])
		for r, is := range p[i].defs {
			there[r] = is
		}
	}
	return out
}

func (p places) offsets() []int64 {
	var out []int64
	for i := range p {
		out = append(out, p[i].offset)
	}
	return out
}
