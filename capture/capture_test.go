package capture_test

import (
	"testing"
)

// The slice that everything else widens: rows that are there, changes after them, a restart between.
func TestLogHoldsWhatTheSourceHolds(t *testing.T) {
	t.Parallel()
	j := newJob(t, `create table a (id int primary key, v text, n numeric)`,
		`insert into a select i, 'v' || i, i / 3.0 from generate_series(1, 5000) i`,
		`create table b (x text, y int)`, `insert into b values ('p', 1), ('p', 1), (null, null)`)
	j.start()
	j.waitLog(0)
	j.exec(`insert into a values (10001, 'new', null)`, `update a set v = v || '!' where id <= 10`, `delete from a where id = 11`,
		`begin; insert into a values (10002, 'x', 1); insert into b values ('q', 2); update a set id = -1 where id = 12; commit`,
		`delete from b where x = 'p' and ctid = (select min(ctid) from b where x = 'p')`)
	j.waitLog(j.end())
	j.tap().replay().same(j)
	j.halt()
	j.exec(`update a set n = 0 where id < 100`, `truncate b`, `insert into b values ('after', 3)`)
	j.start()
	j.waitLog(j.end())
	p := j.tap()
	p.replay().same(j)
	if t.Failed() {
		t.Log(p)
	}
}
