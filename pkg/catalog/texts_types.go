package catalog

// typeTexts are types that functions make: base types, and shells that nothing fills. A target makes
// them for a superuser, if it has the library that the functions are in.
var typeTexts = []textQuery{
	{KindBaseType, "sql address", func(v version) string {
		return `select t.oid, n.nspname as schema, t.typname as name, format('TYPE %I.%I', n.nspname, t.typname) as address,
		case when not t.typisdefined then format('CREATE TYPE %I.%I', n.nspname, t.typname) else
		format('CREATE TYPE %I.%I (%s)', n.nspname, t.typname, concat_ws(', ', 'INPUT = ' || t.typinput, 'OUTPUT = ' || t.typoutput,
			'RECEIVE = ' || ` + orNone("t.typreceive") + `, 'SEND = ' || ` + orNone("t.typsend") + `,
			'TYPMOD_IN = ' || ` + orNone("t.typmodin") + `, 'TYPMOD_OUT = ' || ` + orNone("t.typmodout") + `, 'ANALYZE = ' || ` + orNone("t.typanalyze") + `,
			` + v.since(14, "'SUBSCRIPT = ' || "+orNone("t.typsubscript")+",", "") + `
			'INTERNALLENGTH = ' || case t.typlen when -1 then 'VARIABLE' else t.typlen::text end, case when t.typbyval then 'PASSEDBYVALUE' end,
			'ALIGNMENT = ' || case t.typalign when 'c' then 'char' when 's' then 'int2' when 'i' then 'int4' else 'double' end,
			'STORAGE = ' || case t.typstorage when 'p' then 'plain' when 'e' then 'external' when 'm' then 'main' else 'extended' end,
			format('CATEGORY = %L', t.typcategory), case when t.typispreferred then 'PREFERRED = true' end,
			'DEFAULT = ' || coalesce(pg_get_expr(t.typdefaultbin, 0), quote_literal(t.typdefault)),
			'ELEMENT = ' || format_type(nullif(t.typelem, 0), null), format('DELIMITER = %L', t.typdelim), case when t.typcollation <> 0 then 'COLLATABLE = true' end)) end as sql
		from pg_type t join pg_namespace n on n.oid = t.typnamespace
		where (t.typtype = 'b' and t.typisdefined and t.typinput <> 'array_in'::regproc or t.typtype = 'p' and not t.typisdefined)
		and ` + own("pg_type", "t.oid", "t.typname") + ` order by t.oid`
	}},
}
