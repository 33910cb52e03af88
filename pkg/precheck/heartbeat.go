package precheck

import (
	"context"
	"fmt"

	"floe/pkg/catalog"
	"floe/pkg/ident"
)

// heartbeat looks whether capture may write its row: the table is there and granted, or it may be made.
func (r *run) heartbeat(ctx context.Context) {
	h := r.Job.Heartbeat
	if h.Interval == 0 || h.Table.Name == "" {
		r.ok("S-HEARTBEAT", "heartbeat.interval is 0: nothing is written to the source")
		return
	}
	var there, may, granted bool
	err := r.src.QueryRow(ctx, `SELECT c.oid IS NOT NULL, coalesce(has_schema_privilege(n.oid, 'CREATE'), false),
		coalesce(has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT') AND has_table_privilege(c.oid, 'INSERT') AND has_table_privilege(c.oid, 'UPDATE'), false)
		FROM (SELECT) x LEFT JOIN pg_namespace n ON n.nspname = $1 LEFT JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = $2`, h.Table.Schema, h.Table.Name).Scan(&there, &may, &granted)
	grant := fmt.Sprintf("GRANT USAGE ON SCHEMA %s TO %s; GRANT SELECT, INSERT, UPDATE ON %s TO %[2]s;", ident.Quote(h.Table.Schema), ident.Quote(r.facts.User), h.Table.SQL())
	const fix = "live with it, or have the table made and granted as the SQL says"
	switch {
	case err != nil:
		r.unread("S-HEARTBEAT", err)
	case granted:
		r.ok("S-HEARTBEAT", "%s can be written", h.Table)
	case there:
		r.add(Check{Code: "S-HEARTBEAT", Severity: Notice, Text: fmt.Sprintf("user %s may not write %s: the source's clock is only read", r.facts.User, h.Table), Fix: fix, FixSQL: grant})
	case may:
		r.ok("S-HEARTBEAT", "%s will be made", h.Table)
	default:
		r.add(Check{Code: "S-HEARTBEAT", Severity: Notice, Text: fmt.Sprintf("user %s may not make %s: the source's clock is only read", r.facts.User, h.Table), Fix: fix,
			FixSQL: "CREATE TABLE " + h.Table.SQL() + " " + catalog.HeartbeatColumns + "; " + grant})
	}
}
