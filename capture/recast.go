package capture

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"

	"floe/capture/composed"
	"floe/capture/defined"
	"floe/capture/load"
	"floe/capture/route"
	"floe/capture/snapshot"
	"floe/capture/source"
	"floe/pkg/catalog"
	"floe/pkg/event"
	"floe/pkg/ident"
)

// formsOf are what the enums and composites in a table's rows look like, by the definitions valid here. Where changes are
// not followed, a row says on the target what does not fit.
func (s *session) formsOf(t *route.Table) *composed.Forms {
	def := s.db.Table(t.Shape.Name)
	if s.DDLOff || def == nil {
		return nil
	}
	return s.composed().Of(def, t.Shape)
}

func (s *session) composed() *composed.Types {
	if s.types == nil {
		s.types = composed.TypesOf(s.db)
	}
	return s.types
}

// typeMembers are what enums and composite types consist of by the definitions valid here; the load asks, while the stream
// stands. Nil where changes are not followed, or names are not in the server's own encoding.
func (s *session) typeMembers() (of map[uint32]string) {
	if s.DDLOff || s.Charset != nil {
		return nil
	}
	s.update(func(load.States) { of = s.composed().Members() }) // several readers do
	return of
}

// recast are the tables, by their roots' oids, whose values may mean something else by changes of their types.
func (s *session) recast(now []catalog.Definition, means func(was, now catalog.Body) bool) []uint32 {
	was, types := defined.SetOf(s.db.Definitions), map[ident.Name]bool{}
	for i := range now {
		if old := was.Get(defined.KeyOf(&now[i])); old != nil && means(old.Body, now[i].Body) {
			types[old.Name] = true
		}
	}
	if len(types) == 0 {
		return nil
	}
	return composed.TypesOf(s.db).Users(s.db, types)
}

// fits reports why a row is not of the types that are valid here. Its text is of those that were when it was written:
// no lock on a table keeps its types as they are until who wrote to it is done.
func (s *session) fits(ctx context.Context, rel *route.Relation, row *event.Row) error {
	oid := rel.Table.Shape.OID
	if at := s.recasts[oid]; at != 0 && s.changedAt < at && at < s.order.Tx.Commit {
		return fmt.Errorf("the transaction at %s wrote to it before its types changed, at %s", s.order.Tx.Commit, at)
	}
	if rel.Forms == nil {
		return nil
	}
	if err := rel.Forms.Row(row); err != nil {
		return fmt.Errorf("%w, in the transaction at %s", err, s.order.Tx.Commit)
	}
	if rel.Forms.Records && !s.stood.Sees(s.order.Tx.Xid) {
		return s.stand(ctx)
	}
	return nil
}

// stand looks whether composite types are still what is known of them, but for what the stream has yet to tell. A row of
// another type may look like one of that which it was. Whoever wrote it saw its type, so that a snapshot which sees the
// row's transaction shows that type, or a later one. One look serves all rows of transactions that it sees.
func (s *session) stand(ctx context.Context) error {
	if seen, err := s.visible(ctx, s.order.Tx.Xid); err != nil || !seen {
		return err
	}
	known := s.types.Attributes()
	rows, err := s.admin.Query(ctx, `SELECT txid_current_snapshot()::text, t.oid, coalesce(array_agg(a.attnum ORDER BY a.attnum) FILTER (WHERE a.attnum > 0 AND NOT a.attisdropped), '{}')
		FROM pg_catalog.pg_type t LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = t.typrelid WHERE t.oid = ANY ($1) GROUP BY t.oid`, slices.Collect(maps.Keys(known)))
	if err != nil {
		return fmt.Errorf("look at composite types: %w", err)
	}
	var text string
	var oid uint32
	var attributes []int16
	others := map[uint32][]int16{}
	_, err = pgx.ForEachRow(rows, []any{&text, &oid, &attributes}, func() error {
		if other := differing(known[oid], attributes); len(other) > 0 {
			others[oid] = other
		}
		return nil
	})
	other := uint32(0)
	if err == nil && len(others) > 0 {
		other, err = source.UntoldType(ctx, s.admin, others)
	}
	switch {
	case err != nil:
		return fmt.Errorf("look at composite types: %w", err)
	case other != 0:
		return fmt.Errorf("type %d has other attributes in the catalog, seen at %s", other, s.order.Tx.Commit)
	case text == "":
		return nil
	}
	s.stood, err = snapshot.Parse(text)
	return err
}

// differing are the numbers that one of the two has and the other has not.
func differing(was, is []int16) []int16 {
	without := func(a, b []int16) []int16 {
		return slices.DeleteFunc(slices.Clone(a), func(n int16) bool { return slices.Contains(b, n) })
	}
	return append(without(was, is), without(is, was)...)
}
