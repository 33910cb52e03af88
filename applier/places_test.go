package applier

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"floe/pkg/catalog"
	"floe/pkg/event"
	"floe/pkg/ident"
)

// A checkpoint's entries, read again, define what reading all of them defines; and none of them is there
// for nothing: drop any one and something else is defined.
func TestPlacesAreThoseOfWhatIsValid(t *testing.T) {
	t.Parallel()
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 1))
		log, p := map[int64]*change{}, places(nil)
		for offset := range int64(30) {
			c := randomChange(r)
			log[offset], p = c, p.with(offset, c)
			all := make([]int64, offset+1)
			for i := range all {
				all[i] = int64(i)
			}
			want := replay(log, all)
			if got := replay(log, p.offsets()); got != want {
				t.Fatalf("seed %d: entries %v define %s, all %d define %s", seed, p.offsets(), got, offset+1, want)
			}
			for i := range p {
				if less := slices.Delete(slices.Clone(p.offsets()), i, i+1); replay(log, less) == want {
					t.Fatalf("seed %d: entry %d of %v is not needed", seed, p[i].offset, p.offsets())
				}
			}
		}
	}
}

// replay shows what is valid behind these entries.
func replay(log map[int64]*change, offsets []int64) string {
	s := session{known: known{valid: catalog.NewDatabase(0, nil), shapes: map[uint32]*event.Table{}}}
	for _, o := range offsets {
		s.define(o, log[o])
	}
	var defs []string
	for _, d := range s.valid.Definitions {
		defs = append(defs, fmt.Sprint(d.Kind, d.OID, d.Name.Name))
	}
	for oid, shape := range s.shapes {
		defs = append(defs, fmt.Sprint("shape", oid, shape.Name.Name))
	}
	slices.Sort(defs)
	return fmt.Sprint(defs)
}

// randomChange is one of few objects, now and then of several.
func randomChange(r *rand.Rand) *change {
	c := &change{shapes: map[uint32]*event.Table{}}
	for _, oid := range r.Perm(4)[:1+r.IntN(2)] {
		name := ident.Name{Schema: "s", Name: fmt.Sprint(r.IntN(1 << 30))}
		oid := uint32(oid + 1)
		var body catalog.Body = &catalog.EnumDef{}
		kind := catalog.KindEnum
		if oid > 2 {
			body, kind = &catalog.TableDef{Name: name, OID: oid}, catalog.KindTable
		}
		switch r.IntN(4) {
		case 0:
			c.gone = append(c.gone, catalog.Ref{Kind: kind, OID: oid, Name: name})
		case 1:
			c.left = append(c.left, catalog.Ref{Kind: kind, OID: oid, Name: name})
		default:
			c.now = append(c.now, catalog.Definition{Kind: kind, OID: oid, Name: name, Body: body})
			if kind == catalog.KindTable && r.IntN(3) > 0 {
				c.shapes[oid] = &event.Table{Name: name, OID: oid}
			}
		}
	}
	return c
}

func TestADayOfDDLLeavesAShortCheckpoint(t *testing.T) {
	t.Parallel()
	var p places
	table := func(oid uint32) catalog.Definition {
		return catalog.Definition{Kind: catalog.KindTable, OID: oid, Body: &catalog.TableDef{OID: oid}}
	}
	p = p.with(0, &change{now: []catalog.Definition{table(1)}})
	for i := range int64(1000) {
		p = p.with(3*i+1, &change{now: []catalog.Definition{table(uint32(i + 9))}})
		p = p.with(3*i+2, &change{gone: []catalog.Ref{table(uint32(i + 9)).Ref()}})
		p = p.with(3*i+3, &change{now: []catalog.Definition{table(1)}})
	}
	if got := p.offsets(); !slices.Equal(got, []int64{3000}) {
		t.Errorf("%d entries: %v", len(got), got)
	}
}

// A partitioned table whose last partition went before its load was over has nothing to be loaded, and is no table that
// a job waits for.
func TestATableWithoutPartitionsHasNoRows(t *testing.T) {
	t.Parallel()
	root, leaf := ident.Name{Schema: "s", Name: "root"}, ident.Name{Schema: "s", Name: "leaf"}
	define := func(d *catalog.TableDef) catalog.Definition {
		return catalog.Definition{Kind: catalog.KindTable, OID: d.OID, Name: d.Name, Body: d}
	}
	part := define(&catalog.TableDef{Name: leaf, OID: 2, PartitionOf: &catalog.Partition{Parent: root}})
	shape := map[uint32]*event.Table{1: {Name: root, OID: 1}}
	s := session{known: known{valid: catalog.NewDatabase(0, nil), shapes: map[uint32]*event.Table{}}}
	for i, x := range []struct {
		change *change
		has    bool
	}{
		{&change{now: []catalog.Definition{define(&catalog.TableDef{Name: root, OID: 1, PartitionKey: "LIST (a)"})}}, false},
		{&change{now: []catalog.Definition{part}, shapes: shape}, true},
		{&change{gone: []catalog.Ref{part.Ref()}}, false},
		{&change{now: []catalog.Definition{part}, shapes: shape}, true},
	} {
		s.define(int64(i), x.change)
		if has := s.shapes[1] != nil; has != x.has {
			t.Errorf("change %d: has rows: %t, want %t", i, has, x.has)
		}
	}
}
