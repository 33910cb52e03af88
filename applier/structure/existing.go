package structure

import (
	"context"
	"fmt"

	"floe/pkg/catalog"
	"floe/pkg/dialect"
	"floe/pkg/ident"

	"github.com/jackc/pgx/v5"
)

// Missing are the selected columns that an existing table lacks, by source table.
type Missing map[ident.Name][]string

// relations tells which of these names are taken by a relation on the target.
func relations(ctx context.Context, q Queryer, names []ident.Name) (map[ident.Name]bool, error) {
	schemas, tables := split(names)
	rows, err := q.Query(ctx, `SELECT n.nspname, c.relname FROM unnest($1::text[], $2::text[]) u(s, t)
		JOIN pg_catalog.pg_namespace n ON n.nspname = u.s JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = u.t`, schemas, tables)
	if err != nil {
		return nil, fmt.Errorf("look for tables on the target: %w", err)
	}
	got, err := pgx.CollectRows(rows, pgx.RowToStructByPos[ident.Name])
	if err != nil {
		return nil, fmt.Errorf("look for tables on the target: %w", err)
	}
	out := make(map[ident.Name]bool, len(got))
	for _, n := range got {
		out[n] = true
	}
	return out, nil
}

// columns are the names of the columns that tables have on the target; names that are no table have no
// entry.
func columns(ctx context.Context, q Queryer, names []ident.Name) (map[ident.Name]map[string]bool, error) {
	schemas, tables := split(names)
	rows, err := q.Query(ctx, `SELECT n.nspname::text, c.relname::text, coalesce(a.attname::text, '') FROM unnest($1::text[], $2::text[]) u(s, t)
		JOIN pg_catalog.pg_namespace n ON n.nspname = u.s JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = u.t
		LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped`, schemas, tables)
	if err != nil {
		return nil, fmt.Errorf("look for columns on the target: %w", err)
	}
	out := map[ident.Name]map[string]bool{}
	var table ident.Name
	var column string
	_, err = pgx.ForEachRow(rows, []any{&table.Schema, &table.Name, &column}, func() error {
		if out[table] == nil {
			out[table] = map[string]bool{}
		}
		out[table][column] = true
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("look for columns on the target: %w", err)
	}
	return out, nil
}

func split(names []ident.Name) (schemas, tables []string) {
	schemas, tables = make([]string, len(names)), make([]string, len(names))
	for i, n := range names {
		schemas[i], tables[i] = n.Schema, n.Name
	}
	return schemas, tables
}

// schemata are the target's schemas: creating one that is there needs a right that its owner may lack.
func schemata(ctx context.Context, q Queryer) (map[string]bool, error) {
	rows, err := q.Query(ctx, `SELECT nspname::text FROM pg_catalog.pg_namespace`)
	if err != nil {
		return nil, fmt.Errorf("read the target's schemas: %w", err)
	}
	got, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("read the target's schemas: %w", err)
	}
	out := make(map[string]bool, len(got))
	for _, n := range got {
		out[n] = true
	}
	return out, nil
}

// usedTables are the source tables whose counterpart was on the target before.
func usedTables(ctx context.Context, q Queryer, job, applier string) (map[ident.Name]bool, error) {
	rows, err := q.Query(ctx, `SELECT object FROM floe.object WHERE job = $1 AND applier = $2
		AND id LIKE 'table/%/create' AND state IN ('existing', 'covered')`, job, applier)
	if err != nil {
		return nil, fmt.Errorf("read floe.object: %w", err)
	}
	got, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("read floe.object: %w", err)
	}
	out := make(map[ident.Name]bool, len(got))
	for _, object := range got {
		name, err := ident.Parse(object[len("table "):])
		if err != nil {
			return nil, fmt.Errorf("floe.object: %w", err)
		}
		out[name] = true
	}
	return out, nil
}

// Made reports whether floe made the target's table of a source table.
func Made(ctx context.Context, q Queryer, job, applier string, oid uint32) (bool, error) {
	rows, err := q.Query(ctx, `SELECT state FROM floe.object WHERE job = $1 AND applier = $2 AND id = $3`, job, applier, id(catalog.KindTable, oid, "create"))
	if err != nil {
		return false, fmt.Errorf("read floe.object: %w", err)
	}
	states, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return false, fmt.Errorf("read floe.object: %w", err)
	}
	return len(states) == 1 && State(states[0]) == Created, nil
}

// Left are the source tables, by oid, that left the selection and have not come back.
func Left(ctx context.Context, q Queryer, job, applier string) (map[uint32]bool, error) {
	left, err := oidsOf(ctx, q, `SELECT oid FROM floe.definition WHERE job = $1 AND applier = $2 AND kind = $3 AND out_of_selection`, job, applier, catalog.KindTable)
	if err != nil {
		return nil, fmt.Errorf("read floe.definition: %w", err)
	}
	return left, nil
}

func oidsOf(ctx context.Context, q Queryer, sql string, args ...any) (map[uint32]bool, error) {
	rows, err := q.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	oids, err := pgx.CollectRows(rows, pgx.RowTo[uint32])
	out := make(map[uint32]bool, len(oids))
	for _, oid := range oids {
		out[oid] = true
	}
	return out, err
}

// twins judges objects that were there before. It reads the target's catalog at the first.
type twins struct {
	tx  pgx.Tx
	sql map[string]bool // of all that the target holds, rendered as if it were to be copied
}

// judge says whether what stands in the way of s is the same thing: the target's own definition of it
// makes the same statement.
func (w *twins) judge(ctx context.Context, s Statement) (reason string, err error) {
	if w.sql == nil {
		if err := w.read(ctx); err != nil {
			return "", err
		}
	}
	if w.sql[s.SQL] {
		return "", nil
	}
	return "an object of this name was there and differs; it is used as it is: change it by hand if it should be the source's", nil
}

func (w *twins) read(ctx context.Context) error {
	db, err := catalog.ReadSelection(ctx, w.tx.Conn(), catalog.Selection{Everything: true})
	if err != nil {
		return fmt.Errorf("compare with the target: %w", err)
	}
	d, err := dialect.Of(ctx, w.tx.Conn())
	if err != nil {
		return fmt.Errorf("compare with the target: %w", err)
	}
	script := Plan(db, Options{TargetVersion: db.Version, Target: d})
	w.sql = map[string]bool{}
	for _, list := range [][]Statement{script.Before, script.After, script.CutOver} {
		for _, s := range list {
			w.sql[s.SQL] = true
		}
	}
	return nil
}
