package catalog

import (
	"context"
	"fmt"
	"strings"

	"floe/pkg/ident"
)

type indexRow struct {
	OID, Relation, Constraint, Parent   uint32
	Schema, Name, SQL                   string
	Unique, Primary, Immediate, Replica bool
	Partial, Expression, Exclusion      bool
	Unusual                             bool
	Columns                             []string
	Valid, Clustered                    bool
	Statistics                          []string
}

var indexesQuery = query{"indexes", func(v version) string {
	return `select i.indexrelid as oid, i.indrelid as relation, n.nspname as schema, c.relname as name,
		coalesce(k.oid, 0) as "constraint", coalesce(h.inhparent, 0) as parent, coalesce(pg_get_indexdef(i.indexrelid), '') as sql,
		i.indisunique as "unique", i.indisexclusion as exclusion, i.indisprimary as "primary", i.indimmediate as immediate, i.indisreplident as replica,
		i.indpred is not null as partial, i.indexprs is not null as expression, i.indisvalid as valid, i.indisclustered as clustered, ` + targets + `,
		not (` + Usual("i") + `) as unusual,
		case when i.indisunique then (select array_agg(a.attname::text order by u.n)
			from unnest(i.indkey::int2[]) with ordinality u(attnum, n)
			join pg_attribute a on a.attrelid = i.indrelid and a.attnum = u.attnum
			where u.n <= i.indnkeyatts) end as columns
		from pg_index i join pg_class c on c.oid = i.indexrelid join pg_namespace n on n.oid = c.relnamespace
		left join pg_constraint k on k.conindid = i.indexrelid and k.conrelid = i.indrelid and k.contype in ('p', 'u', 'x')
		left join pg_inherits h on h.inhrelid = i.indexrelid
		where ` + ofTables("i.indrelid") + ` and (i.indisvalid or c.relkind = 'I') and i.indislive` + v.unhidden("i.indrelid", "i.indkey::int2[]") + ` order by i.indexrelid`
}}

// targets are what ANALYZE is to keep of an index's expressions, where that was chosen.
const targets = `(select array_agg(a.attnum || '=' || a.attstattarget order by a.attnum) from pg_attribute a where a.attrelid = i.indexrelid and a.attstattarget >= 0) as statistics`

// Usual is the condition that an index, by the name of its row of pg_index, holds for equal what its columns
// do by themselves. One of text_ops over citext, of record_image_ops, or of another collation where one of the
// two ignores differences, tells rows apart that "=" does not, or the other way round: a key compared by "="
// would then mean two rows. No constraint can stand on such an index, only CREATE UNIQUE INDEX makes it.
func Usual(index string) string {
	const equal = `(select m.amopopr from pg_catalog.pg_amop m where m.amopfamily = %[1]s.opcfamily and m.amopstrategy = 3 and m.amoplefttype = %[1]s.opcintype and m.amoprighttype = %[1]s.opcintype)`
	same := fmt.Sprintf(equal, "s") + " = " + fmt.Sprintf(equal, "o")
	return strings.ReplaceAll(`not exists (select from generate_series(0, {i}.indnkeyatts - 1) p
			join pg_catalog.pg_attribute a on a.attrelid = {i}.indrelid and a.attnum = {i}.indkey[p] join pg_catalog.pg_opclass o on o.oid = {i}.indclass[p]
			where a.attcollation <> {i}.indcollation[p] and exists (select from pg_catalog.pg_collation c
					where c.oid in (a.attcollation, {i}.indcollation[p]) and pg_catalog.to_jsonb(c) ->> 'collisdeterministic' = 'false') -- came with 12
				or not exists (select from pg_catalog.pg_opclass s
					where s.opcdefault and s.opcmethod = o.opcmethod and `+same+` and s.opcintype = coalesce((select s.opcintype from pg_catalog.pg_opclass s
						where s.opcdefault and s.opcmethod = o.opcmethod and s.opcintype = (with recursive d(oid, base) as (
							select y.oid, y.typbasetype from pg_catalog.pg_type y where y.oid = a.atttypid
							union all select y.oid, y.typbasetype from d join pg_catalog.pg_type y on y.oid = d.base) select d.oid from d where d.base = 0)), o.opcintype)))`, "{i}", index)
}

// readIndexes reads keys of tables, and the indexes that stand behind no constraint. Invalid ones
// are left out: a failed CREATE INDEX CONCURRENTLY is not structure. That of a partitioned table is
// invalid while some partition has none: it is no key, but stands, and partitions' indexes hang on it.
func (r *reader) readIndexes(ctx context.Context) error {
	got, err := rows[indexRow](ctx, r, indexesQuery)
	if err != nil {
		return err
	}
	for i := range got {
		x := &got[i]
		t := r.tables[x.Relation]
		// WITHOUT OVERLAPS makes an index that is both unique and an exclusion: no row is upserted on it.
		if x.Unique && x.Valid && !x.Partial && !x.Expression && !x.Exclusion && !x.Unusual {
			t.Keys = append(t.Keys, Key{
				OID: x.OID, Name: x.Name, Columns: x.Columns, Primary: x.Primary,
				Deferrable: !x.Immediate, Replica: x.Replica, Parent: x.Parent,
			})
		}
		if x.Constraint != 0 {
			continue
		}
		using, err := usingOf(t, x)
		if err != nil {
			return err
		}
		r.add(classRelation, define(x.OID, ident.Name{Schema: x.Schema, Name: x.Name},
			&IndexDef{Table: t.Name, Unique: x.Unique, Using: using, Parent: x.Parent, Clustered: x.Clustered, Statistics: x.Statistics}))
	}
	return nil
}

// usingOf cuts CREATE INDEX … ON table off an index definition. What stands before USING is known to
// the letter, so a name that itself looks like SQL cannot mislead it.
func usingOf(t *TableDef, x *indexRow) (string, error) {
	for _, only := range []string{"", "ONLY "} {
		for _, index := range spellings(x.Name) {
			for _, schema := range spellings(t.Name.Schema) {
				for _, table := range spellings(t.Name.Name) {
					head := "CREATE INDEX " + index + " ON " + only + schema + "." + table + " "
					if x.Unique {
						head = "CREATE UNIQUE" + strings.TrimPrefix(head, "CREATE")
					}
					if rest, ok := strings.CutPrefix(x.SQL, head+"USING "); ok {
						return "USING " + rest, nil
					}
				}
			}
		}
	}
	return "", fmt.Errorf("index %s: %w: %q", ident.Name{Schema: x.Schema, Name: x.Name}, errMoved, x.SQL)
}

func spellings(s string) []string { return []string{s, ident.Quote(s)} }
