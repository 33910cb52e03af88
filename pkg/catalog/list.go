package catalog

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"floe/pkg/ident"
)

// ColumnList is the job's choice among a table's columns (objects.filters.columns). Columns that it leaves out
// are no columns of the TableDef: they are on no target, in no row and in no schema.
//
//   - Table and Columns are as the job has them, Columns sorted. A table that was renamed keeps its list, and so
//     does a column: a list is of columns, not of whatever is called so later (Left remembers the others).
//   - A partition has its root's list.
type ColumnList struct {
	Table   ident.Name   `json:"table"`
	Columns []string     `json:"columns"`
	Left    []LeftColumn `json:"left,omitempty"`
	// Fault says why the list cannot be gone by, empty if it can; Unknown are names of it that the table does not
	// have, Without are indexes and constraints that go with the columns. None of them is in the log.
	Fault   string   `json:"-"`
	Unknown []string `json:"-"`
	Without []string `json:"-"`
}

// LeftColumn is a column that a list leaves out.
type LeftColumn struct {
	Attnum int16  `json:"attnum"`
	Name   string `json:"name"`
	// Generated ones are in no row of the stream (Untold).
	Generated bool `json:"generated,omitempty"`
}

// Sent are the names of the columns that the stream bears of a table, in the order of their numbers.
func (d *TableDef) Sent() []string {
	at := map[int16]string{}
	for i := range d.Columns {
		if c := &d.Columns[i]; c.Generated == nil {
			at[c.Attnum] = c.Name
		}
	}
	if d.List != nil {
		for _, c := range d.List.Left {
			if !c.Generated {
				at[c.Attnum] = c.Name
			}
		}
	}
	out := make([]string, 0, len(at))
	for _, n := range slices.Sorted(maps.Keys(at)) {
		out = append(out, at[n])
	}
	return out
}

// Narrow leaves of each table the columns that its list has, and the condition on its rows; sel gives both by a
// table's name. A table that had one before keeps it, whatever it is called now. db stays as it is.
func (db *Database) Narrow(sel Selection, before *Database) *Database {
	return NewDatabase(db.Version, narrow(db.Definitions, &sel, before))
}

// narrow is Narrow over definitions, parents before their partitions.
func narrow(defs []Definition, sel *Selection, before *Database) []Definition {
	lists, listed, conditioned := sel.Columns, map[uint32]*TableDef{}, map[uint32]*TableDef{}
	if before != nil {
		for _, t := range before.Tables() {
			if t.List != nil {
				listed[t.OID] = t
			}
			if t.Filter != "" && sel.Filter != nil {
				conditioned[t.OID] = t
			}
		}
	}
	if lists == nil && len(listed) == 0 && sel.Filter == nil {
		return defs
	}
	n := narrowing{lists: lists, before: listed, filter: sel.Filter, conditioned: conditioned, was: before, tables: map[ident.Name]*TableDef{}, left: map[ident.Name][]string{}}
	defs = slices.Clone(defs)
	for i := range defs {
		if t, ok := defs[i].Body.(*TableDef); ok {
			c := *t
			n.table(&c)
			defs[i].Body = &c
		}
	}
	if len(n.left) == 0 {
		return defs
	}
	for i := range defs {
		if t, ok := defs[i].Body.(*TableDef); ok {
			n.inherited(t)
		}
	}
	out := make([]Definition, 0, len(defs))
	for _, d := range defs {
		if n.keeps(&d) {
			out = append(out, d)
		}
	}
	return out
}

type narrowing struct {
	lists  func(ident.Name) []string
	before map[uint32]*TableDef
	// filter gives conditions by name, conditioned are the tables that had one.
	filter      func(ident.Name) string
	conditioned map[uint32]*TableDef
	was         *Database
	tables      map[ident.Name]*TableDef
	left        map[ident.Name][]string // names of columns, by table
}

// table takes the columns that are not of its list out of a table.
func (n *narrowing) table(t *TableDef) {
	n.tables[t.Name] = t
	n.condition(t)
	l, listed := n.list(t)
	if l == nil {
		return
	}
	t.List = l
	id, kept := t.Identity().Columns, t.IdentityKept().Columns // before columns go: by these the source tells rows apart
	var columns []TableColumn
	for _, c := range t.Columns {
		if listed(&c) {
			columns = append(columns, c)
		} else {
			l.Left = append(l.Left, LeftColumn{c.Attnum, c.Name, c.Generated != nil})
		}
	}
	for _, name := range l.Columns {
		if t.Column(name) == nil && n.before[t.OID] == nil { // else it was renamed or dropped since
			l.Unknown = append(l.Unknown, name)
		}
	}
	t.Columns = columns
	left := l.names()
	n.left[t.Name] = left
	n.judge(t, slices.Concat(id, kept), left)
	t.Keys = slices.DeleteFunc(slices.Clone(t.Keys), func(k Key) bool { return meet(k.Columns, left) })
	if len(t.Keys) == 0 {
		t.Keys = nil
	}
}

// condition has a table keep the condition that it had under another name: which rows are copied is said of a table,
// not of whatever is called so later. A partition has its root's, and one that was detached keeps that.
func (n *narrowing) condition(t *TableDef) {
	if root := n.root(t); root != nil {
		if root.Filter != "" && n.filter != nil && n.filter(t.Name) == "" {
			t.Filter, t.FilterOf = root.Filter, root.filterOf()
		}
		return
	}
	was := n.conditioned[t.OID]
	if was == nil {
		return
	}
	if of := was.filterOf(); *of != t.Name {
		if f := n.filter(*of); f != "" {
			t.Filter, t.FilterOf = f, of
		}
	}
}

// root is the table that a partition is the next part of, as it is now or, if nothing changed of it, was.
func (n *narrowing) root(t *TableDef) *TableDef {
	if t.PartitionOf == nil {
		return nil
	}
	if root := n.tables[t.PartitionOf.Parent]; root != nil || n.was == nil {
		return root
	}
	return n.was.Table(t.PartitionOf.Parent)
}

// filterOf is the name under which the job has the table's condition.
func (d *TableDef) filterOf() *ident.Name {
	if d.FilterOf != nil {
		return d.FilterOf
	}
	return &d.Name
}

// CalledThen reports whether the job has the table's condition or list under a name that it had.
func (d *TableDef) CalledThen(name ident.Name) bool {
	return d.Filter != "" && *d.filterOf() == name || d.List != nil && d.List.Table == name
}

// list is the table's list, and what decides of a column.
func (n *narrowing) list(t *TableDef) (*ColumnList, func(*TableColumn) bool) {
	was := n.before[t.OID]
	if t.PartitionOf != nil && n.tables[t.PartitionOf.Parent] != nil {
		root := n.tables[t.PartitionOf.Parent]
		switch {
		case root.List != nil:
			return &ColumnList{Table: root.List.Table, Columns: root.List.Columns}, func(c *TableColumn) bool { return root.Column(c.Name) != nil }
		case n.of(t.Name) != nil:
			l := &ColumnList{Table: t.Name, Columns: n.of(t.Name), Fault: "it is a partition: a list is of the whole table, " + root.Name.String()}
			return l, l.has
		case was != nil:
			l := &ColumnList{Table: was.List.Table, Columns: was.List.Columns, Fault: "it became a partition of " + root.Name.String() + ", which has no list"}
			return l, was.listed
		}
		return nil, nil
	}
	if was != nil {
		return &ColumnList{Table: was.List.Table, Columns: was.List.Columns}, was.listed
	}
	if names := n.of(t.Name); names != nil {
		l := &ColumnList{Table: t.Name, Columns: names}
		return l, l.has
	}
	return nil, nil
}

func (n *narrowing) of(table ident.Name) []string {
	if n.lists == nil {
		return nil
	}
	names := slices.Sorted(slices.Values(n.lists(table)))
	if len(names) == 0 {
		return nil
	}
	return names
}

func (l *ColumnList) has(c *TableColumn) bool { return slices.Contains(l.Columns, c.Name) }

func (l *ColumnList) names() (out []string) {
	for _, c := range l.Left {
		out = append(out, c.Name)
	}
	return out
}

// listed decides of a column of what the table is now: what was known stays in or out, what is new goes by its name.
func (d *TableDef) listed(c *TableColumn) bool {
	return d.hasAttnum(c.Attnum) || !slices.ContainsFunc(d.List.Left, func(l LeftColumn) bool { return l.Attnum == c.Attnum }) && d.List.has(c)
}

// judge says what a list cannot leave out: what tells rows apart, and what something that stays is computed by.
func (n *narrowing) judge(t *TableDef, key, left []string) {
	l := t.List
	fault := func(format string, args ...any) {
		if l.Fault == "" {
			l.Fault = fmt.Sprintf(format, args...)
		}
	}
	for i := range t.Keys {
		if k := &t.Keys[i]; k.Replica && t.ReplicaIdentity == string(ReplicaIndex) {
			key = slices.Concat(key, k.Columns)
		}
	}
	for _, name := range left {
		column := ident.Quote(name)
		switch {
		case t.PartitionOf == nil && slices.Contains(key, name):
			fault("column %s is of its key, by which rows are told apart", column)
		case Mentions(t.PartitionKey, name):
			fault("its partitions go by column %s (%s)", column, t.PartitionKey)
		case t.Filter != "" && (Mentions(t.Filter, name) || Mentions(t.Filter, t.Name.Name)):
			fault("its row filter asks for column %s, or for whole rows (%s)", column, t.Filter)
		}
		for i := range t.Columns {
			if g := t.Columns[i].Generated; g != nil && Mentions(g.Expr, name) {
				fault("column %s is generated from column %s", ident.Quote(t.Columns[i].Name), column)
			}
		}
	}
	switch {
	case len(t.Columns) == 0:
		fault("none of its columns is in the list")
	case t.OfType != nil && len(left) > 0:
		fault("it is a table OF type %s, and has that type's columns", t.OfType)
	}
}

// inherited: a target's heir has its parent's columns, no more and no fewer.
func (n *narrowing) inherited(t *TableDef) {
	for _, p := range t.Inherits {
		parent := n.tables[p]
		for _, side := range []*TableDef{t, parent} {
			if side != nil && side.List != nil && len(side.List.Left) > 0 && side.List.Fault == "" {
				side.List.Fault = fmt.Sprintf("%s inherits from %s, and a target cannot leave out columns of one of the two", t.Name, p)
			}
		}
	}
}

// keeps reports whether a definition can be without the columns that were left out, and takes out of it what
// names them.
func (n *narrowing) keeps(d *Definition) bool {
	switch b := d.Body.(type) {
	case *TableDef:
		if left := n.left[b.Name]; left != nil {
			d.Grants = without(d.Grants, left)
		}
	case *SequenceDef:
		if b.OwnedBy != nil && slices.Contains(n.left[b.OwnedBy.Table], b.OwnedBy.Name) {
			c := *b
			c.OwnedBy = nil
			d.Body = &c
		}
	case *ConstraintDef:
		return n.keepsConstraint(d, b)
	case *IndexDef:
		left := n.left[b.Table]
		if slices.ContainsFunc(left, func(c string) bool { return Mentions(b.Using, c) }) {
			n.drop(b.Table, "index", d.Name)
			return false
		}
	}
	return true
}

func (n *narrowing) keepsConstraint(d *Definition, b *ConstraintDef) bool {
	left := n.left[b.Table]
	named := meet(b.Columns, left)
	if b.Type != ForeignKey && b.Type != Check { // INCLUDE, and expressions of an exclusion
		named = named || slices.ContainsFunc(left, func(c string) bool { return Mentions(b.SQL, c) })
	}
	if b.RefTable != nil {
		named = named || meet(b.RefColumns, n.left[*b.RefTable])
	}
	if named {
		n.drop(b.Table, "constraint", d.Name)
	}
	return !named
}

// drop notes what goes with the columns. A key that goes so although its own columns stay would be missed.
func (n *narrowing) drop(table ident.Name, what string, name ident.Name) {
	t := n.tables[table]
	if t == nil || t.List == nil { // another table's foreign key to left out columns
		return
	}
	t.List.Without = append(t.List.Without, what+" "+ident.Quote(name.Name)+" of "+table.String())
	for i := range t.Keys {
		if k := &t.Keys[i]; k.Name == name.Name {
			if slices.Equal(k.Columns, t.Identity().Columns) && t.List.Fault == "" {
				t.List.Fault = "its key " + ident.Quote(k.Name) + " bears a column that the list leaves out"
			}
			t.Keys = slices.Delete(slices.Clone(t.Keys), i, i+1)
			return
		}
	}
}

func without(grants []Grant, columns []string) (out []Grant) {
	for _, g := range grants {
		if g.Column == "" || !slices.Contains(columns, g.Column) {
			out = append(out, g)
		}
	}
	return out
}

func meet(a, b []string) bool {
	return slices.ContainsFunc(a, func(s string) bool { return slices.Contains(b, s) })
}

// Mentions reports whether SQL of these words may name a column or table: all words of the name are among them. It
// may not.
func Mentions(sql, name string) bool {
	words := Words(sql)
	for _, w := range Words(name) {
		if !slices.Contains(words, w) {
			return false
		}
	}
	return sql != ""
}

// Words are the runs between blanks and ASCII punctuation, folded.
func Words(s string) []string {
	return strings.FieldsFunc(ident.Fold(s), func(r rune) bool { return strings.ContainsRune(" \t\r\n()[]<>=!+-*/%^&|~#@?:;,.'\"`\\{}", r) })
}
