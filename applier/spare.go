package applier

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"floe/applier/render"
	"floe/pkg/event"
)

// A server computes a generated column when a command assigns a column that it is computed from. The source's
// command may have assigned others; the applier, whose event does not say which, assigns them all, and so runs
// functions that the source did not run: one that names a schema which was renamed since, or that was replaced by
// one that raises an error. An update that a function refuses is made again with the columns alone in which the
// target's row differs; what is computed from the others stays as it was computed from the same values.

// spares reports whether the error is the first by which a function refuses an update of this table; from then on
// the exact path assigns only what differs.
func (s *session) spares(bad *event.Row, err error) bool {
	var said *pgconn.PgError
	if bad == nil || !spareable(bad) || s.spared[bad.Table.OID] || !errors.As(err, &said) || said.Where == "" {
		return false
	}
	if s.spared == nil {
		s.spared = map[uint32]bool{}
	}
	s.spared[bad.Table.OID] = true
	s.Log.Warn("a function of the target refuses an update, which assigns only the columns that differ from now on",
		"table", bad.Table.Name.String(), "code", said.Code, "said", said.Message)
	return true
}

// spareable are updates of a row that stays where it is.
func spareable(r *event.Row) bool {
	return r.Op == event.Update && r.Before == nil && len(r.Table.Key) > 0 && identified(r)
}

func (s *session) sparing(r *event.Row) bool { return s.spared[r.Table.OID] && spareable(r) }

// spare are the statements of an update that assigns what differs on the target: none if nothing does. The rows
// before it must be true.
func (s *session) spare(ctx context.Context, r *event.Row) ([]*work, error) {
	to, err := s.table(ctx, r.Table)
	if err != nil {
		return nil, err
	}
	same, err := s.same(ctx, to, r)
	if err != nil {
		return nil, err
	}
	if same == nil { // the row is not there
		return s.single(ctx, r)
	}
	b := tableWorks{s: s, to: to, settled: s.settled(r.Table.OID), seen: s.seen[r.Table.OID]}
	image := func(int) []event.Datum { return r.After }
	differs := false
	present := make([]bool, len(same))
	for i := range present {
		present[i] = !same[i] && r.After[i].Kind != event.Unchanged && !to.Columns[i].Absent
		differs = differs || present[i]
	}
	if differs {
		if again := to.Rewrite(present); again.SQL != "" {
			b.add(again, 1, -1, nil, image)
		}
		b.add(to.Patch(present), 1, -1, nil, image)
	}
	b.bear(1, image)
	for _, w := range b.works {
		w.row = r
	}
	return b.works, nil
}

// same says which columns of the target's row have the text that they have in the event; nil if there is no such row.
func (s *session) same(ctx context.Context, to *render.Table, r *event.Row) ([]bool, error) {
	query := to.Same()
	args := make([]any, len(query.Params))
	for i, p := range query.Params {
		text := make([]*string, 1)
		if d := r.After[p.Column]; d.Kind == event.Value {
			value := string(d.Text)
			text[0] = &value
		}
		args[i] = text
	}
	rows, err := s.db.Conn.Query(ctx, query.SQL, args...)
	if err != nil {
		return nil, fmt.Errorf("look at the target's row: %w", err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowTo[[]bool])
	if err != nil {
		return nil, fmt.Errorf("look at the target's row: %w", err)
	}
	if len(found) != 1 {
		return nil, nil
	}
	return found[0], nil
}
