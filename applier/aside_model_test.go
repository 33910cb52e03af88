package applier

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"floe/applier/target"
	"floe/pkg/event"
	"floe/pkg/randtest"
)

// copied is a source in memory, t(k, u unique, v), and a capture that loads it by chunks which see
// transactions that are placed behind them.
type copied struct {
	*bag
	rng    *rand.Rand
	now    map[int][2]string   // the source, k → u, v
	states []map[int][2]string // after each transaction; the first is the beginning
	txns   [][]event.Row
	placed int

	after    *int // what is read
	complete bool
	loaded   bool
	until    int
	waiting  map[int]bool
	taken    map[string]int64
}

func (c *copied) free() string {
	for {
		u := strconv.Itoa(c.rng.IntN(12))
		if !slices.ContainsFunc(slices.Collect(maps.Values(c.now)), func(r [2]string) bool { return r[0] == u }) {
			return u
		}
	}
}

// update writes the row under k to another key or with other values; v may be left out if it stays.
func (c *copied) update(k, to int, u, v string) event.Row {
	was := c.now[k]
	row := c.change(nil, values(to, u, v))
	row.Op = event.Update
	if was[1] == v && c.rng.IntN(2) == 0 {
		row.After[2] = event.Datum{Kind: event.Unchanged}
	}
	if k != to {
		row.Before = values(k, nil, nil)
	}
	delete(c.now, k)
	c.now[to] = [2]string{u, v}
	return row
}

// transaction changes the source.
func (c *copied) transaction() {
	keys := slices.Sorted(maps.Keys(c.now))
	k, l := keys[c.rng.IntN(len(keys))], keys[c.rng.IntN(len(keys))]
	a, b := c.now[k], c.now[l]
	v := a[1]
	if c.rng.IntN(3) == 0 {
		v = strconv.Itoa(c.rng.IntN(100))
	}
	var rows []event.Row
	other := c.rng.IntN(12)
	_, there := c.now[other]
	switch kind := c.rng.IntN(6); {
	case kind == 0 && k != l: // a swap, by way of a value that neither has
		rows = append(rows, c.update(k, k, "spare", v), c.update(l, l, a[0], b[1]), c.update(k, k, b[0], v))
	case kind == 1 && k != l: // a hand-over
		rows = append(rows, c.update(k, k, c.free(), v), c.update(l, l, a[0], b[1]))
	case kind == 2 && !there:
		rows = append(rows, c.update(k, other, a[0], v))
	case kind == 3 && !there && len(c.now) < 8:
		u := c.free()
		rows = append(rows, c.change(nil, values(other, u, v)))
		c.now[other] = [2]string{u, v}
	case kind == 4 && len(c.now) > 3: // its value goes on to another row
		rows = append(rows, c.change(values(k, nil, nil), nil))
		delete(c.now, k)
		if k != l {
			rows = append(rows, c.update(l, l, a[0], b[1]))
		}
	default:
		rows = append(rows, c.update(k, k, c.free(), v))
	}
	for i := range rows {
		rows[i].Pos = event.Position{Epoch: 1, Commit: event.LSN(len(c.txns) + 1), Seq: uint64(i)}
	}
	c.txns, c.states = append(c.txns, rows), append(c.states, maps.Clone(c.now))
}

// place brings the next transactions to the target.
func (c *copied) place() {
	c.t.Helper()
	n := min(len(c.txns)-c.placed, 1+c.rng.IntN(3))
	if n == 0 {
		return
	}
	some := c.txns[c.placed : c.placed+n]
	c.placed += n
	for _, rows := range some {
		for i := range rows {
			if r := &rows[i]; !c.loaded && r.Partial() && r.Before != nil { // H3
				c.waiting[number(r.After[0])] = true
			}
		}
	}
	if err := []way{bySets, byRows}[c.rng.IntN(2)](c.t.Context(), c.session, c.rng, some); err != nil {
		c.t.Fatal(err)
	}
}

func number(d event.Datum) int {
	n, _ := strconv.Atoi(string(d.Text))
	return n
}

// capture reads a chunk under a snapshot that may see more than is placed, or settles the table.
func (c *copied) capture() {
	c.t.Helper()
	for _, a := range c.asking() {
		if id := fmt.Sprint(a.Key); c.taken[id] < a.At {
			c.taken[id] = a.At
			n, _ := strconv.Atoi(a.Key[0])
			c.waiting[n], c.loaded = true, false
		}
	}
	see := min(len(c.states)-1, c.placed+c.rng.IntN(4))
	switch {
	case !c.complete:
		c.until = max(c.until, see)
		c.ranges(c.states[see])
	case len(c.waiting) > 0:
		c.until = max(c.until, see)
		var keys []string
		var rows [][]event.Datum
		for _, k := range slices.Sorted(maps.Keys(c.waiting)) {
			keys = append(keys, strconv.Itoa(k))
			if r, ok := c.states[see][k]; ok {
				rows = append(rows, values(k, r[0], r[1]))
			}
		}
		clear(c.waiting)
		c.reads(nil, nil, keys, rows...)
	case !c.loaded && c.placed >= c.until:
		c.loaded = true
		c.settles()
	}
}

func (c *copied) ranges(state map[int][2]string) {
	c.t.Helper()
	var rows [][]event.Datum
	var after, through any
	if c.after != nil {
		after = *c.after
	}
	for _, k := range slices.Sorted(maps.Keys(state)) {
		if c.after != nil && k <= *c.after {
			continue
		}
		if len(rows) == 2 {
			last := number(rows[1][0])
			through, c.after = last, &last
			break
		}
		rows = append(rows, values(k, state[k][0], state[k][1]))
	}
	c.complete = through == nil
	c.reads(after, through, nil, rows...)
}

// Whatever the source does to unique values while it is loaded, and however far ahead of the log its
// chunks are read, the target is the source once it is settled, and nothing halts on the way.
func TestALoadOfUniqueValuesThatChangeHandsConverges(t *testing.T) {
	t.Parallel()
	b := newUnique(t, uniqueTable, "")
	rng := rand.New(rand.NewPCG(randtest.Seed(t), 1))
	aside := 0
	for range 12 {
		b.exec("truncate public.t; truncate floe.asked; truncate floe.aside")
		b.loads, b.asked = map[uint32]target.Load{}, map[uint32][]target.Asked{}
		c := &copied{bag: b, rng: rng, now: map[int][2]string{}, waiting: map[int]bool{}, taken: map[string]int64{}}
		for k := range 6 {
			c.now[k] = [2]string{strconv.Itoa(k), strconv.Itoa(k)}
		}
		c.states = []map[int][2]string{maps.Clone(c.now)}
		for range 4 {
			c.transaction()
		}
		for step := 0; step < 60 || !c.loaded || c.placed < len(c.txns) || len(c.asking()) > 0 || !c.settled(c.shape.OID); step++ {
			if step > 300 {
				t.Fatalf("not settled: waits for %v, asks for %v", c.waiting, c.asking())
			}
			if step < 60 {
				c.transaction()
			}
			if step >= 60 || len(c.txns)-c.placed > rng.IntN(8) { // the log is behind the source
				c.place()
			}
			c.capture()
			aside += len(c.asking())
		}
		var want []string
		for k, r := range c.now {
			want = append(want, fmt.Sprintf("(%d,%s,%s)", k, r[0], r[1]))
		}
		slices.Sort(want)
		c.wantRows(fmt.Sprint(want))
		if t.Failed() {
			t.FailNow()
		}
	}
	t.Log(aside, "rows set aside")
	if aside == 0 {
		t.Error("no row was ever set aside: the test shows nothing")
	}
}
