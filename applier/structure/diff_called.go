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
	catalog.KindBaseType: "TYPE",
}

// unchanging are kinds that no command changes but in name: another text says that something it names is called
// otherwise.
var unchanging = []catalog.Kind{catalog.KindCast, catalog.KindOperatorClass, catalog.KindConversion, catalog.KindSearchParser, catalog.KindSearchTemplate}

// was is what an object was called, and what completed it then. A part hangs on one, and is called as before.
type was struct {
	catalog.Definition
	then []string
	part bool
}

// recall gives those of was that only have another name in now, or name what has one, the text that they have
// there, and what hangs on them their name. What it returns of them are their old selves.
func recall(db, now *catalog.Database) (*catalog.Database, map[string]was) {
	news, out := byKey(now), map[string]was{}
	defs := slices.Clone(db.Definitions)
	hosts := map[ident.Name]catalog.Definition{}
	for i, o := range defs {
		n, ok := news[keyOf(o)]
		if !ok || !onlyCalled(o, n) {
			continue
		}
		a, b := o.Body.(*catalog.TextDef), n.Body.(*catalog.TextDef)
		c := *b
		out[keyOf(o)] = was{o, a.Then, false}
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
			out[keyOf(o)] = was{o, nil, true}
		}
	}
	return catalog.NewDatabase(db.Version, defs), out
}

// onlyCalled reports whether two definitions of one object differ in nothing but what things are called.
func onlyCalled(o, n catalog.Definition) bool {
	a, ok := o.Body.(*catalog.TextDef)
	if !ok || (a.Table == nil) != (n.Body.(*catalog.TextDef).Table == nil) {
		return false
	}
	b := n.Body.(*catalog.TextDef)
	if slices.Contains(unchanging, o.Kind) {
		return a.SQL != b.SQL && len(a.Then)+len(b.Then) == 0
	}
	if called[o.Kind] == "" || o.Name == n.Name || a.Table != nil && *a.Table != *b.Table {
		return false
	}
	from, _ := naming(o.Kind, a.Address)
	to, _ := naming(n.Kind, b.Address)
	for _, times := range []int{1, -1} { // an operator may be its own commutator
		again := func(sql string) string { return strings.Replace(sql, from, to, times) }
		if again(a.SQL) == b.SQL && slices.EqualFunc(a.Then, b.Then, func(x, y string) bool { return again(x) == y }) {
			return true
		}
	}
	return false
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
	moves := moved(n, noun, args, d.here(old.Name), n.Name)
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
		if b, ok := d.news[k].Body.(*catalog.TextDef); ok && len(old.then) == len(b.Then) {
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
