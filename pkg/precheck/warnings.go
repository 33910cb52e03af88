package precheck

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"floe/pkg/catalog"
	"floe/pkg/ident"
	"floe/pkg/pg"
)

// warnings are what a job can live with, if its owner knows: none of them keeps it from starting.
func (r *run) warnings(ctx context.Context) {
	if r.db == nil {
		return
	}
	r.begin()
	r.filters(ctx)
	r.keyless()
	r.unlogged()
	r.outside()
	r.ask(ctx, "O-KIND-UNSUPPORTED", "foreign tables are not replicated: %s", "replicate them where their rows are kept, or leave them out (objects.exclude: %s)", foreignSQL, "")
	r.ask(ctx, "O-ROW-SECURITY", "row security hides rows of %s from this user: reading them is refused, so that none are missed",
		"give the user BYPASSRLS, or make it the tables' owner (without FORCE ROW LEVEL SECURITY)", rowSecuritySQL, "ALTER ROLE "+ident.Quote(r.facts.User)+" BYPASSRLS;")
	r.largeObjects(ctx)
	r.encodings(ctx)
	r.kinds(ctx)
}

// found reports names under a code; none, and the check says nothing, for most jobs have none.
func (r *run) found(code, text, fix string, list []ident.Name) {
	if len(list) > 0 {
		r.add(Check{Code: code, Severity: Warn, Object: join(list), Text: fmt.Sprintf(text, join(list)), Fix: fix})
	}
}

// keyless names tables whose rows nothing tells apart.
func (r *run) keyless() {
	var full, given, none []ident.Name
	for _, t := range r.db.Tables() {
		if t.PartitionOf != nil {
			continue
		}
		id := r.db.Identity(t)
		switch {
		case t.ReplicaIdentity == string(catalog.ReplicaNothing):
			none = append(none, t.Name)
		case string(id.Want) == t.ReplicaIdentity, t.Filter != "":
		case id.Want == catalog.ReplicaFull:
			full = append(full, t.Name)
		default:
			given = append(given, t.Name)
		}
	}
	if len(none) > 0 {
		var sql []string
		for _, n := range none {
			sql = append(sql, "ALTER TABLE "+n.SQL()+" REPLICA IDENTITY DEFAULT;")
		}
		r.add(Check{Code: "O-REPLICA-IDENTITY", Severity: Warn, Object: join(none), Text: "REPLICA IDENTITY NOTHING is kept, so the source refuses UPDATE and DELETE of " + join(none),
			Fix: "give them another REPLICA IDENTITY if rows are to change", FixSQL: strings.Join(sql, "\n")})
	}
	if r.Job.Objects.KeepIdentity {
		r.found("O-KEY", "identity: keep: the source will refuse UPDATE and DELETE of %s, which have no key", "give them a primary key, or set objects.identity: auto",
			append(full, given...))
		return
	}
	r.found("O-KEY", "no key: %s get REPLICA IDENTITY FULL, and each changed row is looked for by all its columns", "give them a primary key", full)
	r.found("O-REPLICA-IDENTITY", "no primary key: a unique index over NOT NULL columns becomes the REPLICA IDENTITY of %s", "give them a primary key", given)
}

func (r *run) unlogged() {
	var list []ident.Name
	var sql []string
	for _, t := range r.db.Tables() {
		if t.Unlogged {
			list, sql = append(list, t.Name), append(sql, "ALTER TABLE "+t.Name.SQL()+" SET LOGGED;")
		}
	}
	if len(list) > 0 {
		r.add(Check{Code: "O-UNLOGGED", Severity: Warn, Object: join(list), Text: "unlogged tables are not streamed: " + join(list),
			Fix: "make them logged, or leave them out", FixSQL: strings.Join(sql, "\n")})
	}
}

// outside names foreign keys to tables that the target will not have.
func (r *run) outside() {
	var found []string
	var needed []ident.Name
	for _, d := range r.db.Definitions {
		c, ok := d.Body.(*catalog.ConstraintDef)
		if ok && c.Type == catalog.ForeignKey && c.RefTable != nil && r.db.Table(*c.RefTable) == nil {
			found, needed = append(found, fmt.Sprintf("%s -> %s", c.Table, *c.RefTable)), append(needed, *c.RefTable)
		}
	}
	if len(found) > 0 {
		r.warn("O-FK-OUTSIDE", fmt.Sprintf("select the tables that are pointed at too (objects.include: %s)", listed(needed)), "foreign keys to tables that are not selected are left out: %s", strings.Join(found, ", "))
	}
}

const foreignSQL = `SELECT n.nspname::text, c.relname::text FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'f'`

const rowSecuritySQL = `SELECT n.nspname::text, c.relname::text FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
	WHERE c.relrowsecurity AND c.relkind IN ('r', 'p')
		AND NOT EXISTS (SELECT FROM pg_catalog.pg_roles u WHERE u.rolname = current_user AND (u.rolsuper OR u.rolbypassrls))
		AND (c.relforcerowsecurity OR NOT pg_catalog.pg_has_role(c.relowner, 'USAGE'))`

// ask warns of the selected ones among the tables that a query finds on the source.
func (r *run) ask(ctx context.Context, code, text, fix, sql, fixSQL string) {
	rows, err := r.src.Query(ctx, sql)
	if err != nil {
		r.unread(code, err)
		return
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[ident.Name])
	if err != nil {
		r.unread(code, err)
		return
	}
	var list []ident.Name
	for _, n := range all {
		if r.Job.Includes(n) {
			list = append(list, n)
		}
	}
	if len(list) > 0 {
		r.add(Check{Code: code, Severity: Warn, Object: join(list), Text: fmt.Sprintf(text, join(list)), Fix: strings.Replace(fix, "%s", listed(list), 1), FixSQL: fixSQL})
	}
}

func (r *run) unread(code string, err error) { r.unanswered(Warn, code, "the catalog", err) }

// unanswered says that a server did not answer a question: it refused it, or went away meanwhile.
func (r *run) unanswered(s Severity, code, what string, err error) {
	c := Check{Code: code, Severity: s, Text: what + " cannot be read", Cause: err.Error(), Fix: "grant the user what the cause names"}
	switch pg.Code(err) {
	case "55P03":
		c.Fix = "check again once the transaction that holds the lock has ended"
	case "":
		c.Fix, c.lost = "check again: the server went away before it had answered", true
	}
	r.add(c)
}

func (r *run) largeObjects(ctx context.Context) {
	var has bool
	if err := r.src.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_catalog.pg_largeobject_metadata)").Scan(&has); err != nil {
		r.unread("O-LARGE-OBJECT", err)
	} else if has {
		r.warn("O-LARGE-OBJECT", "keep such content in a bytea column (lo_get reads it, lo_unlink removes the object), or copy it by other means (pg_dump --blobs)",
			"the source has large objects: columns with their oids are replicated, the objects are not")
	}
}

// encodings: text is converted; a character that the target's encoding lacks stops the job.
func (r *run) encodings(ctx context.Context) {
	if r.dst == nil {
		return
	}
	var from, to string
	const sql = "SELECT pg_catalog.current_setting('server_encoding')"
	err := r.src.QueryRow(ctx, sql).Scan(&from)
	if err == nil {
		err = r.dst.QueryRow(ctx, sql).Scan(&to)
	}
	switch {
	case err != nil:
		r.unread("T-ENCODING", err)
	case from != to:
		r.warn("T-ENCODING", fmt.Sprintf("make the target database anew, before it has anything: %s", r.likeTheSource(ctx)),
			"the source's encoding is %s, the target's %s: a character that the target lacks stops the job", from, to)
	}
}
