package structure

import (
	"slices"

	"floe/pkg/catalog"
	"floe/pkg/ident"
)

// ownNotNull alters columns whose NOT NULL is not what the parents hand down: one that is there only by a
// parent must not be declared for that, or it would stay when the parent's goes. From 18 on a child cannot
// be without its parent's.
func (p *planner) ownNotNull(t *catalog.TableDef) []string {
	var out []string
	for i := range t.Columns {
		c := &t.Columns[i]
		name := ident.Quote(p.column(t, c.Name))
		switch holds, handed := p.holdsNotNull(c), p.handsDownNotNull(t, c); {
		case handed && !holds && p.older(18):
			out = append(out, "ALTER COLUMN "+name+" DROP NOT NULL")
		case handed || !holds || !p.inherits(t, c):
		default:
			out = append(out, p.addNotNull(t, c))
		}
	}
	return out
}

// holdsNotNull reports whether the target's column is NOT NULL: before 18 one that children do not have
// is not, for they may hold NULL.
func (p *planner) holdsNotNull(c *catalog.TableColumn) bool {
	return c.NotNull && !(c.NoInherit && p.older(18))
}

// handsDownNotNull reports whether a column is NOT NULL by a table that t inherits from.
func (p *planner) handsDownNotNull(t *catalog.TableDef, c *catalog.TableColumn) bool {
	return t.PartitionOf == nil && slices.ContainsFunc(p.parents(t), func(name ident.Name) bool {
		parent := p.db.Table(name)
		if parent == nil {
			return false
		}
		pc := parent.Column(c.Name)
		return pc != nil && pc.NotNull && !pc.NoInherit
	})
}

// namedApart reports whether a column that a parent makes NOT NULL is so by a constraint of its own, too, with
// another name (18 on).
func (p *planner) namedApart(t *catalog.TableDef, c *catalog.TableColumn) bool {
	if p.older(18) || c.NotNullName == "" || !p.handsDownNotNull(t, c) {
		return false
	}
	return !slices.ContainsFunc(p.parents(t), func(name ident.Name) bool {
		parent := p.db.Table(name)
		return parent != nil && parent.Column(c.Name) != nil && parent.Column(c.Name).NotNullName == c.NotNullName
	})
}

// inheritsLate reports whether a table is made by itself and then put under its parents: INHERITS would
// put their columns first, in an order that is not the source's. A column that is there only by its
// parents cannot be made so.
func (p *planner) inheritsLate(t *catalog.TableDef) bool {
	if t.PartitionOf != nil {
		return false
	}
	var order []string
	for _, name := range p.parents(t) {
		for i := 0; p.db.Table(name) != nil && i < len(p.db.Table(name).Columns); i++ {
			if c := p.db.Table(name).Columns[i].Name; !slices.Contains(order, c) {
				order = append(order, c)
			}
		}
	}
	for i := range t.Columns {
		if t.Columns[i].Inherited {
			return false
		}
	}
	for i, c := range order {
		if i >= len(t.Columns) || t.Columns[i].Name != c {
			return true
		}
	}
	return false
}

// parents are the tables that t inherits from on the target: those whose columns have the same names
// there as t's own, for an inherited column cannot be renamed apart.
func (p *planner) parents(t *catalog.TableDef) []ident.Name {
	var out []ident.Name
	for _, name := range t.Inherits {
		parent, same := p.db.Table(name), true
		for i := 0; parent != nil && i < len(parent.Columns); i++ {
			c := parent.Columns[i].Name
			same = same && p.column(parent, c) == p.column(t, c)
		}
		if same {
			out = append(out, name)
		}
	}
	return out
}

// madeBy is the step that makes what a table has of a constraint of its ancestor: the constraint that has this type and
// name there and is that one's own. It is empty if no ancestor has one.
func (p *planner) madeBy(t *catalog.TableDef, d catalog.Definition, kind catalog.ConstraintType) string {
	above := p.ancestors(t)
	for _, x := range p.db.Definitions {
		if b, ok := x.Body.(*catalog.ConstraintDef); ok && b.Type == kind && !b.Inherited && x.Name.Name == d.Name.Name && slices.Contains(above, b.Table) {
			return id(x.Kind, x.OID, "create")
		}
	}
	return ""
}

// ancestors are the tables that t is a partition of or inherits from, and theirs.
func (p *planner) ancestors(t *catalog.TableDef) []ident.Name {
	out := append(slices.Clone(t.Inherits), partitionOf(t)...)
	for i := 0; i < len(out); i++ {
		if x := p.db.Table(out[i]); x != nil {
			out = append(out, append(slices.Clone(x.Inherits), partitionOf(x)...)...)
		}
	}
	return unique(out)
}

// inherits reports whether a column comes from a parent just as it is, but for NOT NULL.
func (p *planner) inherits(t *catalog.TableDef, c *catalog.TableColumn) bool {
	if !c.Inherited || t.PartitionOf != nil {
		return false
	}
	for _, name := range p.parents(t) {
		parent := p.db.Table(name)
		if parent == nil {
			continue
		}
		if pc := parent.Column(c.Name); pc != nil {
			return c.Identity == nil && sameGenerated(pc.Generated, c.Generated)
		}
	}
	return false
}

// inheritsGeneration reports whether a column that the child declares too takes its expression from a
// parent: before 16 a child must not repeat it, even the same.
func (p *planner) inheritsGeneration(t *catalog.TableDef, c *catalog.TableColumn) bool {
	if t.PartitionOf != nil || p.inheritsLate(t) {
		return false
	}
	return slices.ContainsFunc(p.parents(t), func(name ident.Name) bool {
		parent := p.db.Table(name)
		if parent == nil {
			return false
		}
		pc := parent.Column(c.Name)
		return pc != nil && pc.Generated != nil && (p.older(16) || sameGenerated(pc.Generated, c.Generated))
	})
}

// conflict reports whether parents have different defaults for a column: then a child must say one.
func (p *planner) conflict(t *catalog.TableDef, c *catalog.TableColumn) bool {
	defaults := map[string]bool{}
	for _, name := range p.parents(t) {
		if parent := p.db.Table(name); parent != nil && t.PartitionOf == nil {
			if pc := parent.Column(c.Name); pc != nil && pc.Default != nil {
				defaults[pc.Default.Expr] = true
			}
		}
	}
	return len(defaults) > 1 && c.Generated == nil && c.Identity == nil
}

func sameGenerated(a, b *catalog.Generated) bool {
	return a == nil && b == nil || a != nil && b != nil && *a == *b
}

// parentDefault reports whether the column would take over a default that it does not have.
func (p *planner) parentDefault(t *catalog.TableDef, column string) bool {
	for _, name := range p.parents(t) {
		if parent := p.db.Table(name); parent != nil {
			if c := parent.Column(column); c != nil && c.Default != nil {
				return true
			}
		}
	}
	return false
}
