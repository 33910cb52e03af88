package applier

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"floe/applier/assemble"
	"floe/applier/batch"
	"floe/pkg/ledger"
)

// A batch waits for more only while there is a backlog, and from its first entry on.
func TestBatchWaitsOnlyForABacklog(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &session{Config: Config{BatchRows: 100}, batchWait: 5 * time.Second, entries: make(chan *assemble.Entry)}
		s.order = batch.New(s, s.BatchRows, batchBytes)
		join := func(age time.Duration) {
			t.Helper()
			e := &ledger.Entry{At: time.Hour.Microseconds(), Commit: &ledger.Commit{Time: (time.Hour - age).Microseconds()}}
			if err := s.take(t.Context(), &assemble.Entry{Entry: e}); err != nil {
				t.Fatal(err)
			}
		}
		next := func() time.Duration {
			t.Helper()
			began := time.Now()
			if e, err := s.next(t.Context()); e != nil || err != nil {
				t.Fatal(e, err)
			}
			return time.Since(began)
		}
		join(behindFrom - time.Microsecond)
		if took := next(); took != 0 {
			t.Errorf("without a backlog a batch waited for %s", took)
		}
		s.order, s.began = batch.New(s, s.BatchRows, batchBytes), time.Time{}
		join(behindFrom)
		<-time.After(2 * time.Second)
		join(behindFrom)
		if took := next(); took != 3*time.Second {
			t.Errorf("a batch waited for %s more, 2 s after it began", took)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		s.order, s.began = batch.New(s, s.BatchRows, batchBytes), time.Time{}
		join(behindFrom)
		if _, err := s.next(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("a batch that waits does not end with its session: %v", err)
		}
	})
}
