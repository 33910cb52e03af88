package structure

import (
	"testing"

	"floe/pkg/pgtest"
)

// changingKinds are commands on objects that rows do without.
var changingKinds = []struct {
	name, setup string
	commands    []string
}{
	{"views", `CREATE TABLE t (id int PRIMARY KEY, a text, b int)`, []string{
		`CREATE VIEW v AS SELECT id, a FROM t`, `CREATE OR REPLACE VIEW v AS SELECT id, a, b FROM t`, `COMMENT ON VIEW v IS 'one'; COMMENT ON COLUMN v.b IS 'two'`,
		`COMMENT ON VIEW v IS 'three'; COMMENT ON COLUMN v.b IS NULL`, `ALTER VIEW v ALTER a SET DEFAULT 'x'`, `ALTER VIEW v ALTER a SET DEFAULT 'y', ALTER b SET DEFAULT 1`,
		`ALTER VIEW v ALTER a DROP DEFAULT`, `ALTER VIEW v SET (security_barrier = true)`, `ALTER VIEW v RESET (security_barrier)`, `ALTER TABLE t RENAME a TO c`,
		`GRANT SELECT ON v TO floe_reader; CREATE RULE r AS ON DELETE TO v DO INSTEAD NOTHING; COMMENT ON RULE r ON v IS 'r'; ALTER VIEW v ALTER b SET DEFAULT 4`, `ALTER TABLE v RENAME b TO bb`, `DROP RULE r ON v; REVOKE SELECT ON v FROM floe_reader`,
		`ALTER VIEW v RENAME TO w`, `DROP VIEW w; CREATE VIEW w AS SELECT b FROM t`, `CREATE RULE r AS ON INSERT TO w DO INSTEAD NOTHING`, `CREATE OR REPLACE RULE r AS ON INSERT TO w DO INSTEAD INSERT INTO t VALUES (new.b)`,
		`DROP RULE r ON w`, `CREATE MATERIALIZED VIEW m AS SELECT * FROM w; CREATE INDEX mi ON m (b)`, `DROP INDEX mi; CREATE UNIQUE INDEX mj ON m (b)`, `ALTER MATERIALIZED VIEW m SET (fillfactor = 50)`,
		`DROP MATERIALIZED VIEW m; CREATE MATERIALIZED VIEW m AS SELECT id FROM t`, `ALTER TABLE t DROP c CASCADE`, `DROP TABLE t CASCADE`,
	}},
	{"on tables", `CREATE TABLE t (id int PRIMARY KEY, a text); CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END'`, []string{
		`CREATE TRIGGER g AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()`, `ALTER TABLE t DISABLE TRIGGER g`, `ALTER TABLE t ENABLE TRIGGER g`, `ALTER TRIGGER g ON t RENAME TO h`,
		`CREATE OR REPLACE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'`, `DROP TRIGGER h ON t; CREATE TRIGGER h BEFORE UPDATE OF a ON t FOR EACH ROW EXECUTE FUNCTION f()`,
		`ALTER TABLE t RENAME a TO b`, `ALTER TABLE t RENAME TO u`, `ALTER TABLE u ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON u USING (id > 0)`, `ALTER POLICY p ON u USING (id > 1)`,
		`ALTER POLICY p ON u RENAME TO q`, `COMMENT ON POLICY q ON u IS 'x'; COMMENT ON TRIGGER h ON u IS 'y'`, `DROP POLICY q ON u; ALTER TABLE u DISABLE ROW LEVEL SECURITY`,
		`CREATE STATISTICS s (dependencies) ON id, b FROM u`, `DROP STATISTICS s`, `GRANT SELECT, INSERT ON u TO floe_reader; GRANT UPDATE (b) ON u TO floe_writer`, `REVOKE INSERT ON u FROM floe_reader; REVOKE UPDATE (b) ON u FROM floe_writer`,
		`GRANT SELECT ON u TO floe_reader WITH GRANT OPTION`, `REVOKE ALL ON u FROM floe_reader`, `DROP TABLE u`,
	}},
	{"dropped together", `SELECT`, []string{
		`CREATE TABLE a (id int PRIMARY KEY, x int); CREATE VIEW va AS SELECT id FROM a; CREATE TABLE b (id int PRIMARY KEY, x int); CREATE VIEW vb AS SELECT id FROM b`,
		`CREATE POLICY p ON a USING (id IN (SELECT id FROM vb)); CREATE POLICY p ON b USING (id IN (SELECT id FROM va))`, `DROP TABLE a, b CASCADE`,
		`CREATE SCHEMA s; CREATE VIEW s.v AS SELECT 1 AS id; CREATE VIEW s.w AS SELECT id FROM s.v`, `CREATE OR REPLACE VIEW s.v AS SELECT id FROM s.w`, `DROP SCHEMA s CASCADE`,
	}},
	{"routines", `CREATE TABLE t (id int PRIMARY KEY)`, []string{
		`CREATE FUNCTION add(int, int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 + $2'`, `REVOKE EXECUTE ON FUNCTION add(int, int) FROM PUBLIC`, `GRANT EXECUTE ON FUNCTION add(int, int) TO PUBLIC`,
		`CREATE AGGREGATE total(int) (SFUNC = add, STYPE = int)`, `ALTER AGGREGATE total(int) RENAME TO sum_up`, `DROP AGGREGATE sum_up(int); CREATE AGGREGATE sum_up(int) (SFUNC = add, STYPE = int, INITCOND = '0')`,
		`CREATE OPERATOR public.## (FUNCTION = public.add, LEFTARG = int, RIGHTARG = int)`, `COMMENT ON OPERATOR ## (int, int) IS 'x'`, `DROP OPERATOR ## (int, int)`,
		`CREATE TYPE c AS (a int); CREATE FUNCTION to_c(int) RETURNS c LANGUAGE sql IMMUTABLE AS 'SELECT row($1)::public.c'; CREATE CAST (int AS c) WITH FUNCTION to_c(int)`, `DROP CAST (int AS c)`,
		`CREATE TEXT SEARCH CONFIGURATION w (COPY = pg_catalog.simple)`, `ALTER TEXT SEARCH CONFIGURATION w DROP MAPPING FOR email`, `ALTER TEXT SEARCH CONFIGURATION w ALTER MAPPING FOR word WITH english_stem, simple`,
		`DROP TEXT SEARCH CONFIGURATION w`, `CREATE FOREIGN DATA WRAPPER x; CREATE SERVER y FOREIGN DATA WRAPPER x; CREATE FOREIGN TABLE z (a int) SERVER y`, `ALTER FOREIGN TABLE z ADD b text`,
		`DROP FOREIGN DATA WRAPPER x CASCADE`, `ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO floe_reader`, `ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT INSERT ON TABLES TO floe_reader`,
		`ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE ALL ON TABLES FROM floe_reader`,
	}},
}

// What rows do without follows its definition too, command by command.
func TestEveryKindIsFollowed(t *testing.T) {
	t.Parallel()
	for _, c := range changingKinds {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			roles(t, pgtest.Shared(t))
			followed(t, Options{}, c.setup, c.commands...)
		})
	}
}
