package structure

import (
	"context"
	"fmt"

	"floe/pkg/catalog"
)

// elsewhere tries again what a function refused that names something without its schema, and returns what is
// refused all the same.
func (r *runner) elsewhere(ctx context.Context, stmts []waiting) (again []waiting, err error) {
	for _, w := range stmts {
		var path []string
		why := w.why
		for why != nil {
			schema, err := catalog.SchemaFor(ctx, r.tx.Conn(), why, path)
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
	_, err := r.tx.Exec(ctx, `SELECT set_config('search_path', $1, true)`, catalog.SearchPath(path))
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
