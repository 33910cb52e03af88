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
	if n > 0 {
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
	var child, parent ident.Name
	var view bool
	m := r.Job.Mapping()
	_, err = pgx.ForEachRow(rows, []any{&child.Schema, &child.Name, &parent.Schema, &parent.Name, &view}, func() error {
		switch {
		case !r.Job.Includes(child):
		case !r.Job.Includes(parent):
			missing = append(missing, child.String()+" -> "+parent.String())
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
		r.add(Check{Code: "O-DEPENDENCY", Severity: Warn, Object: strings.Join(missing, ", "), Text: "selected objects need others that are not selected: " + strings.Join(missing, ", "), Fix: "select what they need too, or exclude them"})
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
	var missing []ident.Name
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
			missing = append(missing, n)
		}
	}
	if len(missing) > 0 {
		r.add(Check{Code: "O-TYPES", Severity: Warn, Object: join(missing), Text: "columns have types that the target lacks and floe cannot make: " + join(missing), Fix: "install what brings them on the target (an extension, a library), or exclude the tables"})
	}
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
		r.warn("O-COLLATION", "create the target database with LC_COLLATE "+ident.Literal(from)+" TEMPLATE template0, or live with it: rows are equal, queries sort differently",
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
		r.add(Check{Code: "O-COLLATION", Severity: Warn, Object: join(missing), Text: "the target lacks collations " + join(missing), Fix: "install their locale on the target's machine, then SELECT pg_import_system_collations('pg_catalog')"})
	}
}

// shapes compares tables that the target has already with the source's.
func (r *run) shapes(ctx context.Context) {
	m := r.Job.Mapping()
	var found, merged []string
	for _, t := range r.db.Tables() {
		if t.PartitionOf != nil {
			continue
		}
		what, coarse, err := r.differs(ctx, t, m)
		if err != nil {
			r.unread("O-TARGET-SHAPE", err)
			return
		}
		if len(what) > 0 {
			found = append(found, fmt.Sprintf("%s: %s", m.Table(t.Name), strings.Join(what, ", ")))
		}
		if len(coarse) > 0 {
			merged = append(merged, fmt.Sprintf("%s (%s)", m.Table(t.Name), strings.Join(coarse, ", ")))
		}
	}
	if len(merged) > 0 {
		r.add(Check{Code: "O-TARGET-SHAPE", Severity: Fail, Object: strings.Join(merged, ", "), Text: "keys that are two on the source can be one on the target, and a row would be lost: " + strings.Join(merged, ", "), Fix: "give the keys' columns the source's types"})
	}
	if len(found) > 0 {
		r.add(Check{Code: "O-TARGET-SHAPE", Severity: Warn, Object: strings.Join(found, "; "), Text: "tables of the target differ from the source's: " + strings.Join(found, "; "), Fix: "alter the target's tables, or rename them and let floe make its own"})
	}
}

type targetColumn struct {
	Name, Schema, Type string
	Typmod             int32
	Unique             bool // a unique index over exactly the source's key is there
	Generated          bool
	Loose              bool // its collation takes different texts for equal
}

func (r *run) differs(ctx context.Context, t *catalog.TableDef, m *ident.Mapping) (out, coarse []string, err error) {
	to := m.Table(t.Name)
	var key []string
	if k := r.db.Key(t); k != nil {
		for _, c := range k.Columns {
			key = append(key, m.Column(t.Name, c))
		}
	}
	slices.Sort(key)
	rows, err := r.dst.Query(ctx, `SELECT a.attname::text, tn.nspname::text, y.typname::text, a.atttypmod, EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisunique AND i.indpred IS NULL
			AND (SELECT array_agg(k.attname::text ORDER BY k.attname::text COLLATE "C") FROM pg_attribute k WHERE k.attrelid = c.oid AND k.attnum = ANY (i.indkey[0:i.indnkeyatts - 1])) = $3),
			coalesce(to_jsonb(a) ->> 'attgenerated', '') <> '', -- came with 12
			NOT coalesce((SELECT (to_jsonb(l) ->> 'collisdeterministic')::boolean FROM pg_collation l WHERE l.oid = a.attcollation), true)
		FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
		JOIN pg_type y ON y.oid = a.atttypid JOIN pg_namespace tn ON tn.oid = y.typnamespace
		WHERE n.nspname = $1 AND c.relname = $2`, to.Schema, to.Name, key)
	if err != nil {
		return nil, nil, err
	}
	have, err := pgx.CollectRows(rows, pgx.RowToStructByPos[targetColumn])
	if err != nil {
		return nil, nil, err
	}
	if len(have) == 0 {
		if r.Job.Init.SkipStructure {
			out = append(out, "is not there")
		}
		return out, nil, nil
	}
	for i := range t.Columns {
		c := &t.Columns[i]
		name := m.Column(t.Name, c.Name)
		at := slices.IndexFunc(have, func(h targetColumn) bool { return h.Name == name })
		switch {
		case at < 0:
			out = append(out, "column "+ident.Quote(name)+" is missing")
		case have[at].Generated && c.Generated == nil:
			out = append(out, "column "+ident.Quote(name)+" is generated there, and does not take the source's values")
		case !have[at].Generated && c.Generated != nil:
			out = append(out, "column "+ident.Quote(name)+" is generated on the source, whose rows do not bear it, and stays empty there")
		case have[at].Schema != c.Type.Schema || have[at].Type != c.Type.Name || have[at].Typmod != c.Typmod:
			out = append(out, fmt.Sprintf("column %s is %s there, %s on the source", ident.Quote(name), have[at].Type, c.SQL))
		}
		if at >= 0 && slices.Contains(key, name) && (have[at].coarser(c) || have[at].Loose && !r.loose(c)) {
			coarse = append(coarse, fmt.Sprintf("column %s is %s there, %s on the source", ident.Quote(name), have[at].Type, c.SQL))
		}
	}
	if key != nil && !have[0].Unique {
		out = append(out, "no unique index over ("+strings.Join(key, ", ")+")")
	}
	return out, coarse, nil
}

// loose reports whether the source's collation takes different texts for equal, too.
func (r *run) loose(c *catalog.TableColumn) bool {
	return c.Collation != nil && slices.ContainsFunc(r.db.Definitions, func(d catalog.Definition) bool {
		l, ok := d.Body.(*catalog.CollationDef)
		return ok && d.Name == *c.Collation && !l.Deterministic
	})
}

// coarser reports whether different values of a column of the source may be one value there: by the type's
// notion of equality, or because a value is cut or rounded without an error.
func (h *targetColumn) coarser(c *catalog.TableColumn) bool {
	same := h.Schema == c.Type.Schema && h.Type == c.Type.Name
	of := func(types ...string) bool { return slices.Contains(types, c.Type.Name) }
	switch h.Type {
	case "citext", "name", "char", "float4":
		return !same && !(h.Type == "name" && of("char")) && !(h.Type == "float4" && of("int2"))
	case "bpchar":
		return of("text", "varchar", "name", "citext")
	case "float8":
		return of("int8", "numeric")
	case "date":
		return of("timestamp", "timestamptz")
	case "numeric":
		scale := func(typmod int32) int32 { return (typmod - 4) & 0x7ff }
		return h.Typmod >= 0 && (of("float4", "float8") || of("numeric") && (c.Typmod < 0 || scale(c.Typmod) > scale(h.Typmod)))
	case "timestamp", "timestamptz":
		return !of("timestamp", "timestamptz", "date") || h.Typmod >= 0 && !of("date") && (c.Typmod < 0 || c.Typmod > h.Typmod)
	case "time", "timetz":
		return !same || h.Typmod >= 0 && (c.Typmod < 0 || c.Typmod > h.Typmod)
	case "interval":
		return !same || h.Typmod >= 0 && h.Typmod != c.Typmod
	}
	return false
}
