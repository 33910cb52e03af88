-- behaviour: rows of the default partition move to a new partition in one transaction; keyless and keyed; the default partition is detached, emptied and attached again
-- needs: pg>=12; ddl-sync
-- tables: public.ps, public.pk
-- setup
CREATE TABLE ps (id int PRIMARY KEY, v text) PARTITION BY RANGE (id);
CREATE TABLE ps_d PARTITION OF ps DEFAULT;
CREATE TABLE pk (r text, v int) PARTITION BY LIST (r);
CREATE TABLE pk_d PARTITION OF pk DEFAULT;
-- load
INSERT INTO ps SELECT g, 'v' || g FROM generate_series(1, 50) g;
INSERT INTO pk SELECT (ARRAY['a', 'b', NULL])[1 + g % 3], g % 4 FROM generate_series(1, 30) g;
-- live
BEGIN;
CREATE TABLE ps_1 (LIKE ps INCLUDING ALL);
WITH gone AS (DELETE FROM ps_d WHERE id <= 20 RETURNING *) INSERT INTO ps_1 SELECT * FROM gone;
ALTER TABLE ps ATTACH PARTITION ps_1 FOR VALUES FROM (0) TO (21);
UPDATE ps SET v = 'moved' WHERE id = 5;
COMMIT;
INSERT INTO ps VALUES (0, 'zero'), (99, 'default');
-- step
BEGIN;
ALTER TABLE pk DETACH PARTITION pk_d;
CREATE TABLE pk_a PARTITION OF pk FOR VALUES IN ('a');
INSERT INTO pk SELECT * FROM pk_d WHERE r = 'a';
DELETE FROM pk_d WHERE r = 'a';
ALTER TABLE pk ATTACH PARTITION pk_d DEFAULT;
INSERT INTO pk VALUES ('a', 100), ('z', 100), (NULL, 100);
COMMIT;
UPDATE pk SET r = 'a' WHERE r IS NULL;
DELETE FROM pk WHERE v = 0;
-- step
ALTER TABLE ps DETACH PARTITION ps_d;
INSERT INTO ps_d VALUES (60, 'beside');
UPDATE ps_d SET v = 'alone' WHERE id = 30;
ALTER TABLE ps ATTACH PARTITION ps_d DEFAULT;
DELETE FROM ps WHERE id = 31;
