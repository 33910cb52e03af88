package capture_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"floe/pkg/ident"
)

// settled waits until the log is complete up to now and every table of the source is in it and loaded.
func (j *job) settled() *replica {
	j.t.Helper()
	// Who knows of this table knows of all that was done before.
	j.sentinels++
	j.exec(fmt.Sprintf(`create table sentinel_%d (id int primary key)`, j.sentinels))
	lsn := j.end()
	tick := time.NewTicker(250 * time.Millisecond) // a look replays the whole log
	defer tick.Stop()
	deadline := time.After(patience)
	for {
		j.waitPlaced(lsn)
		p := j.tap()
		r := p.replay()
		why := j.unsettled(r)
		if why == "" {
			if j.t.Failed() {
				j.t.Log(p)
			}
			return r
		}
		select {
		case <-tick.C:
		case <-deadline:
			j.t.Fatalf("%s; the log is %s", why, p)
		}
	}
}

// unsettled says what the replica lacks, empty if nothing.
func (j *job) unsettled(r *replica) string {
	j.t.Helper()
	rows, err := j.conn.Query(j.t.Context(), `select oid, relname, relkind = 'p' and not exists (select from pg_inherits where inhparent = c.oid)
		from pg_class c where relkind in ('r', 'p') and not relispartition and relpersistence = 'p'
		and relnamespace::regnamespace::text not in ('pg_catalog', 'information_schema', 'floe')`)
	if err != nil {
		j.t.Fatal(err)
	}
	defer rows.Close()
	there := map[uint32]bool{}
	for rows.Next() {
		var oid uint32
		var name string
		var empty bool
		if err := rows.Scan(&oid, &name, &empty); err != nil {
			j.t.Fatal(err)
		}
		there[oid] = true
		if t := r.tables[oid]; empty {
			continue
		} else if t == nil {
			return name + " is not in the log"
		} else if !t.loaded {
			return name + " is not loaded"
		} else if !strings.HasSuffix(name, t.Name.Name) {
			return fmt.Sprintf("%s is %s in the log", name, t.Name)
		}
	}
	if err := rows.Err(); err != nil {
		j.t.Fatal(err)
	}
	for oid, t := range r.tables {
		if !there[oid] {
			return fmt.Sprintf("%s is still in the log", t.Name)
		}
	}
	return ""
}

// changesOfStructure are commands with changes of rows before, between and behind them.
var changesOfStructure = map[string]string{
	"column added":          `update t set v = 'x'; alter table t add n int default 7; insert into t values (10, 'n', 8); update t set n = 9 where id = 1; delete from t where id = 2`,
	"added with a function": `alter table t add r text default md5(random()::text); insert into t values (10, 'n')`,
	"column dropped":        `alter table t drop v; insert into t values (10); update t set id = 11 where id = 1`,
	"column renamed":        `alter table t rename v to w; insert into t (id, w) values (10, 'n'); update t set w = 'x' where id = 1`,
	"dropped and added":     `alter table t drop v, add v int; insert into t values (10, 3)`,
	"retyped":               `alter table t alter v type varchar(10); insert into t values (10, 'n'); alter table t alter id type bigint; insert into t values (9000000000, 'n')`,
	"rewritten":             `alter table u alter n type int using n + 1; insert into u values (10, 3)`,
	"table renamed":         `alter table t rename to t2; insert into t2 values (10, 'n'); delete from t2 where id = 1`,
	"table moved":           `create schema s; alter table t set schema s; insert into s.t values (10, 'n'); update s.t set v = 'x'`,
	"schema renamed":        `create schema s; create table s.x (id int primary key); insert into s.x values (1); alter schema s rename to s2; insert into s2.x values (2)`,
	"tables swapped":        `begin; update t set v = 'before' where id = 1; alter table t rename to old; alter table u rename to t; insert into t values (10, 1); delete from old where id = 2; commit; insert into t values (12, 1)`,
	"table dropped":         `insert into t values (10, 'n'); drop table t; insert into u values (10, 3)`,
	"table made":            `begin; create table n (id int primary key, v text); insert into n values (1, 'a'); commit; insert into n values (2, 'b'); update n set v = 'c'`,
	"table made of rows":    `create table n as select g as id, 'x' as v from generate_series(1, 50) g; alter table n add primary key (id); update n set v = 'u' where id = 1`,
	"made anew":             `update t set v = 'w'; drop table t; create table t (id text primary key, n numeric); insert into t values ('a', 1)`,
	"anew in one":           `begin; insert into t values (10, 'doomed'); drop table t; create table t (k bigint, w text, primary key (k, w)); insert into t values (1, 'one'); commit; update t set w = 'uno'`,
	"another key":           `alter table u drop constraint u_pkey, alter n set not null, add primary key (n); update u set id = 1 where n < 5; delete from u where n = 2`,
	"key lost":              `alter table u drop constraint u_pkey; insert into u values (1, 100); alter table u add primary key (n, id); update u set id = id + 1`,
	"another identity":      `alter table i replica identity using index i_b; update i set a = -a where a = 1; delete from i where a = 2; alter table i replica identity full; update i set a = 5, b = 5 where v = 'r'`,
	"partition made":        `create table p3 partition of p for values from (20) to (30); insert into p select g, 'v' from generate_series(20, 29) g; truncate p1`,
	"partition attached":    `create table p3 (v text, id int not null primary key); insert into p3 select 'a', g from generate_series(20, 29) g; alter table p attach partition p3 for values from (20) to (30); update p set v = 'touched' where id = 25`,
	"partition detached":    `alter table p detach partition p1; insert into p1 values (5000, 'own'); insert into p values (11, 'n') on conflict (id) do update set v = 'up'`,
	"table logged":          `create unlogged table l (id int primary key); insert into l select generate_series(1, 10); alter table l set logged; insert into l values (11); delete from l where id = 1`,
	"enum grows":            `alter type mood add value 'c'; insert into e values (3, 'c'); alter type mood rename to temper; insert into e values (5, 'b')`,
	"mixed":                 `begin; insert into t values (10, 'three'); alter table t add c int; savepoint s; insert into t values (11, 'four', -4); alter table t drop c; rollback to s; insert into t values (12, 'x', 1); alter table t add d int; update t set d = id; commit; delete from t where id = 12`,
	"rolled back":           `begin; alter table t add c int; insert into t values (10, 'n', 1); rollback; insert into t values (11, 'n')`,
}

func structureJob(t testing.TB) *job {
	return newJob(t, `create table t (id int primary key, v text)`, `insert into t select g, 'v' from generate_series(1, 5) g`,
		`create table u (id int primary key, n int)`, `insert into u select g, g from generate_series(1, 5) g`,
		`create table i (a int not null, b int not null, v text)`, `create unique index i_a on i (a)`, `create unique index i_b on i (b)`, `alter table i replica identity using index i_a`,
		`insert into i values (1, 10, 'p'), (2, 20, 'q'), (3, 30, 'r')`,
		`create table p (id int primary key, v text) partition by range (id)`, `create table p1 partition of p for values from (0) to (10)`,
		`create table p2 partition of p for values from (10) to (20)`, `insert into p select g, 'v' from generate_series(0, 19) g`,
		`create type mood as enum ('a', 'b')`, `create table e (id int primary key, m mood)`, `insert into e values (1, 'a')`)
}

// Whatever the structure becomes, the log is the source: what the stream does not tell is found in the
// catalog.
func TestChangesThatNobodyTellsAreFollowed(t *testing.T) {
	t.Parallel()
	for name, sql := range changesOfStructure {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := structureJob(t)
			j.start()
			j.waitLog(j.end())
			j.exec(`update t set v = v; update u set n = n; update p set v = v`) // what is described once shows when it changes
			j.untold()
			j.settled() // by then capture knows that nobody tells
			j.exec(statements(sql)...)
			r := j.settled()
			j.gone(r, name)
			r.same(j)
		})
	}
}

// What the source's event triggers tell stands in the stream between the rows that it separates: nothing
// is looked up, and only what was written without row events is loaded again.
func TestChangesOfStructureStandWhereTheyWereMade(t *testing.T) {
	t.Parallel()
	for name, sql := range changesOfStructure {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := structureJob(t)
			j.start()
			j.waitLog(j.end())
			j.exec(statements(sql)...)
			r := j.settled()
			j.gone(r, name)
			r.same(j)
			if r.within == 0 && name != "rolled back" {
				t.Error("no change of structure is within a transaction")
			}
			if r.between > 0 {
				t.Errorf("%d definitions were looked up: %v", r.between, r.tap)
			}
			if want := reloads[name]; r.reloads != want {
				t.Errorf("%d loads replace, want %d", r.reloads, want)
			}
		})
	}
}

// A command that brings a table into the job need not wait for who writes to it (ALTER SCHEMA, COMMENT): published at
// that moment, it would lose the rows that they have written.
func TestATableThatComesWhileItIsWrittenTo(t *testing.T) {
	t.Parallel()
	j := newJob(t, `create schema s1`, `create table s1.x (id int primary key)`, `insert into s1.x values (1)`)
	j.config.Includes = func(n ident.Name) bool { return n.Schema != "s1" }
	s1, err := ident.ParsePattern("s1.*")
	if err != nil {
		t.Fatal(err)
	}
	j.config.Exclude = []ident.Pattern{s1}
	j.start()
	j.waitPlaced(j.end())
	tx, err := j.conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), `insert into s1.x values (2)`); err != nil {
		t.Fatal(err)
	}
	j.exec(`alter schema s1 rename to s2`)
	var published bool
	if err := j.user.QueryRow(t.Context(), `select exists (select from pg_publication_rel where prrelid = 's2.x'::regclass)`).Scan(&published); err != nil {
		t.Fatal(err)
	}
	if published {
		t.Error("it is published amid a transaction that writes to it")
	}
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	j.exec(`insert into s2.x values (3)`)
	j.settled().same(j)
}

// reloads are the loads that replace what was there.
var reloads = map[string]int{"added with a function": 1, "retyped": 2, "rewritten": 1, "another key": 1, "key lost": 2, "another identity": 2,
	"table made of rows": 1, "table logged": 1, "partition attached": 1, "partition detached": 1}

// gone takes out of the replica what an applier detaches with its partition, or empties.
func (j *job) gone(r *replica, name string) {
	if name != "partition detached" && name != "partition made" {
		return
	}
	for _, t := range r.tables {
		maps.DeleteFunc(t.rows, func(_ string, row []string) bool { return t.Name.Name == "p" && len(row[0]) == 1 })
	}
}

// statements splits a script whose literals have no semicolons; a transaction stays one.
func statements(sql string) (out []string) {
	open := false
	for _, s := range strings.Split(sql, "; ") {
		if open {
			out[len(out)-1] += "; " + s
		} else {
			out = append(out, s)
		}
		open = s == "begin" || open && s != "commit" && s != "rollback"
	}
	return out
}
