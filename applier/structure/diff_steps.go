package structure

import (
	"slices"
	"strings"

	"floe/pkg/catalog"
)

// all are the steps of a script.
func (s *Script) all() []Statement { return slices.Concat(s.Before, s.After, s.CutOver) }

func byID(s *Script) map[string]Statement {
	out := map[string]Statement{}
	for _, st := range s.all() {
		out[st.ID] = st
	}
	return out
}

// steps compares the two plans step by step.
func (d *differ) steps() {
	old, new := byID(d.was.out), byID(d.now.out)
	for _, s := range d.was.out.all() {
		object, phase := parted(s.ID)
		n, still := new[s.ID]
		_, stands := d.news[object]
		switch {
		case phase == "": // a schema
		case !stands:
			if d.gone[object] {
				d.out.Obsolete = append(d.out.Obsolete, s.ID)
			}
		case d.remade[object]:
		case !still:
			d.taken(d.news[object], s, phase)
		case s.SQL != n.SQL || d.fresh[s.ID]:
			d.changed(d.news[object], s, n, phase)
		}
	}
	for _, n := range d.now.out.all() {
		object, phase := parted(n.ID)
		_, was := old[n.ID]
		switch {
		case phase == "":
		case d.remade[object]:
			d.again(n)
		case d.fresh[n.ID]:
		case !was:
			d.fresh[n.ID] = true
			if _, ok := d.olds[object]; ok || n.Table.Name != "" && d.tableStood(n) {
				d.out.Awaited = append(d.out.Awaited, n)
			}
		case d.out.restates(old[n.ID], n):
			d.out.Restated = append(d.out.Restated, n)
		}
	}
}

// restates reports whether the record of a step that stays is to be written anew.
func (*Script) restates(o, n Statement) bool {
	return o.SQL != n.SQL || o.Object != n.Object || o.relation() != n.relation()
}

// tableStood reports whether the table of a new step was there before it.
func (d *differ) tableStood(n Statement) bool {
	t := d.now.db.Table(n.Table)
	return t != nil && d.oldTable(t) != nil
}

// again has a step run as if it never was.
func (d *differ) again(n Statement) {
	d.fresh[n.ID] = true
	d.out.Obsolete = append(d.out.Obsolete, n.ID)
	d.out.Awaited = append(d.out.Awaited, n)
}

// taken takes back a step that the plan no longer has, of an object that stands.
func (d *differ) taken(def catalog.Definition, s Statement, phase string) {
	d.out.Obsolete = append(d.out.Obsolete, s.ID)
	if c, ok := def.Body.(*catalog.ConstraintDef); ok && phase == "create" && c.Type == catalog.ForeignKey {
		d.dropObject(d.olds[keyOf(def)]) // what it refers to is no longer kept
		return
	}
	if s.Undo == "" || d.columnGone(def, phase) {
		return
	}
	d.undo(def, s, phase)
}

// undo takes a step back, by the names that it was planned with: of what is renamed here they hold behind that, but
// for what completed an object that is another one by now.
func (d *differ) undo(def catalog.Definition, s Statement, phase string) {
	u := d.alter(def, "undo/"+phase, s.Undo)
	u.Optional = s.Optional
	if old, ok := d.called[keyOf(def)]; ok && !(old.changed && strings.HasPrefix(phase, "then/")) {
		d.change(def, u) // the step's own record is gone by then
		return
	}
	u.Alters = s.ID
	d.loose = append(d.loose, u)
}

// columnGone reports whether a step is of a column that is dropped.
func (d *differ) columnGone(def catalog.Definition, phase string) bool {
	t, ok := def.Body.(*catalog.TableDef)
	n, column := attnum(phase)
	if !ok || !column {
		return false
	}
	return !slices.ContainsFunc(t.Columns, func(c catalog.TableColumn) bool { return c.Attnum == n })
}

// changed follows a step whose SQL is another one. Tables and types are altered elsewhere; the text of a
// constraint or index with the same oid differs only by what was renamed.
func (d *differ) changed(def catalog.Definition, s, n Statement, phase string) {
	switch def.Kind {
	case catalog.KindConstraint, catalog.KindIndex:
		if phase == "create" || phase == "attach" || phase == "validate" {
			return
		}
	case catalog.KindTable, catalog.KindEnum, catalog.KindComposite, catalog.KindDomain, catalog.KindRange, catalog.KindCollation,
		catalog.KindSequence, catalog.KindExtension:
		if phase == "create" || phase == "attach" && !d.fresh[s.ID] {
			return
		}
	}
	switch {
	case phase == "create" && d.inPlace(def, n):
	case phase == "create" && n.Again != "" && d.keepsPlace(def):
		if def.Kind == catalog.KindPackage {
			d.bodyAgain(def)
		}
		a := d.alter(def, "again", n.Again)
		a.Optional = n.Optional
		if address, ok := d.now.called(def); ok {
			anew := "DROP " + address + ";\n" + n.SQL
			if rest := d.rest(def); rest != "" {
				a.Else = []string{anew + rest}
			}
			a.Else = append(a.Else, anew)
		}
		d.change(def, a)
	case phase == "create":
		d.remake(def)
	default:
		if n.Again == "" && s.Undo != "" {
			d.undo(def, s, phase)
		}
		d.again(n)
	}
}

// keepsPlace reports whether an object bears its name already: others than these were renamed before.
func (d *differ) keepsPlace(def catalog.Definition) bool {
	switch def.Kind {
	case catalog.KindRule, catalog.KindSynonym, catalog.KindPackage, catalog.KindPackageBody, catalog.KindObjectType:
		return d.olds[keyOf(def)].Name == def.Name
	}
	return true
}

// bodyAgain has the body of a package, whose step comes later, made again: a new head may have cost it.
func (d *differ) bodyAgain(head catalog.Definition) {
	for _, def := range d.now.db.Definitions {
		if _, stood := d.olds[keyOf(def)]; stood && def.Kind == catalog.KindPackageBody && def.Name == head.Name {
			d.fresh[keyOf(def)+"/create"] = true
		}
	}
}

// rest is what completes an object and what hangs on it, all of which go when it is dropped.
func (d *differ) rest(def catalog.Definition) string {
	of := map[string]bool{keyOf(def): true}
	switch def.Kind {
	case catalog.KindView, catalog.KindMatview, catalog.KindForeignTable:
		for _, n := range d.now.db.Definitions {
			if hangsOn(n) == def.Name {
				of[keyOf(n)] = true
			}
		}
	}
	var sql strings.Builder
	for _, s := range d.now.out.Before {
		if object, phase := parted(s.ID); of[object] && (object != keyOf(def) || phase != "create") {
			sql.WriteString(";\n" + s.SQL)
		}
	}
	return sql.String()
}

// remake drops an object, and has all its steps run again, and those of what hung on it.
func (d *differ) remake(def catalog.Definition) {
	d.remade[keyOf(def)] = true
	switch def.Kind {
	case catalog.KindView, catalog.KindMatview, catalog.KindForeignTable:
		for _, n := range d.now.db.Definitions {
			if hangsOn(n) == def.Name {
				d.remade[keyOf(n)] = true
			}
		}
	}
	d.dropObject(d.olds[keyOf(def)])
	for _, s := range d.was.out.all() {
		if object, _ := parted(s.ID); object == keyOf(def) {
			d.out.Obsolete = append(d.out.Obsolete, s.ID)
		}
	}
}

// assemble puts changes where the objects that they change are made.
func (d *differ) assemble() {
	var schemas, before []Statement
	pulled := map[string]bool{}
	rest := d.out.Before
	for len(rest) > 0 && strings.HasPrefix(rest[0].ID, "schema/") {
		schemas, rest = append(schemas, rest[0]), rest[1:]
	}
	for _, s := range rest {
		object, phase := parted(s.ID)
		if pulled[s.ID] {
			continue
		}
		if phase == "create" {
			before = append(before, d.changes[object]...)
			delete(d.changes, object)
		}
		if phase == "attach" && strings.HasPrefix(object, "table/") && d.fresh[s.ID] {
			before = append(before, d.parts(s, pulled)...)
			if t := d.now.db.Table(s.Table); t != nil && d.oldTable(t) != nil && d.oldTable(t).PartitionOf == nil { // its own load may not have been over
				s.Else = []string{"DELETE FROM " + d.now.table(t.Name).SQL() + ";\n" + s.SQL}
			}
		}
		before = append(before, s)
		if part, ok := d.keyPart(s); ok {
			before = append(before, part)
		}
	}
	for _, def := range d.now.db.Definitions {
		before = append(before, d.changes[keyOf(def)]...)
	}
	before = append(before, d.last...)
	d.out.After = slices.DeleteFunc(slices.Clone(d.out.After), func(s Statement) bool { return pulled[s.ID] })
	d.out.Drops = slices.Concat(d.loose, d.parted, d.ceased, d.columns, d.solid, d.schemaMoves)
	d.out.Renames = slices.Concat(schemas, d.renames)
	d.out.Before = before
}
