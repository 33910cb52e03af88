package catalog

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"floe/pkg/ident"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// unfound are the SQLSTATEs of a name that means nothing.
var unfound = []string{"42P01", "42883", "42704", "3F000", "42703"}

// word is a name in a server's message.
var word = regexp.MustCompile(`"(?:[^"]|"")+"|[\pL_][\pL\pN_$]*`)

// SchemaFor is the schema that a function needs in its search_path. The sessions of the database's users have
// one, floe's have none: a function that names another one, a type or a table without its schema is refused in
// an index, a check or a generated column. Only one schema may have what the refusal names, and nothing in it a
// name that another schema has too: or the function could find something else than for its users, and say so
// with a wrong value. Empty is none; path is what was found before.
func SchemaFor(ctx context.Context, conn *pgx.Conn, said *pgconn.PgError, path []string) (string, error) {
	if said.Where == "" || !slices.Contains(unfound, said.Code) {
		return "", nil
	}
	var names []string
	for _, w := range word.FindAllString(said.Message, -1) {
		if w[0] == '"' {
			w = strings.ReplaceAll(w[1:len(w)-1], `""`, `"`)
		}
		names = append(names, w)
	}
	rows, err := conn.Query(ctx, `WITH named AS (SELECT relname::text AS name, relnamespace AS schema FROM pg_catalog.pg_class WHERE relkind NOT IN ('i', 'I', 't', 'c')
			UNION SELECT proname::text, pronamespace FROM pg_catalog.pg_proc UNION SELECT typname::text, typnamespace FROM pg_catalog.pg_type WHERE typelem = 0),
		users AS (SELECT named.*, nspname::text FROM named JOIN pg_catalog.pg_namespace n ON n.oid = schema WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'floe')),
		meant AS (SELECT DISTINCT schema, nspname FROM users WHERE name = ANY($1::text[]))
		SELECT nspname FROM meant WHERE (SELECT count(*) FROM meant) = 1
			AND NOT EXISTS (SELECT FROM users a JOIN users b USING (name) WHERE a.schema = meant.schema AND b.schema <> a.schema)`, names)
	if err != nil {
		return "", fmt.Errorf("look for what a function names: %w", err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return "", fmt.Errorf("look for what a function names: %w", err)
	}
	if len(found) == 0 || slices.Contains(path, found[0]) {
		return "", nil
	}
	return found[0], nil
}

// SearchPath is the value of search_path that has these schemas.
func SearchPath(schemas []string) string {
	quoted := make([]string, len(schemas))
	for i, s := range schemas {
		quoted[i] = ident.Quote(s)
	}
	return strings.Join(quoted, ", ")
}

// PlannedUnderPath has a query planned under the search_path that the transaction has, for the server opens
// functions of indexes to see whether one serves, and run without any: under one the texts of regclass and the
// like lack their schema. The condition is looked at once, before the first row.
func PlannedUnderPath(query string) string {
	return "SELECT * FROM (" + query + ") q WHERE (SELECT pg_catalog.set_config('search_path', '', true)) IS NOT NULL"
}

// SafeInPath reports whether a schema brings no operator on the server's own types: one would be taken for
// theirs where it fits better, and order a table's keys otherwise.
func SafeInPath(ctx context.Context, conn *pgx.Conn, schema string) (safe bool, err error) {
	err = conn.QueryRow(ctx, `SELECT NOT EXISTS (SELECT FROM pg_catalog.pg_operator o JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace
		WHERE n.nspname = $1 AND greatest(o.oprleft, o.oprright) < 16384)`, schema).Scan(&safe)
	if err != nil {
		return false, fmt.Errorf("look for operators of schema %s: %w", schema, err)
	}
	return safe, nil
}
