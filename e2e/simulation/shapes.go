package simulation

import (
	"fmt"
	"strconv"

	"floe/capture/route"
	"floe/pkg/catalog"
	"floe/pkg/event"
	"floe/pkg/ident"
	"floe/pkg/ledger"
	"floe/schemas"
)

const prefix = "job"

// shape is one version of a table: each version has a column more.
type shape struct {
	def   catalog.Definition
	table *event.Table
	codec *schemas.Codec
}

// shapes are all versions of the tables that are selected; they are made once, and no run changes them.
var shapes = func() (out [chosen][6]shape) {
	for t := range out {
		for v := range out[t] {
			out[t][v] = newShape(t, v)
		}
	}
	return out
}()

func oid(table int) uint32 { return uint32(1000 + table) }

func tableOf(oid uint32) int { return int(oid) - 1000 }

func newShape(t, version int) shape {
	name := ident.Name{Schema: "public", Name: fmt.Sprint("t", t)}
	int4 := ident.Name{Schema: "pg_catalog", Name: "int4"}
	def := &catalog.TableDef{Name: name, OID: oid(t), ReplicaIdentity: "d", Keys: []catalog.Key{{OID: 1, Name: "p", Columns: []string{"id"}, Primary: true}}}
	for i, c := range append([]string{"id", "v"}, []string{"a", "b", "c", "d", "e"}[:version]...) {
		def.Columns = append(def.Columns, catalog.TableColumn{Attnum: int16(i + 1), Name: c, Type: int4, SQL: "integer", Typmod: -1, NotNull: i == 0})
	}
	table := def.Shape()
	codec, err := schemas.Compile(table)
	if err != nil {
		panic(err)
	}
	return shape{def: catalog.Definition{Kind: catalog.KindTable, OID: def.OID, Name: name, Body: def}, table: table, codec: codec}
}

// versionOf is the version that a table's shape is.
func versionOf(t *event.Table) int { return len(t.Columns) - 2 }

// route is the shape as capture publishes it, under ids of its epoch.
func (s *shape) route(epoch uint32, n int) *route.Table {
	id := epoch<<16 | uint32(2*n+1)
	return &route.Table{Shape: s.table, Codec: s.codec, SchemaID: id, KeyID: id + 1, Topic: ident.Topic(prefix, s.table.Name), Partitions: partitions}
}

// partitions of a table's topic.
const partitions = 2

// objects are the definition and the schemas of a table version.
func objects(s *shape, t *route.Table) ([]ledger.Object, error) {
	body, err := catalog.Encode(s.def)
	n := s.table.Name
	return []ledger.Object{
		{Kind: string(catalog.KindTable), Schema: n.Schema, Name: n.Name, OID: s.table.OID, Body: body},
		{Kind: ledger.KindAvro, Schema: n.Schema, Name: n.Name, OID: s.table.OID, ID: t.SchemaID, Body: s.codec.ValueSchema()},
		{Kind: ledger.KindAvroKey, Schema: n.Schema, Name: n.Name, OID: s.table.OID, ID: t.KeyID, Body: s.codec.KeySchema()},
	}, err
}

// image is a row's values.
func image(t *event.Table, key, value int) []event.Datum {
	out := make([]event.Datum, len(t.Columns))
	out[0] = event.Datum{Kind: event.Value, Text: strconv.AppendInt(nil, int64(key), 10)}
	if value != 0 {
		for i := range out[1:] {
			out[i+1] = event.Datum{Kind: event.Value, Text: strconv.AppendInt(nil, int64(value), 10)}
		}
	}
	return out
}

// number is a value of an image, 0 if there is none.
func number(image []event.Datum, column int) int {
	if image == nil || image[column].Kind != event.Value {
		return 0
	}
	n, _ := strconv.Atoi(string(image[column].Text))
	return n
}
