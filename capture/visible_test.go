package capture_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/twmb/franz-go/pkg/kgo"

	"floe/pkg/broker"
	"floe/pkg/event"
	"floe/pkg/ident"
	"floe/pkg/ledger"
	"floe/pkg/pgtest"
	"floe/schemas"
)

// A commit that waits for its standby is in the WAL, and so in the log, long before any snapshot sees it.
// A chunk read meanwhile would put the older row behind the newer one.
func TestNoChunkBeforeAPlacedCommitIsVisible(t *testing.T) {
	t.Parallel()
	server := pgtest.New(t, pgtest.Options{})
	j := newJobOn(t, server, `create table t (id int primary key, v text)`, `insert into t select i, 'old' from generate_series(1, 20000) i`)
	j.config.LoadRows = 5000
	j.start()
	j.waitEntry(func(e *ledger.Entry) bool { return e.Chunk != nil })
	stalled, release := j.stalled()
	done := make(chan error, 1)
	go func() {
		_, err := stalled.Exec(context.Background(), `update t set v = 'new' where id > 19900`)
		done <- err
	}()
	j.waitEntry(func(e *ledger.Entry) bool { return e.Commit != nil })
	placed := len(j.tap().entries)
	pause(t, time.Second)
	for _, e := range j.tap().entries[placed:] {
		if e.Chunk != nil && e.N > uint64(placed) {
			t.Errorf("entry %d is a chunk while the commit is not visible", e.N)
		}
	}
	release()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	j.waitLog(j.end())
	j.tap().replay().same(j)
}

// stalled is a session whose commits wait for a standby that never comes, until release.
func (j *job) stalled() (session *pgx.Conn, release func()) {
	j.t.Helper()
	j.exec(`alter system set synchronous_standby_names = 'nobody'`, `select pg_reload_conf()`)
	session, err := pgx.Connect(j.t.Context(), j.url)
	if err != nil {
		j.t.Fatal(err)
	}
	j.t.Cleanup(func() { _ = session.Close(context.Background()) })
	for on := ""; on != "nobody"; { // the reload reaches a session between two statements
		if err := session.QueryRow(j.t.Context(), `show synchronous_standby_names`).Scan(&on); err != nil {
			j.t.Fatal(err)
		}
	}
	return session, func() {
		j.exec(`set synchronous_commit = local`, `alter system reset synchronous_standby_names`, `select pg_reload_conf()`)
	}
}

// A partition that the stream tells of before any session sees it counts as not published until it is seen to be: rows
// that are written to it before it joins are in no message, and its table is loaded again.
func TestAPartitionThatIsToldOfBeforeItIsVisible(t *testing.T) {
	t.Parallel()
	j := newJobOn(t, pgtest.New(t, pgtest.Options{}), `create table p (id int primary key, v text) partition by range (id)`, `create table p_1 partition of p for values from (0) to (100)`,
		`insert into p select g, 'a' from generate_series(1, 50) g`)
	j.config.Includes, j.config.Everything = func(n ident.Name) bool { return n.Name == "p" }, false
	other, err := ident.ParsePattern("nothing.*") // as of a table that joined by command: event triggers do not publish its partitions
	if err != nil {
		t.Fatal(err)
	}
	j.config.Include = []ident.Pattern{other}
	j.start()
	j.waitLog(j.end())
	stalled, release := j.stalled()
	done := make(chan error, 1)
	go func() {
		_, err := stalled.Exec(context.Background(), `create table p_2 partition of p for values from (100) to (200)`)
		done <- err
	}()
	j.waitEntry(func(e *ledger.Entry) bool {
		return e.Commit != nil && slices.ContainsFunc(e.Commit.Spans, func(s ledger.Span) bool { return s.Topic == broker.Objects(j.config.Prefix) })
	})
	release()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	j.exec(`insert into p values (150, 'early')`)
	loads := 0
	j.waitEntry(func(e *ledger.Entry) bool {
		if e.Loaded != nil {
			loads++
		}
		return loads == 2
	})
	j.waitLog(j.end())
	j.tap().replay().same(j)
}

// waitEntry reads the ledger until an entry fits.
func (j *job) waitEntry(fits func(*ledger.Entry) bool) {
	j.t.Helper()
	ctx, cancel := context.WithTimeout(j.t.Context(), patience)
	defer cancel()
	topic := broker.Ledger(j.config.Prefix)
	client := j.client(kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: {0: kgo.NewOffset().At(0)}}))
	var at event.LSN
	for found := false; !found; {
		f := client.PollFetches(ctx)
		if ctx.Err() != nil {
			j.t.Fatalf("no such entry up to %s", at)
		}
		f.EachRecord(func(r *kgo.Record) {
			e, err := schemas.DecodeEntry(r.Value)
			if err != nil {
				j.t.Fatal(err)
			}
			at = max(at, e.ResumeAt())
			found = found || fits(e)
		})
	}
}

// A DDL that waits for the table makes the load let go, run behind it, and go on.
func TestLoadLetsAWaitingDDLPass(t *testing.T) {
	t.Parallel()
	j := newJob(t, `create table t (id int primary key, v text)`, `insert into t select i, 'old' from generate_series(1, 20000) i`)
	j.config.LoadRows = 400 // most of a minute
	j.start()
	j.waitEntry(func(e *ledger.Entry) bool { return e.Chunk != nil && e.Chunk.Rows > 0 })
	j.exec(`alter table t set (fillfactor = 50)`, `cluster t using t_pkey`, `truncate t`, `insert into t select i, 'new' from generate_series(1, 100) i`)
	j.waitLog(j.end())
	p := j.tap()
	p.replay().same(j)
	if n := p.read(); n >= 20000 {
		t.Errorf("the commands ran behind the load: %d rows were read", n)
	}
}

// A transaction whose commit waits for a standby, and which wrote many rows of a composite type, keeps the stream for a
// moment, not for one with each row: together they would take longer than this test has.
func TestManyRowsOfATypeThatStayOutOfSight(t *testing.T) {
	t.Parallel()
	j := newJobOn(t, pgtest.New(t, pgtest.Options{}), `create type pair as (a int, b text)`, `create table t (id int primary key, p pair)`, `insert into t values (1, row (1, 'x'))`)
	j.start()
	j.waitLog(j.end())
	stalled, release := j.stalled()
	done := make(chan error, 1)
	go func() {
		_, err := stalled.Exec(context.Background(), `insert into t select g, row (g, 'y')::pair from generate_series(2, 1000) g`)
		done <- err
	}()
	table := ident.Topic(j.config.Prefix, ident.Name{Schema: "public", Name: "t"})
	j.waitEntry(func(e *ledger.Entry) bool {
		return e.Commit != nil && slices.ContainsFunc(e.Commit.Spans, func(s ledger.Span) bool { return s.Topic == table })
	})
	select {
	case err := <-done:
		t.Fatalf("the commit waits for nobody: %v", err)
	default:
	}
	release()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	j.waitLog(j.end())
	j.tap().replay().same(j)
}
