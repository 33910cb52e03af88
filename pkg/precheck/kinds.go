package precheck

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"floe/pkg/catalog"
	"floe/pkg/ident"
)

// kinds looks at what the selected objects need of the target beside rows.
func (r *run) kinds(ctx context.Context) {
	r.sequences()
	r.dependencies(ctx)
	r.widths(ctx)
	if r.dst == nil {
		return
	}
	r.types(ctx)
	r.unspoken(ctx)
	r.highBytes(ctx)
	r.extensions(ctx)
	r.roles(ctx)
	r.collations(ctx)
	r.caseless(ctx)
	if r.Job.Proceed || r.Job.Init.SkipStructure {
		r.shapes(ctx)
	}
}

func (r *run) sequences() {
	n := 0
	for _, d := range r.db.Definitions {
		switch b := d.Body.(type) {
		case *catalog.SequenceDef:
			n++
		case *catalog.TableDef:
			for i := range b.Columns {
				if b.Columns[i].Identity != nil {
					n++
				}
			}
		}
	}
	switch {
	case n == 1:
		r.note("O-SEQUENCE", "nothing needs to be done before the cut-over", "1 sequence: its value on the target follows by samples, and is made final at the cut-over")
	case n > 0:
		r.note("O-SEQUENCE", "nothing needs to be done before the cut-over", "%d sequences: their values on the target follow by samples, and are made final at the cut-over", n)
	}
}

// dependencies: views that read what the target will not have, or will have under another name; tables
// whose parents are not selected.
func (r *run) dependencies(ctx context.Context) {
	rows, err := r.src.Query(ctx, `SELECT DISTINCT vn.nspname::text, v.relname::text, tn.nspname::text, t.relname::text, v.relkind IN ('v', 'm') FROM (
			SELECT w.ev_class AS child, d.refobjid AS parent FROM pg_rewrite w JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid
				WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid <> w.ev_class
			UNION ALL SELECT inhrelid, inhparent FROM pg_inherits) x
		JOIN pg_class v ON v.oid = x.child JOIN pg_namespace vn ON vn.oid = v.relnamespace
		JOIN pg_class t ON t.oid = x.parent JOIN pg_namespace tn ON tn.oid = t.relnamespace
		WHERE v.relkind IN ('v', 'm', 'r', 'p') AND t.relkind IN ('r', 'p', 'v', 'm', 'f') AND tn.nspname NOT IN ('pg_catalog', 'information_schema') AND vn.nspname NOT IN ('pg_catalog', 'information_schema')
		ORDER BY 1, 2, 3, 4`)
	if err != nil {
		r.unread("O-DEPENDENCY", err)
		return
	}
	var missing, renamed []string
	var needed, need []ident.Name
	var child, parent ident.Name
	var view bool
	m := r.Job.Mapping()
	_, err = pgx.ForEachRow(rows, []any{&child.Schema, &child.Name, &parent.Schema, &parent.Name, &view}, func() error {
		switch {
		case !r.Job.Includes(child):
		case !r.Job.Includes(parent):
			missing = append(missing, child.String()+" -> "+parent.String())
			needed, need = append(needed, parent), append(need, child)
		case view && m.Table(parent) != parent:
			renamed = append(renamed, child.String()+" -> "+parent.String())
		}
		return nil
	})
	if err != nil {
		r.unread("O-DEPENDENCY", err)
		return
	}
	if len(missing) > 0 {
		r.add(Check{Code: "O-DEPENDENCY", Severity: Warn, Object: strings.Join(missing, ", "), Text: "selected objects need others that are not selected: " + strings.Join(missing, ", "), Fix: fmt.Sprintf("select what they need too (objects.include: %s), or exclude them (objects.exclude: %s)", listed(needed), listed(need))})
	}
	if len(renamed) > 0 {
		r.add(Check{Code: "O-DEPENDENCY", Severity: Warn, Object: strings.Join(renamed, ", "), Text: "views read tables that have another name on the target, and names in their texts are not rewritten: " + strings.Join(renamed, ", "), Fix: "make such views on the target by hand, or keep the tables' names"})
	}
}

// wide is a row that is sent in several records.
const wide = 1_000_000

func (r *run) widths(ctx context.Context) {
	rows, err := r.src.Query(ctx, `SELECT n.nspname::text, c.relname::text, (pg_relation_size(c.reltoastrelid) / c.reltuples)::bigint FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE c.relkind = 'r' AND c.reltoastrelid <> 0 AND c.reltuples > 0 AND pg_relation_size(c.reltoastrelid) / c.reltuples > $1 ORDER BY 3 DESC`, wide)
	if err != nil {
		r.unread("O-ROW-WIDTH", err)
		return
	}
	var found []string
	var n ident.Name
	var width uint64
	_, err = pgx.ForEachRow(rows, []any{&n.Schema, &n.Name, &width}, func() error {
		if r.Job.Includes(n) {
			found = append(found, n.String()+" ("+size(width)+" a row)")
		}
		return nil
	})
	switch {
	case err != nil:
		r.unread("O-ROW-WIDTH", err)
	case len(found) > 0:
		r.add(Check{Code: "O-ROW-WIDTH", Severity: Notice, Object: strings.Join(found, ", "), Text: "rows wider than a record, by the source's statistics: " + strings.Join(found, ", "),
			Fix: "none is needed: they are sent in several records; other readers of the log must join them"})
	}
}

// types of columns that neither the target has nor floe makes.
func (r *run) types(ctx context.Context) {
	var oids []uint32
	for _, t := range r.db.Tables() {
		for i := range t.Columns {
			oids = append(oids, t.Columns[i].TypeOID)
		}
	}
	rows, err := r.src.Query(ctx, `SELECT DISTINCT n.nspname::text, e.typname::text FROM unnest($1::oid[]) o JOIN pg_type t ON t.oid = o
		JOIN pg_type e ON e.oid = CASE WHEN t.typelem <> 0 AND t.typlen = -1 THEN t.typelem ELSE t.oid END JOIN pg_namespace n ON n.oid = e.typnamespace
		WHERE NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_type'::regclass AND d.objid = e.oid AND d.deptype = 'e') ORDER BY 1, 2`, oids)
	if err != nil {
		r.unread("O-TYPES", err)
		return
	}
	used, err := pgx.CollectRows(rows, pgx.RowToStructByPos[ident.Name])
	if err != nil {
		r.unread("O-TYPES", err)
		return
	}
	// Functions in C make base types, which takes a superuser.
	var super bool
	if err := r.dst.QueryRow(ctx, "SELECT current_setting('is_superuser') = 'on'").Scan(&super); err != nil {
		r.unread("O-TYPES", err)
		return
	}
	var missing, using []ident.Name
	for _, n := range used {
		made := !r.Job.Init.SkipStructure && slices.ContainsFunc(r.db.Definitions, func(d catalog.Definition) bool {
			return d.Name == n && (super || d.Kind != catalog.KindBaseType)
		})
		if _, becomes := catalog.PlainType(n, ""); made || becomes || strings.HasPrefix(n.Schema, "pg_temp") {
			continue
		}
		var there bool
		if err := r.dst.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE n.nspname = $1 AND t.typname = $2)", n.Schema, n.Name).Scan(&there); err != nil {
			r.unread("O-TYPES", err)
			return
		}
		if !there {
			missing, using = append(missing, n), append(using, r.having(n)...)
		}
	}
	if len(missing) > 0 {
		r.add(Check{Code: "O-TYPES", Severity: Warn, Object: join(missing), Text: "columns have types that the target lacks and floe cannot make: " + join(missing), Fix: fmt.Sprintf("install what brings them on the target (an extension, a library), or exclude the tables (objects.exclude: %s)", listed(using))})
	}
}

// having are the tables with columns of a type, or of arrays of it.
func (r *run) having(n ident.Name) (list []ident.Name) {
	for _, t := range r.db.Tables() {
		if t.PartitionOf == nil && slices.ContainsFunc(t.Columns, func(c catalog.TableColumn) bool {
			return c.Type.Schema == n.Schema && (c.Type.Name == n.Name || c.Type.Name == "_"+n.Name)
		}) {
			list = append(list, t.Name)
		}
	}
	return list
}

// likeTheSource makes a database as the source's is.
func (r *run) likeTheSource(ctx context.Context) string {
	var encoding, collate, ctype string
	err := r.src.QueryRow(ctx, "SELECT pg_encoding_to_char(encoding)::text, datcollate::text, datctype::text FROM pg_database WHERE datname = current_database()").Scan(&encoding, &collate, &ctype)
	if err != nil {
		return "CREATE DATABASE … TEMPLATE template0"
	}
	return fmt.Sprintf("CREATE DATABASE %s TEMPLATE template0 ENCODING %s LC_COLLATE %s LC_CTYPE %s",
		ident.Quote(r.dst.Config().Database), ident.Literal(encoding), ident.Literal(collate), ident.Literal(ctype))
}

func (r *run) extensions(ctx context.Context) {
	if r.Job.Init.SkipStructure {
		return
	}
	var super bool
	var version int
	if err := r.dst.QueryRow(ctx, "SELECT r.rolsuper, current_setting('server_version_num')::int FROM pg_roles r WHERE rolname = current_user").Scan(&super, &version); err != nil {
		r.unread("O-EXTENSION", err)
		return
	}
	trusted := "NOT v.superuser"
	if version >= 130000 {
		trusted += " OR v.trusted"
	}
	var absent, forbidden, sql []string
	for _, d := range r.db.Definitions {
		if d.Kind != catalog.KindExtension {
			continue
		}
		var installed, available, allowed bool
		err := r.dst.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_extension WHERE extname = $1), EXISTS (SELECT FROM pg_available_extensions WHERE name = $1),
			EXISTS (SELECT FROM pg_available_extension_versions v WHERE name = $1 AND (`+trusted+`))`, d.Name.Name).Scan(&installed, &available, &allowed)
		switch {
		case err != nil:
			r.unread("O-EXTENSION", err)
			return
		case installed:
		case !available:
			absent = append(absent, d.Name.Name)
		case !super && !allowed:
			forbidden, sql = append(forbidden, d.Name.Name), append(sql, "CREATE EXTENSION "+ident.Quote(d.Name.Name)+";")
		}
	}
	if len(absent) > 0 {
		r.add(Check{Code: "O-EXTENSION", Severity: Warn, Object: strings.Join(absent, ", "), Text: "the target's server does not have extensions " + strings.Join(absent, ", "), Fix: "install their packages on the target's machine, or exclude what needs them"})
	}
	if len(forbidden) > 0 {
		r.add(Check{Code: "O-EXTENSION", Severity: Warn, On: "target", Object: strings.Join(forbidden, ", "), Text: "the target's user may not create extensions " + strings.Join(forbidden, ", "), Fix: "let a superuser create them", FixSQL: strings.Join(sql, "\n")})
	}
}

// roles: owners follow and grants are made where the target has the roles, and floe's has the owners' rights.
func (r *run) roles(ctx context.Context) {
	if r.Job.Init.SkipStructure {
		return
	}
	named, owns := map[string]bool{}, map[string]bool{}
	for _, d := range r.db.Definitions {
		named[d.Owner], owns[d.Owner] = true, true
		for _, g := range d.Grants {
			named[g.Role] = true
		}
	}
	delete(named, "") // the server's own superuser; PUBLIC
	var absent, barred, create, grant []string
	for _, name := range slices.Sorted(maps.Keys(named)) {
		var there, ours bool
		var user string
		err := r.dst.QueryRow(ctx, `SELECT count(*) > 0, coalesce(bool_or(pg_has_role(oid, 'USAGE')), false), current_user::text FROM pg_roles WHERE rolname = $1`, name).Scan(&there, &ours, &user)
		switch {
		case err != nil:
			r.unread("O-ROLE", err)
			return
		case !there:
			absent, create = append(absent, name), append(create, "CREATE ROLE "+ident.Quote(name)+";")
		case owns[name] && !ours:
			barred, grant = append(barred, name), append(grant, "GRANT "+ident.Quote(name)+" TO "+ident.Quote(user)+";")
		}
	}
	if len(absent) > 0 {
		r.add(Check{Code: "O-ROLE", Severity: Warn, On: "target", Object: strings.Join(absent, ", "), Text: "the target lacks roles that own objects of the source or were granted some: " + strings.Join(absent, ", "),
			Fix: "create them, or have floe's role own what is theirs, and those grants reported", FixSQL: strings.Join(create, "\n")})
	}
	if len(barred) > 0 {
		r.add(Check{Code: "O-ROLE", Severity: Warn, On: "target", Object: strings.Join(barred, ", "), Text: "the target's user has not the rights of roles that own objects of the source: " + strings.Join(barred, ", "),
			Fix: "grant it membership, or have it own what is theirs", FixSQL: strings.Join(grant, "\n")})
	}
}

// collations: keys of text are ordered differently, and a column's own collation may be missing.
func (r *run) collations(ctx context.Context) {
	var from, to string
	const sql = "SELECT datcollate::text FROM pg_database WHERE datname = current_database()"
	err := r.src.QueryRow(ctx, sql).Scan(&from)
	if err == nil {
		err = r.dst.QueryRow(ctx, sql).Scan(&to)
	}
	if err != nil {
		r.unread("O-COLLATION", err)
		return
	}
	if from != to {
		r.warn("O-COLLATION", fmt.Sprintf("make the target database anew, before it has anything (%s), or live with it: rows are equal, queries sort differently", r.likeTheSource(ctx)),
			"text is sorted by %s on the source, by %s on the target", from, to)
	}
	var missing []ident.Name
	for _, t := range r.db.Tables() {
		for i := range t.Columns {
			c := t.Columns[i].Collation
			if c == nil || slices.Contains(missing, *c) || slices.ContainsFunc(r.db.Definitions, func(d catalog.Definition) bool { return d.Kind == catalog.KindCollation && d.Name == *c }) {
				continue
			}
			var there bool
			err := r.dst.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_collation c JOIN pg_namespace n ON n.oid = c.collnamespace WHERE n.nspname = $1 AND c.collname = $2
				AND c.collencoding IN (-1, (SELECT encoding FROM pg_database WHERE datname = current_database())))`, c.Schema, c.Name).Scan(&there)
			if err != nil {
				r.unread("O-COLLATION", err)
				return
			}
			if !there {
				missing = append(missing, *c)
			}
		}
	}
	if len(missing) > 0 {
		r.add(Check{Code: "O-COLLATION", Severity: Warn, Object: join(missing), Text: "the target lacks collations " + join(missing), Fix: "install their locale on the target's machine, then have the server read it as the SQL says",
			On: "target", FixSQL: "SELECT pg_import_system_collations('pg_catalog');"})
	}
}
