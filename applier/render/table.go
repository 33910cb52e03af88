// Package render writes the statements that make rows true on a target table. Statements are set-based:
// each parameter is an array with one element for each row, so one row and ten thousand are the same
// statement. Values travel as PostgreSQL's text form and are cast to the target's types without a type
// modifier; the assignment to the column then checks it, where a cast with one would cut values short.
// It is pure.
package render

import (
	"fmt"
	"slices"
	"strings"

	"floe/pkg/event"
	"floe/pkg/ident"
)

// Table is a source table's shape as it meets its target table.
//
//   - Columns has an entry for each column of Shape; one that the target lacks is Absent, and its
//     values are left out.
//   - Arbiter says that the target has a unique index over exactly the key, which ON CONFLICT can use.
type Table struct {
	Shape       *event.Table
	Name        ident.Name // on the target
	Partitioned bool       // on the target
	Arbiter     bool
	Beside      bool // the target has columns of its own, which an INSERT would not bring back
	Columns     []Column
}

// Column is the target's side of one column.
type Column struct {
	Name   string
	Type   ident.Name
	Absent bool
	// Fixed is a GENERATED ALWAYS identity column, which an UPDATE may not set.
	Fixed bool
	// Misread is an error for a text that the column would take for another value without a word; nil where
	// there is no such text.
	Misread func(text []byte) error
	// Bytewise is text of collation C or POSIX.
	Bytewise bool
	// Equal is the operator by which the key's index compares, e.g. "pg_catalog".=
	Equal string
	// Through is the array type over Type where an element's input function has to read the text, since the
	// cast from text is something else: a function of users', regclass's (which takes no "-"), or one that
	// cuts a value to the length of a domain. Empty where the cast will do.
	Through ident.Name
	// Spelled: the cast to text is not the output function, and may make one of two values.
	Spelled bool
	// Base is the enum under a domain, else empty: the polymorphic Equal does not take a domain.
	Base ident.Name
}

// Param is one array parameter: a column of the new image, or of the old one.
type Param struct {
	Column int
	Old    bool
}

// Statement is SQL with its parameters, $1 being the first.
type Statement struct {
	SQL    string
	Params []Param
	// Each of its rows is written, whatever was there before: one that does not count was kept out.
	Each bool
}

// builder collects the columns of the array parameters.
type builder struct {
	t      *Table
	params []Param
}

// source is the parameters as a row source s with columns c1, c2, … of the target's types.
func (b *builder) source(columns []Param) string {
	var cast, arrays, names []string
	for _, p := range columns {
		b.params = append(b.params, p)
		n := len(b.params)
		arrays = append(arrays, fmt.Sprintf("$%d::text[]", n))
		names = append(names, fmt.Sprintf("c%d", n))
		cast = append(cast, fmt.Sprintf("%s AS c%d", b.t.read(p.Column, fmt.Sprintf("u.c%d", n)), n))
	}
	return "(SELECT " + strings.Join(cast, ", ") + " FROM unnest(" + strings.Join(arrays, ", ") + ") u(" + strings.Join(names, ", ") + ")) s"
}

// read is a text expression's value in the column's type.
func (t *Table) read(column int, text string) string {
	if through := t.Columns[column].Through; through != (ident.Name{}) {
		return "(ARRAY[" + text + "]::text::" + through.SQL() + ")[1]"
	}
	return text + "::" + t.cast(column)
}

// text is an expression's text form, what rows without a key are told apart by. concat calls the output
// function whatever casts there are, but takes NULL for nothing.
func (t *Table) text(column int, of string) string {
	if !t.Columns[column].Spelled {
		return of + "::text"
	}
	return "(CASE WHEN " + of + " IS DISTINCT FROM NULL THEN pg_catalog.concat(" + of + ") END)"
}

// cast is the column's type without a modifier: bit and bpchar would mean a length of 1 by their SQL
// names, so internal names are used.
func (t *Table) cast(column int) string { return t.Columns[column].Type.SQL() }

func (t *Table) only() string {
	if t.Partitioned {
		return t.Name.SQL()
	}
	return "ONLY " + t.Name.SQL()
}

// Doubtful are the columns that take some text for another value.
func (t *Table) Doubtful() (out []int) {
	for i := range t.Columns {
		if t.Columns[i].Misread != nil {
			out = append(out, i)
		}
	}
	return out
}

// all are the columns that exist on both sides.
func (t *Table) all() []Param {
	var out []Param
	for i := range t.Columns {
		if !t.Columns[i].Absent {
			out = append(out, Param{Column: i})
		}
	}
	return out
}

func (t *Table) names(columns []Param) string {
	out := make([]string, len(columns))
	for i, p := range columns {
		out[i] = ident.Quote(t.Columns[p.Column].Name)
	}
	return strings.Join(out, ", ")
}

func (t *Table) isKey(column int) bool {
	return slices.Contains(t.Shape.Key, column)
}

// keys are the parameters of the row's key, old or new.
func (t *Table) keys(old bool) []Param {
	out := make([]Param, len(t.Shape.Key))
	for i, k := range t.Shape.Key {
		out[i] = Param{k, old}
	}
	return out
}

// match compares the key of the rows called alias with the parameters of s; cols are s's columns in
// order, old says which of two images of a key is meant.
func (t *Table) match(alias string, cols []Param, old bool) string {
	var out []string
	for _, k := range t.Shape.Key {
		c := t.Columns[k]
		equal := "="
		if c.Equal != "" {
			equal = "OPERATOR(" + c.Equal + ")"
		}
		base := ""
		if c.Base != (ident.Name{}) {
			base = "::" + c.Base.SQL()
		}
		i := slices.Index(cols, Param{k, old})
		out = append(out, fmt.Sprintf("%s.%s%s %s s.c%d%[3]s", alias, ident.Quote(c.Name), base, equal, i+1))
	}
	return strings.Join(out, " AND ")
}
