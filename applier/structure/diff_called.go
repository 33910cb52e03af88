package structure

import (
	"slices"
	"strings"

	"floe/pkg/catalog"
)

// called are the kinds of objects that are renamed in place though their text has their name: columns can go
// by them, and what they say must be the same before and behind.
var called = map[catalog.Kind]string{catalog.KindSearchConfig: "TEXT SEARCH CONFIGURATION", catalog.KindDictionary: "TEXT SEARCH DICTIONARY"}

// was is what an object was called, and what completed it then.
type was struct {
	catalog.Definition
	then []string
}

// recall gives those of was that only have another name in now the text that they have there. What it returns
// of them are their old selves.
func recall(db, now *catalog.Database) (*catalog.Database, map[string]was) {
	news, out := byKey(now), map[string]was{}
	defs := slices.Clone(db.Definitions)
	for i, o := range defs {
		n, ok := news[keyOf(o)]
		if !ok || called[o.Kind] == "" || o.Name == n.Name {
			continue
		}
		a, b := o.Body.(*catalog.TextDef), n.Body.(*catalog.TextDef)
		again := func(sql string) string { return strings.Replace(sql, a.Address, b.Address, 1) }
		if again(a.SQL) != b.SQL || !slices.EqualFunc(a.Then, b.Then, func(x, y string) bool { return again(x) == y }) {
			continue
		}
		c := *b
		out[keyOf(o)] = was{o, a.Then}
		defs[i].Name, defs[i].Body = n.Name, &c
	}
	if len(out) == 0 {
		return db, nil
	}
	return catalog.NewDatabase(db.Version, defs), out
}

// restateCalled has the records of what is only called otherwise follow.
func (d *differ) restateCalled() {
	for k, old := range d.called {
		for i, then := range d.news[k].Body.(*catalog.TextDef).Then {
			d.out.Renumbered = put(d.out.Renumbered, k+"/then/"+hash(old.then[i]), k+"/then/"+hash(then))
		}
		for _, s := range d.now.out.Before {
			if strings.HasPrefix(s.ID, k+"/") {
				d.out.Restated = append(d.out.Restated, s)
			}
		}
	}
}
