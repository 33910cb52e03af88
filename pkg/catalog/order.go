package catalog

import (
	"cmp"
	"container/heap"
	"context"
	"slices"
)

// The catalogs that definitions stand in, by oid; these oids are the same on every version.
const (
	classType       = 1247
	classProc       = 1255
	classRelation   = 1259
	classConstraint = 2606
	classNamespace  = 2615
	classExtension  = 3079
	classCollation  = 3456
)

// object is one row of a system catalog, as pg_depend names it.
type object struct{ class, oid uint32 }

// partsSQL lists the objects that are parts of another: whoever depends on one depends on the whole,
// and the whole depends on what the part does.
const partsSQL = `
	select 'pg_class'::regclass::oid as class, c.oid, 'pg_type'::regclass::oid as ofclass, c.reltype as ofoid from pg_class c where c.relkind = 'c'
	union all select 'pg_type'::regclass, c.reltype, 'pg_class'::regclass, c.oid from pg_class c where c.relkind in ('r', 'p')
	union all select 'pg_type'::regclass, t.typarray, 'pg_type'::regclass, t.oid from pg_type t where t.typarray >= 16384
	union all select 'pg_attrdef'::regclass, d.oid, 'pg_class'::regclass, d.adrelid from pg_attrdef d
	union all select 'pg_class'::regclass, c.conindid, 'pg_constraint'::regclass, c.oid from pg_constraint c where c.contype in ('p', 'u', 'x') and c.conrelid <> 0
	union all select 'pg_constraint'::regclass, c.oid, 'pg_type'::regclass, c.contypid from pg_constraint c where c.contypid <> 0
	union all select d.classid, d.objid, d.refclassid, d.refobjid from pg_depend d where d.deptype = 'e'
	union all select d.classid, d.objid, d.refclassid, d.refobjid from pg_depend d
		where d.deptype = 'i' and d.refclassid = 'pg_class'::regclass and d.refobjsubid > 0 and d.classid = 'pg_class'::regclass`

// readDependencies reads the graph that definitions are ordered by.
func (r *reader) readDependencies(ctx context.Context) error {
	type row struct{ Class, OID, OfClass, OfOID uint32 }
	parts, err := rows[row](ctx, r.conn, partsSQL+
		r.since(14, ` union all select 'pg_type'::regclass, g.rngmultitypid, 'pg_type'::regclass, g.rngtypid from pg_range g where g.rngtypid >= 16384`, ""))
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
	got, err := rows[row](ctx, r.conn, `select distinct classid as class, objid as oid, refclassid as ofclass, refobjid as ofoid
		from pg_depend where objid >= 16384 and deptype in ('n', 'a', 'i', 'P', 'S')`)
	r.edges = make(map[object][]object, len(got))
	for _, d := range got {
		from, to := resolve(object{d.Class, d.OID}), resolve(object{d.OfClass, d.OfOID})
		// A sequence is owned by a column whose default needs the sequence first; ownership is set later.
		if from == to || from.class == classRelation && r.owner[from.oid] == to.oid {
			continue
		}
		r.edges[from] = append(r.edges[from], to)
	}
	return err
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

func (r *reader) object(i int) object { return object{classes[r.found[i].Kind], r.found[i].OID} }

// wanted marks what the selection brings: everything, or the tables with what they need.
func (r *reader) wanted(needs [][]int) []bool {
	keep := make([]bool, len(r.found))
	var todo []int
	for i, d := range r.found {
		var seq bool
		if s, ok := d.Body.(*SequenceDef); ok {
			seq = s.OwnedBy != nil
		}
		if r.sel.Everything || seq || d.Kind == KindTable || d.Kind == KindConstraint || d.Kind == KindIndex {
			todo = append(todo, i)
		}
	}
	for len(todo) > 0 {
		i := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if !keep[i] {
			keep[i] = true
			todo = append(todo, needs[i]...)
		}
	}
	return keep
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

var ranks = map[Kind]int{
	KindSchema: 0, KindExtension: 1, KindCollation: 2, KindEnum: 3, KindComposite: 4, KindDomain: 5, KindRange: 6,
	KindSequence: 7, KindFunction: 8, KindTable: 9, KindConstraint: 10, KindIndex: 11,
}

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
