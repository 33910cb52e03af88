package catalog

import (
	"context"
	"regexp"
	"strings"

	"floe/pkg/ident"
)

type columnRow struct {
	Relation                        uint32
	Attnum                          int16
	Name, SQL, TypeSchema, TypeName string
	TypeOID                         uint32
	Typmod                          int32
	CollationSchema, CollationLabel string
	NotNull, NoInherit, Local       bool
	NotNullName                     string
	Expr, Identity, Generated       string
	Storage, Compression, Comment   string
	Statistics                      int
	Options                         []string
}

var columnsQuery = query{"columns", func(v version) string {
	notNull := v.since(18, `a.attnotnull and not exists (select from pg_constraint k where k.conrelid = a.attrelid
		and k.contype = 'n' and not k.convalidated and k.conkey[1] = a.attnum)`, "a.attnotnull")
	noInherit := v.since(18, `exists (select from pg_constraint k where k.conrelid = a.attrelid
		and k.contype = 'n' and k.connoinherit and k.conkey[1] = a.attnum)`, "false")
	name := v.since(18, `coalesce((select k.conname::text from pg_constraint k where k.conrelid = a.attrelid
		and k.contype = 'n' and k.convalidated and k.conkey[1] = a.attnum), '')`, "''")
	return `select a.attrelid as relation, a.attnum, a.attname as name,
		format_type(a.atttypid, a.atttypmod) as sql, tn.nspname as typeschema, t.typname as typename, a.atttypid as typeoid, a.atttypmod as typmod,
		coalesce(cn.nspname, '') as collationschema, coalesce(co.collname, '') as collationlabel,
		` + notNull + ` as notnull, ` + noInherit + ` as noinherit, ` + name + ` as notnullname, a.attislocal as local, coalesce(pg_get_expr(d.adbin, d.adrelid), '') as expr,
		a.attidentity::text as identity, ` + v.since(12, "a.attgenerated::text", "''") + ` as generated,
		case when a.attstorage = t.typstorage then '' else a.attstorage::text end as storage,
		` + v.since(14, "a.attcompression::text", "''") + ` as compression, coalesce(s.description, '') as comment,
		coalesce(a.attstattarget, -1)::int as statistics, a.attoptions as options
		from pg_attribute a
		join pg_type t on t.oid = a.atttypid join pg_namespace tn on tn.oid = t.typnamespace
		left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
		left join pg_collation co on co.oid = a.attcollation and a.attcollation <> t.typcollation
		left join pg_namespace cn on cn.oid = co.collnamespace
		left join pg_description s on s.classoid = 'pg_class'::regclass and s.objoid = a.attrelid and s.objsubid = a.attnum
		where ` + ofTables("a.attrelid") + ` and a.attnum > 0 and not a.attisdropped and not ` + v.hidden("a.attrelid", "a.attnum") + ` order by a.attrelid, a.attnum`
}}

func (r *reader) readColumns(ctx context.Context) error {
	got, err := rows[columnRow](ctx, r, columnsQuery)
	for i := range got {
		x := &got[i]
		t := r.tables[x.Relation]
		t.Columns = append(t.Columns, r.column(t, x))
	}
	return err
}

func (r *reader) column(t *TableDef, x *columnRow) TableColumn {
	c := TableColumn{
		Attnum: x.Attnum, Name: x.Name, Type: ident.Name{Schema: x.TypeSchema, Name: x.TypeName}, SQL: x.SQL, TypeOID: x.TypeOID, Typmod: x.Typmod,
		Collation: optional(x.CollationSchema, x.CollationLabel), NotNull: x.NotNull, NoInherit: x.NoInherit, NotNullName: x.NotNullName,
		Storage: x.Storage, Compression: x.Compression, Comment: x.Comment,
		Inherited: !x.Local && len(r.parents[t.OID]) > 0, Options: x.Options,
	}
	if x.Statistics >= 0 {
		c.Statistics = &x.Statistics
	}
	switch {
	case x.Generated != "":
		c.Generated = &Generated{x.Expr, x.Generated == "v"}
	case x.Expr != "":
		c.Default = &Default{x.Expr, nextOf(x.Expr)}
	}
	if seq := r.behind[place{t.OID, x.Attnum}]; x.Identity != "" && seq != nil {
		c.Identity = &IdentityColumn{x.Identity == "a", seq.OID, ident.Name{Schema: seq.Schema, Name: seq.Name}, seq.def()}
	}
	return c
}

var nextval = regexp.MustCompile(`(?s)^nextval\('(.*)'::regclass\)$`)

// nextOf returns the sequence whose next value is all that expr is, or nil.
func nextOf(expr string) *ident.Name {
	m := nextval.FindStringSubmatch(expr)
	if m == nil {
		return nil
	}
	name, err := ident.Parse(strings.ReplaceAll(m[1], "''", "'"))
	if err != nil {
		return nil
	}
	return &name
}
