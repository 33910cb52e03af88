package applier

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"floe/applier/fold"
	"floe/applier/render"
	"floe/applier/target"
	"floe/pkg/event"
	"floe/pkg/halt"
)

// A table that is not settled has rows of several times: a chunk may hold what a transaction did that
// comes behind it. Two rows can then bear one unique value although they never did on the source (H4).
//
//  1. The row that comes is set aside: the one that is there stays, the target has none under the key of
//     the one that came, and that key is asked for like a row that was missed (heal.go).
//  2. It is read again behind all ranges. By the Loaded behind that reading the log has passed whatever
//     the reading saw; so if it met a row then that nothing has written to until that Loaded, no change
//     that the source made can take it out of the way.
//  3. A reading that meets that very row again has met the target's own: the load halts with both keys,
//     or, under on_existing: proceed, goes on without the source's row and says so.
//
// A settled table's change is set aside only if its row was left out for the very row that it meets. Any
// other is the target's own, and which of the two stays is the operator's to say: the job blocks.

// yields reports whether a row is set aside for the one that it met.
func (s *session) yields(ctx context.Context, r *event.Row, said *pgconn.PgError) (bool, error) {
	if len(r.Table.Key) == 0 || !s.settled(r.Table.OID) {
		return len(r.Table.Key) > 0, nil
	}
	if !s.Proceed {
		return false, nil
	}
	to, err := s.table(ctx, r.Table)
	if err != nil {
		return false, err
	}
	m, err := s.met(ctx, to, r, said)
	if err != nil {
		return false, err
	}
	left, err := s.db.Proven(ctx, s.owner, r.Table.OID)
	return left.Is(keyTexts(r.Table, r.After), m), err
}

const rowSavepoint = "SAVEPOINT floe_row"

// inTurn runs the statements of rows that follow each other; where one meets another row it is set aside.
// Proven is what is known of the table's rows that were set aside before, for rows that are read again.
func (s *session) inTurn(ctx context.Context, rows []*event.Row, at int64, proven target.Proven,
	works func(context.Context, []*event.Row) ([]*work, *event.Row, error)) (*event.Row, error) {
	for {
		if err := s.db.Exec(ctx, rowSavepoint); err != nil {
			return nil, err
		}
		bad, err := s.attempt(ctx, rows, works)
		said := target.Meets(err)
		if err == nil {
			return nil, s.db.Exec(ctx, "RELEASE SAVEPOINT floe_row")
		}
		n := position(rows, bad)
		if said == nil || n < 0 {
			return bad, err
		}
		if err := s.db.Exec(ctx, "ROLLBACK TO SAVEPOINT floe_row"); err != nil {
			return nil, err
		}
		if yields, failed := s.yields(ctx, bad, said); failed != nil || !yields {
			return bad, errors.Join(failed, err)
		}
		if bad, err := s.attempt(ctx, rows[:n], works); err != nil {
			return bad, err
		}
		if err := s.aside(ctx, bad, at, proven, err, said); err != nil {
			return bad, err
		}
		if err := s.db.Exec(ctx, "RELEASE SAVEPOINT floe_row"); err != nil {
			return nil, err
		}
		if rows = rows[n+1:]; len(rows) == 0 {
			return nil, nil
		}
	}
}

func (s *session) attempt(ctx context.Context, rows []*event.Row, works func(context.Context, []*event.Row) ([]*work, *event.Row, error)) (*event.Row, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	list, bad, err := works(ctx, rows)
	if err != nil {
		return bad, err
	}
	failed, err := s.run(ctx, list)
	if failed != nil {
		return failed.row, err
	}
	return nil, err
}

func position(rows []*event.Row, r *event.Row) int {
	for i := range rows {
		if rows[i] == r && r != nil && r.After != nil {
			return i
		}
	}
	return -1
}

// aside sets a row aside that met another one; at is the place in the ledger that it has.
func (s *session) aside(ctx context.Context, r *event.Row, at int64, proven target.Proven, refused error, said *pgconn.PgError) error {
	to, err := s.table(ctx, r.Table)
	if err != nil {
		return err
	}
	m, err := s.met(ctx, to, r, said)
	if err != nil {
		return err
	}
	key := keyTexts(r.Table, r.After)
	switch own := proven.Is(key, m); {
	case m.Same: // the target tells rows apart by more than the key
		return refused
	case own && !s.Proceed:
		return &halt.Error{Code: halt.ConstraintViolation, Err: refused, Fix: fixRefused,
			Detail: fmt.Sprintf("a row of %s that only the target has, key (%s), is in the way of the source's row, key (%s)", r.Table.Name, strings.Join(m.Key, ", "), keyText(r))}
	case own:
		s.report.skipped(r.Table, said.ConstraintName)
	}
	keys := []fold.Key{r.After}
	if r.Before != nil {
		keys = append(keys, r.Before)
	}
	gone := target.Work{Statement: to.Delete(), Rows: len(keys), Old: func(i int) []event.Datum { return keys[i] }, Least: -1}
	if _, err := s.run(ctx, []*work{{Work: gone, shape: r.Table, row: r}}); err != nil {
		return err
	}
	if err := s.db.Aside(ctx, s.owner, r.Table.OID, key, m); err != nil || proven.Is(key, m) {
		return err
	}
	s.ask(r.Table.OID, target.Asked{Key: key, At: at})
	return s.db.Ask(ctx, s.owner, r.Table.OID, key, at)
}

// met finds the row that was in the way. What the target cannot compare (a column that the change left
// out, a type that takes no NULL) is nothing found: that row is asked for until it fits.
func (s *session) met(ctx context.Context, to *render.Table, r *event.Row, said *pgconn.PgError) (target.Met, error) {
	if err := s.db.Exec(ctx, "SAVEPOINT floe_met"); err != nil {
		return target.Met{}, err
	}
	m, err := s.db.Met(ctx, to, r.After, said)
	if err != nil && target.Refused(err) {
		s.Log.Warn("the row in the way is not found", "table", r.Table.Name.String(), "constraint", said.ConstraintName, "err", err)
		m, err = target.Met{}, s.db.Exec(ctx, "ROLLBACK TO SAVEPOINT floe_met")
	}
	return m, err
}

// singly are the statements of rows of a chunk, one row each.
func (s *session) singly(to *render.Table, keep bool) func(context.Context, []*event.Row) ([]*work, *event.Row, error) {
	return func(_ context.Context, rows []*event.Row) (works []*work, _ *event.Row, _ error) {
		for _, r := range rows {
			some := s.upserts(to, []event.Row{*r}, keep)
			for _, w := range some {
				w.row = r
			}
			works = append(works, some...)
		}
		return works, nil, nil
	}
}

// oneByOne makes rows of a chunk true one by one, after they clashed as a set.
func (s *session) oneByOne(ctx context.Context, to *render.Table, rows []event.Row, keep bool, at int64, proven target.Proven) error {
	for len(rows) > 0 {
		n := min(len(rows), window)
		list := make([]*event.Row, n)
		for i := range list {
			list[i] = &rows[i]
		}
		if _, err := s.inTurn(ctx, list, at, proven, s.singly(to, keep)); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}
