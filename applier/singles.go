package applier

import (
	"context"

	"floe/applier/fold"
	"floe/pkg/event"
	"floe/pkg/halt"
)

// window is how many rows' statements the exact path sends together.
const window = 2000

// exact applies rows one by one. When one fails it is returned with the error. With bags, rows of tables
// without a key are counted and applied in sets all the same, for one by one each would read its whole
// table; their place among other tables' rows means nothing. No row is returned if such a set fails.
func (s *session) exact(ctx context.Context, rows []*event.Row, bags bool) (*event.Row, error) {
	var unkeyed []*event.Row
	if bags {
		rows, unkeyed = apart(rows)
	}
	for len(rows) > 0 {
		n := s.stretch(rows)
		if bad, err := s.inTurn(ctx, rows[:n], s.order.Now.Offset, nil, s.singles); err != nil {
			return bad, err
		}
		rows = rows[n:]
	}
	return nil, s.fast(ctx, unkeyed)
}

// apart takes the rows of tables without a key out. A TRUNCATE of tables of both kinds is one command
// on the target too, which rows before and behind it must not pass: then all stay together.
func apart(rows []*event.Row) (keyed, unkeyed []*event.Row) {
	for i, r := range rows {
		bag := len(r.Table.Key) == 0
		if i > 0 && r.Op == event.Truncate && rows[i-1].Op == event.Truncate && r.Pos == rows[i-1].Pos && bag != (len(rows[i-1].Table.Key) == 0) {
			return rows, nil
		}
		if bag {
			unkeyed = append(unkeyed, r)
		} else {
			keyed = append(keyed, r)
		}
	}
	return keyed, unkeyed
}

// stretch is how many of the rows are the next TRUNCATE command, or come before it in one window. One that is looked
// at on the target stands alone, for those before it must be true by then.
func (s *session) stretch(rows []*event.Row) int {
	if s.sparing(rows[0]) {
		return 1
	}
	n := 0
	for n < len(rows) && rows[n].Op == event.Truncate && rows[n].Pos == rows[0].Pos {
		n++
	}
	if n > 0 {
		return n
	}
	for n < min(len(rows), window) && rows[n].Op != event.Truncate && !s.sparing(rows[n]) {
		n++
	}
	return n
}

// singles are the statements of one stretch. With an error comes the row that it is about.
func (s *session) singles(ctx context.Context, rows []*event.Row) (works []*work, bad *event.Row, err error) {
	if rows[0].Op == event.Truncate {
		works, err = s.truncate(ctx, rows)
		return works, rows[0], err
	}
	if s.sparing(rows[0]) {
		works, err = s.spare(ctx, rows[0])
		return works, rows[0], err
	}
	for _, r := range rows {
		some, err := s.single(ctx, r)
		if err != nil {
			return nil, r, err
		}
		works = append(works, some...)
	}
	return works, nil, nil
}

// exact are rows one by one; inserts into a table without a key that follow each other share a statement.
func (b *tableWorks) exact(ctx context.Context, rows []*event.Row) error {
	for len(rows) > 0 {
		n := 0
		for n < len(rows) && rows[n].Op == event.Create && len(b.to.Shape.Key) == 0 && len(b.to.Shape.Columns) > 0 {
			n++
		}
		if n > 0 {
			some := rows[:n]
			b.add(b.to.Insert(), n, -1, nil, func(i int) []event.Datum { return some[i].After })
			rows = rows[n:]
			continue
		}
		works, err := b.s.single(ctx, rows[0])
		if err != nil {
			return err
		}
		b.works = append(b.works, works...)
		rows = rows[1:]
	}
	return nil
}

// single is one row's statements, as the source ran it.
func (s *session) single(ctx context.Context, r *event.Row) ([]*work, error) {
	to, err := s.table(ctx, r.Table)
	if err != nil {
		return nil, err
	}
	b := tableWorks{s: s, to: to, settled: s.settled(r.Table.OID), seen: s.seen[r.Table.OID]}
	switch {
	case len(r.Table.Key) == 0:
		err = b.unkeyed(r)
	case !identified(r):
		err = halt.New(halt.StructureChanged, halt.Rebuild, "a change of %s at %s does not bear the key by which rows are told apart: its key or its replica identity changed", r.Table.Name, r.Pos)
	case r.Op == event.Delete:
		b.deletes([]fold.Key{r.Before}, 1)
	case r.Partial() && r.Before != nil:
		b.moves([]*event.Row{r})
	case r.Partial():
		b.partial([]fold.Partial{{Image: r.After}})
	default:
		if r.Before != nil {
			b.add(b.to.Leave(), 1, -1, func(int) []event.Datum { return r.Before }, func(int) []event.Datum { return r.After })
		}
		b.full([]fold.Full{{Image: r.After, Known: r.Op == event.Update && r.Before == nil}})
	}
	for _, w := range b.works {
		w.row = r
	}
	return b.works, err
}

// identified reports whether the row bears its key. A source before 14.2 may send neither image of a
// key that is stored out of line and did not change; matching NULL would change nothing, silently.
func identified(r *event.Row) bool {
	image := r.After
	if r.Op == event.Delete {
		image = r.Before
	}
	for _, k := range r.Table.Key {
		if k >= len(image) || image[k].Kind != event.Value || r.Before != nil && r.Before[k].Kind != event.Value {
			return false
		}
	}
	return true
}
