package target

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"floe/applier/render"
	"floe/pkg/event"
	"floe/pkg/halt"
	"floe/pkg/ident"
)

// Describe finds how the rows of a source table meet the target's table name: which columns it has,
// whether its key can arbitrate conflicts, how the key compares. column gives the target's names.
func (s *Session) Describe(ctx context.Context, shape *event.Table, name ident.Name, column func(string) string) (*render.Table, error) {
	t := &render.Table{Shape: shape, Name: name, Columns: make([]render.Column, len(shape.Columns))}
	var oid uint32
	var kind string
	err := s.Conn.QueryRow(ctx, `SELECT c.oid, c.relkind::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind IN ('r', 'p', 'f')`, name.Schema, name.Name).Scan(&oid, &kind)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, halt.New(halt.TargetTableMissing, "create it, or let floe make it (init.structure)", "table %s is not on the target", name)
	}
	if err != nil {
		return nil, fmt.Errorf("look up %s: %w", name, err)
	}
	t.Partitioned = kind == "p"
	if err := errors.Join(s.rules(ctx, name, oid), s.columns(ctx, t, oid, column)); err != nil {
		return nil, err
	}
	return t, s.arbiter(ctx, t, oid)
}

// rules looks for what the target's owner has run instead of changes: they would count as made and not be
// there. Rules that floe makes come at the cut-over.
func (s *Session) rules(ctx context.Context, name ident.Name, oid uint32) error {
	fires := "A,O"
	if s.Replica {
		fires = "A,R"
	}
	rows, err := s.Conn.Query(ctx, `SELECT quote_ident(rulename) FROM pg_rewrite WHERE ev_class = $1 AND is_instead AND ev_type IN ('2', '3', '4')
		AND ev_enabled::text = ANY(string_to_array($2, ',')) ORDER BY 1`, oid, fires)
	if err != nil {
		return fmt.Errorf("look up rules of %s: %w", name, err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return fmt.Errorf("look up rules of %s: %w", name, err)
	}
	if len(found) == 0 {
		return nil
	}
	return halt.New(halt.ConstraintViolation, "disable or drop it (ALTER TABLE "+name.SQL()+" DISABLE RULE "+found[0]+"); floe then goes on by itself",
		"rules of table %s on the target would run instead of floe's changes: %s", name, strings.Join(found, ", "))
}

type found struct {
	Name, Schema, Type string
	BaseSchema, Base   string // of a domain over an enum: the enum
	Fixed, Generated   bool
	Bytewise, Octal    bool
	Spelled            bool
	SQL                string // with its modifier
	Typmod             int32
	Under, Element     string // the server's own type under a domain, or itself; of an array, its elements'
	UnderTypmod        int32
	ThroughSchema      string
	Through            string
}

// casts finds, for a type y and the type r under it if it is a domain, what render.Column says of its casts.
// Casts of the server's own have low numbers; of those one reads otherwise than the input function (regclass)
// and one makes one text of two values (bpchar without a length, a.atttypmod).
const casts = `
		LEFT JOIN LATERAL (WITH RECURSIVE d AS (SELECT y.oid, y.typtype, y.typbasetype AS base, y.typtypmod >= 0 AS cut, y.typtypmod AS mod
				UNION ALL SELECT e.oid, e.typtype, e.typbasetype, d.cut OR e.typtype = 'd' AND e.typtypmod >= 0, CASE WHEN e.typtype = 'd' THEN e.typtypmod ELSE d.mod END FROM d JOIN pg_type e ON d.typtype = 'd' AND e.oid = d.base)
			SELECT d.oid, d.cut, d.mod FROM d WHERE d.typtype <> 'd') r ON true
		LEFT JOIN pg_type ya ON ya.oid = y.typarray AND (r.cut AND r.oid = ANY ('{bpchar,varchar,bit,varbit}'::regtype[]) OR EXISTS (SELECT FROM pg_cast x
			WHERE x.castsource = 'text'::regtype AND x.casttarget = r.oid AND x.castmethod = 'f' AND (x.oid >= 16384 OR r.oid = 'regclass'::regtype)))
		LEFT JOIN pg_namespace yn ON yn.oid = ya.typnamespace`

func (s *Session) columns(ctx context.Context, t *render.Table, oid uint32, column func(string) string) error {
	generated := "a.attgenerated <> ''"
	if s.Version < 120000 {
		generated = "false"
	}
	octal := "false"
	if s.Version < 150000 {
		octal = "a.atttypid IN " + oneByte
	}
	rows, err := s.Conn.Query(ctx, `SELECT a.attname::text AS name, n.nspname::text AS schema, y.typname::text AS type,
			coalesce(b.nspname, '') AS base_schema, coalesce(b.typname, '') AS base, a.attidentity = 'a' AS fixed, `+generated+` AS generated, `+octal+` AS octal,
			coalesce(yn.nspname, '') AS through_schema, coalesce(ya.typname, '') AS through, r.oid = 'bpchar'::regtype AND a.atttypmod < 0 OR EXISTS (SELECT FROM pg_cast x
				WHERE x.castsource = r.oid AND x.casttarget = 'text'::regtype AND x.castmethod = 'f' AND x.oid >= 16384) AS spelled,
			a.attcollation IN (950, 951) AND current_setting('server_encoding') = 'UTF8' AS bytewise, -- the oids of C and POSIX are built in
			format_type(a.atttypid, a.atttypmod) AS sql, a.atttypmod AS typmod, CASE WHEN r.oid < 16384 THEN u.typname::text ELSE '' END AS under,
			coalesce((SELECT l.typname::text FROM pg_type l WHERE l.oid = u.typelem AND l.typarray = u.oid AND l.oid < 16384 AND l.typtype = 'b'), '') AS element,
			CASE WHEN y.typtype = 'd' THEN r.mod ELSE a.atttypmod END AS under_typmod
		FROM pg_attribute a JOIN pg_type y ON y.oid = a.atttypid JOIN pg_namespace n ON n.oid = y.typnamespace
		LEFT JOIN LATERAL (WITH RECURSIVE d AS (SELECT y.typtype, y.typbasetype AS base WHERE y.typtype = 'd'
				UNION ALL SELECT e.typtype, e.typbasetype FROM d JOIN pg_type e ON e.oid = d.base AND e.typtype = 'd')
			SELECT m.nspname::text, e.typname::text FROM d JOIN pg_type e ON e.oid = d.base AND e.typtype = 'e' JOIN pg_namespace m ON m.oid = e.typnamespace) b ON true`+casts+`
		LEFT JOIN pg_type u ON u.oid = r.oid
		WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped`, oid)
	if err != nil {
		return fmt.Errorf("look up columns of %s: %w", t.Name, err)
	}
	have, err := pgx.CollectRows(rows, pgx.RowToStructByName[found])
	if err != nil {
		return fmt.Errorf("look up columns of %s: %w", t.Name, err)
	}
	own := len(have)
	for i := range t.Columns {
		name := column(t.Shape.Columns[i].Name)
		t.Columns[i] = render.Column{Name: name, Absent: true}
		for _, f := range have {
			if f.Name == name && !f.Generated {
				own--
				t.Columns[i] = render.Column{Name: name, Type: ident.Name{Schema: f.Schema, Name: f.Type}, Fixed: f.Fixed, Bytewise: f.Bytewise, Misread: narrow(t.Shape.Columns[i], &f),
					Base: ident.Name{Schema: f.BaseSchema, Name: f.Base}, Spelled: f.Spelled, Through: ident.Name{Schema: f.ThroughSchema, Name: f.Through}}
				if n := t.Columns[i].Misread; f.Octal && n != nil {
					t.Columns[i].Misread = func(text []byte) error { return cmp.Or(oldChar(text), n(text)) }
				} else if f.Octal {
					t.Columns[i].Misread = oldChar
				}
			}
		}
	}
	for _, f := range have {
		if f.Generated {
			own--
		}
	}
	t.Beside = own > 0
	for _, k := range t.Shape.Key {
		if t.Columns[k].Absent {
			return halt.New(halt.TargetTableMissing, "add the column, or map it (objects.mapping)", "table %s on the target lacks the key column %s", t.Name, t.Columns[k].Name)
		}
	}
	return nil
}

// oneByte are the types that are a "char" or hold one: arrays, domains, composites, ranges.
const oneByte = `(WITH RECURSIVE h(oid) AS (SELECT '"char"'::regtype::oid UNION SELECT t.oid FROM h JOIN pg_type t ON t.typbasetype = h.oid
	OR t.typelem = h.oid AND t.typlen = -1 OR EXISTS (SELECT FROM pg_range r WHERE r.rngtypid = t.oid AND r.rngsubtype = h.oid)
	OR EXISTS (SELECT FROM pg_attribute m WHERE m.attrelid = t.typrelid AND m.atttypid = h.oid AND m.attnum > 0 AND NOT m.attisdropped)) SELECT oid FROM h)`

type keyColumn struct {
	Index    uint32
	Column   string
	Operator string
	Oid      uint32
}

// arbiter looks for a unique index over exactly the key's columns.
func (s *Session) arbiter(ctx context.Context, t *render.Table, oid uint32) error {
	if len(t.Shape.Key) == 0 {
		return nil
	}
	rows, err := s.Conn.Query(ctx, `SELECT i.indexrelid AS index, a.attname::text AS "column",
		coalesce((SELECT quote_ident(n.nspname) || '.' || o.oprname FROM pg_opclass c
			JOIN pg_amop m ON m.amopfamily = c.opcfamily AND m.amopstrategy = 3 AND m.amoplefttype = c.opcintype AND m.amoprighttype = c.opcintype
			JOIN pg_operator o ON o.oid = m.amopopr JOIN pg_namespace n ON n.oid = o.oprnamespace
			WHERE c.oid = i.indclass[u.n - 1]), '') AS operator, i.indrelid AS oid
		FROM pg_index i CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY u(attnum, n)
		JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = u.attnum
		WHERE i.indrelid = $1 AND i.indisunique AND NOT i.indisexclusion AND i.indimmediate AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL AND u.n <= i.indnkeyatts
		ORDER BY i.indexrelid, u.n`, oid)
	if err != nil {
		return fmt.Errorf("look up keys of %s: %w", t.Name, err)
	}
	cols, err := pgx.CollectRows(rows, pgx.RowToStructByName[keyColumn])
	if err != nil {
		return fmt.Errorf("look up keys of %s: %w", t.Name, err)
	}
	for len(cols) > 0 {
		n := 1
		for n < len(cols) && cols[n].Index == cols[0].Index {
			n++
		}
		if t.Arbiter = fits(t, cols[:n]); t.Arbiter {
			return nil
		}
		cols = cols[n:]
	}
	return nil
}

// fits reports whether the index is over the key's columns, and takes its operators if so.
func fits(t *render.Table, index []keyColumn) bool {
	if len(index) != len(t.Shape.Key) {
		return false
	}
	for _, k := range t.Shape.Key {
		if !slices.ContainsFunc(index, func(c keyColumn) bool { return c.Column == t.Columns[k].Name }) {
			return false
		}
	}
	for _, k := range t.Shape.Key {
		i := slices.IndexFunc(index, func(c keyColumn) bool { return c.Column == t.Columns[k].Name })
		t.Columns[k].Equal = index[i].Operator
	}
	return true
}
