package defined

import (
	"floe/pkg/catalog"
	"floe/pkg/ident"
)

// Move is what a change makes of definitions.
//
//   - Changed are those that are new or say something else now, in the order of the change; behind them
//     what the change does not mention and that names what it renamed.
//   - Gone were dropped, Left are of the selection no more, both with what cannot be without them.
type Move struct {
	DB      *catalog.Database
	Changed []catalog.Definition
	Gone    []catalog.Ref
	Left    []catalog.Ref
}

// Empty reports whether nothing changed.
func (m *Move) Empty() bool { return len(m.Changed)+len(m.Gone)+len(m.Left) == 0 }

// Apply moves definitions on by a change; was is left as it is.
func Apply(was *catalog.Database, now []catalog.Definition, gone, left []catalog.Ref) Move {
	a := applying{valid: SetOf(was.Definitions), now: SetOf(now), out: map[Key]bool{}, renamed: map[ident.Name]ident.Name{}, parents: map[ident.Name]bool{}}
	for i := range now {
		a.rename(&now[i])
	}
	for _, r := range gone {
		a.drop(r, true)
	}
	for _, r := range left {
		a.drop(r, false)
	}
	for i := range now {
		a.displace(&now[i], was)
	}
	before := a.valid.List()
	for i := range now {
		k := KeyOf(&now[i])
		if a.out[k] || Equal(a.valid.Get(k), &now[i]) {
			continue
		}
		a.valid.Put(now[i])
		a.move.Changed = append(a.move.Changed, now[i])
	}
	a.followers(before)
	a.move.DB = catalog.NewDatabase(was.Version, a.valid.List())
	return a.move
}

type applying struct {
	valid, now *Set
	out        map[Key]bool // what is no longer
	renamed    map[ident.Name]ident.Name
	parents    map[ident.Name]bool // tables that got or lost a partition
	move       Move
}

// rename notes a table's new name.
func (a *applying) rename(d *catalog.Definition) {
	if was := a.valid.Get(KeyOf(d)); d.Kind == catalog.KindTable && was != nil && was.Name != d.Name {
		a.renamed[was.Name] = d.Name
	}
}

// drop removes an object, with what belongs to it if it is a table.
func (a *applying) drop(r catalog.Ref, gone bool) {
	k := Key{r.Kind, r.OID}
	d := a.valid.Get(k)
	a.out[k] = true
	if d == nil {
		return
	}
	a.valid.Remove(k)
	if gone {
		a.move.Gone = append(a.move.Gone, d.Ref())
	} else {
		a.move.Left = append(a.move.Left, d.Ref())
	}
	if d.Kind != catalog.KindTable {
		return
	}
	a.parents[parent(d).Parent] = true
	for _, o := range a.valid.List() {
		if belongs(&o, d.Name, gone) && a.now.Get(KeyOf(&o)) == nil {
			a.drop(o.Ref(), gone)
		}
	}
}

// belongs reports whether an object cannot be without the table. Others' foreign keys to a table that
// only left the selection stay.
func belongs(d *catalog.Definition, table ident.Name, gone bool) bool {
	switch b := d.Body.(type) {
	case *catalog.ConstraintDef:
		return b.Table == table || gone && b.RefTable != nil && *b.RefTable == table
	case *catalog.IndexDef:
		return b.Table == table
	case *catalog.SequenceDef:
		return b.OwnedBy != nil && b.OwnedBy.Table == table
	}
	return false
}

// displace drops a table whose name another one bears now, should nobody have said that it is gone.
func (a *applying) displace(d *catalog.Definition, was *catalog.Database) {
	if d.Kind != catalog.KindTable {
		return
	}
	other := was.Table(d.Name)
	if other == nil || other.OID == d.OID || a.out[Key{catalog.KindTable, other.OID}] || a.now.Get(Key{catalog.KindTable, other.OID}) != nil {
		return
	}
	a.drop(catalog.Ref{Kind: catalog.KindTable, OID: other.OID, Name: other.Name}, true)
}

// followers changes what the change left out although it names a table that was renamed, and the
// condition of default partitions, which hangs on their siblings.
func (a *applying) followers(before []catalog.Definition) {
	known := SetOf(before)
	for _, d := range a.now.List() {
		if was, is := parent(known.Get(KeyOf(&d))), parent(a.valid.Get(KeyOf(&d))); was != is {
			a.parents[was.Parent], a.parents[is.Parent] = true, true
		}
	}
	for i := range before {
		d := before[i]
		if a.now.Get(KeyOf(&d)) != nil || a.valid.Get(KeyOf(&d)) == nil {
			continue
		}
		if next, changed := a.follow(d); changed {
			a.valid.Put(next)
			a.move.Changed = append(a.move.Changed, next)
		}
	}
}

// parent is whose partition a table is, its condition aside.
func parent(d *catalog.Definition) (p catalog.Partition) {
	if d == nil {
		return p
	}
	if t, ok := d.Body.(*catalog.TableDef); ok && t.PartitionOf != nil {
		p = catalog.Partition{Parent: t.PartitionOf.Parent, Bound: t.PartitionOf.Bound}
	}
	return p
}

func (a *applying) follow(d catalog.Definition) (catalog.Definition, bool) {
	changed := false
	name := func(n ident.Name) ident.Name {
		if to, ok := a.renamed[n]; ok {
			changed = true
			return to
		}
		return n
	}
	switch b := d.Body.(type) {
	case *catalog.TableDef:
		c := *b
		if b.PartitionOf != nil {
			p := *b.PartitionOf
			if p.Bound == "DEFAULT" && p.Condition != "" && a.parents[p.Parent] {
				p.Condition, changed = "", true
			}
			p.Parent = name(p.Parent)
			c.PartitionOf = &p
		}
		c.Inherits = make([]ident.Name, 0, len(b.Inherits))
		for _, n := range b.Inherits {
			c.Inherits = append(c.Inherits, name(n))
		}
		d.Body = &c
	case *catalog.ConstraintDef:
		c := *b
		c.Table = name(b.Table)
		if b.RefTable != nil {
			to := name(*b.RefTable)
			c.RefTable = &to
		}
		d.Body = &c
	case *catalog.IndexDef:
		c := *b
		c.Table = name(b.Table)
		d.Body = &c
	case *catalog.SequenceDef:
		c := *b
		if b.OwnedBy != nil {
			owner := *b.OwnedBy
			owner.Table = name(owner.Table)
			c.OwnedBy = &owner
		}
		d.Body = &c
	}
	return d, changed
}
