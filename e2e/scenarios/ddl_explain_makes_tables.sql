-- behaviour: tables made by EXPLAIN ANALYZE CREATE TABLE AS, by CREATE TABLE AS EXECUTE and as materialized views by EXPLAIN come with their rows, although no event trigger fires for the first
-- needs: ddl-sync
-- tables: public.ex_a, public.ex_b, public.ex_c, public.ex_d
-- expect: equal
-- expect: target: SELECT count(*) FROM pg_class WHERE relname = 'ex_mv' => 1
-- setup
CREATE TABLE ex_a (id int PRIMARY KEY, v text);
-- load
INSERT INTO ex_a SELECT g, 'l' || g FROM generate_series(1, 20) g;
-- live
EXPLAIN (ANALYZE, COSTS OFF) CREATE TABLE ex_b AS SELECT * FROM ex_a;
INSERT INTO ex_b VALUES (100, 'after'), (100, 'after');
UPDATE ex_b SET v = 'u' WHERE id = 100;
-- step
PREPARE p AS SELECT id * 2 AS id, v FROM ex_a WHERE id < $1;
CREATE TABLE ex_c AS EXECUTE p(5);
ALTER TABLE ex_c ADD PRIMARY KEY (id);
UPDATE ex_c SET v = 'c';
-- step
BEGIN;
EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) CREATE TABLE ex_d AS SELECT * FROM ex_a WHERE id < 4;
INSERT INTO ex_d VALUES (9, 'same transaction');
ALTER TABLE ex_d ADD PRIMARY KEY (id);
DELETE FROM ex_d WHERE id = 1;
COMMIT;
EXPLAIN (ANALYZE, COSTS OFF) CREATE MATERIALIZED VIEW ex_mv AS SELECT count(*) FROM ex_a;
EXPLAIN ANALYZE UPDATE ex_d SET v = v || '!';
EXPLAIN CREATE TABLE ex_never AS SELECT 1;
