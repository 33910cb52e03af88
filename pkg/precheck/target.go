package precheck

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"floe/pkg/catalog"
	"floe/pkg/dialect"
	"floe/pkg/ident"
	"floe/pkg/job"
)

// targetCodes are what needs a session on the target.
var targetCodes = []string{"T-OWNER", "T-VERSION", "T-REPLICA-ROLE", "T-CONTROL-SCHEMA"}

func (r *run) target(ctx context.Context) {
	r.dst, r.report.Target, r.dstWhy = r.connect(ctx, "target", r.Job.Target)
	if r.dst == nil {
		for _, c := range targetCodes {
			r.skip(c, r.dstWhy)
		}
		return
	}
	var user, database string
	var recovery, create, control bool
	var version int
	err := r.dst.QueryRow(ctx, `SELECT current_user::text, current_database()::text, pg_is_in_recovery(), current_setting('server_version_num')::int,
		has_database_privilege(current_database(), 'CREATE'),
		coalesce((SELECT has_schema_privilege(oid, 'CREATE') AND has_schema_privilege(oid, 'USAGE') FROM pg_namespace WHERE nspname = 'floe'), has_database_privilege(current_database(), 'CREATE'))`).
		Scan(&user, &database, &recovery, &version, &create, &control)
	if err != nil {
		r.unanswered(Fail, "T-OWNER", "the target's rights", err)
		return
	}
	d, err := dialect.Of(ctx, r.dst)
	if err != nil {
		r.unanswered(Fail, "T-VERSION", "what the target is", err)
		return
	}
	if r.Side == Target {
		own, err := r.own(ctx)
		r.report.Began = err == nil && own
	}
	r.targetVersion(d, version)
	switch {
	case recovery:
		r.fail("T-OWNER", "name the primary as target", "the target is a standby and cannot be written")
	case r.Job.Init.SkipStructure: // the tables are there; writing them is all it takes
	case !create:
		r.add(Check{Code: "T-OWNER", Severity: Fail, Text: fmt.Sprintf("user %s may not create schemas in database %s", user, database),
			Fix: "give it the right, or make it the database's owner", FixSQL: "GRANT CREATE ON DATABASE " + ident.Quote(database) + " TO " + ident.Quote(user) + ";"})
	default:
		r.ok("T-OWNER", "user %s may create in database %s", user, database)
	}
	if r.Side == Target && !r.Job.Init.SkipStructure {
		r.public(ctx, user)
	}
	if control {
		r.ok("T-CONTROL-SCHEMA", "floe's own tables can be kept in schema floe")
		return
	}
	r.add(Check{Code: "T-CONTROL-SCHEMA", Severity: Warn, Text: fmt.Sprintf("user %s can neither make nor use schema floe, where the applier keeps its place", user),
		Fix: "make the schema, or give it to the user", FixSQL: "CREATE SCHEMA IF NOT EXISTS floe; ALTER SCHEMA floe OWNER TO " + ident.Quote(user) + ";"})
}

func (r *run) targetVersion(d dialect.Dialect, version int) {
	if version < 110000 {
		r.fail("T-VERSION", "upgrade the target to PostgreSQL 11 or later", "server version %d is older than 11", version)
		return
	}
	r.ok("T-VERSION", "%s, server version %d", d.Name, version/10000)
	if d.EmptyIsNull {
		r.warn("T-VERSION", "let the target's user have PostgreSQL's own way with empty strings, by a setting of its role; else verify will name rows that differ by that",
			"the target takes '' for NULL in SQL: empty strings of the source can be NULL there, and columns that are NOT NULL refuse them")
	}
}

// objects checks the selection, on the source and against the target.
func (r *run) objects(ctx context.Context) {
	r.begin()
	if r.srcWhy != "" {
		for _, c := range []string{"O-SELECTION-EMPTY", "O-MAPPING-CLASH", "O-TARGET-EXISTS"} {
			r.skip(c, r.srcWhy)
		}
		return
	}
	db, err := catalog.ReadSelection(ctx, r.src, catalog.Selection{Tables: r.Job.Includes, Schema: r.Job.Schema, Everything: r.Job.Everything(), Filter: r.Job.Filter})
	if err != nil {
		r.unanswered(Fail, "O-SELECTION-EMPTY", "the source's catalog", err)
		return
	}
	r.db = db.Narrow(catalog.Selection{Filter: r.Job.Filter, Columns: r.Job.Columns}, catalog.NewDatabase(db.Version, r.Known))
	r.selection(ctx)
	r.clashes()
	r.existing(ctx)
}

// selection: a job that selects nothing, or names a table that is not there, is not what was meant. What maps or
// filters a table that joins later may stand in the file before.
func (r *run) selection(ctx context.Context) {
	all, roots := names(r.db)
	var unknown, later []string
	relations := slices.Clone(all)
	for _, d := range r.db.Definitions {
		switch d.Kind {
		case catalog.KindView, catalog.KindMatview, catalog.KindForeignTable:
			relations = append(relations, d.Name)
		}
	}
	for _, p := range r.Job.Objects.Include {
		if !slices.ContainsFunc(relations, p.Match) {
			unknown = append(unknown, p.String())
		}
	}
	there, err := r.tablesThere(ctx)
	if err != nil {
		r.unanswered(Fail, "O-SELECTION-EMPTY", "the source's catalog", err)
		return
	}
	unselected := func(table ident.Name, by string) {
		if there[table] {
			later = append(later, table.String()+" ("+by+")")
		} else {
			unknown = append(unknown, table.String()+" ("+by+")")
		}
	}
	for _, rule := range r.Job.Objects.Rules {
		if !rule.All && !slices.Contains(all, rule.From) {
			unselected(rule.From, "objects.mapping")
		}
	}
	filtered := slices.Concat(slices.Collect(maps.Keys(r.Job.Objects.Filters)), slices.Collect(maps.Keys(r.Job.Objects.Columns)))
	for _, table := range filtered {
		if !slices.Contains(all, table) && !slices.ContainsFunc(r.db.Tables(), func(t *catalog.TableDef) bool { return t.CalledThen(table) }) {
			unselected(table, "objects.filters")
		}
	}
	const fix = "correct the names in objects (written as in SQL: quoted where SQL would quote); the user sees only tables that it may read"
	switch {
	case len(unknown) > 0:
		r.fail("O-SELECTION-EMPTY", fix, "the source has no table of %s", strings.Join(unknown, ", "))
	case len(roots) == 0:
		r.fail("O-SELECTION-EMPTY", "create the tables, or correct objects", "no table of the source is selected")
	case len(later) > 0:
		slices.Sort(later)
		r.note("O-SELECTION-EMPTY", "floe add takes a table into the job", "not selected, so that it holds once they join the job: %s", strings.Join(later, ", "))
	case len(roots) == 1:
		r.ok("O-SELECTION-EMPTY", "1 table is selected")
	default:
		r.ok("O-SELECTION-EMPTY", "%d tables are selected", len(roots))
	}
}

// tablesThere are the names of all tables of the source.
func (r *run) tablesThere(ctx context.Context) (map[ident.Name]bool, error) {
	rows, err := r.src.Query(ctx, "SELECT n.nspname::text, c.relname::text FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p', 'f')")
	if err != nil {
		return nil, err
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[ident.Name])
	there := make(map[ident.Name]bool, len(list))
	for _, n := range list {
		there[n] = true
	}
	return there, err
}

func (r *run) clashes() {
	all, _ := names(r.db)
	m := r.Job.Mapping()
	var found []string
	for _, c := range m.Clashes(all) {
		found = append(found, fmt.Sprintf("%s from %s", c.To, join(c.From)))
	}
	for _, t := range r.db.Tables() {
		columns := make([]string, len(t.Columns))
		for i := range t.Columns {
			columns[i] = t.Columns[i].Name
		}
		if c, ok := m.ColumnClash(t.Name, columns); ok {
			found = append(found, fmt.Sprintf("column %s of %s twice", ident.Quote(c), m.Table(t.Name)))
		}
	}
	if len(found) > 0 {
		r.fail("O-MAPPING-CLASH", "give each its own name in objects.mapping", "the mapping makes one of several: %s", strings.Join(found, "; "))
		return
	}
	r.ok("O-MAPPING-CLASH", "no two tables map to one name")
}

// existing: under on_existing: block a table of the target that this job did not make is not touched.
func (r *run) existing(ctx context.Context) {
	if r.Job.Proceed {
		r.ok("O-TARGET-EXISTS", "on_existing: proceed")
		return
	}
	if r.dstWhy != "" && !r.Job.Init.SkipStructure {
		r.skip("O-TARGET-EXISTS", r.dstWhy)
		return
	}
	if r.Job.Init.SkipStructure {
		r.emptied(ctx)
		return
	}
	own, found, err := r.meet(ctx)
	switch {
	case err != nil:
		r.unanswered(Fail, "O-TARGET-EXISTS", "the target's catalog", err)
	case own:
		r.ok("O-TARGET-EXISTS", "the target's tables are this job's own")
	case len(found) == 1:
		r.fail("O-TARGET-EXISTS", fixExisting, "1 table exists in the target already: %s", join(found))
	case len(found) > 0:
		r.fail("O-TARGET-EXISTS", fixExisting, "%d tables exist in the target already: %s", len(found), join(found))
	default:
		r.ok("O-TARGET-EXISTS", "none of the tables exists in the target")
	}
}

// emptied: a table without a key is loaded from nothing, so what the target has in it goes.
func (r *run) emptied(ctx context.Context) {
	var list []ident.Name
	if r.dstWhy == "" {
		if own, err := r.own(ctx); err != nil {
			r.unread("O-TARGET-EXISTS", err)
			return
		} else if !own {
			m := r.Job.Mapping()
			for _, t := range r.db.Tables() {
				to, any := m.Table(t.Name), false
				if t.PartitionOf != nil || len(t.Shape().Key) > 0 {
					continue
				}
				err := r.dst.QueryRow(ctx, "SELECT EXISTS (SELECT FROM "+to.SQL()+")").Scan(&any)
				if err == nil && any { // one that is missing, or may not be read, is another check's
					list = append(list, to)
				}
			}
		}
	}
	if len(list) > 0 {
		r.add(Check{Code: "O-TARGET-EXISTS", Severity: Warn, Object: join(list), Text: "have rows on the target and no key: the load takes these rows out: " + join(list),
			Fix: "on_existing: proceed keeps them; or save what is to stay"})
		return
	}
	r.ok("O-TARGET-EXISTS", "init.structure.enabled: false: the tables are to be there")
}

const fixExisting = "rename them, map the names (objects.mapping), or set on_existing: proceed (the load keeps the target's rows, changes overwrite them)"

// own reports whether the target has the job's checkpoint.
func (r *run) own(ctx context.Context) (own bool, err error) {
	var has bool
	if err := r.dst.QueryRow(ctx, "SELECT to_regclass('floe.checkpoint') IS NOT NULL").Scan(&has); err != nil || !has {
		return false, err
	}
	err = r.dst.QueryRow(ctx, "SELECT EXISTS (SELECT FROM floe.checkpoint WHERE job = $1)", r.Job.Name).Scan(&own)
	return own, err
}

// meet finds the mapped names that the target has; own, that it has the job's checkpoint.
func (r *run) meet(ctx context.Context) (own bool, found []ident.Name, err error) {
	if own, err = r.own(ctx); own || err != nil {
		return own, nil, err
	}
	rows, err := r.dst.Query(ctx, `SELECT n.nspname::text, c.relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')`)
	if err != nil {
		return false, nil, err
	}
	have, err := pgx.CollectRows(rows, pgx.RowToStructByPos[ident.Name])
	if err != nil {
		return false, nil, err
	}
	taken := make(map[ident.Name]bool, len(have))
	for _, n := range have {
		taken[n] = true
	}
	all, _ := names(r.db)
	m := r.Job.Mapping()
	for _, n := range all {
		if to := m.Table(n); taken[to] {
			found = append(found, to)
		}
	}
	return false, found, nil
}

// listed are all names as a list of the job file has them, each once.
func listed(names []ident.Name) string {
	var list []string
	for _, n := range names {
		if text := job.Scalar(n.String()); !slices.Contains(list, text) {
			list = append(list, text)
		}
	}
	return "[" + strings.Join(list, ", ") + "]"
}

// join lists names, the first ten.
func join(list []ident.Name) string {
	var texts []string
	for i, n := range list {
		if i == 10 {
			return strings.Join(texts, ", ") + fmt.Sprintf(" and %d more", len(list)-i)
		}
		texts = append(texts, n.String())
	}
	return strings.Join(texts, ", ")
}
