package catalog

import "floe/pkg/ident"

// The kinds that only Oracle-mode servers have. Their statements are of their server's own language
// (TextDef.Speech); another one cannot run them.
const (
	KindSynonym     Kind = "synonym"
	KindPackage     Kind = "package"
	KindPackageBody Kind = "package-body"
	KindObjectType  Kind = "object-type" // object and collection types
)

// viewedOID stands for the oid that dictionary views do not give. It must not change while the name does not,
// and lies where no server gives oids out soon.
func viewedOID(parts string) string {
	return `((('x' || substr(md5(` + parts + `), 1, 7))::bit(28)::int)::bigint + 3221225472)::oid`
}

// dialectTexts are read where the server has what they are read from.
var dialectTexts = []textQuery{
	{KindSynonym, "sql address speech stands", func(v version) string {
		switch {
		case v.Synonyms:
			return synonyms(`select s.oid, coalesce(sn.nspname::text, 'public') as within, s.synname::text as called, nullif(s.synobjschema::text, '') as toschema,
				s.synobjname::text as towhat, nullif(s.synlink::text, '') as link
				from pg_catalog.pg_synonym s left join pg_namespace sn on sn.oid = s.synnamespace where s.oid >= 16384 and ` + touched("s.oid"))
		case v.ViewedSynonyms:
			return synonyms(`select ` + viewedOID("'synonym ' || s.owner::text || '.' || coalesce(s.schema_name::text, '') || '.' || s.synonym_name::text") + ` as oid,
				case when upper(s.owner::text) = 'PUBLIC' then 'public' else lower(s.schema_name::text) end as within, lower(s.synonym_name::text) as called, lower(s.table_schema_name::text) as toschema,
				lower(s.table_name::text) as towhat, nullif(s.db_link::text, '') as link from sys.dba_synonyms s where ` + never)
		}
		return ""
	}},
	{KindPackage, "sql address speech", func(v version) string {
		switch {
		case v.Packages:
			return packages("PACKAGE", nestedPackages(v, "edb_get_packageheaddef"))
		case v.IvoryPackages:
			return packages("PACKAGE", `select p.oid, n.nspname::text as within, p.pkgname::text as called, p.pkgsrc::text as text, 'ivorysql' as speech
				from pg_catalog.pg_package p join pg_namespace n on n.oid = p.pkgnamespace where `+ours+` and p.oid >= 16384 and `+touched("p.oid"))
		case v.ViewedPackages:
			return packages("PACKAGE", viewedSource("PACKAGE"))
		}
		return ""
	}},
	{KindPackageBody, "sql address speech", func(v version) string {
		switch {
		case v.Packages:
			return packages("PACKAGE BODY", nestedPackages(v, "edb_get_packagebodydef"))
		case v.IvoryPackages:
			return packages("PACKAGE BODY", `select p.oid, n.nspname::text as within, p.pkgname::text as called, b.bodysrc::text as text, 'ivorysql' as speech
				from pg_catalog.pg_package_body b join pg_catalog.pg_package p on p.oid = b.pkgoid join pg_namespace n on n.oid = p.pkgnamespace
				where `+ours+` and p.oid >= 16384 and `+touched("p.oid"))
		case v.ViewedPackages:
			return packages("PACKAGE BODY", viewedSource("PACKAGE BODY"))
		}
		return ""
	}},
	{KindObjectType, "address absent", func(v version) string {
		const why = `'the server tells nobody how it was made: make it on the target by hand' as absent`
		types := `select t.oid, n.nspname as schema, t.typname as name, format('TYPE %I.%I', n.nspname, t.typname) as address, ` + why + ` from pg_type t join pg_namespace n on n.oid = t.typnamespace
			where t.typtype not in ('b', 'c', 'd', 'e', 'm', 'p', 'r') and ` + own("pg_type", "t.oid", "t.typname")
		switch {
		case v.Speech == "":
			return ""
		case !v.NestedType: // object types are nested like packages
			return types
		}
		return types + ` union all select k.oid, n.nspname, k.nspname, format('TYPE %I.%I', n.nspname, k.nspname), ` + why + ` from pg_namespace k join pg_namespace n on n.oid = k.nspparent
			where k.nspobjecttype::text <> '0' and ` + ours + ` and k.oid >= 16384 and ` + touched("k.oid")
	}},
}

// synonyms makes statements of rows (oid, within, called, toschema, towhat, link). stands is the relation that
// a synonym names, where it is one of this database.
func synonyms(rows string) string {
	return `select s.oid, case when s.within = 'public' then '' else s.within end as schema, s.called as name,
		format('CREATE OR REPLACE %s FOR %s%I%s', a.address, coalesce(quote_ident(s.toschema) || '.', ''), s.towhat, coalesce('@' || quote_ident(s.link), '')) as sql,
		a.address, 'polardb-o' as speech,
		case when s.link is null then (select array[rn.nspname::text, r.relname::text] from pg_class r join pg_namespace rn on rn.oid = r.relnamespace
			where rn.nspname = s.toschema and r.relname = s.towhat and r.relkind in ('r', 'p', 'v', 'm', 'f')) end as stands
		from (` + rows + `) s,
		lateral (select case when s.within = 'public' then format('PUBLIC SYNONYM %I', s.called) else format('SYNONYM %I.%I', s.within, s.called) end as address) a
		where s.within !~ '^pg_' and s.within not in ('information_schema', 'floe', 'sys') order by s.oid`
}

// nestedPackages are packages that stand in pg_namespace.
func nestedPackages(v version, source string) string {
	kind := ""
	if v.NestedType {
		kind = "k.nspobjecttype::text = '0' and "
	}
	return `select k.oid, n.nspname::text as within, k.nspname::text as called, pg_catalog.` + source + `(k.oid)::text as text, 'polardb-o' as speech
		from pg_namespace k join pg_namespace n on n.oid = k.nspparent where ` + kind + ours + ` and k.oid >= 16384 and ` + touched("k.oid")
}

// viewedSource puts together the lines that dictionary views hold.
func viewedSource(kind string) string {
	return `select ` + viewedOID("'package ' || s.schema_name::text || '.' || s.name::text") + ` as oid,
		lower(s.schema_name::text) as within, lower(s.name::text) as called, string_agg(s.text::text, '' order by s.line) as text, 'polardb-o' as speech
		from sys.dba_source s join pg_namespace n on n.nspname = lower(s.schema_name::text)
		where s.type::text = ` + ident.Literal(kind) + ` and n.nspname <> 'sys' and ` + ours + ` and ` + never + ` group by s.schema_name::text, s.name::text`
}

// packageHead is how a package begins, up to its name.
const packageHead = `^\s*(create\s+(or\s+replace\s+)?((non)?editionable\s+)?)?package\s+(body\s+)?("[^"]+"|[^\s".]+)(\s*\.\s*("[^"]+"|[^\s".]+))?`

// packages makes statements of rows (oid, within, called, text, speech). A source is the whole statement, all
// of it from the word PACKAGE on, or what stands between IS and END. Its own name for itself is given its
// schema: floe's sessions have no search_path.
func packages(what, rows string) string {
	return `select p.oid, p.within as schema, p.called as name, format('` + what + ` %I.%I', p.within, p.called) as address, p.speech,
		case when p.text ~* '` + packageHead + `' then regexp_replace(p.text, '` + packageHead + `', replace(h.head, E'\\', E'\\\\'), 'i')
			else h.head || E' IS\n' || p.text || case when p.text ~* '\yend(\s+\S+)?\s*;?\s*$' then '' else E'\nEND' end end as sql
		from (` + rows + `) p, lateral (select format('CREATE OR REPLACE ` + what + ` %I.%I', p.within, p.called) as head) h
		where p.text is not null and length(p.text) > 0 order by p.oid`
}
