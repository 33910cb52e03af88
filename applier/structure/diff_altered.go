package structure

import (
	"slices"
	"strings"

	"floe/pkg/catalog"
	"floe/pkg/ident"
)

// altered are the statements that change an object where it stands, for others may stand upon it; false if only
// making it anew does. Both texts are of one object, and written by one hand.
func (d *differ) altered(def catalog.Definition, old, now *catalog.TextDef) ([]string, bool) {
	switch def.Kind {
	case catalog.KindServer, catalog.KindWrapper:
		return alteredServer(old, now)
	case catalog.KindDictionary:
		return d.alteredDictionary(old, now)
	case catalog.KindOperator:
		return d.alteredOperator(old, now)
	case catalog.KindMatview:
		return alteredMatview(old, now)
	case catalog.KindForeignTable:
		return d.alteredForeignTable(old, now)
	case catalog.KindBaseType:
		return d.alteredBaseType(old, now)
	case catalog.KindSearchConfig, catalog.KindOperatorFamily: // but for names all of it is in what completes them
		return nil, true
	}
	return nil, false
}

// alteredServer changes the version of a server, the functions of a wrapper, the options of either.
func alteredServer(old, now *catalog.TextDef) ([]string, bool) {
	was, had := optionsOf(old.SQL)
	is, has := optionsOf(now.SQL)
	sql := ""
	for _, word := range []string{"VERSION", "HANDLER", "VALIDATOR"} {
		a, b := clause(was, word), clause(is, word)
		switch {
		case a == b:
		case b != "":
			sql += " " + word + " " + b
		case word == "VERSION":
			sql += " VERSION NULL"
		default:
			sql += " NO " + word
		}
	}
	return alter(now.Address, sql+optionsChanged(had, has))
}

func alter(address, change string) ([]string, bool) {
	if change == "" {
		return nil, false
	}
	return []string{"ALTER " + address + change}, true
}

// clause is what follows a word in a statement, up to the next word in capitals.
func clause(sql, word string) string {
	out, in := "", false
	for _, t := range tokens(sql) {
		switch {
		case t.text == word:
			in = true
		case in && t.text[0] >= 'A' && t.text[0] <= 'Z' && !strings.Contains(t.text, "'"): // E'…' is a literal
			return strings.TrimSpace(out)
		case in:
			out += t.text
		}
	}
	return strings.TrimSpace(out)
}

// optionsOf cuts OPTIONS (…) off the end of a statement.
func optionsOf(sql string) (rest string, options [][2]string) {
	at := atTop(sql, func(word, _ string) bool { return word == "OPTIONS" })
	if at < 0 {
		return sql, nil
	}
	_, items, _ := listed(sql[at:])
	for _, item := range items {
		n := length(item)
		options = append(options, [2]string{item[:n], strings.TrimSpace(item[n:])})
	}
	return strings.TrimSpace(sql[:at]), options
}

// atTop is where the first token outside of parentheses stands that is meant, or -1. from is the text that begins with it.
func atTop(sql string, meant func(word, from string) bool) int {
	depth, at := 0, 0
	for _, t := range tokens(sql) {
		switch {
		case t.text == "(":
			depth++
		case t.text == ")":
			depth--
		case depth == 0 && meant(t.text, sql[at:]):
			return at
		}
		at += len(t.text)
	}
	return -1
}

// listed cuts a text at its first list in parentheses into what stands before it, its items, and what follows.
func listed(sql string) (before string, items []string, after string) {
	depth, at, from := 0, 0, 0
	for _, t := range tokens(sql) {
		switch {
		case t.text == "(" && depth == 0:
			before, from = strings.TrimSpace(sql[:at]), at+1
			depth++
		case t.text == "(":
			depth++
		case t.text == ")" && depth == 1:
			if item := strings.TrimSpace(sql[from:at]); item != "" {
				items = append(items, item)
			}
			return before, items, strings.TrimSpace(sql[at+1:])
		case t.text == ")":
			depth--
		case t.text == "," && depth == 1:
			items, from = append(items, strings.TrimSpace(sql[from:at])), at+1
		}
		at += len(t.text)
	}
	return sql, nil, ""
}

// optionsChanged is the OPTIONS clause that leads from one list to another; empty for none.
func optionsChanged(old, now [][2]string) string {
	find := func(in [][2]string, name string) int {
		return slices.IndexFunc(in, func(o [2]string) bool { return o[0] == name })
	}
	var parts []string
	for _, o := range old {
		if find(now, o[0]) < 0 {
			parts = append(parts, "DROP "+o[0])
		}
	}
	for _, o := range now {
		switch i := find(old, o[0]); {
		case i < 0:
			parts = append(parts, "ADD "+o[0]+" "+o[1])
		case old[i][1] != o[1]:
			parts = append(parts, "SET "+o[0]+" "+o[1])
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return " OPTIONS (" + strings.Join(parts, ", ") + ")"
}

// settings are the items "name = value" of a statement's list.
func settings(sql string) (names []string, values map[string]string) {
	values = map[string]string{}
	_, items, _ := listed(sql)
	for _, item := range items {
		name, value, _ := strings.Cut(item, " = ")
		names, values[name] = append(names, name), value
	}
	return names, values
}

// changedSettings are the items that differ, with none for the value of one that went.
func (d *differ) changedSettings(old, now, none string) (names []string, out []string) {
	had, was := settings(old)
	has, is := settings(now)
	for _, name := range had {
		if _, ok := is[name]; !ok {
			names, out = append(names, name), append(out, name+none)
		}
	}
	for _, name := range has {
		if v, ok := was[name]; !ok || !d.alike(v, is[name]) {
			item := name
			if is[name] != "" {
				item += " = " + is[name]
			}
			names, out = append(names, name), append(out, item)
		}
	}
	return names, out
}

// alteredDictionary sets options; its template is for good.
func (d *differ) alteredDictionary(old, now *catalog.TextDef) ([]string, bool) {
	names, items := d.changedSettings(old.SQL, now.SQL, "")
	if len(items) == 0 || slices.Contains(names, "TEMPLATE") {
		return nil, false
	}
	return []string{"ALTER " + now.Address + " (" + strings.Join(items, ", ") + ")"}, true
}

// alteredOperator sets estimators. An operator that names this one as its commutator or negator makes this one
// name it: that comes with the other, but from 17 on can be a command of its own.
func (d *differ) alteredOperator(old, now *catalog.TextDef) ([]string, bool) {
	names, items := d.changedSettings(old.SQL, now.SQL, " = NONE")
	var set []string
	for i, name := range names {
		switch name {
		case "RESTRICT", "JOIN":
			set = append(set, items[i])
		case "COMMUTATOR", "NEGATOR", "HASHES", "MERGES":
			if !d.now.older(17) && !strings.HasSuffix(items[i], " = NONE") {
				set = append(set, items[i])
			}
		default:
			return nil, false
		}
	}
	if len(set) == 0 {
		return nil, true
	}
	return []string{"ALTER " + now.Address + " SET (" + strings.Join(set, ", ") + ")"}, true
}

// alteredMatview changes how a materialized view is kept.
func alteredMatview(old, now *catalog.TextDef) ([]string, bool) {
	was, is := headOf(old.SQL), headOf(now.SQL)
	var out []string
	if clause(was, "USING") != clause(is, "USING") {
		method := clause(is, "USING")
		if method == "" {
			method = "heap"
		}
		out = append(out, "ALTER "+now.Address+" SET ACCESS METHOD "+method)
	}
	had, has := withOf(was), withOf(is)
	if lost := lostOptions(had, has); len(lost) > 0 {
		out = append(out, "ALTER "+now.Address+" RESET ("+strings.Join(lost, ", ")+")")
	}
	if len(has) > 0 && !slices.Equal(had, has) {
		out = append(out, "ALTER "+now.Address+" SET ("+options(has)+")")
	}
	return out, true
}

// settable are what ALTER TYPE … SET can change of a base type.
var settable = []string{"RECEIVE", "SEND", "TYPMOD_IN", "TYPMOD_OUT", "ANALYZE", "SUBSCRIPT", "STORAGE"}

func (d *differ) alteredBaseType(old, now *catalog.TextDef) ([]string, bool) {
	names, items := d.changedSettings(old.SQL, now.SQL, " = NONE")
	if len(items) == 0 || slices.ContainsFunc(names, func(n string) bool { return !slices.Contains(settable, n) }) {
		return nil, false
	}
	return []string{"ALTER " + now.Address + " SET (" + strings.Join(items, ", ") + ")"}, true
}

// inPlace changes an object where it stands if that is possible, and reports whether it is.
func (d *differ) inPlace(def catalog.Definition, n Statement) bool {
	o := d.olds[keyOf(def)]
	old, ok := o.Body.(*catalog.TextDef)
	if !ok || o.Name != def.Name {
		return false
	}
	stmts, ok := d.altered(def, old, def.Body.(*catalog.TextDef))
	if len(stmts) == 0 {
		return ok
	}
	a := d.alter(def, "again", strings.Join(stmts, ";\n"))
	a.Optional = true
	if address, ok := d.now.called(def); ok && def.Kind != catalog.KindMatview && def.Kind != catalog.KindBaseType { // left empty, and made of functions
		a.Else = []string{"DROP " + address + ";\n" + n.SQL + d.rest(def)}
	}
	d.change(def, a)
	return true
}

// viewColumns renames columns of a view, which keep their places, or of a foreign table.
func (d *differ) viewColumns(n catalog.Definition) []move {
	now, ok := n.Body.(*catalog.TextDef)
	if !ok || n.Kind != catalog.KindView && n.Kind != catalog.KindMatview && n.Kind != catalog.KindForeignTable {
		return nil
	}
	o, stood := d.olds[keyOf(n)]
	if was, ok := d.called[keyOf(n)]; ok {
		o = was.Definition
	}
	if !stood {
		return nil
	}
	old := o.Body.(*catalog.TextDef)
	if n.Kind == catalog.KindForeignTable {
		return foreignMoves(n, old, now)
	}
	var out []move
	for i := range min(len(old.Columns), len(now.Columns)) {
		if old.Columns[i] != now.Columns[i] {
			out = append(out, columnMove(n, now.Address, now.Columns[i], old.Columns[i], now.Columns[i]))
		}
	}
	return out
}

func columnMove(n catalog.Definition, address, part, from, to string) move {
	return move{def: n, part: "/" + part, from: ident.Name{Name: from}, to: ident.Name{Name: to}, optional: true,
		rename: func(from ident.Name, to string) string {
			return "ALTER " + address + " RENAME COLUMN " + ident.Quote(from.Name) + " TO " + ident.Quote(to)
		}}
}
