package precheck

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5"

	"floe/pkg/ident"
	"floe/pkg/pg"
)

// targetState looks at what writing the target will meet.
func (r *run) targetState(ctx context.Context) {
	if r.dstWhy != "" {
		return
	}
	r.begin()
	r.replicaRole(ctx)
	if r.db != nil {
		r.creatable(ctx)
		r.writable(ctx)
		r.space(ctx)
		r.triggers(ctx)
	}
}

// replicaRole asks for the role in which triggers and foreign keys do not fire, in a transaction that is
// rolled back.
func (r *run) replicaRole(ctx context.Context) {
	tx, err := r.dst.Begin(ctx)
	if err == nil {
		_, err = tx.Exec(ctx, "SET LOCAL session_replication_role = replica")
		_ = tx.Rollback(ctx)
	}
	switch {
	case err == nil:
		r.ok("T-REPLICA-ROLE", "triggers and foreign keys do not fire on replicated rows")
	case pg.Code(err) != "42501":
		r.unread("T-REPLICA-ROLE", err)
	default:
		c := Check{Code: "T-REPLICA-ROLE", Severity: Warn, Text: "the target's user may not set session_replication_role: triggers stay disabled, and foreign keys are added, until the cut-over",
			Fix: "grant it the right, or live with it"}
		var version int
		var user string
		if r.dst.QueryRow(ctx, "SELECT current_setting('server_version_num')::int, current_user::text").Scan(&version, &user) == nil && version >= 150000 {
			c.FixSQL = "GRANT SET ON PARAMETER session_replication_role TO " + ident.Quote(user) + ";"
		}
		r.add(c)
	}
}

// creatable: schemas that are there must let the user make in them what is not.
func (r *run) creatable(ctx context.Context) {
	if r.Job.Init.SkipStructure {
		return
	}
	m := r.Job.Mapping()
	schemas, tables := make([]string, 0, len(r.db.Tables())), make([]string, 0, len(r.db.Tables()))
	for _, t := range r.db.Tables() {
		to := m.Table(t.Name)
		schemas, tables = append(schemas, to.Schema), append(tables, to.Name)
	}
	rows, err := r.dst.Query(ctx, `SELECT DISTINCT n.nspname::text, current_user::text FROM unnest($1::text[], $2::text[]) x(s, t) JOIN pg_namespace n ON n.nspname = x.s
		WHERE NOT EXISTS (SELECT FROM pg_class c WHERE c.relnamespace = n.oid AND c.relname = x.t) AND NOT (has_schema_privilege(n.oid, 'USAGE') AND has_schema_privilege(n.oid, 'CREATE')) ORDER BY 1`, schemas, tables)
	if err != nil {
		r.unread("T-OWNER", err)
		return
	}
	var list, sql []string
	var schema, user string
	if _, err := pgx.ForEachRow(rows, []any{&schema, &user}, func() error {
		list, sql = append(list, schema), append(sql, "GRANT USAGE, CREATE ON SCHEMA "+ident.Quote(schema)+" TO "+ident.Quote(user)+";")
		return nil
	}); err != nil {
		r.unread("T-OWNER", err)
		return
	}
	if len(list) > 0 {
		r.add(Check{Code: "T-OWNER", Severity: Fail, Object: strings.Join(list, ", "), Text: fmt.Sprintf("user %s may not make tables in schemas that are there: %s", user, strings.Join(list, ", ")),
			Fix: "give it the right, or make it their owner", FixSQL: strings.Join(sql, "\n")})
	}
}

// public: an applier alone does not know which schemas the tables are in; public is there, and from 15 on not
// everybody's.
func (r *run) public(ctx context.Context, user string) {
	var may bool
	err := r.dst.QueryRow(ctx, "SELECT has_schema_privilege(oid, 'USAGE') AND has_schema_privilege(oid, 'CREATE') FROM pg_namespace WHERE nspname = 'public'").Scan(&may)
	switch {
	case errors.Is(err, pgx.ErrNoRows) || may:
	case err != nil:
		r.unread("T-OWNER", err)
	default:
		r.add(Check{Code: "T-OWNER", Severity: Warn, Object: "public", Text: fmt.Sprintf("user %s may not make tables in schema public; the job halts if it has any there", user),
			Fix: "give it the right, unless the tables are in other schemas", FixSQL: "GRANT USAGE, CREATE ON SCHEMA public TO " + ident.Quote(user) + ";"})
	}
}

// writable: tables that are there and that floe does not make must be the user's to write.
func (r *run) writable(ctx context.Context) {
	if !r.Job.Init.SkipStructure && !r.Job.Proceed {
		return
	}
	m := r.Job.Mapping()
	var list []ident.Name
	var sql []string
	var user string
	if err := r.dst.QueryRow(ctx, "SELECT current_user::text").Scan(&user); err != nil {
		r.unread("T-OWNER", err)
		return
	}
	for _, t := range r.db.Tables() {
		if t.PartitionOf != nil {
			continue
		}
		to := m.Table(t.Name)
		var usage bool
		var lacks string
		err := r.dst.QueryRow(ctx, `SELECT has_schema_privilege(n.oid, 'USAGE'), (SELECT coalesce(string_agg(p, ', '), '') FROM unnest('{SELECT,INSERT,UPDATE,DELETE,TRUNCATE}'::text[]) p
			WHERE NOT has_table_privilege(c.oid, p)) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = $2`, to.Schema, to.Name).Scan(&usage, &lacks)
		if err == pgx.ErrNoRows {
			continue
		}
		if err != nil {
			r.unread("T-OWNER", err)
			return
		}
		if !usage {
			sql = append(sql, "GRANT USAGE ON SCHEMA "+ident.Quote(to.Schema)+" TO "+ident.Quote(user)+";")
		}
		if lacks != "" {
			sql = append(sql, "GRANT "+lacks+" ON "+to.SQL()+" TO "+ident.Quote(user)+";")
		}
		if !usage || lacks != "" {
			list = append(list, to)
		}
	}
	if len(list) > 0 {
		r.add(Check{Code: "T-OWNER", Severity: Fail, Object: join(list), Text: fmt.Sprintf("user %s may not write %s", user, join(list)),
			Fix: "grant it what it lacks", FixSQL: strings.Join(sql, "\n")})
	} else if r.Job.Init.SkipStructure {
		r.ok("T-OWNER", "user %s may write every table", user)
	}
}

// space compares what the tables take on the source with what is free on the target, where that can be
// seen: a server of this machine whose directory may be asked for.
func (r *run) space(ctx context.Context) {
	var need uint64
	oids := make([]uint32, 0, len(r.db.Tables()))
	for _, t := range r.db.Tables() {
		oids = append(oids, t.OID)
	}
	if err := r.src.QueryRow(ctx, "SELECT coalesce(sum(pg_total_relation_size(c)), 0)::bigint FROM unnest($1::oid[]) c", oids).Scan(&need); err != nil {
		r.unread("T-SPACE", err)
		return
	}
	free, known := r.free(ctx)
	switch {
	case known && free < need+need/5:
		r.warn("T-SPACE", "give the target more disk", "the selected tables take %s on the source, the target has %s free", size(need), size(free))
	case known:
		r.ok("T-SPACE", "the selected tables take %s on the source, the target has %s free", size(need), size(free))
	case need > 10<<30:
		r.note("T-SPACE", "see that the target has as much free", "the selected tables take %s on the source; what is free on the target cannot be seen from here", size(need))
	default:
		r.ok("T-SPACE", "the selected tables take %s on the source", size(need))
	}
}

func (r *run) free(ctx context.Context) (uint64, bool) {
	if r.Host != nil {
		return r.Host.TargetFree, r.Host.TargetFree > 0
	}
	host := r.dst.Config().Host
	if ip := net.ParseIP(host); !strings.HasPrefix(host, "/") && host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return 0, false
	}
	var dir string
	if r.dst.QueryRow(ctx, "SELECT setting FROM pg_settings WHERE name = 'data_directory'").Scan(&dir) != nil {
		return 0, false
	}
	var st syscall.Statfs_t
	if syscall.Statfs(dir, &st) != nil {
		return 0, false
	}
	return st.Bavail * uint64(st.Bsize), true
}

func size(n uint64) string {
	switch {
	case n >= 10<<30:
		return fmt.Sprintf("%d GiB", n>>30)
	case n >= 10<<20:
		return fmt.Sprintf("%d MiB", n>>20)
	}
	return fmt.Sprintf("%d KiB", n>>10)
}

// triggers and rules of the target's own tables that fire on floe's rows even in replica role.
func (r *run) triggers(ctx context.Context) {
	rows, err := r.dst.Query(ctx, `SELECT n.nspname::text, c.relname::text, t.name, t.kind FROM (
			SELECT tgrelid AS relation, tgname::text AS name, 'TRIGGER' AS kind FROM pg_trigger WHERE NOT tgisinternal AND tgenabled IN ('A', 'R')
			UNION ALL SELECT ev_class, rulename::text, 'RULE' FROM pg_rewrite WHERE ev_type IN ('2', '3', '4') AND ev_enabled IN ('A', 'R')) t
		JOIN pg_class c ON c.oid = t.relation JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p', 'f') ORDER BY 1, 2, 3`)
	if err != nil {
		r.unread("O-TRIGGER", err)
		return
	}
	targets := map[ident.Name]bool{}
	m := r.Job.Mapping()
	for _, t := range r.db.Tables() {
		targets[m.Table(t.Name)] = true
	}
	var found, sql []string
	var table ident.Name
	var name, kind string
	_, err = pgx.ForEachRow(rows, []any{&table.Schema, &table.Name, &name, &kind}, func() error {
		if targets[table] {
			found = append(found, ident.Quote(name)+" on "+table.String())
			sql = append(sql, "ALTER TABLE "+table.SQL()+" ENABLE "+kind+" "+ident.Quote(name)+";")
		}
		return nil
	})
	switch {
	case err != nil:
		r.unread("O-TRIGGER", err)
	case len(found) > 0:
		r.add(Check{Code: "O-TRIGGER", Severity: Warn, On: "target", Object: strings.Join(found, ", "),
			Text: "triggers and rules of the target that are ENABLE ALWAYS or REPLICA fire on replicated rows, and may change them: " + strings.Join(found, ", "),
			Fix:  "let them fire for others alone", FixSQL: strings.Join(sql, "\n")})
	}
}
