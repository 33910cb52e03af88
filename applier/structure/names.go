package structure

import (
	"floe/pkg/catalog"
	"floe/pkg/ident"
)

// names gives the target's names of what the definitions name. Tables, their columns and their
// sequences follow the mapping; types, functions, collations and extensions keep their schema, for
// expression texts name them.
type names struct {
	db      *catalog.Database
	mapping *ident.Mapping
	owners  map[ident.Name]ident.Name // sequence → the table that owns it
}

func newNames(db *catalog.Database, m *ident.Mapping) *names {
	n := &names{db, m, map[ident.Name]ident.Name{}}
	for _, d := range db.Definitions {
		switch b := d.Body.(type) {
		case *catalog.SequenceDef:
			if b.OwnedBy != nil {
				n.owners[d.Name] = b.OwnedBy.Table
			}
		case *catalog.TableDef:
			for _, c := range b.Columns {
				if c.Identity != nil {
					n.owners[c.Identity.Name] = b.Name
				}
			}
		}
	}
	return n
}

func (n *names) table(t ident.Name) ident.Name { return n.mapping.Table(t) }

// column is the target's name of a column; that of a partition is its root's.
func (n *names) column(t *catalog.TableDef, column string) string {
	return n.mapping.Column(n.db.Root(t).Name, column)
}

// sequence is the target's name of a sequence: an owned one must lie in its table's schema.
func (n *names) sequence(s ident.Name) ident.Name {
	if t, ok := n.owners[s]; ok {
		return ident.Name{Schema: n.table(t).Schema, Name: s.Name}
	}
	return ident.Name{Schema: n.mapping.Schema(s.Schema), Name: s.Name}
}

// renames returns the renamed columns of a table, nil if all keep their names.
func (n *names) renames(t *catalog.TableDef) map[string]string {
	var out map[string]string
	for _, c := range t.Columns {
		if to := n.column(t, c.Name); to != c.Name {
			if out == nil {
				out = map[string]string{}
			}
			out[c.Name] = to
		}
	}
	return out
}

// Renamed is an expression over a table of the source by the target's names of its columns.
func Renamed(m *ident.Mapping, table ident.Name, columns []string, sql string) string {
	renames := map[string]string{}
	for _, c := range columns {
		if to := m.Column(table, c); to != c {
			renames[c] = to
		}
	}
	return renameColumns(sql, renames)
}

// Sequences gives, by the source's oid, the target's name of every sequence, identity columns' too.
func Sequences(db *catalog.Database, m *ident.Mapping) map[uint32]ident.Name {
	n, out := newNames(db, m), map[uint32]ident.Name{}
	for _, d := range db.Definitions {
		switch b := d.Body.(type) {
		case *catalog.SequenceDef:
			out[d.OID] = n.sequence(d.Name)
		case *catalog.TableDef:
			for _, c := range b.Columns {
				if c.Identity != nil {
					out[c.Identity.OID] = n.sequence(c.Identity.Name)
				}
			}
		}
	}
	return out
}
