package capture_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"floe/pkg/event"
	"floe/pkg/halt"
	"floe/pkg/ident"
)

func filters(of map[string]string) func(ident.Name) string {
	return func(n ident.Name) string { return of[n.Name] }
}

// Whatever happens to rows, in the load and behind it, a reader of the log holds those that meet the
// condition: one that comes to meet it is an insert, one that ceases to, a delete.
func TestFilteredRowsComeAndGo(t *testing.T) {
	t.Parallel()
	j := newJob(t, `create table t (id int primary key, "n um" int, big text)`, `create table bag (n int, s text)`,
		`create table parts (id int primary key, n int) partition by range (id)`, `create table parts_1 partition of parts for values from (0) to (50)`,
		`create table parts_2 partition of parts default`,
		`insert into t select g, g % 4, repeat(md5(g::text), 200) from generate_series(0, 99) g`, `insert into bag select g % 5, 's' from generate_series(0, 99) g`,
		`insert into parts select g, g % 4 from generate_series(0, 99) g`)
	j.config.Filter = filters(map[string]string{"t": `t."n um" > 1 and length(big) > 6000 or "n um" is null`, "bag": "n <> 2", "parts": "n > 1"})
	j.start()
	r := rand.New(rand.NewPCG(1, 2))
	for i := range 300 {
		if i == 100 { // the others come while tables are loaded
			j.waitLog(j.end())
		}
		id, n := r.IntN(120), r.IntN(4)
		j.exec([]string{
			fmt.Sprintf(`update t set "n um" = %d where id = %d`, n, id), // a large value stays
			fmt.Sprintf(`update t set id = %d where id = %d`, 1000+i, id),
			fmt.Sprintf(`update t set "n um" = null where id = %d`, id),
			fmt.Sprintf(`delete from t where id = %d`, id),
			fmt.Sprintf(`insert into t values (%d, %d, repeat('x', 7000)) on conflict do nothing`, id, n),
			fmt.Sprintf(`update bag set n = %d where n = %d`, n, r.IntN(5)),
			fmt.Sprintf(`delete from bag where ctid in (select ctid from bag where n = %d limit 1)`, n),
			fmt.Sprintf(`insert into bag values (%d, null)`, n),
			fmt.Sprintf(`update parts set n = %d, id = %d where id = %d`, n, 200+i, id),
			fmt.Sprintf(`update parts set n = %d where id = %d`, n, id),
		}[i%10])
	}
	j.waitLog(j.end())
	replica := j.tap().replay()
	replica.same(j)
	ops := map[event.Op]int{}
	for i := range replica.events {
		ops[replica.events[i].Op]++
	}
	if ops[event.Create] == 0 || ops[event.Delete] == 0 || ops[event.Update] == 0 {
		t.Errorf("events %v", ops)
	}
}

// A condition that could answer differently at another time is refused, and so is one that is no SQL.
func TestFiltersThatDoNotDependOnTheRowHalt(t *testing.T) {
	t.Parallel()
	for name, where := range map[string]string{
		"clock": "at < now()", "other rows": "id in (select id from other)", "no column": "nix > 1", "no condition": "id", "open": "id > 1 and (", "random": "random() < 0.5", "generated": "g > 1",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := newJob(t, `create table t (id int primary key, at timestamptz, g int generated always as (id + 1) stored)`, `create table other (id int primary key)`, `insert into t values (2, now())`)
			j.config.Filter = filters(map[string]string{"t": where})
			j.start()
			j.waitHalt(halt.FilterRefused)
		})
	}
}

// Without the old row nobody can tell whether a row was in: nothing is guessed.
func TestAFilterWithoutOldRowsHalts(t *testing.T) {
	t.Parallel()
	j := newJob(t, `create table t (id int primary key, n int)`, `insert into t values (1, 1)`)
	j.config.Filter = filters(map[string]string{"t": "n > 0"})
	j.config.KeepIdentity = true
	j.start()
	j.waitLog(j.end())
	j.exec(`update t set n = 0`)
	j.waitHalt(halt.FilterRefused)
}

// Values compare in changes as they do in the table: by the column's collation, or its domain's.
func TestFiltersCompareAsTheirColumnsDo(t *testing.T) {
	t.Parallel()
	j := newJob(t, `create collation ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false)`, `create domain word as text collate ci`,
		`create table t (id int primary key, s text collate ci, d word, x word collate "C")`, `insert into t values (1, 'ABC', 'n', 'n'), (2, 'n', 'X', 'n'), (3, 'n', 'n', 'Y'), (4, 'n', 'n', 'y')`)
	j.config.Filter = filters(map[string]string{"t": "s = 'abc' or d = 'x' or x = 'y'"})
	j.start()
	j.waitLog(j.end())
	j.exec(`insert into t select id + 10, s, d, x from t`, `update t set id = id + 100`)
	j.settled().same(j)
	// The same type, compared otherwise: no row event tells which rows meet the condition now.
	j.exec(`alter table t alter s type text collate "C"`)
	j.settled().same(j)
}

// Rows that meet a condition because it, or a column that it names, is another one now are in no message of the
// stream.
func TestFiltersThatChange(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		before, after string
		sql           []string
	}{
		"wider":       {"n > 5", "n > 2", nil},
		"no more":     {"n > 5", "", nil},
		"new":         {"", "n > 5", nil},
		"column anew": {"n > 5", "n > 5", []string{`alter table t drop n, add n int default 9`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := newJob(t, `create table t (id int primary key, n int, m int)`, `insert into t select g, g, 10 - g from generate_series(1, 10) g`)
			j.config.Filter = filters(map[string]string{"t": c.before})
			j.start()
			j.settled()
			j.halt()
			j.exec(`insert into t values (20, 3, 3), (21, 9, 9)`)
			j.exec(c.sql...)
			j.config.Filter = filters(map[string]string{"t": c.after})
			j.start()
			j.exec(`update t set id = id + 100 where id % 2 = 0`)
			j.judged(c.after)
			j.settled()
			j.exec(`update t set id = id + 1000`, `update t set n = 3 where n = 7`, `delete from t where n = 4`)
			j.settled().same(j)
		})
	}
}

// judged waits until table t's rows are loaded by the condition in the log: only a look at the catalog finds another
// one.
func (j *job) judged(by string) {
	j.t.Helper()
	want, err := json.Marshal(by)
	if err != nil {
		j.t.Fatal(err)
	}
	tick := time.NewTicker(250 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(patience); ; {
		p, last := j.tap(), ""
		p.replay()
		for _, o := range p.objects {
			if o.Kind == "table" && o.Name == "t" {
				last = o.Body
			}
		}
		if strings.Contains(last, `"filter":`+string(want)) || by == "" && last != "" && !strings.Contains(last, `"filter":`) {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			j.t.Fatalf("the log says of t %s", last)
		}
	}
}

// A condition is of a table and not of a name: one that is called otherwise keeps it, its new partitions have it, and
// so does one that is detached. What gets the name has it too.
func TestAConditionIsOfATableWhateverItIsCalled(t *testing.T) {
	t.Parallel()
	for _, told := range []bool{true, false} {
		t.Run(fmt.Sprintf("told %v", told), func(t *testing.T) {
			t.Parallel()
			j := newJob(t, `create table t (id int primary key, n int)`, `insert into t select g, g from generate_series(1, 10) g`,
				`create table p (id int primary key, n int) partition by range (id)`, `create table p1 partition of p for values from (0) to (50)`, `insert into p select g, g from generate_series(1, 10) g`)
			j.config.Filter = filters(map[string]string{"t": "n > 5", "p": "n > 5"})
			j.start()
			same := func(tables int) {
				t.Helper()
				r := j.settled()
				conditions := map[string]string{"t": "n > 5", "p": "n > 5", "kept": "n > 5", "kept_still": "n > 5", "q": "n > 5", "p1": "n > 5"}
				of, found := j.config.Filter, 0
				j.config.Filter = filters(conditions)
				r.same(j)
				j.config.Filter = of
				for _, t := range r.tables {
					if conditions[t.Name.Name] != "" {
						found++
					}
				}
				if found != tables {
					t.Errorf("%d tables, want %d", found, tables)
				}
			}
			same(2)
			if !told {
				j.untold()
			}
			j.exec(`alter table t rename to kept`, `insert into kept values (30, 1), (31, 9)`, `update kept set n = 9 where id = 1`, `update kept set n = 0 where id = 10`,
				`alter table p rename to q`, `insert into q values (30, 1), (31, 9)`)
			same(2)
			j.exec(`create table p2 partition of q default`, `insert into q values (60, 1), (61, 9)`, `update q set id = 62 where id = 9`, `create table t (id int primary key, n int)`, `insert into t values (1, 1), (2, 9)`)
			same(3)
			j.halt()
			j.exec(`alter table kept rename to kept_still`, `update kept_still set n = 1 where id = 9`)
			j.start()
			j.exec(`alter table q detach partition p1`, `drop table q`, `insert into p1 values (40, 1), (41, 9)`, `update kept_still set n = 7 where id = 2`)
			same(3)
		})
	}
}

// A table that is made while capture runs has no old rows until somebody sees that it needs them.
func TestAFilteredTableThatIsMadeLater(t *testing.T) {
	t.Parallel()
	j := newJob(t, `create table other (id int primary key)`)
	j.config.Filter = filters(map[string]string{"t": "n > 0", "p": "n > 0"})
	j.start()
	j.settled()
	j.exec(`create table p (id int primary key, n int) partition by range (id)`)
	for range 2 {
		j.exec(`begin; create table t (id int primary key, n int); insert into t select g, g from generate_series(-5, 5) g; update t set n = -n where n % 2 = 0; commit`,
			`update t set n = 7 where id = 4`, `create table p1 partition of p for values from (0) to (10)`, `insert into p values (1, 1), (2, -2)`, `update p set n = -n`)
		j.settled().same(j)
		j.exec(`update t set n = -n`, `delete from p where n = 2`)
		j.settled().same(j)
		j.exec(`drop table t, p1`)
	}
}
