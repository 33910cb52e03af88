package catalog

// withOptions is the SQL for WITH (…) of a relation's options, empty if it has none.
const withOptions = `coalesce((select ' WITH (' || string_agg(format('%I=%L', split_part(o, '=', 1), substr(o, strpos(o, '=') + 1)), ', ') || ')'
	from unnest(c.reloptions) o), '')`

// fdwOptions is the SQL for OPTIONS (…), empty without any.
func fdwOptions(column string) string {
	return `coalesce((select ' OPTIONS (' || string_agg(format('%I %L', o.option_name, o.option_value), ', ') || ')'
		from pg_options_to_table(` + column + `) o), '')`
}

// columnsOf is the SQL for the names of a view's columns.
const columnsOf = `array(select a.attname::text from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 order by a.attnum) as columns`

var relationTexts = []textQuery{
	{KindForeignTable, "sql address then columns", func(v version) string {
		return `select c.oid, n.nspname as schema, c.relname as name, format('FOREIGN TABLE %I.%I', n.nspname, c.relname) as address,
		format('CREATE FOREIGN TABLE %I.%I (%s)%s SERVER %I', n.nspname, c.relname,
			concat_ws(', ', (select string_agg(format('%I %s%s%s%s%s', a.attname, format_type(a.atttypid, a.atttypmod), ` + fdwOptions("a.attfdwoptions") + `,
				coalesce((select format(' COLLATE %I.%I', m.nspname, o.collname) from pg_collation o join pg_namespace m on m.oid = o.collnamespace where o.oid = a.attcollation and o.oid <> t.typcollation), ''),
				coalesce(case ` + v.since(12, "a.attgenerated::text", "''") + ` when '' then ' DEFAULT ' || pg_get_expr(d.adbin, d.adrelid)
					else ' GENERATED ALWAYS AS (' || pg_get_expr(d.adbin, d.adrelid) || ') STORED' end, ''),
				case when a.attnotnull then ' NOT NULL' else '' end), ', ' order by a.attnum)
				from pg_attribute a join pg_type t on t.oid = a.atttypid left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
				where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped),
			(select string_agg(format('CONSTRAINT %I %s', k.conname, pg_get_constraintdef(k.oid)), ', ' order by k.conname)
				from pg_constraint k where k.conrelid = c.oid and k.contype = 'c' and k.convalidated)), -- CREATE would take another for valid
			coalesce((select ' INHERITS (' || string_agg(i.inhparent::regclass::text, ', ' order by i.inhseqno) || ')' from pg_inherits i where i.inhrelid = c.oid and not c.relispartition), ''),
			s.srvname) || ` + fdwOptions("f.ftoptions") + ` as sql,
		array(select format('ALTER TABLE ONLY %s ATTACH PARTITION %I.%I %s', i.inhparent::regclass, n.nspname, c.relname, pg_get_expr(c.relpartbound, c.oid))
			from pg_inherits i where i.inhrelid = c.oid and c.relispartition)
			|| array(select format('ALTER FOREIGN TABLE %I.%I ADD CONSTRAINT %I %s', n.nspname, c.relname, k.conname, pg_get_constraintdef(k.oid))
				from pg_constraint k where k.conrelid = c.oid and k.contype = 'c' and not k.convalidated order by k.conname) as "then",
		array(select a.attnum::text from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped order by a.attnum) as columns
		from pg_foreign_table f join pg_class c on c.oid = f.ftrelid join pg_namespace n on n.oid = c.relnamespace
		join pg_foreign_server s on s.oid = f.ftserver where ` + own("pg_class", "c.oid", "c.relname") + ` order by c.oid`
	}},
	{KindView, "sql address then columns", func(version) string {
		return `select c.oid, n.nspname as schema, c.relname as name, format('VIEW %I.%I', n.nspname, c.relname) as address,
		format('CREATE VIEW %I.%I%s AS%s', n.nspname, c.relname, ` + withOptions + `, rtrim(pg_get_viewdef(c.oid), ';')) as sql,
		array(select format('ALTER VIEW %I.%I ALTER COLUMN %I SET DEFAULT %s', n.nspname, c.relname, a.attname, pg_get_expr(d.adbin, d.adrelid))
			from pg_attrdef d join pg_attribute a on a.attrelid = d.adrelid and a.attnum = d.adnum where d.adrelid = c.oid order by a.attnum) as "then", ` + columnsOf + `
		from pg_class c join pg_namespace n on n.oid = c.relnamespace
		where c.relkind = 'v' and ` + own("pg_class", "c.oid", "c.relname") + ` order by c.oid`
	}},
	{KindMatview, "sql address then columns populated", func(v version) string {
		return `select c.oid, n.nspname as schema, c.relname as name, format('MATERIALIZED VIEW %I.%I', n.nspname, c.relname) as address,
		format('CREATE MATERIALIZED VIEW %I.%I%s%s AS%s WITH NO DATA', n.nspname, c.relname,
			` + v.since(12, `coalesce((select format(' USING %I', m.amname) from pg_am m where m.oid = c.relam and m.amname <> 'heap'), '')`, `''`) + `,
			` + withOptions + `, rtrim(pg_get_viewdef(c.oid), ';')) as sql, c.relispopulated as populated,
		array(select format('ALTER MATERIALIZED VIEW %I.%I ALTER COLUMN %I SET %s', n.nspname, c.relname, a.attname, s.setting)
			from pg_attribute a join pg_type t on t.oid = a.atttypid, lateral (
				select 'STATISTICS ' || a.attstattarget as setting where a.attstattarget >= 0
				union all select 'STORAGE ' || case a.attstorage when 'p' then 'PLAIN' when 'e' then 'EXTERNAL' when 'm' then 'MAIN' else 'EXTENDED' end where a.attstorage <> t.typstorage
				` + v.since(14, `union all select 'COMPRESSION ' || case a.attcompression when 'p' then 'pglz' else 'lz4' end where a.attcompression in ('p', 'l')`, ``) + `) s
			where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped order by a.attnum, s.setting) as "then", ` + columnsOf + `
		from pg_class c join pg_namespace n on n.oid = c.relnamespace
		where c.relkind = 'm' and ` + own("pg_class", "c.oid", "c.relname") + ` order by c.oid`
	}},
	{KindStatistics, "relation sql address then", func(v version) string {
		return `select s.oid, s.stxrelid as relation, n.nspname as schema, s.stxname as name,
		format('STATISTICS %I.%I', n.nspname, s.stxname) as address, pg_get_statisticsobjdef(s.oid) as sql,
		` + v.since(13, `array(select format('ALTER STATISTICS %I.%I SET STATISTICS %s', n.nspname, s.stxname, s.stxstattarget) where s.stxstattarget >= 0)`, `null::text[]`) + ` as "then"
		from pg_statistic_ext s join pg_namespace n on n.oid = s.stxnamespace
		where ` + own("pg_statistic_ext", "s.oid", "s.stxname") + ` order by s.oid`
	}},
}
