package verify

import (
	"fmt"
	"strings"

	"floe/pkg/ident"
	"floe/pkg/status"
)

// Result is the outcome for every selected table, in the order in which they depend on each other.
type Result struct{ Tables []Table }

// Table is the outcome for one table.
//
//   - Differences are some of the rows that differ; More says that there are others. They are empty if
//     Problem or Skipped is set, never if the table was compared and is not equal.
type Table struct {
	Source, Target         ident.Name
	SourceRows, TargetRows int64
	Problem                string // why rows could not be compared: the target lacks the table or a column
	Skipped                string // why rows need not be equal
	Differences            []Difference
	More                   bool

	hashed bool // both sides have the same hash
}

// Difference is a row that is not the same on both sides. Of a table without a key Key is the whole row.
type Difference struct {
	Key                    string // as a record: (1,"a b")
	SourceRows, TargetRows int64  // rows with this key
	Columns                []Column
}

// Column is a column that differs. NULL has no quotes; long values are cut and bear their hash.
type Column struct{ Name, Source, Target string }

// Equal reports whether nothing differs.
func (r *Result) Equal() bool {
	for i := range r.Tables {
		if !r.Tables[i].Equal() {
			return false
		}
	}
	return true
}

// Rows counts the source's rows that were compared.
func (r *Result) Rows() (n int64) {
	for i := range r.Tables {
		n += r.Tables[i].SourceRows
	}
	return n
}

// Equal reports whether the table is the same on both sides, or need not be.
func (t *Table) Equal() bool {
	return t.Skipped != "" || t.Problem == "" && t.SourceRows == t.TargetRows && t.hashed
}

// fill says what differs between the shown columns of a row of each side; nil stands for no row.
func (d *Difference) fill(p *pair, source, target []string) {
	row := source
	if row == nil {
		row = target
	}
	key := row
	if p.key > 0 {
		key = row[:min(p.key, len(row))]
	}
	parts := make([]string, len(key))
	for i, k := range key {
		parts[i] = strings.TrimSuffix(strings.TrimPrefix(k, "("), ")")
	}
	d.Key = "(" + strings.Join(parts, ",") + ")"
	if d.SourceRows != 1 || d.TargetRows != 1 {
		return
	}
	for i := range min(len(source), len(target)) {
		if source[i] != target[i] {
			d.Columns = append(d.Columns, Column{p.columns[i], plain(source[i]), plain(target[i])})
		}
	}
}

// plain takes a value out of a record of one column.
func plain(record string) string {
	v := strings.TrimSuffix(strings.TrimPrefix(record, "("), ")")
	switch {
	case v == "":
		return "NULL"
	case strings.HasPrefix(v, `"`):
		return v
	}
	return `"` + v + `"`
}

// String is the outcome for a person: a line for the whole, and lines for what is not equal.
func (r *Result) String() string {
	var b strings.Builder
	bad := 0
	for i := range r.Tables {
		t := &r.Tables[i]
		if !t.Equal() {
			bad++
		}
		t.write(&b)
	}
	if bad == 0 {
		return fmt.Sprintf("%sequal: %s, %s\n", b.String(), status.Count(len(r.Tables), "table"), status.Count(r.Rows(), "row"))
	}
	return fmt.Sprintf("%sDIFFERENT: %d of %s\n", b.String(), bad, status.Count(len(r.Tables), "table"))
}

func (t *Table) write(b *strings.Builder) {
	name := t.Source.String()
	if t.Target != t.Source {
		name += " (on the target " + t.Target.String() + ")"
	}
	switch {
	case t.Skipped != "":
		fmt.Fprintf(b, "%s: not compared, %s\n", name, t.Skipped)
	case t.Problem != "":
		fmt.Fprintf(b, "%s: %s\n", name, t.Problem)
	case !t.Equal():
		fmt.Fprintf(b, "%s: %s on the source, %d on the target\n", name, status.Count(t.SourceRows, "row"), t.TargetRows)
	}
	for _, d := range t.Differences {
		d.write(b)
	}
	if t.More {
		b.WriteString("  and more\n")
	}
}

func (d *Difference) write(b *strings.Builder) {
	switch {
	case d.TargetRows == 0 && d.SourceRows == 1:
		fmt.Fprintf(b, "  row %s is missing on the target\n", d.Key)
	case d.SourceRows == 0 && d.TargetRows == 1:
		fmt.Fprintf(b, "  row %s is on the target only\n", d.Key)
	case d.SourceRows != d.TargetRows:
		fmt.Fprintf(b, "  row %s is %d times on the source, %d times on the target\n", d.Key, d.SourceRows, d.TargetRows)
	case len(d.Columns) == 0:
		fmt.Fprintf(b, "  row %s differs\n", d.Key)
	}
	for _, c := range d.Columns {
		fmt.Fprintf(b, "  row %s, column %s: %s on the source, %s on the target\n", d.Key, c.Name, c.Source, c.Target)
	}
}
