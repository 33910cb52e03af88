package structure

import (
	"slices"
	"strings"

	"floe/pkg/catalog"
	"floe/pkg/ident"
)

// flags are what of a constraint can change while it stays the same, at the end of its definition.
var flags = []string{" NOT VALID", " NOT ENFORCED", " INITIALLY DEFERRED", " DEFERRABLE", " NO INHERIT"}

// flagged cuts the flags off a constraint's definition.
func flagged(sql string) []string {
	var out []string
	for cut := true; cut; {
		cut = false
		for _, f := range flags {
			if rest, ok := strings.CutSuffix(sql, f); ok {
				sql, cut = rest, true
				out = append(out, f)
			}
		}
	}
	slices.Sort(out)
	return out
}

// constraint follows what can change of a constraint with the same oid: names in its text have followed
// their objects by themselves.
func (d *differ) constraint(def catalog.Definition, old, now *catalog.ConstraintDef) {
	t := d.newTableOf(def)
	if old == now || t == nil || now.Inherited {
		return
	}
	was, is := flagged(old.SQL), flagged(now.SQL)
	valid := func(f string) bool { return f == " NOT VALID" }
	if slices.ContainsFunc(was, valid) && !slices.ContainsFunc(is, valid) && now.Type == catalog.Check {
		s := d.alter(def, "validate", "ALTER TABLE "+d.now.table(t.Name).SQL()+" VALIDATE CONSTRAINT "+ident.Quote(def.Name.Name))
		s.Optional, s.Restores, s.Else = true, true, []string{d.now.addConstraint(t, def, now, "")}
		d.change(def, s)
	}
	was, is = slices.DeleteFunc(was, valid), slices.DeleteFunc(is, valid)
	if !slices.Equal(was, is) || !slices.Equal(old.Options, now.Options) && now.Type == catalog.Exclusion {
		d.remake(def)
		return
	}
	d.indexOptions(def, d.now.table(t.Name).Schema, old.Options, now.Options)
}

func (d *differ) index(def catalog.Definition, old, now *catalog.IndexDef) {
	t := d.newTableOf(def)
	schema := now.Table.Schema
	switch {
	case old == now, t == nil && !d.now.views[now.Table]:
		return
	case t != nil:
		schema = d.now.table(t.Name).Schema
	}
	d.indexOptions(def, schema, withOf(old.Using), withOf(now.Using))
}

// indexOptions follows the storage parameters of an index, which is all of it that can change in place.
func (d *differ) indexOptions(def catalog.Definition, schema string, old, now []string) {
	if slices.Equal(old, now) {
		return
	}
	alter := func(phase, sql string) {
		s := d.alter(def, phase, "ALTER INDEX "+ident.Name{Schema: schema, Name: def.Name.Name}.SQL()+" "+sql)
		s.Optional = true
		d.change(def, s)
	}
	if lost := lostOptions(old, now); len(lost) > 0 {
		alter("options/lost", "RESET ("+strings.Join(lost, ", ")+")")
	}
	if len(now) > 0 {
		alter("options", "SET ("+options(now)+")")
	}
}

// withOf are the storage parameters in an index's definition.
func withOf(using string) []string {
	depth, at := 0, 0
	for _, t := range tokens(using) {
		switch {
		case t.text == "(":
			depth++
		case t.text == ")":
			depth--
		case depth == 0 && t.text == "WITH":
			rest := using[at+len("WITH"):]
			list := rest[strings.Index(rest, "(")+1:]
			list = list[:strings.Index(list, ")")]
			var out []string
			for _, o := range strings.Split(list, ",") {
				name, value, _ := strings.Cut(strings.TrimSpace(o), "=")
				out = append(out, name+"="+strings.Trim(value, "'"))
			}
			return out
		}
		at += len(t.text)
	}
	return nil
}
