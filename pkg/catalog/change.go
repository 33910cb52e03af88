package catalog

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"floe/pkg/ident"
)

// Ref names an object without describing it.
type Ref struct {
	Kind Kind
	OID  uint32
	Name ident.Name // the last one that it was valid under
}

// Change is what one DDL command on the source did to what a job replicates.
//
//   - Now holds the full definitions after the command of everything that it changed, in an order in
//     which they can be created; a definition equal to the valid one is not repeated.
//   - Gone was dropped. Left is still there, but the selection no longer has it: it is forgotten, not
//     dropped.
//   - Rewritten are oids of tables that hold rows which no row event shows as they are now.
//   - Unknown says in words what could not be described: the catalog must be read.
type Change struct {
	Tag       string
	Query     string // what the client sent, for people; several commands, or a function's call
	Now       []Definition
	Gone      []Ref
	Left      []Ref
	Rewritten []uint32
	Unknown   []string
}

// Empty reports whether nothing changed that the job replicates.
func (c *Change) Empty() bool {
	return len(c.Now)+len(c.Gone)+len(c.Left)+len(c.Rewritten)+len(c.Unknown) == 0
}

// told is the JSON that the source's event triggers write.
type told struct {
	Format     int
	Version    int
	Tag, Query string
	Touched    []uint32 // everything whose definition may have changed, with its parts
	Dropped    [][3]int64
	Created    []uint32    // tables that are new and empty
	Rewritten  []uint32    // tables that the command wrote anew
	Filled     []uint32    // tables that hold rows, of those that the command changed itself
	Refreshed  []uint32    // materialized views that the command filled
	Stale      [][2]uint32 // columns that were added with a value that another server may not compute
	Unknown    []string
	Rows       recording // nil if nothing could be described
}

// ReadChange reads the column change of a row of floe.ddl. valid is what was valid before the command;
// what the command did not touch is looked up in it.
func ReadChange(change []byte, sel Selection, valid *Database) (Change, error) {
	var e told
	if err := json.Unmarshal(change, &e); err != nil {
		return Change{}, fmt.Errorf("read change: %w", err)
	}
	out := Change{Tag: e.Tag, Query: e.Query, Unknown: e.Unknown, Rewritten: e.Rewritten}
	if e.Format != Format {
		out.Unknown = append(out.Unknown, fmt.Sprintf("a recording of format %d, want %d", e.Format, Format))
		return out, nil
	}
	if e.Rows == nil {
		out.Gone = droppedOf(&e, valid)
		return out, nil
	}
	r := newReader(sel)
	r.recording, r.version.number, r.valid = e.Rows, e.Version, map[object]*Definition{}
	for i := range valid.Definitions {
		d := &valid.Definitions[i]
		r.valid[objectOf(d)] = d
	}
	if err := r.readAll(context.Background()); err != nil {
		return Change{}, fmt.Errorf("read change by %s: %w", e.Tag, err)
	}
	if err := out.compare(r, &e, valid); err != nil {
		return Change{}, fmt.Errorf("read change by %s: %w", e.Tag, err)
	}
	return out, nil
}

// compare finds what differs from valid.
func (c *Change) compare(r *reader, e *told, valid *Database) error {
	now := narrow(r.ordered(), &r.sel, valid)
	for i := range now {
		if t, ok := now[i].Body.(*TableDef); ok {
			r.tables[t.OID] = t
		}
	}
	present := make(map[object]bool, len(now))
	for _, d := range now {
		o := objectOf(&d)
		present[o] = true
		was := r.valid[o]
		if was == nil || was.Kind != d.Kind {
			c.Now = append(c.Now, d)
			continue
		}
		CarryOver(was, &d)
		if b, ok := d.Body.(*TextDef); ok && slices.Contains(e.Refreshed, d.OID) {
			b.Refreshed++
		}
		same, err := equal(*was, d)
		if err != nil {
			return err
		}
		if !same {
			c.Now = append(c.Now, d)
		}
	}
	c.Gone, c.Left = missing(e, valid, present)
	c.Now = append(c.Now, withoutKeys(c.Now, e, valid, r.tables)...)
	c.Rewritten = rewritten(e, valid, r)
	return nil
}

// CarryOver gives a definition that was read anew what no catalog knows of it. Its body is the reader's own.
func CarryOver(was, now *Definition) {
	a, ok1 := was.Body.(*TextDef)
	b, ok2 := now.Body.(*TextDef)
	if ok1 && ok2 {
		b.Refreshed = a.Refreshed
	}
}

func equal(a, b Definition) (bool, error) {
	x, err := Encode(a)
	if err != nil {
		return false, err
	}
	y, err := Encode(b)
	return x == y, err
}

func (e *told) drops() map[object]bool {
	out := map[object]bool{}
	for _, d := range e.Dropped {
		if d[2] == 0 {
			out[object{uint32(d[0]), uint32(d[1])}] = true
		}
	}
	return out
}

func droppedOf(e *told, valid *Database) []Ref {
	gone, _ := missing(e, valid, nil)
	return gone
}

// missing sorts what was valid and is no longer described. What was dropped is gone, and so is a part
// that its relation no longer has: a changed column's indexes and constraints are made anew without a
// word. What was touched and not dropped has left the selection.
func missing(e *told, valid *Database, present map[object]bool) (gone, left []Ref) {
	drops, touched := e.drops(), map[uint32]bool{}
	for _, oid := range e.Touched {
		touched[oid] = true
	}
	relations := map[ident.Name]uint32{}
	for i := range valid.Definitions {
		if d := &valid.Definitions[i]; d.Kind != KindIndex && objectOf(d).class == classRelation {
			relations[d.Name] = d.OID
		}
	}
	for i := range valid.Definitions {
		d := &valid.Definitions[i]
		o := objectOf(d)
		if present[o] {
			continue
		}
		var host object
		if p, ok := d.Body.(part); ok {
			host = object{classRelation, relations[p.host()]}
		}
		switch {
		case drops[o], host.oid != 0 && (present[host] || drops[host]):
			gone = append(gone, d.Ref())
		case touched[d.OID], host.oid != 0 && touched[host.oid]:
			left = append(left, d.Ref())
		}
	}
	return gone, left
}

// withoutKeys are tables that lost a key by a command that does not say which tables it changed:
// DROP INDEX, and cascades to one.
func withoutKeys(now []Definition, e *told, valid *Database, read map[uint32]*TableDef) []Definition {
	drops := e.drops()
	var out []Definition
	for _, t := range valid.Tables() {
		lost := func(k Key) bool { return drops[object{classRelation, k.OID}] }
		if read[t.OID] != nil || drops[object{classRelation, t.OID}] || !slices.ContainsFunc(t.Keys, lost) {
			continue
		}
		changed := *t
		changed.Keys = slices.DeleteFunc(slices.Clone(t.Keys), lost)
		if len(changed.Keys) == 0 {
			changed.Keys = nil
		}
		out = append(out, define(t.OID, t.Name, &changed))
	}
	return out
}

// rewritten finds the tables whose rows changed, or came into the job's view, without row events. Rows
// that leave with their table count for nothing.
func rewritten(e *told, valid *Database, r *reader) []uint32 {
	was := map[uint32]*TableDef{}
	for _, t := range valid.Tables() {
		was[t.OID] = t
	}
	now := NewDatabase(0, r.found)
	roots, before := now.Roots(), valid.Roots()
	var out []uint32
	for _, oid := range e.Filled {
		t := r.tables[oid]
		switch {
		case t == nil || t.Unlogged:
			continue
		case slices.Contains(e.Rewritten, oid),
			was[oid] == nil && !slices.Contains(e.Created, oid),
			was[oid] != nil && (was[oid].Unlogged || renumbered(was[oid], t, valid, now)),
			roots[oid] != nil && was[oid] != nil && (before[oid] == nil || before[oid].OID != roots[oid].OID),
			slices.ContainsFunc(e.Stale, func(s [2]uint32) bool {
				return s[0] == oid && was[oid] != nil && !was[oid].hasAttnum(int16(s[1])) && t.hasAttnum(int16(s[1]))
			}):
			out = append(out, oid)
		}
	}
	return out
}

func (d *TableDef) hasAttnum(n int16) bool {
	return slices.ContainsFunc(d.Columns, func(c TableColumn) bool { return c.Attnum == n })
}
