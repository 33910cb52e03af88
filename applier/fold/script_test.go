package fold

import (
	"fmt"
	"strings"
	"testing"

	"floe/pkg/event"
	"floe/pkg/ident"
)

// script reads the language of testdata. One statement a line or between semicolons:
//
//	table NAME COLUMN:TYPE* COLUMN:TYPE      * marks the key; before all others
//	insert NAME COLUMN=VALUE …               columns left out are NULL
//	update NAME [COLUMN=OLD … ->] COLUMN=NEW …    ? is an unchanged large value
//	delete NAME COLUMN=VALUE …
//	companion NAME COLUMN=VALUE …
//	truncate NAME NAME.PARTITION …
//	alter NAME                               a new version of the table
//
// A line that begins with "txn LSN" begins a transaction.
type script struct {
	tables map[string]*event.Table
	pos    event.Position
	rows   []*event.Row
}

func (s *script) line(t *testing.T, line string) {
	line, _, _ = strings.Cut(line, "#")
	if fields := strings.Fields(line); len(fields) > 1 && fields[0] == "txn" {
		lsn, err := event.ParseLSN(fields[1])
		if err != nil {
			t.Fatal(err)
		}
		s.pos = event.Position{Epoch: 1, Commit: lsn}
		line = strings.Join(fields[2:], " ")
	}
	for statement := range strings.SplitSeq(line, ";") {
		if fields := strings.Fields(statement); len(fields) > 0 {
			s.statement(t, fields)
		}
	}
}

func (s *script) statement(t *testing.T, fields []string) {
	if fields[0] == "table" {
		s.define(fields[1], fields[2:])
		return
	}
	name, _, _ := strings.Cut(fields[1], ".")
	table := s.tables[name]
	if table == nil {
		t.Fatalf("%q: no such table", fields)
	}
	row := &event.Row{Table: table, Pos: s.pos}
	s.pos.Seq++
	switch fields[0] {
	case "alter":
		next := *table
		s.tables[fields[1]] = &next
		return
	case "truncate":
		for _, name := range fields[1:] {
			r := &event.Row{Op: event.Truncate, Pos: row.Pos}
			name, leaf, _ := strings.Cut(name, ".")
			if r.Table = s.tables[name]; leaf != "" {
				r.Leaf = &event.Leaf{Name: ident.Name{Schema: "public", Name: leaf}}
			}
			s.rows = append(s.rows, r)
		}
		return
	case "insert":
		row.Op, row.After = event.Create, image(t, table, fields[2:])
	case "delete", "companion":
		row.Op, row.Before, row.Companion = event.Delete, image(t, table, fields[2:]), fields[0] == "companion"
	case "update":
		row.Op = event.Update
		for i, f := range fields {
			if f == "->" {
				row.Before = image(t, table, fields[2:i])
				fields = fields[i-1:]
				break
			}
		}
		row.After = image(t, table, fields[2:])
	default:
		t.Fatalf("%q: no such statement", fields)
	}
	s.rows = append(s.rows, row)
}

func (s *script) define(name string, columns []string) {
	t := &event.Table{Name: ident.Name{Schema: "public", Name: name}, OID: uint32(len(s.tables) + 1)}
	for i, c := range columns {
		c, key := strings.CutSuffix(c, "*")
		if key {
			t.Key = append(t.Key, i)
		}
		column, typ, _ := strings.Cut(c, ":")
		t.Columns = append(t.Columns, event.Column{Name: column, Type: ident.Name{Schema: "pg_catalog", Name: typ}})
	}
	s.tables[name] = t
}

func image(t *testing.T, table *event.Table, fields []string) []event.Datum {
	out := make([]event.Datum, len(table.Columns))
	for _, f := range fields {
		name, text, _ := strings.Cut(f, "=")
		i := table.Column(name)
		if i < 0 {
			t.Fatalf("%s has no column %q", table.Name, name)
		}
		if out[i] = (event.Datum{Kind: event.Value, Text: []byte(text)}); text == "?" {
			out[i] = event.Datum{Kind: event.Unchanged}
		}
	}
	return out
}

// write shows steps the way testdata has them.
func write(steps []Step) string {
	var b strings.Builder
	for _, s := range steps {
		b.WriteString("step\n")
		for _, r := range s.Truncate {
			fmt.Fprintf(&b, "  truncate %s\n", r.Table.Name.Name)
		}
		for _, t := range s.Tables {
			writeTable(&b, t)
		}
	}
	return b.String()
}

func writeTable(b *strings.Builder, t *Table) {
	name := t.Shape.Name.Name
	for _, k := range t.Deletes {
		fmt.Fprintf(b, "  delete %s%s\n", name, text(t.Shape, k, true))
	}
	for _, r := range t.Moves {
		fmt.Fprintf(b, "  move %s%s ->%s\n", name, text(t.Shape, r.Before, true), text(t.Shape, r.After, false))
	}
	for _, p := range t.Partial {
		fmt.Fprintf(b, "  update %s%s\n", name, text(t.Shape, p.Image, false))
	}
	for _, f := range t.Full {
		known := ""
		if f.Known {
			known = " known"
		}
		fmt.Fprintf(b, "  upsert %s%s%s\n", name, text(t.Shape, f.Image, false), known)
	}
	for _, c := range t.Out {
		fmt.Fprintf(b, "  out %s%s x%d\n", name, text(t.Shape, c.Image, false), c.N)
	}
	for _, image := range t.In {
		fmt.Fprintf(b, "  in %s%s\n", name, text(t.Shape, image, false))
	}
	for _, r := range t.Exact {
		fmt.Fprintf(b, "  exact %s %s", r.Op, name)
		if r.Before != nil {
			fmt.Fprintf(b, "%s ->", text(t.Shape, r.Before, false))
		}
		fmt.Fprintf(b, "%s\n", text(t.Shape, r.After, false))
	}
}

func text(t *event.Table, image []event.Datum, keyOnly bool) string {
	var b strings.Builder
	for i, d := range image {
		isKey := false
		for _, k := range t.Key {
			isKey = isKey || k == i
		}
		if d.Kind != event.Value || keyOnly && !isKey {
			continue
		}
		fmt.Fprintf(&b, " %s=%s", t.Columns[i].Name, d.Text)
	}
	return b.String()
}
