package capture

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"floe/capture/defined"
	"floe/capture/load"
	"floe/capture/publish"
	"floe/capture/route"
	"floe/capture/snapshot"
	"floe/capture/source"
	"floe/pkg/broker"
	"floe/pkg/catalog"
	"floe/pkg/ledger"
	"floe/schemas"
)

// restructure is a change of what is valid, from one place of the stream on.
//
//   - reload are tables, or partitions of tables, whose rows could be other ones than the log says.
//   - missed: nobody told of the change in the stream; what the catalog says was looked up.
type restructure struct {
	now        []catalog.Definition
	gone, left []catalog.Ref
	reload     []uint32
	missed     bool
}

// redefine moves the definitions on and returns what is to be placed here for it: definitions, an empty
// one for what is gone, the row schemas of new table versions, the loads that begin. Rows that are placed
// before keep the version that they were made by; only the stream's goroutine calls it, and no chunk is
// being read.
func (s *session) redefine(ctx context.Context, r restructure) ([]ledger.Object, error) {
	move := defined.Apply(s.db, r.now, r.gone, r.left)
	next, err := s.layOut(ctx, move.DB)
	if err != nil {
		return nil, err
	}
	out, err := moved(&move)
	if err != nil {
		return nil, err
	}
	was, wasDB := s.layout, s.db
	xid := s.order.Tx.Xid
	if r.missed { // a look saw it
		xid = 0
	}
	joining, err := s.unpublished(ctx, next, xid)
	if err != nil {
		return nil, err
	}
	if !r.missed {
		joining = append(joining, s.rejoined(next)...)
	}
	again, gaps := s.reloads(&r, move.DB, next), map[uint32]bool{}
	s.update(func(st load.States) {
		s.db, s.layout = move.DB, *next
		for _, oid := range joining {
			root := next.leaves[oid].Shape.OID
			again[root], gaps[root] = true, true
			s.joining[oid] = xid
		}
		for oid := range st {
			if next.tables[oid] == nil {
				delete(st, oid)
			}
		}
		// One that a command now tells of stays lost until a look: its types may be other ones, too.
		maps.DeleteFunc(s.lost, func(oid uint32, _ *misfit) bool { return next.tables[oid] == nil })
	})
	clear(s.bound) // what a table's types are may be another thing
	s.types, s.stood = nil, snapshot.Snapshot{}
	if err := s.refile(ctx, next, again); err != nil {
		return nil, err
	}
	for _, def := range move.DB.Tables() {
		t := next.tables[def.OID]
		if t == nil {
			continue
		}
		if was.tables[def.OID] != t {
			out = append(out, schemaObjects(t)...)
		}
		if again[def.OID] {
			o, err := s.loadAgain(t, known(wasDB, def.OID) || gaps[def.OID], false)
			if err != nil {
				return nil, err
			}
			out = append(out, o)
		}
	}
	if len(joining) > 0 {
		s.lookAgain()
	}
	return out, nil
}

// unpublished are relations of the layout that are new and of which the stream brings no rows, because
// nobody could publish them when they came. They join, and are not loaded before (design.md §2). The stream may be
// ahead of what sessions see: those of a transaction that stays out of sight count as unpublished.
func (s *session) unpublished(ctx context.Context, next *layout, xid uint32) ([]uint32, error) {
	var news []uint32
	for oid := range next.leaves {
		if s.leaves[oid] == nil {
			news = append(news, oid)
		}
	}
	if len(news) == 0 {
		return nil, nil
	}
	if seen, err := s.visible(ctx, xid); err != nil || !seen {
		return news, err
	}
	return source.Unpublished(ctx, s.admin, s.publication(), news)
}

// rejoined are relations of the layout that are new and that this capture published, not the command that made them.
// They may have been published before, and withdrawn by a session that did not select them: the stream, which is still
// behind that, brings what was written until then and not what came after, up to where they joined again. They are
// loaded once it is there.
func (s *session) rejoined(next *layout) (oids []uint32) {
	s.update(func(load.States) {
		for oid := range next.leaves {
			if s.leaves[oid] == nil && s.joined[oid] {
				oids = append(oids, oid)
			}
		}
	})
	return oids
}

// visibleWithin is how long a transaction that the stream brought may stay out of sight: a moment, but where its commit
// waits for a standby.
const visibleWithin = time.Second

// visible waits until sessions of the source see what a transaction did, and reports whether they do. One that stayed out
// of sight is not waited for again: each of its rows may ask.
func (s *session) visible(ctx context.Context, xid uint32) (bool, error) {
	for began := time.Now(); xid != 0; {
		var text string
		if err := s.admin.QueryRow(ctx, "SELECT txid_current_snapshot()::text").Scan(&text); err != nil {
			return false, fmt.Errorf("look at open transactions: %w", err)
		}
		snap, err := snapshot.Parse(text)
		if err != nil {
			return false, err
		}
		if snap.Sees(xid) {
			break
		}
		if xid == s.unseen || time.Since(began) > visibleWithin {
			s.unseen = xid
			return false, nil
		}
		time.Sleep(time.Millisecond)
	}
	return true, nil
}

// moved are the records of changed and gone definitions.
func moved(m *defined.Move) ([]ledger.Object, error) {
	var out []ledger.Object
	for _, g := range m.Gone {
		out = append(out, ledger.Object{Kind: string(g.Kind), Schema: g.Name.Schema, Name: g.Name.Name, OID: g.OID, Body: ledger.Gone})
	}
	for _, g := range m.Left {
		out = append(out, ledger.Object{Kind: string(g.Kind), Schema: g.Name.Schema, Name: g.Name.Name, OID: g.OID, Body: ledger.Left})
	}
	for i := range m.Changed {
		o, err := definitionObject(&m.Changed[i])
		if err != nil {
			return nil, err
		}
		out = append(out, o)
	}
	return out, nil
}

// reloads are the tables whose load begins: those that are new, that have another key or another condition, or amid a load
// another order of keys, and those whose rows could be other ones. A partition that nobody saw coming, or that was not published when it came, may
// have rows that no event told of; one whose own load was not over takes rows along that the target has not,
// or still has.
func (s *session) reloads(r *restructure, now *catalog.Database, next *layout) map[uint32]bool {
	again, present, open := map[uint32]bool{}, map[uint32]bool{}, map[uint32]bool{}
	var joined map[uint32]bool
	s.update(func(st load.States) {
		joined = maps.Clone(s.joined)
		for oid, l := range st {
			open[oid] = !l.Loaded
		}
	})
	for oid, t := range next.tables {
		if before := s.tables[oid]; before == nil || !slices.Equal(keyNumbers(before), keyNumbers(t)) || judgesOtherwise(before, t) {
			again[oid] = true
		}
	}
	root := map[uint32]uint32{}
	for _, t := range now.Tables() {
		root[t.OID], present[t.OID] = now.Root(t).OID, true
	}
	for oid := range s.tables {
		if open[oid] && next.tables[oid] == nil && present[oid] && next.tables[root[oid]] != nil {
			again[root[oid]] = true
		}
	}
	for _, oid := range slices.Concat(s.exchanged(now, root), s.sortedOtherwise(r, now, next, open)) {
		again[oid] = again[oid] || present[oid]
	}
	for _, oid := range r.reload {
		if present[oid] {
			again[root[oid]] = true
		}
	}
	for oid := range next.leaves {
		if root[oid] == oid || s.tables[root[oid]] == nil || s.leaves[oid] == s.tables[root[oid]] {
			continue
		}
		if r.missed || joined[oid] {
			again[root[oid]] = true
		}
	}
	return again
}

// exchanged are the tables that lose or get a partition whose rows lie elsewhere on the target: what goes there
// is not what went here, and what comes was emptied before. root has the roots that are valid now.
func (s *session) exchanged(now *catalog.Database, root map[uint32]uint32) []uint32 {
	var out []uint32
	was := map[uint32]uint32{}
	for _, t := range s.db.Tables() {
		was[t.OID] = s.db.Root(t).OID
		if t.PartitionOf != nil && t.PartitionOf.OwnHash && root[t.OID] != was[t.OID] {
			out = append(out, was[t.OID])
		}
	}
	for _, t := range now.Tables() {
		if before, there := was[t.OID]; there && t.PartitionOf != nil && t.PartitionOf.OwnHash && root[t.OID] != before {
			out = append(out, root[t.OID])
		}
	}
	return out
}

// keyNumbers are the attnums of a table's key; names may change without changing it.
func keyNumbers(t *route.Table) []int16 {
	out := make([]int16, len(t.Shape.Key))
	for i, k := range t.Shape.Key {
		out[i] = t.Shape.Columns[k].Attnum
	}
	return out
}

func known(db *catalog.Database, oid uint32) bool {
	for _, t := range db.Tables() {
		if t.OID == oid {
			return true
		}
	}
	return false
}

// loadAgain opens a load of the table. What the target may have rows of is replaced; asked: by a command.
func (s *session) loadAgain(t *route.Table, replace, asked bool) (ledger.Object, error) {
	oid := t.Shape.OID
	s.update(func(st load.States) {
		if st[oid] == nil { // an earlier one of the same table may be forgotten; its number is not given again
			st.Begin(oid, s.loadNumber())
		}
	})
	st := s.reload(oid)
	s.update(func(load.States) {
		st.Replace, st.Asked, st.Heeded = replace, st.Asked || asked, s.wanted.Load().Count // whoever asked for it has it now
		st.Filed = s.filed(t)
	})
	return s.loadObject(t)
}

// loadNumber is that of the first load of a table since it came; those that follow count on from it.
func (s *session) loadNumber() uint64 {
	s.opens++
	return uint64(s.epoch)<<32 | uint64(s.opens)<<ledger.LoadBits
}

func (s *session) loadObject(t *route.Table) (o ledger.Object, err error) {
	s.update(func(st load.States) { o.Body, err = st[t.Shape.OID].Record() })
	o.Kind, o.Schema, o.Name, o.OID = ledger.KindLoad, t.Shape.Name.Schema, t.Shape.Name.Name, t.Shape.OID
	return o, err
}

func definitionObject(d *catalog.Definition) (ledger.Object, error) {
	body, err := catalog.Encode(*d)
	return ledger.Object{Kind: string(d.Kind), Schema: d.Name.Schema, Name: d.Name.Name, OID: d.OID, Body: body}, err
}

func schemaObjects(t *route.Table) []ledger.Object {
	name := t.Shape.Name
	out := []ledger.Object{{Kind: ledger.KindAvro, Schema: name.Schema, Name: name.Name, OID: t.Shape.OID, ID: t.SchemaID, Body: t.Codec.ValueSchema()}}
	if t.KeyID != 0 {
		out = append(out, ledger.Object{Kind: ledger.KindAvroKey, Schema: name.Schema, Name: name.Name, OID: t.Shape.OID, ID: t.KeyID, Body: t.Codec.KeySchema()})
	}
	return out
}

// produceObjects produces records of floe.objects, at a place within a transaction or, with an empty
// header, at none.
func (s *session) produceObjects(spans *publish.Spans, objects []ledger.Object, at ledger.Header) error {
	for i := range objects {
		value, err := schemas.EncodeObject(&objects[i])
		if err != nil {
			return fmt.Errorf("encode %s %s.%s: %w", objects[i].Kind, objects[i].Schema, objects[i].Name, err)
		}
		if err := s.writer.Produce(spans, &publish.Record{Topic: broker.Objects(s.Prefix), Value: value, Header: at}); err != nil {
			return err
		}
	}
	return nil
}

// placeWithin places objects at a change of the transaction that is being received.
func (s *session) placeWithin(objects []ledger.Object, seq uint64) error {
	if len(objects) == 0 {
		return nil
	}
	s.order.Tx.Restructured = true
	return s.produceObjects(&s.order.Tx.Spans, objects, ledger.Header{Commit: s.order.Tx.Commit, Seq: seq})
}
