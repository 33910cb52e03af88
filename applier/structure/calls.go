package structure

import (
	"strings"

	"floe/pkg/catalog"
	"floe/pkg/ident"
)

// calls are the names that objects have by now, by those that they had: with their schemas, and of objects
// that lie in none by the word that stands before them.
type calls struct {
	named map[ident.Name]ident.Name
	plain map[string]string
}

// plainWords stand before the names of objects that lie in no schema.
var plainWords = map[catalog.Kind]string{catalog.KindWrapper: "WRAPPER", catalog.KindServer: "SERVER", catalog.KindLanguage: "LANGUAGE"}

// callsOf finds what of db is called otherwise in now.
func callsOf(db, now *catalog.Database) calls {
	c := calls{map[ident.Name]ident.Name{}, map[string]string{}}
	news := byKey(now)
	for _, o := range db.Definitions {
		n, ok := news[keyOf(o)]
		switch {
		case !ok || n.Name == o.Name || o.Kind == catalog.KindConstraint || o.Kind == catalog.KindIndex:
		case plainWords[o.Kind] != "":
			c.plain[plainWords[o.Kind]+" "+o.Name.Name] = n.Name.Name
		case o.Name.Schema != "":
			c.named[o.Name] = n.Name
		}
	}
	return c
}

// spelled is a text with every name in quotes, and what is called otherwise by now by that name: two texts
// that are spelled alike say the same.
func (c calls) spelled(sql string) string {
	var b strings.Builder
	ts, word := tokens(sql), ""
	for i := 0; i < len(ts); i++ {
		t := ts[i]
		if t.name == "" {
			b.WriteString(t.text)
			if strings.TrimSpace(t.text) != "" {
				word = t.text
			}
			continue
		}
		name, n := qualified(ts[i:])
		if to, ok := c.named[name]; ok {
			b.WriteString(ident.Quote(to.Schema) + "." + ident.Quote(to.Name))
			i += n - 1
		} else if to, ok := c.plain[word+" "+t.name]; ok {
			b.WriteString(ident.Quote(to))
		} else if n > 0 {
			b.WriteString(ident.Quote(name.Schema) + "." + ident.Quote(name.Name))
			i += n - 1
		} else {
			b.WriteString(ident.Quote(t.name))
		}
		word = ""
	}
	return b.String()
}

// qualified is the name with its schema that tokens begin with, an operator's too, and of how many it is; 0
// for none.
func qualified(ts []token) (ident.Name, int) {
	if len(ts) < 3 || ts[0].name == "" || ts[1].text != "." {
		return ident.Name{}, 0
	}
	if ts[2].name != "" {
		return ident.Name{Schema: ts[0].name, Name: ts[2].name}, 3
	}
	n, operator := 2, ""
	for n < len(ts) && len(ts[n].text) == 1 && strings.Contains("+-*/<>=~!@#%^&|`?", ts[n].text) {
		operator += ts[n].text
		n++
	}
	if operator == "" {
		return ident.Name{}, 0
	}
	return ident.Name{Schema: ts[0].name, Name: operator}, n
}
