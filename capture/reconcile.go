package capture

import (
	"context"

	"floe/capture/composed"
	"floe/capture/defined"
	"floe/capture/load"
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
	refiled, err := s.refiled(ctx, l)
	if err != nil {
		return err
	}
	r.reload = append(r.reload, refiled...)
	var found []uint32
	for oid, m := range s.lost {
		if l.snapshot.Sees(m.xid) {
			found = append(found, oid)
		} else {
			again = true
		}
	}
	s.update(func(load.States) {
		for oid, xid := range s.joining {
			switch {
			case xid != 0 && !l.snapshot.Sees(xid):
				again = true
			case !l.there[oid] || !l.joining[oid]:
				delete(s.joining, oid)
			}
		}
	})
	if again {
		s.lookAgain()
	}
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
	now := l.db.Narrow(s.chosen(), s.db) // by what is left out where the stream is
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
	r.reload = append(r.reload, s.recast(r.now, composed.Recast)...)
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
