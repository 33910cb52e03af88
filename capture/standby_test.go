package capture_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pglogrepl"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"floe/pkg/ledger"
	"floe/pkg/pgtest"
	"floe/pkg/randtest"
)

// standby stands in for a synchronous standby: it takes the WAL and confirms it late, or not at all. A
// commit that waits for it is in the WAL, and decoded, and in no snapshot.
type standby struct {
	stalled atomic.Bool
	conn    *pgconn.PgConn
	rng     *rand.Rand
	late    []lateLSN
	end     pglogrepl.LSN // confirmed
}

type lateLSN struct {
	end pglogrepl.LSN
	due time.Time
}

// newStandby makes the server of a job wait for one.
func newStandby(t *testing.T, j *job, seed uint64) *standby {
	t.Helper()
	conn, err := pgconn.Connect(t.Context(), with(j.url, "replication=true&application_name=slow"))
	if err != nil {
		t.Fatal(err)
	}
	s := &standby{conn: conn, rng: rand.New(rand.NewPCG(seed, 3))}
	system, err := pglogrepl.IdentifySystem(t.Context(), conn)
	if err != nil {
		t.Fatal(err)
	}
	conn.Frontend().SendQuery(&pgproto3.Query{String: fmt.Sprintf("START_REPLICATION PHYSICAL %s TIMELINE %d", system.XLogPos, system.Timeline)})
	if err := conn.Frontend().Flush(); err != nil {
		t.Fatal(err)
	}
	for {
		m, err := conn.ReceiveMessage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := m.(*pgproto3.CopyBothResponse); ok {
			break
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	var done sync.WaitGroup
	done.Go(func() { s.run(ctx, t) })
	t.Cleanup(func() { cancel(); done.Wait(); _ = conn.Close(context.Background()) })
	j.exec(`set synchronous_commit = local`, `alter system set synchronous_standby_names = 'slow'`, `select pg_reload_conf()`)
	t.Cleanup(func() {
		s.stalled.Store(false)
		_, _ = j.user.PgConn().Exec(context.Background(), `alter system reset synchronous_standby_names`).ReadAll()
		_, _ = j.user.PgConn().Exec(context.Background(), `select pg_reload_conf()`).ReadAll()
	})
	return s
}

// run confirms each piece of WAL 5 to 50 ms after it came.
func (s *standby) run(ctx context.Context, t *testing.T) {
	for ctx.Err() == nil {
		wait, cancel := context.WithTimeout(ctx, 5*time.Millisecond)
		m, err := s.conn.ReceiveMessage(wait)
		cancel()
		if err != nil && !pgconn.Timeout(err) {
			if ctx.Err() == nil {
				t.Errorf("the standby: %v", err)
			}
			return
		}
		if d, ok := m.(*pgproto3.CopyData); ok && d.Data[0] == pglogrepl.XLogDataByteID {
			x, err := pglogrepl.ParseXLogData(d.Data[1:])
			if err != nil {
				t.Error(err)
				return
			}
			s.late = append(s.late, lateLSN{x.WALStart + pglogrepl.LSN(len(x.WALData)), time.Now().Add(time.Duration(5+s.rng.IntN(46)) * time.Millisecond)})
		}
		for len(s.late) > 0 && !s.stalled.Load() && time.Now().After(s.late[0].due) {
			s.end, s.late = s.late[0].end, s.late[1:]
		}
		if s.end == 0 {
			continue
		}
		if err := pglogrepl.SendStandbyStatusUpdate(ctx, s.conn, pglogrepl.StandbyStatusUpdate{WALWritePosition: s.end, WALFlushPosition: s.end, WALApplyPosition: s.end}); err != nil && ctx.Err() == nil {
			t.Errorf("the standby: %v", err)
			return
		}
	}
}

// stallFor is how long a standby does not answer at all.
func stallFor() time.Duration {
	if os.Getenv("FLOE_E2E") == "all" {
		return time.Minute
	}
	return 2 * time.Second
}

// with adds a parameter to a URL.
func with(url, param string) string {
	if strings.Contains(url, "?") {
		return url + "&" + param
	}
	return url + "?" + param
}

// While commits wait for a slow standby, and others beside them wait for none, the log is the source: in
// the midst of the load, while the standby does not answer at all, and when capture begins again meanwhile.
func TestLoadBesideASlowSynchronousStandby(t *testing.T) {
	t.Parallel()
	j := newJobOn(t, pgtest.New(t, pgtest.Options{Settings: map[string]string{"wal_sender_timeout": "0"}}),
		`create table a (id int primary key, v text, big text); alter table a alter big set storage external`,
		`insert into a select i, 'v' || i, repeat('x', 3000) from generate_series(1, 6000) i`,
		`create table b (p int, q text, n int, primary key (p, q)); insert into b select i % 10, i, i from generate_series(1, 6000) i`,
		`create table bag (x int, y text); insert into bag select i % 100, 'y' from generate_series(1, 30000) i`,
		`alter table bag replica identity full`)
	j.config.LoadReaders, j.config.LoadRows, j.config.ChunkHold = 2, 3000, time.Millisecond
	seed := randtest.Seed(t)
	s := newStandby(t, j, seed)
	ctx, cancel := context.WithCancel(t.Context())
	var writers sync.WaitGroup
	t.Cleanup(func() { cancel(); s.stalled.Store(false); writers.Wait() })
	beside := *j // its sessions wait for no standby, and not for long for the rows of those that do
	beside.url = with(j.url, "options=-c%20synchronous_commit%3Dlocal%20-c%20lock_timeout%3D20ms")
	for w := range uint64(2) {
		writers.Go(func() { j.write(ctx, seed+w) })
		writers.Go(func() { beside.write(ctx, seed+w+10) })
	}
	j.start()
	j.waitEntry(func(e *ledger.Entry) bool { return e.Chunk != nil })
	s.stalled.Store(true)
	pause(t, stallFor())
	s.stalled.Store(false)
	j.waitNext(func(e *ledger.Entry) bool { return e.Chunk != nil })

	s.stalled.Store(true)
	j.waitNext(func(e *ledger.Entry) bool { return e.Commit != nil })
	pause(t, 300*time.Millisecond) // commits are placed that nobody sees
	j.halt()
	j.config.LoadRows = 0
	j.start()
	j.waitEntry(func(e *ledger.Entry) bool { return e.Epoch == 2 && e.Commit != nil }) // of those that wait for nobody
	pause(t, stallFor()/2)
	for _, e := range j.tap().entries {
		if e.Epoch == 2 && e.Chunk != nil {
			t.Errorf("entry %d of the second epoch is a chunk though commits of the first are in no snapshot", e.N)
			break
		}
	}
	s.stalled.Store(false)
	j.waitEntry(func(e *ledger.Entry) bool { return e.Epoch == 2 && e.Chunk != nil })
	cancel()
	writers.Wait()
	j.waitLog(j.end())
	r := j.tap().replay()
	r.same(j)
	t.Log(r.chunks, "chunks,", len(r.events), "changes,", r.later, "waited")
}

// waitNext waits for an entry behind those that are there.
func (j *job) waitNext(fits func(*ledger.Entry) bool) {
	j.t.Helper()
	last := j.tap().entries
	behind := last[len(last)-1]
	j.waitEntry(func(e *ledger.Entry) bool {
		return (e.Epoch > behind.Epoch || e.Epoch == behind.Epoch && e.N > behind.N) && fits(e)
	})
}
