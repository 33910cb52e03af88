package capture

import (
	"context"
	"maps"

	"floe/capture/defined"
	"floe/capture/load"
	"floe/capture/route"
	"floe/pkg/catalog"
)

// looked is waited for only between transactions.
func (s *session) looked() <-chan *look {
	if s.order.Between() && s.trimmer.Full() == "" {
		return s.looks
	}
	return nil
}

// reconcile places what the catalog says and the stream did not tell (docs/adr/0005). The stream has
// passed everything that the look saw, so a difference is a change that nobody told of, unless a later
// transaction, which the look does not see, made it: what such a one moved is left for the next look.
func (s *session) reconcile(ctx context.Context, l *look) error {
	r, again := s.missed(l)
	r.reload = append(r.reload, s.refiled(l)...)
	var found []uint32
	for oid, m := range s.lost {
		if l.snapshot.Sees(m.xid) {
			found = append(found, oid)
		} else {
			again = true
		}
	}
	if again {
		s.lookAgain()
	}
	s.update(func(load.States) {
		for oid := range s.joining {
			if !l.there[oid] || !l.joining[oid] {
				delete(s.joining, oid)
			}
		}
	})
	if len(r.now)+len(r.gone)+len(r.left)+len(r.reload) > 0 {
		objects, err := s.redefine(ctx, r)
		if err != nil {
			return err
		}
		s.Log.Info("the catalog differs from what the stream told", "definitions", len(r.now), "gone", len(r.gone), "left", len(r.left), "loads", len(r.reload))
		if len(objects) > 0 {
			if err := s.order.Mark(); err != nil { // a restart resumes behind what is valid from here
				return err
			}
			if err := s.placeObjects(objects); err != nil {
				return err
			}
		}
	}
	s.update(func(load.States) {
		for _, oid := range found {
			delete(s.lost, oid)
		}
		s.reconciled = l.state
	})
	return nil
}

// refiled are tables that were written anew since the last look, while nobody told of it: their rows could
// be other ones. What only moves rows (VACUUM FULL, CLUSTER) looks the same.
func (s *session) refiled(l *look) (oids []uint32) {
	for oid := range s.leaves {
		was, is := s.files[oid], l.files[oid]
		if was != 0 && is != 0 && was != is && !s.truncated[oid] && !s.told.Load() {
			oids = append(oids, oid)
		}
	}
	s.files = l.files
	clear(s.truncated)
	return oids
}

// filesUnder are the files of the relations whose rows are the table's, for the log: a later session holds them against
// those that it finds, where nobody tells.
func (s *session) filesUnder(t *route.Table) map[uint32]uint32 {
	if s.told.Load() {
		return nil
	}
	files := map[uint32]uint32{}
	for oid, of := range s.leaves {
		if of == t && s.files[oid] != 0 {
			files[oid] = s.files[oid]
		}
	}
	return files
}

// filed has the session begin with the files that the log knows, and with those of now for what it does not.
func (s *session) filed() {
	s.update(func(st load.States) {
		for _, t := range s.tables {
			l := st[t.Shape.OID]
			if l == nil {
				continue
			}
			if s.told.Load() {
				l.Files = nil
				continue
			}
			maps.Copy(s.files, l.Files)
			l.Files = s.filesUnder(t)
		}
	})
}

// missed is what the look has and the definitions have not, and the other way round; again says that
// something was left for the next look.
func (s *session) missed(l *look) (r restructure, again bool) {
	r.missed = true
	later := func(k defined.Key) bool {
		xid, ok := s.movers[k]
		if ok && l.snapshot.Sees(xid) {
			delete(s.movers, k)
			return false
		}
		again = again || ok
		return ok
	}
	now := l.db.Narrow(s.Columns, s.db.Listed()) // by what is left out where the stream is
	is, was := defined.SetOf(now.Definitions), defined.SetOf(s.db.Definitions)
	for i := range now.Definitions {
		d := &now.Definitions[i]
		k := defined.KeyOf(d)
		old := was.Get(k)
		if old != nil {
			catalog.CarryOver(old, d)
		}
		if defined.Equal(old, d) || later(k) {
			continue
		}
		r.now = append(r.now, *d)
		if t, ok := d.Body.(*catalog.TableDef); ok && old != nil && defined.Rewrites(old.Body.(*catalog.TableDef), t) {
			r.reload = append(r.reload, t.OID)
		}
	}
	for i := range s.db.Definitions {
		d := &s.db.Definitions[i]
		k := defined.KeyOf(d)
		if is.Get(k) != nil || later(k) {
			continue
		}
		switch {
		case d.Kind == catalog.KindTable && l.there[d.OID]:
			r.left = append(r.left, d.Ref())
		case s.vanished(d, l):
			r.gone = append(r.gone, d.Ref())
		}
	}
	return r, again
}

// vanished reports whether the source has an object no more that the look does not have. Of a selection
// of tables, what no table needs any more is kept.
func (s *session) vanished(d *catalog.Definition, l *look) bool {
	switch d.Kind {
	case catalog.KindTable, catalog.KindIndex, catalog.KindSequence, catalog.KindView, catalog.KindMatview, catalog.KindForeignTable:
		return !l.there[d.OID]
	case catalog.KindConstraint, catalog.KindTrigger, catalog.KindTriggerState, catalog.KindRule, catalog.KindPolicy, catalog.KindStatistics: // a table's
		return true
	}
	return s.Everything || s.Schemas != nil && s.Schemas(d.Name.Schema)
}
