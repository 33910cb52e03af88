package structure

import (
	"fmt"
	"slices"
	"strings"

	"floe/pkg/catalog"
	"floe/pkg/ident"
)

func literal(s string) string { return strings.TrimSpace(ident.Literal(s)) }

// enum renames labels, known by their oids, and adds new ones where they belong in the order.
func (d *differ) enum(def catalog.Definition, old, now *catalog.EnumDef) {
	if old == now || slices.Equal(old.Labels, now.Labels) || len(old.OIDs) != len(old.Labels) || len(now.OIDs) != len(now.Labels) {
		return
	}
	at := map[uint32]string{}
	for i, oid := range old.OIDs {
		at[oid] = old.Labels[i]
	}
	alter := "ALTER TYPE " + def.Name.SQL() + " "
	var moves []move
	for i, oid := range now.OIDs {
		if was, ok := at[oid]; ok && was != now.Labels[i] {
			moves = append(moves, move{def: def, part: fmt.Sprintf("/%d", oid), from: ident.Name{Name: was}, to: ident.Name{Name: now.Labels[i]},
				rename: func(from ident.Name, to string) string {
					return alter + "RENAME VALUE " + literal(from.Name) + " TO " + literal(to)
				}})
		}
	}
	for _, s := range d.settle(moves) {
		d.change(def, s)
	}
	if d.now.older(12) && slices.ContainsFunc(now.OIDs, func(oid uint32) bool { _, ok := at[oid]; return !ok }) {
		d.enumAnew(def)
		return
	}
	for i, oid := range now.OIDs {
		if _, ok := at[oid]; ok {
			continue
		}
		sql := alter + "ADD VALUE IF NOT EXISTS " + literal(now.Labels[i])
		if i > 0 {
			sql += " AFTER " + literal(now.Labels[i-1])
		} else if first := slices.IndexFunc(now.OIDs, func(oid uint32) bool { return at[oid] != "" }); first > 0 {
			sql += " BEFORE " + literal(now.Labels[first])
		}
		d.change(def, d.alter(def, fmt.Sprintf("value/%d", oid), sql))
	}
}

// enumAnew makes an enum with more labels for a target before 12, which adds none inside a transaction: a
// new type takes the place of the old one, in all columns that hold it.
func (d *differ) enumAnew(def catalog.Definition) {
	create := d.now.enumDef(def, def.Body.(*catalog.EnumDef))
	sql := []string{"ALTER TYPE " + def.Name.SQL() + " RENAME TO " + ident.Quote(temporary(def)), create}
	for _, t := range d.now.db.Tables() {
		old := d.oldTable(t)
		for i := 0; old != nil && i < len(t.Columns); i++ {
			c := &t.Columns[i]
			o := columnAt(old, c.Attnum)
			of := ident.Name{Schema: def.Name.Schema, Name: strings.TrimPrefix(c.Type.Name, "_")}
			if o == nil || c.Type.Schema != def.Name.Schema || c.Type != def.Name && of != def.Name || c.Inherited || d.partitionStays(old, t) {
				continue
			}
			if o.Default != nil {
				d.dropDefault(d.news[key(catalog.KindTable, t.OID)], old, o, c)
			}
			name := ident.Quote(d.now.column(t, c.Name))
			sql = append(sql, "ALTER TABLE "+d.now.table(t.Name).SQL()+" ALTER COLUMN "+name+" TYPE "+c.SQL+" USING "+name+"::pg_catalog.text::"+c.SQL)
		}
	}
	d.change(def, d.alter(def, "values", strings.Join(sql, ";\n")))
	s := d.alter(def, "values/old", "DROP TYPE "+ident.Name{Schema: def.Name.Schema, Name: temporary(def)}.SQL())
	s.Optional = true
	d.change(def, s)
}

// composite changes a type's attributes. Columns that hold it keep their values.
func (d *differ) composite(def catalog.Definition, old, now *catalog.CompositeDef) {
	if old == now {
		return
	}
	at := map[int16]catalog.Attribute{}
	for _, a := range old.Attributes {
		at[a.Attnum] = a
	}
	alter, cascade := "ALTER TYPE "+def.Name.SQL()+" ", ""
	if d.hasTables(def) {
		cascade = " CASCADE" // to the tables of this type, and to nothing else
	}
	for _, a := range old.Attributes {
		if !slices.ContainsFunc(now.Attributes, func(n catalog.Attribute) bool { return n.Attnum == a.Attnum }) {
			d.columns = append(d.columns, d.alter(def, fmt.Sprintf("drop/%d", a.Attnum), "ALTER TYPE "+d.olds[keyOf(def)].Name.SQL()+" DROP ATTRIBUTE IF EXISTS "+ident.Quote(a.Name)+cascade))
		}
	}
	var moves []move
	for _, a := range now.Attributes {
		if o, ok := at[a.Attnum]; ok && o.Name != a.Name {
			moves = append(moves, move{def: def, part: fmt.Sprintf("/%d", a.Attnum), from: ident.Name{Name: o.Name}, to: ident.Name{Name: a.Name},
				rename: func(from ident.Name, to string) string {
					return alter + "RENAME ATTRIBUTE " + ident.Quote(from.Name) + " TO " + ident.Quote(to) + cascade
				}})
		}
	}
	for _, s := range d.settle(moves) {
		d.change(def, s)
	}
	for _, a := range now.Attributes {
		o, stood := at[a.Attnum]
		kind := a.SQL + collate(a.Collation)
		switch {
		case !stood:
			d.change(def, d.alter(def, fmt.Sprintf("add/%d", a.Attnum), alter+"ADD ATTRIBUTE "+ident.Quote(a.Name)+" "+kind+cascade))
		case kind != o.SQL+collate(o.Collation) && !d.typeRenamed(o.SQL, a.SQL):
			d.change(def, d.alter(def, fmt.Sprintf("type/%d", a.Attnum), alter+"ALTER ATTRIBUTE "+ident.Quote(a.Name)+" TYPE "+kind+cascade))
		}
	}
}

// hasTables reports whether tables are of a composite type, and stay so.
func (d *differ) hasTables(def catalog.Definition) bool {
	for _, t := range d.now.db.Tables() {
		if old := d.oldTable(t); old != nil && d.typeStays(old, t) && *t.OfType == def.Name {
			return true
		}
	}
	return false
}

// typeRenamed reports whether a type's spelling differs because a type was renamed.
func (d *differ) typeRenamed(old, now string) bool {
	for _, o := range d.was.db.Definitions {
		n, ok := d.news[keyOf(o)]
		if !ok || n.Name == o.Name {
			continue
		}
		rest, had := strings.CutPrefix(old, o.Name.String())
		if had && n.Name.String()+rest == now {
			return true
		}
	}
	return false
}

func (d *differ) domain(def catalog.Definition, old, now *catalog.DomainDef) {
	if old == now {
		return
	}
	alter := func(phase, sql string) {
		s := d.alter(def, phase, "ALTER DOMAIN "+def.Name.SQL()+" "+sql)
		s.Optional = true
		d.change(def, s)
	}
	goes := func(phase, sql string) { // before what it called, which may be dropped with it
		s := d.alter(def, phase, "ALTER DOMAIN "+d.olds[keyOf(def)].Name.SQL()+" "+sql)
		s.Optional = true
		d.columns = append(d.columns, s)
	}
	for _, c := range old.Checks {
		n := checkOf(now, c.Name)
		switch {
		case n == nil || n.SQL != c.SQL && strings.TrimSuffix(c.SQL, " NOT VALID") != n.SQL:
			goes("check/"+c.Name+"/drop", "DROP CONSTRAINT IF EXISTS "+ident.Quote(c.Name))
			d.out.Obsolete = append(d.out.Obsolete, id(def.Kind, def.OID, domainCheck(c.Name)))
		case n.SQL != c.SQL:
			head := "ALTER DOMAIN " + def.Name.SQL()
			s := d.alter(def, "check/"+c.Name, inside("BEGIN "+head+" VALIDATE CONSTRAINT "+ident.Quote(c.Name)+
				"; EXCEPTION WHEN undefined_object THEN "+head+" ADD CONSTRAINT "+ident.Quote(c.Name)+" "+n.SQL+"; END;")) // it waited for a load, or was let go
			s.Optional = true
			d.change(def, s)
			d.out.Obsolete = append(d.out.Obsolete, id(def.Kind, def.OID, domainCheck(c.Name)))
		}
	}
	switch {
	case old.Default != now.Default && now.Default == "":
		goes("default", "DROP DEFAULT")
	case old.Default != now.Default:
		alter("default", "SET DEFAULT "+now.Default)
	}
	switch {
	case old.NotNull && !now.NotNull:
		alter(domainNotNull, "DROP NOT NULL")
		d.out.Obsolete = append(d.out.Obsolete, id(def.Kind, def.OID, domainNotNull))
	case now.NotNull && !old.NotNull:
		alter(domainNotNull, "SET NOT NULL")
	}
	for _, c := range now.Checks {
		o := checkOf(old, c.Name)
		if o != nil && strings.TrimSuffix(o.SQL, " NOT VALID") == strings.TrimSuffix(c.SQL, " NOT VALID") {
			continue
		}
		if c.Calls != catalog.CallsUnstable && !strings.HasSuffix(c.SQL, " NOT VALID") { // others are steps
			alter("check/"+c.Name, "ADD CONSTRAINT "+ident.Quote(c.Name)+" "+c.SQL)
		}
	}
}

func checkOf(d *catalog.DomainDef, name string) *catalog.DomainCheck {
	for i := range d.Checks {
		if d.Checks[i].Name == name {
			return &d.Checks[i]
		}
	}
	return nil
}

func (d *differ) sequence(def catalog.Definition, old, now *catalog.SequenceDef) {
	if old == now {
		return
	}
	name := d.now.sequence(def.Name)
	d.sequenceOptions(def, "options", name, old, now)
	if old.OwnedBy != nil && now.OwnedBy == nil {
		s := d.alter(def, "owned", "ALTER SEQUENCE "+d.was.sequence(d.olds[keyOf(def)].Name).SQL()+" OWNED BY NONE")
		s.Optional = true
		d.loose = append(d.loose, s)
	}
}

// sequenceOptions alters a sequence. Its value here may lie outside of new bounds: it is sampled again.
func (d *differ) sequenceOptions(def catalog.Definition, phase string, name ident.Name, old, now *catalog.SequenceDef) {
	add := func(phase, sql string, other ...string) {
		s := d.alter(def, phase, "ALTER SEQUENCE "+name.SQL()+" "+sql)
		s.Optional = true
		for _, o := range other {
			s.Else = append(s.Else, s.SQL+o)
		}
		d.change(def, s)
	}
	a, b := *old, *now
	a.OwnedBy, b.OwnedBy, a.Unlogged, b.Unlogged = nil, nil, false, false
	if a != b {
		sql := "AS " + now.Type + " " + sequenceOptions(now)
		if !now.Cycle {
			sql += " NO CYCLE"
		}
		add(phase, sql, " RESTART")
	}
	if old.Unlogged != now.Unlogged && !d.now.older(15) {
		add(phase+"/logged", map[bool]string{true: "SET UNLOGGED", false: "SET LOGGED"}[now.Unlogged])
	}
}

func (d *differ) extension(def catalog.Definition, old, now *catalog.ExtensionDef) {
	alter := func(phase, sql string) {
		s := d.alter(def, phase, "ALTER EXTENSION "+ident.Quote(def.Name.Name)+" "+sql)
		s.Object, s.Optional = "extension "+def.Name.Name, true
		d.change(def, s)
	}
	if old.Schema != now.Schema && d.here(ident.Name{Schema: old.Schema}).Schema != now.Schema {
		alter("schema", "SET SCHEMA "+ident.Quote(now.Schema))
	}
	if old.Version != now.Version {
		alter("version", "UPDATE TO "+literal(now.Version))
	}
}
