package precheck

import (
	"fmt"
	"io"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
)

// A server that goes away between two questions is one that does not answer, whatever was asked last; one
// that refuses a question does answer.
func TestAServerThatGoesAwayMeanwhileIsUnreachable(t *testing.T) {
	t.Parallel()
	for err, want := range map[error]bool{
		fmt.Errorf("read catalog: %w", io.ErrUnexpectedEOF):            true,
		fmt.Errorf("read catalog: %w", &pgconn.PgError{Code: "42501"}): false,
	} {
		r := run{report: &Report{}}
		r.unanswered(Fail, "O-SELECTION-EMPTY", "the source's catalog", err)
		if got := r.report.Unreachable(); got != want || !r.report.Failed() {
			t.Errorf("%v: unreachable %v, failed %v", err, got, r.report.Failed())
		}
	}
}
