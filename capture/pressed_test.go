package capture_test

import (
	"context"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/twmb/franz-go/pkg/kgo"

	"floe/capture"
	"floe/pkg/broker"
	"floe/pkg/control"
	"floe/pkg/ledger"
	"floe/pkg/status"
	"floe/schemas"
)

// provokedLimit is a limit of hold_load_when, what passes it, and what the status then says.
type provokedLimit struct {
	limit   capture.HoldLoad
	set     string // the field, as floe set takes it
	provoke func(j *job)
	says    string
}

var limits = map[string]provokedLimit{
	"applier_lag": {capture.HoldLoad{ApplierLag: 5e9}, "applier_lag", func(j *job) { j.lagging(60) }, "applier/far is 1m"},
	"slot_bytes":  {capture.HoldLoad{SlotBytes: 1}, "slot_bytes", func(j *job) {}, "MB of WAL (slot_bytes 1)"},
	"active_sessions": {capture.HoldLoad{ActiveSessions: 1}, "active_sessions", func(j *job) {
		for range 3 {
			j.busy("select pg_sleep(3600)")
		}
	}, "3 sessions are at work on the source (active_sessions 1)"},
	"oldest_transaction": {capture.HoldLoad{OldestTransaction: 1}, "oldest_transaction", func(j *job) { j.busy("begin; select 1") }, "a transaction is open on the source for"},
}

// lagging is an applier that says how far it is behind.
func (j *job) lagging(seconds int64) {
	j.t.Helper()
	value, err := schemas.EncodeStatus(&status.Report{Role: "applier", Instance: "far", State: "SYNCING", LedgerOffset: -1, LatencyUs: seconds * 1e6})
	if err != nil {
		j.t.Fatal(err)
	}
	r := &kgo.Record{Topic: broker.Status(j.config.Prefix), Key: []byte("applier/far"), Value: value}
	if err := j.client().ProduceSync(j.t.Context(), r).FirstErr(); err != nil {
		j.t.Fatal(err)
	}
}

// busy is a session of somebody's that runs a statement until the test ends.
func (j *job) busy(sql string) {
	j.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	conn, err := pgx.Connect(ctx, j.url)
	if err != nil {
		j.t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = conn.PgConn().Exec(ctx, sql).ReadAll() // cancelled by the end of the test
	}()
	j.t.Cleanup(func() {
		cancel()
		<-ended
		_ = conn.Close(context.Background())
	})
}

// Each limit, passed in earnest, keeps the load from reading while changes flow, and the status says by what; a
// command that lifts it lets the load go on, and one that sets it holds a load that no file held.
func TestEachLimitHoldsTheLoadUntilACommandLiftsIt(t *testing.T) {
	t.Parallel()
	for name, c := range limits {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := newJob(t, `create table t (id int primary key, v int)`, `insert into t select g, 0 from generate_series(1, 500) g`)
			send := func(verb string, args ...string) int64 {
				t.Helper()
				at, err := control.Send(t.Context(), broker.Options([]string{j.broker.Addr}), "j", verb, args...)
				if err != nil {
					t.Fatal(err)
				}
				return at + 1
			}
			set := func(value, rows string) int64 {
				return send(ledger.VerbSet, "throttle.hold_load_when."+c.set+"="+value, "throttle.load_rows="+rows)
			}
			j.config.HoldLoad, j.config.LoadRows = c.limit, 20 // an applier is heard a moment after the start
			if c.set != "applier_lag" {
				c.provoke(j)
			}
			j.start()
			if c.set == "applier_lag" { // its topic is there then
				j.waitStatus(func(r *status.Report) bool { return r.State == "INIT_DATA" })
				c.provoke(j)
			}
			j.waitStatus(func(r *status.Report) bool { return r.State == "INIT_DATA" && strings.Contains(r.Detail, c.says) })
			j.exec(`update t set v = 1 where id = 7`)
			j.waitPlaced(j.end())
			for _, e := range j.tap().entries {
				if e.Loaded != nil {
					t.Fatal("the load went on although the limit is passed")
				}
			}
			next := set("0", "0")
			j.waitStatus(func(r *status.Report) bool { return r.State == "SYNCING" && r.Obeyed >= next })
			j.waitLog(j.end())
			j.tap().replay().same(j)

			set("1"+map[string]string{"applier_lag": "s", "oldest_transaction": "ms"}[c.set], "20")
			send(ledger.VerbResync, "public.t")
			j.waitStatus(func(r *status.Report) bool {
				return r.State == "INIT_DATA" && strings.Contains(r.Detail, "the load rests, as hold_load_when says")
			})
		})
	}
}
