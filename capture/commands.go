package capture

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"floe/capture/load"
	"floe/capture/route"
	"floe/pkg/control"
	"floe/pkg/ident"
	"floe/pkg/ledger"
)

// errSelection ends a session whose selection a command changed: the next one begins with what was asked
// for. errRest ends one of a job that is to rest.
var (
	errSelection = errors.New("a command changed the selection")
	errRest      = errors.New("the job is to rest")
)

// obey takes up what was sent so far.
func (s *session) obey(sent *control.Sent) {
	s.sent, s.Includes = sent, sent.Selection(s.Includes)
	s.take(sent.Wanted)
}

// take is how a session knows what is wanted. What it does about it is the stream's, between two
// transactions.
func (s *session) take(w control.Wanted) {
	s.wanted.Store(&w)
	s.pressed.limit(limits(s.HoldLoad, &w.Set))
	s.report.hears(w.Next)
	select {
	case s.called <- struct{}{}:
	default:
	}
}

// commands takes up those that come. Only a changed selection ends the session for a command alone.
func (s *session) commands(ctx context.Context) error {
	began := s.sent.Wanted
	return s.sent.Follow(ctx, func(w control.Wanted) error {
		if !w.Selects(&began) {
			s.Log.Info("the selection is read again")
			return errSelection
		}
		s.take(w)
		return nil
	})
}

// rests reports whether the job is to rest.
func (s *session) rests() bool { return s.wanted.Load().Run != control.Running }

// heed takes up what was commanded since it last did. Only the stream's goroutine calls it, between two
// transactions. A full log takes no load.
func (s *session) heed() error {
	w := s.wanted.Load()
	if w == s.heeded {
		return nil
	}
	tables := s.resyncs(w)
	if len(tables) > 0 && s.trimmer.Full() != "" {
		return nil
	}
	if err := s.resync(tables); err != nil {
		return err
	}
	s.heeded = w
	s.report.obeyed(w.Next)
	return nil
}

// resyncs are the tables that commands name since their last load began: its object bears how many were
// taken up by then, so that a start knows, too.
func (s *session) resyncs(w *control.Wanted) (tables []*route.Table) {
	names := slices.SortedFunc(maps.Keys(w.Resyncs()), func(a, b ident.Name) int { return strings.Compare(a.SQL(), b.SQL()) })
	for _, n := range names {
		def := s.db.Table(n)
		if def == nil { // it left the job, or was never in it
			continue
		}
		t := s.tables[s.db.Root(def).OID]
		if t == nil || slices.Contains(tables, t) {
			continue
		}
		heeded := 0
		s.update(func(st load.States) {
			if l := st[t.Shape.OID]; l != nil {
				heeded = l.Heeded
			}
		})
		if heeded < w.Resyncs()[n] {
			tables = append(tables, t)
		}
	}
	return tables
}

// resync opens loads that replace what the target has of the tables.
func (s *session) resync(tables []*route.Table) error {
	var objects []ledger.Object
	for _, t := range tables {
		o, err := s.loadAgain(t, true, true)
		if err != nil {
			return err
		}
		s.Log.Info("a table is loaded again, as commanded", "table", t.Shape.Name.String())
		objects = append(objects, o)
	}
	if len(objects) == 0 {
		return nil
	}
	if err := s.order.Mark(); err != nil {
		return err
	}
	return s.placeObjects(objects)
}
