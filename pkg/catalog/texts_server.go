package catalog

// foreignTexts are what foreign tables stand on.
var foreignTexts = []textQuery{
	{KindWrapper, "sql address", func(version) string {
		return `select w.oid, '' as schema, w.fdwname as name, format('FOREIGN DATA WRAPPER %I', w.fdwname) as address,
		format('CREATE FOREIGN DATA WRAPPER %I', w.fdwname) || coalesce(' HANDLER ' || ` + orNone("w.fdwhandler") + `, '')
			|| coalesce(' VALIDATOR ' || ` + orNone("w.fdwvalidator") + `, '') || ` + fdwOptions("w.fdwoptions") + ` as sql
		from pg_foreign_data_wrapper w where ` + member("pg_foreign_data_wrapper", "w.oid") + ` and ` + touched("w.oid") + ` order by w.oid`
	}},
	{KindServer, "sql address", func(version) string {
		return `select s.oid, '' as schema, s.srvname as name, format('SERVER %I', s.srvname) as address,
		format('CREATE SERVER %I', s.srvname) || coalesce(' TYPE ' || quote_literal(s.srvtype), '') || coalesce(' VERSION ' || quote_literal(s.srvversion), '')
			|| format(' FOREIGN DATA WRAPPER %I', w.fdwname) || ` + fdwOptions("s.srvoptions") + ` as sql
		from pg_foreign_server s join pg_foreign_data_wrapper w on w.oid = s.srvfdw where ` + member("pg_foreign_server", "s.oid") + ` and ` + touched("s.oid") + ` order by s.oid`
	}},
}

// serverTexts are those of the database as a whole.
var serverTexts = []textQuery{
	{KindAccessMethod, "sql address", func(version) string {
		return `select m.oid, '' as schema, m.amname as name, format('ACCESS METHOD %I', m.amname) as address,
		format('CREATE ACCESS METHOD %I TYPE %s HANDLER %s', m.amname, case m.amtype when 'i' then 'INDEX' else 'TABLE' end, m.amhandler) as sql
		from pg_am m where m.oid >= 16384 and ` + member("pg_am", "m.oid") + ` and ` + touched("m.oid") + ` order by m.oid`
	}},
	{KindLanguage, "sql address", func(version) string {
		return `select l.oid, '' as schema, l.lanname as name, format('LANGUAGE %I', l.lanname) as address,
		format('CREATE%s LANGUAGE %I HANDLER %s', case when l.lanpltrusted then ' TRUSTED' else '' end, l.lanname, l.lanplcallfoid::regproc)
			|| coalesce(' INLINE ' || ` + orNone("l.laninline") + `, '') || coalesce(' VALIDATOR ' || ` + orNone("l.lanvalidator") + `, '') as sql
		from pg_language l where l.lanispl and l.oid >= 16384 and ` + member("pg_language", "l.oid") + ` and ` + touched("l.oid") + ` order by l.oid`
	}},
	{KindTransform, "sql address", func(version) string {
		return `select t.oid, '' as schema, format('FOR %s LANGUAGE %I', format_type(t.trftype, null), l.lanname) as name,
		format('TRANSFORM FOR %s LANGUAGE %I', format_type(t.trftype, null), l.lanname) as address,
		format('CREATE TRANSFORM FOR %s LANGUAGE %I (%s)', format_type(t.trftype, null), l.lanname, concat_ws(', ',
			'FROM SQL WITH FUNCTION ' || nullif(t.trffromsql::oid, 0)::regprocedure, 'TO SQL WITH FUNCTION ' || nullif(t.trftosql::oid, 0)::regprocedure)) as sql
		from pg_transform t join pg_language l on l.oid = t.trflang where t.oid >= 16384 and ` + member("pg_transform", "t.oid") + ` and ` + touched("t.oid") + ` order by t.oid`
	}},
	{KindPublication, "sql address then", publications},
	{KindEventTrigger, "sql address enabled", func(version) string {
		return `select v.oid, '' as schema, v.evtname as name, format('EVENT TRIGGER %I', v.evtname) as address, v.evtenabled::text as enabled,
		format('CREATE EVENT TRIGGER %I ON %s%s EXECUTE FUNCTION %s()', v.evtname, v.evtevent,
			coalesce((select ' WHEN TAG IN (' || string_agg(quote_literal(t), ', ' order by t) || ')' from unnest(v.evttags) t), ''), v.evtfoid::regproc) as sql
		from pg_event_trigger v join pg_proc p on p.oid = v.evtfoid join pg_namespace n on n.oid = p.pronamespace
		where n.nspname <> 'floe' and v.evtname !~ '^floe_' and ` + member("pg_event_trigger", "v.oid") + ` and ` + touched("v.oid") + ` and ` + theirs("v.evtname") + ` order by v.oid`
	}},
	{KindDefaultACL, "address then", func(version) string {
		return `select d.oid, coalesce(n.nspname, '') as schema, format('%s of %s', x.what, pg_get_userbyid(d.defaclrole)) as name, '' as address, g.list as "then"
		from pg_default_acl d left join pg_namespace n on n.oid = d.defaclnamespace,
		lateral (select case d.defaclobjtype when 'r' then 'TABLES' when 'S' then 'SEQUENCES' when 'f' then 'FUNCTIONS' when 'T' then 'TYPES' when 'n' then 'SCHEMAS' else 'LARGE OBJECTS' end as what) x,
		lateral (select array_agg(format('ALTER DEFAULT PRIVILEGES FOR ROLE %I%s %s %s ON %s %s %s%s', pg_get_userbyid(d.defaclrole), coalesce(' IN SCHEMA ' || quote_ident(n.nspname), ''),
				case when y.given then 'GRANT' else 'REVOKE' end, y.privilege_type, x.what, case when y.given then 'TO' else 'FROM' end,
				case y.grantee when 0 then 'PUBLIC' else quote_ident(pg_get_userbyid(y.grantee)) end, case when y.is_grantable then ' WITH GRANT OPTION' else '' end)
				order by y.given, y.grantee::oid, y.privilege_type) as list
			from (select true as given, e.grantee, e.privilege_type, e.is_grantable from aclexplode(d.defaclacl) e
					where d.defaclnamespace <> 0 or not exists (select from aclexplode(acldefault(case d.defaclobjtype when 'S' then 's' else d.defaclobjtype end, d.defaclrole)) u
						where u.grantee = e.grantee and u.privilege_type = e.privilege_type and u.is_grantable = e.is_grantable)
				union all select false, u.grantee, u.privilege_type, false from aclexplode(acldefault(case d.defaclobjtype when 'S' then 's' else d.defaclobjtype end, d.defaclrole)) u
					where d.defaclnamespace = 0 and not exists (select from aclexplode(d.defaclacl) e where e.grantee = u.grantee and e.privilege_type = u.privilege_type)) y) g
		where g.list is not null and (n.nspname is null or ` + ours + `) and ` + touched("d.oid") + ` order by d.oid`
	}},
}

// publications are users' own; each table, schema by itself.
func publications(v version) string {
	tables := `select format('ALTER PUBLICATION %I ADD TABLE ONLY %s', p.pubname, t.prrelid::regclass) as item from pg_publication_rel t where t.prpubid = p.oid`
	if v.number >= 150000 {
		tables = `select format('ALTER PUBLICATION %I ADD TABLE ONLY %s%s%s', p.pubname, t.prrelid::regclass,
				coalesce((select ' (' || string_agg(quote_ident(a.attname), ', ' order by a.attnum) || ')' from pg_attribute a where a.attrelid = t.prrelid and a.attnum = any(t.prattrs)), ''),
				coalesce(' WHERE (' || pg_get_expr(t.prqual, t.prrelid) || ')', '')) as item from pg_publication_rel t where t.prpubid = p.oid
			union all select format('ALTER PUBLICATION %I ADD TABLES IN SCHEMA %I', p.pubname, n.nspname) from pg_publication_namespace s join pg_namespace n on n.oid = s.pnnspid where s.pnpubid = p.oid`
	}
	return `select p.oid, '' as schema, p.pubname as name, format('PUBLICATION %I', p.pubname) as address,
		format('CREATE PUBLICATION %I%s WITH (%s)', p.pubname, case when p.puballtables then ' FOR ALL TABLES' else '' end, concat_ws(', ',
			format('publish = %L', concat_ws(', ', case when p.pubinsert then 'insert' end, case when p.pubupdate then 'update' end, case when p.pubdelete then 'delete' end,
				case when p.pubtruncate then 'truncate' end))` +
		v.since(13, `, case when p.pubviaroot then 'publish_via_partition_root = true' end`, ``) +
		v.since(18, `, case p.pubgencols when 's' then 'publish_generated_columns = stored' end`, ``) + `)) as sql,
		array(select x.item from (` + tables + `) x order by x.item) as "then"
		from pg_publication p where p.pubname !~ '^floe_' and ` + theirs("p.pubname") + ` and ` + member("pg_publication", "p.oid") + ` and ` + touched("p.oid") + ` order by p.oid`
}
