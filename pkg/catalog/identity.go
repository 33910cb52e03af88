package catalog

import (
	"floe/pkg/ident"
)

// Replica is a REPLICA IDENTITY setting, as pg_class.relreplident.
type Replica string

// The settings.
const (
	ReplicaDefault Replica = "d"
	ReplicaIndex   Replica = "i"
	ReplicaFull    Replica = "f"
	ReplicaNothing Replica = "n"
)

// Identity is how a table's rows are told apart (design.md §2).
//
//   - Columns are the key in index order; empty means that rows are matched by all columns.
//   - Want is the REPLICA IDENTITY that the source needs for it; Index names the index if Want is
//     ReplicaIndex. NOTHING was somebody's decision and is kept.
type Identity struct {
	Columns []string
	Want    Replica
	Index   string
}

// Identity chooses among the table's keys: the primary key unless it is deferrable, else the replica
// identity index it has, else the oldest unique index over NOT NULL columns, else none. For a
// partition ask Database.Identity: what its root declares counts.
func (d *TableDef) Identity() Identity { return d.identityOf(d.key()) }

func (d *TableDef) key() *Key {
	var replica, first *Key
	for i := range d.Keys {
		k := &d.Keys[i]
		if k.Deferrable || !d.usable(k) {
			continue
		}
		switch {
		case k.Primary:
			return k
		case k.Replica && d.ReplicaIdentity == string(ReplicaIndex):
			replica = k
		case first == nil || k.OID < first.OID:
			first = k
		}
	}
	if replica != nil {
		return replica
	}
	return first
}

// usable reports whether every row has k, and rows carry it.
func (d *TableDef) usable(k *Key) bool {
	for _, name := range k.Columns {
		c := d.Column(name)
		if c == nil || !c.NotNull || c.Generated != nil {
			return false
		}
	}
	return true
}

// Virtual reports whether the table has a virtual generated column (18 on). A server refuses UPDATE and DELETE
// of one that is published and has REPLICA IDENTITY FULL.
func (d *TableDef) Virtual() bool {
	for i := range d.Columns {
		if g := d.Columns[i].Generated; g != nil && g.Virtual {
			return true
		}
	}
	return false
}

// Refuses reports whether the server would refuse the table's UPDATE and DELETE if it were published with id.
func (d *TableDef) Refuses(id Identity) bool { return d.Virtual() && id.Want == ReplicaFull }

func (d *TableDef) identityOf(k *Key) Identity {
	id := Identity{Want: ReplicaFull}
	if k != nil {
		id.Columns = k.Columns
		id.Want = ReplicaDefault
		if !k.Primary {
			id.Want, id.Index = ReplicaIndex, k.Name
		}
	}
	switch setting := Replica(d.ReplicaIdentity); {
	case setting == ReplicaNothing:
		id.Want, id.Index = ReplicaNothing, ""
	case d.Filter != "": // whether a row met the condition before shows only its whole old image
		id.Want, id.Index = ReplicaFull, ""
	case setting == ReplicaFull && (k == nil || !d.Virtual()): // the whole old row holds every key; nothing to change
		id.Want, id.Index = ReplicaFull, ""
	}
	return id
}

// IdentityKept is the identity under `identity: keep`: what the source's present setting gives.
func (d *TableDef) IdentityKept() Identity {
	switch Replica(d.ReplicaIdentity) {
	case ReplicaFull, ReplicaNothing:
		return d.Identity()
	}
	for i := range d.Keys {
		k := &d.Keys[i]
		switch {
		case d.ReplicaIdentity == string(ReplicaIndex) && k.Replica,
			d.ReplicaIdentity == string(ReplicaDefault) && k.Primary && !k.Deferrable:
			return Identity{k.Columns, Replica(d.ReplicaIdentity), k.Name}
		}
	}
	return Identity{Want: Replica(d.ReplicaIdentity)}
}

// Change is the ALTER TABLE that the source needs for id, empty if it has that setting.
func (d *TableDef) Change(id Identity) string {
	if string(id.Want) == d.ReplicaIdentity && (id.Want != ReplicaIndex || d.replicaIndex() == id.Index) {
		return ""
	}
	alter := "ALTER TABLE ONLY " + d.Name.SQL() + " REPLICA IDENTITY "
	switch id.Want {
	case ReplicaIndex:
		return alter + "USING INDEX " + ident.Quote(id.Index)
	case ReplicaFull:
		return alter + "FULL"
	case ReplicaNothing:
		return alter + "NOTHING"
	}
	return alter + "DEFAULT"
}

func (d *TableDef) replicaIndex() string {
	for _, k := range d.Keys {
		if k.Replica {
			return k.Name
		}
	}
	return ""
}
