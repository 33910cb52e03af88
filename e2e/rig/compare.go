package rig

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"floe/pkg/ident"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Compared says which two tables must hold the same bag of rows.
type Compared struct {
	Source, Target ident.Name
	Only           bool              // without children
	Columns        []string          // of the source; none: all live ones
	Renamed        map[string]string // source column to target column
	ExtraAllowed   bool              // the target may have columns that the source lacks
	Coming         bool              // the source may lack the table yet; then the target must lack it too
}

// DiffError says how two tables differ.
type DiffError struct {
	Table ident.Name
	What  string
}

func (e *DiffError) Error() string { return fmt.Sprintf("%s differs: %s", e.Table, e.What) }

// Compare returns a *DiffError when the tables differ. Rows are compared in the server's text form,
// under ConnectPinned's settings, by count and by the sum of md5 prefixes.
func Compare(ctx context.Context, source, target *pgx.Conn, c Compared) error {
	if c.Coming {
		if absent, err := c.absent(ctx, source, target); absent || err != nil {
			return err
		}
	}
	from, to, err := c.columns(ctx, source, target)
	if err != nil {
		return err
	}
	if from, to, err = forms(ctx, source, target, c.Source, from, to); err != nil {
		return err
	}
	left, err := Text(ctx, source, digestSQL(c.Source, c.Only, from))
	if err != nil {
		return fmt.Errorf("digest of %s on the source: %w", c.Source, err)
	}
	right, err := Text(ctx, target, digestSQL(c.Target, c.Only, to))
	if err != nil {
		return fmt.Errorf("digest of %s on the target: %w", c.Target, err)
	}
	if left == right {
		return nil
	}
	what := fmt.Sprintf("rows|sum: source %s, target %s", left, right)
	return &DiffError{c.Source, what + sample(ctx, source, target, rowsSQL(c.Source, c.Only, from), rowsSQL(c.Target, c.Only, to))}
}

// absent reports whether neither side has the table.
func (c Compared) absent(ctx context.Context, source, target *pgx.Conn) (bool, error) {
	const there = "SELECT to_regclass($1) IS NOT NULL"
	var left, right bool
	if err := source.QueryRow(ctx, there, c.Source.SQL()).Scan(&left); err != nil || left {
		return false, err
	}
	if err := target.QueryRow(ctx, there, c.Target.SQL()).Scan(&right); err != nil {
		return false, err
	}
	if right {
		return false, &DiffError{c.Source, "the target has the table and the source does not"}
	}
	return true, nil
}

func (c Compared) columns(ctx context.Context, source, target *pgx.Conn) (from, to []string, err error) {
	if from, err = liveColumns(ctx, source, c.Source); err != nil {
		return nil, nil, fmt.Errorf("columns of %s on the source: %w", c.Source, err)
	}
	has, err := liveColumns(ctx, target, c.Target)
	var missing *pgconn.PgError
	if errors.As(err, &missing) && missing.Code == "42P01" {
		return nil, nil, &DiffError{c.Source, "the target has no table " + c.Target.SQL()}
	}
	if err != nil {
		return nil, nil, fmt.Errorf("columns of %s on the target: %w", c.Target, err)
	}
	extra := len(from) != len(has)
	if c.Columns != nil {
		from = c.Columns
	}
	for _, column := range from {
		name := column
		if renamed, ok := c.Renamed[column]; ok {
			name = renamed
		}
		if !slices.Contains(has, name) {
			return nil, nil, &DiffError{c.Source, fmt.Sprintf("the target has no column %q, only %q", name, has)}
		}
		to = append(to, name)
	}
	if extra && !c.ExtraAllowed {
		return nil, nil, &DiffError{c.Source, fmt.Sprintf("columns are %q on the source, %q on the target", from, has)}
	}
	return from, to, nil
}

func liveColumns(ctx context.Context, c *pgx.Conn, table ident.Name) ([]string, error) {
	rows, err := c.Query(ctx, `SELECT attname::text FROM pg_catalog.pg_attribute
		WHERE attrelid = $1::text::pg_catalog.regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum`, table.SQL())
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

// bits are functions that give the bits of types whose text became the shortest exact one in version 12.
var bits = map[string]string{
	"float4": "float4send", "float8": "float8send", "point": "point_send", "lseg": "lseg_send", "path": "path_send",
	"box": "box_send", "polygon": "poly_send", "line": "line_send", "circle": "circle_send",
}

// forms are the expressions by which columns are compared: themselves, or their bits where one server is
// older than 12 and the other is not. Bits of NaN differ, its text does not.
func forms(ctx context.Context, source, target *pgx.Conn, table ident.Name, from, to []string) (left, right []string, err error) {
	var versions [2]int
	for i, c := range []*pgx.Conn{source, target} {
		if err := c.QueryRow(ctx, "SELECT current_setting('server_version_num')::int").Scan(&versions[i]); err != nil {
			return nil, nil, err
		}
	}
	for i, column := range from {
		form := "%s"
		if (versions[0] < 120000) != (versions[1] < 120000) {
			var kind string
			if err := source.QueryRow(ctx, `SELECT t.typname::text FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid AND t.oid < 16384
				WHERE a.attrelid = $1::text::pg_catalog.regclass AND a.attname = $2`, table.SQL(), column).Scan(&kind); err != nil && !errors.Is(err, pgx.ErrNoRows) {
				return nil, nil, fmt.Errorf("type of %s.%s: %w", table, column, err)
			}
			element, array := strings.CutPrefix(kind, "_")
			switch send := bits[element]; {
			case send == "":
			case array:
				form = "pg_catalog.array_send(%s)"
			case element == "float4", element == "float8":
				form = "CASE WHEN %[1]s = 'NaN' THEN 'NaN' ELSE pg_catalog." + send + "(%[1]s)::text END"
			default:
				form = "pg_catalog." + send + "(%s)"
			}
		}
		left, right = append(left, fmt.Sprintf(form, ident.Quote(column))), append(right, fmt.Sprintf(form, ident.Quote(to[i])))
	}
	return left, right, nil
}

// rowsSQL yields each row as one text, of expressions. ROW(…)::text uses every type's own output function and
// tells NULL from the empty string.
func rowsSQL(table ident.Name, only bool, columns []string) string {
	from := table.SQL()
	if only {
		from = "ONLY " + from
	}
	return "SELECT ROW(" + strings.Join(columns, ", ") + ")::text AS r FROM " + from
}

// digestSQL hashes the UTF-8 form, for the two databases may differ in encoding.
func digestSQL(table ident.Name, only bool, columns []string) string {
	return `SELECT count(*), coalesce(sum(('x' || substr(md5(convert_to(r, 'UTF8')), 1, 16))::bit(64)::bigint), 0) FROM (` +
		rowsSQL(table, only, columns) + ") AS rows"
}

const sampled = 200_000

// sample shows the first rows that only one side has.
func sample(ctx context.Context, source, target *pgx.Conn, left, right string) string {
	seen := map[string]int{}
	if err := tally(ctx, source, left, seen, 1); err != nil {
		return "; " + err.Error()
	}
	if err := tally(ctx, target, right, seen, -1); err != nil {
		return "; " + err.Error()
	}
	rows := make([]string, 0, len(seen))
	for row, n := range seen {
		if n != 0 {
			rows = append(rows, row)
		}
	}
	slices.Sort(rows)
	var b strings.Builder
	for i, row := range rows {
		if i == 8 {
			fmt.Fprintf(&b, "\n    … and %d more", len(rows)-i)
			break
		}
		side, n := "source", seen[row]
		if n < 0 {
			side, n = "target", -n
		}
		fmt.Fprintf(&b, "\n    %d× only on the %s: %s", n, side, shorten(row))
	}
	return b.String()
}

func shorten(row string) string {
	const most = 240
	if r := []rune(row); len(r) > most {
		return fmt.Sprintf("%s… (%d characters)", string(r[:most]), len(r))
	}
	return row
}

func tally(ctx context.Context, c *pgx.Conn, sql string, seen map[string]int, by int) error {
	rows, err := c.Query(ctx, fmt.Sprintf("%s ORDER BY 1 LIMIT %d", sql, sampled))
	if err != nil {
		return err
	}
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	for _, row := range list {
		seen[row] += by
	}
	return err
}
