package schemas

import (
	"reflect"
	"strings"
	"testing"

	"floe/pkg/event"
)

// seed gives the bytes of every sample whose name has the prefix.
func seed(f *testing.F, prefix string) {
	f.Helper()
	for _, s := range wireSamples(f) {
		if strings.HasPrefix(s.name, prefix) {
			f.Add(s.bytes)
			f.Add(s.bytes[:len(s.bytes)/2])
		}
	}
}

// comesBack: what decodes is a value, and encoding it gives bytes that decode to the same.
func comesBack[T any](t *testing.T, b []byte, decode func([]byte) (T, error), encode func(T) ([]byte, error)) {
	v, err := decode(b)
	if err != nil {
		return
	}
	again, err := encode(v)
	if err != nil {
		t.Fatalf("decoded and not encoded: %v", err)
	}
	w, err := decode(again)
	if err != nil || !reflect.DeepEqual(v, w) {
		t.Fatalf("%+v comes back as %+v (%v)", v, w, err)
	}
}

func FuzzDecodeEntry(f *testing.F) {
	seed(f, "entry")
	f.Fuzz(func(t *testing.T, b []byte) { comesBack(t, b, DecodeEntry, EncodeEntry) })
}

func FuzzDecodeObject(f *testing.F) {
	seed(f, "object")
	f.Fuzz(func(t *testing.T, b []byte) { comesBack(t, b, DecodeObject, EncodeObject) })
}

func FuzzDecodeStatus(f *testing.F) {
	seed(f, "status")
	f.Fuzz(func(t *testing.T, b []byte) { comesBack(t, b, DecodeStatus, EncodeStatus) })
}

func FuzzParseHeader(f *testing.F) {
	seed(f, "header")
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := ParseHeader(b)
		if err == nil && string(AppendHeader(nil, h)) != string(b) {
			t.Fatalf("%x comes back as %x", b, AppendHeader(nil, h))
		}
	})
}

func FuzzDecodeValue(f *testing.F) {
	seed(f, "row")
	c, err := Compile(every())
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		comesBack(t, b, func(b []byte) (*event.Row, error) {
			var row event.Row
			err := c.DecodeValue(b, &row, &Arena{})
			return &row, err
		}, func(row *event.Row) ([]byte, error) { return c.AppendValue(nil, 1, row) })
	})
}

// FuzzText: whatever text a column has, it comes back byte for byte.
func FuzzText(f *testing.F) {
	for _, s := range []string{"", "-0", "1e+20", `\x00`, "2024-01-02 03:04:05.1+00", "24:00:00", "infinity"} {
		f.Add([]byte(s))
	}
	c, err := Compile(every())
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		row := &event.Row{Table: c.Table(), Op: event.Create}
		for range c.Table().Columns {
			row.After = append(row.After, event.Datum{Kind: event.Value, Text: text})
		}
		b, err := c.AppendValue(nil, 1, row)
		if err != nil {
			t.Fatal(err)
		}
		var got event.Row
		if err := c.DecodeValue(b, &got, &Arena{}); err != nil {
			t.Fatal(err)
		}
		for i, d := range got.After {
			if d.Kind != event.Value || string(d.Text) != string(text) {
				t.Fatalf("column %s: %q comes back as %q", c.Table().Columns[i].Name, text, d.Text)
			}
		}
	})
}
