package schemas

import (
	"encoding/json"
	"fmt"

	"floe/pkg/event"
	"floe/pkg/ident"
)

// The JSON of an Avro schema, as far as floe writes it (Apache Avro specification, "Schema
// Declaration"). Properties that begin with pg. are ours; others ignore them.
type recordSchema struct {
	Type      string        `json:"type"`
	Name      string        `json:"name"`
	Namespace string        `json:"namespace,omitempty"`
	Fields    []fieldSchema `json:"fields"`
	Table     *tableProps   `json:"pg.table,omitempty"`
}

type fieldSchema struct {
	Name    string          `json:"name"`
	Type    any             `json:"type"`
	Default json.RawMessage `json:"default,omitempty"`
	Column  *columnProps    `json:"pg.column,omitempty"`
	PGName  string          `json:"pg.name,omitempty"`
	PGType  string          `json:"pg.type,omitempty"`
	Typmod  *int32          `json:"pg.typmod,omitempty"`
	Attnum  *int16          `json:"pg.attnum,omitempty"`
}

// tableProps make the schema stand for its table version alone.
type tableProps struct {
	Name ident.Name `json:"name"`
	OID  uint32     `json:"oid"`
	Key  []int      `json:"key,omitempty"`
}

type columnProps struct {
	Type   ident.Name   `json:"type"`
	SQL    string       `json:"sql"`
	Native event.Native `json:"native"`
}

type logical struct {
	Type    string `json:"type"`
	Logical string `json:"logicalType"`
}

func avroType(n event.Native) any {
	switch n {
	case event.Bool:
		return "boolean"
	case event.Int:
		return "int"
	case event.Long:
		return "long"
	case event.Float:
		return "float"
	case event.Double:
		return "double"
	case event.Bytes:
		return "bytes"
	case event.Date:
		return logical{"int", "date"}
	case event.Time:
		return logical{"long", "time-micros"}
	case event.Timestamp:
		return logical{"long", "local-timestamp-micros"}
	case event.TimestampTZ:
		return logical{"long", "timestamp-micros"}
	case event.UUID:
		return logical{"string", "uuid"}
	}
	return "string"
}

// describe gives the schemas of a table version's values and keys.
func describe(t *event.Table) (value, key string, err error) {
	space := "floe." + ident.Avro(t.Name.Schema) + "." + ident.Avro(t.Name.Name)
	row := recordSchema{Type: "record", Name: "Row", Namespace: space, Fields: []fieldSchema{}}
	for i := range t.Columns {
		row.Fields = append(row.Fields, field(&t.Columns[i]))
	}
	null := json.RawMessage("null")
	leaf := recordSchema{Type: "record", Name: "Leaf", Fields: []fieldSchema{{Name: "schema", Type: "string"}, {Name: "table", Type: "string"}, {Name: "condition", Type: "string"}}}
	except := recordSchema{Type: "record", Name: "Exception", Fields: []fieldSchema{{Name: "image", Type: "string"}, {Name: "column", Type: "string"}, {Name: "text", Type: []any{"null", "string"}, Default: null}}}
	source := recordSchema{Type: "record", Name: "Source", Fields: []fieldSchema{
		{Name: "schema", Type: "string"}, {Name: "table", Type: "string"}, {Name: "lsn", Type: "long"}, {Name: "xid", Type: "long"},
		{Name: "seq", Type: "long"}, {Name: "epoch", Type: "long"}, {Name: "ts_us", Type: "long"}, {Name: "snapshot", Type: "boolean"},
		{Name: "restart_identity", Type: "boolean"}, {Name: "leaf", Type: []any{"null", leaf}, Default: null},
		{Name: "exceptions", Type: arraySchema{"array", except}}}}
	envelope := recordSchema{Type: "record", Name: "Envelope", Namespace: space, Table: &tableProps{t.Name, t.OID, t.Key}, Fields: []fieldSchema{
		{Name: "before", Type: []any{"null", row}, Default: null}, {Name: "after", Type: []any{"null", space + ".Row"}, Default: null},
		{Name: "op", Type: "string"}, {Name: "ts_us", Type: "long"}, {Name: "source", Type: source}}}
	keys := recordSchema{Type: "record", Name: "Key", Namespace: space, Fields: []fieldSchema{}}
	for _, k := range t.Key {
		keys.Fields = append(keys.Fields, fieldSchema{Name: ident.Avro(t.Columns[k].Name), Type: "string", PGName: t.Columns[k].Name})
	}
	v, err := json.Marshal(envelope)
	if err != nil {
		return "", "", err
	}
	k, err := json.Marshal(keys)
	return string(v), string(k), err
}

type arraySchema struct {
	Type  string       `json:"type"`
	Items recordSchema `json:"items"`
}

func field(c *event.Column) fieldSchema {
	return fieldSchema{Name: ident.Avro(c.Name), Type: []any{"null", avroType(c.Native)}, Default: json.RawMessage("null"),
		Column: &columnProps{c.Type, c.SQL, c.Native}, PGName: c.Name, PGType: c.Type.SQL(), Typmod: &c.Typmod, Attnum: &c.Attnum}
}

// Parse makes the codec of a value schema that Compile described, without anything else.
func Parse(valueSchema string) (*Codec, error) {
	// Only before's type is a union with the row's declaration; the fields behind it have other shapes.
	var head struct {
		Table  *tableProps       `json:"pg.table"`
		Fields []json.RawMessage `json:"fields"`
	}
	if err := json.Unmarshal([]byte(valueSchema), &head); err != nil {
		return nil, fmt.Errorf("read a row schema: %w", err)
	}
	if head.Table == nil || len(head.Fields) == 0 {
		return nil, fmt.Errorf("read a row schema: it does not describe a table of floe")
	}
	var before struct {
		Type []json.RawMessage `json:"type"`
	}
	if err := json.Unmarshal(head.Fields[0], &before); err != nil || len(before.Type) != 2 {
		return nil, fmt.Errorf("read a row schema: its first field is not a nullable row (%v)", err)
	}
	var row recordSchema
	if err := json.Unmarshal(before.Type[1], &row); err != nil {
		return nil, fmt.Errorf("read a row schema: %w", err)
	}
	t := &event.Table{Name: head.Table.Name, OID: head.Table.OID, Key: head.Table.Key}
	for _, f := range row.Fields {
		if f.Column == nil || f.Typmod == nil || f.Attnum == nil {
			return nil, fmt.Errorf("read a row schema: column %q lacks its pg properties", f.Name)
		}
		t.Columns = append(t.Columns, event.Column{Name: f.PGName, Attnum: *f.Attnum, Type: f.Column.Type, SQL: f.Column.SQL, Typmod: *f.Typmod, Native: f.Column.Native})
	}
	for _, k := range t.Key {
		if k < 0 || k >= len(t.Columns) {
			return nil, fmt.Errorf("read a row schema: key column %d of %d", k, len(t.Columns))
		}
	}
	return Compile(t)
}
