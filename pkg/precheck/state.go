package precheck

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"floe/pkg/ident"
)

// sourceState looks at what a source does at this moment, and how it is set.
func (r *run) sourceState(ctx context.Context) {
	if r.srcWhy != "" {
		return
	}
	r.begin()
	if r.db != nil {
		r.readable(ctx)
		r.publication(ctx)
		r.identifiable(ctx)
	}
	r.longTransactions(ctx)
	r.prepared(ctx)
	r.walLimit(ctx)
	r.failover(ctx)
	r.heartbeat(ctx)
	r.eventTriggers(ctx)
	r.settings(ctx)
}

const reload = "SELECT pg_reload_conf();"

// longTransactions: the slot's creation waits for each transaction that writes, and the load for those
// that are invisible to it.
func (r *run) longTransactions(ctx context.Context) {
	age := r.LongTransaction
	if age == 0 {
		age = time.Minute
	}
	rows, err := r.src.Query(ctx, `SELECT pid, coalesce(usename::text, '?'), coalesce(datname::text, '?'), extract(epoch FROM clock_timestamp() - xact_start)::int
		FROM pg_stat_activity WHERE backend_xid IS NOT NULL AND pid <> pg_backend_pid() AND clock_timestamp() - xact_start >= $1 * interval '1 microsecond' ORDER BY xact_start`, age.Microseconds())
	if err != nil {
		r.unread("S-LONG-TXN", err)
		return
	}
	var found, sql []string
	var pid, seconds int
	var user, database string
	_, err = pgx.ForEachRow(rows, []any{&pid, &user, &database, &seconds}, func() error {
		found = append(found, fmt.Sprintf("process %d of %s in %s for %d s", pid, user, database, seconds))
		sql = append(sql, fmt.Sprintf("SELECT pg_terminate_backend(%d);", pid))
		return nil
	})
	var sees bool
	if err == nil {
		err = r.src.QueryRow(ctx, "SELECT r.rolsuper OR pg_has_role('pg_read_all_stats', 'USAGE') FROM pg_roles r WHERE rolname = current_user").Scan(&sees)
	}
	switch {
	case err != nil:
		r.unread("S-LONG-TXN", err)
	case len(found) > 0:
		r.add(Check{Code: "S-LONG-TXN", Severity: Warn, Object: strings.Join(found, ", "), Text: "the start waits for transactions that have been writing for long: " + strings.Join(found, ", "),
			Fix: "let them end, or end their sessions", FixSQL: strings.Join(sql, "\n")})
	case !sees:
		r.add(Check{Code: "S-LONG-TXN", Severity: Warn, Text: fmt.Sprintf("user %s does not see the transactions of others; long ones would hold up the start unnamed", r.facts.User),
			Fix: "grant it pg_read_all_stats", FixSQL: "GRANT pg_read_all_stats TO " + ident.Quote(r.facts.User) + ";"})
	default:
		r.ok("S-LONG-TXN", "no transaction has been writing for more than %s", age)
	}
}

func (r *run) prepared(ctx context.Context) {
	rows, err := r.src.Query(ctx, "SELECT gid, database::text, database = current_database() FROM pg_prepared_xacts ORDER BY prepared")
	if err != nil {
		r.unread("S-PREPARED-TXN", err)
		return
	}
	var found, sql []string
	var gid, database string
	var here bool
	_, err = pgx.ForEachRow(rows, []any{&gid, &database, &here}, func() error {
		found = append(found, gid+" in "+database)
		where := ""
		if !here {
			where = " -- in database " + ident.Quote(database)
		}
		sql = append(sql, "ROLLBACK PREPARED "+ident.Literal(gid)+";"+where)
		return nil
	})
	switch {
	case err != nil:
		r.unread("S-PREPARED-TXN", err)
	case len(found) > 0:
		r.add(Check{Code: "S-PREPARED-TXN", Severity: Warn, Object: strings.Join(found, ", "), Text: "the start waits for prepared transactions: " + strings.Join(found, ", "),
			Fix: "let their coordinator end them, COMMIT PREPARED or ROLLBACK PREPARED; the SQL gives them up", FixSQL: strings.Join(sql, "\n")})
	default:
		r.ok("S-PREPARED-TXN", "no prepared transaction is open")
	}
}

// walLimit: a slot that falls behind by more than the limit is lost, and the job begins anew.
func (r *run) walLimit(ctx context.Context) {
	var limit, idle *string
	var bytes int64
	err := r.src.QueryRow(ctx, `SELECT current_setting('max_slot_wal_keep_size', true), current_setting('idle_replication_slot_timeout', true),
		coalesce((SELECT setting::bigint * 1048576 FROM pg_settings WHERE name = 'max_slot_wal_keep_size'), -1)`).Scan(&limit, &idle, &bytes)
	switch {
	case err != nil:
		r.unread("S-SLOT-WAL-LIMIT", err)
	case idle != nil && *idle != "0":
		r.add(Check{Code: "S-SLOT-WAL-LIMIT", Severity: Warn, Text: "idle_replication_slot_timeout is " + *idle + ": a capture that is away for longer loses its slot, and the job begins anew",
			Fix: "take the limit away, or keep outages shorter", FixSQL: "ALTER SYSTEM SET idle_replication_slot_timeout = 0; " + reload})
	case limit == nil || bytes < 0:
		r.ok("S-SLOT-WAL-LIMIT", "the source keeps WAL for as long as capture is away; watch its disk")
	case bytes < 64<<30:
		r.add(Check{Code: "S-SLOT-WAL-LIMIT", Severity: Warn, Text: "max_slot_wal_keep_size is " + *limit + ": a capture that falls behind by more WAL loses its slot, and the job begins anew",
			Fix: "raise it to what may be written during the longest outage, or to -1 for no limit", FixSQL: "ALTER SYSTEM SET max_slot_wal_keep_size = -1; " + reload})
	default:
		r.ok("S-SLOT-WAL-LIMIT", "max_slot_wal_keep_size is %s", *limit)
	}
}

// failover: a slot does not follow to a standby; floe notices and stops, so this is a warning.
func (r *run) failover(ctx context.Context) {
	var standbys int
	var polar *string
	var idle []string
	err := r.src.QueryRow(ctx, `SELECT (SELECT count(*) FROM pg_replication_slots WHERE slot_type = 'physical') +
		(SELECT count(*) FROM pg_stat_replication s WHERE NOT EXISTS (SELECT FROM pg_replication_slots l WHERE l.active_pid = s.pid)
			AND s.application_name <> 'floe_capture' AND s.application_name NOT LIKE 'pg_basebackup%' AND s.state = 'streaming'),
		current_setting('polar_failover_slot_mode', true),
		ARRAY(SELECT slot_name::text FROM pg_replication_slots WHERE slot_type = 'physical' AND NOT active ORDER BY 1)`).Scan(&standbys, &polar, &idle)
	fix := fixFailover
	if len(idle) > 0 {
		for i, slot := range idle {
			idle[i] = "SELECT pg_drop_replication_slot(" + ident.Literal(slot) + ")"
		}
		fix = fmt.Sprintf("plan switches: drain the job first (floe wait --synced), or keep the slot on the standby by the server's own means; where no standby uses a physical slot any more: %s", strings.Join(idle, "; "))
	}
	switch {
	case err != nil:
		r.unread("S-FAILOVER", err)
	case polar != nil && *polar != "sync":
		r.add(Check{Code: "S-FAILOVER", Severity: Warn, Text: "polar_failover_slot_mode is " + *polar + ": a switch of primaries can lose or rewind the job's slot; floe then stops and says what is missing",
			Fix: "set it to sync", FixSQL: "ALTER SYSTEM SET polar_failover_slot_mode = 'sync'; " + reload})
	case polar == nil && standbys == 1:
		r.warn("S-FAILOVER", fix, "the source has a standby: a switch to it loses the job's slot; floe then stops with slot-missing")
	case polar == nil && standbys > 0:
		r.warn("S-FAILOVER", fix, "the source has %d standbys: a switch to one loses the job's slot; floe then stops with slot-missing", standbys)
	default:
		r.ok("S-FAILOVER", "no switch of primaries would lose the slot unseen")
	}
}

const fixFailover = "plan switches: drain the job first (floe wait --synced), or keep the slot on the standby by the server's own means; drop physical slots that no standby uses"

// eventTriggers: DDL is recorded by event triggers where floe may make them; else found by comparison.
func (r *run) eventTriggers(ctx context.Context) {
	if r.Job.DDLOff {
		r.ok("S-EVENT-TRIGGER", "ddl: off needs none")
		return
	}
	var there, polar bool
	err := r.src.QueryRow(ctx, `SELECT (SELECT count(*) = 3 FROM pg_event_trigger WHERE evtname IN ('floe_ddl_command_end', 'floe_sql_drop', 'floe_table_rewrite') AND evtenabled = 'A'),
		EXISTS (SELECT FROM pg_roles r WHERE r.rolname = 'polar_superuser' AND pg_has_role(r.oid, 'USAGE'))`).Scan(&there, &polar)
	switch {
	case err != nil:
		r.unread("S-EVENT-TRIGGER", err)
	case there || polar || r.facts.Super:
		r.ok("S-EVENT-TRIGGER", "DDL is recorded by event triggers")
	default:
		r.add(Check{Code: "S-EVENT-TRIGGER", Severity: Warn,
			Text: fmt.Sprintf("user %s may not create event triggers: DDL is found by comparing catalogs, after the fact; what is made and gone between two looks is not seen, and a table that changes shape between its rows is loaded again", r.facts.User),
			Fix:  fmt.Sprintf("run capture as a superuser (ALTER ROLE %s SUPERUSER; on PolarDB as a privileged account), or live with it; or set ddl: off, which stops at changes of structure instead", ident.Quote(r.facts.User))})
	}
}

// settings that hurt only with floe beside them.
func (r *run) settings(ctx context.Context) {
	var sync, encoding string
	var readOnly bool
	err := r.src.QueryRow(ctx, `SELECT current_setting('synchronous_standby_names'), current_setting('server_encoding'),
		coalesce((SELECT setting = 'on' FROM pg_settings WHERE name = 'default_transaction_read_only'), false)`).Scan(&sync, &encoding, &readOnly)
	switch {
	case err != nil:
		r.unread("S-SETTINGS", err)
	case encoding != "SQL_ASCII" && r.Job.Source.Encoding != "":
		r.fail("S-SETTINGS", "leave source.encoding out", "the source's database knows that its texts are in %s: source.encoding is for one that does not", encoding)
	case encoding == "SQL_ASCII" && r.Job.Source.Encoding != "":
		r.note("S-SETTINGS", "none is needed; bytes that are no text of it stop the job", "the source's encoding is SQL_ASCII, and source.encoding says that its texts are in %s", r.Job.Source.Encoding)
	case encoding == "SQL_ASCII":
		r.fail("S-SETTINGS", "say in source.encoding what its texts are in; or convert the database: dump it, and restore it into one with that encoding",
			"the source's encoding is SQL_ASCII: nothing says what its texts' bytes mean, so they cannot be copied exactly")
	case strings.Contains(sync, "*") || strings.Contains(sync, "floe_capture"):
		r.add(Check{Code: "S-SETTINGS", Severity: Warn, Text: "synchronous_standby_names is " + sync + ": capture counts as a standby, and commits of the source wait for Kafka",
			Fix: "name the standbys instead of *", FixSQL: "ALTER SYSTEM SET synchronous_standby_names = ''; " + reload})
	case readOnly:
		r.add(Check{Code: "S-SETTINGS", Severity: Warn, Text: "default_transaction_read_only is on: publication and replica identities cannot be made",
			Fix:    "turn it off for floe's user",
			FixSQL: "ALTER ROLE " + ident.Quote(r.facts.User) + " IN DATABASE " + ident.Quote(r.src.Config().Database) + " SET default_transaction_read_only = off;"})
	default:
		r.ok("S-SETTINGS", "no setting is in the way")
	}
}
