package structure

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"
)

// Untried returns the steps that nothing is recorded of: they were never run, or what they made was
// taken back.
func Untried(ctx context.Context, tx pgx.Tx, job, applier string, stmts []Statement) ([]Statement, error) {
	j, err := open(ctx, tx, job, applier, stmts)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(stmts), func(s Statement) bool { return j.known[s.ID].State != "" }), nil
}
