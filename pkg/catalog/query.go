package catalog

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"strings"

	"floe/pkg/dialect"

	"github.com/jackc/pgx/v5"
)

// query is the SQL of one kind of rows. Two things run it: a session, over the whole catalog, and the
// source's event triggers, over what a DDL command touched; so it says by touched and ofTables where it
// can be confined, and its columns are named as the fields of the struct that takes a row.
type query struct {
	name string
	sql  func(v version) string
}

// queries are all that the readers of a recording ask for.
var queries = []query{
	schemasQuery, extensionsQuery, collationsQuery, enumsQuery, compositesQuery, domainsQuery, domainChecksQuery,
	rangesQuery, functionsQuery, tablesQuery, sequencesQuery, columnsQuery, indexesQuery, constraintsQuery,
	textsQuery, viewIndexesQuery, ownersQuery, commentsQuery, grantsQuery, dependsQuery, partsQuery, edgesQuery,
}

// version is what a server's catalogs are like: its server_version_num and its dialect.
type version struct {
	number int
	dialect.Dialect
}

// since returns expr on servers of at least major, else what stands for it on older ones.
func (v version) since(major int, expr, older string) string {
	if v.number >= major*10000 {
		return expr
	}
	return older
}

// nested is where the queries say that packages' rows of pg_namespace are no schemas, and where the
// schemas that such a server brings itself are left out.
const nested = "{nested}"

// text is the query's SQL for a server.
func (q query) text(v version) string {
	condition := ""
	if v.Nested {
		condition = "and coalesce(n.nspparent, 0) = 0 "
	}
	if v.Speech != dialect.Plain {
		condition += "and (n.oid >= 16384 or n.nspname = 'public') "
	}
	return strings.ReplaceAll(q.sql(v), nested, condition)
}

func (v version) hidden(relation, attnum string) string {
	return HiddenSQL(v.Dialect, relation, attnum)
}

// HiddenSQL is the condition that a column is the row id that an Oracle-mode server adds to tables and
// hides from SELECT *. A user's column of that name lacks the server's own index.
func HiddenSQL(d dialect.Dialect, relation, attnum string) string {
	if !d.HiddenRowID {
		return "false"
	}
	return `exists (select from pg_attribute ha where ha.attrelid = ` + relation + ` and ha.attnum = ` + attnum + ` and pg_catalog.polar_is_sys_rowid(ha.attname)
		and exists (with recursive down(id) as (select ha.attrelid union select hh.inhrelid from pg_inherits hh join down on hh.inhparent = down.id)
			select from down join pg_index hi on hi.indrelid = down.id join pg_class hc on hc.oid = hi.indexrelid
			join pg_attribute hb on hb.attrelid = hi.indrelid and hb.attnum = hi.indkey[0]
			where hb.attname = ha.attname and hi.indnatts = 1 and hc.relname ~ '^polar_rowid'))`
}

// unhidden goes on a condition: no column of an index or constraint is hidden.
func (v version) unhidden(relation, columns string) string {
	if !v.HiddenRowID {
		return ""
	}
	return ` and not exists (select from unnest(` + columns + `) u(attnum) where ` + v.hidden(relation, "u.attnum") + `)`
}

// touched confines a query to objects with the oid in this column; a session reads all of them.
func touched(column string) string { return " {touched " + column + "} " }

// ofTables confines a query to tables with the oid in this column; a session reads the selected ones. The
// query gives the column as relation.
func ofTables(column string) string { return " {tables " + column + "} " }

// depender confines pg_depend under this alias to what touched objects depend on.
func depender(alias string) string { return " {depender " + alias + "} " }

// never leaves a query's rows out of every recording: they are counts that no command names.
const never = " {touched nothing} "

var confined = regexp.MustCompile(`\{(touched|tables|depender) ([a-z_.]+)\}`)

// whole is the query for a session; $1 are the oids of the selected tables.
func (q query) whole(v version) string {
	return confined.ReplaceAllStringFunc(q.text(v), func(s string) string {
		if m := confined.FindStringSubmatch(s); m[1] == "tables" {
			return m[2] + " = any($1::oid[])"
		}
		return "true"
	})
}

// within is the query for objects whose oid is in the variable touched, with its catalog beside it in
// classes, or in the variable tables.
func (q query) within(v version) string {
	return confined.ReplaceAllStringFunc(strings.ReplaceAll(q.text(v), never, " false "), func(s string) string {
		m := confined.FindStringSubmatch(s)
		if m[1] == "depender" { // its index begins with the class
			return "(" + m[2] + ".classid, " + m[2] + ".objid) in (select u.c, u.i from unnest(classes, touched) u(c, i))"
		}
		return m[2] + " = any(" + m[1] + ")"
	})
}

// rows gives the rows of a query, from the recording if the reader reads one.
func rows[T any](ctx context.Context, r *reader, q query) ([]T, error) {
	if r.conn == nil {
		return recorded[T](r, q)
	}
	var args []any
	sql := q.whole(r.version)
	if strings.Contains(sql, "$1") {
		args = append(args, r.tableOIDs())
	}
	return collect[T](ctx, r.conn, sql, args...)
}

// collect runs SQL whose columns are named as the fields of T.
func collect[T any](ctx context.Context, conn *pgx.Conn, sql string, args ...any) ([]T, error) {
	got, err := conn.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(got, pgx.RowToStructByName[T])
}

// recording holds the rows of each query as the source's json_agg wrote them.
type recording map[string][]map[string]json.RawMessage

// recorded takes rows from a recording. Every field must be there and nothing else: a recording by the
// queries of another version of floe is not half understood.
func recorded[T any](r *reader, q query) ([]T, error) {
	from, ok := r.recording[q.name]
	if !ok {
		return nil, fmt.Errorf("the recording has no %s", q.name)
	}
	ofTables := strings.Contains(q.sql(r.version), "{tables ")
	out := make([]T, 0, len(from))
	for _, row := range from {
		var x T
		v := reflect.ValueOf(&x).Elem()
		if v.NumField() != len(row) {
			return nil, fmt.Errorf("recorded %s: %d columns, want %d", q.name, len(row), v.NumField())
		}
		for f := range v.NumField() {
			field := strings.ToLower(v.Type().Field(f).Name)
			if err := setField(v.Field(f), row[field]); err != nil {
				return nil, fmt.Errorf("recorded %s, column %s: %w", q.name, field, err)
			}
		}
		if !ofTables || r.tables[uint32(v.FieldByName("Relation").Uint())] != nil {
			out = append(out, x)
		}
	}
	return out, nil
}

// setField takes a value that the server made JSON of. It writes an oid as a string.
func setField(field reflect.Value, raw json.RawMessage) error {
	switch field.Interface().(type) {
	case uint32, []uint32:
		raw = json.RawMessage(strings.ReplaceAll(string(raw), `"`, ""))
	}
	return json.Unmarshal(raw, field.Addr().Interface())
}
