// Package composed looks whether texts of enums and composite types are of the definitions that are valid where they
// stand. A relation of the stream names the types of its columns and says nothing of what they are; they change without a
// lock on the tables that use them. So a row may be of a definition that nobody has told of yet, or of one that
// was valid when it was written and is not any more when its transaction ends. It is pure.
package composed

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"floe/pkg/catalog"
	"floe/pkg/event"
	"floe/pkg/ident"
)

// Forms are what values of a table's columns look like. A nil one takes every row.
//
//   - What a definition does not say (types of the server's own, of extensions, ranges) fits always.
type Forms struct {
	columns []*form // by the shape's columns
	// Records: some values are of composite types. Another type's may look the same.
	Records bool
}

// form is what a type's texts look like; nil for anything.
type form struct {
	name   ident.Name
	labels map[string]bool // of an enum
	fields []*form         // of a composite type
	record bool
	elem   *form // of an array
}

// Types are the definitions that forms are made of.
type Types struct {
	of      map[ident.Name]catalog.Body
	records map[uint32][]int16
	members map[uint32]string
}

// TypesOf collects them.
func TypesOf(db *catalog.Database) *Types {
	t := &Types{map[ident.Name]catalog.Body{}, map[uint32][]int16{}, map[uint32]string{}}
	for _, d := range db.Definitions {
		switch b := d.Body.(type) {
		case *catalog.EnumDef:
			t.of[d.Name] = b
			if len(b.OIDs) == len(b.Labels) {
				t.members[d.OID] = labelled(b)
			}
		case *catalog.DomainDef:
			t.of[d.Name] = b
		case *catalog.CompositeDef:
			t.of[d.Name], t.records[d.OID] = b, []int16{}
			for _, a := range b.Attributes {
				t.records[d.OID] = append(t.records[d.OID], a.Attnum)
			}
			t.members[d.OID] = numbers(t.records[d.OID])
		case *catalog.TableDef: // its row type
			if b.List == nil && len(b.Hidden) == 0 {
				t.of[d.Name] = b
			}
		}
	}
	return t
}

// Of are the forms of a table's rows, nil if all fits.
func (t *Types) Of(def *catalog.TableDef, shape *event.Table) *Forms {
	f, any := &Forms{columns: make([]*form, len(shape.Columns))}, false
	for i := range shape.Columns {
		if c := def.Column(shape.Columns[i].Name); c != nil {
			f.columns[i] = t.form(c.SQL)
			any = any || f.columns[i] != nil
			f.Records = f.Records || f.columns[i].records()
		}
	}
	if !any {
		return nil
	}
	return f
}

// form is that of a type by its name in SQL.
func (t *Types) form(sql string) *form {
	if of, isArray := strings.CutSuffix(sql, "[]"); isArray {
		if elem := t.form(of); elem != nil {
			return &form{elem: elem}
		}
		return nil
	}
	name, err := ident.Parse(sql)
	if err != nil { // the server's own
		return nil
	}
	switch b := t.of[name].(type) {
	case *catalog.EnumDef:
		f := &form{name: name, labels: make(map[string]bool, len(b.Labels))}
		for _, l := range b.Labels {
			f.labels[l] = true
		}
		return f
	case *catalog.DomainDef:
		return t.form(b.Base)
	case *catalog.CompositeDef:
		f := &form{name: name, record: true}
		for _, a := range b.Attributes {
			f.fields = append(f.fields, t.form(a.SQL))
		}
		return f
	case *catalog.TableDef:
		f := &form{name: name, record: true}
		for i := range b.Columns {
			f.fields = append(f.fields, t.form(b.Columns[i].SQL))
		}
		return f
	}
	return nil
}

func (f *form) records() bool { return f != nil && (f.record || f.elem.records()) }

// Attributes are the numbers of what composite types consist of, by their oids.
func (t *Types) Attributes() map[uint32][]int16 { return t.records }

// Members are what enums and composite types consist of, by their oids: "oid label" of each label, in the order of the
// oids, and the attributes' numbers, with commas between.
func (t *Types) Members() map[uint32]string { return t.members }

func labelled(d *catalog.EnumDef) string {
	of := make(map[uint32]string, len(d.OIDs))
	for i, oid := range d.OIDs {
		of[oid] = fmt.Sprintf("%d %s", oid, d.Labels[i])
	}
	out := make([]string, 0, len(of))
	for _, oid := range slices.Sorted(maps.Keys(of)) {
		out = append(out, of[oid])
	}
	return strings.Join(out, ",")
}

func numbers(attributes []int16) string {
	out := make([]string, len(attributes))
	for i, n := range slices.Sorted(slices.Values(attributes)) {
		out[i] = strconv.Itoa(int(n))
	}
	return strings.Join(out, ",")
}

// Row returns why a row is not of the definitions, nil if it is.
func (f *Forms) Row(row *event.Row) error {
	if f == nil {
		return nil
	}
	for _, image := range [2][]event.Datum{row.Before, row.After} {
		for i := range image {
			if c := f.columns[i]; c != nil && image[i].Kind == event.Value {
				if bad := c.misfit(image[i].Text); bad != nil {
					return fmt.Errorf("a value of column %s is not of type %s as it is known here", row.Table.Columns[i].Name, bad.name)
				}
			}
		}
	}
	return nil
}
