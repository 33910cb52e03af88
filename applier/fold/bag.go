package fold

import (
	"bytes"
	"encoding/binary"
	"hash/maphash"
	"slices"

	"floe/pkg/event"
)

// A table without a key is a bag: rows are told apart by the text of all their columns, NULLs being
// equal, and equal ones only counted (A8). An update is its old row going and its new one coming, also
// where the old one is not there: what comes is what the source has.
//
// Deletes of a row that the step brought cancel it; others have to find their row on the target. So the
// deletes may all run before the inserts, and leave what one by one would leave whatever was there.

// count adds a row's effect to the open step.
func (f *Folder) count(t *table, r *event.Row) {
	f.enter(t)
	if r.Op == event.Delete || r.Op == event.Update {
		f.counting(t)
		if c := &f.net.changes[f.net.row(t, r.Before)]; c.in > 0 {
			c.in--
		} else {
			c.out++
		}
	}
	switch {
	case r.Op == event.Delete:
	case t.counted:
		f.net.changes[f.net.row(t, Filled(r))].in++
	default:
		t.out.In = append(t.out.In, r.After)
	}
}

// counting begins to tell rows apart. Most tables without a key only grow, and need not.
func (f *Folder) counting(t *table) {
	if t.counted {
		return
	}
	t.counted = true
	for _, image := range t.out.In {
		f.net.changes[f.net.row(t, image)].in++
	}
	clear(t.out.In)
	t.out.In = t.out.In[:0]
}

// Filled is the new image of a row of a table without a key with what it leaves out: its old image has
// every value.
func Filled(r *event.Row) []event.Datum {
	if r.Op != event.Update || !r.Partial() {
		return r.After
	}
	image := slices.Clone(r.After)
	for i := range image {
		if image[i].Kind == event.Unchanged {
			image[i] = r.Before[i]
		}
	}
	return image
}

// row returns the number of the change of rows like image, a new one if there is none.
func (n *net) row(t *table, image []event.Datum) int {
	h := n.rowHash(t, image)
	mask := uint64(len(n.slots) - 1)
	for at := h & mask; ; at = (at + 1) & mask {
		s := n.slots[at]
		if s>>32 != n.generation {
			return n.take(at, change{hash: h, table: t, image: image, state: counted})
		}
		i := int(s&(1<<32-1)) - 1
		if c := &n.changes[i]; c.hash == h && c.table == t && alike(c.image, image) {
			return i
		}
	}
}

func (n *net) rowHash(t *table, image []event.Datum) uint64 {
	var h maphash.Hash
	h.SetSeed(n.seed)
	var head [5]byte
	binary.LittleEndian.PutUint32(head[1:], t.number)
	_, _ = h.Write(head[:])
	for i := range image {
		head[0] = byte(image[i].Kind)
		binary.LittleEndian.PutUint32(head[1:], uint32(len(image[i].Text)))
		_, _ = h.Write(head[:])
		_, _ = h.Write(image[i].Text)
	}
	return h.Sum64()
}

func alike(a, b []event.Datum) bool {
	for i := range a {
		if a[i].Kind != b[i].Kind || !bytes.Equal(a[i].Text, b[i].Text) {
			return false
		}
	}
	return true
}
