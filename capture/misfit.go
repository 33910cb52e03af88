package capture

import (
	"context"
	"fmt"

	"floe/capture/defined"
	"floe/capture/load"
	"floe/capture/route"
	"floe/pkg/catalog"
	"floe/pkg/event"
	"floe/pkg/halt"
	"floe/pkg/ledger"
)

// misfit is a table that a relation of the stream does not fit: its structure changed and nobody told, or
// the definitions of a first epoch, read from the catalog, are ahead of the stream. Which columns the
// rows have is known, what they are is not; so they are dropped, and the table is loaded again behind the
// place where what is valid is known (docs/adr/0005).
type misfit struct {
	xid uint32 // of the transaction that has the first row that was dropped
	err error
}

// bind leads a relation's rows to their table. The server describes a relation when its first row comes
// and when it changed; the definition may change at other times, so what it said is kept.
func (s *session) bind(id uint32, t *route.Table) (*route.Relation, error) {
	m := s.relations[id]
	if m == nil {
		return nil, fmt.Errorf("a row of relation %d, which was not described, at %s", id, s.order.Tx.Commit)
	}
	rel, err := route.Bind(t, m)
	if err == nil {
		err = s.inOrder(id, t, m)
	}
	if err == nil {
		rel.Forms = s.formsOf(t)
		s.bound[id] = rel
	}
	return rel, err
}

// suspected looks, where nobody tells of changes, at what the catalog says of a table whose relation was
// described again: the server does so when something about it changed. What rows look like may be all the
// same (a partition that was detached, a NOT NULL that was dropped), and the target yet refuse the next one.
func (s *session) suspected(ctx context.Context, id uint32, t *route.Table) error {
	delete(s.suspects, id)
	if seen, err := s.visible(ctx, s.order.Tx.Xid); err == nil && !seen {
		return fmt.Errorf("the source does not show yet what the transaction at %s did", s.order.Tx.Commit)
	}
	state, err := stateOf(ctx, s.admin)
	if err != nil || state == s.reconciled {
		return nil
	}
	db, err := catalog.ReadSelection(ctx, s.admin, s.reads())
	if err != nil {
		return nil // the next look finds it
	}
	is := defined.SetOf(db.Narrow(s.chosen(), s.db).Definitions)
	for i := range s.db.Definitions {
		d := &s.db.Definitions[i]
		if about(d, id, t) && !defined.Equal(is.Get(defined.KeyOf(d)), d) {
			delete(s.bound, id)
			return fmt.Errorf("its %s %s is another one in the catalog, seen at %s", d.Kind, d.Name, s.order.Tx.Commit)
		}
	}
	return nil
}

// about reports whether a definition says what a table accepts.
func about(d *catalog.Definition, id uint32, t *route.Table) bool {
	switch b := d.Body.(type) {
	case *catalog.TableDef:
		return d.OID == id || d.OID == t.Shape.OID
	case *catalog.ConstraintDef:
		return b.Table == t.Shape.Name
	case *catalog.EnumDef, *catalog.DomainDef, *catalog.CompositeDef:
		return true
	}
	return false
}

// dropped reports whether rows of the table are dropped until it is known what it is.
func (s *session) dropped(t *route.Table) bool { return len(s.lost) > 0 && s.lost[t.Shape.OID] != nil }

// lose begins to drop a table's rows. From here on the table is not settled: the object says so to who
// reads the log.
func (s *session) lose(t *route.Table, seq uint64, cause error) error {
	oid := t.Shape.OID
	halted := func(why error) error {
		return &halt.Error{Code: halt.StructureChanged, Detail: fmt.Sprintf("%s changed before %s", t.Shape.Name, s.order.Tx.Commit), Fix: halt.Rebuild, Err: why}
	}
	if s.DDLOff || s.misfits[t] == cause.Error() { // the catalog was asked, and says that it fits
		return halted(cause)
	}
	s.misfits[t] = cause.Error()
	s.update(func(load.States) { s.lost[oid] = &misfit{xid: s.order.Tx.Xid, err: cause} })
	for id, rel := range s.bound {
		if rel.Table == t {
			delete(s.bound, id)
		}
	}
	s.lookAgain()
	s.Log.Info("a table changed and nobody told: its rows are loaded again", "table", t.Shape.Name, "at", event.Position{Commit: s.order.Tx.Commit, Seq: seq}, "why", cause)
	o, err := s.loadAgain(t, true, false)
	if err != nil {
		return err
	}
	return s.placeWithin([]ledger.Object{o}, seq)
}
