package capture

import (
	"context"
	"fmt"
	"slices"

	"github.com/twmb/franz-go/pkg/kadm"

	"floe/capture/route"
	"floe/capture/source"
	"floe/pkg/broker"
	"floe/pkg/catalog"
	"floe/pkg/event"
	"floe/pkg/ident"
	"floe/schemas"
)

// layout says which tables the relations of the stream are events of, by definitions.
type layout struct {
	tables  map[uint32]*route.Table // by the oid of the table, roots for partitioned ones
	leaves  map[uint32]*route.Table // by the oid of what the stream sends
	members map[*route.Table]int    // number of relations whose rows are events of the table
	parts   map[uint32]*event.Leaf  // what a truncated leaf is
	orders  map[uint32][]string     // of relations: the names of what is sent, in the order of their numbers
}

// layOut compiles a codec for each table that is new or whose shape changed, makes its topic, and finds
// the leaves whose rows are its. A table that did not change keeps its version.
func (s *session) layOut(ctx context.Context, db *catalog.Database) (*layout, error) {
	l := &layout{map[uint32]*route.Table{}, map[uint32]*route.Table{}, map[*route.Table]int{}, map[uint32]*event.Leaf{}, map[uint32][]string{}}
	for _, def := range db.Tables() {
		if err := fits(def); err != nil {
			return nil, err
		}
	}
	roots := db.Roots()
	var news []*route.Table
	for _, def := range source.Published(db) {
		root := def
		if r := roots[def.OID]; r != nil {
			root = r
		}
		t := l.tables[root.OID]
		if t == nil {
			var err error
			if t, err = s.table(ctx, root); err != nil {
				return nil, err
			}
			l.tables[root.OID] = t
			if s.tables[root.OID] != t {
				news = append(news, t)
			}
		}
		l.leaves[def.OID] = t
		l.members[t]++
		l.orders[def.OID] = def.Sent()
		if def.PartitionOf != nil {
			l.parts[def.OID] = &event.Leaf{Name: def.Name, Condition: def.PartitionOf.Condition}
		}
	}
	// A partitioned table without leaves has a definition and no rows.
	return l, s.topics(ctx, news)
}

// topics makes the topics that there are not. One that is there keeps its number of partitions, or keys
// would change places: it may be an earlier table's of the name, or the table's before it had a key.
func (s *session) topics(ctx context.Context, tables []*route.Table) error {
	if len(tables) == 0 {
		return nil
	}
	adm := kadm.NewClient(s.client)
	names := make([]string, len(tables))
	for i, t := range tables {
		names[i] = t.Topic
	}
	have, err := adm.ListTopics(ctx, names...)
	if err != nil {
		return fmt.Errorf("list topics: %w", err)
	}
	topics := make([]broker.Topic, len(tables))
	for i, t := range tables {
		if d, ok := have[t.Topic]; ok && d.Err == nil && len(d.Partitions) > 0 {
			t.Partitions = int32(len(d.Partitions))
		}
		topics[i] = broker.Topic{Name: t.Topic, Partitions: t.Partitions, Replication: s.Replication, Rows: true, Kept: s.RowsKept}
	}
	_, err = broker.EnsureTopics(ctx, adm, topics)
	return err
}

// tablesOf lays out what is valid where the epoch begins.
func (s *session) tablesOf(ctx context.Context) error {
	s.layout = layout{}
	l, err := s.layOut(ctx, s.db)
	if err == nil {
		s.layout = *l
	}
	return err
}

// maxTables is what fits beside the epoch into a schema's id, two ids for each table version.
const maxTables = 1<<15 - 1

// table is the version that a definition is: the present one if it says the same of rows.
func (s *session) table(ctx context.Context, def *catalog.TableDef) (*route.Table, error) {
	shape := s.shape(def)
	types, collations := typesOf(def, shape), collationsOf(def, shape)
	if was := s.tables[def.OID]; was != nil && sameVersion(was, shape, types, collations, def, def.Untold(s.today.Version)) {
		return was, nil
	}
	codec, err := schemas.Compile(shape)
	if err != nil {
		return nil, fmt.Errorf("compile the schema of %s: %w", def.Name, err)
	}
	t := &route.Table{Shape: shape, Codec: codec, Topic: ident.Topic(s.Prefix, def.Name), Partitions: int32(max(1, s.Partitions)), Where: def.Filter, Types: types, Collations: collations, Hidden: def.Untold(s.today.Version)}
	if len(shape.Key) == 0 { // changes, and rows of a load that goes on beside them (H5)
		t.Partitions = 2
	}
	if err := s.giveIDs(ctx, t); err != nil {
		return nil, err
	}
	return t, s.filtered(ctx, def)
}

func sameVersion(t *route.Table, shape *event.Table, types []route.Type, collations []ident.Name, def *catalog.TableDef, hidden []string) bool {
	return t.Shape.Name == shape.Name && slices.Equal(t.Shape.Columns, shape.Columns) && slices.Equal(t.Shape.Key, shape.Key) &&
		slices.Equal(t.Types, types) && t.Where == def.Filter && slices.Equal(t.Collations, collations) && slices.Equal(t.Hidden, hidden)
}

// typesOf are the types of the shape's columns as the stream names them; nil if the definition, of an
// older log, does not know them.
func typesOf(def *catalog.TableDef, shape *event.Table) []route.Type {
	types := make([]route.Type, len(shape.Columns))
	for i := range shape.Columns {
		c := def.Column(shape.Columns[i].Name)
		if c.TypeOID == 0 {
			return nil
		}
		types[i] = route.Type{OID: c.TypeOID, Modifier: c.Typmod}
	}
	return types
}

// collationsOf are the collations of the shape's columns, which a condition may hang on.
func collationsOf(def *catalog.TableDef, shape *event.Table) []ident.Name {
	if def.Filter == "" {
		return nil
	}
	out := make([]ident.Name, len(shape.Columns))
	for i := range shape.Columns {
		if c := def.Column(shape.Columns[i].Name).Collation; c != nil {
			out[i] = *c
		}
	}
	return out
}

// shape is what rows carry, and by what they are told apart: by what their old images hold. That is what
// floe gave the table when it published it; or, under `identity: keep` and when somebody has named
// another index since, the source's own setting.
func (s *session) shape(def *catalog.TableDef) *event.Table {
	shape := def.Shape()
	if s.KeepIdentity {
		return keyed(shape, def.IdentityKept().Columns)
	}
	if def.PartitionKey == "" && def.ReplicaIdentity == string(catalog.ReplicaIndex) {
		for i := range def.Keys {
			if def.Keys[i].Replica {
				return keyed(shape, def.Keys[i].Columns)
			}
		}
	}
	return shape
}

// keyed is the shape with another key.
func keyed(shape *event.Table, key []string) *event.Table {
	out := *shape
	out.Key = nil
	for _, name := range key {
		i := shape.Column(name)
		if i < 0 {
			out.Key = nil
			break
		}
		out.Key = append(out.Key, i)
	}
	return &out
}
