package applier

import (
	"testing"

	"floe/pkg/ledger"
)

const source = "create table t (id int primary key, v text, n int)"

// Rows before and behind a change of their transaction meet the target as it was and as it becomes.
func TestChangesWithinATransactionStandBetweenItsRows(t *testing.T) {
	t.Parallel()
	s := newStream(t, source)
	s.begin()
	s.apply()
	s.txn(10, "t +1 a 1")
	s.txn(20, "t +2 b 2", "> create table u (id int primary key, w text)", "u +1 x", "t =1 c 3", "> create index on u (w)", "u +2 y")
	s.txn(30, "u =1 z", "t -2")
	s.wantTable("t", "1,c,3")
	s.wantTable("u", "1,z 2,y")
	s.wait("select count(*)::text from pg_indexes where tablename = 'u'", "2")
}

// Transactions of one entry: those around the one with the change are applied, and none twice.
func TestOneOfSeveralTransactionsOfAnEntryChangesObjects(t *testing.T) {
	t.Parallel()
	s := newStream(t, source)
	s.begin()
	s.group(txn{10, []string{"t +1 a 1"}}, txn{20, []string{"t +2 b 2"}}, txn{30, []string{"t -1", "> create table u (id int primary key)", "u +1"}},
		txn{40, []string{"u +2"}}, txn{50, []string{"> create table x (id int primary key)", "> create table y (id int primary key)"}}, txn{60, []string{"x +1", "y +1"}})
	s.txn(70, "y +2")
	s.apply()
	s.wantTable("y", "1 2")
	s.wantTable("t", "2,b,2")
	s.wantTable("u", "1 2")
	s.wantTable("x", "1")
}

// A start behind a change knows the tables that came with it, though no Epoch brought them.
func TestAStartKnowsWhatChangedSinceTheEpoch(t *testing.T) {
	t.Parallel()
	s := newStream(t, source)
	s.begin()
	stop := s.apply()
	again := func() {
		t.Helper()
		s.waitPlaced()
		if err := stop(); err != nil {
			t.Fatal(err)
		}
		stop = s.apply()
	}
	s.between("create table u (id int primary key)")
	again()
	s.txn(10, "u +1", "> create table x (id int primary key)")
	again()
	s.txn(20, "u +2", "x +1")
	again()
	s.txn(30, "x +2")
	s.begin()
	again()
	s.txn(40, "x +3", "u +3")
	s.wantTable("u", "1 2 3")
	s.wantTable("x", "1 2 3")
}

// A checkpoint may stand between two transactions of an entry, behind a change: a start goes on from there,
// reads the rows before the change by the old schema, and applies nothing twice.
func TestAStartFromWithinAnEntryGoesOnBehindItsChange(t *testing.T) {
	t.Parallel()
	s := newStream(t, source)
	s.begin()
	stop := s.apply()
	s.waitPlaced()
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	s.exec("alter table public.t add check (n < 100)")
	s.group(txn{10, []string{"t +1 a 1"}}, txn{20, []string{"t +2 b 2", "> alter table t add w text; create table u (id int primary key)", "t +3 c 3 w", "u +1"}},
		txn{30, []string{"t +4 bad 100 w", "u +2"}}, txn{40, []string{"> create table x (id int primary key)", "u +3", "x +1"}})
	stop = s.apply()
	s.wantHalt("constraint-violation")
	s.wantTable("u", "1")
	s.wait("select string_agg(id::text, ' ' order by id) from public.t", "1 2 3")
	s.wait("select commit_lsn::text from floe.checkpoint", "0/14")
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	s.apply()
	s.exec("alter table public.t drop constraint t_n_check")
	s.wantTable("x", "1")
	s.wantTable("u", "1 2 3")
	s.wait("select string_agg(id::text, ' ' order by id) from public.t", "1 2 3 4")
	s.waitPlaced()
}

// Of a transaction that changes objects and has a row that the target refuses nothing is done.
func TestRefusedRowTakesTheChangeOfItsTransactionBack(t *testing.T) {
	t.Parallel()
	for name, place := range map[string]func(*stream, ...string){
		"whole":    func(s *stream, steps ...string) { s.group(txn{10, []string{"t +1 a 1"}}, txn{20, steps}) },
		"in parts": func(s *stream, steps ...string) { s.txn(10, "t +1 a 1"); s.parts(20, false, steps[:2], steps[2:]) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStream(t, source)
			s.begin()
			stop := s.apply()
			s.waitPlaced()
			if err := stop(); err != nil {
				t.Fatal(err)
			}
			s.exec("alter table public.t add check (n < 100)")
			place(s, "t +2 b 2", "> create table u (id int primary key)", "u +1", "t +3 bad 100")
			s.apply()
			s.wantHalt("constraint-violation")
			s.wantTable("t", "1,a,1")
			s.wait("select (to_regclass('public.u') is null and not exists (select from floe.object where object = 'table public.u'))::text", "true")
			s.exec("alter table public.t drop constraint t_n_check")
			s.wantTable("u", "1")
			s.wantTable("t", "1,a,1 2,b,2 3,bad,100")
		})
	}
}

// What parts of a transaction changed that its capture did not finish never was; it comes again.
func TestAnEpochTakesBackWhatOpenPartsChanged(t *testing.T) {
	t.Parallel()
	s := newStream(t, source)
	s.begin()
	s.apply()
	s.txn(10, "t +1 a 1")
	valid, order := s.valid, s.order
	big := [][]string{{"t +2 b 2"}, {"> create table u (id int primary key)", "u +1"}, {"u +2", "t -1"}}
	s.parts(20, true, big...)
	s.wantTable("t", "1,a,1")
	if _, err := s.source.Exec(t.Context(), "drop table u"); err != nil {
		t.Fatal(err)
	}
	s.valid, s.order = valid, order
	s.begin()
	s.txn(15, "t +5 e 5")
	s.wantTable("t", "1,a,1 5,e,5")
	s.wait("select (to_regclass('public.u') is null)::text", "true")
	s.parts(20, false, big...)
	s.wantTable("t", "2,b,2 5,e,5")
	s.wantTable("u", "1 2")
	s.wait("select count(*)::text from floe.load", "2")
}

// What is kept of a table's load goes with the table, and with its return begins anew.
func TestLoadsFollowTheirTables(t *testing.T) {
	t.Parallel()
	s := newStream(t, source)
	s.begin()
	s.apply()
	s.txn(10, "> create table u (id int primary key)", "u +1")
	const loads = "select coalesce(string_agg(load || loaded::text, ' ' order by load, loaded), '') from floe.load"
	s.wait(loads, "1true 1true")
	s.txn(20, "> drop table u")
	s.wait(loads, "1true")
	again := s.loadState(s.table("t"), ledger.LoadState{Load: 2, Replace: true})
	s.objects(again)
	s.wait(loads, "1false")
	s.txn(30, "t +1 a 1")
	s.wantTable("t", "1,a,1")
	s.entry(ledger.Entry{Loaded: &ledger.Loaded{Load: 2, Table: again.OID}})
	s.wait(loads, "2true")
}

// A structure that the target refuses keeps no row back, unless the rows need it; then it goes on when the
// target lets it.
func TestWhatTheTargetRefusesOfAChange(t *testing.T) {
	t.Parallel()
	s := newStream(t, source)
	s.begin()
	s.apply()
	s.txn(10, "t +1 a 1", "t +2 a 2")
	s.wantTable("t", "1,a,1 2,a,2")
	s.exec("insert into public.t values (3, 'a', 3)")
	s.between("delete from t; create unique index once on t (n, v); create unique index clash on t (v)")
	s.txn(20, "t +4 d 4")
	s.wantTable("t", "1,a,1 2,a,2 3,a,3 4,d,4")
	s.wait("select string_agg(object || ' ' || state || ' ' || code, ', ') from floe.object where state = 'failed'", "index public.clash failed 23505")
	s.exec("create table public.u (other int)")
	s.txn(30, "t +5 e 5", "> create table u (id int primary key)", "u +1")
	s.wantHalt("target-table-exists")
	s.wait("select count(*)::text from public.t", "4")
	s.exec("drop table public.u")
	s.wantTable("u", "1")
	s.wait("select count(*)::text from public.t", "5")
}

// A label of an enum may come together with what uses it, and in the middle of a big transaction.
func TestNewLabelsOfEnums(t *testing.T) {
	t.Parallel()
	s := newStream(t, "create type mood as enum ('sad', 'happy'); create table t (id int primary key, m mood)")
	s.begin()
	s.apply()
	s.txn(10, "t +1 sad")
	for _, sql := range []string{"alter type mood add value 'so so' after 'sad'", "create table u (id int primary key, m mood default 'so so')"} {
		if _, err := s.source.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	s.objects(s.read()...)
	s.txn(20, "u +1 happy", "t =1 happy")
	s.wantTable("u", "1,happy")
	s.parts(30, false, []string{"t +2 sad"}, []string{"> alter type mood add value 'mad' before 'sad'", "t +3 happy"})
	s.txn(40, "t +4 mad")
	s.wait("select string_agg(id || ' ' || m, ', ' order by m, id) from public.t", "4 mad, 2 sad, 1 happy, 3 happy")
}
