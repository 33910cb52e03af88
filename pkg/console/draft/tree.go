package draft

import (
	"slices"
	"strings"

	"floe/pkg/ident"
)

// Listed is a table of the source; Rows is the server's estimate, below 0 if it has none.
type Listed struct {
	Schema, Name string
	Rows         int64
}

// Ident is its name.
func (t Listed) Ident() ident.Name { return ident.Name{Schema: t.Schema, Name: t.Name} }

// Schema is one of the source's, with those of its tables that are shown.
type Schema struct {
	Name, Pattern string
	Total         int
	Chosen        bool // all of it
	Tables        []Leaf
}

// Leaf is a table to choose.
type Leaf struct {
	Listed
	Pattern string
	Chosen  bool
}

// MostShown bounds the tables of a page.
const MostShown = 300

// Tree is the source's tables by schema, as far as their names hold the words; more says that others do too.
func (d *Draft) Tree(tables []Listed, words string) (out []Schema, more bool) {
	words = strings.ToLower(strings.TrimSpace(words))
	shown := 0
	for _, t := range tables {
		if len(out) == 0 || out[len(out)-1].Name != t.Schema {
			pattern := strings.TrimSuffix(ident.Name{Schema: t.Schema, Name: "x"}.String(), ".x")
			out = append(out, Schema{Name: t.Schema, Pattern: pattern, Chosen: d.chose(pattern)})
		}
		s := &out[len(out)-1]
		s.Total++
		n := t.Ident()
		if !strings.Contains(strings.ToLower(t.Schema+"."+t.Name), words) {
			continue
		}
		if shown++; shown > MostShown {
			more = true
			continue
		}
		s.Tables = append(s.Tables, Leaf{t, n.String(), d.Includes(n)})
	}
	return slices.DeleteFunc(out, func(s Schema) bool { return words != "" && len(s.Tables) == 0 }), more
}

func (d *Draft) chose(pattern string) bool {
	return slices.ContainsFunc(d.Chosen, func(c Chosen) bool { return c.Pattern.String() == pattern })
}

// Includes reports whether a table is selected.
func (d *Draft) Includes(n ident.Name) bool {
	if slices.ContainsFunc(d.Exclude, func(p ident.Pattern) bool { return p.Match(n) }) {
		return false
	}
	return d.Whole || slices.ContainsFunc(d.Chosen, func(c Chosen) bool { return c.Pattern.Match(n) })
}
