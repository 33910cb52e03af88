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
	Options         []string      `json:"options,omitempty"` // name=value, of its TOAST table toast.name=value
	PartitionKey    string        `json:"partition_key,omitempty"`
	PartitionOf     *Partition    `json:"partition_of,omitempty"`
	Inherits        []ident.Name  `json:"inherits,omitempty"`
	OfType          *ident.Name   `json:"of_type,omitempty"`       // CREATE TABLE … OF a composite type
	AccessMethod    string        `json:"access_method,omitempty"` // if not heap
	ReplicaIdentity string        `json:"replica_identity"`        // d, i, f, n as in pg_class
	Comment         string        `json:"comment,omitempty"`
	// Filter is the condition that the job sets on the table's rows, empty for all of them.
	Filter string `json:"filter,omitempty"`
	// FilterOf is the name under which the job has the condition, nil if it is the table's.
	FilterOf *ident.Name `json:"filter_of,omitempty"`
	// RowSecurity and ForceRowSecurity say whether policies hold for others, and for the owner too.
	RowSecurity      bool `json:"row_security,omitempty"`
	ForceRowSecurity bool `json:"force_row_security,omitempty"`
	// Encoding is the source database's unless that is UTF8: text that orders by its bytes orders otherwise there.
	Encoding string `json:"encoding,omitempty"`
	// Hidden are columns that the server made for itself: rows of the stream bear them, nothing else does.
	Hidden []string `json:"hidden,omitempty"`
	// List is the job's choice among the columns, nil for all of them.
	List *ColumnList `json:"list,omitempty"`
}

// Partition says whose partition a table is, and for which rows.
type Partition struct {
	Parent ident.Name `json:"parent"`
	Bound  string     `json:"bound"` // FOR VALUES … or DEFAULT
	// Condition is what rows of a partition that holds rows fulfil (pg_get_partition_constraintdef), for
	// targets that are partitioned differently.
	Condition string `json:"condition,omitempty"`
	// OwnHash: it holds its rows by a hash that another server computes otherwise (of an enum or another value
	// that is an oid within, of text under a collation of its own version), so nobody else can tell which.
	OwnHash bool `json:"own_hash,omitempty"`
	// Order is how the database sorts text, if a table above is divided into ranges by that: another database may
	// hold other rows in it.
	Order string `json:"order,omitempty"`
}

// TableColumn is one column of a table.
type TableColumn struct {
	Attnum      int16           `json:"attnum"`
	Name        string          `json:"name"`
	Type        ident.Name      `json:"type"`               // as in pg_type; arrays as _int4
	SQL         string          `json:"sql"`                // the type with its modifier, fit for a cast
	TypeOID     uint32          `json:"type_oid,omitempty"` // as the stream names the type
	Typmod      int32           `json:"typmod"`
	Collation   *ident.Name     `json:"collation,omitempty"` // if not the type's
	NotNull     bool            `json:"not_null,omitempty"`
	NoInherit   bool            `json:"no_inherit,omitempty"`    // of NotNull, from 18 on
	NotNullName string          `json:"not_null_name,omitempty"` // the constraint's, from 18 on
	Default     *Default        `json:"default,omitempty"`
	Identity    *IdentityColumn `json:"identity,omitempty"`
	Generated   *Generated      `json:"generated,omitempty"`
	Storage     string          `json:"storage,omitempty"`     // p, e, m, x if not the type's
	Compression string          `json:"compression,omitempty"` // p, l if chosen
	Inherited   bool            `json:"inherited,omitempty"`   // only because a parent has it
	Statistics  *int            `json:"statistics,omitempty"`  // the target of ANALYZE, if chosen
	Options     []string        `json:"options,omitempty"`     // name=value
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

// The constraint types that are definitions; NOT NULL is a property of its column, and NotNull one that is
// NOT VALID (18 on): the column's rows may lack values.
const (
	PrimaryKey ConstraintType = "p"
	Unique     ConstraintType = "u"
	Check      ConstraintType = "c"
	Exclusion  ConstraintType = "x"
	ForeignKey ConstraintType = "f"
	NotNull    ConstraintType = "n"
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
	Inherited bool   `json:"inherited,omitempty"`
	Parent    uint32 `json:"parent,omitempty"` // the partitioned table's constraint
	// IndexParent is the partitioned table's index that the one behind this constraint is a part of, where
	// that is no constraint's.
	IndexParent uint32   `json:"index_parent,omitempty"`
	Calls       Calls    `json:"calls,omitempty"`
	Options     []string `json:"options,omitempty"`   // of the index behind it
	Clustered   bool     `json:"clustered,omitempty"` // CLUSTER goes by that index
}

// IndexDef is an index without a constraint. Using is what follows the table in CREATE INDEX.
type IndexDef struct {
	Table     ident.Name `json:"table"`
	Unique    bool       `json:"unique,omitempty"`
	Using     string     `json:"using"`
	Parent    uint32     `json:"parent,omitempty"`    // the partitioned table's index
	Clustered bool       `json:"clustered,omitempty"` // CLUSTER goes by it
	// Statistics are targets of ANALYZE that were chosen for its expressions: column=target.
	Statistics []string `json:"statistics,omitempty"`
}

// part is a Body that comes and goes with a relation.
type part interface{ host() ident.Name }

func (d *ConstraintDef) host() ident.Name { return d.Table }
func (d *IndexDef) host() ident.Name      { return d.Table }

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
