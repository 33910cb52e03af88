package structure

import (
	"fmt"
	"slices"
	"strings"

	"floe/pkg/catalog"
	"floe/pkg/ident"
)

// move is an object that gets another name or schema. Two that swap names need one of floe's in between.
type move struct {
	def      catalog.Definition
	space    string // names in one space must differ: relations and types, or the parts of one table
	part     string // of def: a column or the like; empty for itself
	from, to ident.Name
	optional bool
	// args are what tells overloaded ones apart, in names of before; argsNow in those of now, should a type have
	// been renamed meanwhile.
	args, argsNow string
	// rename and carry say the SQL, with the name that it has at that moment.
	rename func(from ident.Name, to string) string
	carry  func(from ident.Name, schema string) string
}

// renameSchemas renames schemas that nothing of the source keeps under their old names. One that is there under the new
// name already was made for what came before word of the rename did: what is in the old one moves, piece by piece.
func (d *differ) renameSchemas() {
	if !slices.ContainsFunc(d.now.db.Definitions, func(n catalog.Definition) bool {
		o, ok := d.olds[keyOf(n)]
		return ok && n.Kind == catalog.KindSchema && o.Name != n.Name
	}) {
		return
	}
	stays := map[string]bool{}
	for _, s := range d.now.out.Before {
		stays[s.ID] = true
	}
	had := map[string]bool{}
	for _, s := range planned(d.before, d.now.o).out.Before {
		had[s.ID] = true
	}
	named := map[string]bool{}
	for _, o := range d.was.db.Definitions {
		if o.Kind == catalog.KindSchema {
			named[d.was.mapping.Schema(o.Name.Name)] = true
		}
	}
	var moves []move
	for _, n := range d.now.db.Definitions {
		o, ok := d.olds[keyOf(n)]
		if !ok || n.Kind != catalog.KindSchema || o.Name == n.Name {
			continue
		}
		from, to := d.was.mapping.Schema(o.Name.Name), d.now.mapping.Schema(n.Name.Name)
		if from == to || !had["schema/"+from] || from == "pg_catalog" {
			continue
		}
		if had["schema/"+to] && !named[to] {
			if !stays["schema/"+from] {
				d.last = append(d.last, Statement{ID: keyOf(n) + "/drop", Object: "schema " + from, Alters: "schema/" + to, Optional: true, SQL: "DROP SCHEMA " + ident.Quote(from)})
				d.out.Obsolete = append(d.out.Obsolete, "schema/"+from)
			}
			continue
		}
		d.schemas[from] = to
		moves = append(moves, move{def: n, from: ident.Name{Name: from}, to: ident.Name{Name: to},
			rename: func(from ident.Name, to string) string {
				return "ALTER SCHEMA " + ident.Quote(from.Name) + " RENAME TO " + ident.Quote(to)
			}})
	}
	for _, s := range d.settle(moves) {
		name := d.olds[s.ID[:strings.Index(s.ID, "/change/")]].Name.Name
		s.Object, s.Alters = "schema "+name, "schema/"+d.schemas[d.was.mapping.Schema(name)]
		d.schemaMoves = append(d.schemaMoves, s)
	}
	for from, to := range d.schemas {
		d.out.Renumbered = put(d.out.Renumbered, "schema/"+from, "schema/"+to)
	}
}

func put(m map[string]string, k, v string) map[string]string {
	if m == nil {
		m = map[string]string{}
	}
	m[k] = v
	return m
}

// settle orders moves so that each finds its name free.
func (d *differ) settle(moves []move) []Statement {
	var out []Statement
	emit := func(m *move, to ident.Name, step string) {
		add := func(step, sql string) {
			s := d.alter(m.def, step+m.part, sql)
			s.Optional = m.optional
			if m.args != m.argsNow {
				s.Else = []string{strings.Replace(sql, m.args, m.argsNow, 1)}
			}
			out = append(out, s)
		}
		if m.from.Schema != to.Schema {
			if m.from.Name != to.Name {
				between := ident.Name{Schema: m.from.Schema, Name: temporary(m.def) + m.part}
				add(step+"/between", m.rename(m.from, between.Name))
				m.from = between
			}
			add(step+"/schema", m.carry(m.from, to.Schema))
			m.from.Schema = to.Schema
		}
		if m.from.Name != to.Name {
			add(step, m.rename(m.from, to.Name))
		}
		m.from = to
	}
	for len(moves) > 0 {
		var blocked []move
		type place struct {
			space string
			name  ident.Name
		}
		taken := map[place]bool{}
		for _, m := range moves {
			taken[place{m.space, m.from}] = true
		}
		for _, m := range moves {
			if taken[place{m.space, m.to}] {
				blocked = append(blocked, m)
				continue
			}
			delete(taken, place{m.space, m.from})
			emit(&m, m.to, "rename")
		}
		if len(blocked) == len(moves) {
			m := &blocked[0]
			emit(m, ident.Name{Schema: m.from.Schema, Name: temporary(m.def) + m.part}, "aside")
		}
		moves = blocked
	}
	return out
}

func temporary(def catalog.Definition) string { return fmt.Sprintf("floe %s %d", def.Kind, def.OID) }

// renameAll brings what stands to its new names: types and relations, then what moves with them.
func (d *differ) renameAll() {
	var first, second []move
	for _, n := range d.now.db.Definitions {
		o, ok := d.olds[keyOf(n)]
		if !ok || o.Name == n.Name && o.Body == n.Body && len(d.schemas) == 0 || d.remade[keyOf(n)] {
			continue
		}
		switch n.Body.(type) {
		case *catalog.SchemaDef, *catalog.ExtensionDef:
		case *catalog.SequenceDef:
			second = append(second, d.sequenceMove(n, o)...)
		case *catalog.ConstraintDef, *catalog.IndexDef:
			second = append(second, d.partMove(n, o)...)
		default:
			first = append(first, d.ownMove(n, o)...)
		}
		if t, ok := n.Body.(*catalog.TableDef); ok {
			second = append(second, d.identityMoves(n, d.oldTable(t), t)...)
		}
	}
	d.renames = append(d.renames, d.settle(first)...)
	d.renames = append(d.renames, d.settle(second)...)
	for _, n := range d.now.db.Definitions {
		if t, ok := n.Body.(*catalog.TableDef); ok {
			if old := d.oldTable(t); old != nil && old != t {
				d.renames = append(d.renames, d.settle(d.columnMoves(n, old, t))...)
			}
		}
		if !d.remade[keyOf(n)] {
			d.renames = append(d.renames, d.settle(d.viewColumns(n))...)
		}
	}
}

// here is where an object of the target is after schemas were renamed.
func (d *differ) here(n ident.Name) ident.Name {
	if to, ok := d.schemas[n.Schema]; ok {
		n.Schema = to
	}
	return n
}

func moved(def catalog.Definition, noun, args string, from, to ident.Name) []move {
	if from == to {
		return nil
	}
	return []move{{def: def, from: from, to: to, args: args, argsNow: args,
		rename: func(from ident.Name, to string) string {
			name := ident.Quote(from.Name) // a server lies in no schema
			if from.Schema != "" {
				name = from.SQL()
			}
			return "ALTER " + noun + " " + name + args + " RENAME TO " + ident.Quote(to)
		},
		carry: func(from ident.Name, schema string) string {
			return "ALTER " + noun + " " + from.SQL() + args + " SET SCHEMA " + ident.Quote(schema)
		}}}
}

// retyped are moves of what is told apart by arguments whose types may have other names by now.
func retyped(moves []move, args string) []move {
	for i := range moves {
		moves[i].argsNow = args
	}
	return moves
}

func (d *differ) ownMove(n, o catalog.Definition) []move {
	switch b := n.Body.(type) {
	case *catalog.TableDef:
		return moved(n, "TABLE", "", d.here(d.was.table(o.Name)), d.now.table(n.Name))
	case *catalog.FunctionDef:
		noun := "FUNCTION"
		if b.Procedure {
			noun = "PROCEDURE"
		}
		return retyped(moved(n, noun, "("+o.Body.(*catalog.FunctionDef).Args+")", d.here(o.Name), n.Name), "("+b.Args+")")
	case *catalog.DomainDef:
		return moved(n, "DOMAIN", "", d.here(o.Name), n.Name)
	case *catalog.CollationDef:
		return moved(n, "COLLATION", "", d.here(o.Name), n.Name)
	case *catalog.TextDef:
		if n.Kind == catalog.KindView {
			return moved(n, "VIEW", "", d.here(o.Name), n.Name)
		}
		return d.calledMove(n)
	case *catalog.RangeDef:
		return append(moved(n, "TYPE", "", d.here(o.Name), n.Name), d.multirangeMove(n, o.Body.(*catalog.RangeDef), b)...)
	case *catalog.EnumDef, *catalog.CompositeDef:
		return moved(n, "TYPE", "", d.here(o.Name), n.Name)
	}
	return nil
}

// multirangeMove renames the type that comes with a range type and has a name of its own.
func (d *differ) multirangeMove(n catalog.Definition, old, now *catalog.RangeDef) []move {
	if old.Multirange == nil || now.Multirange == nil || d.now.older(14) {
		return nil
	}
	moves := moved(n, "TYPE", "", d.here(*old.Multirange), *now.Multirange)
	for i := range moves {
		moves[i].part = "/multirange"
	}
	return moves
}

// sequenceMove renames a sequence; one that a column owns has followed its table to another schema.
func (d *differ) sequenceMove(n, o catalog.Definition) []move {
	from := d.here(d.was.sequence(o.Name))
	if own := o.Body.(*catalog.SequenceDef).OwnedBy; own != nil {
		from = d.followed(own.Table, from)
	}
	return moved(n, "SEQUENCE", "", from, d.now.sequence(n.Name))
}

// followed is the place of something in its table's schema, after the table moved.
func (d *differ) followed(table, name ident.Name) ident.Name {
	if t := d.was.db.Table(table); t != nil {
		if now := d.newTable(t); now != nil {
			name.Schema = d.now.table(now.Name).Schema
		}
	}
	return name
}

func (d *differ) identityMoves(n catalog.Definition, old, now *catalog.TableDef) []move {
	var out []move
	for _, c := range now.Columns {
		if o := columnAt(old, c.Attnum); o != nil && o.Identity != nil && c.Identity != nil && o.Identity.OID == c.Identity.OID {
			from := d.followed(old.Name, d.here(d.was.sequence(o.Identity.Name)))
			for _, m := range moved(n, "SEQUENCE", "", from, d.now.sequence(c.Identity.Name)) {
				m.optional, m.part = true, fmt.Sprintf("/%d", c.Attnum)
				out = append(out, m)
			}
		}
	}
	return out
}

// partMove renames a constraint or an index, which has followed its table.
func (d *differ) partMove(n, o catalog.Definition) []move {
	if o.Name.Name == n.Name.Name {
		return nil
	}
	if d.newTableOf(n) == nil {
		if b, ok := n.Body.(*catalog.IndexDef); ok && d.now.views[b.Table] { // of a materialized view
			return moved(n, "INDEX", "", ident.Name{Schema: b.Table.Schema, Name: o.Name.Name}, ident.Name{Schema: b.Table.Schema, Name: n.Name.Name})
		}
		return nil
	}
	table := d.now.table(hangsOn(n))
	from, to := ident.Name{Schema: table.Schema, Name: o.Name.Name}, ident.Name{Schema: table.Schema, Name: n.Name.Name}
	b, ok := n.Body.(*catalog.ConstraintDef)
	if !ok {
		return moved(n, "INDEX", "", from, to)
	}
	if b.Inherited || d.renamedByParent(n, o, b) {
		return nil // renamed with its parent's
	}
	space := ""
	if b.Type == catalog.Check || b.Type == catalog.ForeignKey || b.Type == catalog.NotNull {
		space = table.SQL()
	}
	return []move{{def: n, space: space, from: from, to: to, rename: func(from ident.Name, to string) string {
		return "ALTER TABLE " + table.SQL() + " RENAME CONSTRAINT " + ident.Quote(from.Name) + " TO " + ident.Quote(to)
	}}}
}

// renamedByParent reports whether a check that a table declares itself is merged with one of a parent's,
// which gets the same name.
func (d *differ) renamedByParent(n, o catalog.Definition, b *catalog.ConstraintDef) bool {
	t := d.newTableOf(n)
	if b.Type != catalog.Check || t == nil || d.oldTable(t) == nil {
		return false
	}
	parents := append(slices.Clone(t.Inherits), partitionOf(t)...)
	for _, p := range d.now.db.Definitions {
		c, ok := p.Body.(*catalog.ConstraintDef)
		if !ok || c.Type != catalog.Check || p.Name.Name != n.Name.Name || !slices.Contains(parents, c.Table) {
			continue
		}
		if was, stood := d.olds[keyOf(p)]; stood && was.Name.Name == o.Name.Name {
			return true
		}
	}
	return false
}

func partitionOf(t *catalog.TableDef) []ident.Name {
	if t.PartitionOf == nil {
		return nil
	}
	return []ident.Name{t.PartitionOf.Parent}
}

func (d *differ) newTableOf(def catalog.Definition) *catalog.TableDef {
	return d.now.db.Table(hangsOn(def))
}

func columnAt(t *catalog.TableDef, attnum int16) *catalog.TableColumn {
	for i := range t.Columns {
		if t.Columns[i].Attnum == attnum {
			return &t.Columns[i]
		}
	}
	return nil
}

// columnMoves renames columns; what a parent's column does, its children's do with it.
func (d *differ) columnMoves(n catalog.Definition, old, now *catalog.TableDef) []move {
	var out []move
	table := d.now.table(now.Name)
	for _, c := range now.Columns {
		o := columnAt(old, c.Attnum)
		if o == nil {
			continue
		}
		from, to := d.was.column(old, o.Name), d.now.column(now, c.Name)
		if from == to || d.typeStays(old, now) || d.byParent(old, now, func(po, pn *catalog.TableColumn) bool {
			return po != nil && pn != nil && po.Name == o.Name && pn.Name == c.Name
		}) {
			continue
		}
		out = append(out, move{def: n, part: fmt.Sprintf("/%d", c.Attnum), from: ident.Name{Name: from}, to: ident.Name{Name: to},
			rename: func(from ident.Name, to string) string {
				return "ALTER TABLE " + table.SQL() + " RENAME COLUMN " + ident.Quote(from.Name) + " TO " + ident.Quote(to)
			}})
	}
	return out
}

// byParent reports whether a parent that stays has a column that changes likewise.
func (d *differ) byParent(old, now *catalog.TableDef, likewise func(po, pn *catalog.TableColumn) bool) bool {
	stays := map[uint32]bool{}
	for _, oid := range parentOIDs(d.was.db, old) {
		stays[oid] = true
	}
	for _, oid := range parentOIDs(d.now.db, now) {
		if !stays[oid] {
			continue
		}
		pn := d.news[key(catalog.KindTable, oid)].Body.(*catalog.TableDef)
		po := d.olds[key(catalog.KindTable, oid)].Body.(*catalog.TableDef)
		for i := range po.Columns {
			if likewise(&po.Columns[i], columnAt(pn, po.Columns[i].Attnum)) {
				return true
			}
		}
		for i := range pn.Columns {
			if columnAt(po, pn.Columns[i].Attnum) == nil && likewise(nil, &pn.Columns[i]) {
				return true
			}
		}
	}
	return false
}
