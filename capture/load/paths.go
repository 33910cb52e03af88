package load

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5/pgconn"

	"floe/pkg/catalog"
)

// planned is a query as it is sent: where functions of the table's indexes name something without its schema,
// the server plans it with that in its search_path.
func (p *part) planned(ctx context.Context, query string) (string, error) {
	p.t.mu.Lock() // other readers read other ranges of it
	path := p.t.path
	p.t.mu.Unlock()
	if len(path) == 0 {
		return query, nil
	}
	if _, err := p.reader.conn.Exec(ctx, "SELECT pg_catalog.set_config('search_path', $1, true)", catalog.SearchPath(path)); err != nil {
		return "", errors.Join(errConnection, err)
	}
	return catalog.PlannedUnderPath(query), nil
}

// unplanned finds, when a query is refused before its first row, the schema that a function needs: the chunk is
// read later. It returns nil if that is not what the source said. A row condition is the operator's own, and
// must not come to mean something else.
func (p *part) unplanned(ctx context.Context, why error) error {
	var said *pgconn.PgError
	if !errors.As(why, &said) || said.Where == "" || p.t.Where != "" {
		return nil
	}
	p.loader.rollback(ctx, p.reader.conn)
	p.t.mu.Lock()
	defer p.t.mu.Unlock()
	schema, err := catalog.SchemaFor(ctx, p.reader.conn, said, p.t.path)
	if err != nil {
		return errors.Join(errConnection, err)
	}
	if schema == "" {
		return nil
	}
	safe, err := catalog.SafeInPath(ctx, p.reader.conn, schema)
	if err != nil {
		return errors.Join(errConnection, err)
	}
	if !safe {
		return nil
	}
	p.loader.Log.Info("a function of an index names something without its schema, which is in the search_path where it is planned", "table", p.t.Shape.Name.String(), "schema", schema, "said", said.Message)
	p.t.path = append(slices.Clone(p.t.path), schema)
	return errors.Join(errLater, fmt.Errorf("copy: %w", why))
}
