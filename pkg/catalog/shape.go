package catalog

import (
	"slices"

	"floe/pkg/event"
	"floe/pkg/ident"
)

// natives are the types whose Avro form is exact. The name suffices: pg_catalog holds neither
// domains nor users' types.
var natives = map[ident.Name]event.Native{
	{Schema: "pg_catalog", Name: "bool"}:        event.Bool,
	{Schema: "pg_catalog", Name: "int2"}:        event.Int,
	{Schema: "pg_catalog", Name: "int4"}:        event.Int,
	{Schema: "pg_catalog", Name: "int8"}:        event.Long,
	{Schema: "pg_catalog", Name: "float4"}:      event.Float,
	{Schema: "pg_catalog", Name: "float8"}:      event.Double,
	{Schema: "pg_catalog", Name: "bytea"}:       event.Bytes,
	{Schema: "pg_catalog", Name: "date"}:        event.Date,
	{Schema: "pg_catalog", Name: "time"}:        event.Time,
	{Schema: "pg_catalog", Name: "timestamp"}:   event.Timestamp,
	{Schema: "pg_catalog", Name: "timestamptz"}: event.TimestampTZ,
	{Schema: "pg_catalog", Name: "uuid"}:        event.UUID,
}

// Shape is what rows of the table carry: its columns but the generated ones, and its key.
func (d *TableDef) Shape() *event.Table { return d.shape(d.Identity().Columns) }

// Untold are the columns that a server's stream may bear and rows do not: hidden ones, those that the job leaves
// out, and from 18 on generated ones. Before, one that comes is no longer generated.
func (d *TableDef) Untold(version int) []string {
	out := slices.Clone(d.Hidden)
	if d.List != nil {
		for _, c := range d.List.Left {
			if !c.Generated || version >= 180000 {
				out = append(out, c.Name)
			}
		}
	}
	if version < 180000 {
		return out
	}
	for i := range d.Columns {
		if d.Columns[i].Generated != nil {
			out = append(out, d.Columns[i].Name)
		}
	}
	return out
}

func (d *TableDef) shape(key []string) *event.Table {
	t := &event.Table{Name: d.Name, OID: d.OID}
	for _, c := range d.Columns {
		if c.Generated != nil {
			continue
		}
		t.Columns = append(t.Columns, event.Column{
			Name: c.Name, Attnum: c.Attnum, Type: c.Type, SQL: c.SQL, Typmod: c.Typmod,
			Native: natives[c.Type],
		})
	}
	for _, name := range key {
		t.Key = append(t.Key, t.Column(name))
	}
	// A generated column cannot travel; a key that holds one identifies nothing on the target.
	if slices.Contains(t.Key, -1) {
		t.Key = nil
	}
	return t
}
