// Package catalog reads what a source holds: the objects that must exist on a target before and
// after rows, as typed definitions in dependency order. Definitions travel on <job>.floe.objects,
// are rendered by package applier/structure, and compared to find what a DDL command changed.
//
// Reading never changes the source. All of it happens under one snapshot, with one query per kind
// of object, so that thousands of tables cost as many round trips as one.
package catalog

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"

	"floe/pkg/ident"
)

// Kind says what a Definition describes; it is also the kind of its record on floe.objects.
type Kind string

// The kinds, in the order in which they are created where nothing else decides.
const (
	KindSchema     Kind = "schema"
	KindExtension  Kind = "extension"
	KindCollation  Kind = "collation"
	KindEnum       Kind = "enum"
	KindComposite  Kind = "composite"
	KindDomain     Kind = "domain"
	KindRange      Kind = "range"
	KindSequence   Kind = "sequence"
	KindFunction   Kind = "function"
	KindTable      Kind = "table"
	KindConstraint Kind = "constraint"
	KindIndex      Kind = "index"
)

// Body is what a Definition says beyond its name: one of the *…Def types of this package.
type Body interface{ kind() Kind }

// Definition is one object of a database.
//
//   - Name is unique among relations, among types, and so on, not among all definitions. Functions
//     are told apart by their arguments, constraints by their table; both are in the body.
//   - A schema's or an extension's Name has no Schema.
//   - Kind always agrees with the type of Body.
type Definition struct {
	Kind Kind
	OID  uint32 // on the source; stable across renames
	Name ident.Name
	Body Body
	// Owner is the role that owns it, empty for one that the server brings: those are called otherwise elsewhere.
	Owner string
	// Comments and Grants are of every kind alike; the comments of a table are part of its body.
	Comments []Comment
	Grants   []Grant
	// Depends are the extensions that it goes with without being a member (DEPENDS ON EXTENSION).
	Depends []string
}

func define(oid uint32, name ident.Name, b Body) Definition {
	return Definition{Kind: b.kind(), OID: oid, Name: name, Body: b}
}

// envelope is the JSON form; Kind travels beside it, as the record's kind.
type envelope struct {
	OID  uint32          `json:"oid"`
	Name ident.Name      `json:"name"`
	Body json.RawMessage `json:"body"`

	Owner    string    `json:"owner,omitempty"`
	Comments []Comment `json:"comments,omitempty"`
	Grants   []Grant   `json:"grants,omitempty"`
	Depends  []string  `json:"depends,omitempty"`
}

// Encode returns the JSON form of d, from which Decode makes the same d again.
func Encode(d Definition) (string, error) {
	body, err := json.Marshal(d.Body)
	if err != nil {
		return "", fmt.Errorf("encode %s %s: %w", d.Kind, d.Name, err)
	}
	b, err := json.Marshal(envelope{d.OID, d.Name, body, d.Owner, d.Comments, d.Grants, d.Depends})
	if err != nil {
		return "", fmt.Errorf("encode %s %s: %w", d.Kind, d.Name, err)
	}
	return string(b), nil
}

// Decode reads what Encode wrote. A field that it does not know is an error: a definition half
// understood would become a target half right.
func Decode(kind Kind, s string) (Definition, error) {
	var e envelope
	if err := strict([]byte(s), &e); err != nil {
		return Definition{}, fmt.Errorf("decode %s: %w", kind, err)
	}
	body, err := newBody(kind)
	if err != nil {
		return Definition{}, err
	}
	if err := strict(e.Body, body); err != nil {
		return Definition{}, fmt.Errorf("decode %s %s: %w", kind, e.Name, err)
	}
	if t, ok := body.(*TableDef); ok {
		t.Name, t.OID = e.Name, e.OID
	}
	return Definition{kind, e.OID, e.Name, body, e.Owner, e.Comments, e.Grants, e.Depends}, nil
}

func strict(b []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return fmt.Errorf("more after the end of the definition")
	}
	return nil
}

func newBody(kind Kind) (Body, error) {
	for _, b := range []Body{
		&SchemaDef{}, &ExtensionDef{}, &CollationDef{}, &EnumDef{}, &CompositeDef{}, &DomainDef{},
		&RangeDef{}, &SequenceDef{}, &FunctionDef{}, &TableDef{}, &ConstraintDef{}, &IndexDef{},
	} {
		if b.kind() == kind {
			return b, nil
		}
	}
	if _, ok := textKinds[kind]; ok {
		return &TextDef{of: kind}, nil
	}
	return nil, fmt.Errorf("decode: no object kind %q", kind)
}
