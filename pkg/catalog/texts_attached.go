package catalog

import "strings"

// attachedTexts are what hangs on relations. The clones of a partitioned table's trigger are its
// server's own work; only their state can differ.
var attachedTexts = []textQuery{
	{KindTrigger, "relation sql address enabled", func(v version) string {
		return `select t.oid, t.tgrelid as relation, n.nspname as schema, t.tgname as name, format('TRIGGER %I', t.tgname) as address,
		pg_get_triggerdef(t.oid) as sql, t.tgenabled::text as enabled
		from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace
		where not t.tgisinternal and ` + v.since(13, "t.tgparentid = 0", "true") + ` and ` + own("pg_trigger", "t.oid", "t.tgname") + ` order by t.oid`
	}},
	{KindTriggerState, "relation sql undo enabled", func(v version) string {
		const words = `case %s.tgenabled when 'O' then 'ENABLE' when 'D' then 'DISABLE' when 'R' then 'ENABLE REPLICA' else 'ENABLE ALWAYS' end`
		alter := func(of string) string {
			return `format('ALTER TABLE %I.%I %s TRIGGER %I', n.nspname, c.relname, ` + strings.ReplaceAll(words, "%s", of) + `, t.tgname)`
		}
		return `select t.oid, t.tgrelid as relation, n.nspname as schema, t.tgname as name, ` + alter("t") + ` as sql, ` + alter("p") + ` as undo, t.tgenabled::text as enabled
		from pg_trigger t join pg_trigger p on p.oid = ` + v.since(13, "t.tgparentid", "0") + ` join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace
		where not p.tgisinternal and t.tgenabled <> p.tgenabled and ` + own("pg_trigger", "t.oid", "t.tgname") + ` order by t.oid`
	}},
	{KindRule, "relation sql address enabled", func(version) string {
		return `select r.oid, r.ev_class as relation, n.nspname as schema, r.rulename as name, format('RULE %I', r.rulename) as address,
		rtrim(pg_get_ruledef(r.oid), ';') as sql, r.ev_enabled::text as enabled
		from pg_rewrite r join pg_class c on c.oid = r.ev_class join pg_namespace n on n.oid = c.relnamespace
		where r.rulename <> '_RETURN' and ` + own("pg_rewrite", "r.oid", "r.rulename") + ` order by r.oid`
	}},
	{KindPolicy, "relation sql address", func(version) string {
		return `select p.oid, p.polrelid as relation, n.nspname as schema, p.polname as name, format('POLICY %I', p.polname) as address,
		format('CREATE POLICY %I ON %I.%I AS %s FOR %s TO %s', p.polname, n.nspname, c.relname,
			case when p.polpermissive then 'PERMISSIVE' else 'RESTRICTIVE' end,
			case p.polcmd when 'r' then 'SELECT' when 'a' then 'INSERT' when 'w' then 'UPDATE' when 'd' then 'DELETE' else 'ALL' end,
			(select string_agg(case u.o when 0 then 'PUBLIC' else quote_ident(pg_get_userbyid(u.o)) end, ', ' order by u.n)
				from unnest(p.polroles) with ordinality u(o, n)))
			|| coalesce(' USING (' || pg_get_expr(p.polqual, p.polrelid) || ')', '')
			|| coalesce(' WITH CHECK (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')', '') as sql
		from pg_policy p join pg_class c on c.oid = p.polrelid join pg_namespace n on n.oid = c.relnamespace
		where ` + own("pg_policy", "p.oid", "p.polname") + ` order by p.oid`
	}},
}
