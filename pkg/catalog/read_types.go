package catalog

import (
	"context"

	"floe/pkg/ident"
)

// ours leaves out what belongs to the server, to floe, or to an extension. Its argument is the alias
// of the namespace; member that of the object and its catalog.
const ours = ` n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'floe') ` + nested

func member(class, oid string) string {
	return ` not exists (select from pg_depend e where e.classid = '` + class + `'::regclass
		and e.objid = ` + oid + ` and e.deptype = 'e') `
}

var schemasQuery = query{"schemas", func(v version) string {
	return `select n.oid, n.nspname as name from pg_namespace n
		where ` + ours + ` and ` + member("pg_namespace", "n.oid") + ` and ` + touched("n.oid") + ` order by n.nspname`
}}

func (r *reader) readSchemas(ctx context.Context) error {
	type row struct {
		OID  uint32
		Name string
	}
	got, err := rows[row](ctx, r, schemasQuery)
	for _, x := range got {
		r.add(classNamespace, define(x.OID, ident.Name{Name: x.Name}, &SchemaDef{}))
	}
	return err
}

var extensionsQuery = query{"extensions", func(v version) string {
	return `select x.oid, x.extname as name, n.nspname as schema, x.extversion as version, coalesce(obj_description(x.oid, 'pg_extension'), '') as comment
		from pg_extension x join pg_namespace n on n.oid = x.extnamespace
		where x.extname <> 'plpgsql' and ` + touched("x.oid") + ` order by x.extname`
}}

func (r *reader) readExtensions(ctx context.Context) error {
	type row struct {
		OID                            uint32
		Name, Schema, Version, Comment string
	}
	got, err := rows[row](ctx, r, extensionsQuery)
	for _, x := range got {
		d := define(x.OID, ident.Name{Name: x.Name}, &ExtensionDef{x.Schema, x.Version})
		d.Comments = []Comment{{Text: x.Comment}} // none says something too: CREATE EXTENSION brings one
		r.add(classExtension, d)
	}
	return err
}

var collationsQuery = query{"collations", func(v version) string {
	// Before 15 a locale of ICU stands where those of libc do.
	locale := v.since(17, "c.colllocale", v.since(15, "c.colliculocale", "case c.collprovider when 'i' then c.collcollate end"))
	return `select c.oid, n.nspname as schema, c.collname as name,
		case c.collprovider when 'i' then 'icu' when 'b' then 'builtin' else 'libc' end as provider,
		case c.collprovider when 'c' then coalesce(c.collcollate, '') else '' end as collate,
		case c.collprovider when 'c' then coalesce(c.collctype, '') else '' end as ctype,
		coalesce(` + locale + `, '') as locale, coalesce(` + v.since(16, "c.collicurules", "null::text") + `, '') as rules,
		` + v.since(12, "c.collisdeterministic", "true") + ` as deterministic
		from pg_collation c join pg_namespace n on n.oid = c.collnamespace
		where ` + ours + ` and ` + member("pg_collation", "c.oid") + ` and ` + touched("c.oid") + ` order by c.oid`
}}

func (r *reader) readCollations(ctx context.Context) error {
	type row struct {
		OID                                            uint32
		Schema, Name, Provider, Collate, Ctype, Locale string
		Rules                                          string
		Deterministic                                  bool
	}
	got, err := rows[row](ctx, r, collationsQuery)
	for _, x := range got {
		r.add(classCollation, define(x.OID, ident.Name{Schema: x.Schema, Name: x.Name},
			&CollationDef{x.Provider, x.Collate, x.Ctype, x.Locale, x.Rules, x.Deterministic}))
	}
	return err
}

var enumsQuery = query{"enums", func(v version) string {
	return `select t.oid, n.nspname as schema, t.typname as name,
		(select array_agg(e.enumlabel::text order by e.enumsortorder) from pg_enum e where e.enumtypid = t.oid) as labels,
		(select array_agg(e.oid order by e.enumsortorder) from pg_enum e where e.enumtypid = t.oid) as oids
		from pg_type t join pg_namespace n on n.oid = t.typnamespace
		where t.typtype = 'e' and ` + ours + ` and ` + member("pg_type", "t.oid") + ` and ` + touched("t.oid") + ` order by t.oid`
}}

func (r *reader) readEnums(ctx context.Context) error {
	type row struct {
		OID          uint32
		Schema, Name string
		Labels       []string
		OIDs         []uint32
	}
	got, err := rows[row](ctx, r, enumsQuery)
	for _, x := range got {
		r.add(classType, define(x.OID, ident.Name{Schema: x.Schema, Name: x.Name}, &EnumDef{x.Labels, x.OIDs}))
	}
	return err
}

var compositesQuery = query{"composites", func(v version) string {
	return `select t.oid, n.nspname as schema, t.typname as name,
		coalesce(a.attnum, 0) as attnum, coalesce(a.attname, '') as "column", coalesce(format_type(a.atttypid, a.atttypmod), '') as sql,
		coalesce(cn.nspname, '') as collationschema, coalesce(co.collname, '') as collationlabel
		from pg_type t join pg_namespace n on n.oid = t.typnamespace
		join pg_class c on c.oid = t.typrelid and c.relkind = 'c'
		left join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
		left join pg_type at on at.oid = a.atttypid
		left join pg_collation co on co.oid = a.attcollation and a.attcollation <> at.typcollation
		left join pg_namespace cn on cn.oid = co.collnamespace
		where ` + ours + ` and ` + member("pg_type", "t.oid") + ` and ` + touched("t.oid") + ` order by t.oid, a.attnum`
}}

func (r *reader) readComposites(ctx context.Context) error {
	type row struct {
		OID                             uint32
		Attnum                          int16
		Schema, Name, Column, SQL       string
		CollationSchema, CollationLabel string
	}
	got, err := rows[row](ctx, r, compositesQuery)
	var def *CompositeDef
	var last uint32
	for _, x := range got {
		if x.OID != last {
			def, last = &CompositeDef{}, x.OID
			r.add(classType, define(x.OID, ident.Name{Schema: x.Schema, Name: x.Name}, def))
		}
		if x.Column != "" {
			def.Attributes = append(def.Attributes, Attribute{x.Attnum, x.Column, x.SQL, optional(x.CollationSchema, x.CollationLabel)})
		}
	}
	return err
}
