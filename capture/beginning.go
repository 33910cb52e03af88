package capture

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/twmb/franz-go/pkg/kadm"

	"floe/capture/load"
	"floe/capture/publish"
	"floe/capture/route"
	"floe/capture/source"
	"floe/pkg/broker"
	"floe/pkg/catalog"
	"floe/pkg/event"
	"floe/pkg/ident"
	"floe/pkg/ledger"
	"floe/schemas"
)

// ensureTopics makes the job's own topics and returns their ids.
func (s *session) ensureTopics(ctx context.Context) (map[string]kadm.TopicID, error) {
	return broker.EnsureTopics(ctx, kadm.NewClient(s.client), broker.Control(s.Prefix, s.Replication))
}

// selectionHash changes with the set of tables that the job replicates.
func (s *session) selectionHash() string {
	h := sha256.Sum256([]byte(strings.Join(s.selection(), "\n")))
	return hex.EncodeToString(h[:8])
}

func (s *session) selection() []string {
	var names []string
	for _, t := range s.db.Tables() {
		if t.PartitionOf == nil {
			names = append(names, t.Name.SQL())
		}
	}
	slices.Sort(names)
	return names
}

// placeBeginning places what is valid from this epoch on: a first position if the log has none, the
// selection, every definition and schema. Rows may refer to them from here.
func (s *session) placeBeginning(ctx context.Context, held *source.Slot) error {
	if s.resume == 0 {
		s.resume = held.Confirmed
		if err := s.writer.Append(&ledger.Entry{Mark: &ledger.Mark{End: s.resume}}, nil, nil); err != nil {
			return err
		}
	}
	s.placed, s.marked = s.resume, s.resume
	s.gate.Passed(s.resume)
	if err := s.writer.Append(&ledger.Entry{Selection: &ledger.Selection{Tables: s.selection()}}, nil, nil); err != nil {
		return err
	}
	if err := s.tablesOf(ctx); err != nil {
		return err
	}
	objects, err := s.objects()
	if err != nil {
		return err
	}
	if err := s.placeObjects(objects); err != nil {
		return err
	}
	s.beginLoads()
	return nil
}

// tablesOf compiles a codec for each table, makes its topic, and finds the leaves whose rows are its.
func (s *session) tablesOf(ctx context.Context) error {
	s.tables, s.leaves = map[uint32]*route.Table{}, map[uint32]*route.Table{}
	s.members, s.parts = map[*route.Table]int{}, map[uint32]*event.Leaf{}
	roots := s.db.Roots()
	var topics []broker.Topic
	for _, def := range source.Published(s.db) {
		root := def
		if r := roots[def.OID]; r != nil {
			root = r
		}
		t := s.tables[root.OID]
		if t == nil {
			var err error
			if t, err = s.table(root); err != nil {
				return err
			}
			topics = append(topics, broker.Topic{Name: t.Topic, Partitions: t.Partitions, Replication: s.Replication, Rows: true})
		}
		s.leaves[def.OID] = t
		s.members[t]++
	}
	// A partitioned table without leaves has a definition and no rows.
	if err := s.leafConditions(ctx, roots); err != nil {
		return err
	}
	_, err := broker.EnsureTopics(ctx, kadm.NewClient(s.client), topics)
	return err
}

func (s *session) table(def *catalog.TableDef) (*route.Table, error) {
	shape := def.Shape()
	codec, err := schemas.Compile(shape)
	if err != nil {
		return nil, fmt.Errorf("compile the schema of %s: %w", def.Name, err)
	}
	t := &route.Table{Shape: shape, Codec: codec, Topic: ident.Topic(s.Prefix, def.Name), Partitions: int32(max(1, s.Partitions)),
		SchemaID: s.epoch<<16 | uint32(len(s.tables)+1)&0xffff} // ids contain the epoch, so no restart gives one twice
	if len(shape.Key) == 0 {
		t.Partitions = 1
	}
	s.tables[def.OID] = t
	return t, nil
}

// leafConditions reads which rows each leaf holds, for a TRUNCATE of that leaf alone.
func (s *session) leafConditions(ctx context.Context, roots map[uint32]*catalog.TableDef) error {
	if len(roots) == 0 {
		return nil
	}
	rows, err := s.admin.Query(ctx, `SELECT c.oid, n.nspname, c.relname, coalesce(pg_get_partition_constraintdef(c.oid), 'true')
		FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relispartition AND c.relkind IN ('r', 'f')`)
	if err != nil {
		return fmt.Errorf("read the bounds of partitions: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var oid uint32
		leaf := &event.Leaf{}
		if err := rows.Scan(&oid, &leaf.Name.Schema, &leaf.Name.Name, &leaf.Condition); err != nil {
			return fmt.Errorf("read the bounds of partitions: %w", err)
		}
		s.parts[oid] = leaf
	}
	return rows.Err()
}

// objects are all definitions in dependency order, then the row schemas.
func (s *session) objects() ([]ledger.Object, error) {
	var out []ledger.Object
	for _, d := range s.db.Definitions {
		body, err := catalog.Encode(d)
		if err != nil {
			return nil, err
		}
		out = append(out, ledger.Object{Kind: string(d.Kind), Schema: d.Name.Schema, Name: d.Name.Name, OID: d.OID, Body: body})
	}
	for oid, t := range s.tables {
		out = append(out, ledger.Object{Kind: ledger.KindAvro, Schema: t.Shape.Name.Schema, Name: t.Shape.Name.Name,
			OID: oid, ID: t.SchemaID, Body: t.Codec.ValueSchema()})
	}
	return out, nil
}

// placeObjects produces definitions to floe.objects and the entry that makes them valid here.
func (s *session) placeObjects(objects []ledger.Object) error {
	if err := s.closeGroup(); err != nil {
		return err
	}
	var spans publish.Spans
	for i := range objects {
		value, err := schemas.EncodeObject(&objects[i])
		if err != nil {
			return fmt.Errorf("encode %s %s.%s: %w", objects[i].Kind, objects[i].Schema, objects[i].Name, err)
		}
		if err := s.writer.Produce(&spans, &publish.Record{Topic: broker.Objects(s.Prefix), Value: value}); err != nil {
			return err
		}
	}
	return s.writer.Append(&ledger.Entry{Objects: &ledger.Objects{}}, spans.List(), nil)
}

// beginLoads opens a load for each table that the ledger knows no load of.
func (s *session) beginLoads() {
	s.update(func(st load.States) {
		for oid := range s.tables {
			if st[oid] == nil {
				l := st.Begin(oid, 1)
				l.Complete, l.Loaded = s.SkipLoad, s.SkipLoad
			}
		}
	})
}

// load runs the loader over every table, in the order of the definitions.
func (s *session) load(ctx context.Context) error {
	var tables []load.Table
	for _, def := range s.db.Tables() {
		if t := s.tables[def.OID]; t != nil {
			tables = append(tables, load.Table{Table: t, Only: def.PartitionKey == ""})
		}
	}
	open := false
	s.update(func(st load.States) { open = st.Open() })
	if !open {
		return nil
	}
	l := &load.Loader{Config: load.Config{Hold: s.ChunkHold, ChunkBytes: chunkBytes}, Connect: s.readConn, Gate: s.gate,
		Writer: s.writer, Ask: s.wal.Ask, Log: s.Log, Update: s.update, Loaded: s.loaded}
	return l.Run(ctx, tables)
}

// loaded places Loaded; the load calls it within a hold.
func (s *session) loaded(st *load.State) error {
	return s.writer.Append(&ledger.Entry{Loaded: &ledger.Loaded{Load: st.Load, Table: st.Table, Rows: st.Rows}}, nil, nil)
}
