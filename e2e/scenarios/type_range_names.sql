-- behaviour: range types and their multiranges, which have names of their own, are renamed and moved one without the other, with their schema, and back, and rows of them go on
-- needs: ddl-sync; pg>=14
-- tables: public.rn
-- expect: equal
-- expect: target: SELECT n.nspname, t.typname, t.typtype FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE t.typtype IN ('r', 'm') AND t.oid > 16384 ORDER BY 2 => rn_new|rn_m|m;rn_new|rn_rr|r
-- expect: target: SELECT count(*) FROM pg_namespace WHERE nspname = 'rn_old' => 0
-- setup
CREATE SCHEMA rn_old;
CREATE TYPE rn_old.rn_r AS RANGE (subtype = float8, multirange_type_name = rn_old.rn_m);
CREATE TABLE rn (id int PRIMARY KEY, r rn_old.rn_r, m rn_old.rn_m, rs rn_old.rn_r[]);
CREATE MATERIALIZED VIEW rn_old.rn_seen AS SELECT id FROM rn;
-- load
INSERT INTO rn VALUES (1, '[1,2)', '{[1,2)}', '{"[1,2)",NULL}'), (2, 'empty', '{}', NULL);
-- live
ALTER TYPE rn_old.rn_m RENAME TO rn_ms;
INSERT INTO rn VALUES (3, '(,1)', '{(,1),[3,4)}', NULL);
ALTER TYPE rn_old.rn_r RENAME TO rn_rr;
ALTER TYPE rn_old.rn_ms SET SCHEMA public;
UPDATE rn SET m = m + '{[7,8)}' WHERE id = 1;
ALTER TYPE public.rn_ms RENAME TO rn_m;
-- step
BEGIN;
ALTER SCHEMA rn_old RENAME TO rn_new;
INSERT INTO rn VALUES (4, '[4,5]', '{[4,5]}', '{empty}');
ALTER TYPE public.rn_m SET SCHEMA rn_new;
CREATE TYPE rn_new.rn_s AS RANGE (subtype = float8, multirange_type_name = public.rn_ms);
COMMIT;
DROP TYPE rn_new.rn_s;
CREATE TABLE rn_gone (id int PRIMARY KEY);
DROP TABLE rn_gone;
UPDATE rn SET r = '[9,10)' WHERE id = 2;
