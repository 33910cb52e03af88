package target

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"floe/applier/render"
	"floe/pkg/event"
	"floe/pkg/ident"
)

// Met is the row that another one met in a unique or exclusion constraint. The zero value is a row that
// was not found.
//
//   - Tuple changes whenever anything writes to the row, if only the values that it has.
//   - Same: it bears the other one's own key, so the constraint is none beside the key.
type Met struct {
	Key   []string
	Tuple string
	Same  bool
}

// mark is the row, and this version of it, as floe.aside keeps it.
func (m Met) mark() string { return fmt.Sprintf("%s %q", m.Tuple, m.Key) }

// Meets returns what the server says of a row that another one is in the way of; nil for other errors.
func Meets(err error) *pgconn.PgError {
	var pe *pgconn.PgError
	if errors.As(err, &pe) && (pe.Code == "23505" || pe.Code == "23P01") {
		return pe
	}
	return nil
}

// constraintSQL is how an index compares: each column or expression of it, and the operator by which two
// of them are one too many. Index and constraint have one name.
const constraintSQL = `SELECT pg_get_indexdef(x.indexrelid, k, false) AS expr, 'OPERATOR(' || quote_ident(n.nspname) || '.' || o.oprname || ')' AS op,
		coalesce(pg_get_expr(x.indpred, x.indrelid), 'true') AS pred
	FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid JOIN pg_namespace s ON s.oid = t.relnamespace
	CROSS JOIN LATERAL generate_series(1, x.indnkeyatts::int) k
	LEFT JOIN pg_constraint c ON c.conindid = x.indexrelid AND c.contype = 'x'
	JOIN pg_opclass oc ON oc.oid = x.indclass[k - 1]
	LEFT JOIN pg_amop a ON a.amopfamily = oc.opcfamily AND a.amopstrategy = 3 AND a.amoplefttype = oc.opcintype AND a.amoprighttype = oc.opcintype
	JOIN pg_operator o ON o.oid = coalesce(c.conexclop[k], a.amopopr) JOIN pg_namespace n ON n.oid = o.oprnamespace
	WHERE s.nspname = $1 AND t.relname = $2 AND i.relname = $3 ORDER BY k`

// Met finds the row that stands in the way of an image, by what the server said of it. The image may leave
// columns out; a constraint over those finds no row.
func (s *Session) Met(ctx context.Context, to *render.Table, image []event.Datum, said *pgconn.PgError) (m Met, err error) {
	rows, err := s.Conn.Query(ctx, constraintSQL, said.SchemaName, said.TableName, said.ConstraintName)
	if err != nil {
		return m, fmt.Errorf("look up %s: %w", said.ConstraintName, err)
	}
	var exprs, match []string
	var expr, op, pred string
	_, err = pgx.ForEachRow(rows, []any{&expr, &op, &pred}, func() error {
		n := len(exprs) + 1
		exprs = append(exprs, fmt.Sprintf("(%s) AS e%d", expr, n))
		match = append(match, fmt.Sprintf("q.e%d %s r.e%[1]d", n, op))
		return nil
	})
	if err != nil {
		return m, fmt.Errorf("look up %s: %w", said.ConstraintName, err)
	}
	if len(exprs) == 0 {
		return m, nil
	}
	row, err := json.Marshal(texts(to, image))
	if err != nil {
		return m, err
	}
	leaf := ident.Name{Schema: said.SchemaName, Name: said.TableName}.SQL()
	var keys []string
	for _, k := range to.Shape.Key {
		keys = append(keys, ident.Quote(to.Columns[k].Name)+"::text")
	}
	key := "ARRAY[" + strings.Join(keys, ", ") + "]"
	e := strings.Join(exprs, ", ")
	err = s.Conn.QueryRow(ctx, "SELECT q.key, q.at, q.key = r.key FROM (SELECT "+key+" AS key, xmin::text || ' ' || ctid::text AS at, "+e+" FROM ONLY "+leaf+" t WHERE "+pred+
		") q JOIN (SELECT "+key+" AS key, "+e+" FROM json_populate_record(NULL::"+leaf+", $1::text::json) t) r ON "+strings.Join(match, " AND ")+" LIMIT 1", string(row)).
		Scan(&m.Key, &m.Tuple, &m.Same)
	if errors.Is(err, pgx.ErrNoRows) {
		return Met{}, nil
	}
	if err != nil {
		return m, fmt.Errorf("look for the row of %s that %s found: %w", to.Name, said.ConstraintName, err)
	}
	return m, nil
}

// texts are the values of an image by the target's names of their columns.
func texts(to *render.Table, image []event.Datum) map[string]*string {
	out := map[string]*string{}
	for i := range to.Columns {
		if c := &to.Columns[i]; !c.Absent && image[i].Kind == event.Value {
			text := string(image[i].Text)
			out[c.Name] = &text
		}
	}
	return out
}

// Aside notes in the open transaction what a row that was set aside met.
func (s *Session) Aside(ctx context.Context, o Owner, table uint32, key []string, m Met) error {
	return s.asked(ctx, `INSERT INTO floe.aside (job, applier, table_oid, key, met) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (job, applier, table_oid, key) DO UPDATE SET met = EXCLUDED.met, settled = false`, o.Job, o.Applier, int64(table), key, m.mark())
}

// Proven are the rows of a table that was settled since they were set aside, and what they met then.
type Proven map[string]string

// Is reports whether the row that key met is the very one that it met before its table was settled.
func (p Proven) Is(key []string, m Met) bool {
	met, ok := p[fmt.Sprintf("%q", key)]
	return ok && m.Tuple != "" && met == m.mark()
}

// Proven reads what is proven of a table.
func (s *Session) Proven(ctx context.Context, o Owner, table uint32) (Proven, error) {
	rows, err := s.Conn.Query(ctx, "SELECT key, met FROM floe.aside WHERE job = $1 AND applier = $2 AND table_oid = $3 AND settled", o.Job, o.Applier, int64(table))
	if err != nil {
		return nil, fmt.Errorf("read what was set aside: %w", err)
	}
	out := Proven{}
	var key []string
	var met string
	_, err = pgx.ForEachRow(rows, []any{&key, &met}, func() error {
		out[fmt.Sprintf("%q", key)] = met
		return nil
	})
	return out, err
}

// Settle notes that a table was settled since its rows were set aside.
func (s *Session) Settle(ctx context.Context, o Owner, table uint32) error {
	return s.asked(ctx, "UPDATE floe.aside SET settled = true WHERE job = $1 AND applier = $2 AND table_oid = $3", o.Job, o.Applier, int64(table))
}
