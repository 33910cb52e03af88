package snapshot

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

func parse(t *testing.T, s string) Snapshot {
	t.Helper()
	snap, err := Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return snap
}

func TestWhatASnapshotSees(t *testing.T) {
	t.Parallel()
	s := parse(t, "100:110:100,105")
	for xid, want := range map[uint32]bool{1: true, 99: true, 100: false, 101: true, 104: true, 105: false, 109: true, 110: false, 4000: false} {
		if s.Sees(xid) != want {
			t.Errorf("transaction %d: seen %v", xid, !want)
		}
	}
}

// Around a wrap of the 32-bit counter, an id of the wire is the one nearest to the snapshot.
func TestIdsAreWidenedNextToTheSnapshot(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for range 200_000 {
		top := uint64(r.Uint32()) | uint64(r.IntN(4))<<32
		back := uint64(r.Int64N(1 << 31))
		if r.IntN(3) == 0 {
			back = uint64(r.IntN(5))
		}
		wide := top + uint64(r.IntN(1000))
		if r.IntN(2) == 0 {
			if back > top {
				continue
			}
			wide = top - back
		}
		s := Snapshot{Min: top, Max: top}
		if got := s.Widen(uint32(wide)); got != wide {
			t.Fatalf("xmax %d: %d is widened to %d, want %d", top, uint32(wide), got, wide)
		}
	}
}

// Against the definition, over whole histories: a transaction is seen if it ended before the snapshot.
func TestSeesWhatHadEnded(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	for range 2000 {
		first := uint64(1<<32-50) + uint64(r.IntN(100))
		running := map[uint64]bool{}
		lowest, list := first+40, ""
		for x := first; x < first+40; x++ {
			if r.IntN(4) == 0 {
				running[x] = true
				lowest = min(lowest, x)
				if list += fmt.Sprint(x); true {
					list += ","
				}
			}
		}
		if list != "" {
			list = list[:len(list)-1]
		}
		s := parse(t, fmt.Sprintf("%d:%d:%s", lowest, first+40, list))
		for x := first - 20; x < first+60; x++ {
			want := x < first+40 && !running[x]
			if got := s.Sees(uint32(x)); got != want {
				t.Fatalf("%s: transaction %d seen %v", s.Text, x, got)
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"1:1:", "100:110:100,105", "10:5:", "a:b:c", "1:2", "4294967290:4294967300:4294967295"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		snap, err := Parse(s)
		if err == nil && snap.Min > snap.Max {
			t.Fatalf("%q: %+v", s, snap)
		}
	})
}
