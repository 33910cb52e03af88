package simulation

import (
	"strconv"

	"floe/capture/load"
	"floe/capture/publish"
	"floe/pkg/event"
	"floe/pkg/ledger"
)

// load reads a chunk of a table, or says that it is loaded, between two transactions: what it does at once is
// what capture does while the stream is held.
func (c *capture) load() error {
	if !c.order.Between() || c.unsure() || c.writer.Waiting() > 20 {
		return nil
	}
	for t := range c.tables {
		l := c.loads[oid(t)]
		switch {
		case l.Loaded:
		case l.Settled(c.order.Placed):
			if err := c.order.Close(); err != nil {
				return err
			}
			l.Loaded = true
			return c.writer.Append(&ledger.Entry{Loaded: &ledger.Loaded{Load: l.Load, Table: l.Table, Rows: l.Rows}}, nil, nil)
		case !l.Complete:
			return c.chunk(t, l)
		}
	}
	return nil
}

// unsure: what earlier captures placed may not be visible yet (H1).
func (c *capture) unsure() bool {
	for len(c.unknown) > 0 && c.unknown[0].visible {
		c.unknown = c.unknown[1:]
	}
	return len(c.unknown) > 0 || c.order.Placed < c.since
}

// chunk reads the next keys of the first open range, under a snapshot that sees all that was placed.
func (c *capture) chunk(t int, l *load.State) error {
	rows, sees := c.w.source.snapshot()
	for xid := range c.placed {
		if !sees[xid] {
			return nil
		}
	}
	clear(c.placed)
	if rows.version[t] != c.versions[t] { // structure that the stream has not come to
		return nil
	}
	if err := c.order.Close(); err != nil {
		return err
	}
	open := l.Open[0]
	chunk := &ledger.Chunk{Load: l.Load, Table: l.Table, Mode: ledger.Insert, After: open.After, Through: open.Through, Until: c.w.source.at}
	var spans publish.Spans
	from, n := bound(open.After)+1, 1+c.w.rng.IntN(c.w.chunk)
	for k := from; k < keys; k++ {
		if v := rows.rows[t][k]; v != 0 {
			row := event.Row{Table: c.tables[t].Shape, Op: event.Read, Pos: event.Position{Epoch: c.epoch, Seq: chunk.Rows}, After: image(c.tables[t].Shape, k, v)}
			if err := c.produce(&spans, c.tables[t], &row, ledger.Header{Seq: chunk.Rows}); err != nil {
				return err
			}
			chunk.Rows++
		}
		if n--; n == 0 && k < keys-1 {
			chunk.Through = [][]byte{strconv.AppendInt(nil, int64(k), 10)}
			break
		}
	}
	e := &ledger.Entry{Chunk: chunk}
	if err := c.loads.Take(e); err != nil {
		return err
	}
	return c.writer.Append(e, spans.List(), nil)
}

// bound is the key of a range's bound, -1 for none.
func bound(key [][]byte) int {
	if key == nil {
		return -1
	}
	n, _ := strconv.Atoi(string(key[0]))
	return n
}
