package structure

import (
	"slices"
	"strings"

	"floe/pkg/catalog"
	"floe/pkg/ident"
)

// parts are what a table must have before it can become a partition of one that is complete: checks that
// its parent has, and indexes, which the server would make under names of its own. Where the table has
// partitions already, an index of it counts only with theirs.
func (d *differ) parts(attach Statement, pulled map[string]bool) []Statement {
	out := d.checks(attach)
	pull := func(list []Statement, of ident.Name, also func(catalog.Definition) bool) {
		for _, s := range list {
			object, phase := parted(s.ID)
			if phase == "create" && s.Table == of && !pulled[s.ID] && also(d.news[object]) {
				pulled[s.ID] = true
				out = append(out, s)
			}
		}
	}
	pull(d.out.After, attach.Table, d.partOfParent)
	for _, t := range d.now.db.Tables() {
		if t.Name == attach.Table || !slices.Contains(d.now.within(t), attach.Table) || d.oldTable(t) == nil {
			continue
		}
		fresh := func(def catalog.Definition) bool { return d.partOfParent(def) && d.fresh[keyOf(def)+"/create"] }
		pull(d.out.Before, t.Name, fresh)
		pull(d.out.After, t.Name, fresh)
		out = append(out, d.indexParts(t, fresh)...)
	}
	return out
}

// indexParts makes new indexes of a partition parts of its parent's.
func (d *differ) indexParts(t *catalog.TableDef, fresh func(catalog.Definition) bool) []Statement {
	var out []Statement
	for _, def := range d.now.db.Definitions {
		if hangsOn(def) != t.Name || !fresh(def) {
			continue
		}
		if s, ok := d.indexPart(t, def); ok {
			out = append(out, s)
		}
	}
	return out
}

func (d *differ) indexPart(t *catalog.TableDef, def catalog.Definition) (Statement, bool) {
	var parent uint32
	switch b := def.Body.(type) {
	case *catalog.ConstraintDef:
		parent = b.Parent
	case *catalog.IndexDef:
		parent = b.Parent
	}
	s := d.now.ofTable(t, id(def.Kind, def.OID, "attach"), object(def), d.now.indexPart(t, def, parent))
	s.Optional = true
	return s, s.SQL != ""
}

// keyPart makes the key of a table that was a partition, and is, a part of its parent's, where the index is new, or
// the key since it was attached: others are parts as soon as their table is. Until those of all partitions are, the
// parent's key is none that a foreign key could refer to.
func (d *differ) keyPart(made Statement) (Statement, bool) {
	object, phase := parted(made.ID)
	t := d.now.db.Table(made.Table)
	if phase != "create" || t == nil || d.fresh[id(catalog.KindTable, t.OID, "attach")] {
		return Statement{}, false
	}
	def, old := d.news[object], d.oldTable(t)
	if old == nil || !d.partitionStays(old, t) || !d.partOfParent(def) || !d.now.isKey(def, t) {
		return Statement{}, false
	}
	if !d.fresh[made.ID] && d.was.isKey(d.olds[object], old) {
		return Statement{}, false
	}
	s, ok := d.indexPart(t, def)
	d.fresh[s.ID] = ok
	d.out.Obsolete = append(d.out.Obsolete, s.ID) // of when it was a part before
	return s, ok
}

// checks are those that a table must share with the parent that it is attached to. One that it has of its own
// may wait for its load still.
func (d *differ) checks(attach Statement) []Statement {
	var out []Statement
	for _, def := range d.now.db.Definitions {
		b, ok := def.Body.(*catalog.ConstraintDef)
		if !ok || b.Table != attach.Table || b.Type != catalog.Check {
			continue
		}
		_, stood := d.olds[keyOf(def)]
		t := d.now.db.Table(b.Table)
		parent := d.now.madeBy(t, def, b.Type)
		if parent == "" {
			continue
		}
		if b.Inherited {
			s := d.alter(def, "inherited", d.now.addConstraint(t, def, b, ""))
			if stood { // it may be there, or wait for the load still
				s.SQL = strings.Replace(s.SQL, " ADD CONSTRAINT ", " DROP CONSTRAINT IF EXISTS "+ident.Quote(def.Name.Name)+", ADD CONSTRAINT ", 1)
			}
			s.Alters, s.Optional = parent, true
			out = append(out, s)
			continue
		}
		i := slices.IndexFunc(d.out.After, func(s Statement) bool { return s.ID == keyOf(def)+"/create" })
		if i >= 0 {
			out = append(out, d.out.After[i])
			d.out.After = slices.Delete(slices.Clone(d.out.After), i, i+1)
		}
	}
	return out
}

func (d *differ) partOfParent(def catalog.Definition) bool {
	switch b := def.Body.(type) {
	case *catalog.ConstraintDef:
		return b.Parent != 0
	case *catalog.IndexDef:
		return b.Parent != 0
	}
	return false
}
