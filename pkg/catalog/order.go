package catalog

import (
	"cmp"
	"container/heap"
	"context"
	"slices"

	"floe/pkg/ident"
)

// The catalogs that definitions stand in, by oid; these oids are the same on every version.
const (
	classType       = 1247
	classProc       = 1255
	classRelation   = 1259
	classConstraint = 2606
	classRewrite    = 2618
	classNamespace  = 2615
	classExtension  = 3079
	classCollation  = 3456
	// What Oracle-mode servers add has no oid that is known, or shares one with another kind.
	classSynonym     = 1
	classPackageBody = 2
	classObjectType  = 3
)

// object is one row of a system catalog, as pg_depend names it.
type object struct{ class, oid uint32 }

// partRow says that an object is a part of another: whoever depends on it depends on the whole, and
// the whole depends on what the part does.
type partRow struct{ Class, OID, OfClass, OfOID uint32 }

var partsQuery = query{"parts", func(v version) string {
	return `select 'pg_class'::regclass::oid as class, c.oid, 'pg_type'::regclass::oid as ofclass, c.reltype as ofoid
		from pg_class c where c.relkind = 'c' and ` + touched("c.oid") + `
	union all select 'pg_type'::regclass, c.reltype, 'pg_class'::regclass, c.oid from pg_class c where c.relkind in ('r', 'p') and ` + touched("c.oid") + `
	union all select 'pg_type'::regclass, t.typarray, 'pg_type'::regclass, t.oid from pg_type t where t.typarray >= 16384 and ` + touched("t.oid") + `
	union all select 'pg_attrdef'::regclass, d.oid, 'pg_class'::regclass, d.adrelid from pg_attrdef d where ` + touched("d.adrelid") + `
	union all select 'pg_class'::regclass, c.conindid, 'pg_constraint'::regclass, c.oid from pg_constraint c
		where c.contype in ('p', 'u', 'x') and c.conrelid <> 0 and ` + touched("c.conrelid") + `
	union all select 'pg_constraint'::regclass, c.oid, 'pg_type'::regclass, c.contypid from pg_constraint c where c.conrelid = 0 and c.contypid <> 0 and ` + touched("c.contypid") + `
	union all select 'pg_rewrite'::regclass, r.oid, 'pg_class'::regclass, r.ev_class from pg_rewrite r where r.rulename = '_RETURN' and ` + touched("r.ev_class") + `
	union all select 'pg_type'::regclass, c.reltype, 'pg_class'::regclass, c.oid from pg_class c where c.relkind in ('v', 'm', 'f') and ` + touched("c.oid") + `
	union all select d.classid, d.objid, d.refclassid, d.refobjid from pg_depend d where d.deptype = 'e' and ` + depender("d") + `
	union all select d.classid, d.objid, d.refclassid, d.refobjid from pg_depend d
		where d.deptype = 'i' and d.refclassid = 'pg_class'::regclass and d.refobjsubid > 0 and d.classid = 'pg_class'::regclass
		and ` + depender("d") +
		v.since(14, ` union all select 'pg_type'::regclass, g.rngmultitypid, 'pg_type'::regclass, g.rngtypid from pg_range g
		where g.rngtypid >= 16384 and `+touched("g.rngtypid"), "")
}}

var edgesQuery = query{"edges", func(version) string {
	return `select distinct d.classid as class, d.objid as oid, d.refclassid as ofclass, d.refobjid as ofoid
		from pg_depend d where d.objid >= 16384 and d.deptype in ('n', 'a', 'i', 'P', 'S') and ` + depender("d") + `
	union select d.classid, d.objid, d.refclassid, d.refobjid from pg_depend d join pg_rewrite r on d.classid = 'pg_rewrite'::regclass and r.oid = d.objid
		where d.deptype = 'n' and r.rulename = '_RETURN' and ` + touched("r.ev_class")
}}

// readDependencies reads the graph that definitions are ordered by.
func (r *reader) readDependencies(ctx context.Context) error {
	parts, err := rows[partRow](ctx, r, partsQuery)
	if err != nil {
		return err
	}
	whole := make(map[object]object, len(parts))
	for _, p := range parts {
		whole[object{p.Class, p.OID}] = object{p.OfClass, p.OfOID}
	}
	resolve := func(o object) object {
		for range 8 { // array of a row of a table is the deepest; a bound keeps a damaged catalog from looping
			w, ok := whole[o]
			if !ok {
				break
			}
			o = w
		}
		return o
	}
	got, err := rows[partRow](ctx, r, edgesQuery)
	r.edges = make(map[object][]object, len(got))
	for _, d := range got {
		from, to := resolve(object{d.Class, d.OID}), resolve(object{d.OfClass, d.OfOID})
		// A sequence is owned by a column whose default needs the sequence first; ownership is set later.
		if from == to || from.class == classRelation && r.owner[from.oid] == to.oid {
			continue
		}
		r.edges[from] = append(r.edges[from], to)
	}
	r.functionsFirst()
	return err
}

// functionsFirst has the functions that a base type is made of not wait for it: its name, a shell, is
// there before them.
func (r *reader) functionsFirst() {
	for i := range r.found {
		if r.found[i].Kind != KindBaseType {
			continue
		}
		t := r.object(i)
		for _, f := range r.edges[t] {
			r.edges[f] = slices.DeleteFunc(r.edges[f], func(o object) bool { return f.class == classProc && o == t })
		}
	}
}

// needs returns the definitions that definition i depends on directly or through objects that are no
// definitions, such as operators. Tables that are not selected end the search.
func (r *reader) needs(i int) []int {
	var out []int
	seen := map[object]bool{}
	todo := slices.Clone(r.edges[r.object(i)])
	for len(todo) > 0 {
		o := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if seen[o] || o.class == classRelation && r.barred[o.oid] {
			continue
		}
		seen[o] = true
		if j, ok := r.of[o]; ok {
			if j != i {
				out = append(out, j)
			}
			continue
		}
		todo = append(todo, r.edges[o]...)
	}
	return out
}

var classes = map[Kind]uint32{
	KindSchema: classNamespace, KindExtension: classExtension, KindCollation: classCollation, KindEnum: classType,
	KindComposite: classType, KindDomain: classType, KindRange: classType, KindSequence: classRelation,
	KindFunction: classProc, KindTable: classRelation, KindConstraint: classConstraint, KindIndex: classRelation,
}

func (r *reader) object(i int) object { return objectOf(&r.found[i]) }

func objectOf(d *Definition) object {
	if class, ok := textKinds[d.Kind]; ok {
		return object{class, d.OID}
	}
	return object{classes[d.Kind], d.OID}
}

// wanted marks what the selection brings: everything, or the tables with what they need, what lies in
// selected schemas, and what hangs on either.
func (r *reader) wanted(needs [][]int) []bool {
	keep := make([]bool, len(r.found))
	var todo []int
	for i := range r.found {
		if r.chosen(i) || r.valid[r.object(i)] != nil {
			todo = append(todo, i)
		}
	}
	for len(todo) > 0 {
		for len(todo) > 0 {
			i := todo[len(todo)-1]
			todo = todo[:len(todo)-1]
			if !keep[i] {
				keep[i] = true
				todo = append(todo, needs[i]...)
			}
		}
		for i, on := range r.host {
			if j, ok := r.of[on]; ok && keep[j] && !keep[i] {
				todo = append(todo, i)
			}
		}
	}
	return keep
}

// chosen reports whether a definition is wanted for its own sake.
func (r *reader) chosen(i int) bool {
	d := &r.found[i]
	if _, hangs := r.host[i]; hangs {
		return false // it comes with its relation
	}
	switch d.Kind {
	case KindTable, KindConstraint, KindIndex:
		return true
	case KindSequence:
		if d.Body.(*SequenceDef).OwnedBy != nil {
			return true
		}
	case KindView, KindMatview, KindForeignTable:
		if r.sel.Tables != nil {
			return r.sel.Tables(d.Name)
		}
	case KindSchema:
		return r.sel.Everything || r.sel.Schema != nil && r.sel.Schema(d.Name.Name)
	}
	return r.sel.Everything || r.sel.Schema != nil && d.Name.Schema != "" && r.sel.Schema(d.Name.Schema)
}

// ordered returns the wanted definitions, each after what it depends on and otherwise by kind, then
// by age. A cycle (a table's default calls a function over that table) is entered at its first kind.
func (r *reader) ordered() []Definition {
	needs := make([][]int, len(r.found))
	for i := range r.found {
		needs[i] = r.needs(i)
	}
	keep := r.wanted(needs)
	open := make([]int, len(r.found)) // how many needs are not placed yet
	users := make([][]int, len(r.found))
	ready := &queue{defs: r.found}
	var rest []int
	for i := range r.found {
		if !keep[i] {
			continue
		}
		for _, j := range needs[i] {
			open[i]++
			users[j] = append(users[j], i)
		}
		rest = append(rest, i)
		if open[i] == 0 {
			ready.items = append(ready.items, i)
		}
	}
	heap.Init(ready)
	slices.SortFunc(rest, ready.compare)
	placed := make([]bool, len(r.found))
	out := make([]Definition, 0, len(rest))
	for len(out) < len(rest) {
		var i int
		if ready.Len() > 0 {
			i = heap.Pop(ready).(int)
		} else {
			i = rest[slices.IndexFunc(rest, func(i int) bool { return !placed[i] })]
		}
		if placed[i] {
			continue
		}
		placed[i] = true
		out = append(out, r.found[i])
		for _, u := range users[i] {
			if open[u]--; open[u] == 0 {
				heap.Push(ready, u)
			}
		}
	}
	return out
}

// queue is a heap of definitions that nothing holds up, the earliest kind first.
type queue struct {
	defs  []Definition
	items []int
}

// ranks order kinds where nothing else does.
var ranks = func() map[Kind]int {
	out := map[Kind]int{}
	for i, k := range []Kind{
		KindSchema, KindExtension, KindAccessMethod, KindLanguage, KindBaseType, KindCollation, KindEnum, KindComposite, KindDomain, KindRange, KindObjectType, KindSequence,
		KindFunction, KindTransform, KindConversion, KindOperator, KindOperatorFamily, KindOperatorClass, KindCast, KindAggregate,
		KindSearchParser, KindSearchTemplate, KindDictionary, KindSearchConfig, KindWrapper, KindServer,
		KindTable, KindForeignTable, KindConstraint, KindIndex, KindView, KindMatview, KindStatistics,
		KindSynonym, KindPackage, KindPackageBody, KindTrigger, KindTriggerState, KindRule, KindPolicy, KindPublication, KindEventTrigger, KindDefaultACL,
		KindUserMapping, KindSubscription, KindTablespace, KindLargeObjects, KindRoles, KindLabels,
	} {
		out[k] = i
	}
	return out
}()

func (q *queue) compare(a, b int) int {
	return cmp.Or(cmp.Compare(ranks[q.defs[a].Kind], ranks[q.defs[b].Kind]), cmp.Compare(q.defs[a].OID, q.defs[b].OID))
}

func (q *queue) Len() int           { return len(q.items) }
func (q *queue) Less(i, j int) bool { return q.compare(q.items[i], q.items[j]) < 0 }
func (q *queue) Swap(i, j int)      { q.items[i], q.items[j] = q.items[j], q.items[i] }
func (q *queue) Push(x any)         { q.items = append(q.items, x.(int)) }

// Pop is heap.Interface's.
func (q *queue) Pop() any {
	last := q.items[len(q.items)-1]
	q.items = q.items[:len(q.items)-1]
	return last
}

func compareNames(a, b ident.Name) int {
	return cmp.Or(cmp.Compare(a.Schema, b.Schema), cmp.Compare(a.Name, b.Name))
}

// Rank is the place of a kind in the order in which kinds are created where nothing else decides.
func Rank(k Kind) int { return ranks[k] }
