package capture

import (
	"context"
	"fmt"

	"floe/capture/filter"
	"floe/capture/route"
	"floe/capture/source"
	"floe/pkg/catalog"
	"floe/pkg/halt"
)

// filtered readies the filter for a table with a condition. One that the source does not take, or that
// would answer differently at another time, is a halt before any row is looked at.
func (s *session) filtered(ctx context.Context, def *catalog.TableDef) error {
	if def.Filter == "" {
		return nil
	}
	if s.Charset != nil && s.Charset.Name != plainUTF8 {
		return halt.New(halt.FilterRefused, "leave the filter out, or convert the source's database", "the filter of %s is asked of the source, whose database does not know that its texts are in %s", def.Name, s.Charset.Name)
	}
	if err := catalog.CheckFilter(ctx, s.admin, def); err != nil {
		return &halt.Error{Code: halt.FilterRefused, Detail: "the filter of " + def.Name.String(), Fix: "mend objects.filters in the job file and start floe again", Err: err}
	}
	if s.filter != nil {
		return nil
	}
	var err error
	if s.asking, err = s.readConn(ctx); err != nil {
		return err
	}
	s.filter = filter.New(s.asking)
	return nil
}

// judgesOtherwise reports whether other rows of a table may meet its condition than did before: it is another one, or
// what it names is another column, or of a type or collation by which values compare otherwise. No row event tells of it.
func judgesOtherwise(before, t *route.Table) bool {
	if before.Where != t.Where {
		return true
	}
	if t.Where == "" {
		return false
	}
	for _, i := range filter.Means(t) {
		c := &t.Shape.Columns[i]
		was := before.Shape.Column(c.Name)
		if was < 0 || before.Shape.Columns[was].Attnum != c.Attnum || before.Collations[was] != t.Collations[i] ||
			before.Types != nil && t.Types != nil && before.Types[was] != t.Types[i] {
			return true
		}
	}
	return false
}

// widen has the source send old rows of a filtered table that came, or got its condition, behind the publication.
// Changes that were made before bear none: the table's rows are dropped, and it is loaded again.
func (s *session) widen(ctx context.Context, id uint32, t *route.Table, seq uint64, refused error) error {
	for _, def := range s.db.Tables() {
		if def.OID != id || s.KeepIdentity || s.DDLOff || def.Virtual() {
			continue
		}
		if err := source.Widen(ctx, s.admin, id); err != nil {
			return fmt.Errorf("%w: %w", refused, err)
		}
		return s.lose(t, seq, fmt.Errorf("a change of %s at %s bears no old row", def.Name, s.order.Tx.Commit))
	}
	return refused
}
