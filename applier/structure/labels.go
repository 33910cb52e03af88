package structure

import (
	"slices"
	"strings"

	"floe/pkg/catalog"
	"floe/pkg/ident"
)

// Labels are the statements that add the labels which enums of was have more in now. They change no row,
// and run outside a transaction before Follow: a server before 12 adds none within one, a later one lets
// nobody use them there, and a change may bring a label together with a default that is one.
func Labels(was *catalog.Database, now []catalog.Definition) []string {
	var out []string
	for _, d := range now {
		n, ok := d.Body.(*catalog.EnumDef)
		if !ok {
			continue
		}
		i := slices.IndexFunc(was.Definitions, func(o catalog.Definition) bool { return o.Kind == d.Kind && o.OID == d.OID })
		if i < 0 {
			continue
		}
		out = append(out, labels(was.Definitions[i], was.Definitions[i].Body.(*catalog.EnumDef), n)...)
	}
	return out
}

// labels are those of one enum, under the names that the type and its labels have before the change.
func labels(def catalog.Definition, was, now *catalog.EnumDef) []string {
	if len(was.OIDs) != len(was.Labels) || len(now.OIDs) != len(now.Labels) {
		return nil
	}
	names := slices.Clone(now.Labels)
	known := make([]bool, len(names))
	for i, oid := range now.OIDs {
		if j := slices.Index(was.OIDs, oid); j >= 0 {
			names[i], known[i] = was.Labels[j], true
		}
	}
	var out []string
	for i := range names {
		if known[i] || slices.Contains(was.Labels, names[i]) { // another one's, that is renamed by the change
			continue
		}
		sql := "ALTER TYPE " + def.Name.SQL() + " ADD VALUE IF NOT EXISTS " + label(names[i])
		if i > 0 {
			sql += " AFTER " + label(names[i-1])
		} else if first := slices.Index(known, true); first > 0 {
			sql += " BEFORE " + label(names[first])
		}
		out = append(out, sql)
	}
	return out
}

func label(s string) string { return strings.TrimSpace(ident.Literal(s)) }
