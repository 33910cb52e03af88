package catalog

// searchTexts are those of text search.
var searchTexts = []textQuery{
	{KindSearchParser, "sql address", func(version) string {
		return `select p.oid, n.nspname as schema, p.prsname as name, format('TEXT SEARCH PARSER %I.%I', n.nspname, p.prsname) as address,
		format('CREATE TEXT SEARCH PARSER %I.%I (%s)', n.nspname, p.prsname, concat_ws(', ', 'START = ' || p.prsstart, 'GETTOKEN = ' || p.prstoken, 'END = ' || p.prsend,
			'LEXTYPES = ' || p.prslextype, 'HEADLINE = ' || ` + orNone("p.prsheadline") + `)) as sql
		from pg_ts_parser p join pg_namespace n on n.oid = p.prsnamespace where ` + own("pg_ts_parser", "p.oid", "p.prsname") + ` order by p.oid`
	}},
	{KindSearchTemplate, "sql address", func(version) string {
		return `select t.oid, n.nspname as schema, t.tmplname as name, format('TEXT SEARCH TEMPLATE %I.%I', n.nspname, t.tmplname) as address,
		format('CREATE TEXT SEARCH TEMPLATE %I.%I (%s)', n.nspname, t.tmplname, concat_ws(', ', 'INIT = ' || ` + orNone("t.tmplinit") + `, 'LEXIZE = ' || t.tmpllexize)) as sql
		from pg_ts_template t join pg_namespace n on n.oid = t.tmplnamespace where ` + own("pg_ts_template", "t.oid", "t.tmplname") + ` order by t.oid`
	}},
	{KindDictionary, "sql address", func(version) string {
		return `select d.oid, n.nspname as schema, d.dictname as name, format('TEXT SEARCH DICTIONARY %I.%I', n.nspname, d.dictname) as address,
		format('CREATE TEXT SEARCH DICTIONARY %I.%I (%s)', n.nspname, d.dictname, concat_ws(', ', format('TEMPLATE = %I.%I', tn.nspname, t.tmplname), nullif(d.dictinitoption, ''))) as sql
		from pg_ts_dict d join pg_namespace n on n.oid = d.dictnamespace join pg_ts_template t on t.oid = d.dicttemplate join pg_namespace tn on tn.oid = t.tmplnamespace
		where ` + own("pg_ts_dict", "d.oid", "d.dictname") + ` order by d.oid`
	}},
	{KindSearchConfig, "sql address then", func(version) string {
		return `select c.oid, n.nspname as schema, c.cfgname as name, format('TEXT SEARCH CONFIGURATION %I.%I', n.nspname, c.cfgname) as address,
		format('CREATE TEXT SEARCH CONFIGURATION %I.%I (PARSER = %I.%I)', n.nspname, c.cfgname, pn.nspname, p.prsname) as sql,
		array(select format('ALTER TEXT SEARCH CONFIGURATION %I.%I ADD MAPPING FOR %I WITH %s', n.nspname, c.cfgname, k.alias,
				string_agg(m.mapdict::regdictionary::text, ', ' order by m.mapseqno))
			from pg_ts_config_map m join ts_token_type(c.cfgparser) k on k.tokid = m.maptokentype where m.mapcfg = c.oid group by k.tokid, k.alias order by k.tokid) as "then"
		from pg_ts_config c join pg_namespace n on n.oid = c.cfgnamespace join pg_ts_parser p on p.oid = c.cfgparser join pg_namespace pn on pn.oid = p.prsnamespace
		where ` + own("pg_ts_config", "c.oid", "c.cfgname") + ` order by c.oid`
	}},
}
