package shapes

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"

	"floe/pkg/ident"

	"github.com/jackc/pgx/v5"
)

// source is what the server says that there is to change. It is asked before every change, so that what a
// change does need not be known here.
type source struct {
	r       *rand.Rand
	made    int // names that were given
	schemas []string
	tables  []table
	enums   []ident.Name
	types   []ident.Name // domains and composites
	views   []ident.Name
	indexes []ident.Name
	rules   []constraint // of tables
}

type table struct {
	ident.Name
	kind    string // r or p
	child   bool   // a partition, or one that inherits
	columns []column
}

type column struct {
	name, typ string // the type as SQL has it
	kind      string // pg_type.typtype
	written   bool   // by INSERT and UPDATE: neither generated nor an identity
}

type constraint struct {
	table ident.Name
	name  string
}

const tablesSQL = `SELECT n.nspname, c.relname, c.relkind::text, c.relispartition OR EXISTS (SELECT FROM pg_inherits WHERE inhrelid = c.oid),
		a.attname, format_type(a.atttypid, a.atttypmod), t.typtype::text, coalesce(to_jsonb(a)->>'attgenerated', '') = '' AND a.attidentity = ''
	FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
	LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped LEFT JOIN pg_type t ON t.oid = a.atttypid
	WHERE c.relkind IN ('r', 'p') AND n.nspname = ANY($1) ORDER BY 1, 2, a.attnum`

// look asks for everything. It works inside of a transaction, too.
func (s *source) look(ctx context.Context, c *pgx.Conn) error {
	var err error
	if s.schemas, err = list(ctx, c, pgx.RowTo[string], "SELECT nspname::text FROM pg_namespace WHERE nspname = 'public' OR nspname ~ '^s[0-9]+$' ORDER BY 1"); err != nil {
		return err
	}
	if err := s.lookAtTables(ctx, c); err != nil {
		return err
	}
	for _, l := range []struct {
		to  *[]ident.Name
		sql string
	}{
		{&s.enums, "SELECT n.nspname, t.typname FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE t.typtype = 'e' AND n.nspname = ANY($1) ORDER BY 1, 2"},
		{&s.types, `SELECT n.nspname, t.typname FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace LEFT JOIN pg_class c ON c.oid = t.typrelid
			WHERE (t.typtype = 'd' OR c.relkind = 'c') AND n.nspname = ANY($1) ORDER BY 1, 2`},
		{&s.views, "SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'v' AND n.nspname = ANY($1) ORDER BY 1, 2"},
		{&s.indexes, `SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('i', 'I') AND n.nspname = ANY($1)
			AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = c.oid) ORDER BY 1, 2`},
	} {
		if *l.to, err = list(ctx, c, name, l.sql, s.schemas); err != nil {
			return err
		}
	}
	s.rules, err = list(ctx, c, func(r pgx.CollectableRow) (o constraint, err error) {
		return o, r.Scan(&o.table.Schema, &o.table.Name, &o.name)
	}, `SELECT n.nspname, c.relname, o.conname FROM pg_constraint o JOIN pg_class c ON c.oid = o.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE n.nspname = ANY($1) AND o.contype IN ('p', 'u', 'c', 'f') ORDER BY 1, 2, 3`, s.schemas)
	return err
}

func (s *source) lookAtTables(ctx context.Context, c *pgx.Conn) error {
	rows, err := c.Query(ctx, tablesSQL, s.schemas)
	if err != nil {
		return fmt.Errorf("look at the tables: %w", err)
	}
	s.tables = nil
	var t table
	var col, typ, kind *string
	var written *bool
	_, err = pgx.ForEachRow(rows, []any{&t.Schema, &t.Name.Name, &t.kind, &t.child, &col, &typ, &kind, &written}, func() error {
		if n := len(s.tables); n == 0 || s.tables[n-1].Name != t.Name {
			s.tables = append(s.tables, t)
		}
		if col != nil {
			last := &s.tables[len(s.tables)-1]
			last.columns = append(last.columns, column{*col, *typ, *kind, *written})
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("look at the tables: %w", err)
	}
	return nil
}

func list[T any](ctx context.Context, c *pgx.Conn, to pgx.RowToFunc[T], sql string, args ...any) ([]T, error) {
	rows, err := c.Query(ctx, sql, args...)
	if err != nil {
		return nil, fmt.Errorf("look at the source: %w", err)
	}
	out, err := pgx.CollectRows(rows, to)
	if err != nil {
		return nil, fmt.Errorf("look at the source: %w", err)
	}
	return out, nil
}

func name(r pgx.CollectableRow) (n ident.Name, err error) { return n, r.Scan(&n.Schema, &n.Name) }

// fresh is a name that nothing has.
func (s *source) fresh(prefix string) string {
	s.made++
	return fmt.Sprintf("%s%d", prefix, s.made)
}

// one of some, and whether there is one.
func one[T any](r *rand.Rand, some []T) (out T, ok bool) {
	if len(some) == 0 {
		return out, false
	}
	return some[r.IntN(len(some))], true
}

// in puts a new name into a schema that exists.
func (s *source) in(prefix string) string {
	schema, _ := one(s.r, s.schemas)
	return ident.Name{Schema: schema, Name: s.fresh(prefix)}.SQL()
}

// typ is the type of a new column.
func (s *source) typ() string {
	plain := []string{"int", "bigint", "numeric", "numeric(12,2)", "text", "varchar(40)", "char(6)", "boolean", "timestamptz", "date", "interval", "uuid", "jsonb", "bytea", "int[]", "text[]", "double precision", "int4range", "inet"}
	n := s.r.IntN(len(plain) + len(s.enums) + len(s.types))
	switch {
	case n < len(plain):
		return plain[n]
	case n < len(plain)+len(s.enums):
		return s.enums[n-len(plain)].SQL()
	}
	return s.types[n-len(plain)-len(s.enums)].SQL()
}

// value is an expression of g for a column; NULL where no value comes to mind.
func value(c column) string {
	if c.kind == "e" {
		return fmt.Sprintf("(enum_range(NULL::%[1]s))[1 + g %% array_length(enum_range(NULL::%[1]s), 1)]", c.typ)
	}
	base, _, _ := strings.Cut(c.typ, "(")
	switch base {
	case "integer", "bigint", "numeric", "double precision", "smallint":
		return "g"
	case "text":
		return "CASE WHEN g % 9 = 0 THEN (SELECT string_agg(md5(i::text || g), '') FROM generate_series(1, 300) i) ELSE 'v' || g END"
	case "character varying", "character":
		return "'v' || g % 1000"
	case "boolean":
		return "g % 2 = 0"
	case "timestamp with time zone", "timestamp without time zone", "date":
		return fmt.Sprintf("(timestamptz '2020-01-01 00:00Z' + g * interval '1 minute')::%s", c.typ)
	case "interval":
		return "g * interval '1 second'"
	case "uuid":
		return "md5(g::text)::uuid"
	case "jsonb":
		return "jsonb_build_object('g', g)"
	case "bytea":
		return "decode(md5(g::text), 'hex')"
	case "integer[]":
		return "ARRAY[g, NULL, g + 1]"
	case "text[]":
		return "ARRAY['a,' || g, NULL]"
	case "int4range":
		return "int4range(g, g + 10)"
	case "inet":
		return "inet '10.0.0.0' + g"
	}
	if c.kind == "d" {
		return "g::text::" + c.typ
	}
	return "NULL"
}
