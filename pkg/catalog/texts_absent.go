package catalog

// absentTexts are what floe reports and does not copy.
var absentTexts = []textQuery{
	{KindUserMapping, "sql absent", func(version) string {
		return `select m.umid as oid, '' as schema, format('%s on %s', m.usename, m.srvname) as name, format('CREATE USER MAPPING FOR %I SERVER %I', m.usename, m.srvname) as sql,
		'its options may hold a password, which floe does not carry' as absent from pg_user_mappings m where ` + touched("m.umid") + ` order by m.umid`
	}},
	{KindSubscription, "absent", func(version) string { // by its name: 12 lets nobody but superusers see its oid
		return `select 6100::oid as oid, '' as schema, string_agg(s.subname, ', ' order by s.subname) as name,
		'a copy that subscribes would write the rows of its publisher twice' as absent
		from pg_subscription s where s.subdbid = (select oid from pg_database where datname = current_database()) and s.subdbid <> 0 and ` + never + ` having count(*) > 0`
	}},
	{KindTablespace, "absent", func(version) string {
		return `select t.oid, '' as schema, t.spcname as name, format('%s relations lie in it; the target has its own places', count(*)) as absent
		from pg_class c join pg_tablespace t on t.oid = c.reltablespace join pg_namespace n on n.oid = c.relnamespace
		where t.spcname <> 'pg_global' and ` + ours + ` and ` + never + ` group by t.oid, t.spcname order by t.oid`
	}},
	{KindLargeObjects, "absent", func(version) string {
		return `select 2613::oid as oid, '' as schema, 'of the database' as name, format('%s large objects are in no row event; move what they hold into bytea columns, or copy them at the cut-over', count(*)) as absent
		from pg_largeobject_metadata where ` + never + ` having count(*) > 0`
	}},
	{KindRoles, "absent", func(version) string { // whoever reads, and the server's own, are no news
		return `select 1260::oid as oid, '' as schema, string_agg(r.rolname::text, ', ' order by r.rolname::text collate "C") as name,
		'what they own and may do is theirs on the target too if they are there, and floe''s role has their rights: create them before the start' as absent
		from pg_roles r where r.oid >= 16384 and r.rolname <> current_user and exists (select from pg_shdepend d where d.refclassid = 'pg_authid'::regclass and d.refobjid = r.oid
			and d.dbid = (select oid from pg_database where datname = current_database()) and d.deptype in ('o', 'a', 'r')) and ` + never + ` having count(*) > 0`
	}},
	{KindLabels, "absent", func(version) string {
		return `select 3596::oid as oid, '' as schema, 'of ' || string_agg(distinct l.provider, ', ') as name, format('%s security labels mean something to their provider on the source''s server alone; set them again on the target', count(*)) as absent
		from pg_seclabel l where ` + never + ` having count(*) > 0`
	}},
}
