package route

import (
	"strings"

	"floe/pkg/charset"
	"floe/pkg/event"
	"floe/pkg/halt"
)

// Plain reports whether a column's values are nothing but text: the server adds no signs to them.
func Plain(c *event.Column) bool {
	switch c.Type.Name {
	case "text", "varchar", "bpchar":
		return c.Type.Schema == "pg_catalog"
	}
	return false
}

// Decode makes text of values that came as the source has them. One that is no text of that encoding halts with
// the row's key: a sign in its place would be a wrong row.
func Decode(c *charset.Charset, t *event.Table, row []event.Datum) error {
	for i := range row {
		if row[i].Kind != event.Value {
			continue
		}
		text, err := c.Decode(row[i].Text, Plain(&t.Columns[i]))
		if err != nil {
			return &halt.Error{Code: halt.TextUndecodable, Fix: "correct source.encoding, or the row at the source and then " + halt.Reset, Err: err,
				Detail: "column " + t.Columns[i].Name + " of " + t.Name.String() + keyText(t, row) + " in encoding " + c.Name}
		}
		row[i].Text = text
	}
	return nil
}

// keyText names a row for the one who has to find it.
func keyText(t *event.Table, row []event.Datum) string {
	if len(t.Key) == 0 {
		return ", which has no key,"
	}
	parts := make([]string, len(t.Key))
	for i, k := range t.Key {
		parts[i] = t.Columns[k].Name + " = " + strings.ToValidUTF8(string(row[k].Text), "?")
	}
	return ", " + strings.Join(parts, ", ") + ","
}
