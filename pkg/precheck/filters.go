package precheck

import (
	"context"
	"fmt"
	"strings"

	"floe/pkg/catalog"
	"floe/pkg/ident"
)

// filters tries every condition on the source, and says what it costs: whether a row met the condition
// before a change shows only its whole old image.
func (r *run) filters(ctx context.Context) {
	r.lists()
	var given, kept []ident.Name
	for _, t := range r.db.Tables() {
		if t.Filter == "" || t.PartitionOf != nil {
			continue
		}
		if e := r.Job.Source.Encoding; e != "" && e != "UTF8" {
			r.fail("O-FILTER", "leave the filter out, or convert the source's database", "the filter of %s is asked of the source, whose database does not know that its texts are in %s", t.Name, e)
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
		sql := make([]string, len(kept))
		for i, n := range kept {
			sql[i] = "ALTER TABLE " + n.SQL() + " REPLICA IDENTITY FULL;"
		}
		r.add(Check{Code: "O-FILTER", Severity: Fail, Object: join(kept), Text: fmt.Sprintf("a filter needs whole old rows, and the replica identity of %s is kept", join(kept)),
			Fix: "let their owner give them REPLICA IDENTITY FULL, or let floe do it (objects.identity: auto)", FixSQL: strings.Join(sql, "\n")})
	}
	r.found("O-FILTER", "filtered: %s get REPLICA IDENTITY FULL, so that a row that leaves the filter is deleted on the target", "none is needed; it costs WAL on the source", given)
}

// lists holds the job's lists of columns against the tables.
func (r *run) lists() {
	for _, t := range r.db.Tables() {
		l := t.List
		if l == nil || t.PartitionOf != nil && l.Table != t.Name {
			continue // a partition has its root's
		}
		switch {
		case len(l.Unknown) > 0:
			r.add(Check{Code: "O-FILTER", Severity: Fail, Object: t.Name.String(), Text: fmt.Sprintf("%s has no column %s, which the job lists", t.Name, quoted(l.Unknown)),
				Fix: "correct the names in objects.filters.columns (written as in SQL: quoted where SQL would quote)"})
		case l.Fault != "":
			r.add(Check{Code: "O-FILTER", Severity: Fail, Object: t.Name.String(), Text: fmt.Sprintf("the columns that the job lists of %s do not do", t.Name), Cause: l.Fault,
				Fix: "list the column that the cause names, too, or leave the list out to copy all columns"})
		case len(l.Without) > 0:
			r.warn("O-FILTER", "none is needed; list the columns if the target is to have them", "with columns of %s that are left out go %s", t.Name, strings.Join(l.Without, ", "))
		}
	}
}

func quoted(names []string) string {
	list := make([]string, len(names))
	for i, n := range names {
		list[i] = ident.Quote(n)
	}
	return strings.Join(list, ", ")
}
