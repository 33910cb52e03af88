package structure

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"floe/pkg/catalog"
	"floe/pkg/halt"

	"github.com/jackc/pgx/v5"
)

// change runs SQL on the source and follows it.
func (p *pair) change(sql string, o InstallOptions) (Report, error) {
	p.t.Helper()
	for _, q := range []string{"SET search_path = public", sql, "SET search_path = ''"} {
		if _, err := p.source.Exec(p.t.Context(), q); err != nil {
			p.t.Fatalf("%s: %v", q, err)
		}
	}
	return p.follow(o)
}

func (p *pair) must(sql string) Report {
	p.t.Helper()
	r, err := p.change(sql, InstallOptions{Proceed: true})
	if err != nil {
		p.t.Fatal(err)
	}
	return r
}

func (p *pair) value(sql string) string {
	p.t.Helper()
	var out string
	if err := p.target.QueryRow(p.t.Context(), sql).Scan(&out); err != nil {
		p.t.Fatal(err)
	}
	return out
}

// begun makes a pair and its first structure.
func begun(t *testing.T, source, target string) *pair {
	t.Helper()
	p := newPair(t, Options{}, []string{source}, []string{target})
	p.db = nil
	p.must("SELECT")
	return p
}

const columnsSQL = `SELECT string_agg(attname || ' ' || format_type(atttypid, atttypmod), ', ' ORDER BY attnum) FROM pg_attribute
	WHERE attrelid = 'public.t'::regclass AND attnum > 0 AND NOT attisdropped`

// A table that was there before floe follows as far as it has what changes; it is never dropped.
func TestATableThatWasThereFollows(t *testing.T) {
	t.Parallel()
	p := begun(t, `CREATE TABLE t (id int PRIMARY KEY, a int, b text, c int CHECK (c > 0))`, `CREATE TABLE public.t (id int PRIMARY KEY, a int, d text, own int)`)
	p.must(`ALTER TABLE t ADD d text, ADD e text DEFAULT 'x'`)
	p.must(`ALTER TABLE t RENAME a TO aa`)
	p.must(`ALTER TABLE t RENAME b TO bb; ALTER TABLE t DROP c; ALTER TABLE t ALTER d TYPE varchar(9)`)
	if got, want := p.value(columnsSQL), "id integer, aa integer, d character varying(9), own integer, e text"; got != want {
		t.Errorf("columns %q, want %q", got, want)
	}
	p.must(`CREATE INDEX t_e ON t (e)`)
	if got := p.value(`SELECT count(*)::text FROM pg_indexes WHERE indexname = 't_e'`); got != "1" {
		t.Error("an index made after the start is not on the target")
	}
	if r := p.must(`DROP TABLE t`); !strings.Contains(strings.Join(codes(r), " "), CodeDropped) {
		t.Errorf("facts %v, want that the table stays", r.Facts)
	}
	if got := p.value(`SELECT count(*)::text FROM pg_tables WHERE tablename = 't'`); got != "1" {
		t.Error("a table that was there before floe was dropped")
	}
}

// A partition that comes, or that the target lacks, becomes one of the owner's table where that is partitioned
// alike; where it is not, the owner's partitions hold the rows.
func TestAPartitionComesToATableThatWasThere(t *testing.T) {
	t.Parallel()
	p := begun(t, `CREATE TABLE t (id int, r text, PRIMARY KEY (id, r)) PARTITION BY LIST (r); CREATE TABLE t_a PARTITION OF t FOR VALUES IN ('a'); CREATE TABLE t_b PARTITION OF t FOR VALUES IN ('b');
		CREATE TABLE u (id int PRIMARY KEY) PARTITION BY RANGE (id); CREATE TABLE u_1 PARTITION OF u FOR VALUES FROM (0) TO (10)`,
		`CREATE TABLE public.t (id int, r text, own int, PRIMARY KEY (id, r)) PARTITION BY LIST (r); CREATE TABLE public.t_a PARTITION OF public.t FOR VALUES IN ('a'); CREATE TABLE public.t_rest PARTITION OF public.t FOR VALUES IN ('x', 'y');
		CREATE TABLE public.u (id int PRIMARY KEY) PARTITION BY HASH (id); CREATE TABLE public.u_0 PARTITION OF public.u FOR VALUES WITH (MODULUS 1, REMAINDER 0)`)
	parts := func(of, want string) {
		t.Helper()
		if got := p.value(`SELECT string_agg(inhrelid::regclass::text, ' ' ORDER BY inhrelid::regclass::text) FROM pg_inherits WHERE inhparent = 'public.` + of + `'::regclass`); got != want {
			t.Errorf("the partitions of %s are %s, want %s", of, got, want)
		}
	}
	parts("t", "public.t_a public.t_b public.t_rest")
	parts("u", "public.u_0")
	p.must(`CREATE TABLE t_c PARTITION OF t FOR VALUES IN ('c') PARTITION BY LIST (id); CREATE TABLE t_c_1 PARTITION OF t_c FOR VALUES IN (1); CREATE TABLE t_x PARTITION OF t FOR VALUES IN ('x');
		CREATE TABLE u_2 PARTITION OF u FOR VALUES FROM (10) TO (20)`)
	p.exec(`INSERT INTO public.t VALUES (1, 'c'), (2, 'b')`)
	parts("t", "public.t_a public.t_b public.t_c public.t_rest")
	parts("u", "public.u_0")
	p.must(`CREATE INDEX t_i ON t (r); DROP TABLE t_c; DROP TABLE t_a`)
	parts("t", "public.t_a public.t_b public.t_rest")
	if p.db = nil; p.must("SELECT").Created != 0 {
		t.Error("followed again it made something")
	}
}

// What the target's owner made to depend on a table stops the job, by name, and nothing is dropped.
func TestADependantOfTheOwnersStopsADrop(t *testing.T) {
	t.Parallel()
	p := begun(t, `CREATE TABLE t (id int PRIMARY KEY, a int)`, ``)
	p.exec(`CREATE VIEW public.mine AS SELECT a FROM public.t`)
	_, err := p.change(`ALTER TABLE t DROP a`, InstallOptions{})
	var h *halt.Error
	if !errors.As(err, &h) || h.Code != halt.StructureChanged || !strings.Contains(err.Error(), "mine") || h.Fix == "" {
		t.Fatalf("error %v, want a halt that names the view", err)
	}
	p.exec(`DROP VIEW public.mine`)
	p.db = nil // the halt rolled back: the next start brings all again
	p.must("SELECT")
	p.same()
}

// Constraints that wait for a load follow what happens to them meanwhile.
func TestChangesBeforeTheLoadIsOver(t *testing.T) {
	t.Parallel()
	p := newPair(t, Options{}, []string{`CREATE TABLE a (id int PRIMARY KEY, x int, y int); CREATE TABLE b (id int PRIMARY KEY, a int REFERENCES a, CONSTRAINT ck CHECK (a > 0));
		CREATE INDEX a_x ON a (x); CREATE UNIQUE INDEX a_y ON a (y)`}, nil)
	p.db, p.unloaded = nil, true
	p.must("SELECT")
	p.must(`ALTER TABLE b DROP CONSTRAINT ck; ALTER TABLE a RENAME x TO xx; ALTER INDEX a_x RENAME TO a_xx; DROP INDEX a_y; ALTER TABLE b RENAME CONSTRAINT b_a_fkey TO fk`)
	p.must(`CREATE UNIQUE INDEX a_y ON a (y, id); ALTER TABLE b RENAME TO c`)
	p.must(`ALTER TABLE a DROP CONSTRAINT a_pkey CASCADE; ALTER TABLE a ADD PRIMARY KEY (y)`)
	p.unloaded = false
	p.must("SELECT")
	p.same()
}

// The key of a table whose partitions stand becomes whole, and goes from them all, loaded or not.
func TestAKeyOfPartitionsComesAndGoes(t *testing.T) {
	t.Parallel()
	p := newPair(t, Options{}, []string{`CREATE TABLE p (id int, r int) PARTITION BY LIST (r); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);
		CREATE TABLE p2 PARTITION OF p FOR VALUES IN (2) PARTITION BY RANGE (id); CREATE TABLE p2a PARTITION OF p2 FOR VALUES FROM (0) TO (10)`}, nil)
	p.db = nil
	p.must("SELECT")
	for _, p.unloaded = range []bool{true, false} {
		p.must(`ALTER TABLE p ADD PRIMARY KEY (id, r); ALTER TABLE p ADD UNIQUE (r, id); CREATE INDEX p_i ON p (id)`)
		if got := p.value(`SELECT indisvalid::text FROM pg_index WHERE indexrelid = 'public.p_pkey'::regclass`); got != "true" {
			t.Error("the key is not whole")
		}
		p.must(`ALTER TABLE p DROP CONSTRAINT p_pkey; ALTER TABLE p DROP CONSTRAINT p_r_id_key; DROP INDEX p_i`)
		p.same()
		if got := p.value(`SELECT count(*)::text FROM pg_index WHERE indrelid::regclass::text LIKE 'public.p%'`); got != "0" {
			t.Errorf("%s indexes are left", got)
		}
	}
}

// What cannot be made anew, for something on the target stands upon it, stays floe's: it goes when the source's does.
func TestWhatCannotBeMadeAnewStaysFloes(t *testing.T) {
	t.Parallel()
	p := begun(t, `CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w; CREATE FOREIGN TABLE f (a int) SERVER s; CREATE TABLE t (a int)`, ``)
	p.exec(`CREATE VIEW public.mine AS SELECT a FROM public.f`)
	wantCodes(t, p.must(`ALTER FOREIGN TABLE f INHERIT t`), "foreign table public.f: "+codeDependents, "foreign table public.f: "+CodeChanged)
	p.exec(`DROP VIEW public.mine`)
	wantCodes(t, p.must(`ALTER FOREIGN TABLE f NO INHERIT t`))
	p.same()
	wantCodes(t, p.must(`DROP FOREIGN DATA WRAPPER w CASCADE`))
	p.same()
}

// A change that the target's rows refuse is reported, and tried again.
func TestARefusedChangeIsTriedAgain(t *testing.T) {
	t.Parallel()
	p := begun(t, `CREATE TABLE t (id int PRIMARY KEY, a int)`, ``)
	p.exec(`INSERT INTO public.t VALUES (1, NULL)`)
	wantCodes(t, p.must(`ALTER TABLE t ALTER a SET NOT NULL`), "table public.t: 23502")
	p.exec(`DELETE FROM public.t`)
	wantCodes(t, p.must("SELECT"))
	p.same()
}

// A drop that the target's own objects stand against is reported, and tried again; not when something else
// of the source bears the name by then.
func TestARefusedDropIsTriedAgain(t *testing.T) {
	t.Parallel()
	p := begun(t, `CREATE VIEW a AS SELECT 1 AS x; CREATE VIEW b AS SELECT 1 AS x`, ``)
	p.exec(`CREATE VIEW public.on_a AS SELECT * FROM public.a`)
	p.exec(`CREATE VIEW public.on_b AS SELECT * FROM public.b`)
	wantCodes(t, p.must(`DROP VIEW a, b`), "view public.a: 2BP01", "view public.b: 2BP01")
	p.must(`CREATE VIEW b AS SELECT 1 AS x`)
	p.exec(`DROP VIEW public.on_a`)
	p.exec(`DROP VIEW public.on_b`)
	wantCodes(t, p.must("SELECT"))
	p.same()
	if got := p.value(`SELECT count(*)::text FROM floe.object WHERE state = 'failed'`); got != "0" {
		t.Errorf("%s refusals are still on record", got)
	}
}

// Rows that no cast brings to the new type go, for the source rewrote them and they are loaded again.
func TestATypeThatNoCastLeadsToEmptiesTheTable(t *testing.T) {
	t.Parallel()
	p := begun(t, `CREATE TABLE t (id int PRIMARY KEY, a text, b int)`, ``)
	p.exec(`INSERT INTO public.t VALUES (1, '12', 3)`)
	p.must(`ALTER TABLE t ALTER a TYPE int USING a::int`)
	if got := p.value(`SELECT a::text FROM public.t`); got != "12" {
		t.Errorf("a is %s, want 12", got)
	}
	p.must(`ALTER TABLE t ALTER b TYPE date USING now()`)
	if got := p.value(`SELECT count(*)::text FROM public.t`); got != "0" {
		t.Errorf("%s rows, want none", got)
	}
	p.same()
}

// A constant default of a new column fills the rows that are there.
func TestANewColumnsDefaultFillsOldRows(t *testing.T) {
	t.Parallel()
	p := begun(t, `CREATE TABLE t (id int PRIMARY KEY)`, ``)
	p.exec(`INSERT INTO public.t VALUES (1)`)
	p.must(`ALTER TABLE t ADD a text DEFAULT 'it''s' NOT NULL`)
	if got := p.value(`SELECT a FROM public.t`); got != "it's" {
		t.Errorf("a is %q", got)
	}
	p.same()
}

// A table that leaves the selection stays as it is, and follows what it missed when it comes back.
func TestATableThatLeftIsForgottenNotDropped(t *testing.T) {
	t.Parallel()
	p := begun(t, `CREATE TABLE t (id int PRIMARY KEY, a int); CREATE TABLE u (id int)`, ``)
	all := p.db
	var defs []catalog.Definition
	for _, d := range all.Definitions {
		if d.Name.Name != "t" && hangsOn(d).Name != "t" {
			defs = append(defs, d)
		}
	}
	without := func(ctx context.Context, tx pgx.Tx) (Report, error) {
		_, r, err := Follow(ctx, tx, "job", "main", catalog.NewDatabase(0, defs), nil, p.options, InstallOptions{})
		return r, err
	}
	for range 2 {
		if _, err := p.in(without); err != nil {
			t.Fatal(err)
		}
		p.same()
	}
	p.db = nil
	p.must(`ALTER TABLE t ADD b int, DROP CONSTRAINT t_pkey; ALTER TABLE t ADD PRIMARY KEY (a); DROP TABLE u`)
	if got := p.value(`SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'public.t'::regclass AND contype = 'p'`); got != "PRIMARY KEY (a)" {
		t.Errorf("key %q", got)
	}
	if got := p.value(columnsSQL); got != "id integer, a integer, b integer" {
		t.Errorf("columns %q", got)
	}
}

// A table that left the selection by a command of the source, a rename, goes when another one comes under its name; one
// that a command of floe's user took out of the job stays, and stands in the way.
func TestATableThatLeftGoesForOneThatTakesItsName(t *testing.T) {
	t.Parallel()
	for _, renamed := range []bool{true, false} {
		p := begun(t, `CREATE TABLE t (id int CONSTRAINT k PRIMARY KEY, a int); CREATE INDEX t_a ON t (a)`, ``)
		selected := func(of string, o InstallOptions) error {
			db := read(t, p.source, catalog.Selection{Everything: true})
			defs := slices.DeleteFunc(slices.Clone(db.Definitions), func(d catalog.Definition) bool {
				return (d.Kind == catalog.KindTable || hangsOn(d).Name != "") && d.Name.Name != of && hangsOn(d).Name != of
			})
			_, err := p.in(func(ctx context.Context, tx pgx.Tx) (Report, error) {
				_, r, err := Follow(ctx, tx, "job", "main", catalog.NewDatabase(0, defs), nil, p.options, o)
				return r, err
			})
			return err
		}
		var left []catalog.Ref
		for _, d := range p.db.Definitions {
			if renamed && (d.Name.Name == "t" || hangsOn(d).Name == "t") {
				left = append(left, d.Ref())
			}
		}
		if err := selected("none", InstallOptions{Left: left}); err != nil {
			t.Fatal(err)
		}
		if _, err := p.source.Exec(t.Context(), `ALTER TABLE public.t RENAME TO x; CREATE TABLE public.t (b text)`); err != nil {
			t.Fatal(err)
		}
		err := selected("t", InstallOptions{})
		if !renamed {
			if h := halt.As(err); h == nil || h.Code != halt.TargetTableExists {
				t.Errorf("a table that was taken out of the job: %v", err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if got := p.value(columnsSQL); got != "b text" {
			t.Errorf("columns %q", got)
		}
	}
}

// A table may be known under the new name of its schema before the schema is: a command told of the table after a rename
// of which nobody told.
func TestASchemaIsRenamedBehindOneOfItsTables(t *testing.T) {
	t.Parallel()
	p := begun(t, `CREATE SCHEMA s; CREATE TABLE s.t (id int PRIMARY KEY, a int); CREATE INDEX ON s.t (a); CREATE TABLE s.u (id int PRIMARY KEY);
		CREATE TYPE s.e AS ENUM ('x'); CREATE VIEW s.v AS SELECT id FROM s.u; CREATE SEQUENCE s.q`, ``)
	if _, err := p.source.Exec(t.Context(), `ALTER SCHEMA s RENAME TO n`); err != nil {
		t.Fatal(err)
	}
	of := func(db *catalog.Database, table bool) []catalog.Definition {
		return slices.DeleteFunc(slices.Clone(db.Definitions), func(d catalog.Definition) bool { return (d.Name.Name == "t" || hangsOn(d).Name == "t") != table })
	}
	defs := append(of(p.db, false), of(read(t, p.source, catalog.Selection{Everything: true}), true)...)
	if _, err := p.in(func(ctx context.Context, tx pgx.Tx) (Report, error) {
		_, r, err := Follow(ctx, tx, "job", "main", catalog.NewDatabase(0, defs), nil, p.options, InstallOptions{})
		return r, err
	}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		p.must("SELECT")
		p.same()
	}
	if got := p.value(`SELECT string_agg(nspname, ',' ORDER BY nspname) FROM pg_namespace WHERE nspname IN ('s', 'n')`); got != "n" {
		t.Errorf("schemas %s", got)
	}
}

// Without initial structure, changes are followed all the same.
func TestChangesWithoutInitialStructure(t *testing.T) {
	t.Parallel()
	p := newPair(t, Options{}, []string{`CREATE TYPE e AS ENUM ('a'); CREATE TABLE t (id int PRIMARY KEY, a int, e e)`},
		[]string{`CREATE TYPE e AS ENUM ('a'); CREATE TABLE t (id int PRIMARY KEY, a int, e e)`})
	p.db = nil
	skip := InstallOptions{SkipStructure: true, Proceed: true}
	for _, sql := range []string{"SELECT", `ALTER TABLE t RENAME TO v`, `ALTER TABLE v ADD b int DEFAULT 3; ALTER TYPE e ADD VALUE 'b'`, `CREATE TABLE w (id int PRIMARY KEY, x int); CREATE INDEX w_x ON w (x)`} {
		if _, err := p.change(sql, skip); err != nil {
			t.Fatal(sql, err)
		}
		p.same()
	}
}

// Before 12 no label can be added inside a transaction: the type is made anew, in all columns that hold it.
func TestLabelsForATargetThatAddsNone(t *testing.T) {
	t.Parallel()
	p := newPair(t, Options{}, []string{`CREATE TYPE e AS ENUM ('a', 'b'); CREATE TABLE t (id int PRIMARY KEY, e e DEFAULT 'a', l e[]); CREATE INDEX t_e ON t (e)`}, nil)
	p.options.TargetVersion, p.db = 110000, nil
	p.must("SELECT")
	p.exec(`INSERT INTO public.t VALUES (1, 'b', '{a,b}')`)
	p.must(`ALTER TYPE e ADD VALUE 'aa' BEFORE 'b'`)
	if got := p.value(`SELECT e::text || l::text FROM public.t`); got != "b{a,b}" {
		t.Errorf("values %s", got)
	}
	p.same()
}
