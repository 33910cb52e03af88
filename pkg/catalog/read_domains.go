package catalog

import (
	"context"

	"floe/pkg/ident"
)

// CallsSQL is the SQL that classes an expression tree by the functions in it: empty if it is the same on any server. pg_depend would not do:
// it leaves out the server's own functions, now() among them. Strings within a tree are printed as
// byte arrays and cannot be mistaken for its fields.
func CallsSQL(tree string) string {
	return `(select case
		when ` + tree + `::text ~ '\{SQLVALUEFUNCTION|\{NEXTVALUEEXPR' or bool_or(p.provolatile <> 'i') then 'unstable'
		when bool_or(l.lanname not in ('c', 'internal')) then 'user' else '' end
		from regexp_matches(` + tree + `::text, ':(?:opfuncid|funcid) ([0-9]+)', 'g') m
		join pg_proc p on p.oid = m[1]::oid join pg_language l on l.oid = p.prolang)`
}

var domainsQuery = query{"domains", func(v version) string {
	return `select t.oid, n.nspname as schema, t.typname as name,
		format_type(t.typbasetype, t.typtypmod) as base, t.typnotnull as notnull,
		coalesce(pg_get_expr(t.typdefaultbin, 0), '') as expr,
		coalesce(cn.nspname, '') as collationschema, coalesce(co.collname, '') as collationlabel
		from pg_type t join pg_namespace n on n.oid = t.typnamespace
		join pg_type b on b.oid = t.typbasetype
		left join pg_collation co on co.oid = t.typcollation and t.typcollation <> b.typcollation
		left join pg_namespace cn on cn.oid = co.collnamespace
		where t.typtype = 'd' and ` + ours + ` and ` + member("pg_type", "t.oid") + ` and ` + touched("t.oid") + ` order by t.oid`
}}

func (r *reader) readDomains(ctx context.Context) error {
	type row struct {
		OID                             uint32
		Schema, Name, Base              string
		CollationSchema, CollationLabel string
		NotNull                         bool
		Expr                            string
	}
	got, err := rows[row](ctx, r, domainsQuery)
	if err != nil {
		return err
	}
	defs := map[uint32]*DomainDef{}
	for _, x := range got {
		defs[x.OID] = &DomainDef{Base: x.Base, Collation: optional(x.CollationSchema, x.CollationLabel), NotNull: x.NotNull, Default: x.Expr}
		r.add(classType, define(x.OID, ident.Name{Schema: x.Schema, Name: x.Name}, defs[x.OID]))
	}
	return r.readDomainChecks(ctx, defs)
}

var domainChecksQuery = query{"domainchecks", func(v version) string {
	return `select c.contypid as domain, c.conname as name,
		pg_get_constraintdef(c.oid) as sql, coalesce(` + CallsSQL("c.conbin") + `, '') as calls
		from pg_constraint c where c.conrelid = 0 and c.contypid <> 0 and c.contype = 'c' and ` + touched("c.contypid") + ` order by c.contypid, c.conname`
}}

func (r *reader) readDomainChecks(ctx context.Context, defs map[uint32]*DomainDef) error {
	if len(defs) == 0 {
		return nil
	}
	type row struct {
		Domain           uint32
		Name, SQL, Calls string
	}
	got, err := rows[row](ctx, r, domainChecksQuery)
	for _, x := range got {
		if d := defs[x.Domain]; d != nil {
			d.Checks = append(d.Checks, DomainCheck{x.Name, x.SQL, Calls(x.Calls)})
		}
	}
	return err
}

var rangesQuery = query{"ranges", func(v version) string {
	multi, names := "", "'' as multischema, '' as multiname"
	if v.number >= 140000 {
		names = "mn.nspname as multischema, mt.typname as multiname"
		multi = "join pg_type mt on mt.oid = g.rngmultitypid join pg_namespace mn on mn.oid = mt.typnamespace"
	}
	return `select t.oid, n.nspname as schema, t.typname as name,
		format_type(g.rngsubtype, null) as subtype,
		case when o.opcdefault then '' else qn.nspname end as opclassschema, case when o.opcdefault then '' else o.opcname end as opclassname,
		coalesce(cn.nspname, '') as collationschema, coalesce(co.collname, '') as collationlabel,
		case when g.rngcanonical::oid = 0 then '' else g.rngcanonical::text end as canonical,
		case when g.rngsubdiff::oid = 0 then '' else g.rngsubdiff::text end as diff, ` + names + `
		from pg_range g join pg_type t on t.oid = g.rngtypid join pg_namespace n on n.oid = t.typnamespace
		join pg_opclass o on o.oid = g.rngsubopc join pg_namespace qn on qn.oid = o.opcnamespace
		join pg_type s on s.oid = g.rngsubtype
		left join pg_collation co on co.oid = g.rngcollation and g.rngcollation <> s.typcollation
		left join pg_namespace cn on cn.oid = co.collnamespace ` + multi + `
		where ` + ours + ` and ` + member("pg_type", "t.oid") + ` and ` + touched("t.oid") + ` order by t.oid`
}}

func (r *reader) readRanges(ctx context.Context) error {
	type row struct {
		OID                             uint32
		Schema, Name, Subtype           string
		OpclassSchema, OpclassName      string
		CollationSchema, CollationLabel string
		Canonical, Diff                 string
		MultiSchema, MultiName          string
	}
	got, err := rows[row](ctx, r, rangesQuery)
	for _, x := range got {
		r.add(classType, define(x.OID, ident.Name{Schema: x.Schema, Name: x.Name}, &RangeDef{
			x.Subtype, optional(x.OpclassSchema, x.OpclassName), optional(x.CollationSchema, x.CollationLabel),
			x.Canonical, x.Diff, optional(x.MultiSchema, x.MultiName),
		}))
	}
	return err
}

var functionsQuery = query{"functions", func(v version) string {
	return `select p.oid, n.nspname as schema, p.proname as name, p.prokind = 'p' as procedure,
		pg_get_function_identity_arguments(p.oid) as args, pg_get_functiondef(p.oid) as sql,
		l.lanname as lang, p.provolatile::text as trust
		from pg_proc p join pg_namespace n on n.oid = p.pronamespace join pg_language l on l.oid = p.prolang
		where p.prokind in ('f', 'p', 'w') and ` + ours + ` and ` + member("pg_proc", "p.oid") + ` and ` + theirs("p.proname") + `
		-- what a range type makes for itself comes and goes with the type
		and not exists (select from pg_depend i where i.classid = 'pg_proc'::regclass and i.objid = p.oid and i.deptype = 'i') and ` + touched("p.oid") + `
		order by p.oid`
}}

func (r *reader) readFunctions(ctx context.Context) error {
	type row struct {
		OID                    uint32
		Schema, Name           string
		Procedure              bool
		Args, SQL, Lang, Trust string
	}
	got, err := rows[row](ctx, r, functionsQuery)
	for _, x := range got {
		r.add(classProc, define(x.OID, ident.Name{Schema: x.Schema, Name: x.Name},
			&FunctionDef{x.Procedure, x.Args, x.SQL, x.Lang, x.Trust}))
	}
	return err
}
