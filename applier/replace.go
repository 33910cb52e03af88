package applier

import (
	"context"
	"fmt"

	"floe/applier/render"
	"floe/applier/target"
	"floe/pkg/catalog"
	"floe/pkg/event"
	"floe/pkg/ident"
	"floe/pkg/ledger"
)

// A replacing load reads a table again whose rows on the target may be any: rows that are there and not
// in the source go. Its chunks are ranges in the order of the source's key.
//
//   - Where the target has keys in the same order, each chunk deletes what is in its range and not in it.
//   - Where it may not (text under a collation that is not C's), a range there would hold other keys than
//     here. Then every key that a chunk or a change bears is kept in a table on the target from the
//     load's first chunk on, in the transactions that bear them, and at Loaded all others are deleted:
//     by then each key that the source has was read by a chunk, or came by a change after its range.
//
// Rejected: to tell old rows by their xmin (a rewrite of the table by its owner makes all of them new),
// and a list of the keys that were there before, which would be read whole in one transaction.

// beginSweep prepares a load's first chunk; what an earlier load kept goes.
func (s *session) beginSweep(ctx context.Context, to *render.Table, c *ledger.Chunk, how meeting) error {
	if err := s.dropSeen(ctx, c.Table); err != nil {
		return err
	}
	if !how.equals() || len(to.Shape.Key) == 0 || to.SameOrder(s.bytewise(to.Shape)) {
		return nil
	}
	seen := target.SeenName(s.owner, c.Table)
	if err := s.db.Exec(ctx, to.Seen(seen)); err != nil {
		return fmt.Errorf("make the list of keys that the load bears: %w", err)
	}
	if s.seen == nil {
		s.seen = map[uint32]ident.Name{}
	}
	s.seen[c.Table] = seen
	return nil
}

// dropSeen drops what the table's load kept, if it did.
func (s *session) dropSeen(ctx context.Context, table uint32) error {
	seen, ok := s.seen[table]
	if !ok {
		return nil
	}
	delete(s.seen, table)
	return s.db.Exec(ctx, "DROP TABLE "+seen.SQL())
}

// bytewise says of which columns the source's collation is C or POSIX, and the bytes are UTF-8's, which order as
// the characters do.
func (s *session) bytewise(shape *event.Table) func(int) bool {
	var def *catalog.TableDef
	for i := range s.valid.Definitions {
		if d, ok := s.valid.Definitions[i].Body.(*catalog.TableDef); ok && s.valid.Definitions[i].OID == shape.OID {
			def = d
		}
	}
	return func(i int) bool {
		if def == nil || def.Encoding != "" {
			return false
		}
		c := def.Column(shape.Columns[i].Name)
		return c != nil && c.Collation != nil && c.Collation.Schema == "pg_catalog" && (c.Collation.Name == "C" || c.Collation.Name == "POSIX")
	}
}

// sweep ends a load: keys that it did not bear are deleted.
func (s *session) sweep(ctx context.Context, table uint32) error {
	seen, ok := s.seen[table]
	if !ok {
		return nil
	}
	to, err := s.table(ctx, s.shapes[table])
	if err != nil {
		return err
	}
	if err := s.db.Exec(ctx, target.Plain); err != nil {
		return err
	}
	if err := s.db.Exec(ctx, "ANALYZE "+seen.SQL()+"; "+to.Sweep(seen)+"; "+target.Bound); err != nil {
		return fmt.Errorf("delete rows of %s that the load did not bear: %w", to.Shape.Name, err)
	}
	if err := s.dropSeen(ctx, table); err != nil {
		return err
	}
	return s.db.Forget(ctx)
}

// bear keeps the keys of images that come, if the table's load does.
func (b *tableWorks) bear(n int, image func(int) []event.Datum) {
	if b.seen != (ident.Name{}) {
		b.add(b.to.Bear(b.seen), n, -1, nil, image)
	}
}

// surplus deletes the keys behind after and through the other that are not among the rows.
func surplus(to *render.Table, rows []event.Row, after, through [][]byte) []*work {
	none := make([]event.Datum, len(to.Shape.Columns))
	bounds := [][]event.Datum{none, none}
	if after != nil {
		bounds[0] = keyImage(to.Shape, after)
	}
	if through != nil {
		bounds[1] = keyImage(to.Shape, through)
	}
	old := func(i int) []event.Datum {
		if i < len(bounds) {
			return bounds[i]
		}
		return none
	}
	new := func(i int) []event.Datum {
		if i < len(rows) {
			return rows[i].After
		}
		return none
	}
	w := target.Work{Statement: to.Surplus(after != nil, through != nil), Rows: max(len(rows), len(bounds)), Old: old, New: new, Least: -1}
	return []*work{{Work: target.Work{Statement: joins(true), Rows: 1, Least: -1}}, {Work: w, shape: to.Shape}, {Work: target.Work{Statement: joins(false), Rows: 1, Least: -1}}}
}

// keyImage is an image of which only the key is there.
func keyImage(shape *event.Table, key [][]byte) []event.Datum {
	image := make([]event.Datum, len(shape.Columns))
	for i, c := range shape.Key {
		image[c] = event.Datum{Kind: event.Value, Text: key[i]}
	}
	return image
}
