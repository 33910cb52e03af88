package capture_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"floe/pkg/ledger"
)

const largeBag = `create table bag (x int, y text); alter table bag replica identity full; insert into bag select i % 1000, 'y' || i % 7 from generate_series(1, 90000) i`

// scribble changes the bag, and a table with a key in the same transactions, until ctx ends.
func (j *job) scribble(ctx context.Context, seed uint64) {
	r := rand.New(rand.NewPCG(seed, 2))
	conn, err := pgx.Connect(context.Background(), j.url)
	if err != nil {
		j.t.Error(err)
		return
	}
	defer conn.Close(context.Background())
	for ctx.Err() == nil {
		x := r.IntN(1000)
		sql := fmt.Sprintf([]string{
			`begin; insert into bag values (%[1]d, 'new'), (%[1]d, 'new'); update t set n = n + 1 where id = 1; commit`,
			`begin; delete from bag where ctid = (select ctid from bag where x = %[1]d limit 1); update t set n = n + 1 where id = 2; commit`,
			`update bag set y = y || 'u' where ctid in (select ctid from bag where x = %[1]d limit 3)`,
			`begin; savepoint s; delete from bag where x = %[1]d; rollback to s; update bag set x = x + 1 where ctid = (select ctid from bag where x = %[1]d limit 1); commit`,
		}[r.IntN(4)], x)
		_, err := conn.PgConn().Exec(context.Background(), sql).ReadAll()
		if refused := (*pgconn.PgError)(nil); errors.As(err, &refused) && refused.Code == "40P01" { // of another writer
			_, err = conn.PgConn().Exec(context.Background(), "rollback").ReadAll()
		}
		if err != nil {
			j.t.Error(err)
			return
		}
	}
}

// beside starts writers and returns what ends them.
func (j *job) beside(writers int) (end func()) {
	ctx, cancel := context.WithCancel(j.t.Context())
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() { j.scribble(ctx, uint64(w)) })
	}
	return func() { cancel(); all.Wait() }
}

// A large table without a key is read while the stream goes on: transactions are placed between its
// chunks, their changes of the table wait for its rows, and nothing is lost or doubled.
func TestALargeTableWithoutAKeyIsReadBesideTheStream(t *testing.T) {
	t.Parallel()
	j := newJob(t, `create table t (id int primary key, n int)`, `insert into t values (1, 0), (2, 0)`, largeBag)
	j.config.ChunkHold, j.config.LoadRows = 5*time.Millisecond, 60000
	end := j.beside(3)
	j.start()
	j.waitEntry(func(e *ledger.Entry) bool { return e.Chunk != nil && e.Chunk.Mode == ledger.Later })
	end()
	j.waitLog(j.end())
	p := j.tap()
	r := p.replay()
	r.same(j)
	bag, within, between := uint32(0), false, 0
	for _, e := range p.entries {
		switch c := e.Chunk; {
		case c != nil && c.Rows == 20_000:
			bag, within = c.Table, true
		case c != nil && c.Table == bag && c.Through == nil && c.Mode == ledger.Insert:
			within = false
		case e.Commit != nil && within:
			between += e.Commit.Transactions
		}
	}
	if between == 0 || r.later == 0 {
		t.Errorf("%d transactions were placed while the table was read, and %d changes waited", between, r.later)
	}
	t.Log(between, "transactions beside the load,", r.later, "changes waited")
}

// Killed while it reads such a table, among its chunks or among the changes that waited, capture begins
// the table again.
func TestKilledWhileATableWithoutAKeyIsRead(t *testing.T) {
	t.Parallel()
	j := newJob(t, `create table t (id int primary key, n int)`, `insert into t values (1, 0), (2, 0)`, largeBag)
	end := j.beside(2)
	defer end()
	for i := range 4 {
		j.config.LoadRows = 20000 // four seconds: the first ranges are there long before the last ones
		if i == 3 {
			j.config.LoadRows = 80000
		}
		kill := j.spawn()
		j.waitEntry(func(e *ledger.Entry) bool { // of a load that the one before did not begin
			return e.Chunk != nil && e.Epoch == uint32(i+1) && (e.Chunk.Mode == ledger.Later || i < 3 && e.Chunk.Rows >= 20_000)
		})
		kill()
	}
	j.start()
	j.waitLog(0) // the table is loaded: in the fifth epoch, or in the fourth if the kill came late
	end()
	j.waitLog(j.end())
	r := j.tap().replay()
	r.same(j)
	t.Log(r.chunks, "chunks,", r.later, "changes waited")
}

// A command that waits for a table that is read so need not wait for its end.
func TestACommandDoesNotWaitForTheWholeOfATable(t *testing.T) {
	t.Parallel()
	j := newJob(t, `create table t (id int primary key, n int)`, largeBag)
	j.config.ChunkHold, j.config.LoadRows = 5*time.Millisecond, 1500 // a minute
	j.start()
	j.waitEntry(func(e *ledger.Entry) bool { return e.Chunk != nil && e.Chunk.Rows == 20_000 })
	j.exec(`truncate bag`, `insert into bag values (1, 'after')`)
	j.waitLog(j.end())
	p := j.tap()
	p.replay().same(j)
	if n := p.read(); n >= 90000 {
		t.Errorf("the command ran behind the load: %d rows were read", n)
	}
}
