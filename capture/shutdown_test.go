package capture_test

import (
	"testing"
	"time"

	"floe/pkg/ledger"
	"floe/pkg/pgtest"
)

// A source that shuts down waits until all that it sent is confirmed: floe must not hold it up, neither
// when idle nor with the stream held for a load; and it goes on when the source is back.
func TestSourceShutsDownAndComesBack(t *testing.T) {
	t.Parallel()
	server := pgtest.New(t, pgtest.Options{})
	j := newJobOn(t, server, `create table t (id int primary key)`, `insert into t select generate_series(1, 100)`,
		`create table bag (x text)`, `insert into bag select repeat(i::text, 100) from generate_series(1, 300000) i`)
	j.config.ShutdownGrace = 10 * time.Minute // it must let the source go by what it confirms, not after a while
	j.start()
	j.waitEntry(func(e *ledger.Entry) bool {
		return e.Chunk != nil && len(e.Chunk.Through) > 0 && e.Chunk.Rows == 20_000
	}) // within the bag's hold
	for range 2 {
		began := time.Now()
		if err := server.Stop(pgtest.Fast); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took > time.Minute {
			t.Errorf("the source took %s to stop", took)
		}
		if err := server.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		j.connect()
		j.exec(`insert into t select max(id) + 1 from t`)
		j.waitLog(j.end())
	}
	j.tap().replay().same(j)
}
