package catalog

import "context"

// ownersQuery reads who owns what. The roles that a server brings are left out, and so are kinds that only a
// superuser may own. A composite's, view's or table's row type belongs to its relation's owner.
var ownersQuery = query{"owners", func(version) string {
	of := func(class, owner, and string) string {
		return "select '" + class + "'::regclass::oid as class, oid, " + owner + " as owner from " + class + " where " + owner + " >= 16384" + and + " and " + touched("oid")
	}
	return `select o.class, o.oid, pg_get_userbyid(o.owner)::text as role from (` + of("pg_class", "relowner", " and relkind in ('r', 'p', 'v', 'm', 'f', 'S')") +
		` union all ` + of("pg_proc", "proowner", "") + ` union all ` + of("pg_type", "typowner", "") + ` union all ` + of("pg_namespace", "nspowner", "") +
		` union all ` + of("pg_collation", "collowner", "") + ` union all ` + of("pg_conversion", "conowner", "") + ` union all ` + of("pg_operator", "oprowner", "") +
		` union all ` + of("pg_opclass", "opcowner", "") + ` union all ` + of("pg_opfamily", "opfowner", "") + ` union all ` + of("pg_statistic_ext", "stxowner", "") +
		` union all ` + of("pg_ts_dict", "dictowner", "") + ` union all ` + of("pg_ts_config", "cfgowner", "") + ` union all ` + of("pg_foreign_server", "srvowner", "") + `) o
	order by 1, 2`
}}

func (r *reader) readOwners(ctx context.Context) error {
	type row struct {
		Class, OID uint32
		Role       string
	}
	got, err := rows[row](ctx, r, ownersQuery)
	for _, x := range got {
		if i, ok := r.of[object{x.Class, x.OID}]; ok && r.found[i].Kind != KindExtension {
			r.found[i].Owner = x.Role
		}
	}
	return err
}

// commentsQuery reads what is said of objects. A composite type's columns are those of a relation behind
// it, a domain's checks and the indexes behind constraints are parts, and so is what has no definition of its own;
// a table's comments are part of its own definition.
var commentsQuery = query{"comments", func(v version) string {
	return `select coalesce(p.class::oid, d.classoid) as class, coalesce(p.oid, d.objoid) as oid,
	coalesce(a.attname, '') as "column", coalesce(p."check", '') as "check", coalesce(p."index", false) as "index",
	coalesce(p.part, '') as part, coalesce(p.name, '') as name, d.description as text
	from pg_description d
	left join pg_class c on d.classoid = 'pg_class'::regclass and c.oid = d.objoid
	left join lateral (
		select 'pg_type'::regclass as class, c.reltype as oid, '' as "check", false as "index", '' as part, '' as name where c.relkind = 'c'
		union all select 'pg_constraint'::regclass, i.oid, '', true, '', '' from pg_index x
			join pg_constraint i on i.conindid = x.indexrelid and i.conrelid = x.indrelid and i.contype in ('p', 'u', 'x') where x.indexrelid = c.oid
		union all select 'pg_class'::regclass, s.refobjid, '', false, 'SEQUENCE', c.relname::text from pg_depend s where c.relkind = 'S'
			and s.classid = 'pg_class'::regclass and s.objid = c.oid and s.refclassid = 'pg_class'::regclass and s.refobjsubid > 0 and s.deptype = 'i'
		union all select 'pg_type'::regclass, k.contypid, k.conname::text, false, '', '' from pg_constraint k
			where d.classoid = 'pg_constraint'::regclass and k.oid = d.objoid and k.contypid <> 0
		union all select 'pg_class'::regclass, k.conrelid, '', false, 'CONSTRAINT', k.conname::text from pg_constraint k join pg_class f on f.oid = k.conrelid
			where d.classoid = 'pg_constraint'::regclass and k.oid = d.objoid and f.relkind = 'f'
		union all select 'pg_class'::regclass, t.tgrelid, '', false, 'TRIGGER', t.tgname::text from pg_trigger t
			where d.classoid = 'pg_trigger'::regclass and t.oid = d.objoid and t.tgconstrrelid = 0 and ` + v.since(13, "t.tgparentid <> 0", "t.tgisinternal") + `
		union all select 'pg_class'::regclass, w.ev_class, '', false, 'RULE', w.rulename::text from pg_rewrite w
			where d.classoid = 'pg_rewrite'::regclass and w.oid = d.objoid and w.rulename = '_RETURN'
		union all select 'pg_class'::regclass, y.typrelid, '', false, 'TYPE', '' from pg_type y join pg_class r on r.oid = y.typrelid
			where d.classoid = 'pg_type'::regclass and y.oid = d.objoid and r.relkind <> 'c') p on true
	left join pg_attribute a on a.attrelid = c.oid and a.attnum = d.objsubid and d.objsubid > 0
	where (d.objoid >= 16384 or d.classoid = 'pg_namespace'::regclass) and coalesce(c.relkind, ' ') not in ('r', 'p')
		and d.description <> 'standard public schema' and ` + touched("d.objoid") + `
	order by 1, 2, d.objsubid, 4, 5, 6, 7`
}}

func (r *reader) readComments(ctx context.Context) error {
	type row struct {
		Class, OID          uint32
		Column, Check, Text string
		Index               bool
		Part, Name          string
	}
	got, err := rows[row](ctx, r, commentsQuery)
	for _, x := range got {
		if i, ok := r.of[object{x.Class, x.OID}]; ok && r.found[i].Kind != KindExtension { // an extension's is read with it
			r.found[i].Comments = append(r.found[i].Comments, Comment{x.Column, x.Check, x.Index, x.Part, x.Name, x.Text})
		}
	}
	return err
}

// grantsQuery compares what objects grant with what they would by themselves; their owners' own rights
// are left out. Schema public begins with what its server's version gave it.
var grantsQuery = query{"grants", func(version) string {
	return `with a as (
	select 'pg_class'::regclass::oid as class, oid, '' as "column", 0 as attnum, relacl as acl, relowner as owner,
		acldefault(case relkind when 'S' then 's' else 'r' end::"char", relowner) as usual
		from pg_class where relacl is not null and relkind in ('r', 'p', 'v', 'm', 'f', 'S') and ` + touched("oid") + `
	union all select 'pg_class'::regclass, c.oid, a.attname, a.attnum, a.attacl, c.relowner, acldefault('c', c.relowner)
		from pg_attribute a join pg_class c on c.oid = a.attrelid where a.attacl is not null and a.attnum > 0 and not a.attisdropped and ` + touched("c.oid") + `
	union all select 'pg_proc'::regclass, oid, '', 0, proacl, proowner, acldefault('f', proowner) from pg_proc where proacl is not null and ` + touched("oid") + `
	union all select 'pg_type'::regclass, oid, '', 0, typacl, typowner, acldefault('T', typowner) from pg_type where typacl is not null and ` + touched("oid") + `
	union all select 'pg_language'::regclass, oid, '', 0, lanacl, lanowner, acldefault('l', lanowner) from pg_language where lanacl is not null and ` + touched("oid") + `
	union all select 'pg_foreign_data_wrapper'::regclass, oid, '', 0, fdwacl, fdwowner, acldefault('F', fdwowner) from pg_foreign_data_wrapper where fdwacl is not null and ` + touched("oid") + `
	union all select 'pg_foreign_server'::regclass, oid, '', 0, srvacl, srvowner, acldefault('S', srvowner) from pg_foreign_server where srvacl is not null and ` + touched("oid") + `
	union all select 'pg_namespace'::regclass, n.oid, '', 0, n.nspacl, n.nspowner, coalesce(i.initprivs, acldefault('n', n.nspowner))
		from pg_namespace n left join pg_init_privs i on i.classoid = 'pg_namespace'::regclass and i.objoid = n.oid where n.nspacl is not null and ` + touched("n.oid") + `),
	given as (select class, oid, "column", attnum, x.grantee, x.privilege_type as privilege, bool_or(x.is_grantable) as grantable
		from a, aclexplode(a.acl) x where x.grantee <> a.owner group by 1, 2, 3, 4, 5, 6),
	usual as (select class, oid, "column", attnum, x.grantee, x.privilege_type as privilege
		from a, aclexplode(a.usual) x where x.grantee <> x.grantor group by 1, 2, 3, 4, 5, 6)
	select g.class, g.oid, g."column", g.role, g.privilege, g.grantable, g.revoked from (
		select class, oid, "column", attnum, case grantee when 0 then '' else pg_get_userbyid(grantee)::text end as role, privilege,
			coalesce(g.grantable, false) as grantable, g.grantable is null as revoked
		from given g full join usual u using (class, oid, "column", attnum, grantee, privilege)
		where u.class is null or g.grantable is null or g.grantable) g
	order by g.class, g.oid, g.attnum, g.revoked desc, g.role collate "C", g.grantable, g.privilege collate "C"`
}}

func (r *reader) readGrants(ctx context.Context) error {
	type row struct {
		Class, OID              uint32
		Column, Role, Privilege string
		Grantable, Revoked      bool
	}
	got, err := rows[row](ctx, r, grantsQuery)
	for _, x := range got {
		if i, ok := r.of[object{x.Class, x.OID}]; ok {
			r.found[i].Grants = append(r.found[i].Grants, Grant{x.Column, x.Role, x.Privilege, x.Grantable, x.Revoked})
		}
	}
	return err
}

// dependsQuery reads what ALTER … DEPENDS ON EXTENSION said: functions, triggers, indexes and materialized views.
var dependsQuery = query{"depends", func(version) string {
	return `select d.classid as class, d.objid as oid, x.extname as extension from pg_depend d join pg_extension x on x.oid = d.refobjid
	where d.deptype = 'x' and d.refclassid = 'pg_extension'::regclass and ` + depender("d") + ` order by 1, 2, 3`
}}

func (r *reader) readDepends(ctx context.Context) error {
	type row struct {
		Class, OID uint32
		Extension  string
	}
	got, err := rows[row](ctx, r, dependsQuery)
	for _, x := range got {
		if i, ok := r.of[object{x.Class, x.OID}]; ok {
			r.found[i].Depends = append(r.found[i].Depends, x.Extension)
		}
	}
	return err
}
