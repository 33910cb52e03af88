package ident

import (
	"cmp"
	"fmt"
	"slices"
)

// Mapping gives the target's names of what the source names. A nil Mapping keeps every name.
//
//   - Of several rules that fit a table the first counts, for its name and for its columns.
//   - It is a function of the name alone: the same source name always becomes the same target name.
type Mapping struct{ rules []Rule }

// Rule maps one table, or with All every table of a schema, which then keeps its own name.
type Rule struct {
	From, To Name
	All      bool
	// Columns maps column names of the one table.
	Columns map[string]string
}

// NewMapping puts rules together; none make the nil Mapping.
func NewMapping(rules []Rule) *Mapping {
	if len(rules) == 0 {
		return nil
	}
	return &Mapping{rules}
}

// ParseRule reads a rule as the job file has it: table to table, or schema.* to schema.*, names as in SQL.
func ParseRule(from, to string, columns map[string]string) (Rule, error) {
	f, err := ParsePattern(from)
	if err != nil {
		return Rule{}, err
	}
	t, err := ParsePattern(to)
	if err != nil {
		return Rule{}, err
	}
	if a, ok := f.Exact(); ok {
		b, ok := t.Exact()
		if !ok {
			return Rule{}, fmt.Errorf("%s is one table, so it maps to one table, not to %q", a, to)
		}
		return Rule{From: a, To: b, Columns: columns}, nil
	}
	a, ok1 := f.Whole()
	b, ok2 := t.Whole()
	switch {
	case !ok1:
		return Rule{}, fmt.Errorf("%q: a rule maps one table, or every table of one schema (schema.*)", from)
	case !ok2:
		return Rule{}, fmt.Errorf("%q is a whole schema, so it maps to a whole schema (schema.*), not to %q", from, to)
	case len(columns) > 0:
		return Rule{}, fmt.Errorf("%q is a whole schema; columns are mapped in a rule for one table", from)
	}
	return Rule{From: Name{Schema: a}, To: Name{Schema: b}, All: true}, nil
}

// Table returns the target's name of a source table.
func (m *Mapping) Table(n Name) Name {
	r := m.rule(n)
	switch {
	case r == nil:
		return n
	case r.All:
		return Name{r.To.Schema, n.Name}
	}
	return r.To
}

// Schema returns the target's name of a source schema: where what belongs to no table goes.
func (m *Mapping) Schema(s string) string {
	if m == nil {
		return s
	}
	for i := range m.rules {
		if r := &m.rules[i]; r.All && r.From.Schema == s {
			return r.To.Schema
		}
	}
	return s
}

// Column returns the target's name of a column of the source table n.
func (m *Mapping) Column(n Name, column string) string {
	if r := m.rule(n); r != nil {
		if to, ok := r.Columns[column]; ok {
			return to
		}
	}
	return column
}

// Rules returns the rules in their order.
func (m *Mapping) Rules() []Rule {
	if m == nil {
		return nil
	}
	return m.rules
}

func (m *Mapping) rule(n Name) *Rule {
	if m == nil {
		return nil
	}
	for i := range m.rules {
		r := &m.rules[i]
		if r.From == n && !r.All || r.All && r.From.Schema == n.Schema {
			return r
		}
	}
	return nil
}

// Clash is a target name that more than one source name maps to.
type Clash struct {
	To   Name
	From []Name
}

// Clashes finds the tables of a selection that would meet in one target table.
func (m *Mapping) Clashes(tables []Name) []Clash {
	to := map[Name][]Name{}
	for _, n := range tables {
		t := m.Table(n)
		if !slices.Contains(to[t], n) {
			to[t] = append(to[t], n)
		}
	}
	var out []Clash
	for t, from := range to {
		if len(from) > 1 {
			slices.SortFunc(from, compareNames)
			out = append(out, Clash{t, from})
		}
	}
	slices.SortFunc(out, func(a, b Clash) int { return compareNames(a.To, b.To) })
	return out
}

// ColumnClash returns a target column of n that more than one of its columns would become, if any.
func (m *Mapping) ColumnClash(n Name, columns []string) (string, bool) {
	seen := make(map[string]bool, len(columns))
	for _, c := range columns {
		to := m.Column(n, c)
		if seen[to] {
			return to, true
		}
		seen[to] = true
	}
	return "", false
}

func compareNames(a, b Name) int {
	return cmp.Or(cmp.Compare(a.Schema, b.Schema), cmp.Compare(a.Name, b.Name))
}
