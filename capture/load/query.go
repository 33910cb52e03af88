package load

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"floe/pkg/catalog"
	"floe/pkg/ident"
	"floe/pkg/ledger"
)

// order is how the server compares a table's keys. The sessions' search_path is empty, so operators of
// an extension's type (citext, ltree) must be named in full; left to itself the server would take those
// of text, which sort otherwise, and rows would fall between two ranges.
type order struct {
	less, equal []string // OPERATOR(schema.op) per key column, empty where pg_catalog's are meant
	greater     []string
	// base is the enum under a key column that is a domain over one, else empty: polymorphic operators
	// (those of anyenum) do not take domains.
	base []string
	// sorts is what the order depends on, operator classes and collations, and index what has them.
	sorts string
	index uint32
}

func (o *order) foreign() bool { return len(o.less) > 0 }

// sortsSQL is how an index sorts, the same text for the same order.
const sortsSQL = `i.indclass::text || ',' || i.indcollation::text`

// orderSQL finds the operators of the identity's own index: strategies 1, 3 and 5 of a btree. It is one that definitions
// have among a table's keys, so that whoever follows those knows when it is another one.
var orderSQL = `SELECT n.nspname, lt.oprname, eq.oprname, gt.oprname, i.indexrelid, ` + sortsSQL + `,
	coalesce((WITH RECURSIVE d AS (
		SELECT y.oid, y.typtype, y.typbasetype, 0 AS depth FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type y ON y.oid = a.atttypid
			WHERE a.attrelid = i.indrelid AND a.attnum = i.indkey[k]
		UNION ALL SELECT y.oid, y.typtype, y.typbasetype, d.depth + 1 FROM d JOIN pg_catalog.pg_type y ON d.typtype = 'd' AND y.oid = d.typbasetype)
		SELECT format_type(oid, -1) FROM d WHERE typtype = 'e' AND depth > 0), '')
	FROM pg_catalog.pg_index i
	CROSS JOIN LATERAL generate_series(0, i.indnkeyatts - 1) k
	JOIN pg_catalog.pg_opclass c ON c.oid = i.indclass[k]
	JOIN pg_catalog.pg_amop a1 ON a1.amopfamily = c.opcfamily AND a1.amopstrategy = 1 AND a1.amoplefttype = c.opcintype AND a1.amoprighttype = c.opcintype
	JOIN pg_catalog.pg_amop a3 ON a3.amopfamily = c.opcfamily AND a3.amopstrategy = 3 AND a3.amoplefttype = c.opcintype AND a3.amoprighttype = c.opcintype
	JOIN pg_catalog.pg_amop a5 ON a5.amopfamily = c.opcfamily AND a5.amopstrategy = 5 AND a5.amoplefttype = c.opcintype AND a5.amoprighttype = c.opcintype
	JOIN pg_catalog.pg_operator lt ON lt.oid = a1.amopopr
	JOIN pg_catalog.pg_operator eq ON eq.oid = a3.amopopr
	JOIN pg_catalog.pg_operator gt ON gt.oid = a5.amopopr
	JOIN pg_catalog.pg_namespace n ON n.oid = lt.oprnamespace
	WHERE i.indexrelid = (SELECT x.indexrelid FROM pg_catalog.pg_index x WHERE x.indrelid = $1 AND x.indisunique AND x.indisvalid AND x.indislive AND x.indpred IS NULL AND x.indexprs IS NULL AND NOT x.indisexclusion AND ` + catalog.Usual("x") + `
		AND array_to_string(x.indkey[0:x.indnkeyatts - 1], ',') = $2 ORDER BY x.indisprimary DESC, x.indexrelid LIMIT 1)
	ORDER BY k`

// readOrder finds out how the table's keys compare.
func (l *Loader) readOrder(ctx context.Context, t *version) (err error) {
	t.order, err = orderOf(ctx, l.guard, t)
	return err
}

func orderOf(ctx context.Context, conn *pgx.Conn, t *version) (o order, err error) {
	attnums := make([]string, len(t.Shape.Key))
	for i, k := range t.Shape.Key {
		attnums[i] = strconv.Itoa(int(t.Shape.Columns[k].Attnum))
	}
	rows, err := conn.Query(ctx, orderSQL, t.Shape.OID, strings.Join(attnums, ","))
	if err != nil {
		return o, fmt.Errorf("read how keys of %s compare: %w", t.Shape.Name, err)
	}
	defer rows.Close()
	foreign := false
	var less, equal, greater []string
	for rows.Next() {
		var schema, lt, eq, gt, base string
		if err := rows.Scan(&schema, &lt, &eq, &gt, &o.index, &o.sorts, &base); err != nil {
			return o, fmt.Errorf("read how keys of %s compare: %w", t.Shape.Name, err)
		}
		foreign = foreign || schema != "pg_catalog" || lt != "<" // ~<~ of text_pattern_ops sorts otherwise too
		less = append(less, operator(schema, lt))
		equal = append(equal, operator(schema, eq))
		greater = append(greater, operator(schema, gt))
		o.base = append(o.base, base)
	}
	if foreign && len(less) == len(t.Shape.Key) {
		o.less, o.equal, o.greater = less, equal, greater
	}
	return o, rows.Err()
}

func operator(schema, name string) string {
	return "OPERATOR(" + ident.Quote(schema) + "." + name + ")"
}

func from(t *version) string {
	if t.Only {
		return "ONLY " + t.Shape.Name.SQL()
	}
	return t.Shape.Name.SQL()
}

// selectRange reads the first rows of a range in key order; the server compares, so its collations rule.
func selectRange(t *version, tree string, of ledger.Range, limit int) string {
	q := selectRows(t, tree)
	keys := keyColumns(t)
	if len(keys) == 0 {
		return q
	}
	if of.After != nil {
		q += " AND " + behind(t, compared(t), keyLiterals(t, of.After))
	}
	if of.Through != nil { // of a table whose order is not foreign
		q += " AND " + tuple(compared(t)) + " <= " + tuple(keyLiterals(t, of.Through))
	}
	by := strings.Join(keys, ", ")
	if t.order.foreign() {
		parts := make([]string, len(keys))
		for i := range keys {
			parts[i] = keys[i] + " USING " + t.order.less[i]
		}
		by = strings.Join(parts, ", ")
	}
	return q + " ORDER BY " + by + " LIMIT " + strconv.Itoa(limit)
}

// behind is the condition (keys) > (after). Row comparison takes one operator for all columns, so
// where they differ it is written out: k1 >= a1, which an index serves, and k1 > a1 or the rest.
func behind(t *version, keys, after []string) string {
	if !t.order.foreign() {
		return tuple(keys) + " > " + tuple(after)
	}
	cond := keys[len(keys)-1] + " " + t.order.greater[len(keys)-1] + " " + after[len(keys)-1]
	for i := len(keys) - 2; i >= 0; i-- {
		gt := keys[i] + " " + t.order.greater[i] + " " + after[i]
		eq := keys[i] + " " + t.order.equal[i] + " " + after[i]
		cond = "(" + gt + " OR " + eq + " AND " + cond + ")"
	}
	return cond
}

// selectKeys reads rows of these keys.
func selectKeys(t *version, tree string, keys [][][]byte) string {
	columns := compared(t)
	var b strings.Builder
	b.WriteString(selectRows(t, tree) + " AND (")
	if !t.order.foreign() {
		b.WriteString(tuple(columns) + " IN (")
	}
	for i, k := range keys {
		literals := keyLiterals(t, k)
		switch {
		case t.order.foreign() && i > 0:
			b.WriteString(" OR ")
		case i > 0:
			b.WriteString(", ")
		}
		if !t.order.foreign() {
			b.WriteString(tuple(literals))
			continue
		}
		for j := range columns {
			if j > 0 {
				b.WriteString(" AND ")
			}
			b.WriteString(columns[j] + " " + t.order.equal[j] + " " + literals[j])
		}
	}
	if !t.order.foreign() {
		b.WriteString(")")
	}
	return b.String() + ")"
}

// selectRows ends with a condition that others can follow. Tree are the tables of which a partitioned one
// consists: the server reads those that it has by now, and one that was attached behind the snapshot, whose
// rows the snapshot sees, is no part of the table at this place. ATTACH PARTITION waits for nobody who reads.
func selectRows(t *version, tree string) string {
	cols := make([]string, len(t.Shape.Columns))
	for i := range t.Shape.Columns {
		cols[i] = ident.Quote(t.Shape.Columns[i].Name)
	}
	where := "true"
	if t.Where != "" {
		where = "(" + t.Where + ")"
	}
	if tree != "" {
		where += " AND tableoid = ANY ('" + tree + "'::oid[])"
	}
	return "SELECT " + strings.Join(cols, ", ") + " FROM " + from(t) + " WHERE " + where
}

func keyColumns(t *version) []string {
	cols := make([]string, len(t.Shape.Key))
	for i, k := range t.Shape.Key {
		cols[i] = ident.Quote(t.Shape.Columns[k].Name)
	}
	return cols
}

// compared are the key's columns as they stand in conditions.
func compared(t *version) []string {
	cols := keyColumns(t)
	for i, base := range t.order.base {
		if base != "" {
			cols[i] += "::" + base
		}
	}
	return cols
}

// keyLiterals are the key's values as literals of their columns' types.
func keyLiterals(t *version, key [][]byte) []string {
	out := make([]string, len(key))
	for i, k := range t.Shape.Key {
		out[i] = ident.Literal(string(t.encoded(key[i]))) + "::" + t.Shape.Columns[k].SQL
		if i < len(t.order.base) && t.order.base[i] != "" {
			out[i] += "::" + t.order.base[i]
		}
	}
	return out
}

// tuple is a row of expressions; one alone stays an expression, so that its index serves.
func tuple(parts []string) string {
	if len(parts) == 1 {
		return parts[0]
	}
	return "(" + strings.Join(parts, ", ") + ")"
}
