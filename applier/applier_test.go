package applier

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"floe/applier/target"
	"floe/pkg/event"
	"floe/pkg/ledger"
)

func TestLoadAndChangesBecomeTrueInOrder(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.begin()
	r.txn(10, "+1 early 1") // before its chunk, which holds it
	r.load("+1 one 1", "+2 two 2", "+3 three 3")
	r.txn(20, "=1 uno 1", "-2", "+4 four 4")
	r.txn(30, "=3>5 ~ 30", "=4 ~ 40")
	r.apply()
	r.wantRows("1 uno 1, 4 four 40, 5 three 30")
	r.txn(40, "!", "+9 nine 9")
	r.wantRows("9 nine 9")
}

// Whatever was applied before a stop is not applied again, whatever was not is.
func TestGoesOnBehindTheCheckpoint(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.begin()
	r.load("+1 a 1")
	for i := range 5 {
		stop := r.apply()
		if i%2 == 1 { // capture restarts too
			r.begin()
		}
		r.txn(ledgerLSN(i), "+"+string(rune('2'+i))+" x 1")
		r.waitPlaced()
		if err := stop(); err != nil {
			t.Fatal(err)
		}
	}
	r.apply()
	r.wantRows("1 a 1, 2 x 1, 3 x 1, 4 x 1, 5 x 1, 6 x 1")
}

// A source that has nothing for the job moves its position all the time, by what others write; the checkpoint
// follows all the same.
func TestThePositionIsKeptHoweverOftenItMoves(t *testing.T) {
	t.Parallel()
	r := newRigOf(t, "create table t (id int primary key, v text, n int); create unique index once on t (v)")
	r.begin()
	r.load("+1 a 1", "+2 a 2")
	stop := r.apply()
	r.waitPlaced()
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	r.exec("update public.t set v = 'b' where id = 2") // what failed can be made now, when there is nothing to do
	r.apply()
	conn, err := pgx.Connect(t.Context(), r.target)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background()) //nolint:errcheck
	var was, is int64
	var made bool
	tick := time.NewTicker(idleWait / 4)
	defer tick.Stop()
	deadline := time.After(patience)
	for end := event.LSN(100); is == was || !made; end++ {
		r.entry(ledger.Entry{Mark: &ledger.Mark{End: end}})
		if err := conn.QueryRow(t.Context(), "select ledger_offset, to_regclass('public.once') is not null from floe.checkpoint").Scan(&is, &made); err != nil {
			t.Fatal(err)
		}
		if end == 100 {
			was = is
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("the checkpoint was at ledger offset %d and is at %d, what failed before is made: %v", was, is, made)
		}
	}
}

// The parts of a big transaction become visible together; one that its capture did not finish never was.
func TestBigTransactionIsOneTransaction(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.begin()
	r.load()
	part := func(n int, final bool, seq uint64, rows ...string) {
		c := &ledger.Commit{Transactions: 1, Part: n, Final: final, First: 50, Last: 50, Spans: r.rows(50, seq, 0, rows)}
		if final {
			c.End = 51
		}
		r.entry(ledger.Entry{Commit: c})
	}
	part(1, false, 0, "+1 lost 1")
	part(2, false, 1, "+2 lost 2")
	r.apply()
	r.begin()
	part(1, false, 0, "+1 a 1", "+2 b 2")
	r.wait("select count(*)::text from public.t", "0")
	part(2, false, 2, "-1", "=2 c 3")
	part(3, true, 4, "+3 d 4")
	r.wantRows("2 c 3, 3 d 4")
}

// A row that the target refuses blocks; what came before it is there, and it goes on when the target
// lets it.
func TestRefusedRowBlocksItsTransactionAndLaterOnes(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.begin()
	r.load()
	stop := r.apply()
	r.waitPlaced()
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	r.exec("alter table public.t add check (n < 100)")
	r.txn(10, "+1 a 1")
	r.txn(20, "+2 b 2", "+3 bad 100")
	r.txn(30, "+4 c 4")
	r.apply()
	r.wantHalt("constraint-violation")
	r.wantRows("1 a 1")
	r.exec("alter table public.t drop constraint t_n_check")
	r.wantRows("1 a 1, 2 b 2, 3 bad 100, 4 c 4")
}

// Sets that clash with a unique constraint are applied in the source's order.
func TestUniqueValuesChangeHands(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.begin()
	r.load("+1 a 1", "+2 b 2")
	r.apply()
	r.waitPlaced()
	r.exec("alter table public.t add unique (v)")
	r.txn(10, "=1 tmp 1", "=2 a 2", "=1 b 1")
	r.wantRows("1 b 1, 2 a 2")
}

// Rows that were lost on the target come back with the next full image.
func TestMissingRowsAreInserted(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.begin()
	r.load("+1 a 1", "+2 b 2")
	r.apply()
	r.waitPlaced()
	r.exec("delete from public.t where id = 2")
	r.txn(10, "=1 x 1", "=2 y 2")
	r.wantRows("1 x 1, 2 y 2")
}

// A second applier waits; one whose checkpoint was moved by another loses its transaction and ends.
func TestOnlyOneApplierWorks(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.begin()
	r.load("+1 a 1")
	first := r.apply()
	r.waitPlaced()
	r.apply() // waits for the lock
	r.exec("update floe.checkpoint set instance = 'somebody else'")
	r.txn(10, "=1 b 1")
	r.wantRows("1 b 1") // by the second: the first ended and let go
	if err := first(); !errors.Is(err, target.ErrTakenOver) {
		t.Fatalf("the first applier ended with %v", err)
	}
}

func TestRewrittenLedgerHalts(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.begin()
	r.load("+1 a 1")
	stop := r.apply()
	r.waitPlaced()
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	r.exec("update floe.checkpoint set n = n + 7")
	r.apply()
	r.wantHalt("ledger-rewritten")
}

func TestOtherTopicHalts(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.begin()
	r.load("+1 a 1")
	stop := r.apply()
	r.waitPlaced()
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	r.exec("update floe.checkpoint set ledger_topic_id = 'another'")
	r.apply()
	r.wantHalt("topic-reset")
}

func TestRecordsThatAreGoneHalt(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.begin()
	r.load("+1 a 1")
	r.txn(10, "+2 b 2")
	r.entry(ledger.Entry{Commit: &ledger.Commit{Transactions: 1, First: 20, Last: 20, End: 21, Spans: []ledger.Span{{Topic: "j.public.t", Ordinal: 9, Offset: 9, Count: 1}}}})
	r.apply()
	r.wantHalt("log-gap")
	r.wantRows("1 a 1, 2 b 2")
}

// The target's own rows stay under on_existing: proceed, changes overwrite them.
func TestProceedKeepsTheTargetsRows(t *testing.T) {
	t.Parallel()
	r := newRig(t, "create table public.t (id int primary key, v text, n int); insert into public.t values (1, 'mine', 0), (2, 'mine', 0)")
	r.begin()
	r.load("+1 a 1", "+3 c 3")
	r.txn(10, "=2 b 2")
	r.apply(func(c *Config) { c.Proceed = true })
	r.wantRows("1 mine 0, 2 b 2, 3 c 3")
}

func TestExistingTableHaltsUnlessProceed(t *testing.T) {
	t.Parallel()
	r := newRig(t, "create table public.t (id int primary key, v text, n int); insert into public.t values (1, 'mine', 0)")
	r.begin()
	r.load("+1 a 1")
	r.apply()
	r.wantHalt("target-table-exists")
	r.wantRows("1 mine 0")
}

// A table that left the selection and returns is loaded from nothing: rows that were deleted meanwhile are
// in no log.
func TestTableThatComesBackIsLoadedFromNothing(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.begin(ledger.LoadState{Load: 1})
	r.load("+1 a 1", "+2 b 2")
	r.apply()
	r.wantRows("1 a 1, 2 b 2")
	r.begin(ledger.LoadState{Load: 1, Loaded: true, Complete: true})
	r.txn(10, "+3 c 3")
	r.wantRows("1 a 1, 2 b 2, 3 c 3")
	r.begin(ledger.LoadState{Load: 1})
	r.load("+1 x 1", "+3 c 3")
	r.wantRows("1 x 1, 3 c 3")
}

// So it is if it left amid its load.
func TestTableThatComesBackAmidItsLoad(t *testing.T) {
	t.Parallel()
	const again = 3<<32 | 1<<ledger.LoadBits
	r := newRig(t)
	r.begin(ledger.LoadState{Load: 1})
	r.chunk("+1 a 1", "+2 b 2")
	r.apply()
	r.wantRows("1 a 1, 2 b 2")
	r.begin(ledger.LoadState{Load: 1, Rows: 2, Until: 5}) // the same load goes on
	r.txn(10, "+3 c 3")
	r.wantRows("1 a 1, 2 b 2, 3 c 3")
	r.begin(ledger.LoadState{Load: again})
	r.entry(ledger.Entry{Chunk: &ledger.Chunk{Load: again, Table: r.shape.OID, Mode: ledger.Insert, Rows: 1, Spans: r.rows(0, 0, event.Read, []string{"+1 x 1"})}})
	r.wantRows("1 x 1")
}

// A table that left the job before its load had read anything has rows that changes brought.
func TestTableThatComesBackAheadOfItsLoad(t *testing.T) {
	t.Parallel()
	const first, again = 1<<32 | 1<<ledger.LoadBits | 1, 3<<32 | 1<<ledger.LoadBits | 1
	r := newRig(t)
	r.begin(ledger.LoadState{Load: first})
	r.txn(10, "+3 c 3", "+4 d 4")
	r.apply()
	r.wantRows("3 c 3, 4 d 4")
	var left []ledger.Object
	for _, d := range r.defs {
		left = append(left, ledger.Object{Kind: string(d.Kind), Schema: d.Name.Schema, Name: d.Name.Name, OID: d.OID, Body: ledger.Left})
	}
	r.objects(left...)
	r.begin(ledger.LoadState{Load: again})
	r.txn(20, "=4 e 4")
	r.entry(ledger.Entry{Chunk: &ledger.Chunk{Load: again, Table: r.shape.OID, Mode: ledger.Insert, Rows: 2, Spans: r.rows(0, 0, event.Read, []string{"+1 x 1", "+4 e 4"})}})
	r.wantRows("1 x 1, 4 e 4")
}

// Rows of the target's own stay under on_existing: proceed when a table is loaded again, or left the job and came
// back, until a command asks for the source's rows alone.
func TestProceedKeepsTheTargetsRowsThroughLaterLoads(t *testing.T) {
	t.Parallel()
	r := newRig(t, "create table public.t (id int primary key, v text, n int); insert into public.t values (1, 'mine', 0), (9, 'mine', 0)")
	load := func(number uint64, mode ledger.ChunkMode, rows ...string) {
		t.Helper()
		r.entry(ledger.Entry{Chunk: &ledger.Chunk{Load: number, Table: r.shape.OID, Mode: mode, Rows: uint64(len(rows)), Spans: r.rows(0, 0, event.Read, rows)}})
		r.entry(ledger.Entry{Loaded: &ledger.Loaded{Load: number, Table: r.shape.OID}})
	}
	r.begin(ledger.LoadState{Load: 1})
	load(1, ledger.Insert, "+1 a 1", "+2 b 2", "+3 c 3")
	r.apply(func(c *Config) { c.Proceed = true })
	r.wantRows("1 mine 0, 2 b 2, 3 c 3, 9 mine 0")
	r.begin(ledger.LoadState{Load: 2, Replace: true})
	load(2, ledger.Replace, "+1 A 1", "+2 B 2", "+3 C 3")
	r.wantRows("1 A 1, 2 B 2, 3 C 3, 9 mine 0")
	const again = 3<<32 | 1<<ledger.LoadBits
	r.begin(ledger.LoadState{Load: again})
	load(again, ledger.Insert, "+1 x 1", "+2 y 2")
	r.wantRows("1 x 1, 2 y 2, 3 C 3, 9 mine 0")
	r.begin(ledger.LoadState{Load: again + 1, Replace: true, Asked: true})
	load(again+1, ledger.Replace, "+1 x 1", "+4 d 4")
	r.wantRows("1 x 1, 4 d 4")
}

// A table without a key keeps them when its first load begins again; a later load waits until somebody made room, but
// for one that was asked for.
func TestProceedKeepsTheTargetsRowsOfATableWithoutAKey(t *testing.T) {
	t.Parallel()
	r := newRigOf(t, "create table t (id int, v text, n int)", "create table public.t (id int, v text, n int, own int generated always as identity); insert into public.t values (1, 'a', 1), (9, 'mine', 0)")
	chunk := func(number uint64, mode ledger.ChunkMode, through [][]byte, rows ...string) {
		t.Helper()
		r.entry(ledger.Entry{Chunk: &ledger.Chunk{Load: number, Table: r.shape.OID, Mode: mode, Through: through, Rows: uint64(len(rows)), Spans: r.rows(0, 0, event.Read, rows)}})
		if through == nil {
			r.entry(ledger.Entry{Loaded: &ledger.Loaded{Load: number, Table: r.shape.OID}})
		}
	}
	first := [][]byte{[]byte("1")}
	const joined = 2<<32 | 1<<ledger.LoadBits | 1 // as of a table that joins a running job
	r.begin(ledger.LoadState{Load: joined})
	chunk(joined, ledger.Insert, first, "+1 a 1")
	r.apply(func(c *Config) { c.Proceed = true })
	r.wantRows("1 a 1, 1 a 1, 9 mine 0")
	chunk(joined+1, ledger.Insert, first, "+2 b 2")
	r.wantRows("1 a 1, 2 b 2, 9 mine 0")
	chunk(joined+2, ledger.Insert, first, "+1 a 1")
	chunk(joined+2, ledger.Insert, nil, "+3 c 3")
	r.wantRows("1 a 1, 1 a 1, 3 c 3, 9 mine 0")
	r.begin(ledger.LoadState{Load: joined + 3, Replace: true})
	chunk(joined+3, ledger.Replace, first, "+1 a 1")
	r.wantHalt("target-table-exists")
	r.wantRows("1 a 1, 1 a 1, 3 c 3, 9 mine 0")
	r.exec("delete from public.t")
	r.wantRows("1 a 1")
	chunk(joined+4, ledger.Replace, first, "+1 a 1")
	chunk(joined+4, ledger.Replace, nil, "+3 c 3")
	r.wantRows("1 a 1, 3 c 3")
	r.exec("insert into public.t values (9, 'mine', 0)")
	r.begin(ledger.LoadState{Load: joined + 5, Replace: true, Asked: true})
	chunk(joined+5, ledger.Replace, nil, "+4 d 4")
	r.wantRows("4 d 4")
	r.wait("select count(*)::text from pg_class where relname like 'kept%'", "0")
}

// A table without a key that is read again by command loses its old rows in the transaction that brings the first new ones:
// between the two no reader is, and until the last are there a part is seen. One that is cut begins again from all.
func TestATableWithoutAKeyIsReadAgainInParts(t *testing.T) {
	t.Parallel()
	r := newRigOf(t, "create table t (id int, v text, n int)", `create table public.t (id int, v text, n int);
		create function full_still() returns trigger language plpgsql as $$ begin if not exists (select from public.t) then raise 'no row is left'; end if; return null; end $$;
		create constraint trigger full_still after delete on public.t deferrable initially deferred for each row execute function full_still();
		alter table public.t enable always trigger full_still`)
	chunk := func(number uint64, mode ledger.ChunkMode, through [][]byte, rows ...string) {
		t.Helper()
		r.entry(ledger.Entry{Chunk: &ledger.Chunk{Load: number, Table: r.shape.OID, Mode: mode, Through: through, Rows: uint64(len(rows)), Spans: r.rows(0, 0, event.Read, rows)}})
		if through == nil {
			r.entry(ledger.Entry{Loaded: &ledger.Loaded{Load: number, Table: r.shape.OID}})
		}
	}
	more := [][]byte{[]byte("2")}
	const joined = 2<<32 | 1<<ledger.LoadBits | 1
	r.begin(ledger.LoadState{Load: joined})
	chunk(joined, ledger.Insert, more, "+1 a 1", "+1 a 1")
	chunk(joined, ledger.Insert, nil, "+3 c 3")
	r.apply(func(c *Config) { c.Proceed = true })
	r.wantRows("1 a 1, 1 a 1, 3 c 3")
	for again := uint64(1); again < 3; again++ { // the second time it was cut short
		r.begin(ledger.LoadState{Load: joined + again, Replace: true, Asked: true})
		chunk(joined+again, ledger.Replace, more, "+1 a 1", "+4 d 4")
		r.wantRows("1 a 1, 4 d 4")
	}
	chunk(joined+2, ledger.Replace, nil, "+3 c 3")
	r.wantRows("1 a 1, 3 c 3, 4 d 4")
}
