package capture_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"floe/pkg/halt"
	"floe/pkg/ident"
)

func lists(of map[string][]string) func(ident.Name) []string {
	return func(n ident.Name) []string { return of[n.Name] }
}

// secret is in every value that a list leaves out.
const secret = "classified"

// logless fails if the value of any record, of whatever topic, bears what is left out.
func (j *job) logless() {
	j.t.Helper()
	client := j.client()
	ends, err := kadm.NewClient(client).ListEndOffsets(j.t.Context())
	if err != nil {
		j.t.Fatal(err)
	}
	from, left := map[string]map[int32]kgo.Offset{}, 0
	ends.Each(func(o kadm.ListedOffset) {
		if o.Offset > 0 {
			if from[o.Topic] == nil {
				from[o.Topic] = map[int32]kgo.Offset{}
			}
			from[o.Topic][o.Partition] = kgo.NewOffset().AtStart()
			left++
		}
	})
	reader := j.client(kgo.ConsumePartitions(from))
	rows := 0
	for done := map[string]bool{}; len(done) < left; {
		f := reader.PollFetches(j.t.Context())
		if err := f.Err(); err != nil {
			j.t.Fatal(err)
		}
		f.EachRecord(func(r *kgo.Record) {
			rows++
			if bytes.Contains(r.Value, []byte(secret)) || bytes.Contains(r.Key, []byte(secret)) {
				j.t.Errorf("%s has at %d: %.300q", r.Topic, r.Offset, r.Value)
			}
			if end, _ := ends.Lookup(r.Topic, r.Partition); r.Offset >= end.Offset-1 {
				done[fmt.Sprint(r.Topic, r.Partition)] = true
			}
		})
	}
	if rows < 100 {
		j.t.Errorf("the log has %d records only", rows)
	}
}

// wantColumns holds what the log says of a table's columns.
func (j *job) wantColumns(r *replica, table, want string) {
	j.t.Helper()
	for _, t := range r.tables {
		if t.Name.Name == table {
			var names []string
			for _, c := range t.Columns {
				names = append(names, c.Name)
			}
			if got := strings.Join(names, " "); got != want {
				j.t.Errorf("%s has columns %s in the log, want %s", table, got, want)
			}
			return
		}
	}
	j.t.Errorf("no table %s in the log", table)
}

// What a job leaves out of a table never reaches its log, whatever happens to its columns, told of or not, and
// whatever they are called later; what it lists arrives.
func TestColumnsThatAreLeftOutNeverReachTheLog(t *testing.T) {
	t.Parallel()
	for _, told := range []bool{true, false} {
		t.Run(fmt.Sprintf("told %v", told), func(t *testing.T) {
			t.Parallel()
			j := newJob(t, `create table t (id int primary key, hush text, v text, big text)`, `alter table t alter hush set storage external`, `alter table t alter big set storage external`,
				`create table full_ (id int, v text, hush text)`, `create table parts (id int primary key, v text, hush text) partition by range (id)`,
				`create table p1 partition of parts for values from (0) to (50)`, `create table p2 (hush text, v text, id int not null)`, `alter table parts attach partition p2 default`,
				`insert into t select g, repeat('`+secret+`', 300), 'v' || g, repeat(md5(g::text), 100) from generate_series(0, 99) g`,
				`insert into full_ select g % 7, 'v', '`+secret+`' || g from generate_series(0, 99) g`, `insert into parts select g, 'v', '`+secret+`' from generate_series(0, 99) g`)
			j.config.Columns = lists(map[string][]string{"t": {"v", "big", "id"}, "full_": {"id", "v"}, "parts": {"id", "v"}})
			if !told {
				j.config.Partitions = 3
			}
			j.start()
			r := j.settled()
			r.same(j)
			j.wantColumns(r, "t", "id v big")
			if !told {
				j.untold()
			}
			write := func(hush, v string, from int) {
				j.exec(fmt.Sprintf(`update t set %s = '%s' || id where id < 20`, hush, secret), fmt.Sprintf(`update t set %s = 'w%d' where id < 40`, v, from),
					fmt.Sprintf(`update t set id = id + 1000 where id between %d and %d`, from, from+4), fmt.Sprintf(`delete from t where id = %d`, from+5),
					fmt.Sprintf(`insert into t (id, %s, %s) values (%d, '%s', 'new')`, hush, v, 5000+from, secret),
					fmt.Sprintf(`update full_ set hush = '%s', v = 'w' where id = %d`, secret, from%7), fmt.Sprintf(`delete from full_ where hush = '%s3'`, secret),
					fmt.Sprintf(`update parts set id = id + 200, hush = '%s' || hush where id = %d`, secret, from), fmt.Sprintf(`update parts set v = 'x%d' where id > 70`, from))
			}
			write("hush", "v", 0)
			j.exec(`alter table t add more text default '`+secret+`'`, `update t set more = '`+secret+`' || id`, `alter table parts add more text`, `update parts set more = '`+secret+`'`)
			write("hush", "v", 20)
			j.exec(`alter table t rename v to w`, `alter table t rename hush to v`, `alter table t rename w to hush`) // exchanged
			write("v", "hush", 40)
			j.exec(`truncate full_, parts`, `insert into full_ select g, 'v', '`+secret+`' from generate_series(1, 9) g`, `insert into parts select g * 10, 'v', '`+secret+`' from generate_series(1, 9) g`)
			r = j.settled()
			r.same(j)
			j.wantColumns(r, "t", "id hush big")
			j.halt()
			j.exec(`alter table t rename hush to visible`, `alter table t rename v to id_too`, `alter table t rename to tt`, `update tt set id_too = '`+secret+`' || id`)
			j.start()
			r = j.settled()
			r.same(j)
			j.wantColumns(r, "tt", "id visible big")
			j.wantColumns(r, "parts", "id v")
			j.logless()
		})
	}
}

// A list that another start does not have is no reason to guess: what the log lacks is not there.
func TestAnotherListHalts(t *testing.T) {
	t.Parallel()
	j := newJob(t, `create table t (id int primary key, hush text, v text)`, `create table u (id int primary key, v text)`)
	j.config.Columns = lists(map[string][]string{"t": {"id", "v"}})
	j.start()
	j.settled()
	j.halt()
	for _, other := range []map[string][]string{{"t": {"id", "v", "hush"}}, nil, {"t": {"id", "v"}, "u": {"id"}}} {
		j.config.Columns = lists(other)
		j.start()
		j.waitHalt(halt.FilterRefused)
		j.halt()
	}
	j.config.Columns = lists(map[string][]string{"t": {"v", "id"}}) // the same, in another order
	j.start()
	j.exec(`insert into t values (1, '` + secret + `', 'v')`)
	r := j.settled()
	r.same(j)
}

// What rows are told apart by cannot be left out, neither at first nor by a later command.
func TestListsWithoutTheKeyHalt(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		list  []string
		setup string
		later string
	}{
		"key":           {[]string{"v"}, `create table t (id int primary key, v text)`, ""},
		"part of a key": {[]string{"id"}, `create table t (id int, v text, primary key (id, v))`, ""},
		"unique":        {[]string{"v"}, `create table t (id int not null unique, v text)`, ""},
		"generated":     {[]string{"id", "g"}, `create table t (id int primary key, v int, g int generated always as (v + 1) stored)`, ""},
		"partition key": {[]string{"id"}, `create table t (id int, v int) partition by list (v)`, ""},
		"heir":          {[]string{"id"}, `create table t (id int primary key, v int); create table heir () inherits (t)`, ""},
		"later key":     {[]string{"id", "v"}, `create table t (id int primary key, v int, n int not null)`, `alter table t drop constraint t_pkey, add primary key (n)`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := newJob(t, statements(c.setup)...)
			j.config.Columns = func(n ident.Name) []string {
				if n.Name == "t" {
					return slices.Clone(c.list)
				}
				return nil
			}
			j.start()
			if c.later != "" {
				j.settled()
				j.exec(c.later)
			}
			j.waitHalt(halt.FilterRefused)
		})
	}
}
