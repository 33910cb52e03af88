package capture_test

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"floe/pkg/event"
	"floe/pkg/ledger"
)

const accounts = `create table pgbench_accounts (aid int primary key, bid int, abalance int, filler char(84))`

// cpu is what this process, the embedded broker included, has used.
func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkLoad copies rows like pgbench_accounts into the log.
func BenchmarkLoad(b *testing.B) {
	const n = 600_000
	for b.Loop() {
		b.StopTimer()
		j := newJob(b, accounts, fmt.Sprintf(`insert into pgbench_accounts select i, i %% 10, 0, '' from generate_series(1, %d) i`, n), `vacuum analyze pgbench_accounts`)
		j.config.ChunkHold = 100 * time.Millisecond
		b.StartTimer()
		began, used := time.Now(), cpu()
		j.start()
		j.waitEntry(func(e *ledger.Entry) bool { return e.Loaded != nil })
		b.ReportMetric(n/time.Since(began).Seconds(), "rows/s")
		b.ReportMetric(float64((cpu()-used).Nanoseconds())/n, "cpu-ns/row")
		b.StopTimer()
		j.halt()
		b.StartTimer()
	}
}

// BenchmarkBacklog drains transactions like pgbench's, of four rows each, that wait in the slot.
func BenchmarkBacklog(b *testing.B) {
	const n = 40_000
	for b.Loop() {
		b.StopTimer()
		j := newJob(b, accounts, `insert into pgbench_accounts select i, i % 10, 0, '' from generate_series(1, 10000) i`,
			`create table h (tid int, bid int, aid int, delta int, mtime timestamp, filler char(22))`)
		j.config.SkipLoad = true
		j.start()
		j.waitEntry(func(e *ledger.Entry) bool { return e.Loaded != nil })
		j.halt()
		j.exec(fmt.Sprintf(`create procedure work() language plpgsql as $$ begin for i in 1..%d loop
			update pgbench_accounts set abalance = abalance + 1 where aid = 1 + i %% 10000;
			update pgbench_accounts set abalance = abalance - 1 where aid = 1 + i * 7 %% 10000;
			update pgbench_accounts set abalance = abalance - 1 where aid = 1 + i * 3 %% 10000;
			insert into h values (i, i, i, i, now(), ''); commit; end loop; end $$`, n), `set synchronous_commit = off`, `call work()`)
		end := j.end()
		b.StartTimer()
		began, used := time.Now(), cpu()
		j.start()
		j.waitEntry(func(e *ledger.Entry) bool { return e.ResumeAt() >= event.LSN(end) })
		b.ReportMetric(n/time.Since(began).Seconds(), "txn/s")
		b.ReportMetric(float64((cpu()-used).Nanoseconds())/(4*n), "cpu-ns/row")
		b.StopTimer()
		j.halt()
		b.StartTimer()
	}
}
