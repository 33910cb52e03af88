package capture

import (
	"fmt"
	"slices"

	"floe/capture/past"
	"floe/pkg/catalog"
	"floe/pkg/event"
	"floe/pkg/halt"
)

// sortedOtherwise are the tables whose load is open and whose key sorts otherwise from here on, or compares otherwise:
// another collation, another type, an index of another operator class. Such commands need not write any row anew. What
// is left of the ranges would be other keys than were left. A load that is over may have met such a command that nobody
// told of.
func (s *session) sortedOtherwise(r *restructure, now *catalog.Database, next *layout, open map[uint32]bool) (oids []uint32) {
	was := map[uint32]*catalog.TableDef{}
	for _, def := range s.db.Tables() {
		if s.tables[def.OID] != nil && (open[def.OID] || r.missed) {
			was[def.OID] = def
		}
	}
	for _, def := range now.Tables() {
		before, t := was[def.OID], next.tables[def.OID]
		if before == nil || t == nil {
			continue
		}
		key, keyBefore := keyNames(t.Shape), keyNames(s.tables[def.OID].Shape)
		if open[def.OID] && sorting(before, keyBefore) != sorting(def, key) || r.missed && collated(before, keyBefore) != collated(def, key) {
			oids = append(oids, def.OID)
		}
	}
	return oids
}

// sortedAlike halts, where changes are not followed, at such a change that was made while no capture ran.
func (s *session) sortedAlike(was map[uint32]catalog.Definition, p *past.Past) error {
	for _, now := range s.db.Tables() {
		d, known := was[now.OID]
		if l := p.Loads[now.OID]; !known || l == nil || l.Loaded {
			continue
		}
		then := d.Body.(*catalog.TableDef)
		if sorting(then, keyNames(s.shape(then))) != sorting(now, keyNames(s.shape(now))) {
			return halt.New(halt.StructureChanged, halt.Rebuild, "the key of table %s sorts otherwise than when its load began", now.Name)
		}
	}
	return nil
}

// sorting is all that the order of a table's keys depends on. The index is the one that load.Loader goes by; those of
// primary keys have their types' own operators.
func sorting(def *catalog.TableDef, key []string) string {
	out := collated(def, key)
	for _, name := range key {
		if c := def.Column(name); c != nil {
			out += fmt.Sprint(" ", c.TypeOID, " ", c.Typmod)
		}
	}
	index := uint32(0)
	for i := range def.Keys {
		switch k := &def.Keys[i]; {
		case !slices.Equal(k.Columns, key):
		case k.Primary:
			return out
		case index == 0 || k.OID < index:
			index = k.OID
		}
	}
	return out + fmt.Sprint(" ", index)
}

// collated are the collations of a key's columns.
func collated(def *catalog.TableDef, key []string) (out string) {
	for _, name := range key {
		if c := def.Column(name); c != nil {
			out += fmt.Sprint(c.Attnum, " ")
			if c.Collation != nil {
				out += c.Collation.SQL()
			}
			out += ","
		}
	}
	return out
}

func keyNames(t *event.Table) (names []string) {
	for _, k := range t.Key {
		names = append(names, t.Columns[k].Name)
	}
	return names
}
