package capture

import (
	"context"
	"fmt"

	"floe/capture/composed"
	"floe/capture/decode"
	"floe/capture/defined"
	"floe/capture/load"
	"floe/capture/source"
	"floe/pkg/catalog"
	"floe/pkg/event"
	"floe/pkg/halt"
)

// The source's event triggers write what a command changed into this table, in the command's own
// transaction: its rows stand in the stream exactly between the rows that they separate.
const (
	ddlSchema = "floe"
	ddlTable  = "ddl"
	ddlColumn = "change"
)

// record has the source record its commands, before anything is published and at every start. A source
// where floe may not is followed by its catalog alone.
func (s *session) record(ctx context.Context) error {
	if s.DDLOff {
		return nil
	}
	refused, err := source.InstallDDL(ctx, s.admin, source.DDL{Job: s.Job, Publication: s.publication(), Include: s.Include, Exclude: s.Exclude,
		Everything: s.Everything, Keep: s.KeepIdentity})
	if refused != "" {
		s.Log.Warn("the source does not record its commands: changes of structure are looked for in its catalog, and tables that they concern are loaded again", "why", refused)
	}
	s.told.Store(refused == "" && err == nil)
	return err
}

// ddlRelation is the stream's relation of floe.ddl.
type ddlRelation struct {
	id     uint32
	change int // index of the column
}

// describesDDL notes the relation if it is floe.ddl's.
func (s *session) describesDDL(m *decode.Message) bool {
	if m.Shape.Namespace != ddlSchema || m.Shape.RelationName != ddlTable {
		return false
	}
	s.ddl = ddlRelation{id: m.Shape.RelationID, change: -1}
	for i, c := range m.Shape.Columns {
		if c.Name == ddlColumn {
			s.ddl.change = i
		}
	}
	return true
}

// command takes a row of floe.ddl. Its deletion, days later, means nothing.
func (s *session) command(ctx context.Context, m *decode.Message, seq uint64) error {
	s.update(func(load.States) { s.commanded[s.order.Tx.Xid] = true })
	if m.Kind != decode.Insert || s.order.Tx.Skip || s.first && s.catalogSnap.Sees(s.order.Tx.Xid) {
		return nil // what was read of the catalog, or is in the log, has it
	}
	if s.ddl.change < 0 || s.ddl.change >= len(m.New) {
		return fmt.Errorf("%s.%s at %s#%d has no column %s", ddlSchema, ddlTable, s.order.Tx.Commit, seq, ddlColumn)
	}
	sel := s.reads()
	sel.Columns = s.Columns
	change := m.New[s.ddl.change].Text
	if s.Charset != nil {
		var err error
		if change, err = s.Charset.Decode(change, false); err != nil {
			return halt.New(halt.TextUndecodable, "correct source.encoding", "a definition at %s#%d is no text in encoding %s", s.order.Tx.Commit, seq, s.Charset.Name)
		}
	}
	c, err := catalog.ReadChange(change, sel, s.db)
	if err != nil {
		return fmt.Errorf("%s.%s at %s#%d: %w", ddlSchema, ddlTable, s.order.Tx.Commit, seq, err)
	}
	if s.DDLOff {
		return s.refuse(&c)
	}
	s.Log.Info("a command changed the structure", "tag", c.Tag, "at", event.Position{Commit: s.order.Tx.Commit, Seq: seq})
	if len(c.Unknown) > 0 {
		s.Log.Info("a command is looked up in the catalog", "tag", c.Tag, "at", event.Position{Commit: s.order.Tx.Commit, Seq: seq}, "what", c.Unknown)
		s.lookAgain()
	}
	for _, oid := range s.recast(c.Now, composed.Renamed) {
		s.recasts[oid] = s.order.Tx.Commit
	}
	objects, err := s.redefine(ctx, restructure{now: c.Now, gone: c.Gone, left: c.Left, reload: c.Rewritten})
	if err != nil {
		return fmt.Errorf("%s at %s#%d: %w", c.Tag, s.order.Tx.Commit, seq, err)
	}
	s.moves(&c)
	return s.placeWithin(objects, seq)
}

// moves remembers which transaction moved a definition: a catalog that does not show it is older.
func (s *session) moves(c *catalog.Change) {
	for i := range c.Now {
		s.movers[defined.KeyOf(&c.Now[i])] = s.order.Tx.Xid
	}
	for _, r := range append(c.Gone[:len(c.Gone):len(c.Gone)], c.Left...) {
		s.movers[defined.Key{Kind: r.Kind, OID: r.OID}] = s.order.Tx.Xid
	}
}

// refuse halts, where changes are not followed, at one that rows depend on.
func (s *session) refuse(c *catalog.Change) error {
	for i := range c.Now {
		now, ok := c.Now[i].Body.(*catalog.TableDef)
		if !ok {
			continue
		}
		for _, was := range s.db.Tables() {
			if was.OID != now.OID {
				continue
			}
			if what := changed(was, now); what != "" {
				return halt.New(halt.StructureChanged, halt.Rebuild, "table %s changed at %s: %s", was.Name, s.order.Tx.Commit, what)
			}
		}
	}
	return nil
}
