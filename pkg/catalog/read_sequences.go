package catalog

import (
	"context"

	"floe/pkg/ident"
)

type sequenceRow struct {
	OID                               uint32
	Schema, Name, Type                string
	Start, Increment, Min, Max, Cache int64
	Cycle, Unlogged, Identity         bool
	Owner                             uint32
	OwnerColumn                       int16
	OwnerName                         string
}

func (s *sequenceRow) def() SequenceDef {
	return SequenceDef{
		Type: s.Type, Start: s.Start, Increment: s.Increment, Min: s.Min, Max: s.Max,
		Cache: s.Cache, Cycle: s.Cycle, Unlogged: s.Unlogged,
	}
}

var sequencesQuery = query{"sequences", func(v version) string {
	return `select c.oid, n.nspname as schema, c.relname as name,
		format_type(s.seqtypid, null) as type, s.seqstart as start, s.seqincrement as increment,
		s.seqmin as min, s.seqmax as max, s.seqcache as cache, s.seqcycle as cycle, c.relpersistence = 'u' as unlogged,
		coalesce(d.deptype = 'i', false) as identity, coalesce(d.refobjid, 0) as owner,
		coalesce(d.refobjsubid, 0)::int2 as ownercolumn, coalesce(a.attname, '') as ownername
		from pg_sequence s join pg_class c on c.oid = s.seqrelid join pg_namespace n on n.oid = c.relnamespace
		left join pg_depend d on d.classid = 'pg_class'::regclass and d.objid = c.oid and d.objsubid = 0
			and d.refclassid = 'pg_class'::regclass and d.refobjsubid > 0 and d.deptype in ('a', 'i')
		left join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
		where c.relpersistence <> 't' and ` + ours + ` and ` + member("pg_class", "c.oid") + ` and ` + touched("c.oid") + ` and not coalesce(` + v.hidden("d.refobjid", "d.refobjsubid") + `, false) order by c.oid`
}}

func (r *reader) readSequences(ctx context.Context) error {
	got, err := rows[sequenceRow](ctx, r, sequencesQuery)
	for i := range got {
		x := &got[i]
		if x.Identity {
			r.behind[place{x.Owner, x.OwnerColumn}] = x
		}
		if x.Owner != 0 {
			r.owner[x.OID] = x.Owner
		}
		if x.Identity || r.barred[x.Owner] && r.sel.Everything {
			continue // it comes with its column, or stays away with its table
		}
		def := x.def()
		if r.tables[x.Owner] != nil {
			def.OwnedBy = &Column{r.names[x.Owner], x.OwnerName}
		}
		r.add(classRelation, define(x.OID, ident.Name{Schema: x.Schema, Name: x.Name}, &def))
	}
	return err
}
