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
	generated := ""
	types, err := filterTypes(ctx, conn, t)
	if err != nil {
		return fmt.Errorf("check filter %s: %w", t.Filter, err)
	}
	for i := range t.Columns {
		if c := &t.Columns[i]; types[i] == "" { // a later definition knows it no more, and is checked
			return nil
		} else if c.Generated == nil {
			columns = append(columns, ident.Quote(c.Name)+" "+types[i])
		} else if Mentions(t.Filter, c.Name) {
			generated = " (column " + ident.Quote(c.Name) + " is generated, and no change bears it: write its expression instead)"
		}
	}
	name := "pg_temp." + ident.Quote(t.Name.Name)
	for _, sql := range []string{
		"CREATE TEMPORARY TABLE " + name + " (" + strings.Join(columns, ", ") + ") ON COMMIT DROP",
		"CREATE INDEX ON " + name + " ((1)) WHERE (" + t.Filter + ")",
	} {
		if _, err := tx.Exec(ctx, sql); err != nil {
			return fmt.Errorf("check filter %s%s: %w", t.Filter, generated, err)
		}
	}
	return nil
}

// filterTypes are the types of a table's columns for its condition. An older log does not know their oids.
func filterTypes(ctx context.Context, conn *pgx.Conn, t *TableDef) ([]string, error) {
	types, collations := make([]Typed, len(t.Columns)), t.Collations()
	for i := range t.Columns {
		c := &t.Columns[i]
		types[i] = Typed{c.TypeOID, c.Typmod, collations[i]}
		if c.TypeOID == 0 {
			return t.typesThen(), nil
		}
	}
	return TypesToday(ctx, conn, types)
}

// typesThen are the columns' types as they were spelled where the definition was valid.
func (d *TableDef) typesThen() []string {
	out := make([]string, len(d.Columns))
	for i := range d.Columns {
		if out[i] = d.Columns[i].SQL; d.Columns[i].Collation != nil {
			out[i] += " COLLATE " + d.Columns[i].Collation.SQL()
		}
	}
	return out
}

// Collations are those of the columns, empty where it is the type's.
func (d *TableDef) Collations() []ident.Name {
	out := make([]ident.Name, len(d.Columns))
	for i := range d.Columns {
		if c := d.Columns[i].Collation; c != nil {
			out[i] = *c
		}
	}
	return out
}

// Typed is what a column's values are: a type by its oid, and a collation if it is not the type's.
type Typed struct {
	OID       uint32
	Modifier  int32
	Collation ident.Name
}

// TypesToday are types, with what text of them is compared by, as the source spells them now, whatever they were
// called where a definition was valid; empty for one that is no more. A domain is what it is over: its checks hold for what is
// written, and rows may be older than they. Its collation stays.
func TypesToday(ctx context.Context, conn *pgx.Conn, types []Typed) ([]string, error) {
	n := len(types)
	oids, modifiers, schemas, names := make([]uint32, n), make([]int32, n), make([]string, n), make([]string, n)
	for i, t := range types {
		oids[i], modifiers[i], schemas[i], names[i] = t.OID, t.Modifier, t.Collation.Schema, t.Collation.Name
	}
	rows, err := conn.Query(ctx, `SELECT coalesce((WITH RECURSIVE d AS (
			SELECT t.oid, t.typtype, t.typbasetype, u.m AS modifier, t.typtypmod, t.typcollation AS own, t.typcollation FROM pg_catalog.pg_type t WHERE t.oid = u.o
			UNION ALL SELECT b.oid, b.typtype, b.typbasetype, d.typtypmod, b.typtypmod, b.typcollation, d.typcollation FROM d JOIN pg_catalog.pg_type b ON d.typtype = 'd' AND b.oid = d.typbasetype)
			SELECT pg_catalog.format_type(d.oid, d.modifier) || coalesce((SELECT format(' COLLATE %I.%I', s.nspname, c.collname)
				FROM pg_catalog.pg_collation c JOIN pg_catalog.pg_namespace s ON s.oid = c.collnamespace
				WHERE CASE WHEN u.c = '' THEN c.oid = d.typcollation AND d.typcollation <> d.own ELSE s.nspname = u.s AND c.collname = u.c END LIMIT 1), CASE WHEN u.c = '' THEN '' END)
			FROM d WHERE d.typtype <> 'd'), '')
		FROM unnest($1::oid[], $2::int4[], $3::text[], $4::text[]) WITH ORDINALITY u(o, m, s, c, n) ORDER BY u.n`, oids, modifiers, schemas, names)
	if err != nil {
		return nil, fmt.Errorf("look up types: %w", err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("look up types: %w", err)
	}
	return out, nil
}
