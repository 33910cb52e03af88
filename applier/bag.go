package applier

import (
	"fmt"
	"slices"
	"strconv"

	"floe/applier/fold"
	"floe/applier/render"
	"floe/pkg/event"
)

// joins lets the next statements match by hash, or takes that back. Elsewhere plans are bound to indexes,
// which a table without a key does not have.
func joins(byHash bool) render.Statement {
	on, off := "on", "off"
	if !byHash {
		on, off = off, on
	}
	return render.Statement{SQL: "SELECT pg_catalog.set_config('enable_hashjoin', '" + on + "', true), pg_catalog.set_config('enable_nestloop', '" + off + "', true)"}
}

// few is how many rows are looked for one by one: that ends where a row is found, and hashes nothing
// (BenchmarkBag: 13 ms each in 100,000 rows, where a set of any size takes 60).
const few = 3

// counted changes a table without a key by the net of a step: what goes, however many rows that are, in
// one reading of the table, then what comes.
func (b *tableWorks) counted(out []fold.Counted, in [][]event.Datum) {
	sum := 0
	for _, c := range out {
		sum += c.N
	}
	if sum > few {
		b.remove(out, sum)
	} else {
		for _, c := range out {
			for range c.N {
				b.add(b.to.DeleteOne(), 1, b.least(1), func(int) []event.Datum { return c.Image }, nil)
			}
		}
	}
	if len(in) > 0 {
		b.add(b.to.Insert(), len(in), -1, nil, func(i int) []event.Datum { return in[i] })
	}
}

func (b *tableWorks) remove(out []fold.Counted, sum int) {
	rows := make([][]event.Datum, len(out))
	for i, c := range out {
		rows[i] = append(slices.Clip(c.Image), event.Datum{Kind: event.Value, Text: strconv.AppendInt(nil, int64(c.N), 10)}) // render.Table.Count
	}
	b.add(joins(true), 1, -1, nil, nil)
	b.add(b.to.Remove(), len(rows), b.least(sum), func(i int) []event.Datum { return rows[i] }, nil)
	b.add(joins(false), 1, -1, nil, nil)
}

// unkeyed matches a row by all its columns (A8). An update is a row that goes and one that comes, which
// comes even if the other is not there; unless columns that only the target has must be kept.
func (b *tableWorks) unkeyed(r *event.Row) error {
	old, new := func(int) []event.Datum { return r.Before }, func(int) []event.Datum { return r.After }
	if r.Op != event.Create && r.Before == nil {
		return fmt.Errorf("a change of %s at %s without an old row, though the table has no key", r.Table.Name, r.Pos)
	}
	if r.Op == event.Update && b.to.Beside {
		if st := b.to.UpdateOne(present(r.After)); st.SQL != "" {
			b.add(st, 1, b.least(1), old, new)
			return nil
		}
	}
	if r.Op != event.Create {
		b.add(b.to.DeleteOne(), 1, b.least(1), old, nil)
	}
	if r.Op != event.Delete {
		image := fold.Filled(r)
		b.add(b.to.Insert(), 1, -1, nil, func(int) []event.Datum { return image })
	}
	return nil
}
