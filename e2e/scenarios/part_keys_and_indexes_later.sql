-- behaviour: a partitioned table gets, loses and changes its key, unique constraints and indexes while rows change; leaves join with indexes of their own
-- needs: pg>=12; ddl-sync
-- tables: public.pi
-- expect: equal
-- expect: target: SELECT count(*) FROM pg_constraint WHERE contype = 'p' AND conrelid::regclass::text LIKE 'public.pi%' => 0
-- expect: target: SELECT bool_and(indisvalid) FROM pg_index WHERE indrelid::regclass::text LIKE 'public.pi%' => t
-- setup
CREATE TABLE pi (id int, r int, v text) PARTITION BY LIST (r);
CREATE TABLE pi_1 PARTITION OF pi FOR VALUES IN (1);
CREATE TABLE pi_2 (v text, r int, id int);
CREATE UNIQUE INDEX pi_2_own ON pi_2 (id, r);
ALTER TABLE pi ATTACH PARTITION pi_2 FOR VALUES IN (2);
-- load
INSERT INTO pi SELECT g, 1 + g % 2, 'v' || g FROM generate_series(1, 20) g;
-- live
UPDATE pi SET v = 'keyless' WHERE id = 1;
DELETE FROM pi WHERE id = 2;
ALTER TABLE pi ADD PRIMARY KEY (id, r);
UPDATE pi SET v = 'keyed' WHERE id = 3;
UPDATE pi SET r = 1 WHERE id = 5;
ALTER TABLE pi ADD CONSTRAINT pi_v UNIQUE (v, r);
CREATE INDEX pi_low ON pi (lower(v));
BEGIN;
ALTER TABLE pi DROP CONSTRAINT pi_pkey;
INSERT INTO pi VALUES (7, 1, 'twin'), (7, 1, 'twin 2');
UPDATE pi SET id = 70 WHERE v = 'twin';
COMMIT;
-- step
CREATE TABLE pi_3 (id int NOT NULL, r int NOT NULL, v text, UNIQUE (v, r));
INSERT INTO pi_3 VALUES (30, 3, 'three'), (31, 3, 'four');
ALTER TABLE pi ATTACH PARTITION pi_3 FOR VALUES IN (3, 4);
INSERT INTO pi VALUES (32, 4, 'null');
UPDATE pi SET r = 4 WHERE id = 30;
DELETE FROM pi WHERE r = 4 AND id = 32;
ALTER TABLE pi DROP CONSTRAINT pi_v;
ALTER TABLE pi ADD n int GENERATED ALWAYS AS (id * 2) STORED;
UPDATE pi SET id = id + 1000 WHERE r = 1;
