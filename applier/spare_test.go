package applier

import "testing"

// A generated column's function names a schema that is called otherwise by now. The source does not run it where an
// update assigns none of what it reads, and so must not the target; what does assign it blocks, until it is mended.
func TestAFunctionThatTheSourceDidNotRunRefusesNothing(t *testing.T) {
	t.Parallel()
	const pair = "create schema f; create type f.pair as (a int);"
	s := newStream(t, pair+`create function pair(int) returns text language sql immutable as 'select row($1)::f.pair::text';
		create table t (id int primary key, v text, n int, g text generated always as (public.pair(n)) stored)`, pair)
	s.begin()
	s.apply()
	const rows = "select string_agg(id || v || g, ' ' order by id) from public.t"
	s.txn(10, "t +1 a 1", "t +2 b 2", "t +3 c 3")
	s.wait(rows, "1a(1) 2b(2) 3c(3)")
	s.exec("alter schema f rename to f2")
	s.txn(20, "t =1 x 1", "t =1 y 1", "t =2 b 2")
	s.group(txn{30, []string{"t =1 z 1"}}, txn{40, []string{"t =3 w 3", "t -2"}})
	s.wait(rows, "1z(1) 3w(3)")
	s.txn(50, "t =3 w 4")
	s.wantHalt("constraint-violation")
	s.exec("alter schema f2 rename to f")
	s.apply()
	s.wait(rows, "1z(1) 3w(4)")
}
