package capture_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"floe/pkg/event"
	"floe/pkg/ident"
	"floe/pkg/ledger"
	"floe/pkg/pgtest"
)

// changes runs statements on loaded tables and gives what the log made of them.
func (j *job) changes(sql ...string) *replica {
	j.t.Helper()
	j.start()
	j.waitLog(j.end())
	j.exec(sql...)
	j.waitLog(j.end())
	r := j.tap().replay()
	r.same(j)
	return r
}

// show is a row for people and comparison: op, table, old image, new image.
func show(row event.Row) string {
	s := row.Op.String() + " " + row.Table.Name.Name
	for _, image := range [][]event.Datum{row.Before, row.After} {
		if image == nil {
			s += " -"
			continue
		}
		parts := texts(image)
		for i := range parts {
			if image[i].Kind == event.Unchanged {
				parts[i] = "~"
			}
			if parts[i] = strings.ReplaceAll(parts[i], null, "NULL"); len(parts[i]) > 20 {
				parts[i] = fmt.Sprintf("%s…%d", parts[i][:3], len(parts[i]))
			}
		}
		s += " (" + strings.Join(parts, ",") + ")"
	}
	if row.Leaf != nil {
		s += " leaf " + row.Leaf.Name.Name + " " + row.Leaf.Condition
	}
	if row.RestartIdentity {
		s += " restart"
	}
	return s
}

func wantRows(t *testing.T, r *replica, want ...string) {
	t.Helper()
	var got []string
	for _, row := range r.events {
		got = append(got, show(row))
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestEveryIdentity(t *testing.T) {
	t.Parallel()
	generated, gen := ` generated always as (a * 2) stored`, "(1,3)"
	if pgtest.Shared(t).Version() < 12 {
		generated, gen = "", "(1,3,NULL)"
	}
	j := newJob(t,
		`create table pk (id int primary key, v text)`, `insert into pk values (1, 'a')`,
		`create table full_ (id int primary key, v text, big text)`, `alter table full_ replica identity full`,
		`alter table full_ alter big set storage external`, `insert into full_ values (1, 'a', repeat('b', 3000))`,
		`create table nothing (id int primary key, v text)`, `alter table nothing replica identity nothing`,
		`create table uniq (a int not null, b text, c int not null unique)`, `insert into uniq values (1, 'a', 10)`,
		`create table late (id int primary key deferrable, v int)`, `insert into late values (1, 1)`,
		`create table none (x int, y text, big text)`, `alter table none alter big set storage external`, `insert into none values (1, null, repeat('b', 3000))`,
		`create table gen (id int primary key, a int, g int`+generated+`)`, `insert into gen values (1, 2)`,
		`create table dropped (x int, id int primary key, y int, z int)`, `alter table dropped drop x, drop y`, `insert into dropped values (1, 2)`,
		`create table empty_ ()`, `insert into empty_ default values`)
	r := j.changes(
		`update pk set v = 'b'; update pk set id = 2; delete from pk`,
		`update full_ set v = 'b'; update full_ set id = 2; delete from full_`,
		`insert into nothing values (1, 'a')`,
		`update uniq set b = 'b'; update uniq set c = 11; delete from uniq`,
		`update late set v = 2; delete from late`,
		`update none set y = 'z'; delete from none`,
		`update gen set a = 3`,
		`update dropped set z = 3`,
		`insert into empty_ default values; delete from empty_ where ctid = (select min(ctid) from empty_)`)
	wantRows(t, r,
		"u pk - (1,b)", "u pk (1,NULL) (2,b)", "d pk (2,NULL) -",
		"u full_ - (1,b,bbb…3000)", "u full_ (1,NULL,NULL) (2,b,bbb…3000)", "d full_ (2,NULL,NULL) -",
		"c nothing - (1,a)",
		"u uniq - (1,b,10)", "u uniq (NULL,NULL,10) (1,b,11)", "d uniq (NULL,NULL,11) -",
		"u late (1,1) (1,2)", "d late (1,2) -",
		"u none (1,NULL,bbb…3000) (1,z,bbb…3000)", "d none (1,z,bbb…3000) -",
		"u gen - "+gen, "u dropped - (1,3)", "c empty_ - ()", "d empty_ () -")
}

// Under `identity: keep` the source's own settings say which columns an old image holds.
func TestKeptIdentityIsTheSourcesOwn(t *testing.T) {
	t.Parallel()
	j := newJob(t, `create table t (id int primary key, c int not null, v text)`, `create unique index u on t (c)`,
		`alter table t replica identity using index u`, `insert into t values (1, 10, 'a'), (2, 20, 'b')`)
	j.config.KeepIdentity = true
	r := j.changes(`update t set id = 3 where id = 1`, `update t set c = 11 where c = 10`, `delete from t where id = 2`)
	wantRows(t, r, "u t - (3,10,a)", "u t (NULL,10,NULL) (3,11,a)", "d t (NULL,20,NULL) -")
}

func TestTruncateNamesWhatItEmptied(t *testing.T) {
	t.Parallel()
	j := newJob(t, `create table a (id serial primary key)`, `create table b (id int primary key references a)`,
		`create table p (id int primary key) partition by range (id)`,
		`create table p1 partition of p for values from (0) to (10)`, `create table p2 partition of p for values from (10) to (20)`,
		`insert into p select generate_series(0, 19)`, `insert into a default values`)
	j.start()
	j.waitLog(j.end())
	j.exec(`truncate a, b restart identity`, `truncate p`, `insert into p values (1), (11)`, `begin; truncate p1; rollback`)
	j.waitLog(j.end())
	r := j.tap().replay()
	r.same(j)
	wantRows(t, r, "t a - - restart", "t b - - restart", "t p - -", "c p - (1)", "c p - (11)")
	if a, b := r.events[0].Pos, r.events[1].Pos; a != b {
		t.Errorf("one TRUNCATE at %s and %s", a, b)
	}
	j.exec(`truncate p1`)
	j.waitLog(j.end())
	r = j.tap().replay()
	if got, want := show(r.events[len(r.events)-1]), "t p - - leaf p1 ((id IS NOT NULL) AND (id >= 0) AND (id < 10))"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestRowsOfPartitionsAreTheRoots(t *testing.T) {
	t.Parallel()
	j := newJob(t, `create table p (id int, v text, n int default 7, primary key (id)) partition by range (id)`,
		`create table p1 (n int, gone int, v text, id int not null)`, `alter table p1 drop gone`, `alter table p attach partition p1 for values from (0) to (100)`,
		`create table p2 partition of p for values from (100) to (200) partition by list (id)`, `create table p21 partition of p2 default`,
		`insert into p select i, 'v' || i from generate_series(1, 150) i`)
	r := j.changes(`update p set v = 'x' where id = 1`, `update p set id = 160 where id = 2`, `delete from p where id = 140`)
	wantRows(t, r, "u p - (1,x,7)", "d p (2,NULL,NULL) -", "c p - (160,v2,7)", "d p (140,NULL,NULL) -")
}

// A key that moves to another partition of the topic leaves a delete for who reads the old one only.
func TestCompanionDeletes(t *testing.T) {
	t.Parallel()
	j := newJob(t, `create table t (id int primary key, v int)`, `insert into t select i, i from generate_series(1, 100) i`)
	j.config.Partitions = 4
	r := j.changes(`update t set id = id + 1000`)
	if r.companion < 50 || r.companion == 100 {
		t.Errorf("%d of 100 moves have a companion", r.companion)
	}
	// Each partition by itself must end at what the table has there.
	for at, records := range r.tap.records {
		if !strings.HasPrefix(at.topic, "j.public.") {
			continue
		}
		alive := map[string]bool{}
		for _, rec := range records {
			row := r.decode(record{Header: r.tap.header(rec), topic: at.topic, value: rec.Value})
			switch {
			case row.Op == event.Delete:
				delete(alive, string(row.Before[0].Text))
			default:
				if row.Before != nil {
					delete(alive, string(row.Before[0].Text))
				}
				alive[string(row.After[0].Text)] = true
			}
		}
		for key := range alive {
			if len(key) < 4 {
				t.Errorf("partition %d still holds key %s", at.partition, key)
			}
		}
	}
}

// A transaction beyond the bounds of a group is placed in parts, of which only the last one may be
// resumed behind; what is beside it stays whole.
func TestBigTransactionInParts(t *testing.T) {
	t.Parallel()
	j := newJob(t, `create table t (id int primary key, v text)`, `create table u (id int primary key)`)
	r := j.changes(`insert into u values (1)`, `insert into t select i, 'v' from generate_series(1, 50000) i`, `insert into u values (2)`)
	var parts []ledger.Commit
	for _, e := range r.tap.entries {
		if e.Commit != nil && e.Commit.Part > 0 {
			parts = append(parts, *e.Commit)
		}
	}
	if len(parts) != 3 {
		t.Fatalf("%d parts", len(parts))
	}
	for i, p := range parts {
		if last := i == len(parts)-1; p.Part != i+1 || p.Final != last || (p.End != 0) != last || p.First != p.Last {
			t.Errorf("part %d: %+v", i, p)
		}
	}
}

// Rows above what brokers take are split into consecutive records and are whole again for the reader.
func TestRowsAboveTheBrokersLimit(t *testing.T) {
	t.Parallel()
	j := newJob(t, `create table t (id int primary key, v text)`, `insert into t select i, repeat(i::text, 3000000) from generate_series(1, 3) i`)
	r := j.changes(`update t set v = repeat('é', 2000000) where id = 2`, `update t set id = 4 where id = 2`)
	if n := len(r.tap.records[place{"j.public.t", 0}]); n < 12 {
		t.Errorf("%d records for 15 MB", n)
	}
}

func TestSequencesAreSampled(t *testing.T) {
	t.Parallel()
	j := newJob(t, `create table t (id bigint generated always as identity primary key, s serial)`, `create sequence free start 5`)
	j.start()
	j.waitLog(j.end())
	j.exec(`insert into t (s) select nextval('t_s_seq') from generate_series(1, 10)`, `select nextval('free')`)
	want := map[string]string{"t_id_seq": `{"last":10,"is_called":true}`, "t_s_seq": `{"last":10,"is_called":true}`, "free": `{"last":5,"is_called":true}`}
	for seen := 0; seen < len(want); {
		j.exec(`insert into t default values`) // goes on moving them; the sampled value may be any later one
		j.waitLog(j.end())
		r := j.tap().replay()
		seen = 0
		for name, value := range want {
			if got := r.sequences[ident.Name{Schema: "public", Name: name}]; got == value || len(got) >= len(value) && name != "free" {
				seen++
			}
		}
	}
}

// Tables that write no WAL cannot be copied; they do not keep the others from it, nor does having none.
func TestSelectionsWithNothingToPublish(t *testing.T) {
	t.Parallel()
	j := newJob(t, `create unlogged table u (id int primary key)`, `create table root (id int) partition by list (id)`)
	j.config.Includes = func(n ident.Name) bool { return true }
	j.start()
	lsn := j.end()
	j.exec(`insert into u values (1)`)
	j.config.SkipLoad = true // nothing will be loaded: do not wait for it
	j.waitLog(lsn)
	if r := j.tap().replay(); len(r.tables) != 0 {
		t.Errorf("tables %v", r.tables)
	}
}
