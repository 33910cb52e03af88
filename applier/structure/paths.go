package structure

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"floe/pkg/ident"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// SchemaFor is the schema that a function of the target needs in its search_path. The sessions of the source's
// users have one, floe's have none: a function that names another one, a type or a table without its schema is
// refused in an index, a check or a generated column. Only one schema may have what the refusal names, and
// nothing in it a name that another schema has too: or the function could find something else than on the
// source, and say so with a wrong value. Empty is none; path is what was found before.
func SchemaFor(ctx context.Context, q Queryer, said *pgconn.PgError, path []string) (string, error) {
	if said.Where == "" || !slices.Contains(dependency, said.Code) {
		return "", nil
	}
	var names []string
	for _, t := range tokens(said.Message) {
		if t.name != "" {
			names = append(names, t.name)
		}
	}
	rows, err := q.Query(ctx, `WITH named AS (SELECT relname::text AS name, relnamespace AS schema FROM pg_catalog.pg_class WHERE relkind NOT IN ('i', 'I', 't', 'c')
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

// elsewhere tries again what a function refused that names something without its schema, and returns what is
// refused all the same.
func (r *runner) elsewhere(ctx context.Context, stmts []waiting) (again []waiting, err error) {
	for _, w := range stmts {
		var path []string
		why := w.why
		for why != nil {
			schema, err := SchemaFor(ctx, r.tx, why, path)
			if err != nil {
				return nil, err
			}
			if schema == "" {
				again = append(again, waiting{w.Statement, why})
				break
			}
			path = append(path, schema)
			if err := r.find(ctx, path); err != nil {
				return nil, err
			}
			if why, err = r.step(ctx, w.Statement); err != nil {
				return nil, err
			}
		}
		if len(path) > 0 {
			if err := r.find(ctx, nil); err != nil {
				return nil, err
			}
		}
	}
	return again, nil
}

// find sets the search_path for the transaction, behind the savepoint, which may be rolled back.
func (r *runner) find(ctx context.Context, path []string) error {
	_, err := r.tx.Exec(ctx, `SELECT set_config('search_path', $1, true)`, SearchPath(path))
	if err == nil {
		_, err = r.tx.Exec(ctx, "RELEASE SAVEPOINT floe_step")
	}
	if err == nil {
		_, err = r.tx.Exec(ctx, "SAVEPOINT floe_step")
	}
	if err != nil {
		return fmt.Errorf("set the search_path: %w", err)
	}
	return nil
}
