package structure

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"floe/pkg/halt"
	"floe/pkg/ident"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Report is what one run did.
type Report struct {
	Created int
	Facts   []Fact
	// Missing are, by source table, the selected columns that an existing table lacks.
	Missing Missing
}

// runner runs steps in one transaction, each in a savepoint.
type runner struct {
	tx      pgx.Tx
	journal *journal
	report  Report
	twins   *twins
	// together is how many steps are sent as one. Thousands of tables cost a tenth of the time; steps
	// that scan tables go one by one, for one that fails makes all of its group run again.
	together int
	// anew are tables of the source, with the target's, of which every row is loaded again from here on.
	anew map[ident.Name]ident.Name
}

// dependency are the SQLSTATEs of a step that another may have to precede: it is tried again. 42830 is a foreign key
// to a unique index that is none before its partitions' are made parts of it.
var dependency = []string{"42P01", "42883", "42704", "3F000", "42703", "42830"}

const codeUnique = "23505"

// codeNoFile is the SQLSTATE of a function in C whose library the target does not have.
const codeNoFile = "58P01"

// codeNoTransaction is the SQLSTATE of what no transaction block may hold, on this version of the target.
const codeNoTransaction = "25001"

// present are those of an object that is there already.
var present = []string{"42P06", "42P07", "42710", "42723"}

// waiting is a step that lacks another, with the server's word for it.
type waiting struct {
	Statement
	why *pgconn.PgError
}

// run runs the steps in order; what lacks another is tried again until a pass brings nothing.
func (r *runner) run(ctx context.Context, stmts []Statement) error {
	if _, err := r.tx.Exec(ctx, "SAVEPOINT floe_step"); err != nil {
		return fmt.Errorf("set a savepoint: %w", err)
	}
	var again []waiting
	for group := range slices.Chunk(stmts, max(1, r.together)) {
		done, err := r.group(ctx, group)
		if err != nil {
			return err
		}
		if done {
			continue
		}
		more, err := r.pass(ctx, group)
		if err != nil {
			return err
		}
		again = append(again, more...)
	}
	for len(again) > 0 {
		before := len(again)
		stmts = nil
		for _, w := range again {
			stmts = append(stmts, w.Statement)
		}
		var err error
		if again, err = r.pass(ctx, stmts); err != nil {
			return err
		}
		if len(again) < before {
			continue
		}
		if again, err = r.otherways(ctx, again); err != nil {
			return err
		}
		if again, err = r.elsewhere(ctx, again); err != nil {
			return err
		}
		if again, err = r.jointly(ctx, again); err != nil {
			return err
		}
		if len(again) == before {
			break
		}
	}
	for _, w := range again {
		if err := r.refused(w.Statement, w.why); err != nil {
			return err
		}
	}
	if _, err := r.tx.Exec(ctx, "RELEASE SAVEPOINT floe_step"); err != nil {
		return fmt.Errorf("release the savepoint: %w", err)
	}
	return nil
}

// pass runs steps one by one and returns those that lack another.
func (r *runner) pass(ctx context.Context, stmts []Statement) (again []waiting, err error) {
	for _, s := range stmts {
		why, err := r.step(ctx, s)
		if err != nil {
			return nil, err
		}
		switch {
		case why == nil:
		case slices.Contains(dependency, why.Code), s.Alters != "" && why.Code == codeDependents:
			again = append(again, waiting{s, why})
		case s.Alters == "" && (why.Code == codeCheck || why.Code == codeState) && len(s.Else) > 0 && r.made(s):
			if why, err = r.otherwise(ctx, s, why); err == nil && why != nil {
				err = r.refused(s, why)
			}
			if err != nil {
				return nil, err
			}
		default:
			if why, err = r.emptied(ctx, s, why); err == nil && why != nil {
				err = r.refused(s, why)
			}
			if err != nil {
				return nil, err
			}
		}
	}
	return again, nil
}

// emptied makes a key that the target's rows stand in the way of, should all of them be loaded again: they are
// as they were before the source's got it, and what made them fit it is in no event.
func (r *runner) emptied(ctx context.Context, s Statement, why *pgconn.PgError) (*pgconn.PgError, error) {
	table, again := r.anew[s.Table]
	if !again || s.Alters != "" || s.Optional || why.Code != codeNotNull && why.Code != codeUnique {
		return why, nil
	}
	why, err := r.try(ctx, "DELETE FROM "+table.SQL()+";\n"+s.text())
	if err != nil {
		return nil, fmt.Errorf("make %s: %w", s.Object, err)
	}
	if why == nil {
		r.done(s)
	}
	return why, nil
}

// group runs steps as one, and reports whether that went well; if not, nothing of it is done.
func (r *runner) group(ctx context.Context, stmts []Statement) (bool, error) {
	var sql strings.Builder
	for _, s := range stmts {
		if s.Refused != "" || len(stmts) == 1 || dropsTable(s) {
			return false, nil
		}
		sql.WriteString(s.text() + "\n;")
	}
	why, err := r.try(ctx, sql.String())
	if err != nil {
		return false, fmt.Errorf("make %s to %s: %w", stmts[0].Object, stmts[len(stmts)-1].Object, err)
	}
	if why != nil {
		return false, nil
	}
	for _, s := range stmts {
		r.done(s)
	}
	return true, nil
}

// try runs SQL and moves the savepoint behind it. A refusal is the server's word that it cannot be
// done as it stands; it is then rolled back. An error says nothing about the SQL. The savepoint stands
// before: the server parses all that it is sent first, and a syntax error would find none.
func (r *runner) try(ctx context.Context, sql string) (*pgconn.PgError, error) {
	_, err := r.tx.Conn().PgConn().Exec(ctx, sql+"\n; RELEASE SAVEPOINT floe_step; SAVEPOINT floe_step").ReadAll()
	if err == nil {
		return nil, nil
	}
	var refusal *pgconn.PgError
	if !errors.As(err, &refusal) || passing(refusal.Code) {
		return nil, err
	}
	if _, err := r.tx.Exec(ctx, "ROLLBACK TO SAVEPOINT floe_step"); err != nil {
		return nil, err
	}
	return refusal, nil
}

// text is what makes the step.
func (s *Statement) text() string {
	if s.Joins != nil && s.Joins.chosen {
		return s.Joins.SQL
	}
	return s.SQL
}

// step runs one step; a refusal is the server's word that it cannot be done as it stands.
func (r *runner) step(ctx context.Context, s Statement) (*pgconn.PgError, error) {
	if s.Refused != "" {
		fix := "exclude the table, or use a newer target"
		if s.Table.Name == "" {
			fix = "exclude it, use a target that has its kind, or have such objects reported (init.structure.unsupported: report)"
		}
		return nil, halt.New(halt.TargetTableMissing, fix, "%s cannot be made: %s", s.Object, s.Refused)
	}
	if ours, err := r.isOurs(ctx, s); err != nil || !ours {
		return nil, err
	}
	refusal, err := r.try(ctx, s.text())
	if err != nil {
		return nil, fmt.Errorf("make %s: %w", s.Object, err)
	}
	if refusal == nil {
		r.done(s)
		return nil, nil
	}
	if s.Alters != "" {
		if slices.Contains(dependency, refusal.Code) {
			return refusal, nil
		}
		return r.otherwise(ctx, s, refusal)
	}
	if !slices.Contains(present, refusal.Code) || s.Creates.Name != "" {
		return refusal, nil
	}
	if r.stayed(s) {
		r.report.Facts = append(r.report.Facts, r.journal.add(s, Created, CodeChanged, "the source changed it; on the target something stands upon it, and it stays as it was"))
		return nil, nil
	}
	reason, err := r.twins.judge(ctx, s)
	if err != nil {
		return nil, err
	}
	if reason == "" {
		r.journal.add(s, Existing, "", "")
		return nil, nil
	}
	r.report.Facts = append(r.report.Facts, r.journal.add(s, Existing, CodeDiffers, reason))
	return nil, nil
}

// stayed reports whether what stands in the way of a step is what floe made before: it was to be dropped, and that
// was refused.
func (r *runner) stayed(s Statement) bool {
	object, phase := parted(s.ID)
	return phase == "create" && State(r.journal.known[object+"/drop"].State) == Failed
}

// refused reports an optional step that the server will not do, and halts for any other.
func (r *runner) refused(s Statement, why *pgconn.PgError) error {
	reason := why.Message
	if why.Detail != "" {
		reason += " (" + why.Detail + ")"
	}
	if s.Joins != nil && s.Joins.chosen { // its rows have a place already
		r.journal.add(s, Covered, "", "")
		return nil
	}
	if s.Alters != "" && r.needless(s, why) {
		if r.journal.known[s.ID].State != "" {
			r.journal.ended = append(r.journal.ended, s.ID)
		}
		return nil
	}
	if s.Alters != "" && !s.Optional {
		fix := "make it possible on the target, then start again"
		if why.Code == codeDependents {
			fix = "on the target, drop or change what depends on it and is not floe's, then start again"
		}
		h := halt.New(halt.StructureChanged, fix, "the source's change of %s cannot be made on the target: %s: %s", s.Object, s.SQL, reason)
		h.Err = why
		return h
	}
	if !s.Optional {
		h := halt.New(halt.TargetTableMissing, "make it possible on the target (extension, type, right), or exclude the table", "%s cannot be made on the target", s.Object)
		h.Err = why
		return h
	}
	state := Failed
	if s.Final && !slices.Contains(dependency, why.Code) {
		state = Kept
	}
	reason += hint(s, state, why.Code)
	r.report.Facts = append(r.report.Facts, r.journal.add(s, state, why.Code, reason))
	return nil
}

// hint says what can be done about the refusal of an object that rows do without.
func hint(s Statement, state State, code string) string {
	then := ": it is tried again at the next start"
	switch {
	case state == Kept:
		return "; rows on the target do not fit it: floe verify says whether the source's are alike"
	case strings.HasPrefix(code, "23"):
		return "; rows on the target do not fit it" + then
	case strings.HasPrefix(s.Object, "extension ") && (code == codeNoFile || code == "0A000"):
		return "; install its files on the target's server" + then
	case code == codeDependents:
		return "; on the target, drop or change what depends on it" + then
	case slices.Contains(dependency, code):
		return "; make what is missing on the target" + then
	}
	return hints[code]
}

var hints = map[string]string{
	codeNoFile: "; install the library on the target: it is tried again at the next start",
	"42501":    "; give floe's role the right, or make it yourself: it is tried again at the next start",
	"42601":    "; this target does not know it",
	"0A000":    "; this target does not support it",
}

// passing reports whether an error says nothing about the step: the transaction is to be tried again.
func passing(code string) bool {
	if code == codeNoFile || code == codeNoTransaction {
		return false
	}
	switch code[:2] {
	case "08", "25", "40", "53", "57", "58", "XX":
		return true
	}
	return code == "55P03"
}

// settle prepares the transaction: names in the steps are qualified, bodies may name what is not there
// yet.
func settle(ctx context.Context, tx pgx.Tx) error {
	_, err := tx.Exec(ctx, `SELECT set_config('search_path', '', true), set_config('check_function_bodies', 'off', true),
		set_config('client_min_messages', 'warning', true)`)
	if err != nil {
		return fmt.Errorf("set up the session: %w", err)
	}
	return nil
}
