package structure

import (
	"strings"
	"testing"

	"floe/pkg/ident"
	"floe/pkg/pgtest"
)

// rare is what few schemas have, each found in PostgreSQL's own regression database.
const rare = `CREATE TYPE person AS (id int, name text);
	CREATE TABLE people OF person; CREATE TABLE named OF person (id NOT NULL, name WITH OPTIONS DEFAULT 'x', PRIMARY KEY (id));
	CREATE TABLE typed OF person PARTITION BY RANGE (id); CREATE TABLE typed_1 PARTITION OF typed FOR VALUES FROM (0) TO (9);

	CREATE TABLE gen (a int NOT NULL, b int GENERATED ALWAYS AS (a * 2) STORED);
	CREATE TABLE gen_1 (b int GENERATED ALWAYS AS (a * 2) STORED, a int NOT NULL); ALTER TABLE gen_1 INHERIT gen;
	CREATE TABLE gen_2 (a int NOT NULL, b int GENERATED ALWAYS AS (a * 2) STORED); ALTER TABLE gen_2 INHERIT gen;
	CREATE TABLE wide (x int, y int, z int, CHECK (x > 0)); CREATE TABLE wide_1 (own int, z int, y int, x int DEFAULT 3, CONSTRAINT wide_x_check CHECK (x > 0)); ALTER TABLE wide_1 INHERIT wide;
	CREATE TABLE ident (a int NOT NULL GENERATED ALWAYS AS IDENTITY); CREATE TABLE ident_1 () INHERITS (ident);

	CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
	CREATE TABLE parts (a int, b int) PARTITION BY LIST (a); CREATE TABLE parts_1 PARTITION OF parts FOR VALUES IN (1); CREATE TABLE parts_2 PARTITION OF parts FOR VALUES IN (2) PARTITION BY LIST (b);
	CREATE TABLE parts_2_1 PARTITION OF parts_2 FOR VALUES IN (1);
	CREATE INDEX parts_b ON ONLY parts (b); CREATE INDEX parts_1_b ON parts_1 (b); ALTER INDEX parts_b ATTACH PARTITION parts_1_b;
	CREATE UNIQUE INDEX parts_a ON ONLY parts (a, b); ALTER TABLE parts_1 ADD CONSTRAINT parts_1_key UNIQUE (a, b); ALTER INDEX parts_a ATTACH PARTITION parts_1_key;
	CREATE TRIGGER seen AFTER INSERT ON parts FOR EACH ROW EXECUTE FUNCTION note();

	CREATE UNLOGGED TABLE fleeting (id int PRIMARY KEY, a int CHECK (a > 0)); CREATE INDEX fleeting_a ON fleeting (a);
	CREATE DOMAIN positive AS int CONSTRAINT above CHECK (VALUE > 0); ALTER DOMAIN positive ADD CONSTRAINT below CHECK (VALUE < 10) NOT VALID;
	COMMENT ON CONSTRAINT above ON DOMAIN positive IS 'above'; COMMENT ON CONSTRAINT below ON DOMAIN positive IS 'below';
	CREATE TABLE tuned (id int, a text, b int, CONSTRAINT tuned_key PRIMARY KEY (id)) WITH (fillfactor = 40, toast.autovacuum_enabled = false);
	CREATE INDEX tuned_b ON tuned (b); CREATE INDEX tuned_sum ON tuned (id, (b + id)); ALTER INDEX tuned_sum ALTER COLUMN 2 SET STATISTICS 300; ALTER TABLE tuned CLUSTER ON tuned_b; COMMENT ON INDEX tuned_key IS 'behind the key';
	ALTER TABLE tuned ALTER a SET STATISTICS 500, ALTER b SET STATISTICS 0, ALTER b SET (n_distinct = 5, n_distinct_inherited = 7);
	CREATE TABLE ordered (id int PRIMARY KEY); ALTER TABLE ordered CLUSTER ON ordered_pkey;
	CREATE MATERIALIZED VIEW filled AS SELECT id, a FROM tuned; ALTER MATERIALIZED VIEW filled ALTER a SET STORAGE EXTERNAL, ALTER a SET STATISTICS 7;

	CREATE TYPE money_like; CREATE FUNCTION money_in(cstring) RETURNS money_like LANGUAGE internal IMMUTABLE STRICT AS 'int8in';
	CREATE FUNCTION money_out(money_like) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'int8out';
	CREATE TYPE money_like (INPUT = money_in, OUTPUT = money_out, LIKE = int8, DEFAULT = '7', CATEGORY = 'N', DELIMITER = ';');
	CREATE TABLE paid (id int PRIMARY KEY, m money_like, ms money_like[]); COMMENT ON TYPE money_like IS 'cents'; CREATE TYPE shell;

	CREATE TEXT SEARCH PARSER own_parser (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES = prsd_lextype, HEADLINE = prsd_headline); COMMENT ON TEXT SEARCH PARSER own_parser IS 'p';
	CREATE TEXT SEARCH TEMPLATE own_template (INIT = dsimple_init, LEXIZE = dsimple_lexize); CREATE TEXT SEARCH DICTIONARY own_dictionary (TEMPLATE = own_template, accept = 'false');
	CREATE TEXT SEARCH CONFIGURATION own_configuration (PARSER = own_parser); ALTER TEXT SEARCH CONFIGURATION own_configuration ADD MAPPING FOR word, asciiword WITH own_dictionary, simple;
	CREATE TRUSTED LANGUAGE own_language HANDLER plpgsql_call_handler INLINE plpgsql_inline_handler VALIDATOR plpgsql_validator; COMMENT ON LANGUAGE own_language IS 'l';
	CREATE FUNCTION in_own_language() RETURNS int LANGUAGE own_language AS 'BEGIN RETURN 1; END';
	CREATE TRANSFORM FOR int LANGUAGE own_language (FROM SQL WITH FUNCTION prsd_lextype(internal), TO SQL WITH FUNCTION int4recv(internal));`

// newerRare came with a version.
var newerRare = map[int]string{
	12: `CREATE ACCESS METHOD heap2 TYPE TABLE HANDLER heap_tableam_handler; CREATE TABLE other (id int PRIMARY KEY) USING heap2`,
	13: `ALTER TABLE parts_1 DISABLE TRIGGER seen`,
	14: `CREATE FOREIGN DATA WRAPPER nothing; CREATE SERVER nowhere FOREIGN DATA WRAPPER nothing; CREATE FOREIGN TABLE doubted (a int) SERVER nowhere; ALTER FOREIGN TABLE doubted ADD CONSTRAINT doubt CHECK (a > 0) NOT VALID, ADD CONSTRAINT sure CHECK (a < 9);
		CREATE EXTENSION citext; CREATE FUNCTION with_citext() RETURNS int LANGUAGE sql AS 'SELECT 1'; ALTER FUNCTION with_citext() DEPENDS ON EXTENSION citext; ALTER INDEX tuned_b DEPENDS ON EXTENSION citext; ALTER TRIGGER seen ON parts DEPENDS ON EXTENSION citext;
		CREATE INDEX filled_id ON filled (id); ALTER MATERIALIZED VIEW filled CLUSTER ON filled_id; ALTER MATERIALIZED VIEW filled DEPENDS ON EXTENSION citext`,
	15: `CREATE UNLOGGED TABLE quick (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY); ALTER SEQUENCE quick_id_seq SET LOGGED;
		CREATE TABLE slow (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY); ALTER SEQUENCE slow_id_seq SET UNLOGGED;
		CREATE TRIGGER always AFTER INSERT ON parts FOR EACH ROW EXECUTE FUNCTION note(); ALTER TABLE parts ENABLE ALWAYS TRIGGER always; ALTER TABLE parts_2_1 ENABLE TRIGGER always; ALTER TABLE parts_1 DISABLE TRIGGER always`,
	18: `CREATE TABLE lax (id int PRIMARY KEY, a int, b int) PARTITION BY RANGE (id); CREATE TABLE lax_1 PARTITION OF lax FOR VALUES FROM (0) TO (9); INSERT INTO lax VALUES (1);
		ALTER TABLE lax_1 ADD CONSTRAINT own NOT NULL b NOT VALID; ALTER TABLE lax ADD CONSTRAINT lax_a NOT NULL a NOT VALID, ADD CONSTRAINT lax_b NOT NULL b NOT VALID; COMMENT ON CONSTRAINT lax_a ON lax IS 'some are NULL'; COMMENT ON CONSTRAINT lax_a ON lax_1 IS 'here too';
		CREATE TABLE loose (id int PRIMARY KEY, a int); CREATE TABLE loose_1 () INHERITS (loose); ALTER TABLE loose ADD CONSTRAINT loose_a NOT NULL a NO INHERIT NOT VALID;
		CREATE TABLE late (a int); ALTER TABLE late ADD CONSTRAINT late_a NOT NULL a NOT VALID`,
}

func rareSchema(version int) []string {
	out := []string{rare}
	if version < 12 { // generated columns
		out[0] = strings.ReplaceAll(rare, " GENERATED ALWAYS AS (a * 2) STORED", "")
	}
	for v := range version + 1 {
		if sql := newerRare[v]; sql != "" {
			out = append(out, sql)
		}
	}
	return out
}

func TestWhatFewSchemasHaveIsTheSameOnTheTarget(t *testing.T) {
	t.Parallel()
	p := newPair(t, Options{}, rareSchema(pgtest.Shared(t).Version()), nil)
	for _, f := range p.all().Facts {
		if f.Code != CodeCutOver {
			t.Errorf("%+v", f)
		}
	}
	if r := p.cutOver(); len(r.Facts) > 0 {
		t.Errorf("at the cut-over: %+v", r.Facts)
	}
	p.same()
	p.sameDump()
	if again := p.all(); again.Created != 0 {
		t.Errorf("run again it made %d objects", again.Created)
	}
}

// changingRare are commands on such objects, from a version on.
var changingRare = []struct {
	name     string
	from     int
	setup    string
	commands []string
}{
	{"typed tables", 11, `CREATE TYPE person AS (id int, name text); CREATE TABLE a OF person (PRIMARY KEY (id)); CREATE TABLE b (id int, name text)`, []string{
		`ALTER TYPE person ADD ATTRIBUTE born date CASCADE`, `ALTER TYPE person RENAME ATTRIBUTE name TO called CASCADE`, `ALTER TYPE person ALTER ATTRIBUTE called TYPE varchar(9) CASCADE`,
		`ALTER TYPE person DROP ATTRIBUTE born CASCADE`, `ALTER TABLE b RENAME name TO called; ALTER TABLE b ALTER called TYPE varchar(9)`, `ALTER TABLE b OF person`, `ALTER TYPE person RENAME TO human`,
		`ALTER TABLE a NOT OF`, `ALTER TABLE a ADD x int`, `ALTER TYPE human ADD ATTRIBUTE y int CASCADE`, `CREATE TABLE c OF human; ALTER TYPE human ADD ATTRIBUTE z int CASCADE`, `DROP TYPE human CASCADE`,
	}},
	{"settings", 11, `CREATE TABLE t (id int PRIMARY KEY, a text, b int); CREATE INDEX t_b ON t (b); CREATE DOMAIN d AS int CONSTRAINT k CHECK (VALUE > 0)`, []string{
		`ALTER TABLE t ALTER a SET STATISTICS 9`, `ALTER TABLE t ALTER a SET STATISTICS -1, ALTER b SET (n_distinct = 4, n_distinct_inherited = 3)`, `ALTER TABLE t ALTER b RESET (n_distinct)`, `ALTER TABLE t ALTER b RESET (n_distinct_inherited)`,
		`ALTER TABLE t SET (toast.autovacuum_enabled = false)`, `ALTER TABLE t RESET (toast.autovacuum_enabled)`, `ALTER TABLE t CLUSTER ON t_b`, `ALTER TABLE t CLUSTER ON t_pkey`, `ALTER TABLE t SET WITHOUT CLUSTER`,
		`COMMENT ON INDEX t_pkey IS 'x'; COMMENT ON CONSTRAINT t_pkey ON t IS 'z'`, `COMMENT ON INDEX t_pkey IS NULL; COMMENT ON CONSTRAINT k ON DOMAIN d IS 'y'`, `COMMENT ON CONSTRAINT k ON DOMAIN d IS NULL`,
		`CREATE MATERIALIZED VIEW m AS SELECT a FROM t; ALTER MATERIALIZED VIEW m ALTER a SET STATISTICS 3`,
		`CREATE DOMAIN cash AS numeric; CREATE MATERIALIZED VIEW n AS SELECT b::numeric AS "A b", b::cash AS m FROM t; ALTER MATERIALIZED VIEW n ALTER "A b" SET STORAGE EXTERNAL, ALTER m SET STORAGE EXTERNAL; ALTER TABLE t ADD m cash; ALTER TABLE t ALTER m SET STORAGE EXTENDED`,
		`ALTER MATERIALIZED VIEW n ALTER "A b" SET STORAGE MAIN, ALTER m SET STORAGE MAIN; ALTER TABLE t ALTER m SET STORAGE MAIN`, `DROP MATERIALIZED VIEW m; ALTER TABLE t ALTER a SET STORAGE EXTERNAL`,
		`ALTER TABLE t ALTER a TYPE varchar(9); ALTER TABLE t ALTER a SET STORAGE EXTERNAL`, `ALTER TABLE t ALTER a TYPE text`,
	}},
	{"partitions", 13, `CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END'; CREATE TABLE p (a int, b int) PARTITION BY LIST (a); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);
		CREATE TABLE p2 PARTITION OF p FOR VALUES IN (2); CREATE TRIGGER g AFTER INSERT ON p FOR EACH ROW EXECUTE FUNCTION f()`, []string{
		`ALTER TABLE p1 DISABLE TRIGGER g`, `ALTER TABLE p1 ENABLE TRIGGER g`, `ALTER TABLE p2 DISABLE TRIGGER g`, `ALTER TABLE p DETACH PARTITION p2`, `CREATE INDEX i ON ONLY p (b)`, `CREATE INDEX i1 ON p1 (b); ALTER INDEX i ATTACH PARTITION i1`,
		`CREATE UNIQUE INDEX u ON ONLY p (a)`, `ALTER TABLE p1 ADD CONSTRAINT c1 UNIQUE (a)`, `ALTER INDEX u ATTACH PARTITION c1`, `DROP INDEX i`, `DROP TRIGGER g ON p`,
	}},
	{"attached trees", 11, `CREATE TABLE m (a int, b int, PRIMARY KEY (a), CHECK (b > 0)) PARTITION BY RANGE (a); CREATE INDEX m_b ON m (b);
		CREATE TABLE s (b int, a int NOT NULL, CONSTRAINT m_b_check CHECK (b > 0)) PARTITION BY RANGE (a); CREATE TABLE s_1 PARTITION OF s FOR VALUES FROM (0) TO (5); CREATE TABLE s_2 PARTITION OF s FOR VALUES FROM (5) TO (9) PARTITION BY RANGE (a);
		CREATE TABLE s_2_1 PARTITION OF s_2 FOR VALUES FROM (5) TO (6)`, []string{
		`ALTER TABLE m ATTACH PARTITION s FOR VALUES FROM (0) TO (10)`, `ALTER TABLE m DETACH PARTITION s`, `CREATE UNIQUE INDEX own ON s (a); DROP INDEX own`, `ALTER TABLE m ATTACH PARTITION s FOR VALUES FROM (0) TO (20)`,
	}},
	{"base types", 11, `CREATE TYPE c; CREATE FUNCTION c_in(cstring) RETURNS c LANGUAGE internal IMMUTABLE STRICT AS 'int8in'; CREATE FUNCTION c_out(c) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'int8out'; CREATE TABLE t (id int PRIMARY KEY)`, []string{
		`CREATE TYPE c (INPUT = c_in, OUTPUT = c_out, LIKE = int8)`, `ALTER TABLE t ADD c c DEFAULT '7'`, `ALTER TABLE t DROP c`, `DROP TYPE c CASCADE`, `CREATE TYPE shell`, `DROP TYPE shell`,
	}},
	{"generated", 13, `CREATE TABLE g (a int, b int GENERATED ALWAYS AS (a * 2) STORED); CREATE TABLE g_1 () INHERITS (g); CREATE TYPE ty AS (a int, b text); CREATE TABLE o OF ty; CREATE TABLE o_1 (x int) INHERITS (o)`, []string{
		`ALTER TABLE g ALTER b DROP EXPRESSION`, `ALTER TYPE ty DROP ATTRIBUTE b CASCADE`, `ALTER TYPE ty ADD ATTRIBUTE c int CASCADE`, `ALTER TYPE ty RENAME ATTRIBUTE c TO d CASCADE`, `ALTER TYPE ty ALTER ATTRIBUTE d TYPE text CASCADE`,
	}},
	{"merged by inheritance", 11, `CREATE TABLE p (id int, CONSTRAINT k CHECK (id > 0)); CREATE TABLE c (id int CONSTRAINT k CHECK (id > 0), x int) INHERITS (p)`, []string{
		`ALTER TABLE p RENAME CONSTRAINT k TO kk`, `CREATE TABLE a (d int DEFAULT 1); CREATE TABLE b (d int DEFAULT 2)`, `CREATE TABLE ab (d int DEFAULT 3) INHERITS (a, b)`,
		`CREATE TABLE ba (d int DEFAULT NULL) INHERITS (b, a)`, `ALTER TABLE p DROP CONSTRAINT kk`, `DROP TABLE c, p`,
	}},
	{"columns of views", 13, `CREATE TABLE t (id int PRIMARY KEY, a text); CREATE VIEW v AS SELECT id, a FROM t; CREATE VIEW w AS SELECT id, a FROM v; CREATE RULE r AS ON DELETE TO v DO INSTEAD DELETE FROM t WHERE id = old.id;
		CREATE MATERIALIZED VIEW m AS SELECT id, a FROM t; CREATE INDEX mi ON m (a); CREATE VIEW vm AS SELECT a FROM m`, []string{
		`COMMENT ON COLUMN v.a IS 'x'; GRANT SELECT (a) ON v TO PUBLIC; ALTER VIEW v ALTER a SET DEFAULT 'y'`, `ALTER VIEW v RENAME COLUMN a TO b`, `ALTER VIEW v RENAME COLUMN b TO x; ALTER VIEW v RENAME COLUMN id TO b; ALTER VIEW v RENAME COLUMN x TO id`,
		`CREATE OR REPLACE VIEW v AS SELECT id AS b, a AS id, 1 AS more FROM t`, `ALTER VIEW v RENAME COLUMN more TO less; ALTER VIEW v RENAME TO vv`, `ALTER MATERIALIZED VIEW m RENAME a TO c`, `ALTER TABLE t RENAME a TO d`,
		`ALTER MATERIALIZED VIEW m SET (fillfactor = 60, autovacuum_enabled = false)`, `ALTER MATERIALIZED VIEW m RESET (fillfactor)`, `ALTER MATERIALIZED VIEW m CLUSTER ON mi`, `ALTER MATERIALIZED VIEW m SET WITHOUT CLUSTER`,
		`ALTER MATERIALIZED VIEW m ALTER c SET STATISTICS 50, ALTER c SET STORAGE EXTERNAL`, `ALTER MATERIALIZED VIEW m ALTER c SET STATISTICS -1, ALTER c SET STORAGE EXTENDED`, `ALTER MATERIALIZED VIEW m RENAME c TO a; ALTER MATERIALIZED VIEW m RENAME TO n`,
	}},
	{"foreign tables under views", 13, `CREATE FOREIGN DATA WRAPPER x; CREATE SERVER y VERSION '1' FOREIGN DATA WRAPPER x OPTIONS (host 'h'); CREATE FOREIGN TABLE z (a int OPTIONS (o 'p,('), b text, CONSTRAINT c CHECK (a > 0)) SERVER y OPTIONS (t 'T');
		CREATE VIEW vz AS SELECT a FROM z`, []string{
		`ALTER SERVER y VERSION '2' OPTIONS (SET host 'i', ADD port '5', ADD "o ""dd" E'a\b''c')`, `ALTER SERVER y OPTIONS (DROP host)`, `ALTER SERVER y VERSION NULL`, `ALTER FOREIGN DATA WRAPPER x OPTIONS (ADD debug 'true')`,
		`ALTER FOREIGN DATA WRAPPER x OPTIONS (SET debug 'false')`, `ALTER FOREIGN DATA WRAPPER x VALIDATOR postgresql_fdw_validator OPTIONS (DROP debug)`, `ALTER FOREIGN DATA WRAPPER x NO VALIDATOR`,
		`ALTER FOREIGN TABLE z ADD d int DEFAULT 5, ADD CONSTRAINT e CHECK (a < 9) NOT VALID, OPTIONS (SET t 'U', ADD u 'v')`, `ALTER FOREIGN TABLE z VALIDATE CONSTRAINT e`, `ALTER FOREIGN TABLE z DROP b, DROP CONSTRAINT c`, `ALTER FOREIGN TABLE z OPTIONS (DROP t)`,
		`ALTER SERVER y RENAME TO yy`, `ALTER FOREIGN DATA WRAPPER x RENAME TO xx`, `ALTER FOREIGN TABLE z RENAME TO zz`, `DROP FOREIGN DATA WRAPPER xx CASCADE`,
	}},
	{"columns of foreign tables", 13, `CREATE FOREIGN DATA WRAPPER x; CREATE SERVER y FOREIGN DATA WRAPPER x; CREATE FOREIGN TABLE z (a int, b text COLLATE "C" DEFAULT 'GENERATED, (', c int, "D e" numeric(6,2) OPTIONS (o 'p') NOT NULL, CHECK (a > 0)) SERVER y; CREATE VIEW vz AS SELECT a, "D e" FROM z`, []string{
		`ALTER FOREIGN TABLE z ALTER c TYPE bigint, ALTER c SET DEFAULT 4, ALTER b DROP DEFAULT`, `ALTER FOREIGN TABLE z ALTER c TYPE text, ALTER c SET DEFAULT 'it''s', ALTER b TYPE varchar(4) COLLATE "POSIX"`, `ALTER FOREIGN TABLE z ALTER a SET DEFAULT 1, ALTER a OPTIONS (ADD q 'r'), ALTER "D e" OPTIONS (SET o 's', ADD t '')`,
		`ALTER FOREIGN TABLE z ALTER "D e" DROP NOT NULL, ALTER "D e" OPTIONS (DROP o), ALTER a SET NOT NULL`, `ALTER FOREIGN TABLE z RENAME a TO "A"`, `ALTER FOREIGN TABLE z DROP c, ADD c int`, `ALTER FOREIGN TABLE z DROP b; ALTER FOREIGN TABLE z RENAME "D e" TO d; ALTER FOREIGN TABLE z RENAME c TO b`,
		`ALTER FOREIGN TABLE z RENAME "A" TO x; ALTER FOREIGN TABLE z RENAME d TO "A"; ALTER FOREIGN TABLE z ADD g int GENERATED ALWAYS AS (x * 2) STORED NOT NULL`, `ALTER FOREIGN TABLE z ALTER g DROP EXPRESSION`,
	}},
	{"renamed and changed at once", 13, `CREATE SCHEMA s; CREATE EXTENSION citext; CREATE TABLE t (id int PRIMARY KEY, a text); CREATE MATERIALIZED VIEW m AS SELECT id, a FROM t; CREATE INDEX mi ON m (a); CREATE VIEW vm AS SELECT a FROM m; COMMENT ON MATERIALIZED VIEW m IS 'x'; GRANT SELECT ON m TO PUBLIC;
		ALTER MATERIALIZED VIEW m ALTER id SET STATISTICS 5; CREATE FOREIGN DATA WRAPPER w; CREATE SERVER y FOREIGN DATA WRAPPER w; CREATE FOREIGN TABLE z (a int, b text) SERVER y; CREATE VIEW vz AS SELECT a FROM z; CREATE FUNCTION same(text, text) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1 = $2';
		CREATE OPERATOR === (FUNCTION = same, LEFTARG = text, RIGHTARG = text, RESTRICT = eqsel); CREATE VIEW vo AS SELECT id FROM t WHERE a OPERATOR(public.===) 'x'; CREATE AGGREGATE total(int) (SFUNC = int4pl, STYPE = int); CREATE VIEW vt AS SELECT total(id) FROM t;
		CREATE TEXT SEARCH DICTIONARY di (TEMPLATE = simple); CREATE TEXT SEARCH CONFIGURATION cf (COPY = simple); ALTER TEXT SEARCH CONFIGURATION cf ALTER MAPPING FOR word WITH di; CREATE VIEW vc AS SELECT to_tsvector('public.cf', a) AS x FROM t;
		CREATE TRUSTED LANGUAGE l HANDLER plpgsql_call_handler; CREATE FUNCTION lf() RETURNS int LANGUAGE l AS 'BEGIN RETURN 1; END'; CREATE OPERATOR FAMILY fam USING btree; CREATE VIEW v AS SELECT id FROM t; CREATE RULE r AS ON INSERT TO v DO INSTEAD NOTHING; CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE VIEW vf AS SELECT f()`, []string{
		`ALTER MATERIALIZED VIEW m RENAME a TO c; ALTER MATERIALIZED VIEW m ALTER c SET STORAGE EXTERNAL, ALTER id SET STATISTICS -1; ALTER MATERIALIZED VIEW m CLUSTER ON mi; ALTER MATERIALIZED VIEW m DEPENDS ON EXTENSION citext; COMMENT ON MATERIALIZED VIEW m IS NULL; REVOKE SELECT ON m FROM PUBLIC; ALTER MATERIALIZED VIEW m RENAME TO n; ALTER MATERIALIZED VIEW n SET SCHEMA s`,
		`ALTER FOREIGN TABLE z RENAME TO zz; ALTER FOREIGN TABLE zz RENAME a TO c; ALTER FOREIGN TABLE zz ALTER b TYPE varchar(3); ALTER SERVER y VERSION '2' OPTIONS (ADD host 'h'); ALTER SERVER y RENAME TO yy; ALTER FOREIGN DATA WRAPPER w OPTIONS (ADD debug 'true'); ALTER FOREIGN DATA WRAPPER w RENAME TO ww`,
		`ALTER FUNCTION same(text, text) RENAME TO alike; ALTER OPERATOR === (text, text) SET (RESTRICT = NONE); ALTER OPERATOR === (text, text) SET SCHEMA s`, `CREATE OR REPLACE AGGREGATE total(int) (SFUNC = int4pl, STYPE = int, INITCOND = '5'); ALTER AGGREGATE total(int) RENAME TO summed`,
		`ALTER TEXT SEARCH DICTIONARY di (accept = 'false'); ALTER TEXT SEARCH DICTIONARY di RENAME TO dj; ALTER TEXT SEARCH CONFIGURATION cf DROP MAPPING FOR email; ALTER TEXT SEARCH CONFIGURATION cf SET SCHEMA s; ALTER TEXT SEARCH CONFIGURATION s.cf RENAME TO cg`,
		`CREATE OR REPLACE TRUSTED LANGUAGE l HANDLER plpgsql_call_handler INLINE plpgsql_inline_handler; ALTER LANGUAGE l RENAME TO ll`, `ALTER OPERATOR FAMILY fam USING btree ADD OPERATOR 1 <(int, int), FUNCTION 1 (int, int) btint4cmp(int, int); ALTER OPERATOR FAMILY fam USING btree RENAME TO fam2`, `ALTER OPERATOR FAMILY fam2 USING btree DROP OPERATOR 1 (int, int); ALTER OPERATOR FAMILY fam2 USING btree RENAME TO fam`,
		`ALTER RULE r ON v RENAME TO rr; CREATE OR REPLACE VIEW v AS SELECT id, a FROM t; ALTER VIEW v RENAME TO w; CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 2'; ALTER FUNCTION f() RENAME TO g`,
		`ALTER SCHEMA s RENAME TO s2; ALTER MATERIALIZED VIEW s2.n SET (fillfactor = 50); ALTER TEXT SEARCH CONFIGURATION s2.cg ALTER MAPPING FOR word WITH simple; ALTER OPERATOR s2.=== (text, text) SET (JOIN = eqjoinsel)`,
	}},
	{"altered under others", 13, `CREATE SCHEMA s; CREATE TABLE t (id int PRIMARY KEY, a text); CREATE FUNCTION same(text, text) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1 = $2'; CREATE FUNCTION order_of(text, text) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT bttextcmp($1, $2)';
		CREATE OPERATOR === (FUNCTION = same, LEFTARG = text, RIGHTARG = text, RESTRICT = eqsel); CREATE OPERATOR FAMILY fam USING btree; CREATE OPERATOR CLASS c_ops FOR TYPE text USING btree FAMILY fam AS OPERATOR 3 ===, FUNCTION 1 order_of(text, text)`, []string{
		`ALTER OPERATOR === (text, text) SET (RESTRICT = NONE, JOIN = eqjoinsel)`, `ALTER OPERATOR === (text, text) SET (RESTRICT = eqsel, JOIN = NONE)`, `CREATE OPERATOR !== (FUNCTION = textne, LEFTARG = text, RIGHTARG = text, NEGATOR = ===, COMMUTATOR = !==)`, `DROP OPERATOR !== (text, text)`,
		`ALTER OPERATOR FAMILY fam USING btree ADD OPERATOR 1 < (int, int), FUNCTION 1 (int, int) btint4cmp(int, int)`, `ALTER OPERATOR FAMILY fam USING btree DROP OPERATOR 1 (int, int), FUNCTION 1 (int, int)`,
		`CREATE TYPE ct AS (a int, b text); CREATE FUNCTION same(ct, ct) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1.a = $2.a'; CREATE OPERATOR = (FUNCTION = same, LEFTARG = ct, RIGHTARG = ct); CREATE FUNCTION last(ct, ct) RETURNS ct LANGUAGE sql IMMUTABLE AS 'SELECT $2';
			CREATE AGGREGATE last_of(ct) (SFUNC = last, STYPE = ct); CREATE OPERATOR CLASS ct_ops DEFAULT FOR TYPE ct USING hash AS OPERATOR 1 =; CREATE VIEW vct AS SELECT last_of(row(id, a)::ct) FROM t`,
		`ALTER TYPE ct SET SCHEMA s`, `ALTER TYPE s.ct RENAME TO cu`, `ALTER OPERATOR = (s.cu, s.cu) SET SCHEMA s; ALTER TYPE s.cu RENAME TO cv; ALTER FUNCTION same(s.cv, s.cv) RENAME TO alike; ALTER AGGREGATE last_of(s.cv) RENAME TO newest`, `DROP TYPE s.cv CASCADE`,
		`CREATE AGGREGATE total(int) (SFUNC = int4pl, STYPE = int); CREATE VIEW vt AS SELECT total(id) FROM t`, `CREATE OR REPLACE AGGREGATE total(int) (SFUNC = int4pl, STYPE = int, INITCOND = '5')`,
		`CREATE TEXT SEARCH DICTIONARY di (TEMPLATE = simple); CREATE TEXT SEARCH CONFIGURATION cf (COPY = simple); ALTER TEXT SEARCH CONFIGURATION cf ALTER MAPPING FOR word WITH di`, `ALTER TEXT SEARCH DICTIONARY di (accept = 'false')`, `ALTER TEXT SEARCH DICTIONARY di (accept = 'true')`,
		`ALTER TEXT SEARCH DICTIONARY di (accept)`, `ALTER TEXT SEARCH DICTIONARY di RENAME TO dj`, `CREATE STATISTICS st ON id, a FROM t; ALTER STATISTICS st SET STATISTICS 50`, `ALTER STATISTICS st SET STATISTICS -1`,
		`CREATE TRUSTED LANGUAGE own HANDLER plpgsql_call_handler; CREATE FUNCTION lf() RETURNS int LANGUAGE own AS 'BEGIN RETURN 1; END'`, `ALTER LANGUAGE own RENAME TO owned`, `CREATE OR REPLACE TRUSTED LANGUAGE owned HANDLER plpgsql_call_handler INLINE plpgsql_inline_handler`,
		`CREATE TYPE c; CREATE FUNCTION c_in(cstring) RETURNS c LANGUAGE internal IMMUTABLE STRICT AS 'int8in'; CREATE FUNCTION c_out(c) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'int8out'; CREATE TYPE c (INPUT = c_in, OUTPUT = c_out, LIKE = int8); ALTER TABLE t ADD c c`,
		`ALTER TYPE c SET (TYPMOD_IN = varchartypmodin, TYPMOD_OUT = varchartypmodout)`, `ALTER TYPE c SET (TYPMOD_IN = NONE, TYPMOD_OUT = NONE)`,
	}},
	{"with extensions", 13, `CREATE EXTENSION citext; CREATE EXTENSION btree_gist; CREATE TABLE t (id int PRIMARY KEY, a text); CREATE INDEX ti ON t (a); CREATE MATERIALIZED VIEW m AS SELECT id FROM t; CREATE INDEX mi ON m (id);
		CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END'; CREATE FUNCTION g() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE PROCEDURE p() LANGUAGE sql AS 'SELECT 1'; CREATE TRIGGER tr AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()`, []string{
		`ALTER FUNCTION g() DEPENDS ON EXTENSION citext; ALTER PROCEDURE p() DEPENDS ON EXTENSION btree_gist; ALTER INDEX ti DEPENDS ON EXTENSION citext; ALTER INDEX mi DEPENDS ON EXTENSION citext`, `ALTER TRIGGER tr ON t DEPENDS ON EXTENSION citext; ALTER MATERIALIZED VIEW m DEPENDS ON EXTENSION btree_gist`,
		`ALTER FUNCTION g() DEPENDS ON EXTENSION btree_gist; ALTER INDEX ti NO DEPENDS ON EXTENSION citext`, `ALTER FUNCTION g() NO DEPENDS ON EXTENSION btree_gist; ALTER MATERIALIZED VIEW m NO DEPENDS ON EXTENSION btree_gist`, `DROP EXTENSION citext`, `DROP EXTENSION btree_gist`,
	}},
	{"access methods", 15, `CREATE ACCESS METHOD heap2 TYPE TABLE HANDLER heap_tableam_handler; CREATE TABLE t (id int PRIMARY KEY)`, []string{
		`ALTER TABLE t SET ACCESS METHOD heap2`, `ALTER TABLE t SET ACCESS METHOD heap`, `CREATE TABLE u (a int) USING heap2`,
	}},
}

func TestWhatFewSchemasHaveIsFollowed(t *testing.T) {
	t.Parallel()
	for _, c := range changingRare {
		t.Run(c.name, func(t *testing.T) {
			if v := pgtest.Shared(t).Version(); v < c.from {
				t.Skipf("from %d on", c.from)
			}
			t.Parallel()
			followed(t, Options{}, c.setup, c.commands...)
		})
	}
}

// A partition that is a foreign table is one on the target.
func TestAForeignPartitionIsOne(t *testing.T) {
	t.Parallel()
	p := followed(t, Options{}, `CREATE FOREIGN DATA WRAPPER nothing; CREATE SERVER nowhere FOREIGN DATA WRAPPER nothing; CREATE TABLE split (a int, b text) PARTITION BY LIST (a);
		CREATE FOREIGN TABLE split_1 PARTITION OF split FOR VALUES IN (1) SERVER nowhere; CREATE TABLE split_2 PARTITION OF split FOR VALUES IN (2)`,
		`ALTER TABLE split ADD c int`, `CREATE FOREIGN TABLE split_3 PARTITION OF split FOR VALUES IN (3) SERVER nowhere`, `ALTER TABLE split DETACH PARTITION split_1`, `DROP FOREIGN TABLE split_3`)
	p.sameDump()
}

// What waits for loads still is made first where a change needs it.
func TestChangesThatNeedWhatWaitsForALoad(t *testing.T) {
	t.Parallel()
	p := newPair(t, Options{}, []string{`CREATE TABLE m (a int, b int) PARTITION BY LIST (a); CREATE TABLE m_1 (a int, b int, CONSTRAINT k CHECK (b > 0)); CREATE DOMAIN d AS int; CREATE TABLE t (id int PRIMARY KEY, d d)`}, nil)
	p.db, p.unloaded = nil, true
	p.must("SELECT")
	p.must(`ALTER DOMAIN d ADD CONSTRAINT small CHECK (VALUE < 9) NOT VALID`)
	p.must(`ALTER TABLE m ADD CONSTRAINT k CHECK (b > 0)`)
	p.must(`ALTER TABLE m ATTACH PARTITION m_1 FOR VALUES IN (1)`)
	p.unloaded = false
	p.must(`CREATE TABLE above (a int, CONSTRAINT k CHECK (a > 0))`)
	p.unloaded = true
	p.must(`CREATE TABLE below (a int, CONSTRAINT k CHECK (a > 0))`)
	p.must(`ALTER TABLE below INHERIT above`)
	p.must(`ALTER DOMAIN d VALIDATE CONSTRAINT small`)
	p.unloaded = false
	p.must("SELECT")
	p.same()
}

// A base type goes with its functions, and only if nothing else would go.
func TestABaseTypeThatSomethingElseUsesStays(t *testing.T) {
	t.Parallel()
	p := begun(t, `CREATE TYPE c; CREATE FUNCTION c_in(cstring) RETURNS c LANGUAGE internal IMMUTABLE STRICT AS 'int8in'; CREATE FUNCTION c_out(c) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'int8out';
		CREATE TYPE c (INPUT = c_in, OUTPUT = c_out, LIKE = int8)`, ``)
	p.exec(`CREATE TABLE public.mine (c public.c)`)
	if r := p.must(`DROP TYPE c CASCADE`); !strings.Contains(strings.Join(codes(r), " "), "base type public.c: 2BP01") {
		t.Errorf("facts %v, want that the type is kept", codes(r))
	}
	p.exec(`DROP TABLE public.mine`)
	p.must("SELECT")
	p.same()
}

// A library that the target does not have is a refusal of what needs it, and no end of trying again.
func TestAFunctionInALibraryThatIsNotThereIsReported(t *testing.T) {
	t.Parallel()
	p := newPair(t, Options{}, []string{`CREATE TABLE t (id int PRIMARY KEY); CREATE FUNCTION far() RETURNS int LANGUAGE sql AS 'SELECT 1'`}, nil)
	for i, s := range p.script.Before {
		p.script.Before[i].SQL = strings.Replace(s.SQL, "LANGUAGE sql", "LANGUAGE c", 1)
		p.script.Before[i].SQL = strings.Replace(p.script.Before[i].SQL, "AS $function$SELECT 1$function$", "AS '$libdir/not_there', 'far'", 1)
	}
	report, err := p.install(InstallOptions{})
	if err != nil {
		t.Fatal(err)
	}
	wantCodes(t, report, "function public.far(): 58P01")
}

// A table of an access method that the target lacks is kept there as others are.
func TestATableOfAnAccessMethodThatIsNotThereIsMade(t *testing.T) {
	t.Parallel()
	if pgtest.Shared(t).Version() < 12 {
		t.Skip("access methods of tables come with 12")
	}
	p := newPair(t, Options{}, []string{newerRare[12]}, nil)
	var stmts []Statement
	for _, s := range p.script.Before {
		if !strings.Contains(s.SQL, "CREATE ACCESS METHOD") {
			stmts = append(stmts, s)
		}
	}
	p.script.Before = stmts
	if _, err := p.install(InstallOptions{}); err != nil {
		t.Fatal(err)
	}
	p.wantValue("SELECT count(*)::text FROM public.other", "0")
	if _, err := p.finish(func(ident.Name) bool { return true }); err != nil {
		t.Fatal(err)
	}
}
