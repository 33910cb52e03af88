package route

import (
	"bytes"
	"testing"

	"floe/pkg/event"
	"floe/pkg/ident"
	"floe/schemas"
)

// A large record takes what it needs, and records behind it do not keep it in memory.
func TestALargeRecordStandsAlone(t *testing.T) {
	t.Parallel()
	shape := &event.Table{Name: ident.Name{Schema: "public", Name: "t"}, OID: 1,
		Columns: []event.Column{{Name: "v", Attnum: 1}, {Name: "b", Attnum: 2, Native: event.Bytes}}}
	codec, err := schemas.Compile(shape)
	if err != nil {
		t.Fatal(err)
	}
	table := &Table{Shape: shape, Topic: "t", Codec: codec, SchemaID: 1}
	e := NewEncoder(nil)
	encode := func(text, raw []byte) []byte {
		t.Helper()
		rec, err := e.Record(table, &event.Row{Table: shape, Op: event.Create,
			After: []event.Datum{{Kind: event.Value, Text: text}, {Kind: event.Value, Text: raw}}})
		if err != nil {
			t.Fatal(err)
		}
		return rec.Value
	}
	for _, c := range []struct{ text, raw []byte }{
		{bytes.Repeat([]byte("x"), 8<<20), []byte(`\x`)}, {nil, append([]byte(`\x`), bytes.Repeat([]byte("0f"), 8<<20)...)},
	} {
		v := encode(c.text, c.raw)
		if limit := len(v) + 16<<10; cap(e.block) > limit {
			t.Errorf("a record of %d bytes took a block of %d", len(v), cap(e.block))
		}
		for range 20 { // a block of small ones ends within
			encode([]byte("small"), []byte(`\x00`))
		}
		if cap(e.block) != blockBytes {
			t.Errorf("small records stand in a block of %d bytes", cap(e.block))
		}
	}
}
