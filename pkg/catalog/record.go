package catalog

import (
	"strings"

	"floe/pkg/dialect"
	"floe/pkg/ident"
)

// Format is that of the JSON in floe.ddl that ReadChange reads.
const Format = 4

// RecordingSQL is an expression for the rows of all queries, confined to the objects whose oids are in
// the array touched, with their catalogs in the array classes, and the tables in the array tables: a JSON object of query names. It needs an empty
// search_path or pg_catalog alone.
func RecordingSQL(server int, d dialect.Dialect) string {
	parts := make([]string, len(queries))
	for i, q := range queries {
		parts[i] = "select " + ident.Literal(q.name) + " as name, (select coalesce(json_agg(x), '[]'::json) from (" +
			q.within(version{server, d}) + "\n) x) as found"
	}
	return "(select json_object_agg(q.name, q.found) from (" + strings.Join(parts, "\nunion all ") + ") q)"
}
