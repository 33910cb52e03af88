package catalog

import (
	"context"

	"floe/pkg/ident"
)

type constraintRow struct {
	OID, Relation, Parent uint32
	IndexParent           uint32
	Name, Type, SQL       string
	Columns, RefColumns   []string
	RefSchema, RefTable   string
	Validated, Deferrable bool
	Local                 bool
	Calls                 string
	Options               []string
	Clustered             bool
}

var constraintsQuery = query{"constraints", func(v version) string {
	return `select c.oid, c.conrelid as relation, c.conparentid as parent,
		case when c.conparentid = 0 then coalesce(h.inhparent, 0) else 0 end as indexparent,
		c.conname as name, c.contype::text as type, coalesce(pg_get_constraintdef(c.oid), '') as sql,
		(select array_agg(a.attname::text order by u.n) from unnest(c.conkey) with ordinality u(attnum, n)
			join pg_attribute a on a.attrelid = c.conrelid and a.attnum = u.attnum) as columns,
		(select array_agg(a.attname::text order by u.n) from unnest(c.confkey) with ordinality u(attnum, n)
			join pg_attribute a on a.attrelid = c.confrelid and a.attnum = u.attnum) as refcolumns,
		coalesce(fn.nspname, '') as refschema, coalesce(f.relname, '') as reftable,
		c.convalidated as validated, c.condeferrable as deferrable, c.conislocal as local,
		case when c.contype = 'c' then coalesce(` + CallsSQL("c.conbin") + `, '') else '' end as calls, x.reloptions as options, coalesce(i.indisclustered, false) as clustered
		from pg_constraint c
		left join pg_class f on f.oid = c.confrelid left join pg_namespace fn on fn.oid = f.relnamespace
		left join pg_class x on x.oid = c.conindid and c.contype in ('p', 'u', 'x')
		left join pg_index i on i.indexrelid = x.oid left join pg_inherits h on h.inhrelid = x.oid
		where ` + ofTables("c.conrelid") + ` and (c.contype in ('p', 'u', 'c', 'x', 'f')` + v.since(18, " or c.contype = 'n' and not c.convalidated", "") + `)
		and not (c.contype = 'f' and c.conparentid <> 0)` + v.unhidden("c.conrelid", "c.conkey") + ` order by c.oid`
}}

// readConstraints reads the constraints of the selected tables. Foreign keys that exist only because
// a partitioned table on either side has one are left out: the server makes them.
func (r *reader) readConstraints(ctx context.Context) error {
	got, err := rows[constraintRow](ctx, r, constraintsQuery)
	for i := range got {
		x := &got[i]
		t := r.tables[x.Relation]
		r.add(classConstraint, define(x.OID, ident.Name{Schema: t.Name.Schema, Name: x.Name}, &ConstraintDef{
			Table: t.Name, Type: ConstraintType(x.Type), SQL: x.SQL, Columns: x.Columns,
			RefTable: optional(x.RefSchema, x.RefTable), RefColumns: x.RefColumns,
			Validated: x.Validated, Deferrable: x.Deferrable, Parent: x.Parent, IndexParent: x.IndexParent, Calls: Calls(x.Calls), Options: x.Options, Clustered: x.Clustered,
			Inherited: !x.Local && (x.Type == string(Check) || x.Type == string(NotNull)) && len(r.parents[t.OID]) > 0,
		}))
	}
	return err
}
