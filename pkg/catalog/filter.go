package catalog

import (
	"context"
	"fmt"
	"slices"
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
	types, err := filterTypes(ctx, conn, t)
	if err != nil {
		return fmt.Errorf("check filter %s: %w", t.Filter, err)
	}
	for i := range t.Columns {
		if c := &t.Columns[i]; types[i] == "" { // a later definition knows it no more, and is checked
			return nil
		} else if c.Generated == nil {
			columns = append(columns, ident.Quote(c.Name)+" "+types[i])
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

// filterTypes are the types of a table's columns for its condition. An older log does not know their oids.
func filterTypes(ctx context.Context, conn *pgx.Conn, t *TableDef) ([]string, error) {
	oids, modifiers, types := make([]uint32, len(t.Columns)), make([]int32, len(t.Columns)), make([]string, len(t.Columns))
	for i := range t.Columns {
		c := &t.Columns[i]
		oids[i], modifiers[i], types[i] = c.TypeOID, c.Typmod, c.SQL
	}
	if slices.Contains(oids, 0) {
		return types, nil
	}
	return TypesToday(ctx, conn, oids, modifiers)
}

// TypesToday are types as the source spells them now, by their oids, whatever they were called where a definition
// was valid; empty for one that is no more. A domain is what it is over: its checks hold for what is written,
// and rows may be older than they.
func TypesToday(ctx context.Context, conn *pgx.Conn, oids []uint32, modifiers []int32) ([]string, error) {
	rows, err := conn.Query(ctx, `SELECT coalesce((WITH RECURSIVE d AS (
			SELECT t.oid, t.typtype, t.typbasetype, u.m AS modifier, t.typtypmod FROM pg_catalog.pg_type t WHERE t.oid = u.o
			UNION ALL SELECT b.oid, b.typtype, b.typbasetype, d.typtypmod, b.typtypmod FROM d JOIN pg_catalog.pg_type b ON d.typtype = 'd' AND b.oid = d.typbasetype)
			SELECT pg_catalog.format_type(d.oid, d.modifier) FROM d WHERE d.typtype <> 'd'), '')
		FROM unnest($1::oid[], $2::int4[]) WITH ORDINALITY u(o, m, n) ORDER BY u.n`, oids, modifiers)
	if err != nil {
		return nil, fmt.Errorf("look up types: %w", err)
	}
	types, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("look up types: %w", err)
	}
	return types, nil
}
