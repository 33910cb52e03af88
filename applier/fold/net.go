package fold

import (
	"bytes"
	"encoding/binary"
	"hash/maphash"

	"floe/pkg/event"
	"floe/schemas"
)

// state is the net effect on one key.
type state uint8

const (
	untouched state = iota
	gone            // image has the key
	full            // image is the row
	partial         // image is what is to be updated
	moved           // a key of a partial key-changing update; row is that update at its new key
	counted         // image is a row of a table without a key; out like it go, then in come
)

// change is the net change of one key.
type change struct {
	hash  uint64
	key   int // keys[key:end] is the key's identity
	end   int
	table *table
	image []event.Datum
	row   *event.Row
	out   int
	in    int
	state state
	known bool // the first change was an UPDATE or a DELETE
	owned bool // image is a copy that further changes may be merged into
}

// net holds the net changes of the open step: a hash table whose memory is used again. Go's own map
// would need a string for each key and could not be emptied without walking all of it.
//
//   - slots[h] is generation<<32 | index into changes + 1; another generation's slot is free.
type net struct {
	seed       maphash.Seed
	slots      []uint64
	generation uint64
	changes    []change
	keys       []byte
	datums     []event.Datum
}

const firstSlots = 1 << 10

func newNet() net {
	return net{seed: maphash.MakeSeed(), slots: make([]uint64, firstSlots), generation: 1}
}

// find returns the number of the key's change, a new one if there is none.
func (n *net) find(t *table, image []event.Datum) int {
	start := len(n.keys)
	n.keys = binary.LittleEndian.AppendUint32(n.keys, t.number)
	n.keys = schemas.AppendIdentity(n.keys, t.shape, image)
	id := n.keys[start:]
	h := maphash.Bytes(n.seed, id)
	mask := uint64(len(n.slots) - 1)
	for at := h & mask; ; at = (at + 1) & mask {
		s := n.slots[at]
		if s>>32 != n.generation {
			return n.take(at, change{hash: h, key: start, end: len(n.keys), table: t})
		}
		i := int(s&(1<<32-1)) - 1
		if c := &n.changes[i]; c.hash == h && bytes.Equal(n.keys[c.key:c.end], id) {
			n.keys = n.keys[:start]
			return i
		}
	}
}

// take puts a new change into a free slot.
func (n *net) take(at uint64, c change) int {
	n.changes = append(n.changes, c)
	n.slots[at] = n.generation<<32 | uint64(len(n.changes))
	if 2*len(n.changes) > len(n.slots) {
		n.grow()
	}
	return len(n.changes) - 1
}

func (n *net) grow() {
	n.slots = make([]uint64, 2*len(n.slots))
	mask := uint64(len(n.slots) - 1)
	for i := range n.changes {
		at := n.changes[i].hash & mask
		for n.slots[at] != 0 {
			at = (at + 1) & mask
		}
		n.slots[at] = n.generation<<32 | uint64(i+1)
	}
}

// forget empties the net, but for images that were copied: the step that was made of it holds them.
func (n *net) forget() {
	clear(n.changes)
	n.changes, n.keys = n.changes[:0], n.keys[:0]
	if n.generation++; n.generation == 1<<32 {
		clear(n.slots)
		n.generation = 1
	}
}

// reset takes back the copied images too.
func (n *net) reset() {
	n.forget()
	clear(n.datums)
	n.datums = n.datums[:0]
}

// own makes a copy of image that can be changed.
func (n *net) own(image []event.Datum) []event.Datum {
	if cap(n.datums)-len(n.datums) < len(image) {
		n.datums = make([]event.Datum, 0, max(len(image), 2*cap(n.datums), 1024))
	}
	start := len(n.datums)
	n.datums = append(n.datums, image...)
	return n.datums[start:len(n.datums):len(n.datums)]
}

// touch notes whether the key's row was there before the step, if this is its first change.
func (c *change) touch(known bool) {
	if c.state == untouched {
		c.known = known
	}
}

// remove makes the row with this key go.
func (n *net) remove(i int, key []event.Datum) {
	c := &n.changes[i]
	c.touch(true)
	c.state, c.image, c.owned = gone, key, false
}

// put makes image the row.
func (n *net) put(i int, image []event.Datum, known bool) {
	c := &n.changes[i]
	c.touch(known)
	c.state, c.image, c.owned = full, image, false
}

// patch updates the row by what image holds.
func (n *net) patch(i int, image []event.Datum) {
	c := &n.changes[i]
	c.touch(true)
	if c.state == untouched {
		c.state, c.image = partial, image
		return
	}
	if !c.owned {
		c.image, c.owned = n.own(c.image), true
	}
	for k := range image {
		if image[k].Kind != event.Unchanged {
			c.image[k] = image[k]
		}
	}
}

// move changes the key of a row whose values are not all known.
func (n *net) move(from, to int, r *event.Row) {
	n.changes[from].state, n.changes[to].state = moved, moved
	n.changes[to].row = r
}

// drop forgets what became of the table's keys.
func (n *net) drop(t *table) {
	for i := range n.changes {
		if c := &n.changes[i]; c.table == t {
			c.row, c.out, c.in, c.known, c.owned = nil, 0, 0, false, false
			if c.state != counted {
				c.state, c.image = untouched, nil
			}
		}
	}
}

// emit writes the change into its table's lists.
func (c *change) emit() {
	t := c.table.out
	switch c.state {
	case gone:
		t.Deletes = append(t.Deletes, c.image)
		if c.known {
			t.Gone++
		}
	case full:
		t.Full = append(t.Full, Full{c.image, c.known})
	case partial:
		t.Partial = append(t.Partial, Partial{c.image})
	case counted:
		if c.out > 0 {
			t.Out = append(t.Out, Counted{c.image, c.out})
		}
		for range c.in {
			t.In = append(t.In, c.image)
		}
	case moved:
		if c.row != nil {
			t.Moves = append(t.Moves, c.row)
		}
	}
}
