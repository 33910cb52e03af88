// Package filter decides which changes of a table with a condition (objects.filters) are events. The
// source evaluates conditions, so that its types, collations and functions decide; a condition depends on
// the row alone (catalog.CheckFilter), so that the answer is the same whenever it is asked.
//
// An update may move a row across the condition: into it, it is an insert to whoever reads the log, out
// of it a delete. That needs the whole old image: filtered tables have REPLICA IDENTITY FULL.
//
// The source's catalog is today's, and the row may be older: a type that was renamed is found by its oid; a
// label that was, or a type that is no more, gives an error of the server's (Past).
package filter

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"floe/capture/route"
	"floe/pkg/catalog"
	"floe/pkg/event"
	"floe/pkg/halt"
	"floe/pkg/ident"
)

// Filter asks a source. It is used by one goroutine.
type Filter struct {
	conn    *pgx.Conn
	queries map[*route.Table]*query
}

// New returns a Filter that asks over conn.
func New(conn *pgx.Conn) *Filter { return &Filter{conn: conn, queries: map[*route.Table]*query{}} }

// ErrNoOld is of a change that bears no old row: whether it was in nobody can tell.
var ErrNoOld = errors.New("the change bears no old row")

// query asks whether one image meets its table's condition.
type query struct {
	sql     string
	columns []int // of the shape, in the order of the parameters
}

// Row makes of a row, with its whole old image, what it is to readers of the log; false drops it.
func (f *Filter) Row(ctx context.Context, t *route.Table, row *event.Row) (bool, error) {
	if row.Op == event.Truncate {
		return true, nil
	}
	if row.Op != event.Create && row.Before == nil {
		return false, &halt.Error{Code: halt.FilterRefused, Fix: "give the table REPLICA IDENTITY FULL, then `floe job reset`: a new log begins and everything is loaded again",
			Detail: fmt.Sprintf("%s has a filter, and a change at %s has no old row to hold against it", t.Shape.Name, row.Pos), Err: ErrNoOld}
	}
	was, is, err := f.meet(ctx, t, row)
	if err != nil {
		return false, fmt.Errorf("evaluate the filter of %s at %s: %w", t.Shape.Name, row.Pos, err)
	}
	switch {
	case was && is, row.Op == event.Create && is, row.Op == event.Delete && was:
		return true, nil
	case is:
		row.Op, row.Before = event.Create, nil
		return true, nil
	case was:
		row.Op, row.After = event.Delete, nil
		return true, nil
	}
	return false, nil
}

// meet asks for both images in one round trip.
func (f *Filter) meet(ctx context.Context, t *route.Table, row *event.Row) (was, is bool, err error) {
	q := f.queries[t]
	if q == nil {
		if q, err = f.newQuery(ctx, t); err != nil {
			return false, false, err
		}
		f.queries[t] = q
	}
	var b pgx.Batch
	ask := func(image []event.Datum, to *bool) {
		if image != nil {
			b.Queue(q.sql, q.values(image)...).QueryRow(func(r pgx.Row) error { return r.Scan(to) })
		}
	}
	ask(row.Before, &was)
	ask(row.After, &is)
	if err = f.conn.SendBatch(ctx, &b).Close(); err != nil {
		delete(f.queries, t) // types may be called otherwise by now
	}
	return was, is, err
}

// errGone: the source has a type of the row's no more.
var errGone = errors.New("a type of its columns is no more")

// Past is the part of an error of Row's which says that the source cannot judge this row any more, whenever it is
// asked; nil if it is about anything else.
func Past(err error) error {
	var refusal *pgconn.PgError
	switch {
	case errors.Is(err, errGone):
		return errGone
	case errors.As(err, &refusal) && slices.Contains([]string{"22", "23", "42", "XX"}, refusal.Code[:2]):
		return refusal
	}
	return nil
}

// newQuery gives the condition a row of the columns that it may mean, under the table's name. One that
// names the table may mean the whole row, and gets it.
func (f *Filter) newQuery(ctx context.Context, t *route.Table) (*query, error) {
	q := &query{}
	types, err := f.types(ctx, t)
	if err != nil {
		return nil, err
	}
	var columns []string
	for n, i := range Means(t) {
		if types[i] == "" {
			return nil, errGone
		}
		q.columns = append(q.columns, i)
		columns = append(columns, "$"+strconv.Itoa(n+1)+"::"+types[i]+" AS "+ident.Quote(t.Shape.Columns[i].Name))
	}
	q.sql = "SELECT coalesce((" + t.Where + "), false) FROM (SELECT " + strings.Join(columns, ", ") + ") AS " + ident.Quote(t.Shape.Name.Name)
	return q, nil
}

// Means are the columns that the table's condition may mean.
func Means(t *route.Table) (columns []int) {
	whole := catalog.Mentions(t.Where, t.Shape.Name.Name)
	for i := range t.Shape.Columns {
		if whole || catalog.Mentions(t.Where, t.Shape.Columns[i].Name) {
			columns = append(columns, i)
		}
	}
	return columns
}

func (f *Filter) types(ctx context.Context, t *route.Table) ([]string, error) {
	if t.Types == nil {
		types := make([]string, len(t.Shape.Columns))
		for i := range types {
			if types[i] = t.Shape.Columns[i].SQL; t.Collations[i] != (ident.Name{}) {
				types[i] += " COLLATE " + t.Collations[i].SQL()
			}
		}
		return types, nil
	}
	types := make([]catalog.Typed, len(t.Types))
	for i := range t.Types {
		types[i] = catalog.Typed{OID: t.Types[i].OID, Modifier: t.Types[i].Modifier, Collation: t.Collations[i]}
	}
	return catalog.TypesToday(ctx, f.conn, types)
}

func (q *query) values(image []event.Datum) []any {
	out := make([]any, len(q.columns))
	for i, c := range q.columns {
		if image[c].Kind == event.Value {
			out[i] = string(image[c].Text)
		}
	}
	return out
}
