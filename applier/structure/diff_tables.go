package structure

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"floe/pkg/catalog"
	"floe/pkg/ident"
)

// table alters a table that stands. Names are those that hold after all renames, but for what is dropped,
// which goes before them.
func (d *differ) table(def catalog.Definition, old, now *catalog.TableDef) {
	if old == now {
		return
	}
	d.parentsLost(def, old, now)
	d.ofType(def, old, now)
	for i := range old.Columns {
		if c := &old.Columns[i]; columnAt(now, c.Attnum) == nil && !d.columnsFollow(old, now) && !d.dropsWithParent(old, now, c) {
			only := ""
			if d.childKeeps(old, now, c) {
				only = "ONLY "
			}
			s := d.alter(def, fmt.Sprintf("drop/%d", c.Attnum), "ALTER TABLE "+only+d.was.table(old.Name).SQL()+" DROP COLUMN IF EXISTS "+ident.Quote(d.was.column(old, c.Name)))
			s.Object = "column " + old.Name.String() + "." + c.Name
			d.columns = append(d.columns, s)
		}
	}
	d.types(def, old, now)
	for i := range now.Columns {
		c := &now.Columns[i]
		if o := columnAt(old, c.Attnum); o != nil {
			d.column(def, now, o, c)
		} else if !d.columnsFollow(old, now) {
			d.add(def, now, c)
		}
	}
	if old.Unlogged != now.Unlogged && now.PartitionKey == "" {
		d.alterTable(def, now, "logged", map[bool]string{true: "SET UNLOGGED", false: "SET LOGGED"}[now.Unlogged], true)
	}
	if old.AccessMethod != now.AccessMethod && !d.now.older(15) {
		d.alterTable(def, now, "access-method", "SET ACCESS METHOD "+ident.Quote(cmp.Or(now.AccessMethod, "heap")), true)
	}
	if lost := lostOptions(old.Options, now.Options); len(lost) > 0 {
		d.alterTable(def, now, "options", "RESET ("+strings.Join(lost, ", ")+")", true)
	}
	d.parentsWon(def, old, now)
}

// childKeeps reports whether a table that inherits from this one keeps a column that this one loses (ALTER TABLE
// ONLY … DROP COLUMN): it is the child's own from then on.
func (d *differ) childKeeps(old, now *catalog.TableDef, c *catalog.TableColumn) bool {
	return slices.ContainsFunc(d.now.db.Tables(), func(t *catalog.TableDef) bool {
		was := d.oldTable(t)
		if was == nil || !slices.Contains(was.Inherits, old.Name) || !slices.Contains(t.Inherits, now.Name) {
			return false
		}
		o := was.Column(c.Name)
		if o == nil || !o.Inherited {
			return false
		}
		n := columnAt(t, o.Attnum)
		return n != nil && !n.Inherited
	})
}

// dropsWithParent reports whether a column was there only by a parent, which is of a type that loses it.
func (d *differ) dropsWithParent(old, now *catalog.TableDef, c *catalog.TableColumn) bool {
	if !c.Inherited {
		return false
	}
	return slices.ContainsFunc(old.Inherits, func(n ident.Name) bool {
		was := d.was.db.Table(n)
		if was == nil || was.Column(c.Name) == nil {
			return false
		}
		is := d.newTable(was)
		return is != nil && slices.Contains(now.Inherits, is.Name) && columnAt(is, was.Column(c.Name).Attnum) == nil &&
			(d.typeStays(was, is) || d.dropsWithParent(was, is, was.Column(c.Name)))
	})
}

// columnsFollow reports whether a table's columns come and go with another object's, which is altered:
// its parent, or the type that it is of.
func (d *differ) columnsFollow(old, now *catalog.TableDef) bool {
	return d.partitionStays(old, now) || d.typeStays(old, now)
}

func (d *differ) typeStays(old, now *catalog.TableDef) bool {
	return d.was.typed(old) && d.now.typed(now) && d.sameComposite(*old.OfType, *now.OfType)
}

// sameComposite reports whether a type was called old and is called now.
func (d *differ) sameComposite(old, now ident.Name) bool {
	for _, o := range d.was.db.Definitions {
		if o.Kind == catalog.KindComposite && o.Name == old {
			return d.news[keyOf(o)].Name == now
		}
	}
	return old == now
}

// ofType has a table be of a type, or of none any more.
func (d *differ) ofType(def catalog.Definition, old, now *catalog.TableDef) {
	was, is := d.was.typed(old), d.now.typed(now)
	if !was && !is || d.typeStays(old, now) {
		return
	}
	if was {
		d.loose = append(d.loose, d.alter(def, "not-of", "ALTER TABLE "+d.was.table(old.Name).SQL()+" NOT OF"))
	}
	if is {
		d.last = append(d.last, d.alter(def, "of", "ALTER TABLE "+d.now.table(now.Name).SQL()+" OF "+now.OfType.SQL()))
	}
}

func (d *differ) alterTable(def catalog.Definition, t *catalog.TableDef, phase, sql string, optional bool) {
	s := d.alter(def, phase, "ALTER TABLE "+d.now.table(t.Name).SQL()+" "+sql)
	s.Optional = optional
	d.change(def, s)
}

// partitionStays reports whether a table was and is a partition of one table, whose columns are its own.
func (d *differ) partitionStays(old, now *catalog.TableDef) bool {
	return old.PartitionOf != nil && now.PartitionOf != nil && d.sameParents(old, now)
}

// parentsLost takes a table out of what it is no part of any more, or a part of with other bounds.
func (d *differ) parentsLost(def catalog.Definition, old, now *catalog.TableDef) {
	name := d.was.table(old.Name).SQL()
	if p := old.PartitionOf; p != nil && d.was.db.Table(p.Parent) != nil {
		if d.partitionStays(old, now) && p.Bound == now.PartitionOf.Bound {
			return
		}
		d.fresh[id(def.Kind, def.OID, "attach")] = now.PartitionOf != nil
		if d.partitionStays(old, now) { // behind what the parent hands down to it, before any attaching
			parent := d.now.db.Table(now.PartitionOf.Parent)
			s := d.alter(def, "detach", "ALTER TABLE "+d.now.table(parent.Name).SQL()+" DETACH PARTITION "+d.now.table(now.Name).SQL())
			d.change(d.news[key(catalog.KindTable, parent.OID)], s)
			return
		}
		d.loose = append(d.loose, d.alter(def, "detach", "ALTER TABLE "+d.was.table(p.Parent).SQL()+" DETACH PARTITION "+name))
		return
	}
	stays := parentOIDs(d.now.db, now)
	for _, n := range d.was.parents(old) {
		if p := d.was.db.Table(n); p != nil && !slices.Contains(stays, p.OID) {
			d.loose = append(d.loose, d.alter(def, fmt.Sprintf("no-inherit/%d", p.OID), "ALTER TABLE "+name+" NO INHERIT "+d.was.table(n).SQL()))
		}
	}
}

func (d *differ) parentsWon(def catalog.Definition, old, now *catalog.TableDef) {
	had := parentOIDs(d.was.db, old)
	for _, n := range d.now.parents(now) {
		if p := d.now.db.Table(n); p != nil && !slices.Contains(had, p.OID) {
			d.sharedChecks(def, now, p)
			d.alterTable(def, now, fmt.Sprintf("inherit/%d", p.OID), "INHERIT "+d.now.table(n).SQL(), false)
		}
	}
}

// sharedChecks makes the checks that a table must have before it can inherit from a parent that has them: they may
// wait for its load still.
func (d *differ) sharedChecks(def catalog.Definition, now, parent *catalog.TableDef) {
	for _, c := range d.now.db.Definitions {
		b, ok := c.Body.(*catalog.ConstraintDef)
		if !ok || b.Table != now.Name || b.Type != catalog.Check || !slices.ContainsFunc(d.now.db.Definitions, func(p catalog.Definition) bool {
			pb, ok := p.Body.(*catalog.ConstraintDef)
			return ok && pb.Table == parent.Name && pb.Type == catalog.Check && p.Name.Name == c.Name.Name
		}) {
			continue
		}
		if i := slices.IndexFunc(d.out.After, func(s Statement) bool { return s.ID == keyOf(c)+"/create" }); i >= 0 {
			d.change(def, d.out.After[i])
			d.out.After = slices.Delete(slices.Clone(d.out.After), i, i+1)
		}
	}
}

func lostOptions(old, now []string) []string {
	var out []string
	for _, o := range old {
		name, _, _ := strings.Cut(o, "=")
		if !slices.ContainsFunc(now, func(n string) bool { return strings.HasPrefix(n, name+"=") }) {
			out = append(out, optionName(name))
		}
	}
	return out
}

// add adds a column. A constant default fills old rows as it did on the source; for any other the table
// is loaded again.
func (d *differ) add(def catalog.Definition, t *catalog.TableDef, c *catalog.TableColumn) {
	head := "ALTER TABLE " + d.now.table(t.Name).SQL() + " ADD COLUMN IF NOT EXISTS "
	plain := *c
	plain.NotNull = false
	definition := d.now.columnDef(t, &plain)
	s := d.alter(def, fmt.Sprintf("add/%d", c.Attnum), head+definition)
	s.Object = "column " + t.Name.String() + "." + c.Name
	if c.Default != nil {
		expr := c.Default.Expr
		if c.Default.Sequence != nil {
			expr = d.now.nextval(*c.Default.Sequence)
		}
		s.SQL, s.Else = head+definition+" DEFAULT "+expr, []string{head + definition}
	}
	s.SQL += d.now.wider(c)
	d.change(def, s)
	d.notNull(def, t, nil, c)
}

// notNull follows NOT NULL. In a table whose load is under way a row may lack the value for a while: it
// is tried again.
func (d *differ) notNull(def catalog.Definition, t *catalog.TableDef, o, c *catalog.TableColumn) {
	was, is := o != nil && d.now.holdsNotNull(o), d.now.holdsNotNull(c)
	if was == is && (o == nil || o.NoInherit == c.NoInherit || !is) {
		d.notNullName(def, t, o, c)
		return
	}
	column := "ALTER COLUMN " + ident.Quote(d.now.column(t, c.Name)) + " "
	phase := fmt.Sprintf("not-null/%d", c.Attnum)
	switch {
	case !is:
		d.alterNotNull(def, t, phase, column+"DROP NOT NULL", false, "")
	case c.NoInherit:
		if was {
			d.alterTable(def, t, phase+"/drop", column+"DROP NOT NULL", false)
		}
		d.alterTable(def, t, phase, d.now.addNotNull(t, c), true)
	default:
		if was {
			d.alterTable(def, t, phase+"/drop", column+"DROP NOT NULL", false)
		}
		d.alterNotNull(def, t, phase, d.now.addNotNull(t, c), true, column+"SET NOT NULL")
	}
}

// notNullName renames the constraint behind NOT NULL; a parent's takes its children's along.
func (d *differ) notNullName(def catalog.Definition, t *catalog.TableDef, o, c *catalog.TableColumn) {
	if o == nil || o.NotNullName == c.NotNullName || o.NotNullName == "" || c.NotNullName == "" || d.now.older(18) ||
		d.byParent(d.oldTable(t), t, func(po, pn *catalog.TableColumn) bool {
			return po != nil && pn != nil && pn.Name == c.Name && po.NotNullName == o.NotNullName && pn.NotNullName == c.NotNullName
		}) {
		return
	}
	d.alterTable(def, t, fmt.Sprintf("not-null/%d/name", c.Attnum), "RENAME CONSTRAINT "+ident.Quote(o.NotNullName)+" TO "+ident.Quote(c.NotNullName), true)
}

// alterNotNull leaves the tables alone that inherit from t: each has a definition of its own, which may say
// something else. From 18 on, and in partitions, it may not.
// From 18 on it may have a name, that another one stands under already: other makes it without.
func (d *differ) alterNotNull(def catalog.Definition, t *catalog.TableDef, phase, sql string, optional bool, other string) {
	if t.PartitionKey != "" || !d.now.older(18) {
		s := d.alter(def, phase, "ALTER TABLE "+d.now.table(t.Name).SQL()+" "+sql)
		if s.Optional = optional; other != "" && !strings.HasSuffix(s.SQL, other) {
			s.Else = []string{"ALTER TABLE " + d.now.table(t.Name).SQL() + " " + other}
		}
		d.change(def, s)
		return
	}
	s := d.alter(def, phase, "ALTER TABLE ONLY "+d.now.table(t.Name).SQL()+" "+sql)
	s.Optional = optional
	d.change(def, s)
}

// column alters a column that stands, but for its type; defaults and the like are steps.
func (d *differ) column(def catalog.Definition, t *catalog.TableDef, o, c *catalog.TableColumn) {
	if o.Identity != nil && (c.Identity == nil || c.Identity.OID != o.Identity.OID) {
		d.ceases(def, t, o, fmt.Sprintf("identity/%d/drop", c.Attnum), "DROP IDENTITY IF EXISTS")
		o = &catalog.TableColumn{NotNull: o.NotNull, NoInherit: o.NoInherit, Generated: o.Generated}
	}
	if !d.byParent(d.oldTable(t), t, func(po, pn *catalog.TableColumn) bool {
		return po != nil && pn != nil && pn.Name == c.Name && po.Generated != nil && (pn.Generated == nil || *po.Generated != *pn.Generated)
	}) {
		d.generated(def, t, o, c)
	}
	d.notNull(def, t, o, c)
	if c.Identity != nil {
		d.identity(def, t, o.Identity, c)
	}
}

// ceases takes from a column what stands in the way of the column's next type, or of what it was computed from.
func (d *differ) ceases(def catalog.Definition, t *catalog.TableDef, o *catalog.TableColumn, phase, sql string) {
	old := d.oldTable(t)
	d.ceased = append(d.ceased, d.alter(def, phase, "ALTER TABLE "+d.was.table(old.Name).SQL()+" ALTER COLUMN "+ident.Quote(d.was.column(old, o.Name))+" "+sql))
}

func (d *differ) identity(def catalog.Definition, t *catalog.TableDef, o *catalog.IdentityColumn, c *catalog.TableColumn) {
	phase, column := fmt.Sprintf("identity/%d", c.Attnum), "ALTER COLUMN "+ident.Quote(d.now.column(t, c.Name))+" "
	if o == nil {
		d.alterTable(def, t, phase, column+"ADD"+d.now.identity(c)+d.now.wider(c), true)
		return
	}
	if o.Always != c.Identity.Always {
		d.alterTable(def, t, phase, column+"SET GENERATED "+always(c), true)
	}
	d.sequenceOptions(def, phase+"/options", d.now.sequence(c.Identity.Name), &o.Sequence, &c.Identity.Sequence)
}

// generated follows the expression of a generated column; before 17 only a new column can have another.
func (d *differ) generated(def catalog.Definition, t *catalog.TableDef, o, c *catalog.TableColumn) {
	if o.Generated == nil || c.Generated != nil && *o.Generated == *c.Generated {
		return
	}
	name := ident.Quote(d.now.column(t, c.Name))
	s := d.alter(def, fmt.Sprintf("generated/%d", c.Attnum), "")
	alter := "ALTER TABLE " + d.now.table(t.Name).SQL()
	if c.Generated == nil {
		d.ceases(def, t, o, fmt.Sprintf("generated/%d", c.Attnum), "DROP EXPRESSION IF EXISTS")
		return
	}
	if renameColumns(o.Generated.Expr, d.renamedColumns(t)) == c.Generated.Expr {
		return
	}
	expr := renameColumns(c.Generated.Expr, d.now.renames(t))
	has := "SELECT FROM pg_catalog.pg_attrdef f JOIN pg_catalog.pg_attribute a ON a.attrelid = f.adrelid AND a.attnum = f.adnum WHERE a.attrelid = " +
		ident.Literal(d.now.table(t.Name).SQL()) + "::regclass AND a.attname = " + ident.Literal(d.now.column(t, c.Name)) +
		" AND pg_catalog.pg_get_expr(f.adbin, f.adrelid) = " + ident.Literal(expr)
	plain := *c
	plain.NotNull = false
	s.SQL = unless(has, alter+" ALTER COLUMN "+name+" SET EXPRESSION AS ("+expr+")")
	s.Else = []string{alter + " DROP COLUMN " + name + ", ADD COLUMN " + d.now.columnDef(t, &plain)}
	d.change(def, s)
}

// unless runs a statement if a query has no row. An expression follows what it names, when that is renamed
// or moved, as on the source: writing it again would reckon rows anew that the source left as they were, and
// before 17 take the column's indexes with it.
func unless(query, sql string) string {
	return inside("IF NOT EXISTS (" + query + ") THEN EXECUTE " + ident.Literal(sql) + "; END IF;")
}

// renamedColumns are the columns that the source renamed, by their old names.
func (d *differ) renamedColumns(t *catalog.TableDef) map[string]string {
	out := map[string]string{}
	for _, o := range d.oldTable(t).Columns {
		if c := columnAt(t, o.Attnum); c != nil && c.Name != o.Name {
			out[o.Name] = c.Name
		}
	}
	return out
}
