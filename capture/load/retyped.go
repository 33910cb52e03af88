package load

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"floe/pkg/pg"
)

// typesSQL is what enums and composite types in a table's columns consist of, however deep they lie, as one text, and who
// wrote that: it does not become the same again. Servers before 14 have no rngmultitypid.
const typesSQL = `WITH RECURSIVE t AS (
		SELECT atttypid AS oid FROM pg_catalog.pg_attribute WHERE attrelid = $1 AND attnum > 0 AND NOT attisdropped
		UNION SELECT n.oid FROM t JOIN pg_catalog.pg_type y ON y.oid = t.oid, LATERAL (
			SELECT y.typelem UNION ALL SELECT y.typbasetype
			UNION ALL SELECT a.atttypid FROM pg_catalog.pg_attribute a WHERE y.typrelid <> 0 AND a.attrelid = y.typrelid AND a.attnum > 0 AND NOT a.attisdropped
			UNION ALL SELECT r.rngsubtype FROM pg_catalog.pg_range r WHERE y.typtype IN ('r', 'm') AND y.oid::text IN (r.rngtypid::text, to_jsonb(r)->>'rngmultitypid')) n(oid) WHERE n.oid <> 0)
	SELECT coalesce(string_agg(s.is, ',' ORDER BY s.is COLLATE "C"), '') FROM (
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
