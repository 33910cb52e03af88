package precheck

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"floe/pkg/catalog"
	"floe/pkg/ident"
)

// shapes compares tables that the target has already with the source's.
func (r *run) shapes(ctx context.Context) {
	m := r.Job.Mapping()
	var found, merged, sql, mergedSQL []string
	for _, t := range r.db.Tables() {
		if t.PartitionOf != nil {
			continue
		}
		d, err := r.differs(ctx, t, m)
		if err != nil {
			r.unread("O-TARGET-SHAPE", err)
			return
		}
		if len(d.what) > 0 {
			found = append(found, fmt.Sprintf("%s: %s", m.Table(t.Name), strings.Join(d.what, ", ")))
		}
		if len(d.coarse) > 0 {
			merged = append(merged, fmt.Sprintf("%s (%s)", m.Table(t.Name), strings.Join(d.coarse, ", ")))
		}
		sql, mergedSQL = append(sql, d.sql...), append(mergedSQL, d.coarseSQL...)
	}
	if len(merged) > 0 {
		r.add(Check{Code: "O-TARGET-SHAPE", Severity: Fail, Object: strings.Join(merged, ", "), Text: "keys that are two on the source can be one on the target, and a row would be lost: " + strings.Join(merged, ", "), Fix: "give the keys' columns the source's types",
			On: "target", FixSQL: strings.Join(mergedSQL, "\n")})
	}
	if len(found) > 0 {
		r.add(Check{Code: "O-TARGET-SHAPE", Severity: Warn, Object: strings.Join(found, "; "), Text: "tables of the target differ from the source's: " + strings.Join(found, "; "), Fix: "alter the target's tables, or rename them and let floe make its own",
			On: "target", FixSQL: strings.Join(sql, "\n")})
	}
}

type targetColumn struct {
	Name, Schema, Type string
	Typmod             int32
	Unique             bool // a unique index over exactly the source's key is there
	Generated          bool
	Loose              bool // its collation takes different texts for equal
}

// difference is how a table of the target differs, and what would end that; coarse is what makes one key of two.
type difference struct{ what, sql, coarse, coarseSQL []string }

func (d *difference) add(what, sql string) {
	if d.what = append(d.what, what); sql != "" {
		d.sql = append(d.sql, sql+";")
	}
}

func (r *run) differs(ctx context.Context, t *catalog.TableDef, m *ident.Mapping) (d difference, err error) {
	to := m.Table(t.Name)
	var key []string
	if k := r.db.Key(t); k != nil {
		for _, c := range k.Columns {
			key = append(key, m.Column(t.Name, c))
		}
	}
	slices.Sort(key)
	rows, err := r.dst.Query(ctx, `SELECT a.attname::text, tn.nspname::text, y.typname::text, a.atttypmod, EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisunique AND i.indpred IS NULL
			AND (SELECT array_agg(k.attname::text ORDER BY k.attname::text COLLATE "C") FROM pg_attribute k WHERE k.attrelid = c.oid AND k.attnum = ANY (i.indkey[0:i.indnkeyatts - 1])) = $3),
			coalesce(to_jsonb(a) ->> 'attgenerated', '') <> '', -- came with 12
			NOT coalesce((SELECT (to_jsonb(l) ->> 'collisdeterministic')::boolean FROM pg_collation l WHERE l.oid = a.attcollation), true)
		FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
		JOIN pg_type y ON y.oid = a.atttypid JOIN pg_namespace tn ON tn.oid = y.typnamespace
		WHERE n.nspname = $1 AND c.relname = $2`, to.Schema, to.Name, key)
	if err != nil {
		return d, err
	}
	have, err := pgx.CollectRows(rows, pgx.RowToStructByPos[targetColumn])
	if err != nil {
		return d, err
	}
	if len(have) == 0 {
		if r.Job.Init.SkipStructure {
			d.add("is not there", "")
		}
		return d, nil
	}
	alter := "ALTER TABLE " + to.SQL()
	for i := range t.Columns {
		c := &t.Columns[i]
		name := m.Column(t.Name, c.Name)
		at := slices.IndexFunc(have, func(h targetColumn) bool { return h.Name == name })
		retype := alter + " ALTER COLUMN " + ident.Quote(name) + " TYPE " + typed(c) + " USING " + ident.Quote(name) + "::" + c.SQL
		switch {
		case at < 0:
			d.add("column "+ident.Quote(name)+" is missing", alter+column(t, m, c))
		case have[at].Generated && c.Generated == nil:
			d.add("column "+ident.Quote(name)+" is generated there, and does not take the source's values", alter+" ALTER COLUMN "+ident.Quote(name)+" DROP EXPRESSION")
		case !have[at].Generated && c.Generated != nil:
			d.add("column "+ident.Quote(name)+" is generated on the source, whose rows do not bear it, and stays empty there", alter+" DROP COLUMN "+ident.Quote(name)+","+column(t, m, c))
		case have[at].Schema != c.Type.Schema || have[at].Type != c.Type.Name || have[at].Typmod != c.Typmod:
			d.add(fmt.Sprintf("column %s is %s there, %s on the source", ident.Quote(name), have[at].Type, c.SQL), retype)
		}
		if at >= 0 && slices.Contains(key, name) && (have[at].coarser(c) || have[at].Loose && !r.loose(c)) {
			d.coarse = append(d.coarse, fmt.Sprintf("column %s is %s there, %s on the source", ident.Quote(name), have[at].Type, c.SQL))
			d.coarseSQL = append(d.coarseSQL, retype+";")
		}
	}
	if key != nil && !have[0].Unique {
		list := make([]string, len(key))
		for i, k := range key {
			list[i] = ident.Quote(k)
		}
		d.add("no unique index over ("+strings.Join(key, ", ")+")", "CREATE UNIQUE INDEX ON "+to.SQL()+" ("+strings.Join(list, ", ")+")")
	}
	return d, nil
}

// typed is a column's type with its own collation.
func typed(c *catalog.TableColumn) string {
	if c.Collation != nil {
		return c.SQL + " COLLATE " + c.Collation.SQL()
	}
	return c.SQL
}

// column adds a column as the source has it.
func column(t *catalog.TableDef, m *ident.Mapping, c *catalog.TableColumn) string {
	add := " ADD COLUMN " + ident.Quote(m.Column(t.Name, c.Name)) + " " + typed(c)
	if c.Generated != nil {
		add += " GENERATED ALWAYS AS (" + c.Generated.Expr + ") STORED"
	}
	return add
}

// loose reports whether the source's collation takes different texts for equal, too.
func (r *run) loose(c *catalog.TableColumn) bool {
	return c.Collation != nil && slices.ContainsFunc(r.db.Definitions, func(d catalog.Definition) bool {
		l, ok := d.Body.(*catalog.CollationDef)
		return ok && d.Name == *c.Collation && !l.Deterministic
	})
}

// coarser reports whether different values of a column of the source may be one value there: by the type's
// notion of equality, or because a value is cut or rounded without an error.
func (h *targetColumn) coarser(c *catalog.TableColumn) bool {
	same := h.Schema == c.Type.Schema && h.Type == c.Type.Name
	of := func(types ...string) bool { return slices.Contains(types, c.Type.Name) }
	switch h.Type {
	case "citext", "name", "char", "float4":
		return !same && !(h.Type == "name" && of("char")) && !(h.Type == "float4" && of("int2"))
	case "bpchar":
		return of("text", "varchar", "name", "citext")
	case "float8":
		return of("int8", "numeric")
	case "date":
		return of("timestamp", "timestamptz")
	case "numeric":
		scale := func(typmod int32) int32 { return (typmod - 4) & 0x7ff }
		return h.Typmod >= 0 && (of("float4", "float8") || of("numeric") && (c.Typmod < 0 || scale(c.Typmod) > scale(h.Typmod)))
	case "timestamp", "timestamptz":
		return !of("timestamp", "timestamptz", "date") || h.Typmod >= 0 && !of("date") && (c.Typmod < 0 || c.Typmod > h.Typmod)
	case "time", "timetz":
		return !same || h.Typmod >= 0 && (c.Typmod < 0 || c.Typmod > h.Typmod)
	case "interval":
		return !same || h.Typmod >= 0 && h.Typmod != c.Typmod
	}
	return false
}
