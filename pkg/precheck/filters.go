package precheck

import (
	"context"

	"floe/pkg/catalog"
	"floe/pkg/ident"
)

// filters tries every condition on the source, and says what it costs: whether a row met the condition
// before a change shows only its whole old image.
func (r *run) filters(ctx context.Context) {
	var given, kept []ident.Name
	for _, t := range r.db.Tables() {
		if t.Filter == "" || t.PartitionOf != nil {
			continue
		}
		if err := catalog.CheckFilter(ctx, r.src, t); err != nil {
			r.add(Check{Code: "O-FILTER", Severity: Fail, Text: "the source does not take the filter of " + t.Name.String(), Cause: err.Error(),
				Fix: "write a condition over the table's own columns, with functions that are IMMUTABLE; names other than pg_catalog's need their schema"})
			continue
		}
		switch {
		case t.ReplicaIdentity == string(catalog.ReplicaFull):
		case r.Job.Objects.KeepIdentity || t.ReplicaIdentity == string(catalog.ReplicaNothing):
			kept = append(kept, t.Name)
		default:
			given = append(given, t.Name)
		}
	}
	if len(kept) > 0 {
		r.fail("O-FILTER", "ALTER TABLE … REPLICA IDENTITY FULL, or leave identity: auto", "a filter needs whole old rows, and the replica identity of %s is kept", join(kept))
	}
	r.found("O-FILTER", "filtered: %s get REPLICA IDENTITY FULL, so that a row that leaves the filter is deleted on the target", "none is needed; it costs WAL on the source", given)
}
