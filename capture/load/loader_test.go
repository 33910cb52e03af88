package load

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"floe/pkg/ledger"
	"floe/pkg/pgtest"
)

const hold = 20 * time.Millisecond

// rowsOf adds up a load's ranges by mode, and says whether it was placed as loaded.
func rowsOf(entries []*ledger.Entry, load uint64) (rows map[ledger.ChunkMode]uint64, loaded bool) {
	rows = map[ledger.ChunkMode]uint64{}
	for _, e := range entries {
		if e.Chunk != nil && e.Chunk.Load == load && e.Chunk.Keys == nil {
			rows[e.Chunk.Mode] += e.Chunk.Rows
		}
		loaded = loaded || e.Loaded != nil && e.Loaded.Load == load
	}
	return rows, loaded
}

// A load that replaces says so in every range, also of a table without a key, and a reader of the log
// alone takes it for the same load.
func TestReloadReplacesRanges(t *testing.T) {
	t.Parallel()
	for name, sql := range map[string]string{
		"keyed": `create table t (id int primary key, v text)`,
		"bag":   `create table t (id int, v text)`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, sql, `insert into t select i, 'v' from generate_series(1, 5000) i`)
			oid := r.tables[0].Shape.OID
			r.loads.Begin(oid, 1)
			first := r.run()
			if rows, loaded := rowsOf(first, 1); rows[ledger.Insert] != 5000 || !loaded || len(rows) != 1 {
				t.Fatalf("the first load: %v, loaded %v", rows, loaded)
			}
			r.loads.Reload(oid)
			all := r.run()
			if rows, loaded := rowsOf(all, 2); rows[ledger.Replace] != 5000 || !loaded || len(rows) != 1 {
				t.Fatalf("the reload: %v, loaded %v", rows, loaded)
			}
			read := States{}
			take(t, read, all...)
			if st := read[oid]; st.Load != 2 || !st.Replace || !st.Loaded {
				t.Errorf("the log says %+v", st)
			}
		})
	}
}

// A table that comes while others are loaded is loaded too; one that goes is not waited for.
func TestTablesComeAndGo(t *testing.T) {
	t.Parallel()
	r := newRig(t, `create table a (id int primary key)`, `insert into a select generate_series(1, 3000)`,
		`create table b (id int primary key)`, `insert into b select generate_series(1, 3000)`,
		`create table c (id int primary key)`)
	all := r.tables
	r.tables = all[:2]
	for _, x := range r.tables {
		r.loads.Begin(x.Shape.OID, 1)
	}
	done := r.loader.Loaded
	r.loader.Loaded = func(st *State) error { // under the mutex, in a hold
		if st.Table == all[0].Shape.OID {
			r.tables = all[2:]
			delete(r.loads, all[1].Shape.OID)
			r.loads.Begin(all[2].Shape.OID, 1)
		}
		return done(st)
	}
	loaded := map[uint32]bool{}
	for _, e := range r.run() {
		if e.Loaded != nil {
			loaded[e.Loaded.Table] = true
		}
	}
	if !loaded[all[0].Shape.OID] || loaded[all[1].Shape.OID] || !loaded[all[2].Shape.OID] {
		t.Errorf("loaded are %v", loaded)
	}
}

// What a part was picked for may be gone when the stream stands still: then nothing of it is placed.
func TestLoadThatBeganAgainIsNotGoneOnWith(t *testing.T) {
	t.Parallel()
	r := newRig(t, `create table t (id int primary key)`, `insert into t select generate_series(1, 3000)`)
	oid := r.tables[0].Shape.OID
	r.loads.Begin(oid, 1)
	l := r.loader
	l.known, l.limit = nil, map[uint32]int{}
	if err := l.connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.close)
	tables, err := l.tables(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	parts := l.next(tables)
	if l.moved(parts) {
		t.Error("nothing has moved")
	}
	r.loads.Again(oid)
	if !l.moved(parts) {
		t.Error("the load began again, and its part is as if it had not")
	}
}

// Structure that the snapshot sees and the stream has not come to makes the load wait.
func TestLoadWaitsForTheStreamToBringStructure(t *testing.T) {
	t.Parallel()
	r := newRig(t, `create table t (id int primary key)`, `insert into t select generate_series(1, 3000)`)
	r.loads.Begin(r.tables[0].Shape.OID, 1)
	var asked atomic.Int32
	r.loader.Pending = func(context.Context, *pgx.Conn) (bool, error) {
		n := asked.Add(1)
		if n <= 3 && !r.loads[r.tables[0].Shape.OID].Untouched() {
			t.Error("a chunk was read before")
		}
		return n <= 3, nil
	}
	if rows, loaded := rowsOf(r.run(), 1); rows[ledger.Insert] != 3000 || !loaded {
		t.Errorf("%v, loaded %v", rows, loaded)
	}
}

// While the stream stands within a transaction no table stays locked: the stream itself may wait, in the server,
// for whoever waits for the table.
func TestATableIsLetGoWhileTheStreamIsWithinATransaction(t *testing.T) {
	t.Parallel()
	r := newRig(t, `create table t (id int primary key)`, `insert into t select generate_series(1, 3000)`)
	r.loads.Begin(r.tables[0].Shape.OID, 1)
	r.within = make(chan struct{})
	var ddl sync.WaitGroup
	ddl.Go(func() {
		defer close(r.within)
		for locked := false; !locked; {
			if err := r.conn.QueryRow(t.Context(), `select exists (select from pg_locks where relation = 'public.t'::regclass and mode = 'AccessShareLock' and pid <> pg_backend_pid())`).Scan(&locked); err != nil {
				t.Error(err)
				return
			}
		}
		if _, err := r.conn.PgConn().Exec(t.Context(), `begin; set local lock_timeout = '30s'; lock table public.t in access exclusive mode; commit`).ReadAll(); err != nil {
			t.Errorf("a command waits for the load: %v", err)
			_, _ = r.conn.Exec(t.Context(), "rollback")
		}
	})
	rows, loaded := rowsOf(r.run(), 1)
	ddl.Wait()
	if rows[ledger.Insert] != 3000 || !loaded {
		t.Errorf("%v, loaded %v", rows, loaded)
	}
}

// A table that is no longer what its version says is not read until there is a version that fits.
func TestTableOfAnotherShapeWaitsForItsVersion(t *testing.T) {
	t.Parallel()
	for name, ddl := range map[string]string{
		"column":  `alter table t add c int`,
		"type":    `alter table t alter v type varchar(9)`,
		"renamed": `alter table t rename to u; create table t (id int primary key, v text)`,
		"away":    `alter table t rename to u`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, `create table t (id int primary key, v text)`, `insert into t select i, 'v' from generate_series(1, 3000) i`)
			r.loads.Begin(r.tables[0].Shape.OID, 1)
			if _, err := r.conn.PgConn().Exec(t.Context(), `set search_path = public; begin; `+ddl+`; commit`).ReadAll(); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			go r.stream(ctx)
			if err := r.loader.Run(ctx); err == nil || ctx.Err() == nil {
				t.Errorf("the load ended: %v", err)
			}
			if got := r.entries(); len(got) != 0 {
				t.Errorf("it placed %d entries", len(got))
			}
		})
	}
}

// A large table is read by all readers at once: every row once, in ranges that join, whatever its key;
// a load that was cut short goes on with the ranges that are open.
func TestLargeTableIsReadInSeveralRanges(t *testing.T) {
	t.Parallel()
	for name, sql := range map[string]string{
		"int":   `create table t (id int primary key, v text); insert into t select i, repeat('v', 700) from generate_series(1, 50000) i`,
		"pairs": `create table t (a text, b uuid, v text, primary key (a, b)); insert into t select i % 3, md5(i::text)::uuid, repeat('v', 700) from generate_series(1, 50000) i`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, sql)
			r.loader.Readers = 3
			oid := r.tables[0].Shape.OID
			r.loads.Begin(oid, 1)
			ctx, cancel := context.WithCancel(t.Context())
			update, chunks := r.loader.Update, 0
			r.loader.Update = func(f func(States)) {
				update(func(s States) {
					before := s[oid].Rows
					f(s)
					if s[oid].Rows > before {
						if chunks++; chunks == 5 {
							cancel()
						}
					}
				})
			}
			go r.stream(ctx)
			_ = r.loader.Run(ctx)
			if err := r.loader.Writer.Below(t.Context(), 1); err != nil {
				t.Fatal(err)
			}
			read := States{}
			take(t, read, r.entries()...)
			if st := read[oid]; st.Complete || len(st.Open) < 2 {
				t.Fatalf("open are %q after %d rows", st.Open, st.Rows)
			}
			r.mu.Lock()
			r.loads = read // as a capture that starts again
			r.mu.Unlock()
			all := r.run()
			if rows, loaded := rowsOf(all, 1); rows[ledger.Insert] != 50000 || !loaded {
				t.Errorf("%v rows, loaded %v", rows, loaded)
			}
			read = States{}
			take(t, read, all...)
			if !read[oid].Complete {
				t.Errorf("open are %q", read[oid].Open)
			}
		})
	}
}

// BenchmarkReaders copies one table of 2 million rows with one reader and with several.
func BenchmarkReaders(b *testing.B) {
	const n = 2_000_000
	for _, readers := range []int{1, 2, 4} {
		b.Run(fmt.Sprintf("readers=%d", readers), func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				r := newRig(b, `create table t (id int primary key, a int, b text)`, fmt.Sprintf(`insert into t select i, i %% 100, 'some text ' || i from generate_series(1, %d) i`, n))
				r.loader.Readers, r.loader.Hold = readers, 100*time.Millisecond
				r.loads.Begin(r.tables[0].Shape.OID, 1)
				b.StartTimer()
				began := time.Now()
				r.run()
				b.ReportMetric(n/time.Since(began).Seconds(), "rows/s")
			}
		})
	}
}

// A range with two ends is walked in the key's order, also of a table that the server knows nothing of:
// to sort it for each chunk would read all of it each time.
func TestRangesAreNotSorted(t *testing.T) {
	t.Parallel()
	r := newRig(t, `create table t (id int primary key, v text) with (autovacuum_enabled = off)`, `insert into t select i, 'v' from generate_series(1, 200000) i`)
	v := &version{Table: r.tables[0]}
	query := selectRange(v, "", ledger.Range{After: key("1000"), Through: key("190000")}, 2000)
	plan := func(settings string) string {
		res, err := r.conn.PgConn().Exec(t.Context(), "BEGIN; "+settings+"; EXPLAIN "+query+"; ROLLBACK").ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		for _, x := range res {
			for _, row := range x.Rows {
				b.Write(row[0])
				b.WriteByte('\n')
			}
		}
		return b.String()
	}
	if p := plan(inOrder); strings.Contains(p, "Sort") || !strings.Contains(p, "Index") {
		t.Errorf("the range is read by\n%s", p)
	}
	if p := plan("SELECT 1"); !strings.Contains(p, "Sort") {
		t.Logf("this server would not have sorted anyway:\n%s", p)
	}
}

// ATTACH PARTITION waits for no reader: of a table that got a partition behind the snapshot only those rows
// are read that were the table's own, for at the chunk's place the partition is not one yet.
func TestAPartitionAttachedBehindTheSnapshotIsNotRead(t *testing.T) {
	t.Parallel()
	r := newRig(t, `create table t (id int primary key) partition by range (id)`, `create table t1 partition of t for values from (0) to (10)`, `insert into t values (1)`,
		`create table t2 (id int primary key)`, `insert into t2 values (11)`)
	i := slices.IndexFunc(r.tables, func(t Table) bool { return t.Shape.Name.Name == "t" })
	p := &part{loader: r.loader, t: &version{Table: r.tables[i]}}
	other, err := r.loader.Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close(context.Background()) //nolint:errcheck
	p.reader, p.t.Only = &reader{conn: r.conn}, false
	if p.t.order, err = orderOf(t.Context(), r.conn, p.t); err != nil {
		t.Fatal(err)
	}
	r.loader.readers = []*reader{p.reader}
	if p.snap, err = r.loader.snapshot(t.Context(), []*part{p}); err != nil {
		t.Fatal(err)
	}
	if _, err := other.Exec(t.Context(), `set default_transaction_read_only = off; alter table public.t attach partition public.t2 for values from (10) to (20)`); err != nil {
		t.Fatal(err)
	}
	if err := r.loader.fits(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	read := func(tree string) string {
		var ids string
		if err := r.conn.QueryRow(t.Context(), "SELECT string_agg(id::text, ',' ORDER BY id) FROM ("+selectRange(p.t, tree, ledger.Range{}, 100)+") r").Scan(&ids); err != nil {
			t.Fatal(err)
		}
		return ids
	}
	if got := read(p.tree); got != "1" {
		t.Errorf("rows %s are read, want 1", got)
	}
	if got := read(""); got != "1,11" {
		t.Errorf("without a look at what the table consists of rows %s are read: this test shows nothing", got)
	}
}

// A table that opens when one of both loops has ended is left to the next run, not waited for by the loop
// that does not load it.
func TestBothLoopsEndTogether(t *testing.T) {
	t.Parallel()
	r := newRig(t, `create table t (id int primary key)`)
	oid := r.tables[0].Shape.OID
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	l := r.loader
	l.over = new(atomic.Bool)
	keyless := *l
	keyless.keyless = true
	r.loads[oid] = &State{Table: oid, Loaded: true}
	if err := l.rounds(ctx); err != nil {
		t.Fatal(err)
	}
	r.loads[oid] = &State{Table: oid, Load: 1}
	if err := keyless.rounds(ctx); err != nil {
		t.Fatalf("the loop without a table of its own goes on: %v", err)
	}
}

// The guard locks several tables. A user's transaction that has one of them and waits for another is not ended as a
// deadlock: the guard gives up.
func TestALoadGivesWay(t *testing.T) {
	t.Parallel()
	var sql []string
	for _, name := range []string{"a", "b", "c"} {
		sql = append(sql, "create table "+name+" (id int primary key)", "insert into "+name+" select generate_series(1, 100000)")
	}
	r := newRig(t, sql...)
	r.loader.Readers = 3
	for _, x := range r.tables {
		r.loads.Begin(x.Shape.OID, 1)
	}
	var user sync.WaitGroup
	var once sync.Once
	r.loader.Pending = func(context.Context, *pgx.Conn) (bool, error) { // in the first round, which has all three
		once.Do(func() {
			user.Go(func() {
				if err := pgtest.Rival(t.Context(), r.conn.Config().ConnString(), "b"); err != nil {
					t.Error(err)
				}
			})
		})
		return false, nil
	}
	if rows, loaded := rowsOf(r.run(), 1); rows[ledger.Insert] != 300000 || !loaded {
		t.Errorf("%v, loaded %v", rows, loaded)
	}
	user.Wait()
}
