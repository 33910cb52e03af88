package structure

import (
	"cmp"
	"slices"
	"strings"

	"floe/pkg/catalog"
	"floe/pkg/ident"
)

// key makes the constraint or index that identifies a table's rows: they are upserted on it.
func (p *planner) key(t *catalog.TableDef) {
	k := p.db.Key(t)
	if k == nil {
		return
	}
	d, ok := p.behind[keyName{t.Name, k.Name}]
	if !ok {
		return
	}
	s := p.ofTable(t, id(d.Kind, d.OID, "create"), string(d.Kind)+" "+d.Name.String(), "")
	switch b := d.Body.(type) {
	case *catalog.ConstraintDef:
		s.SQL = p.addConstraint(t, d, b, "ONLY ")
		p.clustered(t, d, b.Clustered, s)
	case *catalog.IndexDef:
		s.SQL = p.createIndex(t, d, b)
		p.clustered(t, d, b.Clustered, s)
	}
	p.first = append(p.first, s)
}

// keyName names a unique index of a table; a constraint and the index behind it share their name.
type keyName struct {
	table ident.Name
	name  string
}

// isKey reports whether d is the key of table t, which is made before the load.
func (p *planner) isKey(d catalog.Definition, t *catalog.TableDef) bool {
	k := p.db.Key(t)
	if k == nil {
		return false
	}
	key, ok := p.behind[keyName{t.Name, k.Name}]
	return ok && key.Kind == d.Kind && key.OID == d.OID
}

func (p *planner) addConstraint(t *catalog.TableDef, d catalog.Definition, b *catalog.ConstraintDef, only string) string {
	return "ALTER TABLE " + only + p.table(t.Name).SQL() + " ADD CONSTRAINT " + ident.Quote(d.Name.Name) + " " +
		withOptions(renameColumns(b.SQL, p.renames(t)), b.Options)
}

// withOptions puts the options of the index where the grammar wants them: after the columns, before
// WHERE and DEFERRABLE. The server leaves them out of a constraint's definition.
func withOptions(sql string, opts []string) string {
	if len(opts) == 0 {
		return sql
	}
	cut := atTop(sql, func(word, from string) bool {
		return word == "WHERE" || word == "DEFERRABLE" || word == "NOT" && strings.HasPrefix(from, "NOT DEFERRABLE")
	})
	if cut < 0 {
		cut = len(sql)
	}
	return strings.TrimSpace(strings.TrimSpace(sql[:cut]) + " WITH (" + options(opts) + ") " + sql[cut:])
}

func (p *planner) constraint(d catalog.Definition, b *catalog.ConstraintDef) {
	t := p.db.Table(b.Table)
	if t == nil {
		return
	}
	if p.isKey(d, t) {
		return // made before the load
	}
	s := p.ofTable(t, id(d.Kind, d.OID, "create"), "constraint "+d.Name.Name+" on "+t.Name.String(), "")
	s.Optional = true
	s.Tables = p.loads(t)
	switch b.Type {
	case catalog.PrimaryKey, catalog.Unique, catalog.Exclusion:
		s.Tables = s.Tables[:1]
		s.SQL = p.addConstraint(t, d, b, "ONLY ")
		p.out.After = append(p.out.After, s)
		p.attachIndex(t, d, cmp.Or(b.Parent, b.IndexParent), s)
		p.clustered(t, d, b.Clustered, s)
	case catalog.Check:
		p.check(t, d, b, s)
	case catalog.ForeignKey:
		p.foreignKey(t, d, b, s)
	case catalog.NotNull:
		p.notNullLax(t, d, b, s)
	}
}

// check makes a CHECK after the load: while a table is unsettled its rows may be of two moments, and
// a NOT VALID one has rows that break it.
func (p *planner) check(t *catalog.TableDef, d catalog.Definition, b *catalog.ConstraintDef, s Statement) {
	if b.Inherited {
		return
	}
	s.SQL = p.addConstraint(t, d, b, "")
	p.mapped(s.ID, s.Object, b.SQL)
	if b.Calls == catalog.CallsUnstable {
		p.cutOver(s)
		return
	}
	p.out.After = append(p.out.After, s)
}

// notNullLax makes a NOT NULL that is NOT VALID, which rows of the source break and the copy's could not.
func (p *planner) notNullLax(t *catalog.TableDef, d catalog.Definition, b *catalog.ConstraintDef, s Statement) {
	switch {
	case b.Inherited:
	case p.older(18):
		p.fact(s.ID, s.Object, LeftOut, CodeVersion, "NOT NULL that is NOT VALID comes with PostgreSQL 18")
	default:
		s.SQL, s.Tables = p.addConstraint(t, d, b, ""), nil
		p.lax = append(p.lax, s)
		p.fact(s.ID, s.Object, LeftOut, CodeCutOver, "it is NOT VALID: the source has rows that it would refuse; it is made when the target takes over")
	}
}

// generation is how far a table is from those that have no parents.
func (p *planner) generation(t *catalog.TableDef) int {
	out := 0
	for _, name := range append(slices.Clone(t.Inherits), partitionOf(t)...) {
		if parent := p.db.Table(name); parent != nil {
			out = max(out, 1+p.generation(parent))
		}
	}
	return out
}

// foreignKey makes a foreign key without a look at the rows, then validates it: orphans that the
// source holds too leave it NOT VALID.
func (p *planner) foreignKey(t *catalog.TableDef, d catalog.Definition, b *catalog.ConstraintDef, s Statement) {
	if b.RefTable == nil {
		return
	}
	ref := p.db.Table(*b.RefTable)
	if ref == nil {
		p.fact(s.ID, s.Object, LeftOut, CodeFKUnselected, "it refers to %s, which is not selected", *b.RefTable)
		return
	}
	s.Tables = unique(append(s.Tables[:1:1], p.db.Root(ref).Name))
	text, lazy := strings.CutSuffix(b.SQL, " NOT VALID")
	enforced := !strings.HasSuffix(text, " NOT ENFORCED")
	s.SQL = "ALTER TABLE " + p.table(t.Name).SQL() + " ADD CONSTRAINT " + ident.Quote(d.Name.Name) + " " +
		renameForeignKey(text, p.renames(t), p.table(ref.Name), p.renames(ref))
	list := &p.out.After
	if p.o.ForeignKeysLast {
		list = &p.out.CutOver
	}
	if !enforced || t.PartitionKey != "" && p.older(18) { // a partitioned table takes no NOT VALID
		s.Final = true
		*list = append(*list, s)
		return
	}
	s.SQL += " NOT VALID"
	*list = append(*list, s)
	if lazy || !b.Validated {
		return
	}
	v := s
	v.ID, v.Final = id(d.Kind, d.OID, "validate"), true
	v.SQL = "ALTER TABLE " + p.table(t.Name).SQL() + " VALIDATE CONSTRAINT " + ident.Quote(d.Name.Name)
	*list = append(*list, v)
}
