package catalog

import (
	"context"
	"fmt"
	"strings"

	"floe/pkg/ident"

	"github.com/jackc/pgx/v5"
)

// CheckFilter tries a table's condition on the source, and leaves nothing behind. What depends on
// anything but the row's own values (other tables, the clock, settings) is refused: its answer would
// differ between the load, the change and a change read again. The server holds the predicates of
// indexes to the same, so it is asked with one.
func CheckFilter(ctx context.Context, conn *pgx.Conn, t *TableDef) error {
	tx, err := conn.Begin(ctx)
	if err != nil {
		return fmt.Errorf("check filter %s: %w", t.Filter, err)
	}
	defer tx.Rollback(context.WithoutCancel(ctx)) //nolint:errcheck
	var columns []string
	for i := range t.Columns {
		if c := &t.Columns[i]; c.Generated == nil {
			columns = append(columns, ident.Quote(c.Name)+" "+c.SQL)
		}
	}
	name := "pg_temp." + ident.Quote(t.Name.Name)
	for _, sql := range []string{
		"CREATE TEMPORARY TABLE " + name + " (" + strings.Join(columns, ", ") + ") ON COMMIT DROP",
		"CREATE INDEX ON " + name + " ((1)) WHERE (" + t.Filter + ")",
	} {
		if _, err := tx.Exec(ctx, sql); err != nil {
			return fmt.Errorf("check filter %s: %w", t.Filter, err)
		}
	}
	return nil
}
