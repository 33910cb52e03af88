package structure

import (
	"fmt"
	"strings"

	"floe/pkg/catalog"
	"floe/pkg/ident"
)

// types changes the types of columns, of all that change in one rewriting. Where no cast leads from one
// type to the other the values go by their text; where that is refused too, the rows go: the source
// rewrote them, and they are loaded again.
func (d *differ) types(def catalog.Definition, old, now *catalog.TableDef) {
	var plain, text []string
	for i := range now.Columns {
		c := &now.Columns[i]
		o := columnAt(old, c.Attnum)
		if o == nil || d.sameType(o, c) {
			continue
		}
		if o.Default != nil {
			d.dropDefault(def, old, o, c)
		}
		d.keptAnew(def, o, c)
		if d.typeStays(old, now) || d.byParent(old, now, func(po, pn *catalog.TableColumn) bool {
			return po != nil && pn != nil && pn.Name == c.Name && !d.sameType(po, pn)
		}) {
			continue
		}
		name := ident.Quote(d.now.column(now, c.Name))
		sql := "ALTER COLUMN " + name + " TYPE " + c.SQL + collate(c.Collation)
		plain = append(plain, sql)
		text = append(text, sql+" USING "+name+"::pg_catalog.text::"+c.SQL)
	}
	if len(plain) == 0 {
		return
	}
	table := d.now.table(now.Name).SQL()
	alter := "ALTER TABLE " + table + " "
	s := d.alter(def, "type", alter+strings.Join(plain, ", "))
	byText := alter + strings.Join(text, ", ")
	s.Else = []string{byText, "DELETE FROM " + table + ";\n" + byText}
	s.Loses = true
	d.change(def, s)
}

// dropDefault takes away a default that the new type may not take; it is set again behind the change.
func (d *differ) dropDefault(def catalog.Definition, old *catalog.TableDef, o, c *catalog.TableColumn) {
	step := id(def.Kind, def.OID, fmt.Sprintf("default/%d", c.Attnum))
	d.fresh[step] = c.Default != nil
	s := d.alter(def, fmt.Sprintf("default/%d", c.Attnum), "ALTER TABLE ONLY "+d.was.table(old.Name).SQL()+" ALTER COLUMN "+ident.Quote(d.was.column(old, o.Name))+" DROP DEFAULT")
	d.loose = append(d.loose, s)
}

// keptAnew says again how a column is kept, which the server forgets with its type.
func (d *differ) keptAnew(def catalog.Definition, o, c *catalog.TableColumn) {
	if o.Storage != "" && c.Storage != "" {
		d.fresh[id(def.Kind, def.OID, fmt.Sprintf("storage/%d", c.Attnum))] = true
	}
	if o.Compression != "" && c.Compression != "" {
		d.fresh[id(def.Kind, def.OID, fmt.Sprintf("compression/%d", c.Attnum))] = true
	}
}

// sameType reports whether a column kept its type and collation, whatever they are called now.
func (d *differ) sameType(o, c *catalog.TableColumn) bool {
	if o.Typmod != c.Typmod || (o.Collation == nil) != (c.Collation == nil) {
		return false
	}
	if o.TypeOID != 0 && c.TypeOID != 0 && o.TypeOID != c.TypeOID || (o.TypeOID == 0 || c.TypeOID == 0) && o.SQL != c.SQL {
		return false
	}
	return o.Collation == nil || *o.Collation == *c.Collation || d.collationRenamed(*o.Collation, *c.Collation)
}

func (d *differ) collationRenamed(old, now ident.Name) bool {
	for _, o := range d.was.db.Definitions {
		if o.Kind == catalog.KindCollation && o.Name == old {
			return d.news[keyOf(o)].Name == now
		}
	}
	return false
}
