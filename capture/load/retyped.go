package load

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"floe/pkg/pg"
)

// withinSQL are the types in a table's columns, however deep they lie. Servers before 14 have no rngmultitypid.
const withinSQL = `WITH RECURSIVE t AS (
		SELECT atttypid AS oid FROM pg_catalog.pg_attribute WHERE attrelid = $1 AND attnum > 0 AND NOT attisdropped
		UNION SELECT n.oid FROM t JOIN pg_catalog.pg_type y ON y.oid = t.oid, LATERAL (
			SELECT y.typelem UNION ALL SELECT y.typbasetype
			UNION ALL SELECT a.atttypid FROM pg_catalog.pg_attribute a WHERE y.typrelid <> 0 AND a.attrelid = y.typrelid AND a.attnum > 0 AND NOT a.attisdropped
			UNION ALL SELECT r.rngsubtype FROM pg_catalog.pg_range r WHERE y.typtype IN ('r', 'm') AND y.oid::text IN (r.rngtypid::text, to_jsonb(r)->>'rngmultitypid')) n(oid) WHERE n.oid <> 0)
	`

// typesSQL is what enums and composite types among them consist of, as one text, and who wrote that: it does not become
// the same again.
const typesSQL = withinSQL + `SELECT coalesce(string_agg(s.is, ',' ORDER BY s.is COLLATE "C"), '') FROM (
		SELECT 't ' || y.oid AS is FROM t JOIN pg_catalog.pg_type y ON y.oid = t.oid WHERE y.typtype IN ('c', 'e')
		UNION ALL SELECT 'a ' || a.attrelid || ' ' || a.attnum || ' ' || a.atttypid || ' ' || a.xmin
			FROM t JOIN pg_catalog.pg_type y ON y.oid = t.oid JOIN pg_catalog.pg_attribute a ON a.attrelid = y.typrelid WHERE y.typtype = 'c' AND a.attnum > 0 AND NOT a.attisdropped
		UNION ALL SELECT 'l ' || e.oid || ' ' || e.xmin FROM t JOIN pg_catalog.pg_enum e ON e.enumtypid = t.oid) s`

// typesOf is that text, empty for a table without such columns.
func typesOf(ctx context.Context, conn *pgx.Conn, t *version) (text string, err error) {
	for i := range t.Shape.Columns {
		if t.Shape.Columns[i].Type.Schema != "pg_catalog" {
			err = conn.QueryRow(ctx, typesSQL, t.Shape.OID).Scan(&text)
			break
		}
	}
	if err != nil && pg.Code(err) == "" {
		return "", errors.Join(errConnection, err)
	}
	if err != nil {
		return "", fmt.Errorf("look at the types of %s: %w", t.Shape.Name, err)
	}
	return text, nil
}

// ofItsTypes sees to it that what was read so far is of the types that S shows. No lock on a table keeps its types as
// they are, and the server writes values by what these are when it writes, not by S: such a chunk would stand before the
// change, with values that are of no type there, or mean something else.
func (p *part) ofItsTypes(ctx context.Context) error {
	if p.types == "" {
		return nil
	}
	l := p.loader
	l.asking.Lock() // other readers' chunks end as well
	defer l.asking.Unlock()
	if err := l.renew(ctx, &l.guard); err != nil {
		return err
	}
	now, err := typesOf(ctx, l.guard, p.t)
	if err == nil && now != p.types {
		err = errors.Join(errLater, fmt.Errorf("types of %s changed while it was read", p.t.Shape.Name))
	}
	return err
}

// membersSQL is what each of them consists of, in the form of Loader.Members.
const membersSQL = withinSQL + `SELECT y.oid, CASE y.typtype
		WHEN 'e' THEN (SELECT string_agg(e.oid || ' ' || e.enumlabel, ',' ORDER BY e.oid) FROM pg_catalog.pg_enum e WHERE e.enumtypid = y.oid)
		ELSE (SELECT string_agg(a.attnum::text, ',' ORDER BY a.attnum) FROM pg_catalog.pg_attribute a WHERE a.attrelid = y.typrelid AND a.attnum > 0 AND NOT a.attisdropped) END
	FROM t JOIN pg_catalog.pg_type y ON y.oid = t.oid WHERE y.typtype IN ('c', 'e')`

// defined asks, under S, whether the table's types are what the stream has come to: where all seems told, one session
// may have changed them that told nobody (docs/adr/0005). Its chunk waits until that is found.
func (l *Loader) defined(ctx context.Context, p *part) error {
	if p.types == "" || l.Members == nil {
		return nil
	}
	known := l.Members()
	rows, err := p.reader.conn.Query(ctx, membersSQL, p.t.Shape.OID)
	if err != nil {
		return errors.Join(errConnection, err)
	}
	var oid uint32
	var is *string
	var other error
	_, err = pgx.ForEachRow(rows, []any{&oid, &is}, func() error {
		now := ""
		if is != nil {
			now = *is
		}
		if was, ok := known[oid]; ok && was != now {
			other = errors.Join(errLater, fmt.Errorf("type %d of %s is %q, and was %q where the stream stands", oid, p.t.Shape.Name, now, was))
		}
		return nil
	})
	if err != nil {
		return errors.Join(errConnection, err)
	}
	return other
}
