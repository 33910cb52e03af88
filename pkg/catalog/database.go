package catalog

import "floe/pkg/ident"

// Database is what was selected of one database, in an order in which it can be created.
type Database struct {
	Version     int // server_version_num; 0 if the definitions come from the log
	Definitions []Definition
	Encoding    string // of the database that was read; empty if the definitions come from the log
	tables      map[ident.Name]*TableDef
}

// NewDatabase puts definitions together, as when they were read from the log.
func NewDatabase(version int, defs []Definition) *Database {
	db := &Database{Version: version, Definitions: defs, tables: map[ident.Name]*TableDef{}}
	for _, d := range defs {
		if t, ok := d.Body.(*TableDef); ok {
			db.tables[t.Name] = t
		}
	}
	return db
}

// Table returns the named table, or nil.
func (db *Database) Table(name ident.Name) *TableDef { return db.tables[name] }

// Tables returns all tables, parents before their partitions.
func (db *Database) Tables() []*TableDef {
	var out []*TableDef
	for _, d := range db.Definitions {
		if t, ok := d.Body.(*TableDef); ok {
			out = append(out, t)
		}
	}
	return out
}

// Roots maps the oid of every leaf partition to the root that its rows are events of.
func (db *Database) Roots() map[uint32]*TableDef {
	roots := map[uint32]*TableDef{}
	for _, t := range db.Tables() {
		if t.PartitionOf != nil && t.PartitionKey == "" {
			roots[t.OID] = db.Root(t)
		}
	}
	return roots
}

// Root returns the table that t is a partition of, at the top; t itself if it is none.
func (db *Database) Root(t *TableDef) *TableDef {
	for t.PartitionOf != nil {
		parent := db.tables[t.PartitionOf.Parent]
		if parent == nil {
			break
		}
		t = parent
	}
	return t
}

// Identity is Table.Identity, for a partition that which its root declares: the partition's own part
// of the root's index, or FULL.
func (db *Database) Identity(t *TableDef) Identity {
	id := t.identityOf(db.Key(t))
	if rk := db.Root(t).key(); rk != nil && id.Columns == nil {
		id.Columns = rk.Columns // it has no valid part here yet: whole old rows hold the key
	}
	return id
}

// Key returns the index that identifies t's rows, for a partition its part of the root's; nil for none.
func (db *Database) Key(t *TableDef) *Key {
	root := db.Root(t)
	rk := root.key()
	if root == t || rk == nil {
		return rk
	}
	for i := range t.Keys {
		if k := &t.Keys[i]; db.partOf(t, k, rk.OID) {
			return k
		}
	}
	return nil
}

// partOf follows an index of t up through the levels of partitioning to the index root.
func (db *Database) partOf(t *TableDef, k *Key, root uint32) bool {
	for k.OID != root {
		if k.Parent == 0 || t.PartitionOf == nil {
			return false
		}
		parent := db.tables[t.PartitionOf.Parent]
		if parent == nil {
			return false
		}
		next := parent.keyByOID(k.Parent)
		if next == nil {
			return false
		}
		t, k = parent, next
	}
	return true
}

func (d *TableDef) keyByOID(oid uint32) *Key {
	for i := range d.Keys {
		if d.Keys[i].OID == oid {
			return &d.Keys[i]
		}
	}
	return nil
}
