package capture_test

import (
	"context"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"floe/pkg/halt"
	"floe/pkg/ledger"
	"floe/pkg/pgtest"
)

// stopStream has the source's walsender stand still, and returns what lets it go on.
func (j *job) stopStream() (resume func()) {
	j.t.Helper()
	var pid int
	if err := j.conn.QueryRow(j.t.Context(), `select active_pid from pg_replication_slots where active and database = current_database()`).Scan(&pid); err != nil {
		j.t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		j.t.Fatal(err)
	}
	var once sync.Once
	resume = func() {
		once.Do(func() {
			if err := syscall.Kill(pid, syscall.SIGCONT); err != nil {
				j.t.Error(err)
			}
		})
	}
	j.t.Cleanup(resume)
	return resume
}

// What a chunk has seen and the stream brings behind it is made true again over it: key moves and swaps,
// unique values handed over, deletes, with large values left out; behind a TRUNCATE the rows come again.
func TestChangesThatAChunkHasSeenComeBehindIt(t *testing.T) {
	t.Parallel()
	for name, late := range map[string][]string{
		"rows": {
			`update a set id = id + 100000 where id % 7 = 0`, // with big left out: keys move between ranges
			`begin; update a set id = -1 where id = 1; update a set id = 1 where id = 5999; update a set id = 5999 where id = -1; commit`,
			`begin; update a set u = -u where id = 2; update a set u = 2 where id = 5998; update a set u = 5998 where id = 2; commit`,
			`delete from a where id % 11 = 0`, `insert into a values (0, 0, 'first', null), (90000, 90000, 'last', repeat('n', 3000))`,
			`update a set v = v || '!' where id % 2 = 0`},
		"truncate": {`update a set v = 'doomed'`, `truncate a`, `insert into a select i, i, 'again', repeat('z', 3000) from generate_series(5, 400) i`, `delete from a where id = 7`},
		"ddl":      {`delete from a where id < 50`, `alter table a add w int default 7`, `update a set w = id, id = id + 200000 where id % 5 = 0`, `alter table a drop v`, `insert into a values (-9, -9, null, 1)`},
		"recreated": {`update a set v = 'doomed'`, `drop table a`, `create table a (k text primary key, n int)`, `insert into a select i, i from generate_series(1, 5000) i`,
			`truncate a`, `insert into a select i, i from generate_series(1, 3000) i`, `delete from a where n < 10`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := newJobOn(t, pgtest.New(t, pgtest.Options{}), `create table a (id int primary key, u int unique, v text, big text); alter table a alter big set storage external`,
				`insert into a select i, i, 'v', repeat('x', 3000) from generate_series(1, 6000) i`)
			j.config.LoadRows = 1000 // six seconds: it is not over before the changes are made
			j.start()
			j.waitEntry(func(e *ledger.Entry) bool { return e.Chunk != nil && e.Chunk.Rows > 0 })
			// Without the stream only a chunk or two are read: none before the first change is there.
			j.exec(`begin; lock table a in access exclusive mode`)
			j.waitPlaced(j.end())
			resume := j.stopStream()
			before := chunksOf(j)
			j.exec(late[0], `commit`)
			j.exec(late[1:]...)
			if name == "rows" {
				j.waitChunk(before)
			} else {
				pause(t, 1500*time.Millisecond) // a chunk that sees them, where one may be read
			}
			after := chunksOf(j)
			resume()
			j.waitLog(j.end())
			j.tap().replay().same(j)
			t.Log(after-before, "chunks while the stream stood still")
		})
	}
}

// waitChunk waits for a chunk with rows behind the first n chunks.
func (j *job) waitChunk(n int) {
	j.t.Helper()
	seen := 0
	j.waitEntry(func(e *ledger.Entry) bool {
		if e.Chunk != nil {
			seen++
		}
		return e.Chunk != nil && e.Chunk.Rows > 0 && seen > n
	})
}

func chunksOf(j *job) (n int) {
	for _, e := range j.tap().entries {
		if e.Chunk != nil {
			n++
		}
	}
	return n
}

// A transaction that was open when capture began wrote rows before its slot could know of it: no chunk is
// read while it may yet commit.
func TestNoChunkWhileATransactionFromBeforeTheStartIsOpen(t *testing.T) {
	t.Parallel()
	j := newJobOn(t, pgtest.New(t, pgtest.Options{}), `create table t (id int primary key, v text)`, `insert into t select i, 'old' from generate_series(1, 3000) i`)
	j.config.LoadReaders = 2
	j.start()
	j.waitEntry(func(e *ledger.Entry) bool { return e.Chunk != nil })
	j.halt() // the slot stands; the next start has transactions open across it
	open, err := pgx.Connect(t.Context(), j.url)
	if err != nil {
		t.Fatal(err)
	}
	defer open.Close(context.Background())
	for _, sql := range []string{`begin`, `update t set v = 'new' where id % 3 = 0`, `delete from t where id = 5`, `insert into t values (9000, 'open')`} {
		if _, err := open.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	j.exec(`begin; update t set v = 'prepared' where id = 7; prepare transaction 'open'`, `create table later (id int primary key)`, `insert into later select generate_series(1, 500)`)
	j.start()
	j.waitEntry(func(e *ledger.Entry) bool { return e.Epoch == 2 && e.Mark != nil && e.N > ledger.BeginObjects })
	pause(t, 500*time.Millisecond)
	for _, e := range j.tap().entries {
		if e.Epoch == 2 && e.Chunk != nil {
			t.Errorf("entry %d is a chunk while a transaction from before is open", e.N)
		}
	}
	if _, err := open.Exec(t.Context(), `commit`); err != nil {
		t.Fatal(err)
	}
	j.exec(`commit prepared 'open'`)
	j.waitLog(j.end())
	j.tap().replay().same(j)
}

// Such a transaction may have changed the structure: when it commits, no chunk shows rows of its tables before the stream
// has come to that.
func TestNoChunkAheadOfStructureFromBeforeTheStart(t *testing.T) {
	t.Parallel()
	j := newJobOn(t, pgtest.New(t, pgtest.Options{}), `create table t (id int primary key, v text not null)`, `insert into t select i, 'old' from generate_series(1, 3000) i`)
	j.config.LoadRows = 1000
	j.start()
	j.waitEntry(func(e *ledger.Entry) bool { return e.Chunk != nil })
	j.halt()
	open, err := pgx.Connect(t.Context(), j.url)
	if err != nil {
		t.Fatal(err)
	}
	defer open.Close(context.Background())
	run := func(sql ...string) {
		t.Helper()
		for _, one := range sql {
			if _, err := open.Exec(t.Context(), one); err != nil {
				t.Fatal(err)
			}
		}
	}
	run(`begin`, `select txid_current()`)
	j.start()
	j.waitEntry(func(e *ledger.Entry) bool { return e.Epoch == 2 && e.Mark != nil && e.N > ledger.BeginObjects })
	pause(t, 500*time.Millisecond) // the load waits for the transaction
	j.waitPlaced(j.end())
	resume := j.stopStream()
	run(`alter table t alter v drop not null`, `insert into t values (9000, null)`, `commit`)
	pause(t, time.Second)
	for _, e := range j.tap().entries {
		if e.Epoch == 2 && e.Chunk != nil {
			t.Fatalf("entry %d is a chunk ahead of the structure that it shows", e.N)
		}
	}
	resume()
	j.waitLog(j.end())
	j.tap().replay().same(j)
}

// Transaction ids on the wire have 32 bits, those of snapshots 64: a source that is old enough has both.
func TestLoadOfASourceWhoseTransactionIDsHaveWrapped(t *testing.T) {
	t.Parallel()
	server := pgtest.New(t, pgtest.Options{})
	if err := server.Stop(pgtest.Fast); err != nil {
		t.Fatal(err)
	}
	if err := server.ResetWAL(t.Context(), "-e", "3"); err != nil {
		t.Fatal(err)
	}
	if err := server.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	j := newJobOn(t, server,
		`create table a (id int primary key, v text, big text); alter table a alter big set storage external`,
		`insert into a select i, 'v' || i, repeat('x', 3000) from generate_series(1, 6000) i`,
		`create table b (p int, q text, n int, primary key (p, q)); insert into b select i % 10, i, i from generate_series(1, 6000) i`,
		`create table bag (x int, y text); insert into bag select i % 100, 'y' from generate_series(1, 30000) i`,
		`alter table bag replica identity full`)
	var xid uint64
	if err := j.conn.QueryRow(t.Context(), `select txid_current()`).Scan(&xid); err != nil || xid>>32 != 3 {
		t.Fatalf("transaction id %d: %v", xid, err)
	}
	j.config.LoadReaders, j.config.ChunkHold = 2, time.Millisecond
	ctx, cancel := context.WithTimeout(t.Context(), writing)
	defer cancel()
	var writers sync.WaitGroup
	for w := range 3 {
		writers.Go(func() { j.write(ctx, uint64(w)) })
	}
	j.start()
	j.waitEntry(func(e *ledger.Entry) bool { return e.Loaded != nil })
	j.waitLog(j.end())
	cancel()
	writers.Wait()
	j.waitLog(j.end())
	j.tap().replay().same(j)
}

// Killed between ranges of one table that are read at once, capture goes on with those that are open.
func TestKilledBetweenRangesThatAreReadAtOnce(t *testing.T) {
	t.Parallel()
	j := newJob(t, `create table t (id int primary key, n int)`, `insert into t values (1, 0), (2, 0)`, `create table bag (x int, y text); alter table bag replica identity full`,
		`create table large (id int primary key, v text); insert into large select i, repeat('v', 700) from generate_series(1, 50000) i`)
	j.config.LoadRows = 5000
	var large uint32
	if err := j.conn.QueryRow(t.Context(), "select oid from pg_class where relname = 'large'").Scan(&large); err != nil {
		t.Fatal(err)
	}
	end := j.beside(2)
	defer end()
	for i := range 3 {
		kill := j.spawn()
		j.waitEntry(func(e *ledger.Entry) bool {
			return e.Chunk != nil && e.Epoch == uint32(i+1) && e.Chunk.Table == large && e.Chunk.Rows > 0
		})
		kill()
	}
	split := false
	for _, e := range j.tap().entries {
		split = split || e.Chunk != nil && len(e.Chunk.Splits) > 0
	}
	if !split {
		t.Error("the table was not divided")
	}
	j.config.LoadRows = 0
	j.start()
	end()
	j.waitLog(j.end())
	j.tap().replay().same(j)
	t.Log(j.tap().read(), "rows in chunks")
}

// The order of a key changes amid its load by commands that write no row anew: another collation, a type of other
// comparison, another operator class. What is left of the ranges would be other keys than were left.
func TestAKeyThatSortsOtherwiseAmidItsLoad(t *testing.T) {
	t.Parallel()
	const keys = `(array['a', 'B'])[1 + g % 2] || g`
	for name, c := range map[string]struct{ table, sql string }{
		"collation": {`create table t (k text collate "und-x-icu" primary key, v text)`, `alter table t alter k type text collate "C"`},
		"type":      {`create extension citext; create table t (k citext primary key, v text)`, `alter table t alter k type text collate "C"`},
		"class":     {`create table t (k text collate "und-x-icu" not null unique, v text)`, `create unique index u on t (k text_pattern_ops); alter table t drop constraint t_k_key`},
	} {
		for when, stopped := range map[string]bool{"": false, " while no capture runs": true} {
			t.Run(name+when, func(t *testing.T) {
				t.Parallel()
				j := newJob(t, c.table, `insert into t select `+keys+`, 'v' from generate_series(1, 2000) g`)
				j.config.LoadRows = 1500 // the first chunks have some of it
				j.start()
				j.waitChunk(2)
				if stopped {
					j.halt()
				}
				j.exec(statements(c.sql)...)
				if stopped {
					j.config.LoadRows = 0
					j.start()
				}
				j.settled().same(j)
			})
		}
	}
}

// A load that was over before anybody found such a command, of which nobody told, is done again.
func TestAKeyThatSortedOtherwiseUnseen(t *testing.T) {
	t.Parallel()
	j := newJob(t, `create table t (k text collate "und-x-icu" primary key, v text)`, `insert into t select (array['a', 'B'])[1 + g % 2] || g, 'v' from generate_series(1, 2000) g`)
	j.config.LoadRows = 1500
	j.start()
	j.waitChunk(2)
	j.exec(`alter event trigger floe_ddl_command_end disable`, `alter table t alter k type text collate "C"`, `alter event trigger floe_ddl_command_end enable always`)
	j.settled().same(j)
}

// Where changes are not followed such a command halts the job, whether it is seen or found.
func TestAKeyThatSortsOtherwiseAmidItsLoadHalts(t *testing.T) {
	t.Parallel()
	for name, stopped := range map[string]bool{"running": false, "stopped": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := newJob(t, `create table t (k text collate "und-x-icu" primary key, v text)`, `insert into t select 'a' || g, 'v' from generate_series(1, 2000) g`)
			j.config.DDLOff, j.config.LoadRows = true, 300
			j.start()
			j.waitChunk(2)
			if stopped {
				j.halt()
			}
			j.exec(`alter table t alter k type text collate "C"`)
			if stopped {
				j.start()
			}
			j.waitHalt(halt.StructureChanged)
		})
	}
}
