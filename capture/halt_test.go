package capture_test

import (
	"context"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"floe/pkg/broker"
	"floe/pkg/halt"
	"floe/pkg/pgtest"
	"floe/pkg/status"
	"floe/schemas"
)

// waitStatus reads reports until one fits.
func (j *job) waitStatus(fits func(*status.Report) bool) *status.Report {
	j.t.Helper()
	ctx, cancel := context.WithTimeout(j.t.Context(), patience)
	defer cancel()
	topic := broker.Status(j.config.Prefix)
	client := j.client(kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: {0: kgo.NewOffset().AtEnd()}}))
	var last *status.Report
	for {
		f := client.PollFetches(ctx)
		if ctx.Err() != nil {
			j.t.Fatalf("no such status; the last is %+v", last)
		}
		for it := f.RecordIter(); !it.Done(); {
			r, err := schemas.DecodeStatus(it.Next().Value)
			if err != nil {
				j.t.Fatal(err)
			}
			if last = r; fits(r) {
				return r
			}
		}
	}
}

func (j *job) waitHalt(code halt.Code) {
	j.t.Helper()
	r := j.waitStatus(func(r *status.Report) bool { return r.State == "FAILED" })
	if r.Reason != string(code) || r.Fix == "" {
		j.t.Errorf("halted by %s: %s (fix: %s), want %s", r.Reason, r.Detail, r.Fix, code)
	}
}

// slot is the job's slot, once its walsender has let go of it: a connection that was closed is noticed a
// moment later.
func (j *job) slot() (name string) {
	j.t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for active := true; active; {
		if err := j.conn.QueryRow(j.t.Context(), "select slot_name, active from pg_replication_slots where database = current_database()").Scan(&name, &active); err != nil {
			j.t.Fatal(err)
		}
		select {
		case <-tick.C:
		case <-j.t.Context().Done():
			j.t.Fatalf("slot %s stays in use", name)
		}
	}
	return name
}

// loaded is a job whose table is loaded and whose capture is stopped.
func loadedJob(t *testing.T) *job {
	t.Helper()
	j := newJob(t, `create table t (id int primary key, v text)`, `insert into t values (1, 'a')`)
	j.start()
	j.waitLog(j.end())
	j.halt()
	j.exec(`insert into t values (2, 'b')`)
	return j
}

// Each stands between floe and a silent gap: it must be named, and found before anything is written, or
// every look at it would add an epoch to the log.
func TestHaltsBeforeTheEpoch(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		spoil func(*job)
		code  halt.Code
	}{
		"the slot was dropped": {func(j *job) { j.exec(`select pg_drop_replication_slot('` + j.slot() + `')`) }, halt.SlotMissing},
		"the slot was made anew": {func(j *job) {
			name := j.slot()
			j.exec(`select pg_drop_replication_slot('`+name+`')`, `select pg_create_logical_replication_slot('`+name+`', 'pgoutput')`)
		}, halt.SlotAhead},
		"the slot was advanced": {func(j *job) { j.exec(`select pg_replication_slot_advance('` + j.slot() + `', pg_current_wal_lsn())`) }, halt.SlotAhead},
		"a topic was deleted": {func(j *job) {
			if _, err := kadm.NewClient(j.client()).DeleteTopics(t.Context(), "j.public.t"); err != nil {
				t.Error(err)
			}
		}, halt.TopicReset},
		"the publication is gone":      {func(j *job) { j.exec(`drop publication floe_` + j.config.Job) }, halt.PublicationChanged},
		"a table left the publication": {func(j *job) { j.exec(`alter publication floe_` + j.config.Job + ` drop table t`) }, halt.PublicationChanged},
		"deletes are published no more": {func(j *job) {
			j.exec(`alter publication floe_` + j.config.Job + ` set (publish = 'insert, update, truncate')`)
		}, halt.PublicationChanged},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := loadedJob(t)
			c.spoil(j)
			before := len(j.tap().entries)
			j.start()
			j.waitHalt(c.code)
			j.waitHalt(c.code) // and again, two seconds later
			if after := len(j.tap().entries); after != before {
				t.Errorf("%d entries were written while it halted", after-before)
			}
		})
	}
}

// While the embedded broker's disk is almost full nothing is written and the halt says so; with space there, capture
// goes on by itself, and nothing is missing.
func TestAFullDiskHaltsUntilThereIsSpace(t *testing.T) {
	t.Parallel()
	j := newJob(t, `create table t (id int primary key, v text)`, `insert into t values (1, 'a')`)
	var full atomic.Bool
	b, err := broker.Embed(broker.EmbeddedConfig{Dir: t.TempDir(), Log: logOf(t), Free: func(string) (float64, error) {
		if full.Load() {
			return 0.01, nil
		}
		return 0.5, nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	j.broker, j.config.Kafka = b, broker.Options([]string{b.Addr})
	j.start()
	j.waitLog(j.end())
	full.Store(true)
	j.exec(`insert into t select g, 'b' from generate_series(2, 50) g`)
	j.waitHalt(halt.DiskFull)
	full.Store(false)
	j.waitLog(j.end())
	j.tap().replay().same(j)
}

// A source whose server cannot decode its own WAL is not asked for ever: it is named, with the remedy. Here a table's place
// is spelled otherwise than decoding looks for it.
func TestWALThatTheSourceCannotDecodeHalts(t *testing.T) {
	t.Parallel()
	j := loadedJob(t)
	j.exec(`update pg_class set reltablespace = (select oid from pg_tablespace where spcname = 'pg_default') where oid = 't'::regclass`, `insert into t values (3, 'c')`)
	j.start()
	r := j.waitStatus(func(r *status.Report) bool { return r.State == "FAILED" })
	if r.Reason != string(halt.WALUndecodable) || !strings.Contains(r.Detail, "could not map filenode") || !strings.Contains(r.Fix, "floe job reset") {
		t.Errorf("halted by %s: %s (fix: %s)", r.Reason, r.Detail, r.Fix)
	}
}

// A halt ends when its remedy was applied.
func TestHaltEndsWithItsCause(t *testing.T) {
	t.Parallel()
	j := newJob(t, `create table t (id int primary key, v text)`, `insert into t values (1, 'a')`, `create table u (id int primary key)`)
	pub, role := `floe_`+j.config.Job, j.config.Job
	j.exec(`create role `+role+` login replication; grant select on t, u to `+role, `create publication `+pub+` for table u`)
	t.Cleanup(func() { _, _ = j.conn.Exec(context.Background(), `drop owned by `+role+`; drop role `+role) })
	u, err := url.Parse(j.url)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.User(role)
	j.config.Source.URL, j.config.DDLOff = u.String(), true
	j.start()
	j.waitHalt(halt.PublicationChanged)
	j.exec(`alter publication ` + pub + ` add table t`)
	j.waitLog(j.end())
	j.tap().replay().same(j)
	j.exec(`alter publication ` + pub + ` drop table t`)
	j.waitHalt(halt.PublicationChanged)
}

// What is written while a publication does not bring it is in no message: that it was put right again does
// not bring it back, whether a capture ran meanwhile or not.
func TestAnAlteredPublicationHalts(t *testing.T) {
	t.Parallel()
	for name, running := range map[string]bool{"running": true, "stopped": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := newJob(t, `create table t (id int primary key, v text)`, `insert into t values (1, 'a')`)
			j.start()
			j.settled()
			if !running {
				j.halt()
			}
			j.exec(`alter publication floe_`+j.config.Job+` drop table t`, `update t set v = 'c'`, `alter publication floe_`+j.config.Job+` add table t`)
			if !running {
				j.start()
			}
			j.waitHalt(halt.PublicationChanged)
			j.halt()
			j.start()
			j.waitHalt(halt.PublicationChanged)
		})
	}
}

// A table of which nothing was read is taken out of the publication while no capture runs, and maybe put back: what
// changes brought of it before, and what went meanwhile, its load replaces.
func TestAnUnreadTableThatWasNotPublishedForAWhile(t *testing.T) {
	t.Parallel()
	for name, back := range map[string]bool{"taken out": false, "and put back": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := newJobOn(t, pgtest.New(t, pgtest.Options{}), `create table a (id int primary key)`)
			j.start()
			j.settled()
			open, err := j.conn.Begin(t.Context()) // no load goes on while it may write yet
			if err != nil {
				t.Fatal(err)
			}
			if _, err := open.Exec(t.Context(), `select txid_current()`); err != nil {
				t.Fatal(err)
			}
			j.exec(`create table b (id int primary key, v int)`, `insert into b select g, 0 from generate_series(1, 50) g`)
			j.waitPlaced(j.end())
			j.halt()
			j.exec(`alter publication floe_`+j.config.Job+` drop table b`, `delete from b where id > 40`, `update b set v = 1 where id < 5`)
			if back {
				j.exec(`alter publication floe_` + j.config.Job + ` add table b`)
			}
			if err := open.Rollback(t.Context()); err != nil {
				t.Fatal(err)
			}
			j.start()
			j.settled().same(j)
		})
	}
}

// Where changes are not followed, one of shape stops before the first row that has it.
func TestChangedShapeHalts(t *testing.T) {
	t.Parallel()
	for name, ddl := range map[string]string{
		"added":   `alter table t add column n int`,
		"dropped": `alter table t drop column v`,
		"renamed": `alter table t rename column v to w`,
		"retyped": `alter table t alter column v type varchar(10)`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := newJob(t, `create table t (id int primary key, v text)`, `insert into t values (1, 'a')`)
			j.config.DDLOff = true
			j.start()
			j.waitLog(j.end())
			j.exec(`update t set id = 2`)
			j.waitLog(j.end())
			j.exec(ddl, `update t set id = 3`)
			j.waitHalt(halt.StructureChanged)
			r := j.tap().replay()
			if last := show(r.events[len(r.events)-1]); last != "u t (1,NULL) (2,a)" {
				t.Errorf("the log ends with %s", last)
			}
		})
	}
}

// A table that enters the selection joins at the next start, whole.
func TestNewTableJoinsAtTheNextStart(t *testing.T) {
	t.Parallel()
	j := loadedJob(t)
	j.exec(`create table late (id int primary key)`, `insert into late values (1)`)
	j.start()
	j.waitLog(j.end())
	j.exec(`insert into late values (2)`)
	j.waitLog(j.end())
	j.tap().replay().same(j)
}

// A capture that waits for the slot takes over when the owner goes; the owner that comes back waits.
func TestStandbyTakesOver(t *testing.T) {
	t.Parallel()
	j := newJob(t, `create table t (id int primary key)`)
	j.start()
	j.waitLog(j.end())
	stop, ended := j.stop, j.ended
	j.start() // a second one
	j.waitStatus(func(r *status.Report) bool { return r.State == "WAITING" })
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	j.exec(`insert into t values (1)`)
	j.waitLog(j.end())
	p := j.tap()
	p.replay().same(j)
	if last := p.entries[len(p.entries)-1].Epoch; last != 2 {
		t.Errorf("epoch %d", last)
	}
}

// Commands that the owner placed while another capture waited are none that the other one waits for.
func TestStandbyLoadsBehindCommandsOfTheOwner(t *testing.T) {
	t.Parallel()
	j := newJob(t, `create table t (id int primary key)`)
	j.start()
	j.waitLog(j.end())
	stop, ended := j.stop, j.ended
	j.start() // a second one
	j.waitStatus(func(r *status.Report) bool { return r.State == "WAITING" })
	j.exec(`create table a (id int primary key)`, `insert into a values (1)`)
	j.waitLog(j.end())
	for range 3 { // what is confirmed is not sent again
		pause(t, time.Second)
		j.waitLog(j.end())
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	j.exec(`create table b (id int primary key)`, `insert into b values (1)`)
	j.settled().same(j)
}

// Rows of a partition that nobody published are in no message: where changes are not followed, it must be
// noticed that it came.
func TestPartitionsThatComeOrGoHalt(t *testing.T) {
	t.Parallel()
	for name, ddl := range map[string]string{
		"new":      `create table p2 partition of p for values in (2)`,
		"attached": `create table p3 (id int); alter table p attach partition p3 for values in (3)`,
		"detached": `alter table p detach partition p1`,
		"dropped":  `drop table p1`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := newJob(t, `create table p (id int) partition by list (id)`, `create table p1 partition of p for values in (1)`,
				`create table other (id int primary key)`)
			j.config.DDLOff = true
			j.start()
			j.waitLog(j.end())
			j.exec(`create table own (id int) partition by list (id)`) // another's affairs
			j.exec(ddl)
			j.waitHalt(halt.StructureChanged)
		})
	}
}
