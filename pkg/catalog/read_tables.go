package catalog

import (
	"context"

	"floe/pkg/ident"
)

type tableRow struct {
	OID                           uint32
	Schema, Name, Persistence     string
	Options                       []string
	Replica, PartitionKey, Bound  string
	Condition                     string
	Partition, OfExtension, Alien bool
	OwnHash                       bool
	TextOrder                     string
	Comment                       string
	RowSecurity, Forced           bool
	Parents                       []uint32
	OfSchema, OfType, Method      string
	Hidden                        []string
}

var tablesQuery = query{"tables", func(v version) string {
	hidden := "null::text[]"
	if v.HiddenRowID {
		hidden = `(select array_agg(h.attname::text order by h.attnum) from pg_attribute h where h.attrelid = c.oid and h.attnum > 0 and ` + v.hidden("h.attrelid", "h.attnum") + `)`
	}
	return `select c.oid, n.nspname as schema, c.relname as name,
		c.relpersistence::text as persistence,
		nullif(array(select * from unnest(c.reloptions) union all select 'toast.' || o from pg_class tc, unnest(tc.reloptions) o where tc.oid = c.reltoastrelid), '{}') as options, c.relreplident::text as replica,
		case when c.relkind = 'p' then pg_get_partkeydef(c.oid) else '' end as partitionkey,
		coalesce(pg_get_expr(c.relpartbound, c.oid), '') as bound,
		case when c.relispartition and c.relkind = 'r' then coalesce(pg_get_partition_constraintdef(c.oid), 'true') else '' end as condition, c.relispartition as partition,
		case when c.relispartition then ` + v.ownHash("c.oid") + ` else false end as ownhash,
		case when c.relispartition and ` + v.textRanges("c.oid") + ` then ` + OrderOfText(v.number) + ` else '' end as textorder,
		not ` + member("pg_class", "c.oid") + ` as ofextension,
		c.relpersistence = 't' or not (` + ours + `) or not (` + theirs("c.relname") + `) as alien,
		coalesce(obj_description(c.oid, 'pg_class'), '') as comment, c.relrowsecurity as rowsecurity, c.relforcerowsecurity as forced, i.parents,
		coalesce(tn.nspname, '') as ofschema, coalesce(ty.typname, '') as oftype,
		` + v.since(12, "coalesce((select m.amname from pg_am m where m.oid = c.relam and m.amname <> 'heap'), '')", "''") + ` as method, ` + hidden + ` as hidden
		from pg_class c join pg_namespace n on n.oid = c.relnamespace
		left join pg_type ty on ty.oid = c.reloftype left join pg_namespace tn on tn.oid = ty.typnamespace
		left join (select inhrelid, array_agg(inhparent order by inhseqno) as parents from pg_inherits group by 1) i on i.inhrelid = c.oid
		where c.relkind in ('r', 'p') and ` + touched("c.oid") + ` order by c.oid`
}}

// ownHash is whether a table above a partition goes by a hash that the server computes of an oid, as enums,
// reg types and what may hold them are, or of a sort key of its collation's version.
func (v version) ownHash(oid string) string {
	return `exists (` + above(oid) + ` where pt.partstrat = 'h' and (
				exists (select from pg_opclass o join pg_type t on t.oid = o.opcintype where o.oid = any (pt.partclass::oid[])
					and t.typname in ('oid', 'anyenum', 'anyarray', 'record', 'anyrange', 'anymultirange'))
				` + v.since(12, `or exists (select from pg_collation o where o.oid = any (pt.partcollation::oid[]) and not o.collisdeterministic)`, ``) + `))`
}

// above selects the partitioned tables that a table is a partition of.
func above(oid string) string {
	return `with recursive up(oid) as (select inhparent from pg_inherits where inhrelid = ` + oid + ` union all select i.inhparent from pg_inherits i join up on i.inhrelid = up.oid)
			select from up join pg_partitioned_table pt on pt.partrelid = up.oid`
}

// textRanges is whether a table above a partition is divided into ranges of text in the database's own order.
func (v version) textRanges(oid string) string {
	return `exists (` + above(oid) + ` where pt.partstrat = 'r' and 100 = any (pt.partcollation::oid[]))` // 100 is the default collation
}

// OrderOfText is SQL for how a database sorts text under its own collation; C where that is by code points.
func OrderOfText(version int) string {
	return `(select case when o.name in ('POSIX', 'C.UTF-8', 'C.UTF8', 'C.utf8') then 'C' else o.name end from (select ` + locale(version) + ` as name from pg_catalog.pg_database d where d.datname = current_database()) o)`
}

func locale(version int) string {
	switch {
	case version >= 170000:
		return `case d.datlocprovider when 'c' then d.datcollate when 'i' then 'icu ' || d.datlocale else 'C' end`
	case version >= 150000:
		return `case d.datlocprovider when 'c' then d.datcollate else 'icu ' || d.daticulocale end`
	}
	return `d.datcollate::text`
}

// readTables reads all tables of the database, for what is not selected must be known too: it ends
// the search for what selected tables need.
func (r *reader) readTables(ctx context.Context) error {
	got, err := rows[tableRow](ctx, r, tablesQuery)
	if err != nil {
		return err
	}
	byOID := make(map[uint32]*tableRow, len(got))
	for i := range got {
		byOID[got[i].OID] = &got[i]
		r.names[got[i].OID] = ident.Name{Schema: got[i].Schema, Name: got[i].Name}
	}
	for i := range got {
		x := &got[i]
		if !r.selects(x, byOID) {
			r.barred[x.OID] = true
			continue
		}
		t := &TableDef{
			Name: r.names[x.OID], OID: x.OID, Unlogged: x.Persistence == "u", Options: x.Options,
			PartitionKey: x.PartitionKey, ReplicaIdentity: x.Replica, Comment: x.Comment, Filter: r.filter(x, byOID),
			RowSecurity: x.RowSecurity, ForceRowSecurity: x.Forced, OfType: optional(x.OfSchema, x.OfType), AccessMethod: x.Method, Hidden: x.Hidden,
		}
		if r.sel.Encoding != "UTF8" {
			t.Encoding = r.sel.Encoding
		}
		r.tables[x.OID], r.parents[x.OID] = t, x.Parents
		r.add(classRelation, define(x.OID, t.Name, t))
	}
	r.linkParents(byOID)
	return nil
}

// selects reports whether a table is selected: by its own name, or as a partition with its parent.
func (r *reader) selects(x *tableRow, all map[uint32]*tableRow) bool {
	for {
		switch {
		case x.Alien || x.OfExtension:
			return false
		case r.sel.Tables == nil || r.sel.Tables(ident.Name{Schema: x.Schema, Name: x.Name}):
			return true
		case !x.Partition || len(x.Parents) == 0 || all[x.Parents[0]] == nil:
			return false
		}
		x = all[x.Parents[0]]
	}
}

// filter is the condition on a table's rows: its own, or the nearest that a table has which it is a
// partition of.
func (r *reader) filter(x *tableRow, all map[uint32]*tableRow) string {
	if r.sel.Filter == nil {
		return ""
	}
	for {
		if f := r.sel.Filter(ident.Name{Schema: x.Schema, Name: x.Name}); f != "" || !x.Partition || len(x.Parents) == 0 || all[x.Parents[0]] == nil {
			return f
		}
		x = all[x.Parents[0]]
	}
}

func (r *reader) linkParents(all map[uint32]*tableRow) {
	for oid, t := range r.tables {
		var kept []uint32
		for _, p := range r.parents[oid] {
			if r.tables[p] != nil {
				kept = append(kept, p)
			}
		}
		r.parents[oid] = kept
		for _, p := range kept {
			if all[oid].Partition {
				t.PartitionOf = &Partition{Parent: r.names[p], Bound: all[oid].Bound, Condition: all[oid].Condition, OwnHash: all[oid].OwnHash, Order: all[oid].TextOrder}
				if t.PartitionOf.OwnHash {
					t.PartitionOf.Condition = ""
				}
			} else {
				t.Inherits = append(t.Inherits, r.names[p])
			}
		}
	}
}

func (r *reader) tableOIDs() []uint32 {
	oids := make([]uint32, 0, len(r.tables))
	for oid := range r.tables {
		oids = append(oids, oid)
	}
	return oids
}
