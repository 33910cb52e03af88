package capture_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"floe/pkg/broker"
	"floe/pkg/control"
	"floe/pkg/ident"
	"floe/pkg/ledger"
	"floe/pkg/status"
)

// Tables are added and removed while the others go on; an added one has the rows that it had before.
func TestTablesAreAddedAndRemovedWhileRunning(t *testing.T) {
	t.Parallel()
	j := newJob(t, `create table a (id int primary key)`, `create table b (id int primary key, v int)`,
		`insert into b select g, 0 from generate_series(1, 500) g`)
	j.config.Includes, j.config.Everything = func(n ident.Name) bool { return n.Name == "a" }, false
	j.start()
	send := func(verb, table string) {
		t.Helper()
		if _, err := control.Send(t.Context(), broker.Options([]string{j.broker.Addr}), "j", verb, "public."+table); err != nil {
			t.Fatal(err)
		}
	}
	listed := func(r *status.Report, table string) bool {
		for _, x := range r.Tables {
			if x.Name == table {
				return true
			}
		}
		return false
	}
	j.waitStatus(func(r *status.Report) bool { return r.State == "SYNCING" })
	send("add", "b")
	j.waitStatus(func(r *status.Report) bool { return listed(r, "b") })
	j.exec(`update b set v = 1 where id < 100`, `insert into a values (1)`)
	j.waitLog(j.end())
	j.tap().replay().same(j)

	send("remove", "a")
	j.waitStatus(func(r *status.Report) bool { return r.Epoch > 2 && !listed(r, "a") })
	j.exec(`insert into a values (2)`, `update b set v = 2 where id < 10`)
	j.waitLog(j.end())
	r := j.tap().replay()
	for i := range r.events {
		if e := &r.events[i]; e.Table.Name.Name == "a" && string(e.After[0].Text) == "2" {
			t.Error("a change of a removed table is in the log")
		}
	}
	last := r.events[len(r.events)-1]
	if last.Table.Name.Name != "b" || string(last.After[1].Text) != "2" {
		t.Errorf("the log ends with %s", show(last))
	}
}

// A table that joins again before the log says that it left goes on, or joins anew: that floe itself withdrew it is
// no change of others.
func TestATableThatJoinsAgainBeforeItHasLeft(t *testing.T) {
	t.Parallel()
	j := newJob(t, `create table a (id int primary key)`, `create table b (id int primary key, v int)`,
		`insert into b select g, 0 from generate_series(1, 500) g`)
	j.start()
	j.waitStatus(func(r *status.Report) bool { return r.State == "SYNCING" })
	for round := range 6 {
		var next int64
		for _, verb := range []string{ledger.VerbRemove, ledger.VerbAdd} {
			at, err := control.Send(t.Context(), broker.Options([]string{j.broker.Addr}), "j", verb, "public.b")
			if err != nil {
				t.Fatal(err)
			}
			next = at + 1
			// The session of the one is cut by the other ever later.
			pause(t, time.Duration(round)*20*time.Millisecond)
		}
		j.waitStatus(func(r *status.Report) bool {
			if r.State == "FAILED" {
				t.Fatalf("round %d: %s: %s", round, r.Reason, r.Detail)
			}
			return r.Obeyed >= next && r.State == "SYNCING"
		})
		j.exec(fmt.Sprintf(`update b set v = %d where id %% 6 <= %[1]d`, round), `insert into a select count(*) from a`)
		j.waitLog(j.end())
	}
	j.tap().replay().same(j)
}

// A table that a session without it withdrew before the log knew it, and that the next one publishes again, is in the
// stream with a gap: it is loaded behind that, and what came before does not stay.
func TestATableThatWasWithdrawnBeforeTheLogKnewIt(t *testing.T) {
	t.Parallel()
	j := newJob(t, `create table a (id int primary key)`)
	j.start()
	j.waitStatus(func(r *status.Report) bool { return r.State == "SYNCING" })
	j.halt()
	j.exec(`create table b (id int primary key, v int)`, `insert into b select g, 0 from generate_series(1, 200) g`)
	var published bool
	if err := j.conn.QueryRow(t.Context(), `select exists (select from pg_publication_rel where prrelid = 'public.b'::regclass)`).Scan(&published); err != nil || !published {
		t.Fatalf("b was not published by the command that made it: %v", err)
	}
	j.exec(`alter publication floe_`+j.config.Job+` drop table only public.b`, `update b set v = 1 where id % 2 = 0`, `delete from b where id % 10 = 7`)
	j.start()
	j.waitLog(j.end())
	rows, chunks := false, 0
	for _, e := range j.tap().entries {
		rows = rows || e.Commit != nil && slices.ContainsFunc(e.Commit.Spans, func(s ledger.Span) bool { return s.Topic == "j.public.b" })
		if e.Chunk == nil || e.Chunk.Rows == 0 {
			continue
		}
		if chunks++; !rows || e.Chunk.Mode != ledger.Replace || e.Chunk.Rows != 180 {
			t.Errorf("the chunk %+v, behind the rows before the gap: %t", *e.Chunk, rows)
		}
	}
	if chunks != 1 {
		t.Errorf("%d chunks", chunks)
	}
}

// A table is read again once for each command, while writers go on and captures end in the middle of it.
func TestATableIsReadAgainByCommand(t *testing.T) {
	t.Parallel()
	j := newJob(t, `create table a (id int primary key, v int)`, `insert into a select g, 0 from generate_series(1, 3000) g`, `create table b (id int primary key)`)
	j.config.LoadRows = 20000
	j.start()
	j.waitStatus(func(r *status.Report) bool { return r.State == "SYNCING" })
	resync := func() int64 {
		t.Helper()
		at, err := control.Send(t.Context(), broker.Options([]string{j.broker.Addr}), "j", ledger.VerbResync, "public.a", "public.nosuch")
		if err != nil {
			t.Fatal(err)
		}
		return at + 1
	}
	for round := range 3 {
		next := resync()
		j.exec(`update a set v = v + 1 where id % 3 = 0`, `delete from a where id % 100 = 7`, `insert into b select coalesce(max(id), 0) + 1 from b`)
		j.waitStatus(func(r *status.Report) bool { return r.Obeyed >= next && r.State == "INIT_DATA" || r.State == "SYNCING" })
		if round < 2 {
			j.halt()
			j.start()
		}
		j.waitStatus(func(r *status.Report) bool { return r.Obeyed >= next && r.State == "SYNCING" })
		j.exec(`update a set v = v + 1 where id % 5 = 0`)
	}
	j.waitLog(j.end())
	p := j.tap()
	p.replay().same(j)
	loaded := map[string]int{}
	for _, e := range p.entries {
		if e.Loaded != nil {
			loaded[fmt.Sprintf("%d", e.Loaded.Table)]++
		}
	}
	if n := fmt.Sprint(slices.Sorted(maps.Values(loaded))); n != "[1 4]" {
		t.Errorf("loads of the two tables: %s", n)
	}
}
