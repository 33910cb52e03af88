package structure

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"floe/pkg/catalog"
	"floe/pkg/ident"
)

// differ finds what leads from one plan to the next.
type differ struct {
	was, now   *planner
	before     *catalog.Database             // was, by the names that things had then
	olds, news map[string]catalog.Definition // by kind/oid
	gone       map[string]bool
	out        *Script
	schemas    map[string]string      // target's schemas that are renamed
	changes    map[string][]Statement // of what stands, by kind/oid
	remade     map[string]bool        // by kind/oid: dropped and made again
	called     map[string]was         // by kind/oid: the name is another one
	calls      calls                  // what is called otherwise
	fresh      map[string]bool        // steps to be run, by ID
	// What goes: settings and what hangs on tables, columns, then tables and what they needed.
	loose, columns, solid []Statement
	ceased                []Statement // of columns: behind what takes tables apart, before other columns go
	parted                []Statement // indexes that were to be parts of a parent's, which went before
	renames, schemaMoves  []Statement
	last                  []Statement // behind all changes of columns
}

// Diff is the Plan of now for a target that was made by was: it drops what is gone, changes what stands
// and makes what is new. What of was is neither in now nor gone is left alone, but for parts of tables
// that now has. It is pure; testdata/diff is its specification.
func Diff(was, now *catalog.Database, gone []catalog.Ref, o Options) *Script {
	was, now = o.translated(was), o.translated(now)
	was, moved := renumber(was, now)
	d := &differ{
		now: planned(now, o), news: byKey(now), calls: callsOf(was, now), gone: map[string]bool{},
		schemas: map[string]string{}, changes: map[string][]Statement{}, remade: map[string]bool{}, fresh: map[string]bool{},
	}
	d.before = was
	was, d.called = d.recall(was, now)
	d.was, d.olds = planned(was, o), byKey(was)
	d.out = d.now.out
	d.out.Renumbered = moved
	d.restateCalled()
	d.findGone(gone)
	d.renameSchemas()
	d.objects()
	d.renameAll()
	d.steps()
	d.drop()
	d.assemble()
	d.out.gone, d.out.fresh = d.gone, d.fresh
	return d.out
}

func byKey(db *catalog.Database) map[string]catalog.Definition {
	out := make(map[string]catalog.Definition, len(db.Definitions))
	for _, d := range db.Definitions {
		out[keyOf(d)] = d
	}
	return out
}

// earlier orders definitions as they are made where nothing else decides.
func earlier(a, b catalog.Definition) int {
	return cmp.Or(cmp.Compare(catalog.Rank(a.Kind), catalog.Rank(b.Kind)), cmp.Compare(a.OID, b.OID))
}

// renumber gives constraints and indexes of was the oids that their equals have now: a change of a
// column's type, REINDEX CONCURRENTLY, or dropping and adding again gives new oids to what is the same.
func renumber(was, now *catalog.Database) (*catalog.Database, map[string]string) {
	type place struct {
		kind  catalog.Kind
		table uint32
		name  string
	}
	at := func(db *catalog.Database, d catalog.Definition) (place, bool) {
		t := db.Table(hangsOn(d))
		if t == nil || d.Kind != catalog.KindConstraint && d.Kind != catalog.KindIndex {
			return place{}, false
		}
		return place{d.Kind, t.OID, d.Name.Name}, true
	}
	news, known := map[place]catalog.Definition{}, byKey(now)
	for _, d := range now.Definitions {
		if p, ok := at(now, d); ok {
			news[p] = d
		}
	}
	oids, moved := map[uint32]uint32{}, map[string]string{}
	for _, d := range was.Definitions {
		p, ok := at(was, d)
		n, twin := news[p]
		if _, stands := known[keyOf(d)]; ok && twin && !stands && n.OID != d.OID && alike(d, n) {
			oids[d.OID], moved[keyOf(d)] = n.OID, keyOf(n)
		}
	}
	if len(oids) == 0 {
		return was, nil
	}
	defs := slices.Clone(was.Definitions)
	for i, d := range defs {
		defs[i] = renumbered(d, oids)
	}
	return catalog.NewDatabase(was.Version, defs), moved
}

func renumbered(d catalog.Definition, oids map[uint32]uint32) catalog.Definition {
	to := func(oid uint32) uint32 { return cmp.Or(oids[oid], oid) }
	switch b := d.Body.(type) {
	case *catalog.ConstraintDef:
		c := *b
		c.Parent, c.IndexParent, d.OID, d.Body = to(c.Parent), to(c.IndexParent), to(d.OID), &c
	case *catalog.IndexDef:
		c := *b
		c.Parent, d.OID, d.Body = to(c.Parent), to(d.OID), &c
	}
	return d
}

// alike reports whether two constraints or indexes of one table and name are the same but for oids.
func alike(a, b catalog.Definition) bool {
	switch x := a.Body.(type) {
	case *catalog.ConstraintDef:
		y := b.Body.(*catalog.ConstraintDef)
		return x.SQL == y.SQL && x.Type == y.Type && slices.Equal(x.Options, y.Options) && x.Inherited == y.Inherited && (x.Parent == 0) == (y.Parent == 0)
	case *catalog.IndexDef:
		y := b.Body.(*catalog.IndexDef)
		return x.Using == y.Using && x.Unique == y.Unique && (x.Parent == 0) == (y.Parent == 0)
	}
	return false
}

// hangsOn is the table that an object is a part of; zero for none.
func hangsOn(d catalog.Definition) ident.Name {
	switch b := d.Body.(type) {
	case *catalog.ConstraintDef:
		return b.Table
	case *catalog.IndexDef:
		return b.Table
	case *catalog.TextDef:
		if b.Table != nil {
			return *b.Table
		}
	}
	return ident.Name{}
}

// findGone marks what was dropped: what is said to be, and parts that their table has no more.
func (d *differ) findGone(refs []catalog.Ref) {
	for _, r := range refs {
		if _, stands := d.news[key(r.Kind, r.OID)]; !stands {
			d.gone[key(r.Kind, r.OID)] = true
		}
	}
	for k, old := range d.olds {
		if _, stands := d.news[k]; stands {
			continue
		}
		if t := d.was.db.Table(hangsOn(old)); t != nil && d.newTable(t) != nil {
			d.gone[k] = true
		}
	}
}

// newTable is what a table of was is now, nil for one that is no more.
func (d *differ) newTable(t *catalog.TableDef) *catalog.TableDef {
	b, _ := d.news[key(catalog.KindTable, t.OID)].Body.(*catalog.TableDef)
	return b
}

func (d *differ) oldTable(t *catalog.TableDef) *catalog.TableDef {
	b, _ := d.olds[key(catalog.KindTable, t.OID)].Body.(*catalog.TableDef)
	return b
}

// alter is a statement that changes what a definition's step made.
func (d *differ) alter(def catalog.Definition, phase, sql string) Statement {
	k := keyOf(def)
	s := Statement{ID: k + "/change/" + phase, Object: object(def), SQL: sql, Alters: k + "/create"}
	t, _ := def.Body.(*catalog.TableDef)
	if t == nil {
		t = d.now.db.Table(hangsOn(def))
	}
	if t != nil {
		s.Table, s.Within = t.Name, d.now.within(t)
	}
	return s
}

func (d *differ) change(def catalog.Definition, s Statement) {
	d.changes[keyOf(def)] = append(d.changes[keyOf(def)], s)
}

// objects compares what stands, object by object.
func (d *differ) objects() {
	for _, n := range d.now.db.Definitions {
		o, ok := d.olds[keyOf(n)]
		if !ok {
			continue
		}
		switch b := n.Body.(type) {
		case *catalog.TableDef:
			d.table(n, o.Body.(*catalog.TableDef), b)
		case *catalog.EnumDef:
			d.enum(n, o.Body.(*catalog.EnumDef), b)
		case *catalog.CompositeDef:
			d.composite(n, o.Body.(*catalog.CompositeDef), b)
		case *catalog.DomainDef:
			d.domain(n, o.Body.(*catalog.DomainDef), b)
		case *catalog.SequenceDef:
			d.sequence(n, o.Body.(*catalog.SequenceDef), b)
		case *catalog.ExtensionDef:
			d.extension(n, o.Body.(*catalog.ExtensionDef), b)
		case *catalog.ConstraintDef:
			d.constraint(n, o.Body.(*catalog.ConstraintDef), b)
		case *catalog.IndexDef:
			d.index(n, o.Body.(*catalog.IndexDef), b)
		case *catalog.TextDef:
			if n.Kind == catalog.KindForeignTable {
				d.foreignLost(n)
			}
		}
	}
}

// parted cuts an ID into kind/oid and the step.
func parted(id string) (object, phase string) {
	i := strings.IndexByte(id, '/')
	j := strings.IndexByte(id[i+1:], '/')
	if j < 0 {
		return id, ""
	}
	return id[:i+1+j], id[i+2+j:]
}

// attnum is the number at the end of a column's step.
func attnum(phase string) (int16, bool) {
	_, last, ok := strings.Cut(phase, "/")
	n, err := strconv.ParseInt(last, 10, 16)
	return int16(n), ok && err == nil
}
