package structure

import (
	"strings"

	"floe/pkg/catalog"
	"floe/pkg/ident"
)

func (p *planner) index(d catalog.Definition, b *catalog.IndexDef) {
	t := p.db.Table(b.Table)
	if t == nil {
		if p.views[b.Table] {
			p.viewIndex(d, b)
		}
		return
	}
	if p.isKey(d, t) {
		return // made before the load
	}
	s := p.ofTable(t, id(d.Kind, d.OID, "create"), "index "+d.Name.String(), p.createIndex(t, d, b))
	s.Optional = true
	s.Tables = p.loads(t)[:1]
	p.out.After = append(p.out.After, s)
	p.mapped(s.ID, s.Object, b.Using)
	p.attachIndex(t, d, b.Parent, s)
	p.clustered(t, d, b.Clustered, s)
	p.out.After = append(p.out.After, targets(d, b, p.table(t.Name).Schema, s)...)
}

// targets set what ANALYZE is to keep of the expressions of an index that made has made.
func targets(d catalog.Definition, b *catalog.IndexDef, schema string, made Statement) (out []Statement) {
	for _, x := range b.Statistics {
		column, target, _ := strings.Cut(x, "=")
		alter := "ALTER INDEX " + ident.Name{Schema: schema, Name: d.Name.Name}.SQL() + " ALTER COLUMN " + column + " SET STATISTICS "
		s := made
		s.ID, s.SQL, s.Undo = id(d.Kind, d.OID, "statistics/"+column), alter+target, alter+"-1"
		out = append(out, s)
	}
	return out
}

// clustered has CLUSTER go by an index, or by the one behind a constraint, that made has made.
func (p *planner) clustered(t *catalog.TableDef, d catalog.Definition, is bool, made Statement) {
	if !is {
		return
	}
	alter := "ALTER TABLE " + p.table(t.Name).SQL()
	s := p.ofTable(t, id(d.Kind, d.OID, "cluster"), made.Object, alter+" CLUSTER ON "+ident.Quote(d.Name.Name))
	s.Undo, s.Optional, s.Tables = alter+" SET WITHOUT CLUSTER", true, made.Tables
	if len(made.Tables) == 0 {
		p.second = append(p.second, s)
		return
	}
	p.out.After = append(p.out.After, s)
}

// createIndex makes an index of this table alone; those of partitions are definitions of their own.
func (p *planner) createIndex(t *catalog.TableDef, d catalog.Definition, b *catalog.IndexDef) string {
	sql := "CREATE "
	if b.Unique {
		sql += "UNIQUE "
	}
	sql += "INDEX " + ident.Quote(d.Name.Name) + " ON "
	if t.PartitionKey != "" {
		sql += "ONLY "
	}
	return sql + p.table(t.Name).SQL() + " " + renameColumns(b.Using, p.renames(t))
}

// attachIndex makes a partition's index a part of its parent's, the one behind a constraint likewise.
func (p *planner) attachIndex(t *catalog.TableDef, d catalog.Definition, parent uint32, made Statement) {
	s := made
	if s.SQL = p.indexPart(t, d, parent); s.SQL != "" {
		s.ID = id(d.Kind, d.OID, "attach")
		p.out.After = append(p.out.After, s)
	}
}

// indexPart is the statement for it, empty where the index is no part of one.
func (p *planner) indexPart(t *catalog.TableDef, d catalog.Definition, parent uint32) string {
	if parent == 0 || t.PartitionOf == nil || p.labels[parent] == "" {
		return ""
	}
	return "ALTER INDEX " + ident.Name{Schema: p.table(t.PartitionOf.Parent).Schema, Name: p.labels[parent]}.SQL() + " ATTACH PARTITION " +
		ident.Name{Schema: p.table(t.Name).Schema, Name: d.Name.Name}.SQL()
}
