package structure

import (
	"fmt"
	"slices"
	"strings"

	"floe/pkg/catalog"
	"floe/pkg/ident"
)

// tableDef makes a table with the key that its rows are upserted on. A partition is made by itself,
// in its own column order, and attached: its key becomes a part of its parent's.
func (p *planner) tableDef(t *catalog.TableDef) {
	object := "table " + t.Name.String()
	create := p.ofTable(t, id(catalog.KindTable, t.OID, "create"), object, p.createTable(t))
	create.Creates = p.table(t.Name)
	for _, c := range t.Columns {
		if c.Generated == nil {
			create.Columns = append(create.Columns, Column{c.Name, p.column(t, c.Name)})
		}
	}
	if t.AccessMethod != "" { // a target without it keeps the rows as it keeps others
		plain := *t
		plain.AccessMethod = ""
		create.Else = []string{p.createTable(&plain)}
	}
	if t.PartitionOf != nil {
		create.Joins = p.joining(t)
	}
	create.Refused = p.refused(t)
	p.first = append(p.first, create)
	if len(p.parents(t)) < len(t.Inherits) {
		p.fact(create.ID, object, LeftOut, CodeMappedName, "it inherits from fewer tables than on the source: the mapping names their columns differently")
	}
	p.key(t)
	p.columns(t)
	if t.PartitionOf != nil {
		s := p.ofTable(t, id(catalog.KindTable, t.OID, "attach"), object, fmt.Sprintf("ALTER TABLE ONLY %s ATTACH PARTITION %s %s",
			p.table(t.PartitionOf.Parent).SQL(), p.table(t.Name).SQL(), t.PartitionOf.Bound))
		if t.PartitionOf.OwnHash { // its rows lie elsewhere here, and are loaded
			s.SQL = "DELETE FROM " + p.table(t.Name).SQL() + "; " + s.SQL
		}
		s.Within = s.Within[1:] // a partition that was there is attached all the same
		p.first = append(p.first, s)
	}
	if len(t.Options) > 0 {
		s := p.ofTable(t, id(catalog.KindTable, t.OID, "options"), object, "ALTER TABLE "+p.table(t.Name).SQL()+" SET ("+options(t.Options)+")")
		s.Optional, s.Again = true, s.SQL
		p.second = append(p.second, s)
	}
	p.security(t)
	p.comments(t)
}

func (p *planner) joining(t *catalog.TableDef) *Joining {
	parent := p.db.Table(t.PartitionOf.Parent)
	if parent == nil {
		return nil
	}
	j := &Joining{Source: parent.Name, Parent: p.table(parent.Name), Key: renameColumns(parent.PartitionKey, p.renames(parent))}
	j.SQL = "CREATE TABLE " + p.table(t.Name).SQL() + " PARTITION OF " + j.Parent.SQL() + " " + t.PartitionOf.Bound
	if t.PartitionKey != "" {
		j.SQL += " PARTITION BY " + renameColumns(t.PartitionKey, p.renames(t))
	}
	return j
}

func (p *planner) createTable(t *catalog.TableDef) string {
	var parts []string
	late, typed := p.inheritsLate(t), p.typed(t)
	for i := range t.Columns {
		switch c := &t.Columns[i]; {
		case typed && c.NotNull:
			parts = append(parts, ident.Quote(c.Name)+" WITH OPTIONS"+p.notNull(c))
		case !typed && !late && p.conflict(t, c): // the default that it has is set behind
			parts = append(parts, p.columnDef(t, c)+" DEFAULT NULL")
		case late && p.handsDownNotNull(t, c): // else the parent would not take it
			strict := *c
			strict.NotNull, strict.NoInherit = true, false
			parts = append(parts, p.columnDef(t, &strict))
		case !typed && (late || !p.inherits(t, c)):
			parts = append(parts, p.columnDef(t, c))
		case !typed && p.namedApart(t, c):
			parts = append(parts, strings.TrimSpace(p.notNull(c))+" "+ident.Quote(p.column(t, c.Name)))
		}
	}
	var sql strings.Builder
	sql.WriteString("CREATE ")
	if t.Unlogged && t.PartitionKey == "" {
		sql.WriteString("UNLOGGED ")
	}
	sql.WriteString("TABLE " + p.table(t.Name).SQL())
	if typed {
		sql.WriteString(" OF " + t.OfType.SQL())
	}
	if len(parts) > 0 {
		sql.WriteString(" (\n\t" + strings.Join(parts, ",\n\t") + "\n)")
	} else if !typed {
		sql.WriteString(" ()")
	}
	if names := p.parents(t); len(names) > 0 && !late {
		parents := make([]string, len(names))
		for i, parent := range names {
			parents[i] = p.table(parent).SQL()
		}
		sql.WriteString(" INHERITS (" + strings.Join(parents, ", ") + ")")
	}
	if t.PartitionKey != "" {
		sql.WriteString(" PARTITION BY " + renameColumns(t.PartitionKey, p.renames(t)))
	}
	if t.AccessMethod != "" {
		sql.WriteString(" USING " + ident.Quote(t.AccessMethod))
	}
	if late {
		for _, parent := range p.parents(t) {
			sql.WriteString(";\nALTER TABLE " + p.table(t.Name).SQL() + " INHERIT " + p.table(parent).SQL())
		}
	}
	for i := range t.Columns {
		sql.WriteString(p.wider(&t.Columns[i]))
	}
	for _, s := range p.ownNotNull(t) {
		sql.WriteString(";\nALTER TABLE ONLY " + p.table(t.Name).SQL() + " " + s)
	}
	return sql.String()
}

// typed reports whether a table is made OF its type: one with other column names cannot be.
func (p *planner) typed(t *catalog.TableDef) bool { return t.OfType != nil && p.renames(t) == nil }

// columnDef has no default: a default that the target cannot hold is reported, and does not cost the
// table.
func (p *planner) columnDef(t *catalog.TableDef, c *catalog.TableColumn) string {
	var b strings.Builder
	b.WriteString(ident.Quote(p.column(t, c.Name)) + " " + c.SQL + collate(c.Collation))
	if g := c.Generated; g != nil && !p.inheritsGeneration(t, c) {
		b.WriteString(" GENERATED ALWAYS AS (" + renameColumns(g.Expr, p.renames(t)) + ")")
		if g.Virtual && !p.older(18) {
			b.WriteString(" VIRTUAL")
		} else {
			b.WriteString(" STORED")
		}
	}
	if c.Identity != nil {
		b.WriteString(p.identity(c))
	}
	switch {
	case !p.holdsNotNull(c):
	case c.NoInherit:
		b.WriteString(p.notNull(c) + " NO INHERIT")
	default:
		b.WriteString(p.notNull(c))
	}
	return b.String()
}

// notNull is NOT NULL, from 18 on a constraint with a name.
func (p *planner) notNull(c *catalog.TableColumn) string {
	if c.NotNullName == "" || p.older(18) {
		return " NOT NULL"
	}
	return " CONSTRAINT " + ident.Quote(c.NotNullName) + " NOT NULL"
}

// addNotNull is what ALTER TABLE does to make a column NOT NULL.
func (p *planner) addNotNull(t *catalog.TableDef, c *catalog.TableColumn) string {
	name := ident.Quote(p.column(t, c.Name))
	switch {
	case c.NoInherit:
		return "ADD" + p.notNull(c) + " " + name + " NO INHERIT"
	case c.NotNullName == "" || p.older(18):
		return "ALTER COLUMN " + name + " SET NOT NULL"
	}
	return "ADD" + p.notNull(c) + " " + name
}

func (p *planner) identity(c *catalog.TableColumn) string {
	options := ""
	if p.wider(c) == "" {
		options = " " + sequenceOptions(&c.Identity.Sequence)
	}
	return " GENERATED " + always(c) + " AS IDENTITY (SEQUENCE NAME " + p.sequence(c.Identity.Name).SQL() + options + ")"
}

// wider is what an identity takes behind its making whose sequence is of another type than its column, as
// one is that LIKE made: the column's own type may not hold its bounds.
func (p *planner) wider(c *catalog.TableColumn) string {
	integers := []string{"smallint", "integer", "bigint"}
	if c.Identity == nil || c.SQL == c.Identity.Sequence.Type || !slices.Contains(integers, c.SQL) || !slices.Contains(integers, c.Identity.Sequence.Type) {
		return ""
	}
	return ";\nALTER SEQUENCE " + p.sequence(c.Identity.Name).SQL() + " AS " + c.Identity.Sequence.Type + " " + sequenceOptions(&c.Identity.Sequence)
}

func always(c *catalog.TableColumn) string {
	if c.Identity.Always {
		return "ALWAYS"
	}
	return "BY DEFAULT"
}

// refused names what makes the table impossible on the target's version: without these the copy would
// hold other values than the source.
func (p *planner) refused(t *catalog.TableDef) string {
	for _, c := range t.Columns {
		if c.Generated != nil && p.older(12) {
			return fmt.Sprintf("column %s is generated, which the target (before PostgreSQL 12) does not know", c.Name)
		}
	}
	return ""
}

// columns completes a table's columns: defaults, storage, compression.
func (p *planner) columns(t *catalog.TableDef) {
	for i := range t.Columns {
		c := &t.Columns[i]
		alter := func(phase, sql, undo string) {
			head := "ALTER TABLE ONLY " + p.table(t.Name).SQL() + " ALTER COLUMN " + ident.Quote(p.column(t, c.Name)) + " "
			s := p.ofTable(t, id(catalog.KindTable, t.OID, fmt.Sprintf("%s/%d", phase, c.Attnum)), "column "+t.Name.String()+"."+c.Name, head+sql)
			s.Optional, s.Again = true, s.SQL
			if undo != "" {
				s.Undo = head + undo
			}
			p.second = append(p.second, s)
		}
		switch {
		case c.Default != nil && c.Default.Sequence != nil:
			alter("default", "SET DEFAULT "+p.nextval(*c.Default.Sequence), "DROP DEFAULT")
		case c.Default != nil:
			alter("default", "SET DEFAULT "+c.Default.Expr, "DROP DEFAULT")
			p.mapped(id(catalog.KindTable, t.OID, fmt.Sprintf("default/%d", c.Attnum)), "column "+t.Name.String()+"."+c.Name, c.Default.Expr)
		case p.parentDefault(t, c.Name):
			alter("default", "DROP DEFAULT", "")
		}
		if kind := storages[c.Storage]; kind != "" {
			alter("storage", "SET STORAGE "+kind, "")
			p.second[len(p.second)-1].Undo = p.storageOfType("TABLE ONLY", p.table(t.Name).SQL(), ident.Quote(p.column(t, c.Name)))
		}
		if kind := compressions[c.Compression]; kind != "" && !p.older(14) {
			alter("compression", "SET COMPRESSION "+kind, "SET COMPRESSION default")
		}
		if c.Statistics != nil {
			alter("statistics", fmt.Sprintf("SET STATISTICS %d", *c.Statistics), "SET STATISTICS -1")
		}
		if len(c.Options) > 0 {
			alter("options", "SET ("+options(c.Options)+")", "RESET ("+strings.Join(lostOptions(c.Options, nil), ", ")+")")
			p.second[len(p.second)-1].Again = "" // what is no longer set goes by the undoing
		}
		p.persistence(t, c)
		if g := c.Generated; g != nil && g.Virtual && p.older(18) {
			p.fact(id(catalog.KindTable, t.OID, "create"), "column "+t.Name.String()+"."+c.Name, LeftOut, CodeVersion,
				"virtual generated columns come with PostgreSQL 18; it is stored on the target")
		}
	}
}

// persistence gives an identity's sequence its own, where that is not its table's.
func (p *planner) persistence(t *catalog.TableDef, c *catalog.TableColumn) {
	if c.Identity == nil || p.older(15) || c.Identity.Sequence.Unlogged == (t.Unlogged && t.PartitionKey == "") {
		return
	}
	words := " SET LOGGED"
	if c.Identity.Sequence.Unlogged {
		words = " SET UNLOGGED"
	}
	s := p.ofTable(t, id(catalog.KindTable, t.OID, fmt.Sprintf("persistence/%d", c.Attnum)), "column "+t.Name.String()+"."+c.Name,
		"ALTER SEQUENCE "+p.sequence(c.Identity.Name).SQL()+words)
	s.Optional = true
	p.second = append(p.second, s)
}

// storageOfType has a column of a relation kept as its type is by itself; before 16 the server is asked how.
func (p *planner) storageOfType(noun, relation, column string) string {
	set := "ALTER " + noun + " " + relation + " ALTER COLUMN " + column + " SET STORAGE "
	if !p.older(16) {
		return set + "DEFAULT"
	}
	name := tokens(column)[0].name
	return inside("EXECUTE " + literal(set) + " || (SELECT CASE t.typstorage WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL' WHEN 'm' THEN 'MAIN' ELSE 'EXTENDED' END" +
		" FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid WHERE a.attrelid = " + literal(relation) + "::pg_catalog.regclass AND a.attname = " + literal(name) + ");")
}

var storages = map[string]string{"p": "PLAIN", "e": "EXTERNAL", "m": "MAIN", "x": "EXTENDED"}

var compressions = map[string]string{"p": "pglz", "l": "lz4"}

func (p *planner) comments(t *catalog.TableDef) {
	add := func(phase, target, text string) {
		if text == "" {
			return
		}
		s := p.ofTable(t, id(catalog.KindTable, t.OID, phase), "table "+t.Name.String(), "COMMENT ON "+target+" IS "+strings.TrimSpace(ident.Literal(text)))
		s.Optional, s.Again, s.Undo = true, s.SQL, "COMMENT ON "+target+" IS NULL"
		p.second = append(p.second, s)
	}
	add("comment", "TABLE "+p.table(t.Name).SQL(), t.Comment)
	for _, c := range t.Columns {
		add(fmt.Sprintf("comment/%d", c.Attnum), "COLUMN "+p.table(t.Name).SQL()+"."+ident.Quote(p.column(t, c.Name)), c.Comment)
	}
}

// options spells name=value options as SQL.
func options(in []string) string {
	out := make([]string, len(in))
	for i, o := range in {
		name, value, _ := strings.Cut(o, "=")
		out[i] = optionName(name) + " = " + strings.TrimSpace(ident.Literal(value))
	}
	return strings.Join(out, ", ")
}

// optionName quotes an option's name; those of the TOAST table bear a prefix.
func optionName(name string) string {
	if rest, ok := strings.CutPrefix(name, "toast."); ok {
		return "toast." + ident.Quote(rest)
	}
	return ident.Quote(name)
}
