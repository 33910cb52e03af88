package capture

import (
	"fmt"
	"slices"

	"floe/pkg/catalog"
	"floe/pkg/halt"
	"floe/pkg/ident"
)

// sameTables compares what rows depend on: names, columns, keys, and which partitions a table has.
func sameTables(was map[uint32]catalog.Definition, db *catalog.Database) error {
	present, names := map[uint32]bool{}, map[ident.Name]bool{}
	for _, d := range was {
		names[d.Name] = true
	}
	for _, now := range db.Tables() {
		present[now.OID] = true
		d, known := was[now.OID]
		switch {
		case !known && now.PartitionOf != nil && was[db.Root(now).OID].Body != nil:
			return halt.New(halt.StructureChanged, halt.Rebuild, "partition %s came while capture was not there to see its rows", now.Name)
		case !known && names[now.Name]:
			return halt.New(halt.StructureChanged, halt.Rebuild, "table %s is another one than it was", now.Name)
		case !known:
			continue
		}
		then := d.Body.(*catalog.TableDef)
		if what := changed(then, now); what != "" {
			return halt.New(halt.StructureChanged, halt.Rebuild, "table %s changed: %s", then.Name, what)
		}
	}
	for oid, d := range was {
		if t := d.Body.(*catalog.TableDef); !present[oid] && t.PartitionOf != nil && db.Table(t.PartitionOf.Parent) != nil {
			return halt.New(halt.StructureChanged, halt.Rebuild, "partition %s left %s", t.Name, t.PartitionOf.Parent)
		}
	}
	return nil
}

// changed names the first difference that rows would show, empty if there is none.
func changed(then, now *catalog.TableDef) string {
	if then.Name != now.Name {
		return fmt.Sprintf("it is %s now", now.Name)
	}
	if then.Filter != now.Filter {
		return fmt.Sprintf("of its rows those were copied that met %q, now it is %q", then.Filter, now.Filter)
	}
	if then.Unlogged != now.Unlogged {
		return "it was set LOGGED or UNLOGGED"
	}
	for i := range max(len(then.Columns), len(now.Columns)) {
		switch {
		case i >= len(now.Columns):
			return fmt.Sprintf("column %s is gone", then.Columns[i].Name)
		case i >= len(then.Columns):
			return fmt.Sprintf("column %s is new", now.Columns[i].Name)
		}
		a, b := &then.Columns[i], &now.Columns[i]
		if a.Attnum != b.Attnum && a.Name == b.Name {
			return fmt.Sprintf("column %s was dropped and made anew", a.Name)
		}
		if a.Attnum != b.Attnum || a.Name != b.Name || a.Type != b.Type || a.SQL != b.SQL || (a.Generated != nil) != (b.Generated != nil) {
			return fmt.Sprintf("column %s %s became column %s %s", a.Name, a.SQL, b.Name, b.SQL)
		}
	}
	if a, b := then.Identity().Columns, now.Identity().Columns; !slices.Equal(a, b) {
		return fmt.Sprintf("rows were told apart by %q, now by %q", a, b)
	}
	if (then.PartitionOf == nil) != (now.PartitionOf == nil) || then.PartitionOf != nil && then.PartitionOf.Parent != now.PartitionOf.Parent {
		return "it is a partition of another table"
	}
	return ""
}
