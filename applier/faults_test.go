package applier

import (
	"fmt"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"floe/pkg/event"
	"floe/pkg/ledger"
	"floe/schemas"
)

// foreign places a transaction whose record does not have its checksum.
func (r *rig) foreign(commit event.LSN) {
	r.t.Helper()
	spans := r.rows(commit, 0, 0, []string{"+99 foreign 1"})
	h := ledger.Header{Epoch: r.epoch, Ordinal: r.next["j.public.t"], Commit: commit, Length: 1}
	spans[0].Ordinal, spans[0].Offset = h.Ordinal, r.produce("j.public.t", []byte{0}, kgo.RecordHeader{Key: ledger.HeaderKey, Value: schemas.AppendHeader(nil, h)})
	r.entry(ledger.Entry{Commit: &ledger.Commit{Transactions: 1, First: commit, Last: commit, End: commit + 1, Spans: spans}})
}

// What the log holds before a place that cannot be read becomes true, however slow the target is.
func TestWhatStandsBeforeABadRecordBecomesTrue(t *testing.T) {
	t.Parallel()
	r := newRig(t, `create table public.t (id int primary key, v text, n int);
		create function public.slow() returns trigger language plpgsql as 'begin perform pg_sleep(0.02); return new; end';
		create trigger slow before insert on public.t for each row execute function public.slow(); alter table public.t enable always trigger slow`)
	r.begin()
	for i := range 30 {
		r.txn(ledgerLSN(i), fmt.Sprintf("+%d a 1", i))
	}
	r.foreign(ledgerLSN(30))
	r.apply(func(c *Config) { c.SkipStructure = true })
	r.wantHalt("foreign-record")
	r.wait("select count(*)::text from public.t", "30")
}

// A sampled value that stands before a refused row is set: the checkpoint has passed it.
func TestSequenceBeforeARefusedRowIsSet(t *testing.T) {
	t.Parallel()
	r := newRig(t, "create sequence public.sq")
	r.begin()
	r.load()
	stop := r.apply()
	r.waitPlaced()
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	r.exec("alter table public.t add check (n < 100)")
	r.txn(10, "+1 a 1")
	r.objects(ledger.Object{Kind: ledger.KindSequenceValue, Schema: "public", Name: "sq", OID: 77, Body: `{"last": 42, "is_called": true}`})
	r.txn(20, "+2 bad 100")
	r.objects(ledger.Object{Kind: ledger.KindSequenceValue, Schema: "public", Name: "sq", OID: 77, Body: `{"last": 43, "is_called": true}`})
	r.apply()
	r.wantHalt("constraint-violation")
	r.wait("select last_value::text from public.sq", "42")
	r.exec("alter table public.t drop constraint t_n_check")
	r.wait("select last_value::text from public.sq", "43")
}

// A value that the target's sequence has no room for blocks by name.
func TestASequenceWithoutRoomBlocks(t *testing.T) {
	t.Parallel()
	r := newRig(t, "create sequence public.sq maxvalue 40")
	r.begin()
	r.load()
	r.objects(ledger.Object{Kind: ledger.KindSequenceValue, Schema: "public", Name: "sq", OID: 77, Body: `{"last": 42, "is_called": true}`})
	r.apply()
	r.wantHalt("constraint-violation")
	r.exec("alter sequence public.sq maxvalue 50")
	r.wait("select last_value::text from public.sq", "42")
}

// A row that is too long for an index of the target blocks, and what came before it does not wait.
func TestARowTooLongForAnIndexBlocks(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.begin()
	r.load()
	stop := r.apply()
	r.waitPlaced()
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	r.exec("create index long on public.t ((repeat(md5(v), case v when 'long' then 100000 else 1 end)))")
	r.txn(10, "+1 a 1")
	r.txn(20, "+2 long 2")
	r.apply()
	r.wantHalt("constraint-violation")
	r.wantRows("1 a 1")
	r.exec("drop index public.long")
	r.wantRows("1 a 1, 2 long 2")
}

// part places one part of a big transaction.
func (r *rig) part(commit event.LSN, n int, final bool, seq uint64, rows ...string) {
	r.t.Helper()
	c := &ledger.Commit{Transactions: 1, Part: n, Final: final, First: commit, Last: commit, Spans: r.rows(commit, seq, 0, rows)}
	if final {
		c.End = commit + 1
	}
	r.entry(ledger.Entry{Commit: c})
}

// Only an Epoch may stand between the parts of a big transaction; anything else would be committed with
// half of it.
func TestNothingStandsBetweenParts(t *testing.T) {
	t.Parallel()
	for name, place := range map[string]func(*rig){
		"a transaction":        func(r *rig) { r.txn(40, "+8 a 1") },
		"a chunk":              func(r *rig) { r.chunk("+9 a 1") },
		"a mark":               func(r *rig) { r.entry(ledger.Entry{Mark: &ledger.Mark{End: 45}}) },
		"another transaction":  func(r *rig) { r.part(60, 1, false, 0, "+7 a 1") },
		"a part behind a lost": func(r *rig) { r.part(50, 3, true, 2, "+7 a 1") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.begin()
			r.load()
			r.part(50, 1, false, 0, "+1 a 1")
			place(r)
			r.part(50, 2, true, 1, "+2 a 1")
			r.apply()
			r.wantHalt("log-gap")
			r.wantRows("")
		})
	}
}

// Where a foreign key of the target's owner forbids TRUNCATE it is a DELETE, in a big transaction too.
func TestTruncateThatTheTargetForbidsIsADelete(t *testing.T) {
	t.Parallel()
	for _, big := range []bool{false, true} {
		r := newRig(t)
		r.begin()
		r.load("+1 a 1", "+2 b 2")
		stop := r.apply()
		r.waitPlaced()
		if err := stop(); err != nil {
			t.Fatal(err)
		}
		r.exec("create table public.mine (id int references public.t)")
		if big {
			r.part(50, 1, false, 0, "+3 c 3", "!", "+4 d 4")
			r.part(50, 2, true, 3, "+5 e 5")
		} else {
			r.txn(50, "+3 c 3", "!", "+4 d 4", "+5 e 5")
		}
		r.apply()
		r.wantRows("4 d 4, 5 e 5")
	}
}

// An index that could not be made is made at the next start, if what stood in its way is gone.
func TestStructureThatFailedIsTriedAgain(t *testing.T) {
	t.Parallel()
	r := newRigOf(t, "create table t (id int primary key, v text, n int); create unique index once on t (v)")
	r.begin()
	r.load("+1 a 1", "+2 a 2")
	stop := r.apply()
	r.waitPlaced()
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	const there = "select (to_regclass('public.once') is not null)::text"
	r.wait(there, "false")
	r.exec("update public.t set v = 'b' where id = 2")
	r.apply()
	r.wait(there, "true")
}

// COPY doubles no row on a target without an index over the key.
func TestLoadIntoATableWithoutItsKey(t *testing.T) {
	t.Parallel()
	r := newRig(t, "create table public.t (id int, v text, n int)")
	r.begin()
	r.txn(10, "+1 early 1")
	r.load("+1 one 1", "+2 two 2")
	r.txn(20, "=1 uno 1", "+3 c 3")
	r.apply(func(c *Config) { c.SkipStructure = true })
	r.wantRows("1 uno 1, 2 two 2, 3 c 3")
}

// A target may lack columns, but not those of the key; what it has beside them must do without values.
func TestColumnsThatDiffer(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ sql, halt, rows string }{
		{"create table public.t (id int primary key, n int, v text generated always as ('g') stored)", "", "1 g 1, 3 g 3"},
		{"create table public.t (id int primary key, v text, n int, more int default 7)", "", "1 uno 1, 3 c 3"},
		{"create table public.t (key int primary key, v text, n int)", "target-table-missing", ""},
		{"create table public.t (id int primary key, v text, n int, more int not null)", "constraint-violation", ""},
	} {
		r := newRig(t, c.sql)
		r.begin()
		r.load("+1 one 1", "+2 two 2")
		r.txn(20, "=1 uno 1", "-2", "+3 c 3")
		r.apply(func(c *Config) { c.Proceed = true })
		if c.halt != "" {
			r.wantHalt(c.halt)
			continue
		}
		r.wantRows(c.rows)
	}
}
