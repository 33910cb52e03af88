package structure

import (
	"slices"
	"strings"

	"floe/pkg/catalog"
	"floe/pkg/ident"
)

// called are the kinds of objects that are renamed in place though their text has their name, by their noun: others
// may stand upon them, and what they say must be the same before and behind.
var called = map[catalog.Kind]string{
	catalog.KindSearchConfig: "TEXT SEARCH CONFIGURATION", catalog.KindDictionary: "TEXT SEARCH DICTIONARY", catalog.KindSearchParser: "TEXT SEARCH PARSER",
	catalog.KindSearchTemplate: "TEXT SEARCH TEMPLATE", catalog.KindMatview: "MATERIALIZED VIEW", catalog.KindForeignTable: "FOREIGN TABLE",
	catalog.KindAggregate: "AGGREGATE", catalog.KindOperator: "OPERATOR", catalog.KindOperatorClass: "OPERATOR CLASS", catalog.KindOperatorFamily: "OPERATOR FAMILY",
	catalog.KindConversion: "CONVERSION", catalog.KindStatistics: "STATISTICS", catalog.KindServer: "SERVER", catalog.KindWrapper: "FOREIGN DATA WRAPPER",
	catalog.KindBaseType: "TYPE", catalog.KindLanguage: "LANGUAGE",
}

// unchanging are kinds that no command changes but in name: another text says that something it names is called
// otherwise.
var unchanging = []catalog.Kind{catalog.KindCast, catalog.KindOperatorClass, catalog.KindConversion, catalog.KindSearchParser, catalog.KindSearchTemplate, catalog.KindAccessMethod}

// was is what an object was called, and what completed it then. A part hangs on one, and is called as before.
// One that changed is another in more than its name.
type was struct {
	catalog.Definition
	then          []string
	part, changed bool
}

// recall gives those of was that only have another name in now, or name what has one, the text that they have
// there, and what hangs on them their name; those that changed besides get the name alone. What it returns of them
// are their old selves.
func (d *differ) recall(db, now *catalog.Database) (*catalog.Database, map[string]was) {
	news, out := byKey(now), map[string]was{}
	defs := slices.Clone(db.Definitions)
	hosts := map[ident.Name]catalog.Definition{}
	for i, o := range defs {
		n, ok := news[keyOf(o)]
		if !ok {
			continue
		}
		changed := !d.calls.only(o, n)
		if changed && !d.renamedToo(o, n) {
			continue
		}
		a, b := o.Body.(*catalog.TextDef), n.Body.(*catalog.TextDef)
		c := *b
		if o.Name == n.Name { // its rows are another matter
			c.Refreshed, c.Populated = a.Refreshed, a.Populated
		}
		if changed {
			c = *a
			c.Address = b.Address
		}
		out[keyOf(o)] = was{o, a.Then, false, changed}
		defs[i].Name, defs[i].Body = n.Name, &c
		hosts[o.Name] = n
	}
	if len(out) == 0 {
		return db, nil
	}
	for i, o := range defs {
		host, ok := hosts[hangsOn(o)]
		if !ok || host.Kind != catalog.KindMatview && host.Kind != catalog.KindForeignTable {
			continue
		}
		if n, ok := news[keyOf(o)]; ok && hangsOn(n) == host.Name {
			defs[i].Body = rehosted(o, host)
			out[keyOf(o)] = was{o, nil, true, false}
		}
	}
	return catalog.NewDatabase(db.Version, defs), out
}

// renamedToo reports whether an object that changed, and can be changed where it stands, has another name besides,
// which it gets first.
func (d *differ) renamedToo(o, n catalog.Definition) bool {
	old, ok := o.Body.(*catalog.TextDef)
	if !ok || o.Name == n.Name || called[o.Kind] == "" {
		return false
	}
	if o.Kind == catalog.KindLanguage || o.Kind == catalog.KindAggregate && !d.now.older(12) {
		return true
	}
	_, ok = d.altered(n, old, n.Body.(*catalog.TextDef))
	return ok
}

// only reports whether two definitions of one object differ in nothing but what things are called.
func (c calls) only(o, n catalog.Definition) bool {
	a, ok := o.Body.(*catalog.TextDef)
	if !ok {
		return false
	}
	b := n.Body.(*catalog.TextDef)
	switch {
	case (a.Table == nil) != (b.Table == nil), len(a.Then) != len(b.Then), o.Name == n.Name && a.SQL == b.SQL && slices.Equal(a.Then, b.Then):
		return false
	case slices.Contains(unchanging, o.Kind):
		return len(a.Then) == 0
	case called[o.Kind] == "", a.Table != nil && *a.Table != *b.Table:
		return false
	}
	then := slices.EqualFunc(a.Then, b.Then, func(x, y string) bool { return c.spelled(x) == calls{}.spelled(y) })
	if o.Kind == catalog.KindMatview { // what it is the result of never changes
		return then && c.spelled(headOf(a.SQL)) == calls{}.spelled(headOf(b.SQL))
	}
	return then && c.spelled(a.SQL) == calls{}.spelled(b.SQL)
}

// headOf is what of a materialized view's statement stands before its query.
func headOf(sql string) string {
	if at := atTop(sql, func(word, _ string) bool { return word == "AS" }); at >= 0 {
		return sql[:at]
	}
	return sql
}

// naming cuts an address into the object's name, as the source's server writes it, and what follows.
func naming(kind catalog.Kind, address string) (name, rest string) {
	s := strings.TrimPrefix(address, called[kind]+" ")
	n := length(s)
	if n < len(s) && s[n] == '.' {
		n++
		if kind == catalog.KindOperator {
			n += max(0, strings.Index(s[n:], " ("))
		} else {
			n += length(s[n:])
		}
	}
	return s[:n], s[n:]
}

// rehosted is the body of what hangs on a relation that has another name now.
func rehosted(o, host catalog.Definition) catalog.Body {
	switch b := o.Body.(type) {
	case *catalog.IndexDef:
		c := *b
		c.Table = host.Name
		return &c
	case *catalog.TextDef:
		c := *b
		if from, to := mention(b); from >= 0 {
			name, _ := naming(host.Kind, host.Body.(*catalog.TextDef).Address)
			c.SQL = b.SQL[:from] + name + b.SQL[to:]
		}
		c.Table = &host.Name
		return &c
	}
	return o.Body
}

// calledMove renames what is only called otherwise.
func (d *differ) calledMove(n catalog.Definition) []move {
	old, ok := d.called[keyOf(n)]
	noun := called[n.Kind]
	if !ok || old.part || noun == "" {
		return nil
	}
	_, args := naming(n.Kind, old.Body.(*catalog.TextDef).Address)
	_, now := naming(n.Kind, n.Body.(*catalog.TextDef).Address)
	moves := retyped(moved(n, noun, args, d.here(old.Name), n.Name), now)
	if n.Kind == catalog.KindOperator {
		for i := range moves { // its name is none that could be quoted
			moves[i].carry = func(from ident.Name, schema string) string {
				return "ALTER OPERATOR " + ident.Quote(from.Schema) + "." + from.Name + args + " SET SCHEMA " + ident.Quote(schema)
			}
		}
	}
	return moves
}

// restateCalled has the records of what is only called otherwise follow.
func (d *differ) restateCalled() {
	for k, old := range d.called {
		if b, ok := d.news[k].Body.(*catalog.TextDef); ok && !old.changed && len(old.then) == len(b.Then) {
			for i, then := range b.Then {
				d.out.Renumbered = put(d.out.Renumbered, k+"/then/"+hash(old.then[i]), k+"/then/"+hash(then))
			}
		}
	}
	if len(d.called) == 0 {
		return
	}
	before := byID(d.was.out)
	for _, s := range d.now.out.all() {
		object, _ := parted(s.ID)
		if _, ok := d.called[object]; ok && before[s.ID].SQL == s.SQL {
			d.out.Restated = append(d.out.Restated, s)
		}
	}
}
