package catalog

import "floe/pkg/ident"

// SchemaDef is a namespace; its name says all.
type SchemaDef struct{}

// ExtensionDef is an installed extension; its members are not definitions of their own.
type ExtensionDef struct {
	Schema  string `json:"schema"`
	Version string `json:"version"`
}

// CollationDef is a collation that a user created.
type CollationDef struct {
	Provider      string `json:"provider"` // libc, icu, builtin
	Collate       string `json:"collate,omitempty"`
	Ctype         string `json:"ctype,omitempty"`
	Locale        string `json:"locale,omitempty"`
	Rules         string `json:"rules,omitempty"`
	Deterministic bool   `json:"deterministic"`
}

// EnumDef is an enum with its labels in their sort order.
type EnumDef struct {
	Labels []string `json:"labels,omitempty"`
	OIDs   []uint32 `json:"oids,omitempty"` // of the labels; they outlast a rename
}

// Attribute is one column of a composite type.
type Attribute struct {
	Attnum    int16       `json:"attnum,omitempty"`
	Name      string      `json:"name"`
	SQL       string      `json:"sql"`
	Collation *ident.Name `json:"collation,omitempty"`
}

// CompositeDef is a free-standing composite type; a table's row type belongs to the table.
type CompositeDef struct {
	Attributes []Attribute `json:"attributes,omitempty"`
}

// DomainDef is a domain over the type Base.
type DomainDef struct {
	Base      string        `json:"base"`
	Collation *ident.Name   `json:"collation,omitempty"`
	NotNull   bool          `json:"not_null,omitempty"`
	Default   string        `json:"default,omitempty"`
	Checks    []DomainCheck `json:"checks,omitempty"`
}

// DomainCheck is one CHECK of a domain; SQL begins with CHECK and may end in NOT VALID.
type DomainCheck struct {
	Name  string `json:"name"`
	SQL   string `json:"sql"`
	Calls Calls  `json:"calls,omitempty"`
}

// RangeDef is a range type that a user created. The functions are names fit for SQL.
type RangeDef struct {
	Subtype    string      `json:"subtype"`
	Opclass    *ident.Name `json:"opclass,omitempty"`
	Collation  *ident.Name `json:"collation,omitempty"`
	Canonical  string      `json:"canonical,omitempty"`
	Diff       string      `json:"diff,omitempty"`
	Multirange *ident.Name `json:"multirange,omitempty"` // from 14 on
}

// SequenceDef is a sequence, of its own or behind an identity column; its value is not part of it.
type SequenceDef struct {
	Type      string  `json:"type"`
	Start     int64   `json:"start"`
	Increment int64   `json:"increment"`
	Min       int64   `json:"min"`
	Max       int64   `json:"max"`
	Cache     int64   `json:"cache"`
	Cycle     bool    `json:"cycle,omitempty"`
	Unlogged  bool    `json:"unlogged,omitempty"`
	OwnedBy   *Column `json:"owned_by,omitempty"`
}

// Column names a column of a table.
type Column struct {
	Table ident.Name `json:"table"`
	Name  string     `json:"name"`
}

// FunctionDef is a function or procedure as pg_get_functiondef prints it.
type FunctionDef struct {
	Procedure  bool   `json:"procedure,omitempty"`
	Args       string `json:"args,omitempty"` // what tells overloaded ones apart
	SQL        string `json:"sql"`            // CREATE OR REPLACE …
	Language   string `json:"language"`
	Volatility string `json:"volatility"` // i, s, v
}

// Calls says how far an expression can be trusted to give the same answer on the target.
type Calls string

// Unstable expressions call something that is not immutable: they may refuse on the target, later,
// what they accepted on the source. User ones call immutable functions that users wrote.
const (
	CallsNothing  Calls = ""
	CallsUser     Calls = "user"
	CallsUnstable Calls = "unstable"
)

func (*SchemaDef) kind() Kind    { return KindSchema }
func (*ExtensionDef) kind() Kind { return KindExtension }
func (*CollationDef) kind() Kind { return KindCollation }
func (*EnumDef) kind() Kind      { return KindEnum }
func (*CompositeDef) kind() Kind { return KindComposite }
func (*DomainDef) kind() Kind    { return KindDomain }
func (*RangeDef) kind() Kind     { return KindRange }
func (*SequenceDef) kind() Kind  { return KindSequence }
func (*FunctionDef) kind() Kind  { return KindFunction }
