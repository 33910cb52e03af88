package catalog

import (
	"floe/pkg/dialect"
	"floe/pkg/ident"
)

// The kinds that are TextDefs, in the order in which they are created where nothing else decides.
const (
	KindBaseType       Kind = "base-type"
	KindAccessMethod   Kind = "access-method"
	KindLanguage       Kind = "language"
	KindTransform      Kind = "transform"
	KindConversion     Kind = "conversion"
	KindOperator       Kind = "operator"
	KindOperatorFamily Kind = "operator-family"
	KindOperatorClass  Kind = "operator-class"
	KindCast           Kind = "cast"
	KindAggregate      Kind = "aggregate"
	KindSearchParser   Kind = "search-parser"
	KindSearchTemplate Kind = "search-template"
	KindDictionary     Kind = "search-dictionary"
	KindSearchConfig   Kind = "search-configuration"
	KindWrapper        Kind = "foreign-data-wrapper"
	KindServer         Kind = "server"
	KindForeignTable   Kind = "foreign-table"
	KindView           Kind = "view"
	KindMatview        Kind = "materialized-view"
	KindStatistics     Kind = "statistics"
	KindTrigger        Kind = "trigger"
	KindTriggerState   Kind = "trigger-state"
	KindRule           Kind = "rule"
	KindPolicy         Kind = "policy"
	KindPublication    Kind = "publication"
	KindEventTrigger   Kind = "event-trigger"
	KindDefaultACL     Kind = "default-privileges"
)

// The kinds that are reported and made nowhere: their TextDef says why.
const (
	KindUserMapping  Kind = "user-mapping"
	KindSubscription Kind = "subscription"
	KindTablespace   Kind = "tablespace"
	KindLargeObjects Kind = "large-objects"
	KindRoles        Kind = "roles"
	KindLabels       Kind = "security-labels"
)

// TextDef is an object that no row needs, as the statements that make it. They are written by the
// source's server, or as pg_dump would, and name everything with its schema.
//
//   - Two objects are alike if their TextDefs are equal; nothing in one depends on oids.
//   - What Then holds completes the object, each statement by itself: one that fails costs no other.
//   - The name of Table stands in SQL only once as the relation that the object belongs to; names
//     elsewhere in the texts are the source's.
type TextDef struct {
	of   Kind
	SQL  string   `json:"sql,omitempty"`
	Then []string `json:"then,omitempty"`
	// Address is how DROP and COMMENT ON call it, up to the relation that it belongs to: VIEW s.v,
	// or TRIGGER x, which wants ON and the table's name behind it.
	Address string `json:"address,omitempty"`
	// Undo takes back what no DROP does.
	Undo string `json:"undo,omitempty"`
	// Columns are those of a view or materialized view, which keep their places: another name at one is a rename. Of a
	// foreign table they are the numbers of what SQL lists.
	Columns []string    `json:"columns,omitempty"`
	Table   *ident.Name `json:"table,omitempty"`
	// Enabled is as in the catalog: O, D, A, R; empty for what cannot be disabled.
	Enabled string `json:"enabled,omitempty"`
	// Populated and Reads are of materialized views: the tables of the selection that it is filled from.
	Populated bool         `json:"populated,omitempty"`
	Reads     []ident.Name `json:"reads,omitempty"`
	// Refreshed counts the REFRESHes that the source told of; no catalog knows it.
	Refreshed uint64 `json:"refreshed,omitempty"`
	// Absent says why no target gets the object.
	Absent string `json:"absent,omitempty"`
	// Speech is the language of SQL and Then, if not every server's; For the table or view that a synonym names.
	Speech dialect.Speech `json:"speech,omitempty"`
	For    *ident.Name    `json:"for,omitempty"`
}

func (d *TextDef) kind() Kind { return d.of }

// Of reports what the text describes: the Kind of its Definition.
func (d *TextDef) Of() Kind { return d.of }

func (d *TextDef) host() ident.Name {
	if d.Table == nil {
		return ident.Name{}
	}
	return *d.Table
}

// Attached reports whether the object is a part of its Table: named in the table's own name space, and
// gone with it.
func (d *TextDef) Attached() bool {
	return d.of == KindTrigger || d.of == KindTriggerState || d.of == KindRule || d.of == KindPolicy
}

// textKinds are all kinds of TextDefs, with the catalog that they stand in.
var textKinds = map[Kind]uint32{
	KindAccessMethod: 2601, KindLanguage: 2612, KindTransform: 3576, KindConversion: 2607, KindOperator: 2617,
	KindOperatorFamily: 2753, KindOperatorClass: 2616, KindCast: 2605, KindAggregate: classProc,
	KindSearchParser: 3601, KindSearchTemplate: 3764, KindDictionary: 3600, KindSearchConfig: 3602,
	KindWrapper: 2328, KindServer: 1417, KindForeignTable: classRelation, KindView: classRelation, KindMatview: classRelation,
	KindStatistics: 3381, KindTrigger: 2620, KindTriggerState: 2620, KindRule: classRewrite, KindPolicy: 3256, KindPublication: 6104, KindEventTrigger: 3466,
	KindDefaultACL: 826, KindBaseType: classType, KindUserMapping: 1418, KindSubscription: 6100, KindTablespace: 1213, KindLargeObjects: 2613, KindRoles: 1260, KindLabels: 3596,
	KindSynonym: classSynonym, KindPackage: classNamespace, KindPackageBody: classPackageBody, KindObjectType: classObjectType,
}
