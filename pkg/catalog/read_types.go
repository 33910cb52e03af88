package catalog

import (
	"context"

	"floe/pkg/ident"
)

// ours leaves out what belongs to the server, to floe, or to an extension. Its argument is the alias
// of the namespace; member that of the object and its catalog.
const ours = ` n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'floe') `

func member(class, oid string) string {
	return ` not exists (select from pg_depend e where e.classid = '` + class + `'::regclass
		and e.objid = ` + oid + ` and e.deptype = 'e') `
}

func (r *reader) readSchemas(ctx context.Context) error {
	type row struct {
		OID  uint32
		Name string
	}
	got, err := rows[row](ctx, r.conn, `select n.oid, n.nspname as name from pg_namespace n
		where `+ours+` and `+member("pg_namespace", "n.oid")+` order by n.nspname`)
	for _, x := range got {
		r.add(classNamespace, define(x.OID, ident.Name{Name: x.Name}, &SchemaDef{}))
	}
	return err
}

func (r *reader) readExtensions(ctx context.Context) error {
	type row struct {
		OID                   uint32
		Name, Schema, Version string
	}
	got, err := rows[row](ctx, r.conn, `select x.oid, x.extname as name, n.nspname as schema, x.extversion as version
		from pg_extension x join pg_namespace n on n.oid = x.extnamespace
		where x.extname <> 'plpgsql' order by x.extname`)
	for _, x := range got {
		r.add(classExtension, define(x.OID, ident.Name{Name: x.Name}, &ExtensionDef{x.Schema, x.Version}))
	}
	return err
}

func (r *reader) readCollations(ctx context.Context) error {
	type row struct {
		OID                                            uint32
		Schema, Name, Provider, Collate, Ctype, Locale string
		Rules                                          string
		Deterministic                                  bool
	}
	locale := r.since(17, "c.colllocale", r.since(15, "c.colliculocale", "null::text"))
	got, err := rows[row](ctx, r.conn, `select c.oid, n.nspname as schema, c.collname as name,
		case c.collprovider when 'i' then 'icu' when 'b' then 'builtin' else 'libc' end as provider,
		coalesce(c.collcollate, '') as collate, coalesce(c.collctype, '') as ctype,
		coalesce(`+locale+`, '') as locale, coalesce(`+r.since(16, "c.collicurules", "null::text")+`, '') as rules,
		`+r.since(12, "c.collisdeterministic", "true")+` as deterministic
		from pg_collation c join pg_namespace n on n.oid = c.collnamespace
		where `+ours+` and `+member("pg_collation", "c.oid")+` order by c.oid`)
	for _, x := range got {
		r.add(classCollation, define(x.OID, ident.Name{Schema: x.Schema, Name: x.Name},
			&CollationDef{x.Provider, x.Collate, x.Ctype, x.Locale, x.Rules, x.Deterministic}))
	}
	return err
}

func (r *reader) readEnums(ctx context.Context) error {
	type row struct {
		OID          uint32
		Schema, Name string
		Labels       []string
	}
	got, err := rows[row](ctx, r.conn, `select t.oid, n.nspname as schema, t.typname as name,
		(select array_agg(e.enumlabel::text order by e.enumsortorder) from pg_enum e where e.enumtypid = t.oid) as labels
		from pg_type t join pg_namespace n on n.oid = t.typnamespace
		where t.typtype = 'e' and `+ours+` and `+member("pg_type", "t.oid")+` order by t.oid`)
	for _, x := range got {
		r.add(classType, define(x.OID, ident.Name{Schema: x.Schema, Name: x.Name}, &EnumDef{x.Labels}))
	}
	return err
}

func (r *reader) readComposites(ctx context.Context) error {
	type row struct {
		OID                             uint32
		Schema, Name, Column, SQL       string
		CollationSchema, CollationLabel string
	}
	got, err := rows[row](ctx, r.conn, `select t.oid, n.nspname as schema, t.typname as name,
		coalesce(a.attname, '') as "column", coalesce(format_type(a.atttypid, a.atttypmod), '') as sql,
		coalesce(cn.nspname, '') as collationschema, coalesce(co.collname, '') as collationlabel
		from pg_type t join pg_namespace n on n.oid = t.typnamespace
		join pg_class c on c.oid = t.typrelid and c.relkind = 'c'
		left join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
		left join pg_type at on at.oid = a.atttypid
		left join pg_collation co on co.oid = a.attcollation and a.attcollation <> at.typcollation
		left join pg_namespace cn on cn.oid = co.collnamespace
		where `+ours+` and `+member("pg_type", "t.oid")+` order by t.oid, a.attnum`)
	var def *CompositeDef
	var last uint32
	for _, x := range got {
		if x.OID != last {
			def, last = &CompositeDef{}, x.OID
			r.add(classType, define(x.OID, ident.Name{Schema: x.Schema, Name: x.Name}, def))
		}
		if x.Column != "" {
			def.Attributes = append(def.Attributes, Attribute{x.Column, x.SQL, optional(x.CollationSchema, x.CollationLabel)})
		}
	}
	return err
}
