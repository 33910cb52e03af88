package catalog

import "floe/pkg/ident"

// TableDef is a table, partitioned table or partition with its columns.
//
//   - Columns are in attnum order, dropped ones left out; a partition's order may differ from its
//     root's, so columns are matched by name between the two.
//   - Keys hold every index that could identify a row, by oid; constraints and other indexes are
//     definitions of their own.
//   - PartitionOf and Inherits name only parents that were selected too.
type TableDef struct {
	Name            ident.Name    `json:"-"` // as the Definition's
	OID             uint32        `json:"-"`
	Columns         []TableColumn `json:"columns,omitempty"`
	Keys            []Key         `json:"keys,omitempty"`
	Unlogged        bool          `json:"unlogged,omitempty"`
	Options         []string      `json:"options,omitempty"` // name=value
	PartitionKey    string        `json:"partition_key,omitempty"`
	PartitionOf     *Partition    `json:"partition_of,omitempty"`
	Inherits        []ident.Name  `json:"inherits,omitempty"`
	ReplicaIdentity string        `json:"replica_identity"` // d, i, f, n as in pg_class
	Comment         string        `json:"comment,omitempty"`
}

// Partition says whose partition a table is, and for which rows.
type Partition struct {
	Parent ident.Name `json:"parent"`
	Bound  string     `json:"bound"` // FOR VALUES … or DEFAULT
}

// TableColumn is one column of a table.
type TableColumn struct {
	Attnum      int16           `json:"attnum"`
	Name        string          `json:"name"`
	Type        ident.Name      `json:"type"` // as in pg_type; arrays as _int4
	SQL         string          `json:"sql"`  // the type with its modifier, fit for a cast
	Typmod      int32           `json:"typmod"`
	Collation   *ident.Name     `json:"collation,omitempty"` // if not the type's
	NotNull     bool            `json:"not_null,omitempty"`
	Default     *Default        `json:"default,omitempty"`
	Identity    *IdentityColumn `json:"identity,omitempty"`
	Generated   *Generated      `json:"generated,omitempty"`
	Storage     string          `json:"storage,omitempty"`     // p, e, m, x if not the type's
	Compression string          `json:"compression,omitempty"` // p, l if chosen
	Inherited   bool            `json:"inherited,omitempty"`   // only because a parent has it
	Comment     string          `json:"comment,omitempty"`
}

// Default is a column's default. Sequence is set if it is nothing but the next value of one.
type Default struct {
	Expr     string      `json:"expr"`
	Sequence *ident.Name `json:"sequence,omitempty"`
}

// IdentityColumn is GENERATED … AS IDENTITY with the sequence behind it.
type IdentityColumn struct {
	Always   bool        `json:"always,omitempty"`
	OID      uint32      `json:"oid"`
	Name     ident.Name  `json:"name"`
	Sequence SequenceDef `json:"sequence"`
}

// Generated is a column that its own server computes; rows never carry it.
type Generated struct {
	Expr    string `json:"expr"`
	Virtual bool   `json:"virtual,omitempty"`
}

// Key is a valid unique index of whole columns over all rows. Parent is the index of the partitioned
// table that it is a part of, 0 for none.
type Key struct {
	OID        uint32   `json:"oid"`
	Name       string   `json:"name"`
	Columns    []string `json:"columns"` // without INCLUDE
	Primary    bool     `json:"primary,omitempty"`
	Deferrable bool     `json:"deferrable,omitempty"`
	Replica    bool     `json:"replica,omitempty"` // REPLICA IDENTITY USING INDEX names it
	Parent     uint32   `json:"parent,omitempty"`
}

// ConstraintType is pg_constraint.contype.
type ConstraintType string

// The constraint types that are definitions; NOT NULL is a property of its column.
const (
	PrimaryKey ConstraintType = "p"
	Unique     ConstraintType = "u"
	Check      ConstraintType = "c"
	Exclusion  ConstraintType = "x"
	ForeignKey ConstraintType = "f"
)

// ConstraintDef is a table's constraint. SQL is pg_get_constraintdef; names in it are the source's.
type ConstraintDef struct {
	Table      ident.Name     `json:"table"`
	Type       ConstraintType `json:"type"`
	SQL        string         `json:"sql"`
	Columns    []string       `json:"columns,omitempty"`
	RefTable   *ident.Name    `json:"ref_table,omitempty"`
	RefColumns []string       `json:"ref_columns,omitempty"`
	Validated  bool           `json:"validated,omitempty"`
	Deferrable bool           `json:"deferrable,omitempty"`
	// Inherited ones exist only because the parent's does; creating that one creates them.
	Inherited bool     `json:"inherited,omitempty"`
	Parent    uint32   `json:"parent,omitempty"` // the partitioned table's constraint
	Calls     Calls    `json:"calls,omitempty"`
	Options   []string `json:"options,omitempty"` // of the index behind it
}

// IndexDef is an index without a constraint. Using is what follows the table in CREATE INDEX.
type IndexDef struct {
	Table  ident.Name `json:"table"`
	Unique bool       `json:"unique,omitempty"`
	Using  string     `json:"using"`
	Parent uint32     `json:"parent,omitempty"` // the partitioned table's index
}

func (*TableDef) kind() Kind      { return KindTable }
func (*ConstraintDef) kind() Kind { return KindConstraint }
func (*IndexDef) kind() Kind      { return KindIndex }

// Column returns the named column, or nil.
func (d *TableDef) Column(name string) *TableColumn {
	for i := range d.Columns {
		if d.Columns[i].Name == name {
			return &d.Columns[i]
		}
	}
	return nil
}
