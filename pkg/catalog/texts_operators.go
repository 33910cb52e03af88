package catalog

// orNone is the SQL for a function's name, null for none.
func orNone(column string) string {
	return `nullif(` + column + `::oid, 0)::regproc::text`
}

// operatorTexts are what expressions and indexes are built of.
var operatorTexts = []textQuery{
	{KindAggregate, "sql address", func(version) string {
		return `select p.oid, n.nspname as schema, p.proname as name,
		format('AGGREGATE %I.%I(%s)', n.nspname, p.proname, coalesce(nullif(pg_get_function_identity_arguments(p.oid), ''), '*')) as address,
		format('CREATE AGGREGATE %I.%I(%s) (%s)', n.nspname, p.proname, coalesce(nullif(pg_get_function_arguments(p.oid), ''), '*'), concat_ws(', ',
			'SFUNC = ' || a.aggtransfn, 'STYPE = ' || format_type(a.aggtranstype, null), 'SSPACE = ' || nullif(a.aggtransspace, 0),
			'FINALFUNC = ' || ` + orNone("a.aggfinalfn") + `, case when a.aggfinalextra then 'FINALFUNC_EXTRA' end,
			case when a.aggfinalfn <> 0 then 'FINALFUNC_MODIFY = ' || case a.aggfinalmodify when 'r' then 'READ_ONLY' when 's' then 'SHAREABLE' else 'READ_WRITE' end end,
			'COMBINEFUNC = ' || ` + orNone("a.aggcombinefn") + `, 'SERIALFUNC = ' || ` + orNone("a.aggserialfn") + `, 'DESERIALFUNC = ' || ` + orNone("a.aggdeserialfn") + `,
			'INITCOND = ' || quote_literal(a.agginitval), 'MSFUNC = ' || ` + orNone("a.aggmtransfn") + `, 'MINVFUNC = ' || ` + orNone("a.aggminvtransfn") + `,
			'MSTYPE = ' || format_type(nullif(a.aggmtranstype, 0), null), 'MSSPACE = ' || nullif(a.aggmtransspace, 0),
			'MFINALFUNC = ' || ` + orNone("a.aggmfinalfn") + `, case when a.aggmfinalextra then 'MFINALFUNC_EXTRA' end,
			case when a.aggmfinalfn <> 0 then 'MFINALFUNC_MODIFY = ' || case a.aggmfinalmodify when 'r' then 'READ_ONLY' when 's' then 'SHAREABLE' else 'READ_WRITE' end end,
			'MINITCOND = ' || quote_literal(a.aggminitval),
			'SORTOP = ' || (select format('OPERATOR(%I.%s)', sn.nspname, s.oprname) from pg_operator s join pg_namespace sn on sn.oid = s.oprnamespace where s.oid = a.aggsortop),
			case p.proparallel when 's' then 'PARALLEL = SAFE' when 'r' then 'PARALLEL = RESTRICTED' end, case a.aggkind when 'h' then 'HYPOTHETICAL' end)) as sql
		from pg_aggregate a join pg_proc p on p.oid = a.aggfnoid join pg_namespace n on n.oid = p.pronamespace
		where ` + own("pg_proc", "p.oid", "p.proname") + ` order by p.oid`
	}},
	{KindOperator, "sql address", func(version) string {
		return `select o.oid, n.nspname as schema, o.oprname as name,
		format('OPERATOR %I.%s (%s, %s)', n.nspname, o.oprname, coalesce(format_type(nullif(o.oprleft, 0), null), 'NONE'), coalesce(format_type(nullif(o.oprright, 0), null), 'NONE')) as address,
		format('CREATE OPERATOR %I.%s (%s)', n.nspname, o.oprname, concat_ws(', ', 'FUNCTION = ' || o.oprcode,
			'LEFTARG = ' || format_type(nullif(o.oprleft, 0), null), 'RIGHTARG = ' || format_type(nullif(o.oprright, 0), null),
			'COMMUTATOR = ' || (select format('OPERATOR(%I.%s)', xn.nspname, x.oprname) from pg_operator x join pg_namespace xn on xn.oid = x.oprnamespace where x.oid = o.oprcom),
			'NEGATOR = ' || (select format('OPERATOR(%I.%s)', xn.nspname, x.oprname) from pg_operator x join pg_namespace xn on xn.oid = x.oprnamespace where x.oid = o.oprnegate),
			'RESTRICT = ' || ` + orNone("o.oprrest") + `, 'JOIN = ' || ` + orNone("o.oprjoin") + `,
			case when o.oprcanhash then 'HASHES' end, case when o.oprcanmerge then 'MERGES' end)) as sql
		from pg_operator o join pg_namespace n on n.oid = o.oprnamespace
		where o.oprcode <> 0 and ` + own("pg_operator", "o.oid", "o.oprname") + ` order by o.oid`
	}},
	{KindOperatorFamily, "sql address then", func(version) string {
		return `select f.oid, n.nspname as schema, f.opfname as name, format('OPERATOR FAMILY %I.%I USING %I', n.nspname, f.opfname, m.amname) as address,
		format('CREATE OPERATOR FAMILY %I.%I USING %I', n.nspname, f.opfname, m.amname) as sql,
		array(select format('ALTER OPERATOR FAMILY %I.%I USING %I ADD %s', n.nspname, f.opfname, m.amname, x.item)
			from (` + classItems("pg_opfamily", "f.oid") + `) x order by x.item) as "then"
		from pg_opfamily f join pg_namespace n on n.oid = f.opfnamespace join pg_am m on m.oid = f.opfmethod
		where ` + own("pg_opfamily", "f.oid", "f.opfname") + ` order by f.oid`
	}},
	{KindOperatorClass, "sql address", func(version) string {
		return `select c.oid, n.nspname as schema, c.opcname as name, format('OPERATOR CLASS %I.%I USING %I', n.nspname, c.opcname, m.amname) as address,
		format('CREATE OPERATOR CLASS %I.%I%s FOR TYPE %s USING %I FAMILY %I.%I AS %s', n.nspname, c.opcname, case when c.opcdefault then ' DEFAULT' else '' end,
			format_type(c.opcintype, null), m.amname, fn.nspname, f.opfname,
			coalesce(concat_ws(', ', 'STORAGE ' || format_type(nullif(c.opckeytype, 0), null),
				(select string_agg(x.item, ', ' order by x.item) from (` + classItems("pg_opclass", "c.oid") + `) x)), '')
			|| case when c.opckeytype = 0 and not exists (` + classItems("pg_opclass", "c.oid") + `) then 'STORAGE ' || format_type(c.opcintype, null) else '' end) as sql
		from pg_opclass c join pg_namespace n on n.oid = c.opcnamespace join pg_am m on m.oid = c.opcmethod
		join pg_opfamily f on f.oid = c.opcfamily join pg_namespace fn on fn.oid = f.opfnamespace
		where ` + own("pg_opclass", "c.oid", "c.opcname") + ` order by c.oid`
	}},
	{KindCast, "sql address", func(version) string {
		return `select c.oid, '' as schema, format('(%s AS %s)', format_type(c.castsource, null), format_type(c.casttarget, null)) as name,
		format('CAST (%s AS %s)', format_type(c.castsource, null), format_type(c.casttarget, null)) as address,
		format('CREATE CAST (%s AS %s) %s%s', format_type(c.castsource, null), format_type(c.casttarget, null),
			case c.castmethod when 'f' then 'WITH FUNCTION ' || c.castfunc::regprocedure when 'i' then 'WITH INOUT' else 'WITHOUT FUNCTION' end,
			case c.castcontext when 'a' then ' AS ASSIGNMENT' when 'i' then ' AS IMPLICIT' else '' end) as sql
		from pg_cast c where c.oid >= 16384
		-- a range type makes the cast to its multirange itself
		and not exists (select from pg_depend i where i.classid = 'pg_cast'::regclass and i.objid = c.oid and i.deptype = 'i') and ` + member("pg_cast", "c.oid") + ` and ` + touched("c.oid") + ` order by c.oid`
	}},
	{KindConversion, "sql address", func(version) string {
		return `select c.oid, n.nspname as schema, c.conname as name, format('CONVERSION %I.%I', n.nspname, c.conname) as address,
		format('CREATE%s CONVERSION %I.%I FOR %L TO %L FROM %s', case when c.condefault then ' DEFAULT' else '' end, n.nspname, c.conname,
			pg_encoding_to_char(c.conforencoding), pg_encoding_to_char(c.contoencoding), c.conproc) as sql
		from pg_conversion c join pg_namespace n on n.oid = c.connamespace
		where ` + own("pg_conversion", "c.oid", "c.conname") + ` order by c.oid`
	}},
}

// classItems lists the operators and functions that hang on an operator class, or loosely on a family.
func classItems(class, oid string) string {
	hangs := func(part, of string) string {
		return `exists (select from pg_depend d where d.classid = '` + part + `'::regclass and d.objid = ` + of + ` and d.refclassid = '` + class + `'::regclass and d.refobjid = ` + oid + `)`
	}
	return `select format('OPERATOR %s %s%s', o.amopstrategy, o.amopopr::regoperator, case o.amoppurpose when 'o' then
			(select format(' FOR ORDER BY %I.%I', bn.nspname, b.opfname) from pg_opfamily b join pg_namespace bn on bn.oid = b.opfnamespace where b.oid = o.amopsortfamily) else '' end) as item
		from pg_amop o where ` + hangs("pg_amop", "o.oid") + `
		union all select format('FUNCTION %s (%s, %s) %s', q.amprocnum, format_type(q.amproclefttype, null), format_type(q.amprocrighttype, null), q.amproc::oid::regprocedure)
		from pg_amproc q where ` + hangs("pg_amproc", "q.oid")
}
