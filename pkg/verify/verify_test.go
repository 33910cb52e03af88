package verify

import (
	"fmt"
	"strings"
	"testing"

	"floe/pkg/catalog"
	"floe/pkg/ident"
	"floe/pkg/pg"
	"floe/pkg/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func run(t *testing.T, source, target string, mapping *ident.Mapping) *Result {
	t.Helper()
	r, err := Run(t.Context(), Config{Source: pg.Config{URL: source}, Target: pg.Config{URL: target}, Mapping: mapping})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// compare sets both sides up alike, changes the target, and returns the outcome of one table.
func compare(t *testing.T, setup, change string) *Table {
	t.Helper()
	s := pgtest.Shared(t)
	r := run(t, pgtest.NewDB(t, s, setup), pgtest.NewDB(t, s, setup, change), nil)
	if len(r.Tables) != 1 {
		t.Fatalf("%d tables compared", len(r.Tables))
	}
	return &r.Tables[0]
}

// want checks that the outcome is told in these words, and nothing else differs.
func want(t *testing.T, got *Table, lines ...string) {
	t.Helper()
	r := &Result{Tables: []Table{*got}}
	if r.Equal() {
		t.Errorf("equal; want %q", lines)
	}
	text := strings.Split(strings.TrimSpace(r.String()), "\n")
	text = text[1 : len(text)-1]
	for i := range text {
		text[i] = strings.TrimSpace(text[i])
	}
	if strings.Join(text, "\n") != strings.Join(lines, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(text, "\n"), strings.Join(lines, "\n"))
	}
}

const every = `
	create type mood as enum ('sad', 'ok');
	create type pair as (a int, b text);
	create domain posint as int check (value > 0);
	create table every (id int primary key, b bool, i2 int2, i8 int8, n numeric, f4 float4, f8 float8, t text, v varchar(9), c char(9), q "char",
		d date, tm time, ttz timetz, ts timestamp, tz timestamptz, iv interval, by bytea, u uuid, j json, jb jsonb, x xml, ip inet, m money,
		bits bit(3), arr int[], texts text[], r int4range, e mood, p pair, dom posint, pt point, oidv regclass, twice int generated always as (i2 * 2) stored);
	insert into every values (1, true, 2, 3, 'NaN', '-0', 'Infinity', '', E'a"b\\,', 'pad', 'q', '0044-03-15 BC', '24:00', '12:00+02', 'infinity', '-infinity',
		'1 mon -1 day 00:00:01', '\x00ff', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '{"a" : 1}', '{"a": 1.0}', '<a/>', '10.0.0.1/8', '-1.5', '101', '{1,NULL}',
		'{"a,b",""}', '[1,5)', 'ok', '(1,"x y")', 5, '(1.5,-2)', 'pg_class');
	insert into every(id) values (2);
	insert into every(id, f8, t) select i, random() * 1e10, repeat('long ', 400) from generate_series(3, 300) i;`

// Two copies of every type are equal, rows in another order and sessions with other settings.
func TestACopyIsEqual(t *testing.T) {
	t.Parallel()
	s := pgtest.Shared(t)
	setup := "select setseed(0.5);" + every
	source := pgtest.NewDB(t, s, setup)
	target := pgtest.NewDB(t, s, setup, `create table moved as select * from every where id < 150`,
		`delete from every where id < 150`, `alter table moved drop column twice`,
		`insert into every select * from moved`, `drop table moved`,
		`do $$ begin execute format('alter database %I set timezone = ''Asia/Tokyo''', current_database());
			execute format('alter database %I set extra_float_digits = 0', current_database()); end $$`)
	r := run(t, source, target, nil)
	if !r.Equal() || r.Rows() != 300 {
		t.Error(r)
	}
	if got := r.String(); got != "equal: 1 table, 300 rows\n" {
		t.Errorf("%q", got)
	}
}

func TestOneChangedValueIsFound(t *testing.T) {
	t.Parallel()
	s := pgtest.Shared(t)
	setup := "select setseed(0.5);" + every
	source := pgtest.NewDB(t, s, setup)
	for _, c := range []struct{ column, value, source, target string }{
		{"v", `E'a"b\\;'`, `"a""b\\,"`, `"a""b\\;"`}, {"t", "null", `""`, "NULL"}, {"b", "false", `"t"`, `"f"`}, {"b", "null", `"t"`, "NULL"},
		{"f4", "0", `"-0"`, `"0"`}, {"f8", "'-Infinity'", `"Infinity"`, `"-Infinity"`}, {"n", "0", `"NaN"`, `"0"`}, {"jb", `'{"a": 1}'`, `"{""a"": 1.0}"`, `"{""a"": 1}"`},
		{"j", `'{"a": 1}'`, `"{""a"" : 1}"`, `"{""a"": 1}"`}, {"q", "'r'", `"q"`, `"r"`}, {"arr", "'{1}'", `"{1,NULL}"`, `"{1}"`}, {"texts", `'{"a","b",""}'`, `"{""a,b"",""""}"`, `"{a,b,""""}"`},
		{"tm", "'00:00'", `"24:00:00"`, `"00:00:00"`}, {"iv", "'29 days 00:00:01'", `"1 mon -1 days +00:00:01"`, `"29 days 00:00:01"`}, {"e", "'sad'", `"ok"`, `"sad"`},
		{"p", "row(1, null)", `"(1,""x y"")"`, `"(1,)"`}, {"m", "1.5", `"-$1.50"`, `"$1.50"`}, {"by", `'\x00fe'`, `"\\x00ff"`, `"\\x00fe"`},
	} {
		t.Run(c.column+" "+c.value, func(t *testing.T) {
			t.Parallel()
			target := pgtest.NewDB(t, s, setup, fmt.Sprintf("update every set %s = %s where id = 1", c.column, c.value))
			want(t, &run(t, source, target, nil).Tables[0],
				fmt.Sprintf("row (1), column %s: %s on the source, %s on the target", c.column, c.source, c.target))
		})
	}
}

// A longer char differs by its padding only, which a cast to text would cut.
func TestPaddingCounts(t *testing.T) {
	t.Parallel()
	got := compare(t, `create table t (id int primary key, c char(3)); insert into t values (1, 'a')`, `alter table t alter c type char(4)`)
	want(t, got, `row (1), column c: "a  " on the source, "a   " on the target`)
}

func TestAGeneratedColumnIsCompared(t *testing.T) {
	t.Parallel()
	setup := `create table t (id int primary key, n int, twice int generated always as (n * 2) stored); insert into t values (1, 2)`
	got := compare(t, setup, `alter table t drop column twice, add column twice int generated always as (n * 3) stored`)
	want(t, got, `row (1), column twice: "4" on the source, "6" on the target`)
	if got := compare(t, setup, `alter table t alter twice drop expression; update t set twice = null`); !got.Equal() {
		t.Errorf("the target does not compute the column, and it counts: %+v", got)
	}
}

// Bytes at the end of a long value count although it is not shown whole.
func TestALongValueIsComparedWhole(t *testing.T) {
	t.Parallel()
	got := compare(t, `create table t (id int primary key, doc text); insert into t values (1, repeat('x', 5000000))`, `update t set doc = left(doc, -1) || 'y'`)
	if got.Equal() || len(got.Differences) != 1 || len(got.Differences[0].Columns) != 1 {
		t.Fatalf("%+v", got)
	}
	if c := got.Differences[0].Columns[0]; c.Name != "doc" || c.Source == c.Target || len(c.Source) > 300 {
		t.Errorf("%+v", c)
	}
}

func TestTheSameInstantIsEqualAnotherIsNot(t *testing.T) {
	t.Parallel()
	setup := `create table t (id int primary key, at timestamptz); insert into t values (1, '2024-07-01 12:00+00'), (2, '2024-07-01 12:00+00')`
	if got := compare(t, setup, `update t set at = '2024-07-01 14:00+02'`); !got.Equal() {
		t.Errorf("one instant in two zones differs: %+v", got)
	}
	got := compare(t, setup, `update t set at = '2024-07-01 12:00+02' where id = 2`)
	want(t, got, `row (2), column at: "2024-07-01 12:00:00+00" on the source, "2024-07-01 10:00:00+00" on the target`)
}

func TestMissingAndSurplusRowsAreFound(t *testing.T) {
	t.Parallel()
	setup := `create table t (a int, b text, n int, primary key (b, a)); insert into t select i, 'k ' || i, i from generate_series(1, 5000) i`
	want(t, compare(t, setup, `delete from t where a = 77`), `row ("k 77",77) is missing on the target`)
	want(t, compare(t, setup, `insert into t values (0, 'more', 1)`), `row (more,0) is on the target only`)
	want(t, compare(t, setup, `delete from t where a = 1; insert into t values (1, 'k', 1)`),
		`row ("k 1",1) is missing on the target`, `row (k,1) is on the target only`)
	want(t, compare(t, setup, `update t set a = 0 where a = 9`),
		`row ("k 9",0) is on the target only`, `row ("k 9",9) is missing on the target`)
}

// Values that changed places are found although every column holds the same values.
func TestSwappedValuesAreFound(t *testing.T) {
	t.Parallel()
	got := compare(t, `create table t (id int primary key, n int); insert into t select i, i from generate_series(1, 10) i`, `update t set n = 3 - n where id < 3`)
	want(t, got, `row (1), column n: "1" on the source, "2" on the target`, `row (2), column n: "2" on the source, "1" on the target`)
}

func TestDifferencesAreBounded(t *testing.T) {
	t.Parallel()
	got := compare(t, `create table t (id int primary key, n int); insert into t select i, i from generate_series(1, 50000) i`, `update t set n = -n`)
	if len(got.Differences) != 10 || !got.More {
		t.Errorf("%d differences, more: %v", len(got.Differences), got.More)
	}
	if got := compare(t, `create table t (id int primary key); insert into t select generate_series(1, 20000)`, `truncate t`); got.Equal() || len(got.Differences) != 10 || !got.More {
		t.Errorf("an empty copy: %+v", got)
	}
}

func TestRowsWithoutAKeyAreABag(t *testing.T) {
	t.Parallel()
	setup := `create table t (a int, b text); insert into t values (1, 'x'), (1, 'x'), (1, 'x'), (2, null), (null, null)`
	if got := compare(t, setup, `delete from t where a = 2; insert into t values (2, null)`); !got.Equal() {
		t.Errorf("another order differs: %+v", got)
	}
	want(t, compare(t, setup, `insert into t values (1, 'x')`), `row (1,x) is 3 times on the source, 4 times on the target`)
	want(t, compare(t, setup, `delete from t where b is null and a is null`), `row (,) is missing on the target`)
	want(t, compare(t, setup, `update t set b = '' where a = 2`), `row (2,"") is on the target only`, `row (2,) is missing on the target`)
	want(t, compare(t, setup, `delete from t where ctid = (select min(ctid) from t); insert into t values (2, null)`),
		`row (1,x) is 3 times on the source, 2 times on the target`, `row (2,) is 1 times on the source, 2 times on the target`)
}

func TestBordersBetweenColumnsCount(t *testing.T) {
	t.Parallel()
	got := compare(t, `create table t (id int primary key, a text, b text); insert into t values (1, 'x,y', 'z')`, `update t set a = 'x', b = 'y,z'`)
	want(t, got, `row (1), column a: "x,y" on the source, "x" on the target`, `row (1), column b: "z" on the source, "y,z" on the target`)
}

func TestMappedNamesAreCompared(t *testing.T) {
	t.Parallel()
	s := pgtest.Shared(t)
	source := pgtest.NewDB(t, s, `create table "T 1" (id int primary key, "N%s" int); insert into "T 1" values (1, 2)`)
	target := pgtest.NewDB(t, s, `create schema other; create table other.t (id int primary key, n int); insert into other.t values (1, 2)`)
	mapping := ident.NewMapping([]ident.Rule{{
		From: ident.Name{Schema: "public", Name: "T 1"}, To: ident.Name{Schema: "other", Name: "t"}, Columns: map[string]string{"N%s": "n"},
	}})
	r := run(t, source, target, mapping)
	if !r.Equal() || r.Rows() != 1 {
		t.Error(r)
	}
	if err := s.Exec(t.Context(), target[strings.LastIndex(target, "/")+1:strings.Index(target+"?", "?")], `update other.t set n = 3`); err != nil {
		t.Fatal(err)
	}
	r = run(t, source, target, mapping)
	want(t, &r.Tables[0], `row (1), column N%s: "2" on the source, "3" on the target`)
}

// A partitioned table is compared as a whole, however it is divided; an inheritance parent without its
// children.
func TestPartitionsAndChildren(t *testing.T) {
	t.Parallel()
	s := pgtest.Shared(t)
	source := pgtest.NewDB(t, s, `create table p (id int primary key, n int) partition by range (id);
		create table p1 partition of p for values from (0) to (10); create table p2 partition of p for values from (10) to (20);
		insert into p values (1, 1), (11, 11);
		create table mother (id int primary key); create table child () inherits (mother); insert into mother values (1); insert into child values (1), (2)`)
	target := pgtest.NewDB(t, s, `create table p (n int, id int primary key); insert into p values (1, 1), (11, 11);
		create table mother (id int primary key); create table child () inherits (mother); insert into mother values (1); insert into child values (1), (2)`)
	r := run(t, source, target, nil)
	if !r.Equal() || len(r.Tables) != 3 || r.Rows() != 5 {
		t.Error(r, len(r.Tables), r.Rows())
	}
}

func TestWhatCannotBeComparedIsNamed(t *testing.T) {
	t.Parallel()
	s := pgtest.Shared(t)
	source := pgtest.NewDB(t, s, `create table a (id int primary key); create table b (id int primary key, n int); create unlogged table c (id int primary key); create table d ()`)
	target := pgtest.NewDB(t, s, `create table b (id int primary key); create table d ()`)
	r, err := Run(t.Context(), Config{Source: pg.Config{URL: source}, Target: pg.Config{URL: target}, Includes: func(n ident.Name) bool { return n.Name != "e" }})
	if err != nil {
		t.Fatal(err)
	}
	const lines = `public.a: the target has no such table
public.b: the target has no column "n"
public.c: not compared, unlogged: its changes are not in the WAL
DIFFERENT: 2 of 4 tables
`
	if r.Equal() || r.String() != lines {
		t.Errorf("%s", r)
	}
}

// Databases of different encodings hold the same text in different bytes.
func TestEncodingsMayDiffer(t *testing.T) {
	t.Parallel()
	s := pgtest.Shared(t)
	const utf8 = `set client_encoding = 'UTF8'` // a string of its own: it counts from the next one on
	setup := `create table t (id text primary key, b text); insert into t values ('é', 'ü'), ('a', null)`
	source := pgtest.NewDB(t, s, setup)
	name := fmt.Sprintf("latin_%d", s.PID())
	if err := s.CreateDatabase(t.Context(), name, "encoding 'LATIN1' locale 'C' template template0"); err != nil {
		t.Fatal(err)
	}
	if err := s.Exec(t.Context(), name, utf8, setup); err != nil {
		t.Fatal(err)
	}
	if r := run(t, source, s.URL(name), nil); !r.Equal() || r.Rows() != 2 {
		t.Error(r)
	}
	if err := s.Exec(t.Context(), name, utf8, `update t set b = 'û' where b = 'ü'`); err != nil {
		t.Fatal(err)
	}
	want(t, &run(t, source, s.URL(name), nil).Tables[0], `row (é), column b: "ü" on the source, "û" on the target`)
}

// Texts of a database that does not say what they are in are compared by what source.encoding says: keys, padding,
// characters with a byte of ASCII's in them, arrays; what differs is shown as text.
func TestTextsOfADatabaseThatDoesNotSayWhatTheyAreIn(t *testing.T) {
	t.Parallel()
	s := pgtest.Shared(t)
	for encoding, c := range map[string]struct{ bytes, text, plain, same string }{
		"LATIN1": {`\351\374`, "éü", `\351`, "é"}, "GBK": {`\326\320\201\134\201\174`, "中乗亅", `\326\320`, "中"}, "EUC_JP": {`\306\374`, "日", `\306\374`, "日"}, "WIN1251": {`\320`, "Р", `\320`, "Р"}, "UTF8": {`\303\251`, "é", `\303\251`, "é"},
	} {
		name := fmt.Sprintf("ascii_%s_%d", strings.ToLower(encoding), s.PID())
		if err := s.CreateDatabase(t.Context(), name, "encoding 'SQL_ASCII' lc_collate 'C' lc_ctype 'C' template template0"); err != nil {
			t.Fatal(err)
		}
		raw := func(bytes string) string { return "convert_from('" + bytes + "'::bytea, 'SQL_ASCII')" }
		make := `create table t (k text primary key, c char(9), v varchar(99), list text[], n int)`
		if err := s.Exec(t.Context(), name, make, fmt.Sprintf(`insert into t values (%[1]s, %[1]s, %[1]s || '"\', array[%[2]s, null], 1), ('a', null, '', '{}', null)`, raw(c.bytes), raw(c.plain))); err != nil {
			t.Fatal(err)
		}
		target := pgtest.NewDB(t, s, make, fmt.Sprintf(`insert into t values ('%[1]s', '%[1]s', '%[1]s"\', array['%[2]s', null], 1), ('a', null, '', '{}', null)`, c.text, c.same))
		run := func() *Result {
			t.Helper()
			r, err := Run(t.Context(), Config{Source: pg.Config{URL: s.URL(name)}, Target: pg.Config{URL: target}, Encoding: encoding})
			if err != nil {
				t.Fatalf("%s: %v", encoding, err)
			}
			return r
		}
		if r := run(); !r.Equal() || r.Rows() != 2 {
			t.Errorf("%s: %s", encoding, r)
		}
		if err := s.Exec(t.Context(), name, `update t set v = 'other' || k where k <> 'a'`); err != nil {
			t.Fatal(err)
		}
		if r := run(); r.Equal() || !strings.Contains(r.String(), fmt.Sprintf(`row (%[1]s), column v: "other%[1]s" on the source, `, c.text)) {
			t.Errorf("%s: %s", encoding, r)
		}
	}
}

// A target that cannot be reached is an error, not a difference.
func TestAnUnreachableTargetIsAnError(t *testing.T) {
	t.Parallel()
	source := pgtest.NewDB(t, pgtest.Shared(t))
	_, err := Run(t.Context(), Config{Source: pg.Config{URL: source}, Target: pg.Config{URL: "postgres://nobody@127.0.0.1:1/none"}})
	if err == nil || !strings.Contains(err.Error(), "connect to the target") {
		t.Error(err)
	}
}

// Against a server before 12 floats are compared by their bits, because that server writes them in other
// digits.
func TestFloatsOfOldServersAreComparedByBits(t *testing.T) {
	t.Parallel()
	s := pgtest.Shared(t)
	setup := `create table t (id int primary key, f4 float4, f8 float8, a float8[], pt point, pp point[]);
		insert into t values (1, 0.1, 0.1, '{0.1,NULL}', '(0.1,2)', '{"(0.1,2)"}'), (2, 'NaN', 'NaN', null, null, null), (3, null, '-0', '{}', null, '{}')`
	for _, c := range []struct{ change, line string }{
		{"", ""},
		{"update t set f8 = 0.1 + 2e-17 where id = 1", "row (1), column f8:"},
		{"update t set f8 = 0 where id = 3", "row (3), column f8:"},
		{"update t set f4 = 0.2 where id = 2", "row (2), column f4:"},
		{"update t set a = '{0.1,0.2}' where id = 1", "row (1), column a:"},
		{"update t set pt = '(0.1,3)' where id = 1", "row (1), column pt:"},
		{`update t set pp = '{"(0.1,3)"}' where id = 1`, "row (1), column pp:"},
	} {
		source, target := pgtest.NewDB(t, s, setup), pgtest.NewDB(t, s, setup, c.change)
		v := &verification{Config: Config{Source: pg.Config{URL: source}, Target: pg.Config{URL: target}, Differences: 10}}
		defer v.close(t.Context())
		if err := v.begin(t.Context()); err != nil {
			t.Fatal(err)
		}
		db, err := catalog.ReadSelection(t.Context(), v.source.conn, catalog.Selection{})
		if err != nil {
			t.Fatal(err)
		}
		v.source.version = 110000
		got, err := v.table(t.Context(), db.Tables()[0])
		if err != nil {
			t.Fatal(err)
		}
		if text := (&Result{Tables: []Table{*got}}).String(); got.Equal() != (c.line == "") || !strings.Contains(text, c.line) {
			t.Errorf("%s: %s", c.change, text)
		}
	}
}

// The server opens functions of indexes when it plans, and one may name another without its schema: rows of such
// a table are compared all the same, by texts that name schemas.
func TestTablesWithIndexesOnUnqualifiedNamesAreCompared(t *testing.T) {
	t.Parallel()
	if pgtest.Shared(t).Version() >= 17 {
		t.Skip("from 17 on such an index cannot be made")
	}
	const setup = `create schema app; create function app.inner_f(int) returns int language sql immutable as 'select $1 * 3';
		set search_path = app; create function sql_f(int) returns int language sql immutable as 'select inner_f($1) + 1';
		create table t (id int primary key, a int, c regclass); create index on t (sql_f(a)); insert into t select i, i, 'app.t' from generate_series(1, 50) i; reset search_path`
	s := pgtest.Shared(t)
	if r := run(t, pgtest.NewDB(t, s, setup), pgtest.NewDB(t, s, setup), nil); !r.Equal() || r.Rows() != 50 {
		t.Error(r)
	}
	got := compare(t, setup, `set search_path = app; update t set a = 1000, c = 'pg_class' where id = 7; reset search_path`)
	want(t, got, `row (7), column a: "7" on the source, "1000" on the target`, `row (7), column c: "app.t" on the source, "pg_class" on the target`)
}
