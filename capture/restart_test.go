package capture_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"floe/pkg/event"
	"floe/pkg/ident"
	"floe/pkg/ledger"
	"floe/pkg/randtest"
	"floe/pkg/status"
)

// A session goes on with the definitions in the log: the rows that come first are older than the catalog
// that it finds.
func TestStructureThatChangedWhileCaptureWasDown(t *testing.T) {
	t.Parallel()
	for _, told := range []bool{true, false} {
		t.Run(fmt.Sprintf("told %v", told), func(t *testing.T) {
			t.Parallel()
			j := structureJob(t)
			j.start()
			j.waitLog(j.end())
			if !told {
				j.untold()
			}
			j.exec(`alter table t add c int`) // in the log, and not in what the first epoch placed
			j.settled()
			j.halt()
			for _, name := range []string{"column added", "another key", "another identity", "partition attached", "enum grows"} {
				j.exec(statements(changesOfStructure[name])...)
			}
			j.exec(statements(`alter table t rename to t_new; insert into t_new values (20, 'z'); alter table t_new drop n; update t_new set v = 'last';
				create table made (id int primary key); insert into made values (1); drop table e; create table e (id bigint primary key); insert into e values (7)`)...)
			j.start()
			r := j.settled()
			r.same(j)
			if told && r.between > 0 {
				t.Errorf("%d definitions were looked up", r.between)
			}
		})
	}
}

// Columns that exchange their names while nobody tells are, for what the stream says of them, what they were.
func TestColumnsThatExchangedTheirNamesUnseen(t *testing.T) {
	t.Parallel()
	j := newJob(t, `create table t (id int primary key, a text, b text)`, `insert into t values (1, 'a', 'b')`,
		`create table p (id int primary key, a text, b text) partition by range (id)`, `create table p1 (b text, a text, id int not null primary key)`,
		`alter table p attach partition p1 for values from (0) to (10)`, `insert into p values (1, 'a', 'b')`)
	j.start()
	j.settled()
	j.halt()
	j.untold()
	for _, table := range []string{"t", "p"} {
		j.exec(`insert into `+table+` values (2, 'a', 'b')`,
			strings.ReplaceAll(`begin; alter table T rename a to c; alter table T rename b to a; alter table T rename c to b; commit`, "T", table),
			`insert into `+table+` (id, a, b) values (3, 'a3', 'b3')`, `update `+table+` set a = 'a2' where id = 2`)
	}
	j.start()
	j.settled().same(j)
}

// Where nobody may tell, a table that was written anew while no capture ran has another file than the log knows.
func TestATableThatWasWrittenAnewUnseen(t *testing.T) {
	t.Parallel()
	j := newJob(t, `create table t (id int primary key, n int)`, `insert into t select g, g from generate_series(1, 5) g`, `create table u (id int primary key)`, `insert into u values (1)`)
	role := j.config.Job
	j.exec(`create role ` + role + ` login replication`)
	t.Cleanup(func() { _, _ = j.conn.Exec(context.Background(), `drop owned by `+role+`; drop role `+role) })
	j.exec(`do $$ begin execute format('grant create on database %I to `+role+`', current_database()); end $$`, `grant usage, create on schema public to `+role,
		`alter table t owner to `+role, `alter table u owner to `+role)
	u, err := url.Parse(j.url)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.User(role)
	j.config.Source.URL = u.String()
	j.config.Includes = func(n ident.Name) bool { return n.Name == "t" || n.Name == "u" }
	j.start()
	j.waitLog(j.end())
	j.halt()
	j.exec(`alter table t alter n type int using n + 1`)
	for range 2 { // the second time nothing is new
		j.start()
		j.waitStatus(func(r *status.Report) bool { return r.State == "SYNCING" })
		j.exec(`insert into u select max(id) + 1 from u`)
		j.waitLog(j.end())
		j.waitEntry(func(e *ledger.Entry) bool { return e.Loaded != nil && e.Loaded.Load > 1 })
		j.halt()
	}
	p := j.tap()
	p.replay().same(j)
	loads := 0
	for _, e := range p.entries {
		if e.Loaded != nil {
			loads++
		}
	}
	if loads != 3 {
		t.Errorf("%d loads of two tables, one of which was written anew", loads)
	}
}

// Event triggers that somebody switched off and on again, in one transaction or while no capture ran, have other
// versions: tables that were written anew meanwhile are loaded again. Without that a new file says nothing.
func TestATableThatWasWrittenAnewWhileTriggersWereOff(t *testing.T) {
	t.Parallel()
	j := newJob(t, `create table t (id int primary key, n int)`, `insert into t select g, g from generate_series(1, 5) g`, `create table u (id int primary key)`, `insert into u values (1)`)
	const each = `do $$ declare t text; begin for t in select evtname from pg_event_trigger where evtname like 'floe%' loop execute format('alter event trigger %I `
	unseen := `begin; ` + each + `disable', t); end loop; end $$; alter table t alter n type int using n + 1; ` + each + `enable always', t); end loop; end $$; commit`
	var table uint32
	if err := j.user.QueryRow(t.Context(), `select 't'::regclass::oid`).Scan(&table); err != nil {
		t.Fatal(err)
	}
	loaded := func(want int) {
		t.Helper()
		n := 0
		j.waitEntry(func(e *ledger.Entry) bool {
			if e.Loaded != nil && e.Loaded.Table == table {
				n++
			}
			return n == want
		})
		j.tap().replay().same(j)
	}
	j.start()
	j.waitLog(j.end())
	j.exec(unseen)
	loaded(2)
	j.halt()
	j.exec(unseen)
	j.start()
	loaded(3)
	j.halt()
	j.exec(`vacuum full t`)
	j.start()
	j.waitStatus(func(r *status.Report) bool { return r.State == "SYNCING" })
	j.exec(`insert into u select max(id) + 1 from u`)
	j.waitLog(j.end())
	p := j.tap()
	p.replay().same(j)
	loads := 0
	for _, e := range p.entries {
		if e.Loaded != nil {
			loads++
		}
	}
	if loads != 4 {
		t.Errorf("%d loads of two tables, one of which was written anew twice unseen, and once only moved its rows", loads)
	}
}

// A session for which event triggers do not fire (as with event_triggers = off from 17 on) writes a table anew to the same
// type: the table is loaded again, while a capture runs and when the next one starts. What moves rows, what tells, and
// other tables' commands are no reason for it.
func TestATableThatASessionWithoutEventTriggersWroteAnew(t *testing.T) {
	t.Parallel()
	j := newJob(t, `create table t (id int primary key, n int)`, `insert into t select g, g from generate_series(1, 5) g`, `create table u (id int primary key, n int)`, `insert into u values (1)`)
	var table uint32
	if err := j.user.QueryRow(t.Context(), `select 't'::regclass::oid`).Scan(&table); err != nil {
		t.Fatal(err)
	}
	silent := func(sql string) { j.exec(`set floe.recording = on`, sql, `reset floe.recording`) }
	loads := func(of func(uint32) bool) (n int) {
		for _, e := range j.tap().entries {
			if e.Loaded != nil && of(e.Loaded.Table) {
				n++
			}
		}
		return n
	}
	mine := func(oid uint32) bool { return oid == table }
	loaded := func(want int) {
		t.Helper()
		n := 0
		j.waitEntry(func(e *ledger.Entry) bool {
			if e.Loaded != nil && e.Loaded.Table == table {
				n++
			}
			return n == want
		})
		j.tap().replay().same(j)
	}
	j.start()
	j.waitLog(j.end())
	j.exec(`alter table u add m int`)
	silent(`alter table t alter n type int using n + 1`)
	loaded(2)
	silent(`begin; truncate t; insert into t values (1, 1), (2, 2); alter table t alter n type int using n + 7; alter table t alter n type int using n * 2; commit`)
	loaded(3)
	j.halt()
	silent(`alter table t alter n type int using n - 1`)
	j.exec(`alter table t add o int default 4`, `alter table u add o int`, `update t set o = id`)
	j.start()
	loaded(4)
	others := loads(func(oid uint32) bool { return !mine(oid) })
	j.exec(`truncate u`, `alter table u add p int`, `alter table u alter p set default 3, alter n set statistics 7`, `alter table u alter n set not null`, `insert into u values (3, 3)`, `begin; savepoint s; alter table u add q int; release s; truncate u; commit`, `create index on u (p)`, `cluster u using u_pkey`, `insert into u values (4, 4)`)
	j.waitLog(j.end())
	j.halt()
	j.exec(`begin; savepoint s; alter table u add r int; release s; truncate u; commit`, `insert into u values (5, 5)`)
	j.start()
	j.waitStatus(func(r *status.Report) bool { return r.State == "SYNCING" })
	silent(`alter table t alter n type int using n + 100`) // a look behind all that
	loaded(5)
	if n := loads(func(oid uint32) bool { return !mine(oid) }); n != others {
		t.Errorf("%d more loads of a table of which all was told", n-others)
	}
}

// What a session without event triggers wrote anew is found where a command that tells writes the same column in the
// catalog once more before anybody looked.
func TestATableWrittenAnewUnseenBehindACommandThatTells(t *testing.T) {
	t.Parallel()
	j := newJob(t, `create table t (id int primary key, n int)`, `insert into t select g, g from generate_series(1, 5) g`)
	j.start()
	j.waitLog(j.end())
	for i, told := range []string{`alter table t alter n set statistics 10`, `alter table t alter n set default 5`, `alter table t alter n set not null`, `alter table t alter n set statistics 11`, `alter table t alter n set default 6`, `alter table t rename n to m`} {
		late := i >= 3 // while no capture runs, the log alone knows what the table was
		if late {
			j.halt()
		}
		j.exec(`set floe.recording = on; begin; alter table t alter n type int using n + 1; set floe.recording = ''; commit; ` + told)
		if late {
			j.start()
		}
		n := 0
		j.waitEntry(func(e *ledger.Entry) bool {
			if e.Loaded != nil {
				n++
			}
			return n == i+2
		})
		j.tap().replay().same(j)
	}
}

// A column that a session without event triggers created with computed values, which stand in no event, is loaded where a
// command that tells writes it in the catalog before anybody looked: it is not that command's own.
func TestAColumnThatCameUnseenBehindACommandThatTells(t *testing.T) {
	t.Parallel()
	type does func(sql string)
	const add = `alter table t add c float default random()`
	for name, run := range map[string]func(j *job, unseen, told does){
		"default": func(_ *job, unseen, told does) { unseen(add); told(`alter table t alter c set default 5`) },
		"identity": func(_ *job, unseen, told does) {
			unseen(`alter table t add c int generated always as identity`)
			told(`alter table t rename c to d`)
		},
		"beside another": func(_ *job, unseen, told does) { unseen(add); told(`alter table t alter c set default 5, add d int`) },
		"twice": func(_ *job, unseen, told does) {
			unseen(add)
			told(`begin; alter table t alter c set default 5; alter table t alter c set not null; commit`)
		},
		"in one transaction": func(_ *job, _, told does) {
			told(`begin; alter table t add c float default 1; set local floe.recording = on; alter table t alter c type float using c + id; commit`)
		},
		"behind its snapshot": func(_ *job, unseen, told does) {
			told(`begin isolation level repeatable read; select count(*) from pg_class`)
			unseen(add)
			told(`alter table t alter c set default 5; commit`)
		},
		"waited for": func(j *job, unseen, told does) {
			unseen(`begin; ` + add)
			var waiter sync.WaitGroup
			waiter.Go(func() { told(`alter table t alter c set default 5, add d int`) })
			for waits := false; !waits; {
				if err := j.conn.QueryRow(t.Context(), `select exists (select from pg_locks where relation = (select oid from pg_class where relname = 't') and not granted)`).Scan(&waits); err != nil {
					t.Fatal(err)
				}
			}
			unseen(`commit`)
			waiter.Wait()
		},
	} {
		for _, late := range []bool{false, true} { // while no capture runs, the log alone knows what the table was
			t.Run(fmt.Sprintf("%s late %v", name, late), func(t *testing.T) {
				t.Parallel()
				j := newJob(t, `create table t (id int primary key, n int)`, `insert into t select g, g from generate_series(1, 5) g`)
				other, err := pgx.Connect(t.Context(), j.url)
				if err != nil {
					t.Fatal(err)
				}
				defer other.Close(context.WithoutCancel(t.Context())) //nolint:errcheck
				j.start()
				j.waitLog(j.end())
				if late {
					j.halt()
				}
				run(j, func(sql string) {
					if _, err := other.PgConn().Exec(t.Context(), `set floe.recording = on; `+sql).ReadAll(); err != nil {
						t.Error(err)
					}
				}, func(sql string) { j.exec(sql) })
				if late {
					j.start()
				}
				loads := 0
				j.waitEntry(func(e *ledger.Entry) bool {
					if e.Loaded != nil {
						loads++
					}
					return loads == 2
				})
				j.tap().replay().same(j)
			})
		}
	}
}

// A type changes unseen, and a command that tells has its table loaded before anybody looked at the catalog: the load's
// rows bear what no definition in the log has, until it waits for a look.
func TestALoadBehindATypeThatChangedUnseen(t *testing.T) {
	t.Parallel()
	j := newJob(t, `create type mood as enum ('low')`, `create table t (id int primary key, m mood)`, `insert into t select g, 'low' from generate_series(1, 5) g`)
	j.start()
	j.waitLog(j.end())
	const each = `do $$ declare t text; begin for t in select evtname from pg_event_trigger where evtname like 'floe%' loop execute format('alter event trigger %I `
	for i, unseen := range []func(string){
		func(sql string) { j.exec(`set floe.recording = on`, sql, `reset floe.recording`) },
		func(sql string) {
			j.exec(each+`disable', t); end loop; end $$`, sql, each+`enable always', t); end loop; end $$`)
		},
	} {
		pause(t, time.Second) // the last round's look is over, or not
		label := fmt.Sprint("label ", i)
		unseen(`alter type mood add value '` + label + `'`)
		j.exec(`alter table t alter m type mood using '` + label + `'::mood`)
		n := 0
		j.waitEntry(func(e *ledger.Entry) bool {
			if e.Loaded != nil {
				n++
			}
			return n > i+1
		})
		j.settled().same(j)
	}
}

// A composite type whose attributes a session without event triggers exchanged is found by the first row of it, not behind
// it: the target's type may refuse the text. What is told further on is no such exchange.
func TestATypeThatChangedUnseenBeforeItsRows(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		sql   []string
		loads int
	}{
		"unseen":             {[]string{`set floe.recording = on; alter type pair drop attribute a; alter type pair add attribute a text; set floe.recording = ''`, `insert into t values (6, (1, 'x'))`}, 2},
		"told":               {[]string{`insert into t values (6, (1, 2))`, `alter type pair add attribute c text`, `begin; savepoint s; alter type pair add attribute d int; release s; commit`, `insert into t values (7, (1, 2, 'x', 3))`}, 1},
		"unseen before told": {[]string{`set floe.recording = on; alter type pair drop attribute a; alter type pair add attribute a text; set floe.recording = ''`, `insert into t values (6, (1, 'x'))`, `alter type pair add attribute c text`}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := newJob(t, `create type pair as (a int, b int)`, `create table t (id int primary key, p pair)`, `insert into t select g, (g, g)::pair from generate_series(1, 5) g`)
			var table uint32
			if err := j.user.QueryRow(t.Context(), `select 't'::regclass::oid`).Scan(&table); err != nil {
				t.Fatal(err)
			}
			j.start()
			j.waitLog(j.end())
			j.halt()
			j.exec(c.sql...)
			j.start()
			r := j.settled()
			loads := 0
			for _, e := range r.tap.entries {
				if e.Loaded != nil && e.Loaded.Table == table {
					loads++
				}
			}
			placed := slices.ContainsFunc(r.events, func(e event.Row) bool { return e.Table.OID == table && string(e.After[0].Text) == "6" })
			if told := c.loads == 1; loads != c.loads || placed != told {
				t.Errorf("%d loads, and the row stands in the stream: %v", loads, placed)
			}
		})
	}
}

// untold takes the source's event triggers away.
func (j *job) untold() {
	j.t.Helper()
	j.exec(`alter event trigger floe_ddl_command_end disable`, `alter event trigger floe_sql_drop disable`, `alter event trigger floe_table_rewrite disable`)
}

// Killed at any moment while structure changes and rows are written, capture goes on from the log.
func TestKilledWhileStructureChanges(t *testing.T) {
	t.Parallel()
	for _, told := range []bool{true, false} {
		t.Run(fmt.Sprintf("told %v", told), func(t *testing.T) {
			t.Parallel()
			j := newJob(t, `create table a (id int primary key, v text)`, `insert into a select i, 'v' from generate_series(1, 3000) i`,
				`create table b (id int primary key, n int)`, `insert into b select i, i from generate_series(1, 3000) i`)
			kill := j.spawn()
			j.waitLog(j.end())
			if !told {
				j.untold()
			}
			seed := randtest.Seed(t)
			ctx, cancel := context.WithCancel(t.Context())
			var writers sync.WaitGroup
			writers.Go(func() { j.restructure(ctx, seed) })
			random := rand.New(rand.NewPCG(seed, 7))
			for range 6 {
				pause(t, time.Duration(200+random.IntN(1500))*time.Millisecond)
				kill()
				kill = j.spawn()
			}
			cancel()
			writers.Wait()
			defer func() { kill() }()
			r := j.settled()
			r.same(j)
			t.Log(len(r.events), "changes,", r.within, "objects within transactions,", r.between, "between,", r.reloads, "loads replace")
		})
	}
}

// restructure changes tables at random, rows and structure, until ctx ends.
func (j *job) restructure(ctx context.Context, seed uint64) {
	r := rand.New(rand.NewPCG(seed, 1))
	conn, err := pgx.Connect(context.Background(), j.url)
	if err != nil {
		j.t.Error(err)
		return
	}
	defer conn.Close(context.Background())
	columns := map[string][]string{"a": {"v"}, "b": {"n"}}
	for i := 0; ctx.Err() == nil; i++ {
		table := []string{"a", "b"}[r.IntN(2)]
		var sql string
		switch r.IntN(12) {
		case 0:
			c := fmt.Sprintf("c%d", i)
			columns[table] = append(columns[table], c)
			sql = fmt.Sprintf(`alter table %s add %s text`, table, c)
		case 1:
			if len(columns[table]) < 2 {
				continue
			}
			k := r.IntN(len(columns[table]))
			sql = fmt.Sprintf(`alter table %s drop %s`, table, columns[table][k])
			columns[table] = slices.Delete(slices.Clone(columns[table]), k, k+1)
		case 2:
			columns["a"], columns["b"] = columns["b"], columns["a"]
			sql = `begin; alter table a rename to x; alter table b rename to a; alter table x rename to b; insert into a (id) values (-1) on conflict do nothing; commit`
		case 3:
			k := r.IntN(len(columns[table]))
			c := fmt.Sprintf("r%d", i)
			sql = fmt.Sprintf(`begin; update %s set %s = null where id < 10; alter table %[1]s rename %[2]s to %s; update %[1]s set %[3]s = null where id > 2990; commit`, table, columns[table][k], c)
			columns[table] = slices.Clone(columns[table])
			columns[table][k] = c
		case 4:
			sql = fmt.Sprintf(`create table n%d (id int primary key); insert into n%[1]d select generate_series(1, 20)`, i)
		case 5:
			sql = fmt.Sprintf(`drop table if exists n%d`, max(0, i-r.IntN(20)))
		default:
			set := make([]string, len(columns[table]))
			for k, c := range columns[table] {
				set[k] = fmt.Sprintf("%s = %d", c, i)
			}
			sql = fmt.Sprintf(`update %s set %s where id %% 100 = %d; insert into %[1]s (id) values (%[4]d) on conflict do nothing; delete from %[1]s where id = %[5]d`, table, strings.Join(set, ", "), r.IntN(100), 3000+i, 1+r.IntN(3000))
		}
		if _, err := conn.PgConn().Exec(context.Background(), sql).ReadAll(); err != nil {
			if _, err := conn.PgConn().Exec(context.Background(), "rollback").ReadAll(); err != nil {
				j.t.Error(err)
				return
			}
			if !strings.Contains(err.Error(), "lock timeout") {
				j.t.Errorf("%s: %v", sql, err)
				return
			}
		}
	}
}
