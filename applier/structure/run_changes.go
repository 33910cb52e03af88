package structure

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"floe/pkg/catalog"

	"github.com/jackc/pgx/v5/pgconn"
)

// codeDependents is the SQLSTATE of a drop that other objects stand against.
const codeDependents = "2BP01"

// done records a step, or ends the record of a refusal.
func (r *runner) done(s Statement) {
	r.report.Created++
	switch {
	case s.Alters == "":
		r.journal.add(s, Created, "", "")
	case r.journal.known[s.ID].State != "":
		r.journal.ended = append(r.journal.ended, s.ID)
	}
	if made := r.journal.known[s.Alters]; s.Restores && State(made.State) == Relaxed {
		r.journal.add(Statement{ID: s.Alters, Object: s.Object, SQL: s.Else[0]}, Created, "", "")
	}
}

// otherways tries the other ways of steps that lack another, and returns those that still do.
func (r *runner) otherways(ctx context.Context, stmts []waiting) (again []waiting, err error) {
	for _, w := range stmts {
		why := w.why
		if len(w.Else) > 0 {
			if why, err = r.otherwise(ctx, w.Statement, why); err != nil {
				return nil, err
			}
		}
		if why != nil {
			again = append(again, waiting{w.Statement, why})
		}
	}
	return again, nil
}

// jointly drops views that stand against each other's drops as one: CREATE OR REPLACE lets two read each other.
func (r *runner) jointly(ctx context.Context, stmts []waiting) (again []waiting, err error) {
	const drop = "DROP VIEW "
	var names []string
	is := func(w waiting) bool { return w.why.Code == codeDependents && strings.HasPrefix(w.SQL, drop) }
	for _, w := range stmts {
		if is(w) {
			names = append(names, strings.TrimPrefix(w.SQL, drop))
		}
	}
	if len(names) < 2 {
		return stmts, nil
	}
	why, err := r.try(ctx, drop+strings.Join(names, ", "))
	if err != nil {
		return nil, fmt.Errorf("drop views: %w", err)
	}
	if why != nil {
		return stmts, nil
	}
	for _, w := range stmts {
		if is(w) {
			r.done(w.Statement)
		} else {
			again = append(again, w)
		}
	}
	return again, nil
}

// otherwise tries a change's other ways; it returns the first refusal if none does.
func (r *runner) otherwise(ctx context.Context, s Statement, first *pgconn.PgError) (*pgconn.PgError, error) {
	ways := s.Else
	if s.Loses && State(r.journal.known[s.Alters].State) != Created {
		ways = ways[:len(ways)-1]
	}
	for _, sql := range ways {
		why, err := r.try(ctx, sql)
		if err != nil {
			return nil, fmt.Errorf("change %s: %w", s.Object, err)
		}
		if why == nil {
			r.done(s)
			return nil, nil
		}
	}
	return first, nil
}

// made reports whether floe made the object of a step.
func (r *runner) made(s Statement) bool {
	object, _ := parted(s.ID)
	return State(r.journal.known[object+"/create"].State) == Created
}

// needless reports whether a refusal says that there is nothing to do: what is to be dropped is not there,
// or what was there before floe lacks what is to be changed, or has it already.
func (r *runner) needless(s Statement, why *pgconn.PgError) bool {
	absent := slices.Contains(dependency, why.Code)
	if absent && (strings.HasSuffix(s.ID, "/drop") || strings.HasPrefix(s.ID, string(catalog.KindTriggerState)+"/")) {
		return true
	}
	return State(r.journal.known[s.Alters].State) != Created && (absent || slices.Contains(present, why.Code) || why.Code == "42701")
}

func dropsTable(s Statement) bool { return s.Alters != "" && s.Creates.Name != "" }

// isOurs looks whether a table to be dropped is the one that floe made, and not one that its owner put in
// its place.
func (r *runner) isOurs(ctx context.Context, s Statement) (bool, error) {
	if !dropsTable(s) {
		return true, nil
	}
	var ours bool
	err := r.tx.QueryRow(ctx, `SELECT coalesce(bool_or(relation = to_regclass($4)), false) FROM floe.object
		WHERE job = $1 AND applier = $2 AND id = $3`, r.journal.job, r.journal.applier, s.Alters, s.Creates.SQL()).Scan(&ours)
	if err != nil {
		return false, fmt.Errorf("look for %s: %w", s.Object, err)
	}
	if !ours {
		r.report.Facts = append(r.report.Facts, r.journal.add(s, Existing, CodeDropped, "the source dropped it; the target's table of that name is not the one that floe made, and stays"))
	}
	return ours, nil
}
